"""The width of an interval to come, against the width of the interval that comes."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.ground.errors import UsageError
from postmortem.stats import expected_half_width, wilson

Z = NormalDist().inv_cdf(0.975)


@pytest.mark.parametrize(("n", "half"), [(20, 0.19), (30, 0.16), (50, 0.13), (84, 0.10), (120, 0.084)])
def test_widths_that_were_published(n, half):
    assert expected_half_width(n) == pytest.approx(half, abs=0.005 if n < 120 else 0.0005)


@pytest.mark.parametrize(("events", "n"), [(7, 20), (21, 60), (35, 100)])
def test_it_is_the_width_of_the_interval_once_the_cases_are_there(events, n):
    interval = wilson(events, n)
    assert expected_half_width(n, share=events / n) == pytest.approx((interval.high - interval.low) / 2, abs=1e-12)


def test_a_sample_of_a_finite_whole_against_the_variance_of_the_hypergeometric():
    """30 of 60 at .35: the variance of the mean is p q / n (N − n)/(N − 1), as if there were 59 from an endless one."""
    as_if = 0.35 * 0.65 / (0.35 * 0.65 / 30 * (60 - 30) / (60 - 1))
    assert as_if == pytest.approx(59)
    assert expected_half_width(30, 60) == pytest.approx(expected_half_width(59))
    assert expected_half_width(60, 60) == 0


def test_four_deals_a_rep_that_are_somewhat_alike_count_as_fewer():
    assert expected_half_width(40, cluster_size=4, icc=0.1) == pytest.approx(expected_half_width(40 / 1.3))
    assert expected_half_width(40, cluster_size=4, icc=1) == pytest.approx(expected_half_width(10))


@given(st.integers(1, 200), st.integers(1, 200), st.floats(0.05, 0.95))
def test_more_of_the_same_whole_is_never_wider(n, more, share):
    whole = n + more + 50
    assert expected_half_width(n + more, whole, share=share) < expected_half_width(n, whole, share=share)
    assert expected_half_width(n, whole, share=share) <= expected_half_width(n, share=share)


def test_large_samples_have_the_textbook_width():
    assert expected_half_width(40_000) == pytest.approx(Z * math.sqrt(0.35 * 0.65 / 40_000), rel=1e-3)


@pytest.mark.parametrize(
    "asked",
    [{"n": 0}, {"n": -1}, {"n": math.nan}, {"n": 20, "population": 10}, {"n": 20, "share": 1.0},
     {"n": 20, "cluster_size": 0.5}, {"n": 20, "icc": 1.5}],
)  # fmt: skip
def test_impossible_input_is_an_error(asked):
    with pytest.raises(UsageError):
        expected_half_width(**asked)
