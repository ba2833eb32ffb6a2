"""By how much the first value of each pair is higher on average, where pairs hang together in clusters."""

from __future__ import annotations

import numpy as np
from scipy import stats

from postmortem.stats import checks
from postmortem.stats.checks import Labels
from postmortem.stats.cluster_sandwich import LEAST_FREEDOM, cluster_sandwich
from postmortem.stats.estimate import LEAST_CLUSTERS, LEAST_N, Estimate

METHOD = "mean of paired differences, cluster sandwich (CR2), t at Satterthwaite's degrees of freedom"


def paired_mean(
    differences: checks.Numbers, clusters: Labels, *, confidence: float = 0.95, least_n: int = LEAST_N
) -> Estimate:
    """Estimate the mean of differences within pairs.

    Parameters
    ----------
    differences : sequence of float, one a pair
        First value less second, both of one pair.
    clusters : sequence, one label a pair
        Within which pairs hang together; a label of its own a pair where they do not.
    confidence : float
        Two-sided confidence. At .90 the interval lies within ±d exactly when two one-sided tests at .05 reject a
        mean difference of d or more.
    least_n : int
        Fewer pairs are refused.

    Returns
    -------
    Estimate
        In the unit of the values. Refused under `least_n` pairs, 10 clusters or four degrees of freedom.

    Raises
    ------
    UsageError
        For columns empty or of unequal length, missing values or labels.

    References
    ----------
    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680; Bell and McCaffrey (2002),
    Survey Methodology 28, 169-181.
    """
    values = checks.finite("differences", differences)
    group = checks.codes("clusters", clusters)[0]
    checks.same_length(differences=values, clusters=group)
    checks.between("confidence", confidence)
    n, groups = int(values.size), int(group.max()) + 1
    fit = cluster_sandwich(values, np.ones((n, 1)), group)
    why = ""
    if n < least_n:
        why = f"not enough data: {n} of the {least_n} pairs needed"
    elif groups < LEAST_CLUSTERS:
        why = f"not enough data: {groups} of the {LEAST_CLUSTERS} groups needed"
    elif fit.freedom < LEAST_FREEDOM:
        why = f"too few of the {groups} groups hold most of the pairs"
    if why:
        return Estimate.refused(why, n=n, clusters=groups, method=METHOD)
    half = float(stats.t.ppf((1 + confidence) / 2, fit.freedom)) * fit.error
    return Estimate(
        estimate=fit.coefficient,
        low=fit.coefficient - half,
        high=fit.coefficient + half,
        n=n,
        clusters=groups,
        confidence=confidence,
        method=METHOD,
    )
