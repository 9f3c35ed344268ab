"""The README tells the truth: its commands, code, files and settings exist and work."""

from __future__ import annotations

import re
import subprocess
import sys

import duckdb
import pytest
import yaml

from conftest import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
ANALYSES = sorted((ROOT / "analyses").glob("*.sql"))


def blocks(language: str) -> list[str]:
    return [code for name, code in BLOCKS if name == language]


def test_python_blocks_run(demo_warehouse, tmp_path):
    (tmp_path / "warehouse").symlink_to(demo_warehouse.parent)
    assert blocks("python")
    for code in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "banksia_bay_hospital" in done.stdout


def test_shell_blocks_name_real_targets():
    makefile = (ROOT / "Makefile").read_text()
    commands = [
        line.split("#")[0].split()
        for code in blocks("sh")
        for line in code.splitlines()
        if line.strip()
    ]
    assert ["make"] in commands and ["make", "test"] in commands
    for command in commands:
        assert command[0] == "make"
        for word in command[1:]:
            if "=" in word:
                assert re.search(rf"^{word.split('=')[0]} \?=", makefile, re.MULTILINE), word
            else:
                assert re.search(rf"^{word}:", makefile, re.MULTILINE), word


def test_yaml_blocks_are_known_settings():
    known = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
    for code in blocks("yaml"):
        assert set(yaml.safe_load(code)) <= set(known)


def test_named_marts_and_files_exist(demo_warehouse):
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        tables = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        }
    named = set(re.findall(r"`((?:kpi|dq|fct|dim|report|claims?)_\w+[a-z])`", README))
    estimators = {"kpi_rate", "kpi_rate_difference"}
    assert named - tables - estimators == set()
    # and every published table is named
    assert {t for t in tables if not t.startswith("dim_")} <= named
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"`((?:seeds|models|tests|scripts|analyses)/[\w/.]+)`", README):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("path", ANALYSES, ids=lambda p: p.stem)
def test_analyses_run_on_the_published_file(path, demo_warehouse):
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        rows = connection.execute(path.read_text()).fetchall()
    assert rows
    assert all(value is not None for row in rows for value in row[:2])


def test_analyses_answer_every_question_of_the_dashboards():
    operations = {
        "completed_against_missed",
        "busiest_branch",
        "doctors_with_most_appointments",
        "average_treatment_cost",
        "total_cost_by_treatment",
        "common_payment_methods",
        "patients_by_gender",
    }
    care = {
        "monthly_patient_volume",
        "departments_compared",
        "costs_by_season",
        "emergency_busiest_hours",
        "satisfaction_by_department",
        "readmissions_by_definition",
        "facilities_outside_the_readmission_funnel",
        "insurance_types",
        "insurance_and_treatment_success",
        "cancer_cases_by_type",
        "survival_by_region",
        "psychological_safety_by_team",
    }
    monitoring = {"claims_and_their_verdicts", "kpis_that_changed"}
    assert {path.stem for path in ANALYSES} == operations | care | monitoring
