"""Whether stated probabilities are right on the whole, and whether they are too bold or too timid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from postmortem.stats import checks
from postmortem.stats.binomial_fit import BinomialFit, fit_binomial, logit_clipped
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.cluster_sandwich import CARRIED_BY_FEW, LEAST_FREEDOM
from postmortem.stats.estimate import Estimate

SANDWICH = "cluster sandwich (CR2), t at Satterthwaite's degrees of freedom"
IN_THE_LARGE = f"calibration-in-the-large: logistic regression with the stated logit as offset, {SANDWICH}"
SLOPE = f"calibration slope: logistic regression on the stated logit, {SANDWICH}"


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
        outcome a coefficient (10 in the large, 20 for the slope), and where a few clusters carry it (fewer than four
        degrees of freedom); the slope also where fewer than two probabilities were stated or where they separate the
        outcomes.

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
    large = fit_binomial(y, constant, clusters=codes, offset=stated)
    if np.ptp(stated) > 0:
        bold = fit_binomial(y, np.column_stack([constant, stated]), clusters=codes)
    else:
        bold = BinomialFit(why="only one probability was ever stated")
    in_the_large, p_in_the_large = _told(large, np.array([1.0]), 0.0, y, codes, confidence, IN_THE_LARGE)
    slope, p_slope = _told(bold, np.array([0.0, 1.0]), 1.0, y, codes, confidence, SLOPE)
    return Calibration(in_the_large=in_the_large, p_in_the_large=p_in_the_large, slope=slope, p_slope=p_slope)


def _told(
    fit: BinomialFit, place: Floats, right: float, y: Floats, codes: Codes, confidence: float, method: str
) -> tuple[Estimate, float]:
    """Return one coefficient, and the p-value against the value that says all is right."""
    counts: dict[str, Any] = {"n": int(y.size), "events": int(y.sum()), "clusters": int(codes.max()) + 1}
    why, found = fit.why, None
    if not why:
        found = fit.weighted_sum(place)
        why = CARRIED_BY_FEW if found.freedom < LEAST_FREEDOM else ""
    if found is None or why:
        return Estimate.refused(why, **counts, method=method), math.nan
    value, half = found.coefficient, found.half_width(confidence)
    told = Estimate(
        estimate=value, low=value - half, high=value + half, **counts, confidence=confidence, method=method
    )  # fmt: skip
    return told, found.p_value(against=right)
