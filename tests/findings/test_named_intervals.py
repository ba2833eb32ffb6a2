"""What is told apart from chance has an interval beside it that excludes none, over every analysis that tests."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd
import pytest
from analyses.simulated_books import book_of

import postmortem as pm
from postmortem.findings import ANALYSES, COMPARISONS, find
from postmortem.findings.evidence import EVIDENCE, TESTS
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort, forecast_cohort
from postmortem.ground.resources import sample
from postmortem.result import Column, Result
from postmortem.simulate import simulate
from postmortem.stats.estimate import p_beside

LOOK = 0.05
STANDARD = {"hypothesis", "primary", "p", "named", "within"}
# Beyond what each is asked with by itself: what the notebooks ask too.
ASKED: Mapping[str, tuple[dict[str, Any], ...]] = {
    "loss_share": tuple({"measure": m, "by": b} for m in ("lost", "competitor", "status_quo")
                        for b in ("segment", "product", "region", "team", "deal_type")),
    "mix_shift": ({"by": "segment"}, {"by": "product"}),
    "time_to_loss_by_group": ({"by": "segment", "fate": "lost"}, {"by": "region", "fate": "lost"}),
}  # fmt: skip
# What a difference would be if there were none, by the unit of its column; a ratio has no unit.
NONE = {"points": 0.0, "": 1.0}


class Beside(NamedTuple):
    """An interval beside a test, and the value it must not hold for the test to be told from chance."""

    low: float
    high: float
    none: float


def answers(cohort: Cohort) -> list[Result]:
    """Ask every analysis that may test anything, as itself and as the notebooks ask it."""
    found = []
    for analysis in ANALYSES:
        if analysis.family == "comparison" and cohort.kind in (analysis.frames or (cohort.kind,)):
            found += [analysis.function(cohort, **asked) for asked in ASKED.get(analysis.name, ({},))]
    before = replace(cohort, focus=cohort.focus - 4, window=tuple(quarter - 4 for quarter in cohort.window))
    found += [comparison.function(cohort, before) for comparison in COMPARISONS if comparison.name == "compare"]
    return [result for result in found if TESTS in result.tables]


def beside(result: Result, test: Mapping[str, Any]) -> Beside | None:
    """Return the interval beside one test; None where the test is of several groups at once, which has none."""
    group = next((name for name in result.tables[TESTS].rows.columns if name not in STANDARD), "")
    evidence = EVIDENCE.get(result.analysis)
    picked: dict[str, Any]
    if result.analysis == "rep_variation":
        # What chance alone would make of it, and what it is.
        row = result.tables["compared"].first
        return Beside(row["usual_low"], row["usual_high"], row["seen"])
    if result.analysis == "warning_signals" and not test["primary"]:
        sign, party = re.fullmatch(r"(.*): lost to (.*) against won", test["hypothesis"]).groups()
        table, picked = "takers", {"signal": sign, "taker": party.capitalize()}
    elif result.analysis == "proposal_left_alone":
        table, picked = "landmarks", {"landmark": int(re.search(r"for (\d+) days", test["hypothesis"])[1])}
    elif result.analysis == "forecast_calibration":
        table, picked = "scores", {"score": "by_quarter_end" if test["primary"] else "ever"}
    elif group and pd.isna(test[group]):
        return None
    elif group:
        (table,) = [name for name, each in result.tables.items() if name != TESTS and holds(each.columns, group)]
        picked = {group: test[group]}
    else:
        assert evidence is not None, f"{result.analysis} has no figure beside what it tests"
        table, picked = evidence.table, dict(evidence.row)
    rows = result.tables[table].rows
    for name, value in picked.items():
        rows = rows[rows[name].astype("object") == value]
    row = rows.iloc[0]
    column = column_of(result, table)
    none = NONE.get(column.unit, math.nan)
    if evidence is not None and evidence.none_column:
        none = row[evidence.none_column]
    elif column.unit == "share":
        none = evidence.none
    return Beside(row[column.low], row[column.high], none)


def holds(columns: tuple[Column, ...], group: str) -> bool:
    """Say whether a table tells groups of this kind with a difference of theirs."""
    return group in [column.name for column in columns] and any(c.unit == "points" and c.low for c in columns)


def column_of(result: Result, table: str) -> Column:
    """Return the column of the figure: the one that findings read, or the difference with an interval."""
    evidence = EVIDENCE.get(result.analysis)
    if evidence is not None and evidence.table == table:
        return result.tables[table].column(evidence.column)
    several = [c for c in result.tables[table].columns if c.role == "estimate" and c.low and c.unit == "points"]
    (only,) = [c for c in several if c.name == "difference"] if several[1:] else several
    return only


def faults(results: list[Result]) -> Iterator[str]:
    """Yield every test with p below .05, and every one named, whose interval is not there or holds none."""
    for result in results:
        for test in result.tables[TESTS].records:
            if not test["p"] < LOOK and test["named"] is not True:
                continue
            found = beside(result, test)
            if found is None:
                continue
            if not (found.low > found.none or found.high < found.none):
                yield f"{result.analysis} {dict(result.params)}: {test['hypothesis']}, p {test['p']:.4f}: {found}"


def told(results: list[Result]) -> int:
    """Count the tests with an interval beside them that are told, so that a test which looks at none is seen."""
    return sum(
        test["p"] < LOOK and beside(result, test) is not None
        for result in results
        for test in result.tables[TESTS].records
    )


def book(preset: str, seed: int) -> Cohort:
    made = simulate(preset, seed=seed, quarters=7, deals_per_quarter=200)
    whole = book_of(made)
    return forecast_cohort(whole, whole.meta.calendar.quarter_of(made.as_of) - 1)


def test_every_analysis_that_tests_is_asked_of_the_sample_and_of_simulated_books() -> None:
    """A new analysis with a table of tests comes under this rule by being there: none is left out by name."""
    asked = {analysis.name for analysis in ANALYSES if analysis.family == "comparison"}
    assert set(EVIDENCE) <= asked and set(ASKED) <= asked
    assert find("compare") in COMPARISONS


def test_a_fault_would_be_found() -> None:
    from made_findings import pushes

    holds_none = pushes(0.01, figure=(0.1, -0.01, 0.2), named=True)
    assert len(list(faults([holds_none]))) == 1
    assert len(list(faults([pushes(0.01, figure=(0.1, math.nan, math.nan), named=True)]))) == 1
    assert list(faults([pushes(0.01, named=True), pushes(0.2, figure=(0.1, -0.01, 0.2), named=False)])) == []


def test_a_test_is_not_surer_than_the_interval_beside_it() -> None:
    assert p_beside(0.01, 0.02, 0.2) == p_beside(0.01, -0.2, -0.02) == 0.01
    assert p_beside(0.01, -0.02, 0.2) == p_beside(0.01, 0.0, 0.2) == p_beside(0.01, math.nan, math.nan) == 0.05
    assert p_beside(0.4, -0.02, 0.2) == 0.4 and math.isnan(p_beside(math.nan, 0.1, 0.2))
    assert (p_beside(0.01, 1.1, 2.0, none=1.0), p_beside(0.01, 0.9, 2.0, none=1.0)) == (0.01, 0.05)


@pytest.mark.slow
def test_on_the_sample() -> None:
    results = list(through_the_gate(answers(pm.load_frame("2025Q3", folder=sample("full")))))
    assert list(faults(results)) == []
    assert told(results) > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("preset", ["full", "plain"])
def test_on_simulated_companies(preset: str, seed: int) -> None:
    results = list(through_the_gate(answers(book(preset, seed))))
    assert list(faults(results)) == []
    assert len(results) > 5
