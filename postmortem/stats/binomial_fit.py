"""Logistic regressions that may be trusted: fitted, checked for separation, with errors that know clusters."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy import special, stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationError, PerfectSeparationWarning

from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.estimate import refusal

EVENTS_A_COEFFICIENT = 10
LARGEST_ERROR = 10.0
SEPARATED = "the groups do not overlap, so no curve fits them"


@dataclass(frozen=True, kw_only=True)
class BinomialFit:
    """Coefficients of a logistic regression and their covariance, or why there are none.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
        On the logit scale; empty when refused.
    covariance : ndarray, shape (k, k)
        Sandwich by cluster where clusters were given, else from the likelihood; empty when refused.
    quantile : float
        Of t at clusters − 1 degrees of freedom, or of the normal; NaN when refused.
    degrees : float
        Degrees of freedom of tests; infinite without clusters.
    why : str
        Reason of a refusal; empty when fitted.
    """

    coefficients: Floats
    covariance: Floats
    quantile: float = math.nan
    degrees: float = math.nan
    why: str = ""

    def error(self, contrast: Floats) -> float:
        """Return the standard error of a weighted sum of coefficients."""
        return math.sqrt(max(0.0, float(contrast @ self.covariance @ contrast)))

    def p_value(self, place: int, *, against: float = 0.0) -> float:
        """Return the two-sided p-value of one coefficient against a value."""
        error = math.sqrt(float(self.covariance[place, place]))
        return float(2 * stats.t.sf(abs(self.coefficients[place] - against) / error, self.degrees))


def fit_binomial(
    happened: Floats,
    design: Floats,
    *,
    clusters: Codes | None = None,
    offset: Floats | None = None,
    confidence: float = 0.95,
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
        From `checks.codes`. The sandwich carries the factor G/(G−1) · (n−1)/(n−k); tests use t(G−1).
    offset : ndarray, shape (n,), optional
        Known part of the logit.
    confidence : float
        Two-sided confidence that `quantile` is for.
    events_a_coefficient : int
        Fewer of the rarer outcome for each coefficient are refused.

    Returns
    -------
    BinomialFit
        Refused with too few events, under 10 clusters, where columns say the same, and where the outcome is
        separated: standard errors above 10 on orthogonal columns of mean square 1 count as that, since a fit of
        separated data ends without an error and may even call itself converged.
    """
    empty = np.zeros((0, 0))
    groups = int(clusters.max()) + 1 if clusters is not None else None
    rarer, k = int(min(happened.sum(), (1 - happened).sum())), int(design.shape[1])
    why = refusal(int(happened.size), rarer, groups, least_events=events_a_coefficient * k)
    if not why and np.linalg.matrix_rank(design) < k:
        why = "two columns of the model say the same"
    if why:
        return BinomialFit(coefficients=np.zeros(0), covariance=empty, why=why)
    # columns without correlation and of one size: a year such as 2025 must not look like a separated outcome
    columns, mixing = np.linalg.qr(design)
    columns, back = columns * math.sqrt(happened.size), np.linalg.inv(mixing) * math.sqrt(happened.size)
    kind = {} if clusters is None else {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        # What overflows on the way to infinite coefficients is caught by the size of the errors below.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            fitted = GLM(happened, columns, family=Binomial(), offset=offset).fit(**kind)
        except (PerfectSeparationWarning, PerfectSeparationError, ConvergenceWarning, np.linalg.LinAlgError):
            return BinomialFit(coefficients=np.zeros(0), covariance=empty, why=SEPARATED)
        model_errors = np.sqrt(np.diag(fitted.normalized_cov_params))
    if not np.isfinite(fitted.params).all() or not (model_errors < LARGEST_ERROR).all():
        return BinomialFit(coefficients=np.zeros(0), covariance=empty, why=SEPARATED)
    degrees = math.inf if groups is None else groups - 1.0
    return BinomialFit(
        coefficients=back @ np.asarray(fitted.params),
        covariance=back @ np.asarray(fitted.cov_params()) @ back.T,
        quantile=float(stats.t.ppf((1 + confidence) / 2, degrees)),
        degrees=degrees,
    )


def logit_clipped(probability: checks.Numbers, low: float = 0.01, high: float = 0.99) -> Floats:
    """Return logits of probabilities drawn into [low, high], where 0 and 1 would be infinite."""
    return np.asarray(special.logit(np.clip(checks.shares("probability", probability), low, high)))
