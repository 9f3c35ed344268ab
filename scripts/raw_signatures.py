"""Tell from its first bytes that a file is something else than its name says.

Usage: imported by the raw door; nothing to run.
"""

from __future__ import annotations

SAMPLE_BYTES = 4096
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ENCRYPTED_PARQUET = b"PARE"
_ZIP = b"PK\x03\x04"
_AS_CSV = "save it as CSV UTF-8"
_UNPACK = "unpack it, or pack it with gzip and let its name end in .csv.gz"
_RENAME = "let its name end in .parquet"

# First bytes, what they stand for, what to do. UTF-32 before UTF-16: its mark begins alike.
_SIGNATURES = (
    (GZIP, "the file is compressed", "let its name end in .csv.gz"),
    (PARQUET, "the file is a Parquet file", _RENAME),
    (ENCRYPTED_PARQUET, "the file is an encrypted Parquet file", "export it without encryption"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "the file is a spreadsheet of old Excel", _AS_CSV),
    (b"%PDF", "the file is a PDF", "export the table itself as CSV UTF-8"),
    (b"BZh", "the file is compressed by bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "the file is compressed by xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "the file is compressed by zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "the file is a 7z archive", _UNPACK),
    (b"\xff\xfe\0\0", "the file is UTF-32", _AS_CSV),
    (b"\0\0\xfe\xff", "the file is UTF-32", _AS_CSV),
    (b"\xff\xfe", "the file is UTF-16", _AS_CSV),
    (b"\xfe\xff", "the file is UTF-16", _AS_CSV),
)


def no_csv(start: bytes) -> tuple[str, str] | None:
    """What a file is that should be CSV, and the remedy; None when it may well be CSV."""
    sample = start[:SAMPLE_BYTES]
    if sample.startswith(_ZIP):
        if b"[Content_Types].xml" in sample or b"xl/" in sample:
            return "the file is a spreadsheet", _AS_CSV
        return "the file is a zip archive", _UNPACK
    for signature, what, remedy in _SIGNATURES:
        if sample.startswith(signature):
            return what, remedy
    even, odd = sample[0:64:2], sample[1:64:2]
    if any(some.count(0) > len(some) // 2 and 0 not in other for some, other in _both(even, odd)):
        return "the file is UTF-16 without its mark", _AS_CSV
    return None


def _both(even: bytes, odd: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (even, odd), (odd, even)


def no_parquet(start: bytes, end: bytes) -> tuple[str, str] | None:
    """What a file is that should be Parquet, by its first and last four bytes."""
    if not start:
        return "the file is empty", "export it again or take it away"
    if ENCRYPTED_PARQUET in (start, end):
        return "the Parquet file is encrypted", "export it without encryption"
    if start != PARQUET:
        return "the file is no Parquet file", "export it again or give it its true ending"
    return None


def no_gzip(start: bytes) -> tuple[str, str] | None:
    """What is wrong with a file whose name ends in .gz; an empty one is told as empty CSV."""
    if start and not GZIP.startswith(start[:2]):
        return "the file is no gzip file", "give it its true ending or pack it with gzip"
    return None
