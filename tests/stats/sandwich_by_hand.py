"""The cluster sandwich with its matrices written out, n by n: what the package's short way must equal."""

import numpy as np
from scipy import linalg, stats


def sandwich(values, design, clusters, at=0):
    """Return coefficient, standard error and degrees of freedom of one column."""
    bread = np.linalg.inv(design.T @ design)
    off = np.eye(len(values)) - design @ bread @ design.T
    pulls = []
    for cluster in np.unique(clusters):
        own = np.flatnonzero(clusters == cluster)
        whole = np.zeros(len(values))
        whole[own] = linalg.inv(linalg.sqrtm(off[np.ix_(own, own)]).real) @ design[own] @ bread[:, at]
        pulls.append(whole)
    pulls = np.array(pulls)
    omega = pulls @ off @ pulls.T
    error = np.sqrt(((pulls @ (off @ values)) ** 2).sum())
    return (bread @ design.T @ values)[at], error, np.trace(omega) ** 2 / np.trace(omega @ omega)


def interval(values, design, clusters, at=0, confidence=0.95):
    """Return the limits that go with it."""
    middle, error, freedom = sandwich(values, design, clusters, at)
    half = stats.t.ppf((1 + confidence) / 2, freedom) * error
    return middle - half, middle + half
