"""Settings of a raw folder: every known one, and every mistake in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml

import folder_settings
from conftest import ROOT


def run(folder) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "scripts/folder_settings.py"],
        cwd=ROOT,
        env=os.environ | {"WARDHOUSE_RAW_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_var_of_the_project_is_a_setting():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    assert set(folder_settings.ALLOWED) == set(project["vars"])


@pytest.mark.parametrize("text", [None, "", "# nothing set\n"])
def test_no_settings(tmp_path, text):
    if text is not None:
        (tmp_path / "wardhouse.yml").write_text(text)
    done = run(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")


def test_good_settings_become_json(tmp_path):
    (tmp_path / "wardhouse.yml").write_text(
        "date_formats: {hospital_ops: mdy}\nas_of_date: 2024-01-01\nlate_cancel_hours: 48\n"
        "hemisphere: northern\nfinancial_year_start_month: 4\nfull_period_share: 0.5\n"
    )
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "date_formats": {"hospital_ops": "mdy"},
        "as_of_date": "2024-01-01",
        "late_cancel_hours": 48,
        "hemisphere": "northern",
        "financial_year_start_month": 4,
        "full_period_share": 0.5,
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("as_off_date: 2024-01-01", "did you mean as_of_date?"),
        ("date_formats: {hospitalops: mdy}", "hospital_ops"),
        ("date_formats: {hospital_ops: ymd}", "iso, mdy or dmy"),
        ("date_formats: mdy", "a map of source system"),
        ("hemisphere: south", "southern or northern"),
        ("financial_year_start_month: 13", "a month from 1 to 12"),
        ("late_cancel_hours: a day", "a number of hours"),
        ("as_of_date: 01/01/2024", "a day such as"),
        ("as_of_date: 2024-01-01 10:00:00", "a day such as"),
        ("full_period_share: true", "a share from 0 to 1"),
        ("as_of_date: [2024-01-01", "not readable as YAML"),
        ("- as_of_date", "write `name: value`"),
        ("late_cancel_hours: 24; drop table marts.fct_bills", "a number of hours"),
    ],
)
def test_mistakes_are_one_line(tmp_path, text, words):
    (tmp_path / "wardhouse.yml").write_text(text + "\n")
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("wardhouse: ") and "wardhouse.yml" in line and words in line
