"""E-values against published values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.ground.errors import UsageError
from postmortem.stats import e_value, e_value_of_interval


@pytest.mark.parametrize(("ratio", "expected"), [(3.9, 7.263), (1.8, 3.0), (1, 1)])
def test_published_values(ratio, expected):
    assert e_value(ratio) == pytest.approx(expected, abs=5e-4)
    assert e_value(1 / ratio) == pytest.approx(e_value(ratio))


@given(st.floats(1.001, 1e4))
def test_a_confounder_of_that_strength_just_suffices(ratio):
    # the bias two equal risk ratios e can make is e²/(2e − 1)
    e = e_value(ratio)
    assert e**2 / (2 * e - 1) == pytest.approx(ratio)


def test_of_an_interval_the_limit_nearer_one_counts():
    assert e_value_of_interval(1.8, 8.7) == e_value(1.8)
    assert e_value_of_interval(0.2, 0.5) == e_value(0.5)
    assert e_value_of_interval(0.8, 3) == e_value_of_interval(1, 3) == 1


@pytest.mark.parametrize("ratio", [0, -1, math.nan, math.inf, "2"])
def test_what_is_no_ratio_is_an_error(ratio):
    with pytest.raises(UsageError, match="risk_ratio"):
        e_value(ratio)


def test_crossed_limits_are_an_error():
    with pytest.raises(UsageError, match="crossed"):
        e_value_of_interval(3, 2)
