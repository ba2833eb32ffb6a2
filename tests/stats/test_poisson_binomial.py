"""The exact distribution of unlike chances, and the index of what was promised above what came."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import poisson_binomial_pmf, wishful_index

SIX = (0.9, 0.75, 0.75, 0.5, 0.5, 0.5)
PROBABILITIES = st.lists(st.floats(0, 1), min_size=8, max_size=30)


def test_reference_values():
    found = wishful_index(SIX, (1, 1, 0, 0, 0, 0), least_n=6)
    assert (found.n, found.stated, found.happened) == (6, pytest.approx(3.9), 2)
    assert found.index.estimate == pytest.approx(1.9)
    assert found.z == pytest.approx(-1.7237, abs=5e-5)
    assert found.p_fewer == pytest.approx(0.1015625, abs=1e-12)


def test_the_distribution_is_the_sum_over_all_outcomes():
    exact = np.zeros(7)
    for outcome in product((0, 1), repeat=6):
        exact[sum(outcome)] += math.prod(p if came else 1 - p for p, came in zip(SIX, outcome, strict=True))
    assert poisson_binomial_pmf(SIX) == pytest.approx(exact, abs=1e-15)


@given(st.floats(0.001, 0.999), st.integers(1, 60))
def test_alike_chances_are_binomial(p, n):
    assert poisson_binomial_pmf([p] * n) == pytest.approx(stats.binom.pmf(range(n + 1), n, p), abs=1e-12)


@given(PROBABILITIES)
def test_it_is_a_distribution_with_the_mean_and_variance_of_its_parts(probabilities):
    pmf, p = poisson_binomial_pmf(probabilities), np.array(probabilities)
    number = np.arange(p.size + 1)
    assert (pmf >= 0).all() and pmf.sum() == pytest.approx(1)
    assert pmf @ number == pytest.approx(p.sum(), abs=1e-9)
    assert pmf @ (number - p.sum()) ** 2 == pytest.approx((p * (1 - p)).sum(), abs=1e-9)
    assert poisson_binomial_pmf(probabilities[::-1]) == pytest.approx(pmf, abs=1e-12)


def test_it_stays_exact_with_many_observations():
    pmf = poisson_binomial_pmf([0.3] * 2000)
    assert pmf[:601].sum() == pytest.approx(stats.binom.cdf(600, 2000, 0.3), abs=1e-10)


@given(PROBABILITIES, st.randoms(use_true_random=False))
def test_interval_and_tail_hold_for_any_outcome(probabilities, chance):
    happened = [chance.random() < 0.5 for _ in probabilities]
    found = wishful_index(probabilities, happened)
    assert found.index.low <= found.index.estimate <= found.index.high
    assert found.index.high <= found.stated + 1e-9 and found.index.low >= found.stated - found.n - 1e-9
    assert 0 <= found.p_fewer <= 1
    assert 0 <= found.usual_low <= found.usual_high <= found.n


def test_the_usual_range_holds_what_it_says():
    found = wishful_index([0.3] * 40, [0] * 40)
    pmf = stats.binom.pmf(range(41), 40, 0.3)
    low, high = int(found.usual_low), int(found.usual_high)
    assert pmf[low : high + 1].sum() >= 0.95
    assert pmf[:low].sum() <= 0.025 and pmf[high + 1 :].sum() <= 0.025
    assert pmf[: low + 1].sum() > 0.025 and pmf[high:].sum() > 0.025


@pytest.mark.parametrize("truth", [(0.2,) * 12, (0.05, 0.95) * 6, (0.4, 0.6, 0.9) * 4])
def test_the_interval_covers_exactly_computed(truth):
    """Over the true distribution of events, not by simulation: the promise is .8 on each of twelve."""
    covered = 0.0
    for came, chance in enumerate(poisson_binomial_pmf(truth)):
        found = wishful_index([0.8] * 12, [1] * came + [0] * (12 - came)).index
        covered += chance * (found.low <= 12 * 0.8 - sum(truth) <= found.high)
    assert covered >= 0.95


def test_certain_promises_have_no_spread():
    found = wishful_index([1.0] * 10, [1] * 9 + [0])
    assert math.isnan(found.z) and found.p_fewer == 0.0
    assert (found.usual_low, found.usual_high) == (10, 10)


def test_fewer_than_eight_keep_the_counts_and_lose_the_rest():
    found = wishful_index([0.9] * 7, [0] * 7)
    assert (found.status, found.happened, found.stated) == ("refused", 0, pytest.approx(6.3))
    assert found.why == "not enough data: 7 of the 8 observations needed"
    assert found.index.status == "refused"
    assert all(math.isnan(each) for each in (found.z, found.p_fewer, found.usual_low, found.usual_high))


@pytest.mark.parametrize(
    ("probability", "happened", "what"),
    [
        ([90, 75], [1, 0], "no shares"),
        ([0.9, math.nan], [1, 0], "missing"),
        ([0.9, 0.5], [1, 2], "not outcomes"),
        ([0.9, 0.5], [1], "differ in length"),
        ([], [], "empty"),
    ],
)
def test_impossible_input_is_an_error(probability, happened, what):
    with pytest.raises(UsageError, match=what):
        wishful_index(probability, happened)
