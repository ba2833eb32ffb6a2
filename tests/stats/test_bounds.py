"""Bounds: the reference case, and every way of filling in the unknown."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.ground.errors import UsageError
from postmortem.stats import several, share_bounds


def test_reference_value():
    found = several({"competitor": 18, "status quo": 14, "disqualified": 5}, 23)
    assert list(found) == ["competitor", "status quo", "disqualified"]
    assert found["competitor"] == share_bounds(18, 23, 60)
    assert (found["competitor"].low, round(found["competitor"].high, 2)) == (0.30, 0.68)


@given(st.integers(0, 8), st.integers(0, 8), st.integers(0, 8))
def test_the_bounds_are_the_extremes_of_all_ways_to_fill_in(count, unknown, other):
    n = count + unknown + other
    if n == 0:
        return
    shares = [(count + taken) / n for taken in range(unknown + 1)]
    found = share_bounds(count, unknown, n)
    assert (found.low, found.high) == (min(shares), max(shares))


def test_nothing_unknown_leaves_one_number():
    found = share_bounds(3, 0, 12)
    assert found.low == found.high == 0.25


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((18, 43, 60), "together exceed"),
        ((-1, 0, 5), "count is negative"),
        ((1, math.nan, 5), "unknown is not a count"),
        ((0, 0, 0), "n is 0"),
    ],
)
def test_impossible_counts_are_an_error(arguments, what):
    with pytest.raises(UsageError, match=what):
        share_bounds(*arguments)


def test_the_kind_at_fault_is_named():
    with pytest.raises(UsageError, match="'status quo'"):
        several({"competitor": 3, "status quo": -2}, 1)
    with pytest.raises(UsageError, match="no kind"):
        several({}, 4)
    with pytest.raises(UsageError, match="n is 0"):
        several({"competitor": 0}, 0)
