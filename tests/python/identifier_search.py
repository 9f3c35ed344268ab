"""Search files of any kind for identifiers, in every spelling that a file may give them.

Usage: imported by tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

_TOKEN = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")


def spellings(identifier: str) -> set[bytes]:
    """An identifier as plain text, JSON, SQL and XML write it, in lower case as in files."""
    texts = {
        identifier,
        json.dumps(identifier)[1:-1],
        identifier.replace("'", "''"),
        escape(identifier),
        ascii(identifier)[1:-1],
    }
    return {text.lower().encode() for text in texts}


def lowered(content: bytes) -> bytes:
    """Bytes in lower case: of ASCII letters, and of all others where the bytes are text."""
    try:
        return content.decode().lower().encode()
    except UnicodeDecodeError:
        return content.lower()


def found_in(content: bytes, identifiers: Iterable[str], binary: bool = False) -> set[str]:
    """The identifiers that are anywhere in these bytes.

    In text an identifier is a run of whole words, which makes thousands of them quick to look
    for. In a binary file its neighbours may be letters: every byte is a beginning.
    """
    content = lowered(content)
    words = set() if binary else set(_TOKEN.findall(content))
    found = set()
    for identifier in identifiers:
        for spelling in spellings(identifier):
            if not binary:
                # the first and last word may go on in the file (a quoted line feed: \nname)
                inner = _TOKEN.findall(spelling)
                if not words.issuperset(inner):
                    continue
            if spelling in content:
                found.add(identifier)
                break
    return found


def searched(folder: Path, identifiers: Iterable[str], binary: bool = False) -> dict[str, set[str]]:
    """Every file below a folder, with the identifiers in its name or content."""
    identifiers = list(identifiers)
    result = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            hits = found_in(path.read_bytes(), identifiers, binary)
            hits |= found_in(name.encode(), identifiers, binary=True)
            result[name] = hits
    return result
