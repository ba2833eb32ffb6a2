"""A difference of shares by clusters, against ordinary least squares with cluster-robust errors and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import newcombe
from postmortem.stats.clustered import clustered_difference


def hanging_together(groups: int = 24, each: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return events whose frequency differs from cluster to cluster, on both sides."""
    random = np.random.default_rng(11)
    cluster = np.repeat(np.arange(groups), each)
    in_a = random.random(groups * each) < 0.45
    level = random.beta(1.2, 2.4, groups)[cluster]
    return random.random(groups * each) < np.clip(level + 0.1 * in_a, 0, 1), in_a, cluster


def test_it_is_least_squares_with_cluster_robust_errors() -> None:
    event, in_a, cluster = hanging_together()
    # Most of a cluster on one side, so that what its observations share does not cancel out.
    in_a = np.where(np.arange(len(event)) % 6 == 0, in_a, cluster % 2 == 0)
    found = clustered_difference(event, in_a, [f"month {each}" for each in cluster])
    fit = sm.OLS(event.astype(float), sm.add_constant(in_a.astype(float))).fit()
    # statsmodels' own small-sample factor is G/(G-1) (n-1)/(n-k); ours leaves out the second part.
    robust = fit.get_robustcov_results("cluster", groups=cluster)
    n, groups = len(event), len(set(cluster))
    error = robust.bse[1] / math.sqrt((n - 1) / (n - 2))
    half = stats.t.ppf(0.975, groups - 1) * error
    assert found.estimate == pytest.approx(robust.params[1])
    assert (found.low, found.high) == pytest.approx((found.estimate - half, found.estimate + half))
    assert (found.n, found.events, found.clusters) == (n, int(event.sum()), groups)


def test_observations_that_hang_together_widen_the_interval() -> None:
    event, _, cluster = hanging_together()
    # Whole clusters on one side: what they have in common no longer cancels out.
    sided = cluster % 2 == 0
    wide, alone = clustered_difference(event, sided, cluster), clustered_difference(event, sided, np.arange(len(event)))
    assert wide.high - wide.low > 1.2 * (alone.high - alone.low)


def test_it_is_never_narrower_than_independent_observations_allow() -> None:
    # Every cluster has the same share on both sides: no spread between clusters, yet the difference is not certain.
    event = np.tile([True, False, False, True, False, False], 12)
    in_a = np.tile([True, True, True, False, False, False], 12)
    found = clustered_difference(event, in_a, np.repeat(np.arange(12), 6))
    alone = newcombe(12, 36, 12, 36)
    assert (found.estimate, found.low, found.high) == pytest.approx((0.0, alone.low, alone.high))


@pytest.mark.parametrize(
    ("event", "in_a", "cluster", "why"),
    [
        ([True] * 20 + [False] * 20, [True] * 9 + [False] * 31, range(40), "9 of the 10 observations"),
        ([True] * 4 + [False] * 36, [True, False] * 20, range(40), "4 of the 5 events"),
        ([True, False, False, True] * 10, [True, False] * 20, [n % 9 for n in range(40)], "9 of the 10 groups"),
    ],
)
def test_too_little_is_refused_with_its_reason(
    event: list[bool], in_a: list[bool], cluster: list[int], why: str
) -> None:
    found = clustered_difference(event, in_a, list(cluster))
    assert found.status == "refused" and math.isnan(found.low)
    assert why in found.why


def test_every_observation_needs_a_cluster() -> None:
    with pytest.raises(UsageError, match="clusters"):
        clustered_difference([True, False], [True, False], ["a", None])
    with pytest.raises(UsageError, match="one label"):
        clustered_difference([True, False], [True, False], ["a"])
