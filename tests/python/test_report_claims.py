"""The claims ledger on the page: verdict, sentence and counts follow from the numbers."""

from __future__ import annotations

import duckdb
import pytest

import report_claims

LEDGER = (
    "claim_id varchar, verdict varchar, statement varchar, source varchar, parts bigint,"
    " parts_supported bigint, deciding_part bigint, explanation varchar, measure varchar,"
    " estimate double, low double, high double, n bigint, direction varchar, no_difference double,"
    " smallest_effect_of_interest double"
)
PART = (
    "claim_id varchar, part bigint, measure varchar, estimate double, low double, high double,"
    " n bigint, direction varchar, no_difference double, smallest_effect_of_interest double"
)
NUMBERS = {
    "measure": "Share", "estimate": 0.5, "low": 0.4, "high": 0.6, "n": 1234, "direction": "above",
    "no_difference": 0.5, "smallest_effect_of_interest": 0.05,
}  # fmt: skip


@pytest.fixture
def marts():
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.claims_ledger ({LEDGER})")
        connection.execute(f"create table marts.claim_parts ({PART})")
        yield connection


def add(marts, verdict: str, part: int = 1, parts: tuple[int, int] = (1, 1), **numbers) -> None:
    """One claim; the ledger has the numbers of its first part, the other table of the deciding."""
    values = NUMBERS | numbers
    first = values if part == 1 else NUMBERS | {"measure": "First"}
    (claim,) = marts.execute("select 'C' || count(*) from marts.claims_ledger").fetchone()
    row = [claim, verdict, f"Said {claim}", "Somebody", parts[1], parts[0], part, "All of it."]
    marts.execute(
        f"insert into marts.claims_ledger values ({', '.join('?' * 16)})", [*row, *first.values()]
    )
    row = [claim, part, *values.values()]
    marts.execute(f"insert into marts.claim_parts values ({', '.join('?' * 10)})", row)


def first(marts, is_shareable: bool = False) -> dict:
    return report_claims.ledger(marts, is_shareable)["rows"][0]


@pytest.mark.parametrize(
    ("verdict", "numbers", "why"),
    [
        ("supported", {"estimate": 0.8, "low": 0.7, "high": 0.9},
         "Share: 0.800 (95% interval 0.700 to 0.900), n = 1,234. The claim needs more than 0.5."),
        ("not_supported", {},
         "Share: 0.500 (95% interval 0.400 to 0.600), n = 1,234. Consistent with chance: the claim"
         " needs more than 0.5."),
        ("not_supported", {"estimate": 0.52, "low": 0.51, "high": 0.53},
         "Share: 0.520 (95% interval 0.510 to 0.530), n = 1,234. Not by as much as would matter:"
         " the claim needs more than 0.5, and by at least 0.05."),
        ("contradicted", {"estimate": -1.25, "low": -2, "high": -1, "no_difference": 0,
                          "direction": "either"},
         "Share: −1.250 (95% interval −2.000 to −1.000), n = 1,234. The opposite of the claim,"
         " which needs other than 0."),
        ("not_supported", {"low": None, "direction": "below"},
         "Share: 0.500 (95% interval below to 0.600), n = 1,234. Consistent with chance: the claim"
         " needs less than 0.5."),
        ("not_testable", {"estimate": None}, "All of it."),
    ],
)  # fmt: skip
def test_a_sentence_says_why_the_verdict_is_what_it_is(marts, verdict, numbers, why):
    add(marts, verdict, **numbers)
    assert first(marts)["why"] == why


def test_the_numbers_are_those_of_the_part_that_decided(marts):
    add(marts, "not_supported", part=3, parts=(2, 3), measure="Third")
    assert first(marts)["why"].startswith("Third: 0.500")
    assert first(marts)["parts"] == "2 of the 3 parts of the claim hold."
    # the shareable edition has the first part's alone, which would speak against the verdict
    said = first(marts, is_shareable=True)["why"]
    assert "First" not in said and "0.5" not in said


def test_the_edition_without_explanations_says_that_it_has_no_numbers(marts):
    add(marts, "not_supported", part=3, parts=(2, 3))
    add(marts, "not_testable")
    marts.execute("update marts.claims_ledger set explanation = null")
    one, other = report_claims.ledger(marts, is_shareable=True)["rows"]
    assert one["why"] == "The part that decides has no numbers in this edition."
    assert other["why"] == "These data lack what the claim needs."


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((1, 1), ""),
        ((2, 2), "Both parts of the claim hold."),
        ((3, 3), "All 3 parts of the claim hold."),
        ((0, 3), "None of the 3 parts of the claim holds."),
        ((1, 3), "1 of the 3 parts of the claim holds."),
    ],
)
def test_how_many_parts_hold(marts, parts, said):
    add(marts, "supported", parts=parts)
    assert first(marts)["parts"] == said


def test_failed_claims_stand_first_and_verdicts_are_counted(marts):
    for verdict in ("supported", "not_testable", "contradicted", "supported", "not_supported"):
        add(marts, verdict)
    found = report_claims.ledger(marts, is_shareable=False)
    assert [row["statement"] for row in found["rows"]] == [
        "Said C2", "Said C4", "Said C0", "Said C3", "Said C1",
    ]  # fmt: skip
    assert [(count["says"], count["number"]) for count in found["counts"]] == [
        ("Contradicted", 1), ("Not supported", 1), ("Supported", 2), ("Not testable", 1),
    ]  # fmt: skip


def test_no_claim_is_said(marts):
    assert report_claims.ledger(marts, is_shareable=False)["rows"] == []


def test_every_verdict_has_an_icon_and_its_word(report):
    found = report.page.evaluate(
        """() => [...document.querySelectorAll('#claims .verdict')].map(verdict => {
            const use = verdict.querySelector('use').getAttribute('href');
            const box = verdict.querySelector('svg').getBoundingClientRect();
            return [!!document.querySelector(use) && box.width > 15, use.slice(6),
                verdict.textContent.replace(/[0-9]/g, '').trim().toLowerCase()]; })"""
    )
    assert len(found) >= 12 + 3
    for is_drawn, icon, word in found:
        assert is_drawn and icon.replace("_", " ") == word
