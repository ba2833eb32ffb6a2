"""Recorded reasons of two periods: counted by hand, planted to move or not, under one taxonomy or several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from analysis_cases import closed_of, counted, reason
from builders import FOCUS
from by_hand import newcombe, wilson
from scipy import stats

from postmortem.analyses.reasons_over_time import reasons_over_time
from postmortem.frames import Cohort
from postmortem.result import Result, Table


def book(now: dict[str, int], before: dict[str, int], *, back: int = 1, **more: Any) -> Cohort:
    """Return losses with these main reasons in the focus quarter and in the one so many before."""
    stories, words, number = [], [], 0
    for quarter, mix in ((FOCUS, now), (FOCUS - back, before)):
        for code, many in mix.items():
            for _ in range(many):
                number += 1
                stories += counted({"lost_competitor": 1}, quarter, start=number - 1)
                if code:
                    words.append(reason(f"D{number:04d}", code, taxonomy_version="red_zone@1.0", **more))
    return closed_of(stories, reasons=words)


def named(result: Result, *reasons: str) -> Result:
    """Return the result as the gate leaves it once the whole and these reasons are named."""
    table = result.tables["tests"]
    mark = table.rows["primary"] | table.rows["reason"].isin(reasons)
    tables = {**result.tables, "tests": Table(table.rows.assign(named=mark), table.columns, table.title)}
    return result.replace(tables=tables)


MOVED = book({"price_value": 30, "no_urgency": 10, "terms": 10}, {"price_value": 20, "no_urgency": 60, "terms": 20})
SAME = book({"price_value": 20, "no_urgency": 20, "": 5}, {"price_value": 40, "no_urgency": 42})


def test_shares_differences_and_the_test_are_those_of_the_counts() -> None:
    result = reasons_over_time(MOVED)
    row = result.tables["reasons"].keyed("reason")["Price against value"]
    assert (row["now"], row["before"]) == (30, 20)
    assert (row["now_low"], row["now_high"]) == pytest.approx(wilson(30, 50))
    assert (row["low"], row["high"]) == pytest.approx(newcombe(30, 50, 20, 100)[1:])
    expected = stats.chi2_contingency(np.array([[30, 10, 10], [20, 60, 20]]), correction=False)
    assert result.tables["tests"].first["p"] == pytest.approx(expected.pvalue)


def test_one_primary_and_the_reasons_are_secondary() -> None:
    tests = reasons_over_time(MOVED).tables["tests"].rows
    assert list(tests["primary"]) == [True, False, False, False] and tests["named"].isna().all()


def test_a_direction_is_said_only_of_what_is_named() -> None:
    result = reasons_over_time(MOVED)
    assert result.headline == (
        "Main reasons of 50 losses in 2025Q3 against 100 in 2024Q4 to 2025Q2. Worth a look: the mix is another one."
    )
    told = named(result, "Price against value").headline
    assert "another mix, by more than chance: “Price against value” 60% after 20% (+40 points, " in told
    assert "No reason to act now" not in told


def test_no_move_is_told_with_its_interval() -> None:
    result = reasons_over_time(SAME)
    assert "no move can be told from chance (largest move: “" in result.headline
    assert result.caveats[1] == "A main reason is on record for 89% of the losses now, 100% before."


def test_halves_of_the_window() -> None:
    refused = reasons_over_time(MOVED, split="halves")
    assert "0 of the 10 losses with a main reason of the sales person needed in 2024Q4 to 2025Q1" in refused.headline
    side = reasons_over_time(book({"terms": 12}, {"terms": 11}, back=2), split="halves").tables["sides"].first
    assert (side["earlier"], side["before"], side["period"], side["now"]) == (
        "2024Q4 to 2025Q1", 11, "2025Q2 to 2025Q3", 12,
    )  # fmt: skip


def test_codes_of_another_version_need_a_successor() -> None:
    words = MOVED.book.tables["reasons"]
    older = words.assign(taxonomy_version="red_zone@0.9", code=words["code"].replace({"terms": "small_print"}))
    made = replace(MOVED, book=replace(MOVED.book, tables={**MOVED.book.tables, "reasons": older}))
    refused = reasons_over_time(made)
    assert refused.status == "refused" and "a successor in red_zone@1.0 for codes of an earlier" in refused.headline
    known = tuple(
        replace(each, replaces=("small_print",)) if each.code == "terms" else each
        for each in made.book.taxonomy.reasons
    )
    bridged = replace(made.book, taxonomy=replace(made.book.taxonomy, reasons=known))
    answer = reasons_over_time(replace(made, book=bridged))
    assert answer.tables["reasons"].records == reasons_over_time(MOVED).tables["reasons"].records


@pytest.mark.parametrize(
    ("cohort", "missing"),
    [
        (lambda: book({"terms": 9}, {"terms": 20}), "9 of the 10 losses with a main reason"),
        (lambda: book({"terms": 10}, {"terms": 5}), "15 of the 20 losses with a main reason"),
        (lambda: replace(MOVED, window=MOVED.window[-1:]), "quarters before, to compare with"),
        (lambda: replace(MOVED, as_of=FOCUS.day(40)), "the end of 2025Q3"),
    ],
)
def test_refusals_say_what_is_missing(cohort: Any, missing: str) -> None:
    result = reasons_over_time(cohort())
    assert result.status == "refused" and missing in result.headline


def test_no_reason_stands_apart_that_its_interval_does_not() -> None:
    """4 of 50 against 3 of 150, of which the score test alone has p .046 (see the mix)."""
    result = reasons_over_time(book({"price_value": 4, "no_urgency": 46}, {"price_value": 3, "no_urgency": 147}))
    rows = result.tables["tests"].rows
    assert rows.loc[~rows["primary"], "p"].tolist() == [0.05, 0.05]
    assert (result.tables["reasons"].rows["low"] * result.tables["reasons"].rows["high"] < 0).all()
