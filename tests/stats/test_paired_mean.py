"""Means of paired differences: against the classic t interval, R's sleep data, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats.paired_mean import paired_mean

# R: sleep, extra of drug 2 less drug 1; t.test(paired = TRUE) gives 1.58, (0.7001142, 2.4598858)
SLEEP = (1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4)


def test_unrelated_pairs_give_the_paired_t_test_of_r() -> None:
    found = paired_mean(SLEEP, range(10))
    assert (found.estimate, found.n, found.clusters) == (pytest.approx(1.58), 10, 10)
    assert found.low == pytest.approx(0.7001142, abs=1e-6)
    assert found.high == pytest.approx(2.4598858, abs=1e-6)


def test_pairs_that_repeat_within_clusters_are_worth_no_more_than_the_clusters() -> None:
    alone, thrice = paired_mean(SLEEP, range(10)), paired_mean(np.repeat(SLEEP, 3), np.repeat(range(10), 3))
    assert (thrice.low, thrice.high) == (pytest.approx(alone.low), pytest.approx(alone.high))


def test_the_ninety_per_cent_interval_decides_two_one_sided_tests() -> None:
    values = np.asarray(SLEEP)
    found = paired_mean(values, range(10), confidence=0.9)
    for margin in (found.high + 0.01, found.high - 0.01):
        p = stats.ttest_1samp(values, margin, alternative="less").pvalue
        assert (p < 0.05) == (found.high < margin)


@pytest.mark.parametrize(
    ("values", "clusters", "why"),
    [
        (SLEEP[:9], range(9), "9 of the 10 pairs needed"),
        (SLEEP, [0] * 5 + [1] * 5, "2 of the 10 groups needed"),
        ([*SLEEP * 40, *SLEEP], [0] * 400 + list(range(1, 11)), "hold most of the pairs"),
    ],
)
def test_too_little_is_refused(values: list[float], clusters: list[int], why: str) -> None:
    found = paired_mean(values, clusters)
    assert found.status == "refused" and why in found.why and math.isnan(found.estimate)


def test_missing_values_are_an_error() -> None:
    with pytest.raises(UsageError, match="differences"):
        paired_mean([*SLEEP[:9], math.nan], range(10))
