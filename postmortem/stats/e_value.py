"""How strong would something unrecorded have to be to explain an association away: the E-value."""

from __future__ import annotations

import math

from postmortem.ground.errors import UsageError
from postmortem.stats import checks


def e_value(risk_ratio: float) -> float:
    """Return the least strength with which an unrecorded cause could explain a risk ratio away.

    E = RR + √(RR (RR − 1)), with 1/RR in the place of RR where RR < 1: a cause tied to both exposure and outcome by
    risk ratios of less than E each cannot make the ratio out of nothing.

    Parameters
    ----------
    risk_ratio : float
        A risk ratio above 0, or the limit of its interval nearer 1. An odds or hazard ratio only where the
        outcome is rare.

    Returns
    -------
    float
        A risk ratio of at least 1; 1 where there is nothing to explain.

    Raises
    ------
    UsageError
        When the ratio is not a number above 0.

    References
    ----------
    VanderWeele and Ding (2017), Annals of Internal Medicine 167, 268–274. Reference values: 3.9 gives 7.263, 1.8
    gives 3.0.
    """
    given = float(checks.finite("risk_ratio", [risk_ratio])[0])
    if given <= 0:
        raise UsageError("risk_ratio is not a risk ratio", got=given, expected="a number above 0")
    ratio = max(given, 1 / given)
    return ratio + math.sqrt(ratio * (ratio - 1))


def e_value_of_interval(low: float, high: float) -> float:
    """Return the E-value of the limit nearer 1, and 1 where the interval holds 1.

    Parameters
    ----------
    low, high : float
        Limits of a risk ratio, 0 < low ≤ high.

    Returns
    -------
    float
        A risk ratio of at least 1.

    Raises
    ------
    UsageError
        When a limit is not a number above 0, or they are crossed.
    """
    of_low, of_high = e_value(low), e_value(high)
    if low > high:
        raise UsageError("the limits are crossed", got=f"{low}, {high}", expected="low ≤ high")
    if low <= 1 <= high:
        return 1.0
    return of_low if low > 1 else of_high
