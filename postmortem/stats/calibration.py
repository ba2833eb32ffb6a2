"""Whether stated probabilities are right on the whole, and whether they are too bold or too timid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from postmortem.stats import checks
from postmortem.stats.binomial_fit import BinomialFit, fit_binomial, logit_clipped
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import Estimate

IN_THE_LARGE = "calibration-in-the-large: logistic regression with the stated logit as offset, clustered, t(G−1)"
SLOPE = "calibration slope: logistic regression on the stated logit, clustered, t(G−1)"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How stated probabilities compare with what came, in two figures.

    Attributes
    ----------
    in_the_large : Estimate
        Logit by which the outcomes lie above (positive) or below (negative) the probabilities stated; 0 is
        right on the whole.
    p_in_the_large : float
        Two-sided p-value against 0; NaN when refused.
    slope : Estimate
        1 where odds are as far apart as stated; below 1 the probabilities are too bold (too near 0 and 1),
        above 1 too timid, at 0 they tell nothing.
    p_slope : float
        Two-sided p-value against 1; NaN when refused.
    """

    in_the_large: Estimate
    p_in_the_large: float = math.nan
    slope: Estimate
    p_slope: float = math.nan


def calibration_of(
    probability: checks.Numbers,
    happened: checks.Numbers,
    clusters: checks.Labels,
    *,
    confidence: float = 0.95,
) -> Calibration:
    """Measure calibration in the large and the calibration slope, with errors clustered.

    In the large: α of logit P(y = 1) = logit p + α. Slope: β of logit P(y = 1) = α + β logit p. Probabilities are
    drawn into [.01, .99] first.

    Parameters
    ----------
    probability : sequence of float, one value an observation
        Stated probabilities, 0 to 1.
    happened : sequence of 0 and 1, one value an observation
        Whether the event came; flags are welcome.
    clusters : sequence, one label an observation
        Within which observations hang together; no label missing.
    confidence : float
        Two-sided confidence.

    Returns
    -------
    Calibration
        Each figure is refused under 10 observations, under 10 clusters, and with fewer than 10 of the rarer
        outcome a coefficient (10 in the large, 20 for the slope); the slope also where fewer than two
        probabilities were stated or where they separate the outcomes.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what is no probability, no outcome or no label.

    References
    ----------
    Cox (1958), Biometrika 45, 562–565; Van Calster and others (2019), BMC Medicine 17, 230.
    """
    stated, y = logit_clipped(probability), checks.zero_one("happened", happened)
    checks.same_length(probability=stated, happened=y, clusters=clusters)
    checks.between("confidence", confidence)
    codes, _ = checks.codes("clusters", clusters)
    constant = np.ones((y.size, 1))
    large = fit_binomial(y, constant, clusters=codes, offset=stated, confidence=confidence)
    if np.ptp(stated) > 0:
        bold = fit_binomial(y, np.column_stack([constant, stated]), clusters=codes, confidence=confidence)
    else:
        bold = BinomialFit(
            coefficients=np.zeros(0), covariance=np.zeros((0, 0)), why="only one probability was ever stated"
        )
    groups = int(codes.max()) + 1
    return Calibration(
        in_the_large=_told(large, 0, y, groups, confidence, IN_THE_LARGE),
        p_in_the_large=math.nan if large.why else large.p_value(0),
        slope=_told(bold, 1, y, groups, confidence, SLOPE),
        p_slope=math.nan if bold.why else bold.p_value(1, against=1.0),
    )


def _told(fit: BinomialFit, place: int, y: Floats, groups: int, confidence: float, method: str) -> Estimate:
    n, events = int(y.size), int(y.sum())
    if fit.why:
        return Estimate.refused(fit.why, n=n, events=events, clusters=groups, method=method)
    value = float(fit.coefficients[place])
    half = fit.quantile * math.sqrt(float(fit.covariance[place, place]))
    return Estimate(
        estimate=value,
        low=value - half,
        high=value + half,
        n=n,
        events=events,
        clusters=groups,
        confidence=confidence,
        method=method,
    )
