"""Count the records of a CSV file independently of the database that will read it.

Usage: imported by the raw door; nothing to run.

The grammar is RFC 4180 with commas: a field is either quoted as a whole (quotes doubled inside)
or holds no quote at all; a record ends with LF or CRLF. Chunks in which every record fits are
counted with numpy; any other chunk is read record by record, so that each damaged record gets
its number and its reason. Nothing is held in memory but a chunk and one unfinished record.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import numpy as np

from raw_header_again import HeaderAgain
from raw_signatures import no_csv
from settings import UserError

CHUNK_BYTES = 1 << 20
LONGEST_RECORD_BYTES = 64 << 20

STRAY_QUOTE = "a stray quote"
STRAY_RETURN = "a carriage return inside a field"
NUL_BYTE = "a NUL byte"
NOT_UTF8 = "not UTF-8"
HEADER_AGAIN = "the header again"
MARK_INSIDE = "a byte-order mark inside the file"

_BOM = b"\xef\xbb\xbf"
_QUOTE, _COMMA, _LF, _CR = b'",\n\r'
_QUOTED = re.compile(rb'"[^"]*+(?:""[^"]*+)*+"')
_PLAIN = re.compile(rb'[^",\r\n]*+')

Keep = Callable[[int, bytes, "str | None"], None]


class Record(NamedTuple):
    """Where a record ends (without its line end), where the next starts, what is wrong."""

    end: int
    following: int
    columns: int
    problem: str | None


class _OpenQuote(Exception):
    """A quote that nothing closes, or that closes where a field cannot end, lines later."""


def read_record(data: bytes, start: int, at_end: bool) -> Record | None:
    """The record at `start`, or None when more of the file is needed to tell."""
    newline = data.find(b"\n", start)
    if newline < 0:
        if not at_end:
            return None
        end = following = len(data)
    else:
        following = newline + 1
        end = newline - 1 if newline > start and data[newline - 1] == _CR else newline
    if data.find(b'"', start, end) >= 0:
        return _read_quoted(data, start, at_end)
    problem = STRAY_RETURN if data.find(b"\r", start, end) >= 0 else None
    return Record(end, following, data.count(b",", start, end) + 1, problem)


def _read_quoted(data: bytes, start: int, at_end: bool) -> Record | None:
    """The record at `start` when its first line has a quote."""
    position, columns = start, 1
    while True:
        if data[position : position + 1] == b'"':
            match = _QUOTED.match(data, position)
            if match is None:
                if at_end:
                    raise _OpenQuote
                return None
        else:
            match = _PLAIN.match(data, position)
        position = match.end()
        follower = data[position : position + 2]
        if follower[:1] == b",":
            position, columns = position + 1, columns + 1
            continue
        if follower[:1] == b"\n":
            return Record(position, position + 1, columns, None)
        if len(follower) < 2 and not at_end:
            return None
        if not follower:
            return Record(position, position, columns, None)
        if follower == b"\r\n":
            return Record(position, position + 2, columns, None)
        if data.find(b"\n", start, position) >= 0:
            # The field ran over line ends before it went wrong: the quote was meant to close
            # earlier, and how many records it swallowed is anybody's guess.
            raise _OpenQuote
        return _damaged_line(data, start, position, columns, at_end)


def _damaged_line(
    data: bytes, start: int, position: int, columns: int, at_end: bool
) -> Record | None:
    """A record that goes wrong within one line: reading goes on with the next line."""
    newline = data.find(b"\n", position)
    if newline < 0 and not at_end:
        return None
    problem = STRAY_RETURN if data[position] == _CR else STRAY_QUOTE
    if newline < 0:
        return Record(len(data), len(data), columns, problem)
    end = newline - 1 if data[newline - 1] == _CR else newline
    return Record(end, newline + 1, columns, problem)


class CsvScan:
    """Counts of one CSV file; `run` reads the stream to its end."""

    def __init__(self, source_file: str, keep: Keep | None = None) -> None:
        """Name the file for messages; `keep` gets number, text and reason of each record."""
        self.source_file = source_file
        self.keep = keep
        self.header: tuple[str, ...] | None = None
        self.records = 0
        self.malformed = 0
        self.interior_blanks = 0
        self.longest = 0  # the header counts: the database reads it as a line too
        self._header_again: HeaderAgain | None = None
        self._waiting_blanks = 0  # blank lines that are records only if a record follows them
        self._lf_ends = 0
        self._crlf_ends = 0
        self._lines = 0

    @property
    def clean(self) -> bool:
        """Whether the database reads the file as it is and sees the same records."""
        return not (
            self.malformed
            or self.interior_blanks
            or (self._lf_ends and self._crlf_ends)  # DuckDB wants one kind of line end
            or (len(self.header) == 1 and self._waiting_blanks)  # a blank line is a row to it
        )

    def run(self, stream: BinaryIO, advance: Callable[[], None] = lambda: None) -> CsvScan:
        """Read the whole stream; `advance` is called after every chunk."""
        data, at_end, first = b"", False, True
        while not at_end:
            # Twice what is left over, so that a long record is not gone through once a chunk.
            chunk = stream.read(max(CHUNK_BYTES, 2 * len(data)))
            at_end = not chunk
            data += chunk
            if first:
                data, first = data.removeprefix(_BOM), False
            done = 0
            if self.header is None:
                done = self._read_header(data, at_end)
            if self.header is not None:
                self._lines += data.count(b"\n", 0, done)
                data = data[done:]
                done = self._count(data, at_end)
            self._lines += data.count(b"\n", 0, done)
            data = data[done:]
            if len(data) > LONGEST_RECORD_BYTES:
                self._fail_long(data)
            advance()
        return self

    def _read_header(self, data: bytes, at_end: bool) -> int:
        """Take the header off the start of the file; 0 when more of it is needed."""
        other = no_csv(data)
        if other:
            self._fail(*other)
        try:
            record = read_record(data, 0, at_end)
        except _OpenQuote:
            self._fail("a quote in the header is never closed", "close it or remove it")
        if record is None:
            return 0
        text = data[: record.end]
        if not text.strip():
            if data.strip():
                self._fail("the first line is blank", "put the header on the first line")
            self._fail("the file is empty, without a header", "write the header or take it away")
        problem = record.problem or _bad_bytes(text)
        if problem == STRAY_RETURN:
            self._fail("lines end with a carriage return only", "save the file with LF or CRLF")
        if problem:
            self._fail(f"the header is damaged ({problem})", "save the file as CSV UTF-8")
        rows = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), strict=True)
        try:
            self.header = tuple(next(rows))
        except csv.Error:
            self._fail(
                f"a name in the header is longer than {csv.field_size_limit():,} characters",
                "put the header on the first line",
            )
        self._header_again = HeaderAgain(self.header)
        self.longest = len(text)
        self._count_end(record)
        return record.following

    def _count(self, data: bytes, at_end: bool) -> int:
        """Count the records that are complete in `data`; gives the end of the last one."""
        if not at_end:
            done = self._count_fast(data)
            if done is not None:
                return done
        return self._count_each(data, at_end)

    def _count_fast(self, data: bytes) -> int | None:
        """Count with numpy, or None when some record may need a closer look."""
        width = len(self.header)
        if b"\0" in data:
            return None
        symbols = np.frombuffer(data, np.uint8)
        separates = (symbols == _COMMA) | (symbols == _LF)
        if b'"' in data:
            is_quote = symbols == _QUOTE
            if not _quotes_fit(symbols, np.flatnonzero(is_quote)):
                return None
            # An odd number of quotes before it: inside a quoted field. uint8 may wrap.
            separates &= (np.cumsum(is_quote, dtype=np.uint8) & 1) == 0
        separators = np.flatnonzero(separates)
        ends = separators[symbols[separators] == _LF]
        if not len(ends):
            return 0
        done = int(ends[-1]) + 1
        separators = separators[: np.searchsorted(separators, done)]
        if len(separators) != len(ends) * width or not np.array_equal(
            separators[width - 1 :: width], ends
        ):
            return None
        lengths = np.diff(ends, prepend=-1) - 1
        if lengths.min() == 0 or lengths.max() > LONGEST_RECORD_BYTES:
            return None  # a blank line, or one that is too long
        starts = np.concatenate(([0], ends[:-1] + 1))
        if self._header_again.may_be_among(symbols, data, starts):
            return None
        crlf = 0
        if b"\r" in data:
            crlf = int(np.count_nonzero(symbols[ends - 1] == _CR))
            if crlf != self._returns_outside_quotes(symbols, data, done):
                return None
            if width == 1 and np.any((lengths == 1) & (symbols[ends - 1] == _CR)):
                return None  # a blank line that ends with CRLF
        if not data.isascii() and (_BOM in data or _bad_bytes(data[:done])):
            return None
        self._take_blanks()
        if self.keep:
            self._keep_all(data, ends)
        self.records += len(ends)
        self.longest = max(self.longest, int(lengths.max()))
        self._crlf_ends += crlf
        self._lf_ends += len(ends) - crlf
        return done

    def _keep_all(self, data: bytes, ends: np.ndarray) -> None:
        start = 0
        for number, end in enumerate(ends.tolist(), start=self.records + 1):
            text_end = end - 1 if data[end - 1] == _CR else end
            self.keep(number, data[start:text_end], None)
            start = end + 1

    @staticmethod
    def _returns_outside_quotes(symbols: np.ndarray, data: bytes, done: int) -> int:
        is_return = symbols[:done] == _CR
        if b'"' in data:
            is_return &= (np.cumsum(symbols[:done] == _QUOTE, dtype=np.uint8) & 1) == 0
        return int(np.count_nonzero(is_return))

    def _count_each(self, data: bytes, at_end: bool) -> int:
        """Count record by record, telling the good from the malformed."""
        position = 0
        while position < len(data):
            try:
                record = read_record(data, position, at_end)
            except _OpenQuote:
                self._fail_open_quote(data, position)
            if record is None:
                break
            text = data[position : record.end]
            if len(text) > LONGEST_RECORD_BYTES:
                self._fail_long(data, position)
            if text:
                self._take_blanks()
                self._take(text, record, data, position)
            else:
                self._waiting_blanks += 1
            self._count_end(record)
            position = record.following
        return position

    def _take(self, text: bytes, record: Record, data: bytes, position: int) -> None:
        reason = record.problem
        if reason is None:
            again = self._header_again.same(text)
            if again is False:
                self._fail(
                    f"a second header with other columns ({self._where(data, position)})",
                    "make one file of each export",
                )
            reason = HEADER_AGAIN if again else None
        if reason is None and text.startswith(_BOM):
            reason = MARK_INSIDE
        width = len(self.header)
        if reason is None and record.columns != width:
            noun = "column" if record.columns == 1 else "columns"
            reason = f"{record.columns} {noun} instead of {width}"
        reason = reason or _bad_bytes(text)
        self.records += 1
        self.malformed += reason is not None
        self.longest = max(self.longest, len(text))
        if self.keep:
            self.keep(self.records, text, reason)

    def _take_blanks(self) -> None:
        """Blank lines before a record are records; those at the end of the file are none."""
        for _ in range(self._waiting_blanks):
            self.records += 1
            self.interior_blanks += 1
            if self.keep:
                self.keep(self.records, b"", None)
        self._waiting_blanks = 0

    def _count_end(self, record: Record) -> None:
        length = record.following - record.end
        self._lf_ends += length == 1
        self._crlf_ends += length == 2

    def _fail(self, what: str, remedy: str) -> None:
        raise UserError(f"{what}, {self.source_file}; {remedy}") from None

    def _where(self, data: bytes, position: int) -> str:
        number = self.records + self._waiting_blanks + 1
        line = self._lines + data.count(b"\n", 0, position) + 1
        return f"record {number}, line {line}"

    def _fail_open_quote(self, data: bytes, position: int) -> None:
        self._fail(
            f"a quote is never closed ({self._where(data, position)})",
            "close it, double it or remove it",
        )

    def _fail_long(self, data: bytes, position: int = 0) -> None:
        size = f"longer than {LONGEST_RECORD_BYTES >> 20} MB"
        if self.header is None:
            self._fail(f"the header is {size}", "put the header on the first line")
        where = self._where(data, position)
        if b'"' in data[position:]:
            self._fail(
                f"a quote is never closed ({where}), or the record is {size}",
                "close the quote, or split the record",
            )
        self._fail(f"a record is {size} ({where})", "split or mend it")


def _bad_bytes(text: bytes) -> str | None:
    """Why these bytes are no text, or None when they are."""
    if b"\0" in text:
        return NUL_BYTE
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8
    return None


def _quotes_fit(symbols: np.ndarray, quotes: np.ndarray) -> bool:
    """Whether every quote stands where RFC 4180 allows one.

    Read from the start of a record, the 1st, 3rd, ... quote opens a field or is the second half
    of a doubled quote; the 2nd, 4th, ... closes a field or is the first half of a doubled one.
    """
    opening, closing = quotes[0::2], quotes[1::2]
    before = symbols[opening[opening > 0] - 1]
    after = symbols[closing[closing < len(symbols) - 1] + 1]
    return bool(
        np.all((before == _COMMA) | (before == _LF) | (before == _QUOTE))
        and np.all((after == _COMMA) | (after == _LF) | (after == _CR) | (after == _QUOTE))
    )
