"""Intervals for shares against published values, other routes, and what must hold for any counts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from postmortem.ground.errors import UsageError
from postmortem.stats import clopper_pearson, goodman, newcombe, wilson, z_value

COUNTS = st.integers(10, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
INTERVALS = pytest.mark.parametrize("interval", [wilson, clopper_pearson])


def limits(estimate):
    return estimate.low, estimate.high


def test_the_normal_quantile_is_not_rounded():
    assert z_value(0.95) == pytest.approx(1.959963984540054, abs=1e-14)


@pytest.mark.parametrize(
    ("interval", "events", "n", "low", "high"),
    [
        (wilson, 7, 20, 0.181192, 0.567146),
        (wilson, 0, 12, 0.0, 0.242494),
        (clopper_pearson, 7, 20, 0.153909, 0.592189),
    ],
)
def test_reference_values(interval, events, n, low, high):
    assert limits(interval(events, n)) == pytest.approx((low, high), abs=5e-7)


def test_fourteen_of_twenty_buyers():
    assert limits(clopper_pearson(14, 20)) == pytest.approx((0.46, 0.88), abs=0.005)


def test_a_reason_nobody_of_twenty_named():
    # one-sided 95%: the share s with (1 - s)^20 = .05
    assert clopper_pearson(0, 20, confidence=0.9).high == pytest.approx(1 - 0.05 ** (1 / 20), abs=1e-12)
    assert clopper_pearson(0, 20, confidence=0.9).high < 0.14


@pytest.mark.parametrize(("n", "half"), [(20, 0.19), (30, 0.16), (50, 0.13), (84, 0.10), (120, 0.084)])
def test_half_widths_for_planning(n, half):
    # at a share of 35%; the nearest whole counts either side bracket it
    low, high = (wilson(count, n) for count in (math.floor(0.35 * n), math.ceil(0.35 * n)))
    widths = sorted((each.high - each.low) / 2 for each in (low, high))
    assert widths[0] - 0.006 <= half <= widths[1] + 0.006


@given(COUNTS)
def test_wilson_solves_the_score_equation(counts):
    events, n = counts
    low, high = proportion_confint(events, n, method="wilson")
    assert limits(wilson(events, n)) == pytest.approx((max(low, 0), min(high, 1)), abs=1e-12)


@given(COUNTS)
def test_clopper_pearson_leaves_half_alpha_in_each_tail(counts):
    events, n = counts
    low, high = limits(clopper_pearson(events, n))
    if events > 0:
        assert stats.binom.sf(events - 1, n, low) == pytest.approx(0.025, rel=1e-6)
    if events < n:
        assert stats.binom.cdf(events, n, high) == pytest.approx(0.025, rel=1e-6)


@INTERVALS
@given(counts=COUNTS, confidence=st.floats(0.5, 0.995))
def test_an_interval_holds_its_estimate_mirrors_and_widens(interval, counts, confidence):
    events, n = counts
    found = interval(events, n, confidence=confidence)
    mirrored = interval(n - events, n, confidence=confidence)
    wider = interval(events, n, confidence=confidence + 0.004)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.estimate == events / n
    assert limits(mirrored) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)
    assert wider.high - wider.low > found.high - found.low
    assert wider.low <= found.low and wider.high >= found.high


@INTERVALS
def test_certain_limits_are_exact(interval):
    assert interval(0, 12).low == 0.0
    assert interval(12, 12).high == 1.0


@INTERVALS
def test_too_few_observations_give_counts_only(interval):
    refused = interval(3, 9)
    assert (refused.status, refused.events, refused.n) == ("refused", 3, 9)
    assert refused.why == "not enough data: 9 of the 10 observations needed"
    assert interval(3, 9, least_n=9).status == "ok"


@INTERVALS
def test_the_rule_for_events_is_asked_for_and_counts_the_rarer_outcome(interval):
    assert interval(2, 60).status == "ok"
    assert interval(2, 60, least_events=5).why == "not enough data: 2 of the 5 events needed"
    assert interval(58, 60, least_events=5).why == "not enough data: 2 of the 5 events needed"


@INTERVALS
def test_a_share_of_nothing_is_refused_whatever_is_asked(interval):
    assert interval(0, 0, least_n=0).status == "refused"


@INTERVALS
@pytest.mark.parametrize(
    ("events", "n", "what"), [(13, 12, "exceeds"), (-1, 12, "negative"), (math.nan, 12, "not a count")]
)
def test_impossible_counts_are_an_error(interval, events, n, what):
    with pytest.raises(UsageError, match=what):
        interval(events, n)


@INTERVALS
def test_an_impossible_confidence_is_an_error_even_where_the_answer_is_refused(interval):
    with pytest.raises(UsageError, match="confidence"):
        interval(3, 4, confidence=95)


def test_goodman_reference_value():
    first = goodman([56, 72, 73, 59, 62, 87, 58])[0]
    assert limits(first) == pytest.approx((0.0852, 0.1663), abs=5e-5)
    assert (first.events, first.n) == (56, 467)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6).filter(lambda cells: sum(cells) >= 10))
def test_goodman_is_wilson_with_alpha_shared_among_the_cells(cells):
    for cell, found in zip(cells, goodman(cells), strict=True):
        # chi-square(1) at 1 - a is the square of the two-sided normal quantile at the same a
        alone = wilson(cell, sum(cells), confidence=1 - 0.05 / len(cells))
        assert limits(found) == pytest.approx(limits(alone), abs=1e-9)
        assert found.low <= found.estimate <= found.high


def test_goodman_follows_the_order_of_the_cells():
    cells = np.array([30, 5, 0, 12])
    order = [2, 0, 3, 1]
    assert goodman(cells[order]) == tuple(goodman(cells)[i] for i in order)


def test_goodman_refuses_few_and_rejects_one():
    assert {cell.status for cell in goodman([3, 4])} == {"refused"}
    assert {cell.status for cell in goodman([0, 0])} == {"refused"}
    for wrong, what in (([40], "one category"), ([], "empty"), ([3, -1], "not counts")):
        with pytest.raises(UsageError, match=what):
            goodman(wrong)


def test_newcombe_reference_value():
    found = newcombe(56, 70, 48, 80)
    assert limits(found) == pytest.approx((0.052431, 0.333873), abs=5e-7)
    assert found.estimate == pytest.approx(0.2)


@given(COUNTS, COUNTS, st.floats(0.5, 0.99))
def test_newcombe_holds_for_any_counts(a, b, confidence):
    found = newcombe(*a, *b, confidence=confidence, least_events=0)
    swapped = newcombe(*b, *a, confidence=confidence, least_events=0)
    failures = newcombe(a[1] - a[0], a[1], b[1] - b[0], b[1], confidence=confidence, least_events=0)
    wider = newcombe(*a, *b, confidence=confidence + 0.005, least_events=0)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    assert limits(swapped) == pytest.approx((-found.high, -found.low), abs=1e-12)
    assert limits(failures) == pytest.approx((-found.high, -found.low), abs=1e-12)
    assert wider.low <= found.low and wider.high >= found.high
    library = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff", alpha=1 - confidence)
    assert limits(found) == pytest.approx(library, abs=1e-9)


def test_newcombe_refuses_a_small_side_and_rare_events():
    assert newcombe(3, 9, 30, 60).why == ("not enough data: 9 of the 10 observations needed in the smaller group")
    assert newcombe(1, 30, 2, 40).why == "not enough data: 3 of the 5 events needed"
    assert newcombe(29, 30, 38, 40).why == "not enough data: 3 of the 5 events needed"
    assert newcombe(0, 30, 20, 40).status == "ok"


def test_newcombe_names_the_side_at_fault():
    with pytest.raises(UsageError, match="events_b exceeds n_b"):
        newcombe(3, 20, 21, 20)
