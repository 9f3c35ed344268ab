"""What only the owner of the build may see: the secret of the keyed ids, folders, new files.

Usage: imported by the raw door and the worklist; nothing to run.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

import build_lock
from settings import PRIVATE_DATABASE_NAME, UserError

# The demo data are invented: their key only has to be the same everywhere.
DEMO_KEY = "wardhouse-demo-key-of-invented-people"
KEY_VARIABLE = "WARDHOUSE_KEY"
KEY_FILE_NAME = ".wardhouse_key"
# A short secret is found by trying: then every record number follows from its key.
SHORTEST_KEY, FEWEST_SIGNS = 16, 8
SMALLEST_DATABASE = 3 * 4096  # DuckDB's three headers, before the first table
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def hash_key(raw_dir: Path | None, build_dir: Path) -> str:
    """The secret of the hashed ids: the user's, the demo's, or one made once and kept."""
    given = os.environ.get(KEY_VARIABLE, "").strip()
    if given:
        _refuse_weak(given, raw_dir)
        return given
    if raw_dir is None:
        return DEMO_KEY
    path = build_dir / KEY_FILE_NAME
    make_private_folder(build_dir)
    if path.exists():
        return _kept_key(path)
    key = secrets.token_hex(32)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)  # of a build that was killed here
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(key + "\n")
        stream.flush()
        os.fsync(handle)
    unfinished.replace(path)  # whole or not at all: an empty key file would stop every later build
    print(
        f"wardhouse: a key for the hashed ids was made, {path}; "
        "keep a copy: without it the ids of the next build are different",
        file=sys.stderr,
    )
    return key


def _refuse_weak(key: str, raw_dir: Path | None) -> None:
    if raw_dir is not None and key == DEMO_KEY:
        raise UserError(
            f"the key is the public one of the demo data, {KEY_VARIABLE}; "
            "set a secret of your own or leave it out: one is made"
        )
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_SIGNS:
        raise UserError(
            f"the key is too easy to guess, {KEY_VARIABLE}; use {SHORTEST_KEY} or more characters, "
            f"{FEWEST_SIGNS} of them different, or leave it out: a key is made"
        )


def _kept_key(path: Path) -> str:
    path.chmod(0o600)
    key = path.read_text().strip()
    if not key:
        raise UserError(f"the key file is empty, {path}; put your copy back or remove the file")
    return key


def keep_to_owner() -> None:
    """From here on, what this process makes is its owner's only, whatever the shell's umask.

    That is the private file with its log and its overflow, the landed copies, and dbt's target/
    and logs/, where the text of a failing query may quote a value.
    """
    os.umask(0o077)


def close_files(paths: Iterable[Path]) -> None:
    """Take files that are there already away from everybody but their owner."""
    for path in paths:
        with suppress(OSError):  # another's, or gone meanwhile
            path.chmod(0o600)


def make_private_folder(folder: Path) -> None:
    """Make the folder for its owner only; close one that is open to others, and say so."""
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)  # whatever the umask took away
        return
    state = folder.stat()
    if not state.st_mode & _FOR_OTHERS:
        return
    mode = stat.filemode(state.st_mode)
    if state.st_uid != os.geteuid() or _is_shared(folder):
        raise UserError(
            f"the build folder holds names and record numbers and is open to others ({mode}), "
            f"{folder}; `chmod 700` it, or name one of its own in WARDHOUSE_BUILD_DIR"
        )
    folder.chmod(0o700)
    print(
        f"wardhouse: the build folder was open to others ({mode}) and is now its owner's only, "
        f"{folder}",
        file=sys.stderr,
    )


def _is_shared(folder: Path) -> bool:
    """Whether the folder holds what no build made: closing /tmp or a home would break others."""
    if (folder / PRIVATE_DATABASE_NAME).exists() or (folder / KEY_FILE_NAME).exists():
        return False
    return any(not path.name.startswith(".") for path in folder.iterdir())


def take_build_folder(
    path: Path, config: dict[str, Any], command: str, is_second_try: bool = False
) -> None:
    """Keep the folder of the private database to this process, and see that it can be built in."""
    make_private_folder(path.parent)
    build_lock.keep(path.parent, command)
    try:
        # opened for a moment: dbt would show DuckDB's refusals as a traceback
        duckdb.connect(str(path), config=config).close()
    except duckdb.Error as error:
        text = " ".join(str(error).split())
        if "Conflicting lock" in text:
            holder = re.search(r"PID \d+", text)
            raise UserError(
                "the private database is in use by another program"
                f"{f' ({holder.group()})' if holder else ''}, {path}; close it there and run again"
            ) from None
        if path.is_file() and path.stat().st_size < SMALLEST_DATABASE:
            # The disk was full, or a kill came, while the file was made: there is nothing in it.
            path.unlink()
            if not is_second_try:
                take_build_folder(path, config, command, is_second_try=True)
                return
        if "replaying WAL" in text and not is_second_try:
            # A kill came while dbt replaced tables, and DuckDB cannot read its notes of it back.
            Path(f"{path}.wal").unlink(missing_ok=True)
            print(
                f"wardhouse: the last writes of a killed build cannot be read, {path}.wal; "
                "they were discarded, this build makes them anew",
                file=sys.stderr,
            )
            take_build_folder(path, config, command, is_second_try=True)
            return
        if "not a valid DuckDB" in text:
            raise UserError(
                f"the private database is damaged, {path}; delete it and run dbt build"
            ) from None
        raise UserError(
            f"the private database cannot be opened ({text[:200]}), {path}; "
            "free some space when the disk is full, otherwise delete the file; then run dbt build"
        ) from None
    # What a killed build had put on the disk for want of memory is as private as the database.
    for left in Path(f"{path}.tmp").glob("duckdb_temp_*"):
        left.unlink(missing_ok=True)
