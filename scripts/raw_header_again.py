"""Find the header of a CSV file once more among its records.

Usage: imported by the raw door; nothing to run.

Exports that were put one behind the other have their headers in between. As a record such a line
would be counted as data, and behind the header of another export every column may be another one.
"""

from __future__ import annotations

import numpy as np

from raw_contract import squash

_BOM = b"\xef\xbb\xbf"
_BEFORE = (b"", b'"', b" ", b' "', _BOM, _BOM + b'"')  # what may stand before its first name
_SIEVES = 8  # first bytes of a record that are looked at before it is read


class HeaderAgain:
    """Knows a header when it comes again: in quotes, in capitals, with spaces or with a mark."""

    def __init__(self, header: tuple[str, ...]) -> None:
        """Set up the sieves: which bytes each place of a header can have, that of any column."""
        self._names = tuple(map(squash, header))
        names = [name.strip().encode("utf-8") for name in header if name.strip()]
        starts = [before + name for name in names for before in _BEFORE]
        self._sieves = []
        for place in range(min(min(map(len, starts), default=0), _SIEVES)):
            letters = np.zeros(256, bool)
            for start in starts:
                letter = start[place : place + 1]
                letters[[*letter.lower(), *letter.upper()]] = True
            self._sieves.append(letters)

    def may_be_among(self, symbols: np.ndarray, data: bytes, starts: np.ndarray) -> bool:
        """Whether a record that begins at one of these places is a header."""
        for place, letters in enumerate(self._sieves):
            starts = starts[starts + place < len(symbols)]
            starts = starts[letters[symbols[starts + place]]]
        return any(
            self.same(data[start : data.find(b"\n", start)]) is not None
            for start in starts.tolist()
        )

    def same(self, text: bytes) -> bool | None:
        """True for this header, False for the header of another export, None for data."""
        if len(text) < len(self._sieves):
            return None
        if not all(letters[text[place]] for place, letters in enumerate(self._sieves)):
            return None
        fields = text.removeprefix(_BOM).split(b",")
        if len(fields) != len(self._names):
            return None
        names = tuple(squash(field.decode("utf-8", "replace").strip(' "')) for field in fields)
        if names == self._names:
            return True
        # Numbers and dates are no names: two records of a file without a header may share them.
        known = {name for name in set(self._names).intersection(names) if not name.isdigit()}
        known.discard("")
        return False if len(known) > len(names) / 2 else None
