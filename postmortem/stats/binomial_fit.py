"""Logistic regressions that may be trusted: fitted, checked for separation, with errors that know clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special

from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.cluster_sandwich import Sandwich, cluster_sandwich
from postmortem.stats.estimate import refusal

EVENTS_A_COEFFICIENT = 10
LARGEST_ERROR = 10.0
# Steps go on until the deviance stands still; a curve that is not there by then is none.
MOST_STEPS, STANDS_STILL = 100, 1e-8
SEPARATED = "the groups do not overlap, so no curve fits them"


@dataclass(frozen=True, kw_only=True)
class BinomialFit:
    """Coefficients of a logistic regression and what their errors need, or why there are none.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
        On the logit scale; empty when refused.
    why : str
        Reason of a refusal; empty when fitted.
    columns : ndarray, shape (n, k)
        The last step's weighted columns, orthogonal in the design: √w X M, w = p(1 − p).
    mixing : ndarray, shape (k, k)
        M, from coefficients of the orthogonal columns to those of the design.
    residuals : ndarray, shape (n,)
        Pearson's, (y − p) / √w.
    clusters : ndarray of int, shape (n,), or None
        Within which observations hang together.
    """

    coefficients: Floats = field(default_factory=lambda: np.zeros(0))
    why: str = ""
    columns: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    mixing: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    residuals: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    clusters: Codes | None = field(default=None, repr=False)

    def weighted_sum(self, weights: Floats) -> Sandwich:
        """Return a weighted sum of coefficients with its standard error and degrees of freedom.

        The last step of the fit is a least-squares fit of one scale in every row, so that `cluster_sandwich` holds of
        it, on columns turned such that the sum wanted is the first coefficient. Without clusters the error is that of
        the likelihood and the degrees of freedom are infinite.
        """
        along = self.mixing.T @ weights
        length = float(along @ along)
        across = np.linalg.svd(along[None, :])[2][1:]
        turned = np.column_stack([self.columns @ along / length, self.columns @ across.T])
        middle = float(weights @ self.coefficients)
        if self.clusters is None:
            error = math.sqrt(float(np.linalg.inv(turned.T @ turned)[0, 0]))
            return Sandwich(coefficient=middle, error=error, freedom=math.inf)
        # residuals are orthogonal to the columns, so that the fit of these values has the coefficients put in
        found = cluster_sandwich(turned[:, 0] * middle + self.residuals, turned, self.clusters)
        return replace(found, coefficient=middle)


def fit_binomial(
    happened: Floats,
    design: Floats,
    *,
    clusters: Codes | None = None,
    offset: Floats | None = None,
    events_a_coefficient: int = EVENTS_A_COEFFICIENT,
) -> BinomialFit:
    """Fit logit P(y = 1) = offset + Xβ and refuse what only looks like a fit.

    Parameters
    ----------
    happened : ndarray of 0 and 1, shape (n,)
        From `checks.zero_one`.
    design : ndarray, shape (n, k)
        Columns of the model, a constant among them.
    clusters : ndarray of int, shape (n,), optional
        From `checks.codes`.
    offset : ndarray, shape (n,), optional
        Known part of the logit.
    events_a_coefficient : int
        Fewer of the rarer outcome for each coefficient are refused.

    Returns
    -------
    BinomialFit
        Refused with too few events, under 10 clusters, where columns say the same, and where the outcome is
        separated: standard errors above 10 on orthogonal columns of mean square 1 count as that, since a fit of
        separated data ends without an error and may even call itself converged.
    """
    groups = int(clusters.max()) + 1 if clusters is not None else None
    rarer, k = int(min(happened.sum(), (1 - happened).sum())), int(design.shape[1])
    why = refusal(int(happened.size), rarer, groups, least_events=events_a_coefficient * k)
    if why:
        return BinomialFit(why=why)
    # columns without correlation and of one size: a year such as 2025 must not look like a separated outcome
    columns, mixing = np.linalg.qr(design)
    # the triangle has the rank of the design, and no row for each observation
    if np.linalg.matrix_rank(mixing, rtol=max(design.shape) * np.finfo(np.float64).eps) < k:
        return BinomialFit(why="two columns of the model say the same")
    columns, back = columns * math.sqrt(happened.size), np.linalg.inv(mixing) * math.sqrt(happened.size)
    # What overflows on the way to infinite coefficients is caught by the size of the errors.
    with np.errstate(all="ignore"):
        fitted = _stepped(happened, columns, np.zeros(happened.size) if offset is None else offset)
    if fitted is None:
        return BinomialFit(why=SEPARATED)
    found, chance = fitted
    # a chance that rounds to 0 or 1 has no weight left, and no residual to divide by it
    scale = np.sqrt(np.maximum(chance * (1 - chance), np.finfo(np.float64).tiny))
    return BinomialFit(
        coefficients=back @ found,
        columns=columns * scale[:, None],
        mixing=back,
        residuals=(happened - chance) / scale,
        clusters=clusters,
    )


def _stepped(happened: Floats, columns: Floats, offset: Floats) -> tuple[Floats, Floats] | None:
    """Return the coefficients and the fitted chances, by least squares reweighted step by step; None if separated."""
    least = np.finfo(np.float64).eps
    chance, before = (happened + 0.5) / 2, math.inf
    logit = special.logit(chance)
    for _ in range(MOST_STEPS):
        weight = chance * (1 - chance)
        aimed_at = logit + (happened - chance) / weight - offset
        weighted = columns * weight[:, None]
        try:
            spread = np.linalg.inv(weighted.T @ columns)
        except np.linalg.LinAlgError:
            return None
        found = spread @ (weighted.T @ aimed_at)
        logit = columns @ found + offset
        # a chance of 0 or 1, as on the way to infinite coefficients, would have no weight in the next step
        chance = np.clip(special.expit(logit), least, 1 - least)
        off = np.abs(happened - chance)
        deviance = -2 * float(np.log1p(-off).sum())
        if not np.isfinite(found).all() or (off < STANDS_STILL).all():
            return None
        if abs(before - deviance) <= STANDS_STILL:
            return (found, chance) if (np.sqrt(np.diag(spread)) < LARGEST_ERROR).all() else None
        before = deviance
    return None


def logit_clipped(probability: checks.Numbers, low: float = 0.01, high: float = 0.99) -> Floats:
    """Return logits of probabilities drawn into [low, high], where 0 and 1 would be infinite."""
    return np.asarray(special.logit(np.clip(checks.shares("probability", probability), low, high)))
