"""Whether a value goes with an exposure within strata: the score test by permutation moments, adjusted or not."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from postmortem.stats.checks import Codes, Floats


def within_strata(column: Floats, stratum: Codes) -> Floats:
    """Return a column less its mean in each stratum."""
    size = np.bincount(stratum)
    means = np.bincount(stratum, weights=column) / np.maximum(size, 1)
    return np.asarray(column - means[stratum], dtype=np.float64)


def stratified_score(values: Floats, exposed: Floats, stratum: Codes, covariates: Floats | None = None) -> float:
    """Test whether values go with an exposure, comparing rows with others of their stratum only.

    With x and y the exposure and the values less their stratum's mean, Z = Σxy / √V, and V = Σ_s Σx² Σy² / (n_s − 1)
    is the variance of Σxy when values are dealt out anew within each stratum. Covariates are taken out of both
    columns first (least squares within strata), and V grows by the rows they use up.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Outcomes as 0 and 1, pseudo-values, amounts; finite.
    exposed : ndarray of 0 and 1, shape (n,)
        Which group a row belongs to.
    stratum : ndarray of int, shape (n,)
        Codes from 0.
    covariates : ndarray, shape (n, p), optional
        Known when the exposure was; finite.

    Returns
    -------
    float
        Two-sided p-value; NaN where no stratum holds both groups and values that vary.

    Notes
    -----
    For values of 0 and 1 without covariates this is the Cochran–Mantel–Haenszel test. What strata differ by, in the
    values or in how often they are exposed, is no evidence. A cluster sandwich with as many sales people as a
    company has is too sure far out, where the gate of a report decides: over 22 sales people of unequal size it
    rejects a true null at .01 in .015 and at .001 in .0022, this test in .009 and .0008 (4,000 draws, 990 rows).

    References
    ----------
    Mantel and Haenszel (1959), Journal of the National Cancer Institute 22, 719–748; Koch, Tangen, Jung and Amara
    (1998), Statistics in Medicine 17, 1863–1892, for covariates.
    """
    x, y = within_strata(exposed, stratum), within_strata(values, stratum)
    used = 0
    if covariates is not None and covariates.shape[1]:
        table = np.column_stack([within_strata(column, stratum) for column in covariates.T])
        basis, singular, _ = np.linalg.svd(table, full_matrices=False)
        basis = basis[:, singular > 1e-9 * max(float(singular.max()), 1.0)]
        x, y = x - basis @ (basis.T @ x), y - basis @ (basis.T @ y)
        used = basis.shape[1]
    size = np.bincount(stratum)
    spread = np.bincount(stratum, weights=x**2) * np.bincount(stratum, weights=y**2)
    variance = float((spread[size > 1] / (size[size > 1] - 1)).sum())
    free = int((size[size > 1] - 1).sum())
    if free <= used or variance <= 1e-12:
        return math.nan
    statistic = float(x @ y) / math.sqrt(variance * free / (free - used))
    return float(2 * stats.norm.sf(abs(statistic)))
