"""How many of several unlike chances come true, exactly; and whether fewer did than had been stated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import Estimate, Status, refusal
from postmortem.stats.limits import exact_limits

LEAST_FORECASTS = 8
METHOD = "stated chances minus events; exact Clopper–Pearson interval, exact Poisson-binomial tail"


@dataclass(frozen=True, kw_only=True)
class WishfulIndex:
    """What was stated against what happened.

    Attributes
    ----------
    n : int
        Observations with a stated probability.
    stated : float
        Σp, the events the probabilities promise.
    happened : int
        Events that came.
    index : Estimate
        W = Σp − events, in events: above 0 more was promised than came. `low` and `high` are the interval of
        the excess that would be seen again and again with the same chances. Refused under eight observations.
    z : float
        W in standard deviations of the events if every probability were right, with the sign of the shortfall:
        −W / √Σp(1−p). NaN when refused or when every probability is 0 or 1.
    p_fewer : float
        Chance of as few events or fewer if every probability were right. NaN when refused.
    usual_low, usual_high : float
        Events between which 95% (or the confidence asked for) of such sets end, if every probability were
        right. NaN when refused.
    status : {"ok", "refused"}
        Refused when there is too little data; stated and happened stand all the same.
    why : str
        Reason of a refusal.
    """

    n: int
    stated: float
    happened: int
    index: Estimate
    z: float = math.nan
    p_fewer: float = math.nan
    usual_low: float = math.nan
    usual_high: float = math.nan
    status: Status = "ok"
    why: str = ""


def poisson_binomial_pmf(probability: checks.Numbers) -> Floats:
    """Return the chance of exactly 0, 1, …, n events among independent events of unlike probability.

    The distributions (1 − p, p) of the single events, convolved one after the other: exact for any n.

    Parameters
    ----------
    probability : sequence of float, one value an event
        Shares, 0 to 1.

    Returns
    -------
    ndarray, shape (n + 1,)
        Chances, not negative, their sum 1 up to rounding.

    Raises
    ------
    UsageError
        When probabilities are none, missing or outside 0 to 1.

    References
    ----------
    Hong (2013), Computational Statistics and Data Analysis 59, 41–51.
    """
    chances = np.ones(1)
    for p in checks.shares("probability", probability):
        chances = np.convolve(chances, (1 - p, p))
    return chances


def wishful_index(
    probability: checks.Numbers,
    happened: checks.Numbers,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_FORECASTS,
) -> WishfulIndex:
    """Compare the events that stated probabilities promise with the events that came.

    W = Σp − Σy. The tail is P(Y ≤ Σy) with Y Poisson-binomial(p). The interval of W is Σp − n·(u, l) with (l, u)
    the Clopper–Pearson limits of Σy / n: events of unlike chances vary less than alike ones of the same mean, so
    it is never too narrow.

    Parameters
    ----------
    probability : sequence of float, one value an observation
        Stated probabilities, shares from 0 to 1.
    happened : sequence of 0 and 1, one value an observation
        Whether the event came.
    confidence : float
        Two-sided confidence of the interval and of the usual range.
    least_n : int
        Fewer observations are refused.

    Returns
    -------
    WishfulIndex
        In events.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what is no probability or no outcome.

    Notes
    -----
    Independence is taken for granted. Deals that hang together (one customer, one quarter's slump) spread wider
    than the tail says.

    References
    ----------
    Hoeffding (1956), Annals of Mathematical Statistics 27, 713–721, for the interval. Reference value:
    p = (.9, .75, .75, .5, .5, .5) with two events gives W 1.9, z −1.7237 and P(Y ≤ 2) = .1015625.
    """
    p, y = checks.shares("probability", probability), checks.zero_one("happened", happened)
    checks.same_length(probability=p, happened=y)
    tail = (1 - checks.between("confidence", confidence)) / 2
    n, came, stated = int(p.size), int(y.sum()), float(p.sum())
    why = refusal(n, None, least_n=max(least_n, 1))
    if why:
        refused = Estimate.refused(why, n=n, events=came, method=METHOD)
        return WishfulIndex(n=n, stated=stated, happened=came, index=refused, status="refused", why=why)
    below = np.cumsum(poisson_binomial_pmf(p))
    spread = math.sqrt(float((p * (1 - p)).sum()))
    low, high = exact_limits(came, n, tail)
    index = Estimate(
        estimate=stated - came,
        low=stated - n * max(high, came / n),
        high=stated - n * min(low, came / n),
        n=n,
        events=came,
        confidence=confidence,
        method=METHOD,
    )
    return WishfulIndex(
        n=n,
        stated=stated,
        happened=came,
        index=index,
        z=(came - stated) / spread if spread else math.nan,
        p_fewer=min(1.0, float(below[came])),
        usual_low=float(np.searchsorted(below, tail)),
        usual_high=min(float(np.searchsorted(below, 1 - tail)), float(n)),
    )
