"""A shift between two raters: Stuart's eyes, statsmodels as another route, and false alarms counted."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import SquareTable
from test_agreement import ratings_of

from postmortem.stats import marginal_homogeneity

# Stuart (1955): 7,477 women's unaided vision, right eye against left eye, best grade to worst.
EYES = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]


def test_stuarts_eyes():
    found = marginal_homogeneity(*ratings_of(EYES))
    assert (found.statistic, found.degrees, found.status) == (pytest.approx(11.957, abs=5e-4), 3, "ok")
    assert found.p == pytest.approx(0.007533, abs=5e-6)
    assert found.bhapkar == pytest.approx(11.976, abs=5e-4)


def test_statistics_are_those_of_statsmodels():
    table = np.array([[20, 14, 9], [25, 30, 12], [10, 11, 22]])
    found, other = marginal_homogeneity(*ratings_of(table)), SquareTable(table, shift_zeros=False)
    stuart, bhapkar = other.homogeneity(method="stuart_maxwell"), other.homogeneity(method="bhapkar")
    assert (found.statistic, found.p) == pytest.approx((stuart.statistic, stuart.pvalue))
    assert found.bhapkar == pytest.approx(bhapkar.statistic)


def test_two_categories_are_mcnemars_test():
    found = marginal_homogeneity(*ratings_of([[10, 25], [12, 10]]))
    assert found.statistic == pytest.approx((25 - 12) ** 2 / 37)


def test_categories_that_are_never_confused_cost_nothing():
    """One that nobody is in doubt about, and two pairs of categories that are confused only among themselves."""
    table = np.zeros((5, 5), dtype=int)
    table[0, 1], table[1, 0], table[2, 3], table[3, 2], table[4, 4] = 20, 12, 9, 15, 30
    found = marginal_homogeneity(*ratings_of(table))
    assert found.degrees == 2
    assert found.statistic == pytest.approx((20 - 12) ** 2 / 32 + (9 - 15) ** 2 / 24)


def test_few_differences_are_exchanged_and_the_chance_is_the_exact_one():
    """Of 8 things rated differently all went one way: two of 2^8 exchanges are as extreme."""
    found = marginal_homogeneity(["a"] * 8 + ["b"] * 30, ["b"] * 38, draws=20_000)
    assert found.status == "fallback" and "only 8 ratings" in found.why
    assert found.p == pytest.approx(2 / 2**8, abs=0.002)


def test_without_a_shift_false_alarms_stay_at_their_level():
    random, alarms = np.random.default_rng(8), 0
    for book in range(150):
        truth = random.integers(0, 6, (2, 60))
        one, other = (np.where(random.random(60) < 0.4, truth[0], random.integers(0, 6, 60)) for _ in range(2))
        alarms += marginal_homogeneity(one, other, draws=300, seed=book).p <= 0.05
    assert alarms <= 15


def test_raters_who_never_differ_and_too_few_ratings_are_refused():
    assert marginal_homogeneity(["a", "b"] * 20, ["a", "b"] * 20).why == "the two never differ"
    assert marginal_homogeneity(["a", "b"] * 14, ["b", "b"] * 14).why.startswith("not enough data: 28 of the 30")
