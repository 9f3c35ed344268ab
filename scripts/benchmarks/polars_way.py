"""The same work in Polars: lazy queries over the same Parquet files, results stored as Parquet.

Usage: PYTHON scripts/benchmarks/polars_way.py DATA OUTPUT

PYTHON is one that has Polars (requirements-bench.lock). Records keep the ids of the source, so no
keyed hash is worked out: that is less work than the warehouse and the floor do.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.stages import stage  # noqa: E402

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "reference"
NOTHING = ["", "?", "na", "n/a", "null", "nan", "-", "--", ".", "<na>", "nat", "nil"]
TOTALS = ["total", "totals", "grand total", "subtotal", "sub-total", "all"]
LOW, HIGH = pl.date(1990, 1, 1), pl.date(2099, 12, 31)
YES, NO = ["true", "t", "yes", "y", "1"], ["false", "f", "no", "n", "0"]
c = pl.col


class Words:
    """The code map and the names of facilities and departments, as the warehouse has them."""

    def __init__(self) -> None:
        """Read the seeds."""
        self.codes: dict[tuple[str, str], dict[str, str]] = {}
        table = pl.read_csv(SEEDS / "code_map.csv", infer_schema=False)
        for system, field, word, code in table.iter_rows():
            self.codes.setdefault((system, field), {})[word.lower()] = code
        self.facilities = self._names("facility")
        self.departments = self._names("department")

    def _names(self, kind: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        table = pl.read_csv(SEEDS / f"{kind}_aliases.csv", infer_schema=False)
        for system, name, key, _ in table.iter_rows():
            found.setdefault(system, {})[name] = key
        return found

    def code(self, system: str, column: str) -> pl.Expr:
        """The code of a raw word, null where there is none."""
        words = self.codes.get((system, column))
        if not words:
            return pl.lit(None, dtype=pl.String)
        return c(column).str.to_lowercase().replace_strict(words, default=None)

    def name(self, system: str, column: str) -> pl.Expr:
        """The name of a category."""
        return pl.coalesce(self.code(system, column), named(column))

    def place(self, names: dict, system: str, name: pl.Expr) -> pl.Expr:
        """The id of a facility or department by its name."""
        return pl.coalesce(
            name.replace_strict(names.get(system, {}), default=None),
            pl.lit(f"{system}.") + slug(name),
            pl.lit("unknown"),
        )


def named(column: str) -> pl.Expr:
    """A text, null where it stands for nothing."""
    return pl.when(~c(column).str.to_lowercase().is_in(NOTHING)).then(c(column))


def slug(text: pl.Expr) -> pl.Expr:
    """A readable id."""
    return text.str.to_lowercase().str.replace_all("[^a-z0-9]+", "_").str.strip_chars("_")


def day(column: str) -> pl.Expr:
    """A day."""
    return c(column).str.to_date("%Y-%m-%d", strict=False)


def usable(value: pl.Expr) -> pl.Expr:
    """A day or time within what can be meant."""
    return pl.when(value.cast(pl.Date).is_between(LOW, HIGH)).then(value)


def stamp(column: str) -> pl.Expr:
    """A time with its day."""
    return c(column).str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us")


def amount(column: str, high: int = 100_000_000) -> pl.Expr:
    """Dollars."""
    value = c(column).cast(pl.Float64, strict=False)
    return pl.when(value.is_between(0, high)).then(value)


def whole(column: str, low: int, high: int) -> pl.Expr:
    """A whole number."""
    value = c(column).cast(pl.Int64, strict=False)
    return pl.when(value.is_between(low, high)).then(value)


def yes_no(column: str) -> pl.Expr:
    """Yes or no."""
    text = c(column).str.to_lowercase()
    return pl.when(text.is_in(YES)).then(True).when(text.is_in(NO)).then(False)


def band(age: pl.Expr) -> pl.Expr:
    """Five-year bands."""
    labels = {n: f"{n:02d}-{n + 4:02d}" for n in range(0, 85, 5)} | {85: "85+"}
    lower = (age // 5 * 5).clip(0, 85).cast(pl.Int32)
    return lower.replace_strict(labels, default=None, return_dtype=pl.String).fill_null("unknown")


def years(birth: pl.Expr, then: pl.Expr) -> pl.Expr:
    """Completed years."""

    def digits(d: pl.Expr) -> pl.Expr:
        return d.dt.year() * 10000 + d.dt.month().cast(pl.Int32) * 100 + d.dt.day()

    return pl.when(birth <= then).then((digits(then) - digits(birth)) // 10000)


class Work:
    """All tables, one after the other."""

    def __init__(self, data: Path, output: Path) -> None:
        """Where to read and where to write."""
        self.data, self.output, self.words = data, output, Words()
        self.rejects: list[pl.DataFrame] = []

    def raw(self, place: str) -> pl.LazyFrame:
        """All rows of a table in the order of its files, each with its file's name."""
        files = sorted((self.data / place).glob("*.parquet"), key=lambda path: path.stem)
        return pl.concat(
            [
                pl.scan_parquet(path, row_index_name="row_number", row_index_offset=1).with_columns(
                    pl.lit(f"{place}/{path.name}").alias("source_file"), pl.lit(n).alias("file")
                )
                for n, path in enumerate(files)
            ]
        )

    def store(self, name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Write a table; what follows reads it from there."""
        path = self.output / f"{name}.parquet"
        frame.sink_parquet(path)
        return pl.scan_parquet(path)

    def usable(self, place: str, key: str, date: str | None, key2: str | None = None):
        """The newest version of each usable row; the others are kept with their reason."""
        frame = self.raw(place)
        shape = frame.collect_schema().names()
        blank = pl.all_horizontal(
            c(name).is_null() for name in shape if name not in ("row_number", "source_file", "file")
        )
        known = pl.coalesce(named(key), named(key2)) if key2 else named(key)
        total = c(key).str.to_lowercase().is_in(TOTALS).fill_null(False)
        in_time = usable(day(date)).is_not_null() if date else pl.lit(True)
        good = known.is_not_null() & ~total & in_time
        reason = (
            pl.when(blank).then(pl.lit("blank_row"))
            .when(total).then(pl.lit("totals_row"))
            .when(known.is_null()).then(pl.lit("missing_key"))
            .when((named(date) if date else known).is_null()).then(pl.lit("missing_date"))
            .otherwise(pl.lit("unusable_date"))
        )  # fmt: skip
        self.rejects.append(
            frame.filter(~good)
            .select(
                pl.lit(place.rpartition("/")[2]).alias("source_table"), "source_file",
                c("row_number").cast(pl.Int64), reason.alias("reason"),
            )
            .collect(engine="streaming")
        )  # fmt: skip
        frame = frame.filter(good)
        keys = frame.select(known.alias("key"), "file", "row_number")
        repeated = keys.select("key").group_by("key").len().filter(c("len") > 1).select("key")
        old = (
            keys.join(repeated, on="key", how="semi")
            .sort("file", "row_number")
            .filter(pl.struct("file", "row_number").is_last_distinct().not_() if False else
                    c("row_number").cum_count(reverse=True).over("key") > 1)
            .select("file", "row_number")
            .collect(engine="streaming")
        )
        return frame.join(old.lazy(), on=["file", "row_number"], how="anti").with_columns(
            known.alias("key")
        )
