"""A corpus of damaged CSV files: encodings, quotes, separators, line ends, headers, packing.

Usage: imported by test_broken_files.py; nothing to run.
"""

from __future__ import annotations

import gzip

from broken_files import (
    MEGABYTE,
    Case,
    as_csv,
    inserted,
    joined,
    more_columns,
    quoted_all,
    recoded,
    stop,
    swapped,
    with_field,
    with_lines,
    zip_of,
)

BOM = b"\xef\xbb\xbf"
NULS = b"\0" * 4096
ENCODINGS = [
    Case("a byte-order mark", lambda s: BOM + s.text, good=6),
    Case("two byte-order marks", lambda s: BOM + BOM + s.text, good=6),
    Case("a byte-order mark and quotes", lambda s: BOM + joined(quoted_all(s)), good=6),
    Case(
        "a byte-order mark before a record",
        lambda s: inserted(s, BOM + s.lines[4]).replace(
            s.lines[4] + b"\n" + s.lines[4], s.lines[4]
        ),
        good=5,
        bad=1,
    ),
    Case(
        "two exports with byte-order marks in one file",
        lambda s: BOM + joined(s.lines[:4]) + BOM + joined([s.lines[0], *s.lines[4:]]),
        good=6,
        bad=1,
    ),
    stop("UTF-16 with its mark", lambda s: recoded(s, "utf-16"), "UTF-16", "CSV UTF-8"),
    stop("UTF-16 big-endian", lambda s: b"\xfe\xff" + recoded(s, "utf-16-be"), "UTF-16"),
    stop("UTF-16 without a mark", lambda s: recoded(s, "utf-16-le"), "UTF-16"),
    stop("UTF-16 big-endian without a mark", lambda s: recoded(s, "utf-16-be"), "UTF-16"),
    stop("UTF-32", lambda s: recoded(s, "utf-32"), "UTF-32"),
    stop("EBCDIC", lambda s: recoded(s, "cp037"), "header is damaged (not UTF-8)"),
    Case("one word in Latin-1", lambda s: with_field(s, 2, b"Zo\xeb"), good=5, bad=1),
    Case("one word in code page 1252", lambda s: with_field(s, 4, b"\x93hm\x94"), good=5, bad=1),
    Case(
        "every record in code page 850",
        lambda s: joined([s.lines[0], *[line + b"\x82" for line in s.lines[1:]]]),
        bad=6,
    ),
    Case(
        "Shift-JIS in a record",
        lambda s: with_field(s, 1, "患者".encode("shift-jis")),
        good=5,
        bad=1,
    ),
    Case("a surrogate in UTF-8", lambda s: with_field(s, 1, b"\xed\xa0\x80"), good=5, bad=1),
    Case("an overlong sign", lambda s: with_field(s, 6, b"\xc0\xaf"), good=5, bad=1),
    Case("a sign cut in two at the end", lambda s: s.text[:-1] + b"\xc3", good=5, bad=1),
    stop(
        "a header in Latin-1",
        lambda s: with_lines(s, {0: s.lines[0] + ",größe".encode("latin-1")}),
        "header is damaged (not UTF-8)",
    ),
    Case("a NUL byte in a field", lambda s: with_field(s, 3, b"x\0y"), good=5, bad=1),
    Case("a NUL byte in a quoted field", lambda s: with_field(s, 3, b'"x\0,y"'), good=5, bad=1),
    Case("a block of NUL bytes after a crash", lambda s: inserted(s, NULS), good=6, bad=1),
    Case(
        "a block of NUL bytes over two records",
        lambda s: joined(s.lines[:3]) + NULS + s.lines[4][9:] + b"\n" + joined(s.lines[5:]),
        good=4,
        bad=1,
    ),
    Case("NUL bytes at the end", lambda s: s.text + NULS, good=6, bad=1),
    stop("nothing but NUL bytes", lambda s: NULS * 3, "header is damaged (a NUL byte)"),
    stop("NUL bytes before the header", lambda s: NULS + s.text, "header is damaged (a NUL byte)"),
]

LAST = b'"the end'  # a quote that nothing closes
QUOTES = [
    stop(
        "an unclosed quote in the header",
        lambda s: with_lines(s, {0: b'"' + s.lines[0]}),
        "a quote in the header is never closed",
    ),
    stop(
        "an unclosed quote in the first record",
        lambda s: with_field(s, 1, LAST),
        "a quote is never closed",
        "record 1, line 2",
    ),
    stop(
        "an unclosed quote in the middle",
        lambda s: with_field(s, 4, LAST),
        "a quote is never closed",
        "record 4, line 5",
    ),
    stop(
        "an unclosed quote at the very end",
        lambda s: with_field(s, 6, LAST)[:-1],
        "a quote is never closed",
        "record 6, line 7",
    ),
    stop(
        "an unclosed quote after a line end in a field",
        lambda s: with_lines(
            s, {2: as_csv((*s.rows[1][:-1], "a\nb")), 5: b'"' + s.lines[5].replace(b'"', b"")}
        ),
        "a quote is never closed",
        "record 5, line 7",
    ),
    Case("a quote inside a field", lambda s: with_field(s, 2, b'6" nail'), good=5, bad=1),
    Case("text after a closing quote", lambda s: with_field(s, 2, b'"a" b'), good=5, bad=1),
    Case(
        "quotes escaped by backslashes", lambda s: with_field(s, 2, b'"a \\"b\\" c"'), good=5, bad=1
    ),
    Case("a space before a quote", lambda s: with_field(s, 2, b' "a,b"'), good=5, bad=1),
    Case("typographic quotes", lambda s: with_field(s, 2, "“a”".encode()), good=5, altered=1),
    Case("every field in quotes", lambda s: joined(quoted_all(s)), good=6),
    stop("quotes by apostrophes", lambda s: joined(quoted_all(s, b"'")), "apostrophes"),
    stop(
        "each line quoted as a whole",
        lambda s: joined([b'"' + line.replace(b'"', b'""') + b'"' for line in s.lines]),
        "each line is in quotes",
    ),
]

RAGGED = [
    Case("a short record", lambda s: with_lines(s, {3: b"x,y"}), good=5, bad=1),
    Case("a long record", lambda s: with_lines(s, {3: s.lines[3] + b",,"}), good=5, bad=1),
    Case(
        "every record too long",
        lambda s: joined([s.lines[0], *[x + b"," for x in s.lines[1:]]]),
        bad=6,
    ),
    Case(
        "a record torn in two by a line end",
        lambda s: with_lines(s, {3: s.lines[3][:12] + b"\n" + s.lines[3][12:]}),
        good=5,
        bad=2,
    ),
    Case(
        "the last record cut off",
        lambda s: joined(s.lines[:6]) + s.lines[6].split(b",")[0],
        good=5,
        bad=1,
    ),
    Case(
        "a record without its line end before another",
        lambda s: s.text.replace(s.lines[3] + b"\n", s.lines[3]),
        good=4,
        bad=1,
    ),
    Case("free text at the end", lambda s: s.text + b"(6 rows affected)\n", good=6, bad=1),
    Case(
        "an error message in the middle",
        lambda s: inserted(s, b"ORA-01555: snapshot too old"),
        good=6,
        bad=1,
    ),
]

SEPARATORS = [
    stop("semicolons", lambda s: swapped(s, ";"), "separated by semicolons"),
    stop(
        "semicolons and a comma in the header",
        lambda s: swapped(s, ";").replace(b"\n", b";note, long\n", 1),
        "separated by semicolons",
    ),
    stop("tabs", lambda s: swapped(s, "\t"), "separated by tabs"),
    stop("bars", lambda s: swapped(s, "|"), "separated by bars"),
    stop("carets", lambda s: swapped(s, "^"), "required columns"),
    stop("fixed widths", lambda s: s.text.replace(b",", b"    "), "required column"),
    stop("a line that names the separator", lambda s: b"sep=,\n" + s.text, "sep=", "first line"),
    Case(
        "one record with semicolons",
        lambda s: with_lines(s, {2: swapped(s, ";").split(b"\n")[2].replace(b",", b".")}),
        good=5,
        bad=1,
    ),
    Case(
        "half of the file with tabs",
        lambda s: joined([*s.lines[:4], *swapped(s, "\t").replace(b",", b".").split(b"\n")[4:7]]),
        good=3,
        bad=3,
    ),
]

LINE_ENDS = [
    Case("CRLF", lambda s: joined(s.lines, b"\r\n"), good=6),
    Case("mixed line ends", lambda s: joined(s.lines[:4], b"\r\n") + joined(s.lines[4:]), good=6),
    stop("carriage returns only", lambda s: joined(s.lines, b"\r"), "carriage return only"),
    Case("a carriage return in a field", lambda s: with_field(s, 3, b"a\rb"), good=5, bad=1),
    Case(
        "two records with a carriage return between them",
        lambda s: s.text.replace(s.lines[3] + b"\n", s.lines[3] + b"\r"),
        good=4,
        bad=1,
    ),
    Case("CR CR LF", lambda s: with_lines(s, {3: s.lines[3] + b"\r\r"}), good=5, bad=1),
    Case(
        "line ends in a quoted field",
        lambda s: with_field(s, 3, b'"a\nb\r\nc\n"'),
        good=5,
        altered=1,
    ),
    Case(
        "LF CR",
        lambda s: s.text.replace(b"\n", b"\n\r", 4).replace(b"\n\r", b"\n", 1),
        good=3,
        bad=3,
    ),
    Case("no final line end", lambda s: s.text[:-1], good=6),
    Case(
        "Unicode line separators in a field",
        lambda s: with_field(s, 3, "a\u2028b\x85c".encode()),
        good=5,
        altered=1,
    ),
    Case(
        "a form feed and a vertical tab",
        lambda s: with_field(s, 3, b"a\x0bb\x0cc"),
        good=5,
        altered=1,
    ),
    Case("an end-of-file sign of DOS", lambda s: s.text + b"\x1a", good=6, bad=1),
    Case(
        "escape sequences of a terminal",
        lambda s: with_field(s, 3, b"\x1b[2J\x07"),
        good=5,
        altered=1,
    ),
]

HEADERS = [
    stop("no header", lambda s: joined(s.lines[1:]), "required column"),
    stop("a title above the header", lambda s: b"Extract of the day\n" + s.text, "required column"),
    stop("a blank line above the header", lambda s: b"\n" + s.text, "first line is blank"),
    stop("a web page", lambda s: b"<!DOCTYPE html>\n<html>\n" + s.text, "required column"),
    stop("JSON", lambda s: b'{"rows": [1, 2]}\n', "header is damaged"),
    Case("the header twice at the top", lambda s: inserted(s, s.lines[0], after=0), good=6, bad=1),
    Case("the header again in the middle", lambda s: inserted(s, s.lines[0]), good=6, bad=1),
    Case(
        "the header again after every record",
        lambda s: joined([line for record in s.lines[1:] for line in (s.lines[0], record)]),
        good=6,
        bad=5,
    ),
    Case(
        "the header again, every field in quotes",
        lambda s: inserted(s, quoted_all(s)[0]),
        good=6,
        bad=1,
    ),
    Case(
        "the header again at the end without a line end",
        lambda s: s.text + s.lines[0],
        good=6,
        bad=1,
    ),
    Case(
        "the header again with spaces and capitals",
        lambda s: inserted(s, s.lines[0].upper().replace(b",", b", ")),
        good=6,
        bad=1,
    ),
    Case("a header in capitals", lambda s: with_lines(s, {0: s.lines[0].upper()}), good=6),
    Case(
        "spaces around the headers",
        lambda s: with_lines(s, {0: b" " + s.lines[0].replace(b",", b" , ") + b" "}),
        good=6,
    ),
    Case(
        "hyphens in the headers",
        lambda s: with_lines(s, {0: s.lines[0].replace(b"_", b"-")}),
        good=6,
    ),
    Case(
        "no-break spaces in the headers",
        lambda s: with_lines(s, {0: s.lines[0].replace(b"_", "\u00a0".encode())}),
        good=6,
    ),
    Case(
        "zero-width signs in the headers",
        lambda s: with_lines(s, {0: s.lines[0].replace(b",", ",\u200b".encode()) + BOM}),
        good=6,
    ),
    stop(
        "a letter of another alphabet in a header",
        lambda s: with_lines(s, {0: s.lines[0].replace(b"a", "а".encode())}),
        "required column",
    ),
    stop(
        "a renamed column",
        lambda s: with_lines(s, {0: b"renamed_" + s.lines[0]}),
        "required column",
        "code_map.csv",
    ),
    stop(
        "a column that is missing",
        lambda s: joined([line.partition(b",")[2] for line in s.lines]),
        "required column",
    ),
    stop(
        "a column that is there twice",
        lambda s: joined([line + b"," + line.split(b",")[0] for line in s.lines]),
        "occurs twice",
    ),
    stop(
        "a header with quotes in its middle",
        lambda s: with_lines(s, {0: s.lines[0] + b',no"te'}),
        "header is damaged (a stray quote)",
    ),
    stop(
        "a header that is too short",
        lambda s: with_lines(s, {0: s.lines[0].split(b",")[0]}),
        "required column",
    ),
    Case("a header with a comma too many", lambda s: with_lines(s, {0: s.lines[0] + b","}), bad=6),
    Case("a further column", lambda s: more_columns(s, 1), good=6),
    Case("ten thousand further columns", lambda s: more_columns(s, 10_000), good=6),
    Case(
        "a further column over two lines",
        lambda s: joined([s.lines[0] + b',"a\nb"', *[line + b",1" for line in s.lines[1:]]]),
        good=6,
    ),
    Case(
        "a column called like the door's own",
        lambda s: joined(
            [
                s.lines[0] + b",row_number,source_file,malformed_reason,c0,_malformed",
                *[line + b",1,2,3,4,5" for line in s.lines[1:]],
                b"x",
            ]
        ),
        good=6,
        bad=1,
    ),
    stop(
        "a header of a megabyte in one field",
        lambda s: with_lines(s, {0: s.lines[0] + b"," + b"x" * MEGABYTE}),
        "header",
        "longer",
    ),
    stop("a web page without a line end", lambda s: b"<html>" * 100_000, "header"),
]

BLANKS = [
    stop("an empty file", lambda s: b"", "the file is empty"),
    stop("nothing but a byte-order mark", lambda s: BOM, "the file is empty"),
    stop("nothing but line ends", lambda s: b"\n\r\n\n", "the file is empty"),
    stop("nothing but spaces", lambda s: b"   \t  ", "the file is empty"),
    Case("nothing but a header", lambda s: s.text[: len(s.lines[0]) + 1]),
    Case("nothing but a header without a line end", lambda s: s.lines[0]),
    Case("a blank line in the middle", lambda s: inserted(s, b""), good=6, altered=1),
    Case("many blank lines in the middle", lambda s: inserted(s, *[b""] * 20), good=6, altered=20),
    Case("blank lines at the end", lambda s: s.text + b"\n\r\n\n", good=6),
    Case(
        "a record of commas only",
        lambda s: inserted(s, b"," * (len(s.header) - 1)),
        good=6,
        altered=1,
    ),
    Case("a line of spaces", lambda s: inserted(s, b"    "), good=6, bad=1),
    Case("a header and blank lines", lambda s: s.lines[0] + b"\n\n\n\n"),
]

PACKED = [
    Case("a good gzip file", lambda s: gzip.compress(s.text), good=6, ending=".csv.gz"),
    Case(
        "two gzip members in one file",
        lambda s: gzip.compress(joined(s.lines[:3])) + gzip.compress(joined(s.lines[3:])),
        good=6,
        ending=".csv.gz",
    ),
    Case(
        "an empty gzip member at the end",
        lambda s: gzip.compress(s.text) + gzip.compress(b""),
        good=6,
        ending=".csv.gz",
    ),
    Case(
        "a gzip file with damaged records",
        lambda s: gzip.compress(with_lines(s, {2: b"x", 3: b"\xff"})),
        good=4,
        bad=2,
        ending=".csv.gz",
    ),
    stop(
        "a gzip file cut short",
        lambda s: gzip.compress(s.text)[:-9],
        "cut short or damaged",
        ending=".csv.gz",
    ),
    stop(
        "a gzip file cut short in its header",
        lambda s: gzip.compress(s.text)[:5],
        "cut short or damaged",
        ending=".csv.gz",
    ),
    stop(
        "a gzip file cut at its half",
        lambda s: gzip.compress(s.text)[: len(gzip.compress(s.text)) // 2],
        "cut short or damaged",
        ending=".csv.gz",
    ),
    stop(
        "rubbish after a gzip member",
        lambda s: gzip.compress(s.text) + b"rubbish",
        "cut short or damaged",
        ending=".csv.gz",
    ),
    Case(
        "NUL bytes after a gzip member",
        lambda s: gzip.compress(s.text) + NULS,
        good=6,
        ending=".csv.gz",
    ),
    stop(
        "a flipped bit in a gzip file",
        lambda s: gzip.compress(s.text)[:-6] + b"\x00\x01" + gzip.compress(s.text)[-4:],
        "cut short or damaged",
        ending=".csv.gz",
    ),
    stop("a gzip file that is none", lambda s: s.text, "is no gzip file", ending=".csv.gz"),
    stop("an empty gzip file", lambda s: b"", "the file is empty", ending=".csv.gz"),
    stop("gzip of nothing", lambda s: gzip.compress(b""), "the file is empty", ending=".csv.gz"),
    stop(
        "gzip twice", lambda s: gzip.compress(gzip.compress(s.text)), "compressed", ending=".csv.gz"
    ),
    stop(
        "gzip under the name of a CSV file",
        lambda s: gzip.compress(s.text),
        "compressed",
        ".csv.gz",
    ),
    stop("zip under the name of a CSV file", lambda s: zip_of(s.text, "a.csv"), "zip archive"),
    stop(
        "a spreadsheet under the name of a CSV file",
        lambda s: zip_of(b"<xml/>", "xl/workbook.xml"),
        "spreadsheet",
    ),
    stop("an old spreadsheet", lambda s: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NULS, "spreadsheet"),
    stop("Parquet under the name of a CSV file", lambda s: b"PAR1" + NULS, "Parquet"),
    stop(
        "a database under the name of a CSV file",
        lambda s: b"SQLite format 3\0" + NULS,
        "header is damaged (a NUL byte)",
    ),
    stop("a PDF", lambda s: b"%PDF-1.7\n%\xe2\xe3\n" + s.text, "PDF"),
    stop(
        "zip under the name of a gzip file",
        lambda s: zip_of(s.text, "a.csv"),
        "is no gzip file",
        ending=".csv.gz",
    ),
]

HUGE = [
    Case("a field of 10 MB", lambda s: with_field(s, 3, b"x" * 10 * MEGABYTE), good=5, altered=1,
         in_combined=False),
    Case("a quoted field of 10 MB with line ends",
         lambda s: with_field(s, 3, b'"' + b"x,\n" * 4 * MEGABYTE + b'"'), good=5, altered=1,
         in_combined=False),
    stop("a record of 70 MB", lambda s: with_field(s, 3, b"x" * 70 * MEGABYTE),
         "longer than 64 MB", "record 3, line 4"),
    stop("a quoted record of 70 MB", lambda s: with_field(s, 3, b'"' + b"x" * 70 * MEGABYTE + b'"'),
         "64 MB", "record 3, line 4"),
    stop("70 MB without a line end", lambda s: b"x" * 70 * MEGABYTE, "header", "longer"),
    Case("a hundred thousand stray quotes", lambda s: inserted(s, b'a"b,' * 100_000),
         good=6, bad=1),
]  # fmt: skip

CSV_CASES = ENCODINGS + QUOTES + RAGGED + SEPARATORS + LINE_ENDS + HEADERS + BLANKS + PACKED + HUGE
