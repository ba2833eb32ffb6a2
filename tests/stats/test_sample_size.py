"""Sample sizes against R and the exact power they promise."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_values import PRINTED
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import (
    n_for_difference,
    n_for_equal_shares,
    n_for_equivalence,
    power_of_difference,
    power_of_equivalence,
)

LINES = PRINTED.splitlines()
OF_R = [float(line.removeprefix("[1] ")) for line in LINES[LINES.index("sample_size") + 1 :][:3]]
SHARES = st.floats(0.02, 0.98)


def test_differences_against_r():
    assert n_for_difference(0.50, 0.75, power=0.90) == math.ceil(OF_R[0]) == 77
    assert n_for_difference(0.25, 0.40, power=0.80) == math.ceil(OF_R[1]) == 152
    assert power_of_difference(60, 0.25, 0.45) == pytest.approx(OF_R[2], abs=1e-10)


@given(SHARES, SHARES, st.floats(0.3, 0.99))
def test_the_number_has_the_power_and_one_fewer_has_not(a, b, power):
    if abs(a - b) < 0.01:
        return
    n = n_for_difference(a, b, power=power)
    assert power_of_difference(n, a, b) >= power - 1e-9
    assert n == 1 or power_of_difference(n - 1, a, b) < power
    assert n_for_difference(b, a, power=power) == n


def test_power_of_equivalence_at_the_published_sizes():
    assert [power_of_equivalence(n) for n in (100, 200, 300)] == pytest.approx([0.24, 0.77, 0.93], abs=0.005)


@pytest.mark.parametrize(("p", "power"), [(0.5, 0.8), (0.5, 0.5), (0.53, 0.8), (0.5, 0.95)])
def test_equivalence_keeps_the_power_from_there_on_and_not_before(p, power):
    n = n_for_equivalence(p, power=power)
    assert all(power_of_equivalence(more, p) >= power for more in range(n, n + 100))
    assert power_of_equivalence(n - 1, p) < power


def test_equivalence_out_of_reach_has_no_number():
    assert n_for_equivalence(0.6) is None
    assert n_for_equivalence(0.2) is None
    assert n_for_equivalence(0.595) is None


def test_impossible_input_is_an_error():
    with pytest.raises(UsageError, match="difference of 0"):
        n_for_difference(0.3, 0.3)
    for call in (lambda: n_for_difference(0, 0.3), lambda: n_for_difference(0.2, 0.3, power=80),
                 lambda: n_for_equivalence(power=1.0), lambda: power_of_difference(-1, 0.2, 0.3)):  # fmt: skip
        with pytest.raises(UsageError):
            call()


def test_equal_shares_need_what_two_one_sided_tests_need():
    """By hand: 2 · .25 · ((1.644854 + 1.281552) / .1)² = 428.2; the power is that of the normal approximation."""
    assert n_for_equal_shares() == 429
    for p, margin, power in ((0.5, 0.1, 0.8), (0.2, 0.05, 0.9), (0.35, 0.1, 0.6)):
        n = n_for_equal_shares(p, margin=margin, power=power)
        reach = [
            2 * stats.norm.cdf(margin / math.sqrt(2 * p * (1 - p) / m) - 1.6448536269514722) - 1 for m in (n, n - 1)
        ]
        assert reach[0] >= power > reach[1]
    with pytest.raises(UsageError):
        n_for_equal_shares(margin=0.0)
