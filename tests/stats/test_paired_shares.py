"""Differences of paired shares: by hand, by simulation, and exactly."""

import math

import numpy as np
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import mcnemar, paired_difference


def test_the_interval_is_the_formula_by_hand():
    found = paired_difference(20, 6, 58)
    p, q = 21 / 60, 7 / 60
    half = 1.959963984540054 * math.sqrt((p + q - (p - q) ** 2) / 60)
    assert (found.estimate, found.low, found.high) == pytest.approx((14 / 58, p - q - half, p - q + half))


def test_what_one_calls_first_the_other_calls_second():
    one, other = paired_difference(9, 2, 40), paired_difference(2, 9, 40)
    assert (one.estimate, one.low, one.high) == pytest.approx((-other.estimate, -other.high, -other.low))


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random, held = np.random.default_rng(2), 0
    for both, only_first, only_second, _ in random.multinomial(40, [0.1, 0.25, 0.08, 0.57], size=1500):
        found = paired_difference(int(only_first), int(only_second), 40)
        held += found.low <= 0.17 <= found.high
        assert both >= 0
    assert 0.935 <= held / 1500 <= 0.985


def test_few_things_are_refused_and_impossible_counts_raise():
    assert paired_difference(3, 1, 9).why == "not enough data: 9 of the 10 observations needed"
    with pytest.raises(UsageError, match="together exceed n"):
        paired_difference(30, 20, 40)


def test_mcnemar_is_the_binomial_at_one_half():
    assert mcnemar(9, 1) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(4, 4) == 1.0
    assert math.isnan(mcnemar(0, 0))
