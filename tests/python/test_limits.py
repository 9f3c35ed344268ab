"""What the engine may take of a machine."""

from __future__ import annotations

import duckdb
import pytest

import settings
from conftest import run_dbt


@pytest.mark.parametrize("memory", ["6GB", "6 GB", "512MiB", "1.5gb", " 2TB "])
@pytest.mark.parametrize("threads", ["1", "16", "007"])
def test_sound_limits_reach_the_engine(monkeypatch, memory, threads):
    """Each amount that is let through is one that DuckDB takes."""
    monkeypatch.setenv("WARDHOUSE_MEMORY_LIMIT", memory)
    monkeypatch.setenv("WARDHOUSE_THREADS", threads)
    limits = settings.engine_limits()
    with duckdb.connect(config=limits) as db:
        assert db.execute("select current_setting('threads')").fetchone() == (int(threads),)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("WARDHOUSE_MEMORY_LIMIT", value) for value in ("much", "0GB", "-1GB", "6", "50%", "1KB")]
    + [("WARDHOUSE_THREADS", value) for value in ("0", "-1", "two", "1.5", "1e3", "99999", "²")],
)
def test_a_limit_that_is_none_is_one_line(monkeypatch, variable, value):
    """It names the variable, the value and what to do."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(settings.UserError, match=f"{variable}=.*set it to"):
        settings.engine_limits()


def test_nothing_set_leaves_the_engine_its_own_limits(monkeypatch):
    """Also where a variable is there and empty, as make exports it."""
    monkeypatch.delenv("WARDHOUSE_THREADS", raising=False)
    monkeypatch.setenv("WARDHOUSE_MEMORY_LIMIT", "")
    assert settings.engine_limits() == {}


def test_dbt_refuses_a_limit_in_one_line(tmp_path, monkeypatch):
    """Before anything is built."""
    import conftest

    usual = conftest.environment_of
    monkeypatch.setattr(
        conftest, "environment_of", lambda *of: usual(*of) | {"WARDHOUSE_THREADS": "many"}
    )
    done = run_dbt(tmp_path, "run", "--select", "dim_kpis")
    assert done.returncode == 2
    assert "wardhouse: not a number of threads, WARDHOUSE_THREADS=many" in done.output
    assert "Traceback" not in done.output
