"""Stop a publish cleanly when a signal asks for it.

Usage: imported by publish.py; nothing to run.
"""

from __future__ import annotations

import signal

from rich.progress import Progress

from publish_copy import Step


class Stopped(BaseException):
    """A signal asked the publish to stop; BaseException, so that no handler swallows it."""


class Signals:
    """Turns a stop signal into `Stopped`, so that the temporary folder is removed."""

    def __init__(self) -> None:
        """Not yet listening: that begins with the `with` block."""
        self.received: signal.Signals | None = None
        self._armed = True
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Signals:
        """Listen, except to signals that the caller ignores (nohup)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: object) -> None:
        if self._armed:
            self.received = signal.Signals(number)
            raise Stopped

    def check(self) -> None:
        """Stop here if the exception was lost: C code of a library may drop it."""
        if self.received:
            raise Stopped

    def ignore(self) -> None:
        """From here on nothing is interrupted: the swap and the cleaning up are quick."""
        self._armed = False


def steps(progress: Progress, signals: Signals, tables: int) -> Step:
    """What to call before each table: shows it, and stops when a signal came."""
    task = progress.add_task("", total=3 * tables)  # each is read, copied and checked
    begun = 0

    def step(verb: str, name: str) -> None:
        nonlocal begun
        signals.check()
        progress.update(task, completed=begun, description=f"{verb} {name}")
        begun += 1

    return step
