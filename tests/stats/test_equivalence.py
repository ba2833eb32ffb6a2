"""Just as often: reference values, three verdicts that exclude each other, their errors and their power."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import binom_tost, power_binom_tost

from postmortem.ground.errors import UsageError
from postmortem.stats import (
    clopper_pearson,
    equivalence_of_share,
    least_n_for_equivalence,
    power_of_equivalence,
)


def verdicts(n, **margin):
    return np.array([equivalence_of_share(count, n, **margin).verdict for count in range(n + 1)])


def test_reference_values():
    found = equivalence_of_share(48, 100)
    assert found.p_lower == pytest.approx(0.0637891769, abs=5e-11)
    assert found.p_upper == pytest.approx(0.0100051432, abs=5e-11)
    assert found.verdict == "cannot tell"
    larger = equivalence_of_share(100, 204)
    assert max(larger.p_lower, larger.p_upper) == pytest.approx(0.0055736688, abs=5e-11)
    assert larger.verdict == "equivalent"


@given(st.integers(10, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_tests_agree_with_the_library_and_mirror(counts):
    count, n = counts
    found, mirrored = equivalence_of_share(count, n), equivalence_of_share(n - count, n)
    assert max(found.p_lower, found.p_upper) == pytest.approx(binom_tost(count, n, 0.4, 0.6)[0], abs=1e-12)
    assert (mirrored.p_lower, mirrored.p_upper) == pytest.approx((found.p_upper, found.p_lower), rel=1e-9)
    assert mirrored.verdict == found.verdict
    assert mirrored.p_different == pytest.approx(found.p_different, rel=1e-9)


@pytest.mark.parametrize("n", [30, 60, 76, 100, 204, 500])
def test_each_verdict_is_what_its_interval_says(n):
    for count in range(n + 1):
        found = equivalence_of_share(count, n)
        inner, outer = clopper_pearson(count, n, confidence=0.9), clopper_pearson(count, n)
        assert (found.low90, found.high90) == pytest.approx((inner.low, inner.high), abs=1e-12)
        inside = inner.low > 0.4 and inner.high < 0.6
        outside = outer.low > 0.6 or outer.high < 0.4
        assert not (inside and outside)
        expected = "equivalent" if inside else "different" if outside else "cannot tell"
        assert found.verdict == expected


def test_an_interval_that_leaves_out_one_half_is_not_yet_different():
    assert clopper_pearson(39, 60).low > 0.5
    assert equivalence_of_share(39, 60).verdict == "cannot tell"
    assert equivalence_of_share(45, 60).verdict == "different"


@pytest.mark.parametrize("n", [60, 100, 204, 400])
def test_a_wrong_verdict_is_as_rare_as_stated(n):
    counts, verdict = np.arange(n + 1), verdicts(n)
    for share in (0.4, 0.6, 0.35, 0.65):
        assert stats.binom.pmf(counts[verdict == "equivalent"], n, share).sum() <= 0.05
    for share in (0.4, 0.45, 0.5, 0.6):
        assert stats.binom.pmf(counts[verdict == "different"], n, share).sum() <= 0.05


@pytest.mark.parametrize(("n", "power"), [(100, 0.24), (200, 0.77), (300, 0.93)])
def test_power_reference_values(n, power):
    assert power_of_equivalence(n) == pytest.approx(power, abs=0.005)


@pytest.mark.thorough
@pytest.mark.parametrize("n", [10, 40, 75, 76, 77, 100, 137, 300])
@pytest.mark.parametrize("share", [0.5, 0.42, 0.6, 0.0, 1.0])
def test_power_counts_the_samples_that_earn_the_verdict(n, share):
    chance = stats.binom.pmf(np.flatnonzero(verdicts(n) == "equivalent"), n, share).sum()
    assert power_of_equivalence(n, share) == pytest.approx(chance, abs=1e-12)


def test_power_is_never_negative_where_the_library_goes_below_zero():
    assert power_binom_tost(0.4, 0.6, 40, 0.5) < 0
    assert power_of_equivalence(40) == 0.0
    assert power_of_equivalence(0) == 0.0


def test_the_verdict_is_out_of_reach_below_76():
    assert least_n_for_equivalence() == 76
    # the most favourable counts are the middle ones; the verdict needs one of them
    reachable = [
        n
        for n in range(10, 90)
        if any(equivalence_of_share(c, n).verdict == "equivalent" for c in (n // 2, (n + 1) // 2))
    ]
    assert reachable[0] == 76
    assert sorted(set(range(76, 90)) - set(reachable)) == [77, 79, 81, 83]


def test_a_wide_margin_still_needs_what_the_verdict_needs():
    assert least_n_for_equivalence(low=0.1, high=0.9) == 10
    assert power_of_equivalence(9, low=0.1, high=0.9) == 0.0
    assert equivalence_of_share(5, 10, low=0.1, high=0.9).verdict == "equivalent"


def test_a_narrow_margin_is_searched_far():
    n = least_n_for_equivalence(low=0.49, high=0.51)
    assert power_of_equivalence(n, low=0.49, high=0.51) > 0
    assert power_of_equivalence(n - 1, low=0.49, high=0.51) == 0
    # the normal approximation: both limits z away from the middle
    assert n == pytest.approx((stats.norm.ppf(0.95) * 0.5 / 0.01) ** 2, rel=0.02)


@pytest.mark.parametrize("n", [0, 9])
def test_too_little_data_cannot_tell(n):
    found = equivalence_of_share(n, n)
    assert (found.status, found.verdict) == ("refused", "cannot tell")
    assert math.isnan(found.p_lower) and f"{n} of the 10" in found.why


@pytest.mark.parametrize(
    "wrong",
    [
        {"low": 0.6, "high": 0.4},
        {"low": 0.5, "high": 0.5},
        {"low": 0.0},
        {"high": 1.0},
        {"low": math.nan},
        {"level": 0.5},
        {"level": 0},
    ],
)
def test_an_impossible_margin_or_level_is_an_error(wrong):
    with pytest.raises(UsageError):
        equivalence_of_share(30, 60, **wrong)
    with pytest.raises(UsageError):
        power_of_equivalence(60, **wrong)
    with pytest.raises(UsageError):
        least_n_for_equivalence(**wrong)


def test_impossible_counts_are_an_error():
    for count, n in ((61, 60), (-1, 60), (math.nan, 60)):
        with pytest.raises(UsageError, match="count"):
            equivalence_of_share(count, n)
    with pytest.raises(UsageError, match="p is not a share"):
        power_of_equivalence(60, 1.5)
