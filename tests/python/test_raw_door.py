"""The raw door: every record of a raw folder is counted, numbered and read exactly once.

Usage: pytest tests/python/test_raw_door.py
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from dbt_common.exceptions import DbtRuntimeError
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import private_side
import raw_csv
import raw_door
import raw_files
import settings
from raw_contract import load_contract, snake_case, source_files
from settings import UserError

CONTRACT = """
sources:
  - name: clinic
    tables:
      - name: visits
        columns:
          - {name: visit_id, config: {meta: {required: true}}}
          - {name: patient_id, config: {meta: {required: true}}}
          - {name: visit_date, config: {meta: {required: true}}}
          - {name: note, config: {meta: {required: false}}}
      - name: codes
        columns:
          - {name: code, config: {meta: {required: true}}}
"""
HEADER = b"visit_id,patient_id,visit_date\n"
GOOD = HEADER + b"V1,P1,2024-01-01\nV2,P2,2024-01-02\n"


class House:
    """A raw folder, a build folder and an open private database, with a small contract."""

    def __init__(self, folder: Path, conn: duckdb.DuckDBPyConnection | None = None) -> None:
        """Lay out the folders; a new database takes 13 ms, so many examples share one."""
        self.raw = folder / "raw"
        self.build = folder / "build"
        self.raw.mkdir()
        self.contract = folder / "_clinic__sources.yml"
        self.contract.write_text(CONTRACT)
        self.code_map = folder / "code_map.csv"
        self.conn = conn or duckdb.connect()

    def put(self, name: str, data: bytes) -> Path:
        """Write a file below the raw folder, packed when its name ends in .gz."""
        path = self.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def open(self) -> bool:
        """Open the door; gives whether files were counted."""
        return raw_door.open_door(self.conn, self.raw, self.build, [self.contract], self.code_map)

    def query(self, sql: str) -> list[tuple]:
        """All rows of a query."""
        return self.conn.execute(sql).fetchall()

    def rows(self, table: str = "visits") -> list[tuple]:
        """All rows of a view, in order."""
        return self.query(f"select * from raw.clinic__{table} order by source_file, row_number")

    def counts(self) -> list[tuple]:
        """File, records and malformed records."""
        sql = "select source_file, raw_rows, malformed_rows from raw.files order by source_file"
        return self.query(sql)

    def fails(self) -> str:
        """The one line with which the door stops."""
        with pytest.raises(UserError) as caught:
            self.open()
        line = str(caught.value)
        assert "\n" not in line and ", " in line and "; " in line
        return line


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def values(rows: list[tuple]) -> list[tuple]:
    return [row[3:] for row in rows]


# The contract


def test_every_column_of_the_contract_is_described_and_marked():
    for path in source_files():
        for source in yaml.safe_load(path.read_text())["sources"]:
            assert path.parent.name == source["name"] and source["schema"] == "raw"
            for table in source["tables"]:
                assert table["identifier"] == f"{source['name']}__{table['name']}"
                assert set(table) == {"name", "identifier", "description", "config", "columns"}
                names = [column["name"] for column in table["columns"]]
                keys = table["config"]["meta"]
                for key in ("natural_key", "fallback_key"):
                    assert set(keys.get(key, [])) <= set(names)
                assert keys.get("main_date", names[0]) in names
                for column in table["columns"]:
                    # An unquoted comma in the one-line form would make further keys.
                    assert set(column) == {"name", "description", "config"}, column
                    assert column["description"].endswith(".")
                    assert column["config"]["meta"]["required"] in (True, False)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Patient_ID", "patient_id"),
        ("SurvivalMonths", "survival_months"),
        ("PatientID", "patient_id"),
        ("Readmission_30d", "readmission_30d"),
        ("\ufeff Length of-Stay ", "length_of_stay"),
        ("HTTPStatus", "http_status"),
    ],
)
def test_headers_in_snake_case(header, name):
    assert snake_case(header) == name


@pytest.mark.parametrize(
    "header", ["VISIT_ID,PATIENTID,Visit Date", '"VisitId",Patient-ID, visit_date ']
)
def test_headers_match_without_case_and_separators(house, header):
    house.put("clinic/visits.csv", header.encode() + b"\nV1,P1,2024-01-01\n")
    house.open()
    assert values(house.rows()) == [("V1", "P1", "2024-01-01", None)]


def test_own_headers_from_the_code_map(house):
    house.code_map.write_text(
        "source_system,column_name,raw_value,code\n"
        "clinic,header,Date of Visit,visit_date\n"
        "clinic,header,Date of Visit,code\n"
        "clinic,status,DNA,no_show\n"
    )
    house.put("clinic/visits.csv", b"visit_id,patient_id,Date_of_visit\nV1,P1,2024-01-01\n")
    house.put("clinic/codes.csv", b"date of visit\nx\n")
    house.open()
    assert values(house.rows()) == [("V1", "P1", "2024-01-01", None)]
    assert values(house.rows("codes")) == [("x",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source_system,column_name,raw_value,code\nclinic,header,Day,visit_day\n", "visit_day"),
        ("source_system,column_name,raw_value\n", "code"),
        ("source_system,column_name,raw_value,code\nclinic,header,\xe9,note\n", "not UTF-8"),
    ],
)
def test_a_spoilt_code_map_is_said(house, text, said):
    house.put("clinic/visits.csv", GOOD)
    house.code_map.write_bytes(text.encode("latin-1"))
    assert said in house.fails()


# The layout of a raw folder


def test_one_view_per_table_and_empty_ones_for_what_is_missing(house):
    house.put("clinic/visits.csv", GOOD)
    house.open()
    assert house.rows() == [
        ("clinic/visits.csv", 1, None, "V1", "P1", "2024-01-01", None),
        ("clinic/visits.csv", 2, None, "V2", "P2", "2024-01-02", None),
    ]
    described = [row[:2] for row in house.query("describe raw.clinic__visits")]
    assert described == [
        ("source_file", "VARCHAR"),
        ("row_number", "BIGINT"),
        ("malformed_reason", "VARCHAR"),
        *[(name, "VARCHAR") for name in ("visit_id", "patient_id", "visit_date", "note")],
    ]
    empty = [row[:2] for row in house.query("describe raw.clinic__codes")]
    assert empty == [*described[:3], ("code", "VARCHAR")]
    assert house.rows("codes") == []
    assert house.query("select * exclude (modified_at, file_state) from raw.files") == [
        ("clinic", "visits", "clinic/visits.csv", 2, 0, len(GOOD))
    ]


def test_files_of_one_table_may_differ_in_kind_order_and_columns(house):
    house.put("clinic/visits/2024-01.csv", GOOD)
    house.put(
        "clinic/visits/2024-02.csv", b"note,visit_date,extra,patient_id,visit_id\nn,d,e,p,v\n"
    )
    house.put("clinic/visits/2024-03.csv.gz", HEADER + b"V5,P5,2024-03-01\n")
    house.put("clinic/visits/2024-04.csv", HEADER + b"V6,P6\nV7,P7,2024-04-01\n")
    house.put("clinic/visits/2024-05.CSV", HEADER + b"V8,P8,x\nV9,P9,y\n")
    house.put("clinic/visits/.hidden.csv", b"nonsense")
    target = house.raw / "clinic/visits/2024-06.parquet"
    house.conn.execute(
        "copy (select 'P10' as \"PatientId\", 10 as visit_id, date '2024-06-01' as visit_date) "
        f"to '{target}'"
    )
    house.open()
    folder = "clinic/visits/2024-"
    assert house.rows() == [
        (f"{folder}01.csv", 1, None, "V1", "P1", "2024-01-01", None),
        (f"{folder}01.csv", 2, None, "V2", "P2", "2024-01-02", None),
        (f"{folder}02.csv", 1, None, "v", "p", "d", "n"),
        (f"{folder}03.csv.gz", 1, None, "V5", "P5", "2024-03-01", None),
        (f"{folder}04.csv", 1, "2 columns instead of 3", None, None, None, None),
        (f"{folder}04.csv", 2, None, "V7", "P7", "2024-04-01", None),
        (f"{folder}05.CSV", 1, None, "V8", "P8", "x", None),
        (f"{folder}05.CSV", 2, None, "V9", "P9", "y", None),
        (f"{folder}06.parquet", 1, None, "10", "P10", "2024-06-01", None),
    ]
    columns = house.query("select * exclude (source_system) from raw.columns")
    assert columns == [
        ("visits", "visit_id", True, True, True),
        ("visits", "patient_id", True, True, True),
        ("visits", "visit_date", True, True, True),
        ("visits", "note", False, True, True),
        ("visits", "extra", None, True, False),
        ("codes", "code", True, False, True),
    ]
    one = house.query(
        f"select visit_id from raw.clinic__visits where source_file = '{folder}05.CSV'"
    )
    assert one == [("V8",), ("V9",)]


@pytest.mark.parametrize("name", ["St Mary's year=2024", "St Mary's [1] *?"])
def test_paths_with_apostrophes_patterns_and_equal_signs(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    house = House(folder)
    house.put("clinic/visits/it's [1].csv", HEADER + b"right,P,D\n")
    house.put("clinic/visits/it's 1.csv", HEADER + b"other,P,D\n")
    house.put("clinic/visits/bad'[1].csv", HEADER + b"damaged\n")
    house.open()
    assert [(row[0].rsplit("/", 1)[1], *row[1:4]) for row in house.rows()] == [
        ("bad'[1].csv", 1, "1 column instead of 3", None),
        ("it's 1.csv", 1, None, "other"),
        ("it's [1].csv", 1, None, "right"),
    ]


def test_files_that_are_no_data_are_said_once(house, capsys):
    house.put("clinic/visits.csv", GOOD)
    house.put("clinic/notes.xlsx", b"x")
    for name in ("README.md", "notes.txt", "wardhouse.yml", ".DS_Store"):
        house.put(name, b"x")
    house.open()
    house.open()
    said = capsys.readouterr().err.splitlines()
    lines = [line for line in said if "key for the hashed ids" not in line]
    assert lines == [
        "wardhouse: not read, clinic/notes.xlsx; only .csv, .csv.gz and .parquet files are"
    ]
    assert house.counts() == [("clinic/visits.csv", 2, 0)]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["clinic/visits.csv", "clinic/visits/1.csv"], "there twice"),
        (["clinic/visits.csv", "clinic/visits.csv.gz"], "there twice"),
        (["clinic/visits.csv", "clinc/visits.csv"], "known are clinic"),
        (["clinic/visitors.csv"], "known are visits, codes"),
        (["clinic/visits/2024/1.csv"], "folder inside the folder"),
        (["clinic/codes.csv", "visits.csv"], "outside the folder"),
        (["wardhouse.yml"], "no known source system"),
    ],
)
def test_a_folder_that_is_not_clear_stops(house, files, said):
    for name in files:
        house.put(name, b"code\nx\n" if "codes" in name else GOOD)
    assert said in house.fails()


def test_a_raw_folder_that_is_not_there_or_no_folder_stops(house):
    house.raw.rmdir()
    assert "does not exist" in house.fails()
    house.raw.write_text("")
    assert "is not a folder" in house.fails()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_what_may_not_be_read_stops(house):
    path = house.put("clinic/visits.csv", GOOD)
    path.chmod(0)
    assert "Permission denied" in house.fails()


# Headers and files that stop the build


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"visit_id,note\nV1,x\n", "required columns patient_id, visit_date missing"),
        (b"visit_id,patient_id,visit_date,VisitID\n", "column visit_id occurs twice"),
        (b"visit_id,patient_id,visit_date,a,A\n", "column a occurs twice"),
        (b"visit_id;patient_id;visit_date\n1;2;3\n", "separated by semicolons"),
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"\n" + GOOD, "the first line is blank"),
        (b"visit_id,patient_id,vis\xe9t\n", "the header is damaged (not UTF-8)"),
        (GOOD.decode().encode("utf-16"), "the file is UTF-16"),
        (b'visit_id,pat"ient,x\n', "the header is damaged (a stray quote)"),
        (b'visit_id,"patient,x\n', "a quote in the header is never closed"),
        (GOOD.replace(b"\n", b"\r"), "carriage return only"),
        (gzip.compress(GOOD), "the file is compressed"),
    ],
)
def test_headers_that_stop(house, data, said):
    house.put("clinic/visits.csv", data)
    line = house.fails()
    assert said in line and "clinic/visits.csv" in line


def test_columns_without_a_name_are_no_reason_to_stop(house):
    house.put("clinic/visits.csv", b"visit_id,patient_id,visit_date,,\nV1,P1,D1,,\n")
    house.open()
    assert values(house.rows()) == [("V1", "P1", "D1", None)]
    extra = house.query("select column_name from raw.columns where not is_in_contract")
    assert extra == [("unnamed_4",), ("unnamed_5",)]


def test_a_gzip_file_cut_short_stops(house):
    path = house.put("clinic/visits.csv.gz", GOOD * 100)
    path.write_bytes(path.read_bytes()[:-12])
    assert "gzip file is cut short or damaged" in house.fails()
    path.write_bytes(GOOD)
    assert "is no gzip file" in house.fails()


def test_a_parquet_file_cut_short_stops(house):
    path = house.put("clinic/visits.parquet", b"")
    house.conn.execute(f"copy (select 1 visit_id, 2 patient_id, 3 visit_date) to '{path}'")
    path.write_bytes(path.read_bytes()[:-20])
    assert "Parquet file is cut short or damaged" in house.fails()


def test_a_file_that_vanishes_or_changes_stops(house, monkeypatch):
    path = house.put("clinic/visits.csv", GOOD)
    scan = raw_files.scan_csv

    def vanish(*arguments):
        result = scan(*arguments)
        path.unlink()
        return result

    monkeypatch.setattr(raw_files, "scan_csv", vanish)
    assert "the file is gone" in house.fails()

    def grow(*arguments):
        result = scan(*arguments)
        path.write_bytes(GOOD * 2)
        return result

    house.put("clinic/visits.csv", GOOD)
    monkeypatch.setattr(raw_files, "scan_csv", grow)
    assert "the file changed while it was read" in house.fails()


# Damaged records


def test_malformed_records_keep_their_number_and_reason(house):
    house.put(
        "clinic/visits.csv",
        b"\xef\xbb\xbf" + HEADER.replace(b"\n", b"\r\n") + b"V1,P1,D1\r\n"
        b"V2,P2\r\n"
        b"V3,P3,D3,x,y\r\n"
        b'V4,"P4\r\nand, ""more""",D4\r\n'
        b"V5,P\xff5,D5\r\n"
        b"V6,P\x006,D6\r\n"
        b'V7,P"7,D7\r\n'
        b'V8,"P8"x,D8\r\n'
        b"V9,P\r9,D9\r\n"
        b"\r\n"
        b",,\r\n"
        b'"V12","P12","D12"\r\n'
        b"\r\n"
        b"\r\n",
    )
    house.open()
    assert [row[1:] for row in house.rows()] == [
        (1, None, "V1", "P1", "D1", None),
        (2, "2 columns instead of 3", None, None, None, None),
        (3, "5 columns instead of 3", None, None, None, None),
        (4, None, "V4", 'P4\r\nand, "more"', "D4", None),
        (5, "not UTF-8", None, None, None, None),
        (6, "a NUL byte", None, None, None, None),
        (7, "a stray quote", None, None, None, None),
        (8, "a stray quote", None, None, None, None),
        (9, "a carriage return inside a field", None, None, None, None),
        (10, None, None, None, None, None),
        (11, None, None, None, None, None),
        (12, None, "V12", "P12", "D12", None),
    ]
    assert house.counts() == [("clinic/visits.csv", 12, 7)]


def test_blank_lines_count_only_before_a_record(house):
    house.put("clinic/visits.csv", GOOD + b"\nV4,P4,D4\n\n\n")
    house.put("clinic/codes.csv", b"code\nA\n\nB\n\n")
    house.open()
    assert [row[1] for row in house.rows()] == [1, 2, 3, 4]
    assert values(house.rows())[2:] == [(None,) * 4, ("V4", "P4", "D4", None)]
    assert [row[1:] for row in house.rows("codes")] == [
        (1, None, "A"),
        (2, None, None),
        (3, None, "B"),
    ]


def test_clean_files_are_read_in_place_and_old_copies_removed(house):
    house.put("clinic/visits/1.csv", GOOD + b"\n\n")
    house.put("clinic/visits/2.csv", GOOD + b"x\n")
    house.open()
    landing = house.build / "landing"
    copy = landing / "clinic/visits/2.csv.csv"
    assert [path for path in landing.rglob("*") if path.is_file()] == [copy]
    assert copy.read_bytes() == (
        b"_row_number,_malformed,visit_id,patient_id,visit_date\n"
        b"1,,V1,P1,2024-01-01\n2,,V2,P2,2024-01-02\n3,1 column instead of 3,,,\n"
    )
    assert landing.stat().st_mode & 0o777 == 0o700
    house.put("clinic/visits/2.csv", GOOD)
    house.open()
    assert not list(landing.rglob("*"))
    assert len(house.rows()) == 4


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("chunk", [16, 1 << 20])
def test_an_unclosed_quote_stops_wherever_it_is(house, monkeypatch, place, chunk):
    monkeypatch.setattr(raw_csv, "CHUNK_BYTES", chunk)
    records = [b"V1,P1,D1\n", b'V2,"P\n2",D2\n', b"V3,P3,D3\n"]
    records[place - 1] = b'V,"P,D\n'
    house.put("clinic/visits.csv", HEADER + b"".join(records))
    line = house.fails()
    assert f"record {place}, line {place + 1 + (place == 3)}" in line, line
    assert "clinic/visits.csv" in line


def test_an_unclosed_quote_does_not_fill_the_memory(house, monkeypatch):
    monkeypatch.setattr(raw_csv, "CHUNK_BYTES", 100)
    monkeypatch.setattr(raw_csv, "LONGEST_RECORD_BYTES", 1000)
    house.put("clinic/visits.csv", HEADER + b'V,"P,D\n' + b"V,P,D\n" * 1000 + b'"')
    assert "a quote is never closed (record 1, line 2)" in house.fails()
    house.put("clinic/visits.csv", HEADER + b"V,P,D\nV,P," + b"x" * 2000)
    assert "longer than" in house.fails()


def test_long_records_are_read(house):
    note = "x" * 5_000_000
    house.put("clinic/visits.csv", f"visit_id,patient_id,visit_date,note\nV,P,D,{note}\n".encode())
    house.open()
    assert values(house.rows()) == [("V", "P", "D", note)]


def test_text_of_parquet_values(house):
    target = house.put("clinic/visits.parquet", b"")
    house.conn.execute(
        "copy (select '' as visit_id, timestamp '2024-02-03 04:05:06' as patient_id, "
        "12.0::double as visit_date, 'it''s'::blob as note "
        "union all select 'x', timestamp '2024-02-03 00:00:00', 1.25, null) "
        f"to '{target}'"
    )
    house.open()
    assert values(house.rows()) == [
        (None, "2024-02-03 04:05:06", "12", "it's"),
        ("x", "2024-02-03 00:00:00", "1.25", None),
    ]


# Nothing is done twice


def test_unchanged_files_are_not_read_again(house, monkeypatch):
    house.put("clinic/visits/1.csv", GOOD)
    house.put("clinic/visits/2.csv", GOOD + b"x\n")
    assert house.open()
    read = []
    scan = raw_files.scan_file

    def watched(file, advance):
        read.append(file.path.name)
        return scan(file, advance)

    monkeypatch.setattr(raw_files, "scan_file", watched)
    assert not house.open() and read == []

    house.put("clinic/visits/3.csv", GOOD)
    assert house.open() and read == ["3.csv"]
    assert len(house.rows()) == 7

    shutil.rmtree(house.build / "landing")
    assert house.open() and read == ["3.csv"]
    assert len(house.rows()) == 7

    os.utime(house.raw / "clinic/visits/1.csv", ns=(1, 1))
    assert house.open() and read == ["3.csv", "1.csv"]

    house.contract.write_text(CONTRACT.replace("name: note", "name: remark"))
    assert house.open() and read == ["3.csv", "1.csv"]
    assert "remark" in [row[0] for row in house.query("describe raw.clinic__visits")]

    house.code_map.write_text("source_system,column_name,raw_value,code\n")
    assert house.open() and not house.open()


def test_a_stop_leaves_what_was_there(house):
    house.put("clinic/visits.csv", GOOD)
    house.open()
    house.put("clinic/codes.csv", b"")
    house.fails()
    assert house.counts() == [("clinic/visits.csv", 2, 0)]
    assert len(house.rows()) == 2
    house.put("clinic/codes.csv", b"code\nA\n")
    assert house.open()
    assert house.counts()[0] == ("clinic/codes.csv", 1, 0)


def test_the_demo_seeds_are_counted_but_make_no_views(house, tmp_path, monkeypatch):
    seeds = tmp_path / "seeds"
    (seeds / "clinic").mkdir(parents=True)
    (seeds / "clinic/raw_clinic__visits.csv").write_bytes(GOOD)
    monkeypatch.setattr(raw_files, "SEEDS", seeds)
    house.put("clinic/visits.csv", GOOD + b"x\n")
    house.open()
    house.raw = None
    assert house.open()
    assert house.counts() == [("raw_clinic__visits.csv", 2, 0)]
    present = house.query("select column_name from raw.columns where is_present")
    assert present == [("visit_id",), ("patient_id",), ("visit_date",)]
    assert not house.query("select * from duckdb_views() where schema_name = 'raw'")
    assert not list((house.build / "landing").rglob("*"))


# The key


def test_the_key_is_made_once_for_its_owner_only(house, monkeypatch, capsys):
    monkeypatch.delenv(private_side.KEY_VARIABLE, raising=False)
    house.put("clinic/visits.csv", GOOD)
    house.open()
    path = house.build / private_side.KEY_FILE_NAME
    key = path.read_text().strip()
    said = capsys.readouterr().err
    assert len(key) == 64 and key not in said and str(path) in said and said.count("\n") == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert house.query("select * from private.hash_key") == [(key,)]
    house.conn = duckdb.connect()
    path.chmod(0o644)
    house.open()
    assert house.query("select * from private.hash_key") == [(key,)]
    assert path.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr().err == ""
    monkeypatch.setenv(private_side.KEY_VARIABLE, "the user's own key")
    house.open()
    assert house.query("select * from private.hash_key") == [("the user's own key",)]
    path.write_text("")
    monkeypatch.delenv(private_side.KEY_VARIABLE)
    assert "key file is empty" in house.fails()


def test_the_demo_key_is_fixed(tmp_path, monkeypatch):
    monkeypatch.delenv(private_side.KEY_VARIABLE, raising=False)
    assert private_side.hash_key(None, tmp_path) == private_side.DEMO_KEY
    assert not list(tmp_path.iterdir())


# As dbt and the command line see it


def test_the_plugin_makes_the_folder_and_says_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("WARDHOUSE_RAW_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("WARDHOUSE_BUILD_DIR", str(tmp_path / "build"))
    database = tmp_path / "build" / "wardhouse_private.duckdb"
    creds = SimpleNamespace(path=str(database), is_motherduck=False)
    plugin = raw_door.Plugin("raw_door", {}, creds)
    plugin.update_connection_config(creds, {})
    assert database.parent.stat().st_mode & 0o777 == 0o700
    with duckdb.connect(str(database)) as conn:
        with pytest.raises(DbtRuntimeError) as caught:
            plugin.configure_connection(conn)
        line = caught.value.msg
        assert line.startswith("wardhouse: the raw folder does not exist, ") and "\n" not in line
        (tmp_path / "nowhere/team_surveys").mkdir(parents=True)
        plugin.configure_connection(conn)
        views = conn.execute("select count(*) from duckdb_views() where schema_name = 'raw'")
        # one over all files of a table, one over those that are new
        assert views.fetchone()[0] == 2 * len(load_contract().tables)
    assert database.stat().st_mode & 0o777 == 0o600


def test_check_prints_the_files_and_stops_with_2(tmp_path):
    folder = tmp_path / "raw/team_surveys"
    folder.mkdir(parents=True)
    items = ",".join(f"item_{number}" for number in range(1, 8))
    path = folder / "responses.csv"
    path.write_text(f"response_id,survey_date,facility,department,{items}\nR1\n")

    def check() -> subprocess.CompletedProcess:
        script = Path(raw_door.__file__)
        command = [sys.executable, str(script), "check", "--raw-dir", str(tmp_path / "raw")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = check()
    assert done.returncode == 0 and done.stderr == ""
    lines = [" ".join(line.strip("│").split()) for line in done.stdout.splitlines()]
    assert f"team_surveys/responses.csv │ 1 │ 1 │ {path.stat().st_size}" in lines
    missing = "role, record_status, record_updated_at"
    assert f"team_surveys/responses: missing optional columns {missing}" in lines
    assert "hospital_ops/patients: no file" in lines
    path.write_text("response_id\n")
    done = check()
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("wardhouse: required columns survey_date, ")
    assert done.stderr.count("\n") == 1


def test_public_data_go_in_unchanged(tmp_path):
    public = settings.shared_dir() / "data"
    if not public.is_dir():
        pytest.skip("the public data sets are not here (WARDHOUSE_SHARED)")
    raw = tmp_path / "raw"
    shutil.copytree(public / "hospital_ops", raw / "hospital_ops")
    (raw / "care_episodes").mkdir()
    (raw / "cancer_registry").mkdir()
    (raw / "cancer_registry/cases.csv").symlink_to(
        next((public / "cancer_registry").glob("*.csv")).resolve()
    )
    (raw / "care_episodes/episodes.csv.gz").symlink_to(
        next((public / "care_episodes").glob("*.csv.gz")).resolve()
    )
    expected = {
        ("hospital_ops", "patients"): 50,
        ("hospital_ops", "doctors"): 10,
        ("hospital_ops", "appointments"): 200,
        ("hospital_ops", "treatments"): 200,
        ("hospital_ops", "billing"): 200,
        ("care_episodes", "episodes"): 110_762,
        ("cancer_registry", "cases"): 1000,
    }
    with duckdb.connect() as conn:
        raw_door.open_door(conn, raw, tmp_path / "build")
        counted = conn.execute(
            "select source_system, source_table, raw_rows, malformed_rows from raw.files"
        ).fetchall()
        assert {row[:2]: row[2] for row in counted} == expected
        assert not any(row[3] for row in counted)
        for (system, name), rows in expected.items():
            read = conn.execute(f"select count(*), max(row_number) from raw.{system}__{name}")
            assert read.fetchone() == (rows, rows)
        absent = "select count(*) from raw.columns where is_required and not is_present and "
        systems = "source_system || source_table in ('hospital_opspatients', 'cancer_registrycases'"
        assert conn.execute(f"{absent}{systems}, 'care_episodesepisodes')").fetchone() == (0,)
        assert conn.execute(
            "select count(*) from raw.columns where not is_in_contract"
        ).fetchone() == (0,)


# Against other readers

TEXTS = st.text(
    st.one_of(
        st.sampled_from(list(',"\r\n \t;#\\-é\u2028\ufeffNULA')),
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
    ),
    max_size=8,
)


SHARED_CONNECTION = duckdb.connect()


@contextmanager
def small_house(chunk: int):
    """A house of one example, whose files are counted in chunks of this size."""
    usual = raw_csv.CHUNK_BYTES
    raw_csv.CHUNK_BYTES = chunk
    try:
        with TemporaryDirectory() as folder:
            yield House(Path(folder), SHARED_CONNECTION)
    finally:
        raw_csv.CHUNK_BYTES = usual


def write_field(text: str, quoted: bool) -> str:
    if quoted or any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


FILES = st.lists(
    st.tuples(
        st.permutations(["visit_id", "patient_id", "visit_date", "note"]),
        st.lists(st.lists(st.tuples(TEXTS, st.booleans()), min_size=4, max_size=4), max_size=12),
        st.sampled_from(["\n", "\r\n"]),
        st.booleans(),
        st.integers(0, 2),
        st.sampled_from([".csv", ".csv.gz"]),
    ),
    min_size=1,
    max_size=4,
)


@hypothesis_settings(max_examples=100, deadline=None)
@given(files=FILES, chunk=st.sampled_from([5, 40, 1 << 20]))
def test_well_formed_files_are_read_as_the_csv_module_reads_them(files, chunk):
    with small_house(chunk) as house:
        expected = []
        for place, (header, rows, line_end, last_end, blanks, ending) in enumerate(files):
            lines = [",".join(header)]
            lines += [",".join(write_field(*field) for field in row) for row in rows]
            text = line_end.join(lines) + (line_end * (1 + blanks) if last_end else "")
            name = f"clinic/visits/{place}{ending}"
            house.put(name, text.encode("utf-8"))
            read = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
            assert len(read) == len(rows)
            for number, row in enumerate(read, start=1):
                told = [row[c] or None for c in ("visit_id", "patient_id", "visit_date", "note")]
                expected.append((name, number, None, *told))
        house.open()
        assert house.query("select * from raw.clinic__visits order by 1, 2") == expected
        assert sum(row[1] for row in house.counts()) == len(expected)
        assert not (house.build / "landing").exists()


class OpenQuote(Exception):
    """What the slow reader below says of a quote that is not closed."""


def read_slowly(data: bytes, width: int) -> list[list[str] | None]:
    """The records of a file without header, sign by sign: fields, [] if blank, None if bad."""
    records, position = [], 0
    while position < len(data):
        fields, field, state, start = [], b"", "start", position
        while True:
            sign = data[position : position + 1]
            line_end = 1 if sign == b"\n" else 2 if data[position : position + 2] == b"\r\n" else 0
            if state == "inside":
                if not sign:
                    raise OpenQuote
                if sign == b'"' and data[position + 1 : position + 2] == b'"':
                    field, position = field + b'"', position + 2
                elif sign == b'"':
                    state, position = "closed", position + 1
                else:
                    field, position = field + sign, position + 1
            elif sign == b"," or line_end or not sign:
                fields, field, state = [*fields, field], b"", "start"
                position += line_end or 1
                if sign != b",":
                    break
            elif state == "start" and sign == b'"':
                state, position = "inside", position + 1
            elif state == "closed" or sign in (b'"', b"\r"):
                if b"\n" in data[start:position]:
                    raise OpenQuote
                position = (data.find(b"\n", position) + 1) or len(data) + 1
                fields = None
                break
            else:
                field, state, position = field + sign, "plain", position + 1
        if fields == [b""] and data[start:position].strip(b"\r\n") == b"":
            records.append([])
        elif fields is None or len(fields) != width or b"\0" in b"".join(fields):
            records.append(None)
        else:
            try:
                records.append([field.decode("utf-8") for field in fields])
            except UnicodeDecodeError:
                records.append(None)
    while records and records[-1] == []:
        records.pop()
    return records


DAMAGED = st.lists(
    st.sampled_from(
        [b"a,b,c", b",", b'"', b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"x", b'"q"', b'""', b" "]
        + [b"a,b,c\n"] * 3
        + [b'"q,\n""",b,c\n']
        + ["é".encode()]
    ),
    max_size=25,
).map(b"".join)


@hypothesis_settings(max_examples=250, deadline=None)
@given(files=st.lists(DAMAGED, min_size=1, max_size=3), chunk=st.sampled_from([1, 7, 64, 1 << 20]))
@example(files=[b'a,b,c\n"x'], chunk=7)
@example(files=[b"\r\na,b,c\n"], chunk=7)
@example(files=[b"a,b,c\na,b,c\r\na,b,c\n"], chunk=7)
@example(files=[b'a, "b",c\n'], chunk=7)
def test_damaged_files_lose_no_record(files, chunk):
    with small_house(chunk) as house:
        expected, open_quote = [], False
        for place, data in enumerate(files):
            name = f"clinic/visits/{place}.csv"
            house.put(name, HEADER + data)
            try:
                records = read_slowly(data, 3)
            except OpenQuote:
                open_quote = True
                break
            for number, fields in enumerate(records, start=1):
                told = [field or None for field in fields or [None] * 3]
                expected.append((name, number, fields is None, *told, None))
        if open_quote:
            assert "a quote is never closed" in house.fails()
            return
        house.open()
        assert [(*row[:2], row[2] is not None, *row[3:]) for row in house.rows()] == expected
        counted = house.query("select sum(raw_rows), sum(malformed_rows) from raw.files")
        assert counted == [(len(expected), sum(row[2] for row in expected))]
