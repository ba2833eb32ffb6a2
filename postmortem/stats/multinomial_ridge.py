"""Chances of several ends from many weak hints: a logistic model of more than two outcomes, drawn towards none."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats

# A hint that moves the odds of one end by more than half is rare: weights are taken to vary by this much.
SPREAD = 0.3
ITERATIONS = 200
TOLERANCE = 1e-7


@dataclass(frozen=True, kw_only=True)
class MultinomialRidge:
    """A fitted model of several outcomes.

    Attributes
    ----------
    weights : ndarray, shape (kinds, columns)
        On the log scale, each outcome against their mean.
    levels : ndarray, shape (kinds,)
        What an observation without any hint has.
    centre : ndarray, shape (columns,)
        Mean of each column, which is taken off first.
    """

    weights: Floats
    levels: Floats
    centre: Floats

    def chances(self, design: Floats) -> Floats:
        """Return the chance of each outcome, shape (n, kinds), rows of sum 1."""
        scores = (design - self.centre) @ self.weights.T + self.levels
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def fit_multinomial_ridge(design: Floats, kind: checks.Numbers, *, spread: float = SPREAD) -> MultinomialRidge:
    """Fit a multinomial logistic regression with a ridge penalty on its weights.

    Greatest are log-likelihood − Σ w² / (2 · spread²), levels unpenalised, so that on the data it is fitted on every
    outcome has as large a mean chance as it has a share. As the penalty does not shrink with more data, many
    observations outweigh it and few do not.

    Parameters
    ----------
    design : ndarray of float, shape (n, columns)
        Hints on one scale, such as 0 and 1; a constant is not needed.
    kind : sequence of int, one an observation
        Outcomes numbered from 0; every number up to the largest occurs.
    spread : float
        Standard deviation weights are taken to have beforehand, on the log scale; above 0.

    Returns
    -------
    MultinomialRidge
        The same for the same data in any order, up to rounding.

    Raises
    ------
    UsageError
        When columns are empty or of unequal length, a hint is not finite, `spread` is not above 0, there are fewer
        than two outcomes or one of the numbers never occurs.

    References
    ----------
    Le Cessie and van Houwelingen (1992), Applied Statistics 41, 191–201.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    outcome = checks.counts("kind", kind).astype(np.int64)
    hints = np.asarray(design, dtype=np.float64)
    checks.same_length(design=hints, kind=outcome)
    seen = np.bincount(outcome)
    if hints.ndim != 2 or not np.isfinite(hints).all():
        raise UsageError("Hints are a table of finite numbers.", got=f"shape {hints.shape}")
    if seen.size < 2 or not seen.all():
        raise UsageError("Every outcome must occur.", got=f"{seen.tolist()} of each", expected="two or more, none 0")
    if not spread > 0:
        raise UsageError("Weights must be allowed to vary.", got=spread, expected="above 0")
    centre, varies = hints.mean(axis=0), np.ptp(hints, axis=0) > 0
    weights, levels = np.zeros((seen.size, hints.shape[1])), np.log(seen / seen.sum())
    if not varies.any():
        return MultinomialRidge(weights=weights, levels=levels, centre=centre)
    model = LogisticRegression(C=spread**2, solver="newton-cholesky", tol=TOLERANCE, max_iter=ITERATIONS)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # One thread: these products are small, and threads that wait for each other cost a busy machine tenfold.
        # Where rounding stops Newton's steps short, the library says so and goes on by another way.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((hints - centre)[:, varies], outcome)
    own = np.asarray(model.coef_)
    levels = np.asarray(model.intercept_)
    if seen.size == 2:
        # Of two outcomes the library keeps one set of weights, the second's against the first's.
        own, levels = np.vstack([0 * own, own]), np.array([0.0, *levels])
    weights[:, varies] = own
    return MultinomialRidge(weights=weights, levels=levels, centre=centre)
