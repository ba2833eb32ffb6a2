"""Adjusted p-values against R and against the definition; a test that was not made is none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_values import after

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
