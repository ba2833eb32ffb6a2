"""What a record can answer is what its analyses do not refuse."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis_cases import answer_of, closed_of, cohort_of, counted
from builders import FOCUS, closed

from postmortem.analyses import ANALYSES as EVERY
from postmortem.findings.readiness import headline, open_deals, readiness, unmet
from postmortem.result import Table

# Those about open deals alone are not asked of these frames: what they need is counted among the deals open that day.
ANALYSES = [entry for entry in EVERY if entry.frames != ("open_forecast",)]
OF_OPEN = [entry for entry in EVERY if entry.frames == ("open_forecast",)]


@pytest.mark.parametrize(
    "frame",
    [
        "one deal",
        pytest.param("all won", marks=pytest.mark.thorough),
        *(pytest.param(frame, marks=pytest.mark.slow) for frame in ("closed", "forecast")),
    ],
)
def test_one_row_an_analysis_with_its_own_words(frame: str) -> None:
    rows = readiness(cohort_of(frame)).tables["questions"].keyed("question")
    assert set(rows) == {analysis.question for analysis in EVERY}
    for analysis in ANALYSES:
        result, row = answer_of(analysis.name, frame), rows[analysis.question]
        assert row["answered"] == ("not yet" if result.status == "refused" else "yes")
        assert row["missing"] == "; ".join(result.what_is_missing)
        assert bool(row["unlock"]) <= (row["answered"] == "not yet")
    for analysis in OF_OPEN:
        row = rows[analysis.question]
        assert row["answered"] == "not yet" and row["missing"] and row["unlock"], "no deal is open in these"


def test_a_record_with_an_open_forecast_can_be_watched() -> None:
    """The same deals as closed ones of the quarter before: what is open is found, and nothing else is missing."""
    book = cohort_of("open_forecast").book
    assert [unmet(entry, cohort_of("open_forecast")) for entry in OF_OPEN] == [None] * len(OF_OPEN)
    now = open_deals(closed(book))
    assert now.kind == "open_forecast" and len(now.table) == len(cohort_of("open_forecast").table)


def test_few_earlier_quarters_are_counted_for_the_watchlists_chances() -> None:
    """The open deals, all that slipped, and the closed ones of the last two quarters, before which nothing is told."""
    whole = cohort_of("open_forecast").book
    deals, history = whole.deals, whole.table("history")
    late = (deals["outcome"] == "open") | (deals["created_at"] >= pd.Timestamp((FOCUS - 2).day(20)))
    tables = {**whole.tables, "deals": deals[late].reset_index(drop=True)}
    tables["history"] = history[history["deal_id"].isin(deals.loc[late, "deal_id"])].reset_index(drop=True)
    now = open_deals(closed(replace(whole, tables=tables)))
    found = {entry.name: unmet(entry, now) for entry in OF_OPEN}
    assert found["watchlist"] is None, "the list itself needs open deals only"
    lacking = found["outlook_validation"]
    assert lacking is not None and lacking.what_is_missing[0].startswith("2 of the 4 earlier quarters")


def test_headline_when_all_is_answered() -> None:
    table = answer_of("readiness", "forecast").tables["questions"]
    rows = table.rows.assign(answered="yes")
    told = f"This record answers all {len(EVERY)} questions asked of it."
    assert headline({"questions": Table(rows, table.columns, table.title)}) == told


@pytest.mark.parametrize(
    "frame",
    [
        "closed",
        "one deal",
        pytest.param("no taker known", marks=pytest.mark.slow),
        pytest.param("still running, forecast", marks=pytest.mark.thorough),
    ],
)
def test_headline_counts_what_is_answered(frame: str) -> None:
    result = answer_of("readiness", frame)
    answered = [row["answered"] for row in result.tables["questions"].records].count("yes")
    assert result.headline.startswith(f"This record answers {answered} of {len(EVERY)} questions; the rest waits")


def test_answered_questions_stand_first() -> None:
    answered = [row["answered"] for row in answer_of("readiness", "one deal").tables["questions"].records]
    assert answered == sorted(answered, reverse=True) and len(set(answered)) == 2


def test_a_closed_record_learns_where_the_forecast_comes_from() -> None:
    rows = readiness(closed_of(counted({"won": 1}))).tables["questions"].keyed("question")
    assert "field history" in rows["How did the forecast become what was won?"]["unlock"]
