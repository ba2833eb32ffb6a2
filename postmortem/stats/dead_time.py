"""How long is too long without a sign of life: gaps of the living, the share above them, and silence by chance."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_N, Estimate, refusal
from postmortem.stats.proportions import wilson

PERCENTILE = "percentile, interval from order statistics"


def percentile(values: checks.Numbers, share: float, *, confidence: float = 0.95, least_n: int = LEAST_N) -> Estimate:
    """Estimate the value that a share of observations lies at or below.

    The estimate is the smallest observation with at least that share at or below it; its limits are the order
    statistics between which a binomial(n, share) count falls with the stated confidence, so that no
    distribution is assumed and ties do no harm.

    Parameters
    ----------
    values : sequence of float, one an observation
        Days, say; at least 0.
    share : float
        Between 0 and 1; .95 for the value only one in twenty exceeds.
    confidence : float
        Two-sided confidence, at least.
    least_n : int
        Fewer observations are refused.

    Returns
    -------
    Estimate
        In the unit of the values. Refused too where even the largest observation is no upper limit: under 72
        observations for the 95th percentile at 95%.

    Raises
    ------
    UsageError
        When values are empty, missing or negative, or the share or confidence is out of range.

    Notes
    -----
    Observations are taken as independent; several gaps of one deal hang together, so give one a deal, or read
    the interval as too narrow.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, third edition, section 3.2.
    """
    column = np.sort(checks.finite("values", values))
    if column[0] < 0:
        raise UsageError("values is negative", got=float(column[0]), expected="at least 0")
    share, tail = checks.between("share", share), (1 - checks.between("confidence", confidence)) / 2
    n = int(column.size)
    why = refusal(n, None, least_n=max(least_n, 1))
    # P(the k-th smallest lies above the percentile) = P(fewer than k at or below) = binomial cdf at k − 1
    at_or_below = stats.binom.cdf(np.arange(n + 1), n, share)
    above = np.flatnonzero(at_or_below[:n] >= 1 - tail)
    below = np.flatnonzero(at_or_below[:n] <= tail)
    if not why and not above.size:
        needed = math.ceil(math.log(tail) / math.log(share))
        why = f"not enough data: {n} of the {needed} observations an upper limit needs"
    if why:
        return Estimate.refused(why, n=n, method=PERCENTILE)
    place = math.ceil(n * share - 1e-9) - 1
    low = float(column[below[-1]]) if below.size else 0.0
    return Estimate(
        estimate=float(column[place]),
        low=low,
        high=float(column[above[0]]),
        n=n,
        confidence=confidence,
        method=PERCENTILE,
    )


def share_above(values: checks.Numbers, limit: float, *, confidence: float = 0.95) -> Estimate:
    """Estimate the share of observations above a limit, with Wilson's interval.

    Parameters
    ----------
    values : sequence of float, one an observation
        Days, say.
    limit : float
        In the unit of the values; a value on it is not above.
    confidence : float
        Two-sided confidence.

    Returns
    -------
    Estimate
        A share, 0 to 1; refused under 10 observations.

    Raises
    ------
    UsageError
        When values are empty or missing, or the limit is no number.
    """
    column, edge = checks.finite("values", values), float(checks.finite("limit", [limit])[0])
    return wilson(int((column > edge).sum()), int(column.size), confidence=confidence)


def silence_probability(rate: float, days: float = 30) -> float:
    """Return how probable it is to hear nothing for so long from someone still there: e^(−λ·days).

    Parameters
    ----------
    rate : float
        Contacts a day, λ, of one still there; at least 0.
    days : float
        Length of the silence; at least 0.

    Returns
    -------
    float
        A probability. .22 at .05 contacts a day and 30 days, .05 at .10: silence alone does not mean dead.

    Raises
    ------
    UsageError
        When either is negative, missing or infinite.

    Notes
    -----
    Contacts are taken to come independently at one rate (Poisson). Contacts in bursts leave longer gaps.
    """
    numbers = checks.finite("rate and days", [rate, days])
    if (numbers < 0).any():
        raise UsageError("rate or days is negative", got=f"{rate}, {days}", expected="at least 0")
    return math.exp(-float(numbers[0] * numbers[1]))
