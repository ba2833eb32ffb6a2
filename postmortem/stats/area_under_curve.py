"""How well a number tells two classes apart: the area under the curve, with Hanley and McNeil's interval."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from postmortem.stats import checks
from postmortem.stats.estimate import Estimate, refusal
from postmortem.stats.limits import z_value

METHOD = "area under the curve, Hanley–McNeil interval on the logit scale"
LEAST_A_CLASS = 8


def area_under_curve(
    score: checks.Numbers, succeeded: checks.Numbers, *, confidence: float = 0.95, least: int = LEAST_A_CLASS
) -> Estimate:
    """Estimate the chance that one who succeeded scores higher than one who did not, ties counted half.

    A = U / (n₁ n₀); variance (A(1−A) + (n₁−1)(Q₁−A²) + (n₀−1)(Q₂−A²)) / (n₁ n₀) with Q₁ = A/(2−A) and
    Q₂ = 2A²/(1+A); the limits are logit⁻¹(logit A ± z √V / (A(1−A))).

    Parameters
    ----------
    score : sequence of float, one value a case
        Higher is meant to be better.
    succeeded : sequence of 0 and 1, one value a case
        The class; flags are welcome.
    confidence : float
        Two-sided confidence.
    least : int
        Fewer cases in either class are refused.

    Returns
    -------
    Estimate
        0 to 1, .5 where the score tells nothing; events are those who succeeded. A fallback where every one of
        one class scores higher than every one of the other: half a pair is taken off, as the logit is infinite.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what cannot be.

    Notes
    -----
    A score chosen among several on the same cases looks better than it is: declare it beforehand.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143, 29–36.
    """
    x, good = checks.finite("score", score), checks.zero_one("succeeded", succeeded)
    checks.same_length(score=x, succeeded=good)
    z, n, of_good = z_value(confidence), int(x.size), int(good.sum())
    of_poor = n - of_good
    why = refusal(min(of_good, of_poor), None, least_n=max(least, 2))
    if why:
        return Estimate.refused(f"{why} in the smaller class", n=n, events=of_good, method=METHOD)
    ranks = np.asarray(stats.rankdata(x))
    pairs = of_good * of_poor
    area = (float(ranks[good == 1].sum()) - of_good * (of_good + 1) / 2) / pairs
    apart = area in (0.0, 1.0)
    inner = min(max(area, 0.5 / pairs), 1 - 0.5 / pairs)
    first, second = inner / (2 - inner), 2 * inner**2 / (1 + inner)
    spread = inner * (1 - inner) + (of_good - 1) * (first - inner**2) + (of_poor - 1) * (second - inner**2)
    half = z * math.sqrt(max(0.0, spread) / pairs) / (inner * (1 - inner))
    middle = float(special.logit(inner))
    return Estimate(
        estimate=inner,
        low=float(special.expit(middle - half)),
        high=float(special.expit(middle + half)),
        n=n,
        events=of_good,
        confidence=confidence,
        method=METHOD,
        status="fallback" if apart else "ok",
        why="the classes do not overlap, so half a pair is taken off" if apart else "",
    )
