"""How far two shares of the same things are apart, as when two raters are asked about every deal."""

from __future__ import annotations

import math

from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_N, Estimate, refusal
from postmortem.stats.limits import z_value

BONETT_PRICE = "Bonett–Price interval for a difference of paired shares"


def paired_difference(
    only_first: int, only_second: int, n: int, *, confidence: float = 0.95, least_n: int = LEAST_N
) -> Estimate:
    """Estimate the difference of two shares of the same things, first minus second.

    (b − c) / n, b the things of the first kind only and c those of the second only. The interval is p − q ±
    z √((p + q − (p − q)²) / (n + 2)) with p = (b + 1) / (n + 2) and q = (c + 1) / (n + 2).

    Parameters
    ----------
    only_first, only_second : int
        Things that count for the one and not for the other.
    n : int
        All things, those that count for both or for neither included.
    confidence : float
        Two-sided confidence.
    least_n : int
        Fewer things are refused.

    Returns
    -------
    Estimate
        Difference, −1 to 1; events are the things on which the two differ.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole, or the two exceed n.

    References
    ----------
    Bonett and Price (2012), Journal of Educational and Behavioral Statistics 37, 479–488.
    """
    b, c, n = (checks.count(name, value) for name, value in
               (("only_first", only_first), ("only_second", only_second), ("n", n)))  # fmt: skip
    if b + c > n:
        raise UsageError("only_first and only_second together exceed n", got=f"{b} + {c}", expected=f"at most {n}")
    z = z_value(confidence)
    why = refusal(n, None, least_n=max(least_n, 1))
    if why:
        return Estimate.refused(why, n=n, events=b + c, method=BONETT_PRICE)
    p, q, difference = (b + 1) / (n + 2), (c + 1) / (n + 2), (b - c) / n
    half = z * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    return Estimate(
        estimate=difference,
        low=max(-1.0, min(p - q - half, difference)),
        high=min(1.0, max(p - q + half, difference)),
        n=n,
        events=b + c,
        confidence=confidence,
        method=BONETT_PRICE,
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Test whether two shares of the same things differ, exactly: of b + c things, b is binomial at one half.

    Parameters
    ----------
    only_first, only_second : int
        Things that count for the one and not for the other.

    Returns
    -------
    float
        Two-sided p-value; NaN where the two never differ.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole.

    References
    ----------
    McNemar (1947), Psychometrika 12, 153–157.
    """
    b, c = checks.count("only_first", only_first), checks.count("only_second", only_second)
    return float(stats.binomtest(b, b + c, 0.5).pvalue) if b + c else math.nan
