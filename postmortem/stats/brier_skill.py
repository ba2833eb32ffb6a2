"""How much closer some chances came than others did: Brier scores of several outcomes, compared deal by deal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.cluster_sandwich import LEAST_FREEDOM, cluster_sandwich
from postmortem.stats.estimate import LEAST_CLUSTERS, Estimate, refusal

METHOD = "Brier skill, paired by observation, linearised ratio, cluster sandwich (CR2)"
# Rows of chances that are meant to add up to one differ from it by rounding alone.
ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class BrierSkill:
    """Two sets of chances for the same observations.

    Attributes
    ----------
    score, reference : float
        Mean over observations of Σ (p − y)² over outcomes, 0 to 2, lower is better: of the chances and of those
        they are held against.
    skill : Estimate
        1 − score / reference: the part of the misses taken away, below 0 where they miss by more.
    """

    score: float
    reference: float
    skill: Estimate


def squared_misses(chances: Floats, kind: checks.Numbers) -> Floats:
    """Return Σ (p − y)² over outcomes for each observation: 0 for one foretold for certain, 2 for its contrary.

    Parameters
    ----------
    chances : ndarray of float, shape (n, kinds)
        Rows of sum 1.
    kind : sequence of int, one an observation
        The outcome that came, numbered from 0.

    Returns
    -------
    ndarray, shape (n,)
        For two outcomes twice the squared miss of the usual Brier score.

    Raises
    ------
    UsageError
        When rows do not add up to 1, hold what is no chance, or an outcome has no column.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1–3.
    """
    stated, came = np.asarray(chances, dtype=np.float64), checks.counts("kind", kind).astype(np.int64)
    checks.same_length(chances=stated, kind=came)
    checks.shares("chances", stated.ravel())
    if np.abs(stated.sum(axis=1) - 1).max() > ROUNDING:
        raise UsageError("Chances of all outcomes add up to 1.", got=f"{stated.sum(axis=1).max():.6f} at most")
    if came.max() >= stated.shape[1]:
        raise UsageError("Every outcome needs its chance.", got=int(came.max()), expected=f"below {stated.shape[1]}")
    return np.asarray(((stated - np.eye(stated.shape[1])[came]) ** 2).sum(axis=1))


def brier_skill(
    misses: checks.Numbers, reference: checks.Numbers, clusters: checks.Labels, *, confidence: float = 0.95
) -> BrierSkill:
    """Compare two sets of chances on the observations they were both stated for.

    S = 1 − Σm / Σr, m and r the `squared_misses` of either set. With z = (r − m − S r) / r̄, of mean 0, the interval is
    S ± t · SE(z̄), clustered, t at Satterthwaite's degrees of freedom: the two sets err on the same observations, so
    that it is the differences whose spread counts.

    Parameters
    ----------
    misses, reference : sequence of float, one an observation
        Of the chances judged and of those they are held against; not negative.
    clusters : sequence, one label an observation
        Within which observations hang together; no label missing.
    confidence : float
        Two-sided confidence.

    Returns
    -------
    BrierSkill
        The interval is refused under 10 observations, under 10 clusters or four degrees of freedom, and where the
        reference never misses.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, are not finite or negative, or a label is missing.
    """
    own, other = checks.finite("misses", misses), checks.finite("reference", reference)
    checks.same_length(misses=own, reference=other, clusters=clusters)
    checks.between("confidence", confidence)
    if min(own.min(), other.min()) < 0:
        raise UsageError("Squared misses are not negative.", got=float(min(own.min(), other.min())))
    group, names = checks.codes("clusters", clusters)
    n, groups, level = int(own.size), len(names), float(other.mean())
    why = refusal(n, None, groups, least_clusters=LEAST_CLUSTERS)
    if not why and level == 0:
        why = "there is nothing to come closer to: no chance was missed"
    skill = 1 - float(own.mean()) / level if level else math.nan
    if not why:
        fit = cluster_sandwich((other - own - skill * other) / level, np.ones((n, 1)), group)
        if fit.freedom < LEAST_FREEDOM:
            why = f"nearly all observations are in few of the {groups} groups"
    if why:
        told = Estimate.refused(why, n=n, clusters=groups, method=METHOD)
        return BrierSkill(score=float(own.mean()), reference=level, skill=told)
    half = float(stats.t.ppf((1 + confidence) / 2, fit.freedom)) * fit.error
    told = Estimate(
        estimate=skill, low=skill - half, high=skill + half, n=n, clusters=groups, confidence=confidence, method=METHOD
    )
    return BrierSkill(score=float(own.mean()), reference=level, skill=told)
