"""What a record can answer is what its analyses do not refuse."""

from __future__ import annotations

import pytest
from analysis_cases import answer_of, closed_of, cohort_of, counted

from postmortem.analyses import ANALYSES as EVERY
from postmortem.findings.readiness import readiness

# Those about open deals alone are asked of the open forecast, not of these frames.
ANALYSES = [entry for entry in EVERY if entry.frames != ("open_forecast",)]


@pytest.mark.parametrize(
    "frame", ["one deal", "all won", *(pytest.param(frame, marks=pytest.mark.slow) for frame in ("closed", "forecast"))]
)
def test_one_row_an_analysis_with_its_own_words(frame: str) -> None:
    rows = readiness(cohort_of(frame)).tables["questions"].keyed("question")
    assert set(rows) == {analysis.question for analysis in ANALYSES}
    for analysis in ANALYSES:
        result, row = answer_of(analysis.name, frame), rows[analysis.question]
        assert row["answered"] == ("not yet" if result.status == "refused" else "yes")
        assert row["missing"] == "; ".join(result.what_is_missing)
        assert bool(row["unlock"]) <= (row["answered"] == "not yet")


def test_headline_when_all_is_answered() -> None:
    told = f"This record answers all {len(ANALYSES)} questions asked of it."
    assert answer_of("readiness", "forecast").headline == told


@pytest.mark.parametrize(
    "frame", ["closed", "one deal", pytest.param("no taker known", marks=pytest.mark.slow), "still running, forecast"]
)
def test_headline_counts_what_is_answered(frame: str) -> None:
    result = answer_of("readiness", frame)
    answered = [row["answered"] for row in result.tables["questions"].records].count("yes")
    assert result.headline.startswith(f"This record answers {answered} of {len(ANALYSES)} questions; the rest waits")


def test_answered_questions_stand_first() -> None:
    answered = [row["answered"] for row in answer_of("readiness", "one deal").tables["questions"].records]
    assert answered == sorted(answered, reverse=True) and len(set(answered)) == 2


def test_a_closed_record_learns_where_the_forecast_comes_from() -> None:
    rows = readiness(closed_of(counted({"won": 1}))).tables["questions"].keyed("question")
    assert "field history" in rows["How did the forecast become what was won?"]["unlock"]
