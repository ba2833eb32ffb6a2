"""Percentiles with distribution-free limits, shares above a limit, and silence by chance."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import percentile, share_above, silence_probability, wilson


def test_silence_of_a_living_deal():
    assert silence_probability(0.05) == pytest.approx(0.22, abs=0.005)
    assert silence_probability(0.10) == pytest.approx(0.05, abs=0.0005)
    assert silence_probability(0) == silence_probability(3, 0) == 1


def test_silence_needs_numbers_of_at_least_nothing():
    for rate, days in ((-0.1, 30), (0.1, -1), (math.nan, 30), (0.1, math.inf)):
        with pytest.raises(UsageError, match="rate"):
            silence_probability(rate, days)


def test_the_median_of_ten_has_the_textbook_limits():
    # the second and ninth of ten hold the median with 97.9%, the third and eighth with only 89.1%
    found = percentile([7, 3, 10, 1, 4, 9, 2, 8, 6, 5], 0.5)
    assert (found.estimate, found.low, found.high) == (5, 2, 9)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 50), min_size=80, max_size=200), st.sampled_from([0.5, 0.9, 0.95]))
def test_a_percentile_is_a_value_seen_between_its_limits(values, share):
    found = percentile(values, share)
    assert found.estimate == np.quantile(values, share, method="inverted_cdf")
    assert found.low <= found.estimate <= found.high
    wider = percentile(values, share, confidence=0.96)
    assert wider.low <= found.low and (wider.status == "refused" or wider.high >= found.high)


def test_limits_hold_the_percentile_at_least_as_often_as_stated():
    rng = np.random.default_rng(3)
    truth = stats.expon.ppf(0.95)
    held = [
        found.low <= truth <= found.high for _ in range(1000) for found in [percentile(rng.exponential(size=120), 0.95)]
    ]
    # 1,000 samples: a standard error of seven tenths of a point
    assert np.mean(held) >= 0.94


def test_where_the_largest_is_no_upper_limit_the_percentile_is_refused():
    assert percentile(np.arange(72), 0.95).status == "ok"
    refused = percentile(np.arange(71), 0.95)
    assert refused.why == "not enough data: 71 of the 72 observations an upper limit needs"
    assert percentile(np.arange(9), 0.5).why == "not enough data: 9 of the 10 observations needed"


def test_the_share_above_a_limit_does_not_count_the_limit():
    found = share_above([30] * 12 + [31] * 8, 30)
    assert found == wilson(8, 20)
    assert share_above([31] * 9, 30).status == "refused"


@pytest.mark.parametrize("values", [[], [-1] * 20, [math.nan] * 20])
def test_impossible_values_are_an_error(values):
    with pytest.raises(UsageError, match="values"):
        percentile(values, 0.5)
