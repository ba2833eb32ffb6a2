"""The difference of two shares whose observations hang together in clusters."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_CLUSTERS, LEAST_EVENTS, LEAST_N, Estimate, refusal
from postmortem.stats.proportions import newcombe

METHOD = "difference of shares, cluster-robust variance, t(G−1), no narrower than Newcombe's interval"


def clustered_difference(
    event: npt.ArrayLike, in_a: npt.ArrayLike, clusters: npt.ArrayLike, *, confidence: float = 0.95
) -> Estimate:
    """Estimate the difference of two shares, a minus b, from observations grouped in clusters.

    With r_i = (y_i − p_a) / n_a in a and −(y_i − p_b) / n_b in b, and u_g their sum in cluster g, the variance is
    V = G/(G−1) Σ u_g², and the interval d ± t √V with t at G−1 degrees of freedom. A cluster may have
    observations on both sides. Where V is smaller than independent observations allow, Newcombe's limits hold.

    Parameters
    ----------
    event : array_like of bool, shape (n,)
        Whether what is counted happened.
    in_a : array_like of bool, shape (n,)
        Whether the observation is of side a.
    clusters : array_like of str, shape (n,)
        The cluster of each observation; no label missing.
    confidence : float
        Two-sided confidence.

    Returns
    -------
    Estimate
        Difference of shares, −1 to 1. Refused under 10 observations on a side, under 5 of the rarer outcome over
        both sides, and under 10 clusters.

    Raises
    ------
    UsageError
        When the columns differ in length or a cluster has no label.

    References
    ----------
    Liang, Zeger (1986), Biometrika 73, 13–22. With one dummy for the side it is the ordinary least squares estimate
    with cluster-robust standard errors.
    """
    y, a = np.asarray(event, dtype=np.float64), np.asarray(in_a, dtype=bool)
    checks.between("confidence", confidence)
    codes = pd.factorize(np.asarray(clusters, dtype=object))[0]
    if not len(y) == len(a) == len(codes) or (codes < 0).any():
        raise UsageError(
            "clusters do not label every observation",
            got=f"{len(y)} events, {len(a)} sides, {int((codes >= 0).sum())} labels",
            expected="one label an observation",
        )
    n_a, n_b, groups = int(a.sum()), int((~a).sum()), len(np.unique(codes))
    events = int(y.sum())
    why = refusal(
        min(n_a, n_b), min(events, len(y) - events), groups, least_n=LEAST_N, least_events=LEAST_EVENTS,
        least_clusters=LEAST_CLUSTERS,
    )  # fmt: skip
    if why:
        return Estimate.refused(why, n=len(y), events=events, clusters=groups, method=METHOD)
    share_a, share_b = float(y[a].mean()), float(y[~a].mean())
    parts = np.where(a, (y - share_a) / n_a, -(y - share_b) / n_b)
    sums = np.bincount(codes, weights=parts)
    error = math.sqrt(groups / (groups - 1) * float(sums @ sums))
    half = float(stats.t.ppf((1 + confidence) / 2, groups - 1)) * error
    apart = share_a - share_b
    alone = newcombe(int(y[a].sum()), n_a, int(y[~a].sum()), n_b, confidence=confidence)
    return Estimate(
        estimate=apart,
        low=max(min(apart - half, alone.low), -1.0),
        high=min(max(apart + half, alone.high), 1.0),
        n=len(y),
        events=events,
        clusters=groups,
        confidence=confidence,
        method=METHOD,
    )
