"""Means of observations that hang together: differences with honest errors, permutation, and the design effect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.cluster_sandwich import CARRIED_BY_FEW, LEAST_FREEDOM, cluster_sandwich
from postmortem.stats.estimate import LEAST_CLUSTERS, LEAST_N, Estimate, refusal
from postmortem.stats.permutation import DRAWS, SEED
from postmortem.stats.proportions import newcombe

METHOD = "difference of means, cluster sandwich (CR2), t at Satterthwaite's degrees of freedom"


@dataclass(frozen=True, kw_only=True)
class DesignEffect:
    """How much less a clustered sample is worth than as many unrelated observations.

    Attributes
    ----------
    correlation : float
        Intraclass correlation by analysis of variance, not below 0.
    effect : float
        Design effect, at least 1: variances are this many times those of unrelated observations.
    effective_n : float
        Unrelated observations the sample is worth: n / effect.
    n, clusters : int
        Observations and clusters.
    """

    correlation: float
    effect: float
    effective_n: float
    n: int
    clusters: int


@dataclass(frozen=True, kw_only=True)
class ClusteredGap:
    """A difference of two means, and what a test of it needs.

    Attributes
    ----------
    difference : Estimate
        Second less first.
    error : float
        Standard error under the clustering used; NaN when refused.
    p : float
        Two-sided p-value against no difference, by the same t distribution as the interval; NaN when refused.
    """

    difference: Estimate
    error: float = math.nan
    p: float = math.nan


def clustered_difference(
    values: checks.Numbers,
    second: checks.Numbers,
    clusterings: Mapping[str, checks.Labels],
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_clusters: int = LEAST_CLUSTERS,
) -> Estimate:
    """Estimate the difference of two means as `clustered_gap` does, without its test."""
    return clustered_gap(
        values, second, clusterings, confidence=confidence, least_n=least_n, least_clusters=least_clusters
    ).difference


def wider_difference(
    event: checks.Numbers, second: checks.Numbers, clusterings: Mapping[str, checks.Labels]
) -> Estimate:
    """Estimate the difference of two shares with the wider of Newcombe's interval and the clustered one.

    Parameters
    ----------
    event : sequence of 0 or 1
        Whether it happened.
    second : sequence of 0 or 1
        Which of the two groups each belongs to; the difference is that of the group 1 less that of the group 0.
    clusterings : mapping of str to sequence
        As for `clustered_gap`; where it is refused, Newcombe's stands alone.

    Returns
    -------
    Estimate
        Refused where Newcombe's is: where either group has fewer than ten.
    """
    happened, there = np.asarray(event, dtype=bool), np.asarray(second, dtype=bool)
    counts = [(int(happened[side].sum()), int(side.sum())) for side in (there, ~there)]
    plain = newcombe(*counts[0], *counts[1])
    if plain.status == "refused":
        return plain
    clustered = clustered_difference(happened.astype(np.int8), there.astype(np.int8), clusterings)
    wider = clustered.status != "refused" and clustered.high - clustered.low >= plain.high - plain.low
    return clustered if wider else plain


def clustered_gap(
    values: checks.Numbers,
    second: checks.Numbers,
    clusterings: Mapping[str, checks.Labels],
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_clusters: int = LEAST_CLUSTERS,
) -> ClusteredGap:
    """Estimate and test the difference of two means, second minus first, under the clustering that doubts it most.

    The interval is `cluster_sandwich`'s for every clustering given; the widest is returned and its method says which
    it was.

    Parameters
    ----------
    values : sequence of float, one value an observation
        Anything with a mean: outcomes as 0 and 1 give the difference of two shares.
    second : sequence of 0 and 1, one value an observation
        1 for the second group, 0 for the first.
    clusterings : mapping of str to sequence
        Name of a clustering (``rep``, ``account``) to one label an observation. A group may lie within clusters
        or across them.
    confidence : float
        Two-sided confidence.
    least_n : int
        A group of fewer observations refuses the comparison.
    least_clusters : int
        Fewer clusters, in any clustering, refuse it: use `permutation_of_clusters` there.

    Returns
    -------
    ClusteredGap
        In the unit of the values; clusters are those of the clustering used. Refused too where fewer than four degrees
        of freedom carry the comparison: a group that lies in a few clusters alone.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what cannot be; when no clustering is given.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73, 13–22; Bell and McCaffrey (2002), Survey Methodology 28, 169–181.
    """
    y, arm = checks.finite("values", values), checks.zero_one("second", second)
    checks.same_length(values=y, second=arm, **clusterings)
    checks.between("confidence", confidence)
    if not clusterings:
        raise UsageError("clusterings names none", expected="at least one clustering, such as by rep")
    coded = {name: checks.codes(name, labels)[0] for name, labels in clusterings.items()}
    groups = {name: int(codes.max()) + 1 for name, codes in coded.items()}
    n, n_second = int(y.size), int(arm.sum())
    fewest = min(groups, key=lambda name: groups[name])
    why = refusal(min(n_second, n - n_second), None, least_n=max(least_n, 2))
    if why:
        why += " in the smaller group"
    else:
        why = refusal(n, None, groups[fewest], least_n=1, least_clusters=max(least_clusters, 2))
    if why:
        return ClusteredGap(difference=Estimate.refused(why, n=n, clusters=groups[fewest], method=METHOD))
    design = np.column_stack([arm, np.ones(n)]).astype(np.float64)
    fits = {name: cluster_sandwich(y, design, codes) for name, codes in coded.items()}
    thin = [name for name, fit in fits.items() if fit.freedom < LEAST_FREEDOM]
    if thin:
        why = f"{CARRIED_BY_FEW}, clustered by {thin[0]}"
        return ClusteredGap(difference=Estimate.refused(why, n=n, clusters=groups[thin[0]], method=METHOD))
    halves = {name: fit.half_width(confidence) for name, fit in fits.items()}
    widest = max(halves, key=lambda name: halves[name])
    difference = float(y[arm == 1].mean() - y[arm == 0].mean())
    estimate = Estimate(
        estimate=difference,
        low=difference - halves[widest],
        high=difference + halves[widest],
        n=n,
        clusters=groups[widest],
        confidence=confidence,
        method=f"{METHOD}, clustered by {widest}",
    )
    return ClusteredGap(difference=estimate, error=fits[widest].error, p=fits[widest].p_value())


def permutation_of_clusters(
    values: checks.Numbers,
    second: checks.Numbers,
    clusters: checks.Labels,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> float:
    """Test a difference of means between whole clusters by dealing the clusters out anew.

    Groups are labels of clusters here (teams with and without a process, say), so clusters are shuffled, never
    their observations. The statistic is |mean of second − mean of first| over observations.

    Parameters
    ----------
    values : sequence of float, one value an observation
        Anything with a mean.
    second : sequence of 0 and 1, one value an observation
        The same for all observations of a cluster.
    clusters : sequence, one label an observation
        No label missing.
    draws : int
        Number of shuffles.
    seed : int
        Seed of the shuffles; the same inputs give the same p-value.

    Returns
    -------
    float
        (1 + shuffles at least as extreme) / (1 + draws); NaN with fewer than two clusters on a side.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, hold what cannot be, or a cluster stands on both sides.
    """
    y, arm = checks.finite("values", values), checks.zero_one("second", second)
    checks.same_length(values=y, second=arm, clusters=clusters)
    codes, labels = checks.codes("clusters", clusters)
    size, total = np.bincount(codes).astype(np.float64), np.bincount(codes, weights=y)
    share = np.bincount(codes, weights=arm) / size
    torn = [str(labels[place]) for place in np.flatnonzero((share > 0) & (share < 1))]
    if torn:
        raise UsageError(
            "clusters stand on both sides of the comparison",
            got=", ".join(torn[:5]),
            expected="every cluster on one side",
            do="shuffle within clusters instead (`homogeneity_of` with `within`)",
        )
    if min(share.sum(), (1 - share).sum()) < 2:
        return math.nan

    def apart(side: Floats) -> Floats:
        """Return the distance of the two means for every row of sides."""
        first = 1 - side
        return np.asarray(np.abs(side @ total / (side @ size) - first @ total / (first @ size)))

    generator = np.random.default_rng(seed)
    shuffled = generator.permuted(np.tile(share, (draws, 1)), axis=1)
    extreme = int((apart(shuffled) >= apart(share) - 1e-12).sum())
    return (1 + extreme) / (1 + draws)


def design_effect(values: checks.Numbers, clusters: checks.Labels) -> DesignEffect:
    """Measure how much observations of one cluster resemble each other, and what that costs.

    With mean squares between and within clusters, ICC = (MSB − MSW) / (MSB + (m₀ − 1) MSW), m₀ the size that
    stands for unequal ones, (n − Σm²/n) / (G − 1). The effect is 1 + (Σm²/n − 1) ICC.

    Parameters
    ----------
    values : sequence of float, one value an observation
        Outcomes as 0 and 1, or measurements.
    clusters : sequence, one label an observation
        No label missing.

    Returns
    -------
    DesignEffect
        Correlation 0 and effect 1 where every cluster has one observation, since nothing can be told apart
        there, and where values do not vary.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, hold what cannot be, or there is one cluster only.

    References
    ----------
    Donner and Koval (1980), Biometrics 36, 19–25; Kish (1965), Survey Sampling, chapter 5.
    """
    y = checks.finite("values", values)
    checks.same_length(values=y, clusters=clusters)
    codes, _ = checks.codes("clusters", clusters)
    size = np.bincount(codes).astype(np.float64)
    n, groups = int(y.size), int(size.size)
    if groups < 2:
        raise UsageError("there is only one cluster", got=groups, expected="at least two")
    correlation = 0.0
    if n > groups:
        mean = np.bincount(codes, weights=y) / size
        between = float(size @ (mean - y.mean()) ** 2) / (groups - 1)
        within = float(((y - mean[codes]) ** 2).sum()) / (n - groups)
        typical = (n - float(size @ size) / n) / (groups - 1)
        spread = between + (typical - 1) * within
        correlation = max(0.0, (between - within) / spread) if spread > 0 else 0.0
    effect = 1 + (float(size @ size) / n - 1) * correlation
    return DesignEffect(correlation=correlation, effect=effect, effective_n=n / effect, n=n, clusters=groups)
