"""How much likelier an outcome is under an exposure, all else as it is: a logistic model, averaged over everybody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from postmortem.stats import checks
from postmortem.stats.binomial_fit import EVENTS_A_COEFFICIENT, BinomialFit, fit_binomial
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.cluster_sandwich import CARRIED_BY_FEW, LEAST_FREEDOM
from postmortem.stats.estimate import LEAST_N, Estimate, refusal

METHOD = "g-computation on a logistic model, cluster sandwich (CR2), t at Satterthwaite's degrees of freedom"


@dataclass(frozen=True, kw_only=True)
class AdjustedRisk:
    """The risk were everybody exposed, set against the risk were nobody.

    Attributes
    ----------
    ratio : Estimate
        Above 1 the exposed meet the outcome more often.
    difference : Estimate
        The same as a difference of shares, −1 to 1.
    exposed_risk, other_risk : float
        The two standardised risks; NaN when refused.
    """

    ratio: Estimate
    difference: Estimate
    exposed_risk: float = math.nan
    other_risk: float = math.nan


def adjusted_risk(
    happened: checks.Numbers,
    exposed: checks.Numbers,
    clusters: checks.Labels,
    *,
    covariates: Floats | None = None,
    confidence: float = 0.95,
    events_a_coefficient: int = EVENTS_A_COEFFICIENT,
) -> AdjustedRisk:
    """Estimate risk ratio and risk difference of a yes-or-no exposure by g-computation.

    logit P(y = 1) = α + βx + γ'z; p̂₁ and p̂₀ are the means over all observations of the fitted risk at x = 1 and at
    x = 0. Intervals by the delta method from the cluster sandwich, the ratio's on the log scale.

    Parameters
    ----------
    happened, exposed : sequence of 0 and 1, one value an observation
        The outcome and the exposure; flags are welcome.
    clusters : sequence, one label an observation
        Within which observations hang together; none missing.
    covariates : ndarray of float, shape (n, p), optional
        What is adjusted for, known before the exposure; without an intercept.
    confidence : float
        Two-sided confidence.
    events_a_coefficient : int
        Fewer of the rarer outcome for each coefficient are refused.

    Returns
    -------
    AdjustedRisk
        Refused with fewer than 10 observations on either side, where `fit_binomial` refuses, and where a few clusters
        carry the comparison (fewer than four degrees of freedom).

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what cannot be.

    Notes
    -----
    The covariates are taken as they are: the interval is for the risks of these observations, not of new ones with
    other covariates. Without covariates ratio and difference are those of the two shares.

    References
    ----------
    Greenland (2004), American Journal of Epidemiology 160, 301–305; Zou (2009), Biometrical Journal 51, 481–484.
    """
    y, x = checks.zero_one("happened", happened), checks.zero_one("exposed", exposed)
    codes, _ = checks.codes("clusters", clusters)
    others = np.zeros((y.size, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    checks.same_length(happened=y, exposed=x, clusters=codes, covariates=others)
    counts: dict[str, Any] = {"n": int(y.size), "events": int(y.sum()), "clusters": int(codes.max()) + 1}
    fit, why = _fit(y, x, others, codes, events_a_coefficient)
    if fit is not None:
        risks, slopes = zip(*(_risk(fit, np.full(y.size, side), others) for side in (1.0, 0.0)), strict=True)
        on_log, apart = (
            fit.weighted_sum(weights)
            for weights in (slopes[0] / risks[0] - slopes[1] / risks[1], slopes[0] - slopes[1])
        )
        why = CARRIED_BY_FEW if min(on_log.freedom, apart.freedom) < LEAST_FREEDOM else ""
    if fit is None or why:
        refused = Estimate.refused(why, **counts, method=METHOD)
        return AdjustedRisk(ratio=refused, difference=refused)
    told: dict[str, Any] = {**counts, "confidence": confidence, "method": METHOD}
    log_half, half = on_log.half_width(confidence), apart.half_width(confidence)
    ratio, difference = risks[0] / risks[1], risks[0] - risks[1]
    return AdjustedRisk(
        ratio=Estimate(estimate=ratio, low=ratio * math.exp(-log_half), high=ratio * math.exp(log_half), **told),
        difference=Estimate(estimate=difference, low=difference - half, high=difference + half, **told),
        exposed_risk=risks[0],
        other_risk=risks[1],
    )


def _fit(y: Floats, x: Floats, others: Floats, codes: Codes, least: int) -> tuple[BinomialFit | None, str]:
    smaller = int(min(x.sum(), x.size - x.sum()))
    why = refusal(smaller, None, least_n=LEAST_N)
    if why:
        return None, f"{why} in the smaller group"
    design = np.column_stack([x, np.ones(y.size), others])
    fit = fit_binomial(y, design, clusters=codes, events_a_coefficient=least)
    return (None, fit.why) if fit.why else (fit, "")


def _risk(fit: BinomialFit, side: Floats, others: Floats) -> tuple[float, Floats]:
    """Return the mean risk with everybody on one side, and how it moves with each coefficient."""
    design = np.column_stack([side, np.ones(side.size), others])
    fitted = special.expit(design @ fit.coefficients)
    return float(fitted.mean()), np.asarray((design * (fitted * (1 - fitted))[:, None]).mean(axis=0))
