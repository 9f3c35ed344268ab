"""Run a command that cannot use any network: trying to kills the process.

Usage: python tests/python/no_network.py COMMAND [ARGUMENT ...]

A seccomp filter, which every child process inherits and nobody can take off, kills the process
when it connects, listens or sends to an address, loopback included. Killing and not refusing: a
library that swallows a refused connection would go unseen. Opening a socket alone is allowed: a
web library does so when it is imported, to see whether the machine knows IPv6. Needs Linux on
x86-64 or arm64 and no privilege; `why_not()` says why elsewhere.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
KILL, ERRNO_ENOSYS, ALLOW = 0x80000000, 0x00050000 | 38, 0x7FFF0000
LOAD_WORD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
# Offsets in struct seccomp_data; the lower half of each 64-bit argument comes first.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
# The system calls by machine, the audit name of the machine, the first number of a second table.
MACHINES = {
    "x86_64": (
        {"connect": 42, "listen": 50, "sendto": 44, "sendmsg": 46, "sendmmsg": 307},
        0xC000003E,
        0x40000000,
    ),
    "aarch64": (
        {"connect": 203, "listen": 201, "sendto": 206, "sendmsg": 211, "sendmmsg": 269},
        0xC00000B7,
        0xFFFFFFFF,
    ),
}
IO_URING_SETUP = 425  # would do the same without these system calls
# The length of a local (Unix) address, with which the C library asks a name service on the same
# machine for a user's name; an internet address has 16 or 28 bytes.
LOCAL_ADDRESS_BYTES = 110


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def why_not() -> str | None:
    """Why the filter cannot be set on this machine, or None when it can."""
    if sys.platform != "linux":
        return f"seccomp filters are of Linux, this is {sys.platform}"
    if platform.machine() not in MACHINES:
        return f"the filter is not written for {platform.machine()}"
    child = os.fork()
    if child == 0:  # a filter stays for the life of a process: try it in another one
        try:
            cut_off()
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return f"the kernel refuses a seccomp filter ({os.strerror(code)})" if code > 0 else None


def program() -> bytes:
    """The filter in the kernel's own code (classic BPF)."""
    calls, architecture, second_table = MACHINES[platform.machine()]
    steps = [  # operation, value, what follows if true: a verdict, or None to go on
        (LOAD_WORD, ARCHITECTURE, None),
        (JUMP_IF_EQUAL, architecture, "next"),
        (RETURN, KILL, None),
        (LOAD_WORD, NUMBER, None),
        (JUMP_IF_AT_LEAST, second_table, KILL),
        (JUMP_IF_EQUAL, IO_URING_SETUP, ERRNO_ENOSYS),
        *((JUMP_IF_EQUAL, calls[name], KILL) for name in ("listen", "sendmsg", "sendmmsg")),
        (JUMP_IF_EQUAL, calls["sendto"], "sendto"),
        (JUMP_IF_EQUAL, calls["connect"], "connect"),
        (RETURN, ALLOW, None),
        ("sendto", 0, None),  # without an address (half of a pair) it is allowed
        (LOAD_WORD, ARGUMENTS + 8 * 4, None),
        (JUMP_IF_EQUAL, 0, "next"),
        (RETURN, KILL, None),
        (LOAD_WORD, ARGUMENTS + 8 * 4 + 4, None),
        (JUMP_IF_EQUAL, 0, ALLOW),
        (RETURN, KILL, None),
        ("connect", 0, None),
        (LOAD_WORD, ARGUMENTS + 8 * 2, None),
        (JUMP_IF_EQUAL, LOCAL_ADDRESS_BYTES, ALLOW),
        (RETURN, KILL, None),
    ]
    lines = [step for step in steps if not isinstance(step[0], str)]
    labels = {
        step[0]: sum(not isinstance(s[0], str) for s in steps[:place])
        for place, step in enumerate(steps)
        if isinstance(step[0], str)
    }
    verdicts = [KILL, ALLOW, ERRNO_ENOSYS]
    code = b""
    for place, (operation, value, follows) in enumerate(lines):
        if follows is None:
            jump = 0
        elif follows == "next":
            jump = 1  # over the verdict that follows
        elif follows in labels:
            jump = labels[follows] - place - 1
        else:
            jump = len(lines) + verdicts.index(follows) - place - 1
        code += struct.pack("HBBI", operation, jump, 0, value)
    return code + b"".join(struct.pack("HBBI", RETURN, 0, 0, verdict) for verdict in verdicts)


def cut_off() -> None:
    """Cut this process and all that it starts off from every network, for good."""
    library = ctypes.CDLL(None, use_errno=True)
    code = program()
    filter_ = _Filter(len(code) // 8, code)
    for option, first, second in (
        (PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0)),
        (PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(filter_)),
    ):
        if library.prctl(option, first, second, ctypes.c_ulong(0), ctypes.c_ulong(0)):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def main(argv: list[str]) -> int:
    """Become the command, cut off."""
    cut_off()
    os.execvp(argv[0], argv)  # noqa: S606
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
