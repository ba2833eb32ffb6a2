"""Adjusted p-values against R and against the definition; a test that was not made is none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_values import after
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import benjamini_hochberg

SIX = (0.005, 0.009, 0.05, 0.1, 0.2, 0.3)


def test_reference_values_against_r():
    assert benjamini_hochberg(SIX) == pytest.approx(after("false_discovery"), abs=1e-12)
    assert benjamini_hochberg(SIX) == pytest.approx((0.027, 0.027, 0.1, 0.15, 0.24, 0.3), abs=1e-12)


def test_a_missing_value_is_no_test_and_spoils_no_other():
    found = benjamini_hochberg([0.2, math.nan, *SIX[:4], 0.3, math.nan])
    assert np.isnan(found[[1, 7]]).all()
    assert found[[2, 3, 4, 5, 0, 6]] == pytest.approx(benjamini_hochberg(SIX))
    assert np.isnan(benjamini_hochberg([math.nan, math.nan])).all()
    assert benjamini_hochberg([]).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.001, 0.5))
def test_it_names_what_the_step_up_rule_names(p, level):
    ordered = np.sort(p)
    below = np.flatnonzero(ordered <= level * np.arange(1, len(p) + 1) / len(p))
    limit = ordered[below[-1]] if below.size else -1.0
    adjusted = benjamini_hochberg(p)
    # adjusted values within rounding of the level could go either way
    clear = np.abs(adjusted - level) > 1e-12
    assert ((adjusted <= level) == (np.array(p) <= limit))[clear].all()
    assert (adjusted >= np.array(p) - 1e-15).all() and (adjusted <= 1).all()


def test_impossible_values_are_an_error():
    for wrong in ([0.5, 1.2], [-0.1]):
        with pytest.raises(UsageError, match="no shares"):
            benjamini_hochberg(wrong)
    with pytest.raises(UsageError, match="not one column"):
        benjamini_hochberg([[0.1], [0.2]])


def test_weights_divide_the_evidence_asked_and_count_among_the_tests_made_only() -> None:
    # by hand: weights 3 and 1 are 1.5 and .5 on average 1, so that .01 and .01 stand for .00667 and .02
    assert benjamini_hochberg([0.01, 0.01], weights=[3, 1]) == pytest.approx([0.02 / 1.5, 0.02])
    with_gap = benjamini_hochberg([0.01, math.nan, 0.01], weights=[3, 50, 1])
    assert with_gap[[0, 2]] == pytest.approx([0.02 / 1.5, 0.02]) and math.isnan(with_gap[1])
    assert benjamini_hochberg([0.2, 0.9], weights=[7, 7]) == pytest.approx(benjamini_hochberg([0.2, 0.9]))


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, math.nan]])
def test_weights_that_are_not_one_a_test_or_not_above_0_are_refused(weights: list[float]) -> None:
    with pytest.raises(UsageError, match="weights of tests"):
        benjamini_hochberg([0.1, 0.2], weights=weights)


def test_six_families_at_five_per_cent_name_something_in_27_of_100_books_where_nothing_is():
    """1 − .95⁶ = .265, since a family of true nulls names something at just its level; one gate at .03 stays there."""
    rng = np.random.default_rng(16)
    books = rng.uniform(size=(400, 6, 5))
    families = np.mean([any(benjamini_hochberg(own).min() <= 0.05 for own in book) for book in books])
    gate = np.mean([benjamini_hochberg(book.ravel()).min() <= 0.03 for book in books])
    # 400 books: a standard error of two points and of one
    assert families == pytest.approx(1 - 0.95**6, abs=0.06)
    assert gate == pytest.approx(0.03, abs=0.025)


@pytest.mark.parametrize(("quarters", "found"), [(1, 0.15), (4, 0.80)])
def test_a_cause_of_25_against_40_per_cent_seldom_shows_in_one_quarter_and_mostly_in_four(quarters, found):
    """Twenty signs, 60 lost and 81 won deals a quarter, one sign on .40 and .25 of them, the others on .25 of both."""
    rng, lost, won = np.random.default_rng(17), 60 * quarters, 81 * quarters
    share = np.r_[0.40, np.full(19, 0.25)]
    on_lost, on_won = rng.binomial(lost, share, (800, 20)), rng.binomial(won, np.full(20, 0.25), (800, 20))
    # the Cochran-Mantel-Haenszel score of one stratum: hypergeometric mean and variance
    pooled = (on_lost + on_won) / (lost + won)
    spread = np.sqrt(pooled * (1 - pooled) * lost * won / (lost + won - 1))
    p = 2 * stats.norm.sf(np.abs(on_lost - pooled * lost) / spread)
    power = np.mean([benjamini_hochberg(book)[0] <= 0.05 for book in p])
    # "15%" and "about 80%": what is meant to two digits, and a standard error of a point and a half
    assert power == pytest.approx(found, abs=0.05)
