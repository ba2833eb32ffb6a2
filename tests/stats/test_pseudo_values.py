"""Pseudo-values against leaving out each row in turn, in R and here."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from r_values import r_values, tied_rows

from postmortem.ground.errors import UsageError
from postmortem.stats import cumulative_incidence, pseudo_values

ROWS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2)), min_size=2, max_size=14)


def incidence(rows, horizon):
    time, cause = zip(*rows, strict=True)
    found = cumulative_incidence(time, cause, causes=[1, 2], least_at_risk=1)
    row = int(np.searchsorted(found.times, horizon, side="right")) - 1
    return found.incidence[row, 0] if row >= 0 else 0.0


def test_leaving_out_each_row_in_r():
    rows = tied_rows()
    found = pseudo_values(rows["exit"], rows["cause"], of=1, horizon=20)
    for row, value in r_values("pseudo-values at 20").items():
        assert found[int(row.removeprefix("row")) - 1] == pytest.approx(value, abs=1e-9)


@settings(max_examples=50)
@given(ROWS, st.integers(0, 8))
def test_leaving_out_each_row_here(rows, horizon):
    assume(horizon <= max(time for time, _ in rows))
    time, cause = zip(*rows, strict=True)
    n = len(rows)
    whole = incidence(rows, horizon)
    expected = [n * whole - (n - 1) * incidence(rows[:row] + rows[row + 1 :], horizon) for row in range(n)]
    assert pseudo_values(time, cause, of=1, horizon=horizon) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 2)), min_size=2, max_size=30))
def test_without_open_rows_they_say_what_happened(rows):
    time, cause = map(np.array, zip(*rows, strict=True))
    horizon = int(np.median(time))
    assert pseudo_values(time, cause, of=2, horizon=horizon) == pytest.approx(1.0 * ((time <= horizon) & (cause == 2)))


def test_their_mean_is_the_incidence_but_for_the_jackknifes_bias():
    rows = tied_rows()
    found = pseudo_values(rows["exit"], rows["cause"], of=2, horizon=15).mean()
    assert found == pytest.approx(cumulative_incidence(rows["exit"], rows["cause"]).at(15, 2).estimate, abs=1e-3)


def test_a_cause_nobody_met_and_a_horizon_before_everything_give_zeros():
    assert pseudo_values([1, 2, 3], [1, 0, 1], of=2, horizon=3).tolist() == [0, 0, 0]
    assert pseudo_values([1, 2, 3], [1, 0, 1], of=1, horizon=0.5).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("of", "horizon", "what"),
    [(0, 1, "not a cause"), (1, 4, "within the times"), (1, math.nan, "horizon"), (1, -1, "horizon")],
)
def test_impossible_questions_are_errors(of, horizon, what):
    with pytest.raises(UsageError, match=what):
        pseudo_values([1, 2, 3], [1, 0, 1], of=of, horizon=horizon)
