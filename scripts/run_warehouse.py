"""Run the warehouse: settings, dbt build, publish; then figures and report; always a summary.

Usage: python scripts/run_warehouse.py [warehouse|figures|report] [--accept-loss]

`make warehouse`, `make figures` and `make report` call this. Exit codes: 0 published (or drawn); 2
nothing was published, and the last line says why and what to do; 128 + n stopped by signal n (130
Ctrl-C, 143 SIGTERM); 1 is a defect of Wardhouse itself. The published file is only ever replaced
by exit code 0. The summary is build/run_summary.html and .json (run_summary.py).
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import TextIO

import folder_settings
import publish
import run_summary
import settings
from publish_signals import Signals, Stopped
from run_summary import Run
from settings import PROJECT_ROOT, UserError

DBT = Path(sys.executable).parent / "dbt"
# Two lines for each of hundreds of tests hide the few that matter; logs/dbt.log has them all.
NOISE = re.compile(r" \d+ of \d+ (START|PASS|NO-OP) ")
MARK = "wardhouse: "
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ENCOUNTERED = "Encountered an error"
# what is made of the published file: command -> the script whose main() makes it
AFTERWARDS = {"figures": "plot_figures", "report": "build_report"}
GRACE_SECONDS = 10  # for dbt to end by itself after a signal


class Stop(Exception):
    """The run ends here with this outcome; its line is said once, at the very end."""

    def __init__(self, outcome: str, line: str, exit_code: int = 2) -> None:
        """Outcome and exit code as in the summary."""
        super().__init__(line)
        self.outcome, self.line, self.exit_code = outcome, line, exit_code


class Heard(io.TextIOBase):
    """A stream that passes on what is written, and keeps the lines."""

    def __init__(self, stream: TextIO) -> None:
        """Where to pass it on to."""
        self.stream = stream
        self.text = ""

    def write(self, text: str) -> int:
        """Pass on and keep."""
        self.text += text
        return self.stream.write(text)

    def flush(self) -> None:
        """Pass on."""
        self.stream.flush()

    def isatty(self) -> bool:
        """Whether a person is watching."""
        return self.stream.isatty()

    def fileno(self) -> int:
        """The stream's own."""
        return self.stream.fileno()

    @property
    def lines(self) -> list[str]:
        """The lines that are Wardhouse's own, without its name in front."""
        found = TERMINAL_CODES.sub("", self.text).replace("\r", "\n").splitlines()
        return [line.removeprefix(MARK).strip() for line in found if line.startswith(MARK)]


def step(run: Run, name: str, work: Callable[[], int]) -> int:
    """Do one step and note its seconds and exit code, whatever happens in it."""
    begun = time.monotonic()
    code = None  # it did not come to an end
    try:
        code = work()
    except (UserError, Stop):
        code = 2
        raise
    finally:
        seconds = round(time.monotonic() - begun, 2)
        run.steps.append({"step": name, "seconds": seconds, "exit_code": code})
    return code


# --- the steps -----------------------------------------------------------------------------------


def prepare_folder() -> None:
    """Have the build folder; dbt would answer with a traceback of a hundred lines."""
    folder = settings.build_dir()
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise UserError(
            f"the build folder cannot be used ({error.strerror}), {folder}; make it writable or "
            "set WARDHOUSE_BUILD_DIR to another folder"
        ) from error


def build(dbt_vars: dict) -> int:
    """Run `dbt build`; gives 0 or 1 (something failed), raises Stop when it ended early."""
    command = [str(DBT), "--use-colors" if sys.stdout.isatty() else "--no-use-colors", "build"]
    if dbt_vars:
        command += ["--vars", json.dumps(dbt_vars, default=str)]
    said, error = [], []
    process = subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True, errors="replace", bufsize=1
    )
    try:
        for line in process.stdout:
            # dbt wraps the one line that matters in three others: it is said at the end instead
            if error or ENCOUNTERED in line:
                error.append(line)
            elif not NOISE.search(line):
                sys.stdout.write(line)
                sys.stdout.flush()
            if MARK in line:
                said.append(line[line.index(MARK) + len(MARK) :].strip())
        code = process.wait()
    except BaseException:
        end(process)
        raise
    if code < 0:
        name = signal.Signals(-code).name
        raise Stop(
            "interrupted",
            f"dbt build was killed by {name}, {settings.private_database()}; nothing was "
            "published, look for want of memory and run make warehouse again",
            128 - code,
        )
    known = said[-1] if said else known_reason("".join(error))
    if code > 1 and known:
        raise Stop("stopped", known)
    sys.stdout.writelines(error)
    if code > 1:
        raise Stop(
            "stopped",
            f"dbt build ended before its time, {settings.private_database()}; nothing was "
            "published, the reason is above and in logs/dbt.log: mend it and run make warehouse",
        )
    return code


def known_reason(error: str) -> str | None:
    """What dbt's traceback means, where a person can put it right."""
    path = settings.private_database()
    if "Could not set lock on file" in error:
        holder = re.search(r" \(PID \d+\)", error)
        return (
            f"the private database is in use by another program{holder.group() if holder else ''}, "
            f"{path}; wait until that has ended (another build?) and run make warehouse again"
        )
    if "not a valid DuckDB database file" in error:
        return f"the private database is damaged, {path}; delete it and run make warehouse"
    if "No space left on device" in error or "Disk quota exceeded" in error:
        return (
            f"the disk of the build folder is full, {settings.build_dir()}; free some space and "
            "run make warehouse again"
        )
    return None


def end(process: subprocess.Popen) -> None:
    """Have a child end that would otherwise go on writing."""
    for ask in (process.terminate, process.kill):
        with suppress(ProcessLookupError):
            ask()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
            return


def publish_step(run: Run, options: list[str], signals: Signals) -> int:
    """Run the publish; what it said becomes the run's line and warnings."""
    out, err = Heard(sys.stdout), Heard(sys.stderr)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = publish.main(options, signals)
    finally:
        run.warnings += err.lines
    if code == 0:
        run.line = next(line for line in out.text.splitlines() if line.startswith("published"))
    return code


def warehouse(run: Run, options: list[str], signals: Signals) -> None:
    """Settings, build and publish."""
    found: dict = {}
    step(run, "settings", lambda: found.update(folder_settings.folder_settings()) or 0)
    step(run, "build", lambda: build(found))
    try:
        code = step(run, "publish", lambda: publish_step(run, options, signals))
    except UserError as error:
        raise Stop("refused", str(error)) from error
    if code:
        line = run.warnings.pop() if run.warnings else f"the publish ended with {code}"
        raise Stop("interrupted", line, code)
    run.outcome, run.exit_code = "published", 0


# --- the commands --------------------------------------------------------------------------------


def run_warehouse(options: list[str]) -> int:
    """Make the warehouse, with options for the publish; the summary is written whatever happens."""
    run = Run()
    signals = Signals()
    is_said = False
    try:
        with signals:
            begin()
            warehouse(run, options, signals)
    except Stop as stop:
        run.outcome, run.line, run.exit_code = stop.outcome, stop.line, stop.exit_code
        is_said = run.outcome == "interrupted" and run.steps[-1]["step"] == "publish"
    except UserError as error:
        run.line = str(error)
    except BaseException as error:
        if not signals.received and not isinstance(error, (Stopped, KeyboardInterrupt)):
            run.line = f"an unexpected {type(error).__name__}; please report it"
            run.exit_code = 1
            summarise(run)
            raise
        received = signals.received or signal.SIGINT
        run.outcome, run.exit_code = "interrupted", 128 + received
        run.line = (
            f"stopped by {received.name}, {settings.published_database()}; nothing was "
            "published, run make warehouse again"
        )
    summarise(run)
    if run.exit_code and not is_said:
        print(f"{MARK}{run.line}", file=sys.stderr)
    return run.exit_code


def begin() -> None:
    """Write that a run has begun: killed outright, it must not leave yesterday's good news."""
    prepare_folder()
    path = settings.published_database()
    line = f"it is still at work, or was killed, {path}; if none is at work run make warehouse"
    with suppress(OSError):
        run_summary.write(run_summary.summarise(Run(outcome="unfinished", line=line)))


def summarise(run: Run) -> None:
    """Write the summary and say where; its own trouble must not hide the run's outcome."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    scale = 1 if sys.platform == "darwin" else 1024
    run.peak_memory_bytes = max(each.ru_maxrss for each in usage) * scale
    try:
        path = run_summary.write(run_summary.summarise(run))
    except OSError as error:
        print(f"{MARK}no summary ({error.strerror}), {settings.build_dir()}", file=sys.stderr)
    else:
        print(f"summary of the run: {settings.shown(path)}", flush=True)


def run_afterwards(name: str) -> int:
    """Draw the figures or write the report; noted in the last run's summary when of its file."""
    # a second for matplotlib or Altair, which a build does not need
    work = importlib.import_module(AFTERWARDS[name]).main
    run = Run()
    try:
        return step(run, name, lambda: work([]))
    finally:
        with suppress(UserError, OSError, KeyError):
            summary = run_summary.last()
            if (summary["published"] or {}).get("path") == str(settings.published_database()):
                steps = [entry for entry in summary["steps"] if entry["step"] != name]
                summary["steps"] = steps + run.steps
                run_summary.write(summary)


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = ("warehouse", *AFTERWARDS)
    parser.add_argument("command", nargs="?", choices=commands, default="warehouse")
    parser.add_argument("--accept-loss", action="store_true", help="passed on to publish.py")
    arguments = parser.parse_args(argv)
    options = ["--accept-loss"] if arguments.accept_loss else []
    if arguments.command in AFTERWARDS:
        return run_afterwards(arguments.command)
    return run_warehouse(options)


if __name__ == "__main__":
    settings.run_main(main)
