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


class Search:
    """Identifiers, prepared once for many contents."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        """File each spelling under its longest word."""
        self.spellings = {name: spellings(name) for name in identifiers}
        self.by_word: dict[bytes, list[tuple[str, bytes, list[bytes]]]] = {}
        for name, ways in self.spellings.items():
            for spelling in ways:
                words = _TOKEN.findall(spelling)
                self.by_word.setdefault(max(words, key=len), []).append((name, spelling, words))

    def found_in(self, content: bytes, binary: bool = False) -> set[str]:
        """The identifiers that are anywhere in these bytes.

        In text an identifier is a run of whole words, which makes thousands of them quick to
        look for. In a binary file its neighbours may be letters: every byte is a beginning.
        """
        content = lowered(content)
        if binary:
            return {
                name
                for name, ways in self.spellings.items()
                if any(spelling in content for spelling in ways)
            }
        words = set(_TOKEN.findall(content))
        return {
            name
            for word in words & self.by_word.keys()
            for name, spelling, others in self.by_word[word]
            if words.issuperset(others) and spelling in content
        }


def found_in(content: bytes, identifiers: Iterable[str], binary: bool = False) -> set[str]:
    """The identifiers that are anywhere in these bytes."""
    return Search(identifiers).found_in(content, binary)


def searched(folder: Path, identifiers: Iterable[str], binary: bool = False) -> dict[str, set[str]]:
    """Every file below a folder, with the identifiers in its name or content."""
    search = Search(identifiers)
    result = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            result[name] = search.found_in(path.read_bytes(), binary)
            result[name] |= search.found_in(name.encode())
    return result
