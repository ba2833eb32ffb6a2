"""Claims against hand-made figures: one that bears each out, one that refutes it, one that cannot tell."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from analysis_cases import answer_of, closed_of, counted
from builders import FOCUS

from postmortem.analyses import NAMES
from postmortem.analyses.competitor_or_status_quo import competitor_or_status_quo
from postmortem.findings.claims import CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE, SUPPORTED, Claim, claims, judge
from postmortem.result import Result, refused
from postmortem.signals.six import SIX
from postmortem.table import Table

CLAIMS = {claim.number: claim for claim in claims()}
# What no analysis answers yet: its entry says so on the page.
WAITING: set[str] = set()
# Estimate and interval, as the analysis states them: the claim holds; it does not; it cannot be told.
Figures = tuple[float, float, float]
POINTS: tuple[Figures, Figures, Figures] = ((0.30, 0.15, 0.45), (-0.02, -0.06, 0.01), (0.06, -0.01, 0.13))
MADE: dict[int, tuple[Figures, Figures, Figures]] = {
    2: POINTS,
    # wins beyond those that came, of 200 deals: 20 are 10 points
    3: ((20.0, 12.0, 28.0), (2.0, -4.0, 8.0), (12.0, 4.0, 20.0)),
    **dict.fromkeys(range(4, 12), POINTS),
    12: ((0.03, 0.00, 0.06), (0.25, 0.15, 0.35), (0.10, 0.03, 0.20)),
    14: ((0.1, -0.2, 0.4), (1.0, 0.6, 1.4), (0.4, 0.1, 0.7)),
    15: POINTS,
    16: POINTS,
    17: ((0.08, 0.02, 0.15), (0.40, 0.25, 0.55), (0.18, 0.08, 0.30)),
    18: POINTS,
    19: ((1.4, 1.2, 1.6), (0.95, 0.85, 1.05), (1.2, 1.0, 1.4)),
    20: ((0.85, 0.75, 0.95), (0.55, 0.45, 0.65), (0.7, 0.5, 0.9)),
    21: POINTS,
    22: ((0.2, 0.1, 0.3), (0.8, 0.7, 0.9), (0.45, 0.3, 0.6)),
}
N = 200


def real(claim: Claim) -> Result:
    """Return what the claim's analysis answers on the hand-made deals, so that the shape of its tables is its own."""
    answer = answer_of(claim.analysis, "forecast")
    assert answer.status != "refused", (claim.analysis, answer.what_is_missing)
    return answer


def with_figures(claim: Claim, figures: Figures, *, n: int = N, control: float = 1.0, **more: Any) -> Result:
    """Return the analysis's own answer with these figures in the claim's row and `n` in its first column of cases."""
    answer = real(claim)
    tables = dict(answer.tables)
    rows = tables[claim.table].rows.copy()
    place = rows.index[[all(row[c] == v for c, v in claim.rows.items()) for row in rows.to_dict("records")]][0]
    new = dict(zip((claim.estimate, claim.low, claim.high), figures, strict=True)) | more
    new |= {claim.over: n} if claim.over else {}
    if claim.control:
        beside = [all(row[c] == v for c, v in claim.control.items()) for row in rows.to_dict("records")]
        rows.loc[rows.index[beside][0], claim.estimate] = control
    for column, value in new.items():
        rows.loc[place, column] = value
    tables[claim.table] = replace(tables[claim.table], rows=rows)
    for order, cases in enumerate(claim.n):
        name, column = cases.split(".")
        changed = tables[name].rows.copy()
        if name == claim.table:
            changed.loc[place, column] = 0 if order else n
        else:
            changed[column] = 0
            chosen = [all(row[c] == v for c, v in claim.n_rows.items()) for row in changed.to_dict("records")]
            changed.loc[changed.index[chosen][0], column] = 0 if order else n
        tables[name] = replace(tables[name], rows=changed)
    return answer.replace(tables=tables)


def test_there_are_twenty_two_and_each_names_an_analysis_that_is_there_or_waited_for() -> None:
    assert list(CLAIMS) == list(range(1, 23))
    assert {claim.analysis for claim in CLAIMS.values()} - set(NAMES) == WAITING
    assert len({claim.short for claim in CLAIMS.values()}) == 22


def test_names_in_the_picture_say_what_is_looked_at_and_bring_nothing_about() -> None:
    verbs = re.compile(
        r"\b(helps?|makes?|leads?|keeps?|causes?|brings?|los(es|ing)|wins?|prevents?|drives?|tells?|because|due)\b",
        re.I,
    )
    assert not [claim.short for claim in CLAIMS.values() if verbs.search(claim.short)]
    assert max(len(claim.short) for claim in CLAIMS.values()) <= 25


def test_signs_are_found_by_their_code_and_compared_like_with_like() -> None:
    of_signs = [claim for claim in CLAIMS.values() if claim.analysis in ("six_causes", "warning_signals")]
    assert [claim.number for claim in of_signs] == [4, 5, 6, 7, 8, 9, 16, 18]
    assert [claim.rows["code"] for claim in of_signs[:6]] == list(SIX)
    assert {(claim.estimate, claim.low, claim.high) for claim in of_signs} == {("alike", "alike_low", "alike_high")}


@pytest.mark.parametrize("number", CLAIMS)
def test_margin_and_least_number_are_fixed_and_fields_are_named(number: int) -> None:
    claim = CLAIMS[number]
    assert claim.at_least < claim.at_most and (math.isfinite(claim.at_least) or math.isfinite(claim.at_most))
    assert claim.least >= 10 and claim.fields and claim.statement.endswith(".")


@pytest.mark.parametrize("number", list(MADE))
def test_borne_out_refuted_and_undecided(number: int) -> None:
    claim = CLAIMS[number]
    for figures, wanted in zip(MADE[number], (SUPPORTED, CONTRADICTED, INCONCLUSIVE), strict=True):
        found = judge(claim, with_figures(claim, figures))
        scale = N if claim.over else 1
        assert (found.estimate, found.low, found.high) == pytest.approx([each / scale for each in figures])
        assert found.n == N
        expected = INCONCLUSIVE if wanted == CONTRADICTED and claim.cannot_refute else wanted
        assert found.verdict == expected, figures


def test_a_sign_that_cannot_refute_says_why() -> None:
    claim = CLAIMS[8]
    found = judge(claim, with_figures(claim, POINTS[1]))
    assert (found.verdict, found.why) == (INCONCLUSIVE, claim.cannot_refute)


@pytest.mark.parametrize(("control", "words"), [(1.7, "shows no less (1.7)"), (math.nan, "as far as can be told")])
def test_what_goes_with_all_losses_alike_says_nothing_of_one_kind(control: float, words: str) -> None:
    found = judge(CLAIMS[19], with_figures(CLAIMS[19], MADE[19][0], control=control))
    assert found.verdict == INCONCLUSIVE and words in found.why


@pytest.mark.parametrize("figures", [(0.9, 0.85, 0.95), (0.3, 0.1, 0.5), (0.78, 0.6, 0.9)])
def test_a_scenario_is_never_borne_out_nor_refuted(figures: Figures) -> None:
    found = judge(CLAIMS[13], with_figures(CLAIMS[13], figures))
    assert found.verdict == INCONCLUSIVE and "what could be" in found.why
    assert found.estimate == figures[0]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.10, 0.3, INCONCLUSIVE), (0.1001, 0.3, SUPPORTED), (-0.3, 0.10, INCONCLUSIVE), (-0.3, 0.0999, CONTRADICTED)],
)
def test_an_interval_that_touches_the_margin_is_not_beyond_it(low: float, high: float, verdict: str) -> None:
    assert judge(CLAIMS[2], with_figures(CLAIMS[2], (0.2 if high > 0.2 else -0.1, low, high))).verdict == verdict


def test_what_differs_from_none_but_not_from_the_margin_is_undecided() -> None:
    """An interval that leaves out zero is not enough: the margin is ten points."""
    assert judge(CLAIMS[2], with_figures(CLAIMS[2], (0.06, 0.02, 0.2))).verdict == INCONCLUSIVE


def test_wide_intervals_never_mean_alike() -> None:
    assert judge(CLAIMS[14], with_figures(CLAIMS[14], (0.0, -3.0, 3.0))).verdict == INCONCLUSIVE


@pytest.mark.parametrize("number", list(MADE))
def test_under_the_least_number_of_cases_nothing_is_said(number: int) -> None:
    claim = CLAIMS[number]
    found = judge(claim, with_figures(claim, MADE[number][0], n=claim.least - 1))
    assert found.verdict == INCONCLUSIVE and math.isnan(found.estimate)
    assert found.why == f"{claim.least - 1} of the {claim.least} cases needed"


def test_without_a_single_case_it_is_the_fields_that_are_missing() -> None:
    assert judge(CLAIMS[9], with_figures(CLAIMS[9], (math.nan,) * 3, n=0)).verdict == NOT_TESTABLE


def test_without_an_interval_nothing_is_said() -> None:
    found = judge(CLAIMS[2], with_figures(CLAIMS[2], (0.3, math.nan, math.nan)))
    assert found.verdict == INCONCLUSIVE and math.isnan(found.estimate) and found.why


def test_refusals_missing_rows_and_missing_analyses_are_not_testable() -> None:
    claim = CLAIMS[22]
    no = refused(claim.analysis, "Why?", "4 of the 10 losses needed")
    assert (judge(claim, no).verdict, judge(claim, no).why) == (NOT_TESTABLE, "4 of the 10 losses needed")
    assert judge(CLAIMS[20], None).verdict == NOT_TESTABLE
    answer = real(claim)
    table = answer.tables["pairs"]
    empty = answer.replace(tables={"pairs": Table(table.rows.head(0), table.columns, table.title)})
    assert judge(claim, empty).verdict == NOT_TESTABLE
    assert judge(claim, answer.replace(tables={})).verdict == NOT_TESTABLE


@pytest.mark.parametrize(
    ("competitor", "status_quo", "verdict"),
    [(150, 150, SUPPORTED), (200, 40, CONTRADICTED), (50, 40, INCONCLUSIVE), (20, 20, INCONCLUSIVE)],
)
def test_equally_often_is_read_from_books(competitor: int, status_quo: int, verdict: str) -> None:
    fates = {"lost_competitor": competitor, "lost_status_quo": status_quo, "won": 5}
    cohort = closed_of(counted(fates, FOCUS))
    found = judge(CLAIMS[1], competitor_or_status_quo(cohort))
    assert (found.verdict, found.n) == (verdict, competitor + status_quo)


def test_the_verdict_of_an_analysis_with_the_same_margin_is_taken_over() -> None:
    """Unrecorded losses may hold the analysis back where the interval alone would decide."""
    answer = with_figures(CLAIMS[1], (0.5, 0.45, 0.55), verdict="cannot tell")
    assert judge(CLAIMS[1], answer).verdict == INCONCLUSIVE
