"""Rules of the house that a machine can hold: layers, descriptions, identifiers, portability."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from conftest import DBT, ROOT

MODEL_FILES = sorted((ROOT / "models").rglob("*.sql"))
STATISTICS_FILES = sorted((ROOT / "macros" / "statistics").glob("*.sql"))

# What silently differs between engines, or fails on one: pattern, and a line that it must catch.
BANNED = {
    "cast with ::": (r"::", "select a::int from b"),
    "varchar or text type": (r"\bas\s+(varchar|text)\b", "cast(a as varchar)"),
    "quoted identifier": (r'"', 'select "a" from b'),
    "qualify": (r"\bqualify\b", "select a from b qualify row_number() = 1"),
    "group by all": (r"\bgroup\s+by\s+all\b", "group by all"),
    "exclude or replace": (r"\*\s*(exclude|replace)\b", "select * exclude (a)"),
    "columns()": (r"\bcolumns\s*\(", "select columns('a.*')"),
    "recursive": (r"\bwith\s+recursive\b", "with recursive a as (select 1)"),
    "list, struct or JSON": (
        r"(\[[^\]]*\]|\bunnest\s*\(|->>?|\bstruct_pack\b|\blist_|\bto_json\b)",
        "select unnest([1, 2])",
    ),
    "clock": (r"\b(current_date|current_timestamp|now\s*\(|today\s*\()", "where a < current_date"),
    "interval literal": (r"\binterval\s*(\d|'\s*\d|\()", "a + interval 1 day"),
    "day of week": (
        r"\b(dayofweek|isodow|dow|weekday\s*\(|dayname\s*\()",
        "extract(dow from a)",
    ),
    "date difference": (r"\b(date_diff|datediff|date_sub)\s*\(", "datediff('day', a, b)"),
    "strptime": (r"\b(strptime|strftime|to_timestamp|date_format)\s*\(", "strftime(a, '%Y')"),
    "generate_series": (r"\b(generate_series|range\s*\()", "from generate_series(1, 2)"),
    "regular expression": (r"(\bregexp_|\brlike\b|\bsimilar\s+to\b)", "regexp_matches(a, 'b')"),
    "concat": (r"\bconcat\s*\(", "concat(a, b)"),
    "percentile": (
        r"\b(quantile_cont|quantile_disc|median|percentile_cont)\s*\(",
        "quantile_cont(a, 0.5)",
    ),
    "skewness": (r"\b(skewness|kurtosis|log)\s*\(", "select skewness(a)"),
    "arg_max": (r"\b(arg_max|arg_min|first|last|any_value|string_agg)\s*\(", "arg_max(a, b)"),
    "sum of a comparison": (r"\bsum\s*\(\s*\w+\s*(=|<|>)", "sum(a = 1)"),
    "count distinct window": (
        r"count\s*\(\s*distinct[^)]*\)\s*over",
        "count(distinct a) over ()",
    ),
    "sampling or asof": (r"\b(asof|tablesample|using\s+sample)\b", "asof join b"),
    "backslash": (r"\\", "where a like '\\d'"),
    "primary key": (r"\bprimary\s+key\b", "primary key (a)"),
    "integer cast of a division": (r"//", "select a // b"),
}


def stripped(sql: str) -> str:
    """SQL without jinja and comments: what the engines see, but for what macros write."""
    sql = re.sub(r"\{#.*?#\}", " ", sql, flags=re.DOTALL)
    sql = re.sub(r"\{%.*?%\}", " ", sql, flags=re.DOTALL)
    sql = re.sub(r"\{\{.*?\}\}", " x ", sql, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", " ", sql).lower()


def offences(sql: str) -> list[str]:
    text = stripped(sql)
    found = [name for name, (pattern, _) in BANNED.items() if re.search(pattern, text)]
    for ordering in re.findall(r"order\s+by\s+(.+?)(?=\)|\brows\b|\brange\b|$)", text, re.DOTALL):
        keys = re.split(r",(?![^(]*\))", ordering)
        found += [
            f"order by without nulls first/last: {k.strip()}" for k in keys if "nulls" not in k
        ]
    return found


@pytest.mark.parametrize("path", MODEL_FILES, ids=lambda p: p.stem)
def test_models_use_portable_sql(path):
    assert not offences(path.read_text())


@pytest.mark.parametrize("name", BANNED)
def test_every_ban_catches_its_example(name):
    assert name in offences(BANNED[name][1])


def test_unmarked_order_is_caught():
    assert offences("select row_number() over (partition by a order by b, c nulls last)")
    assert not offences("select row_number() over (partition by a order by b nulls last)")


@pytest.mark.parametrize("path", MODEL_FILES, ids=lambda p: p.stem)
def test_models_are_small_and_end_on_final(path):
    text = path.read_text()
    # the union of every kind of flag or link is one statement per kind, however long the list
    assert text.count("\n") <= 135, "one verb per model: split it"
    assert text.rstrip().endswith("select * from final")


@pytest.fixture(scope="module")
def manifest(demo_build) -> dict:
    return json.loads((demo_build.folder / "target" / "manifest.json").read_text())


def layer(name: str) -> str:
    kind = re.match(r"(stg|int|dim|fct|kpi|dq|claim|report)", name).group(1)
    return "claims" if kind == "claim" else kind


# The facts and dimensions are the stored form of the events, so intermediate models may count
# them, and a dimension without a file of its own is read off a fact; nothing but a mart may read a
# KPI, but for what watches and judges all KPIs at once.
WATCHES = re.compile(r"int_(kpi|chart|funnel|claim|month)s?_")
MAY_READ = {
    "stg": {"stg"},
    "int": {"stg", "int", "dim", "fct"},
    "dim": {"stg", "int", "dim", "fct"},
    "fct": {"stg", "int", "dim", "fct"},
    "kpi": {"int", "dim", "fct", "kpi"},
    "report": {"int", "dim", "fct"},
    "claims": {"int", "dim", "fct", "kpi", "claims"},
    "dq": {"stg", "int", "dim", "fct", "dq"},
}


def models(manifest) -> list[dict]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]


def test_layers(manifest):
    for node in models(manifest):
        for parent in node["depends_on"]["nodes"]:
            kind, _, name = parent.split(".")[:3]
            if kind == "model":
                allowed = MAY_READ[layer(node["name"])]
                if WATCHES.match(node["name"]):
                    allowed = allowed | {"kpi"}
                assert layer(name) in allowed, (node["name"], name)
            if kind == "seed" and name.startswith("raw_"):
                assert layer(node["name"]) == "stg" or node["name"] == "int_codes_unmapped"


def test_everything_is_described(manifest):
    described = [
        *models(manifest),
        *(n for n in manifest["nodes"].values() if n["resource_type"] == "seed"),
        *manifest["sources"].values(),
    ]
    for node in described:
        assert len(node["description"].strip()) > 15, node["unique_id"]
        assert "TODO" not in node["description"], node["unique_id"]
        assert node["columns"], node["unique_id"]
        for column in node["columns"].values():
            text = column["description"].strip()
            assert len(text) > 8 and "TODO" not in text, (node["unique_id"], column["name"])
    for macro in manifest["macros"].values():
        if macro["package_name"] == "wardhouse" and "__" not in macro["name"]:
            assert macro["description"].strip() or macro["name"].startswith("test_"), macro["name"]
            for argument in macro["arguments"]:
                assert argument["description"].strip(), (macro["name"], argument["name"])


def test_marts_have_contracts_and_tested_keys(manifest):
    tested = {
        node["attached_node"].split(".")[-1]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "unique_key"
    }
    unit_tested = {t["model"] for t in manifest["unit_tests"].values()}
    for node in models(manifest):
        if node["schema"] == "marts":
            assert node["config"]["contract"]["enforced"], node["name"]
            assert node["name"] in tested, f"{node['name']}: no unique_key test on its grain"
            assert node["config"]["persist_docs"] == {"relation": True, "columns": True}
        if layer(node["name"]) in ("kpi", "claims", "report"):
            assert node["name"] in unit_tested, f"{node['name']}: no unit test"
        if layer(node["name"]) == "stg":
            assert node["name"] in tested, f"{node['name']}: its key is not tested"


def test_tests_stop_the_build(manifest):
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            assert node["config"]["severity"].lower() == "error", node["name"]


def test_spark_target_parses(tmp_path):
    """No engine-specific macro is missing: dbt parses the project under a Spark target."""
    done = subprocess.run(
        [str(DBT), "--no-use-colors", "parse", "--target", "spark", "--no-partial-parse"],
        cwd=ROOT,
        env=os.environ | {"DBT_TARGET_PATH": str(tmp_path), "DBT_LOG_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
