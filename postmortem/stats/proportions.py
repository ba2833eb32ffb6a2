"""Shares of a count: intervals for one, for all cells of a table at once, and for the difference of two.

Score and exact intervals hold at any count, zero included: "never seen in 12" has an upper limit worth
printing. So `wilson` and `clopper_pearson` refuse on n alone unless `least_events` is given; a difference is
a comparison, and `newcombe` applies the rule for events as well.
"""

from __future__ import annotations

import math

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_EVENTS, LEAST_N, Estimate, refusal
from postmortem.stats.limits import exact_limits, wilson_limits, z_value

WILSON = "Wilson score interval"
CLOPPER_PEARSON = "Clopper–Pearson exact interval"
GOODMAN = "Goodman simultaneous intervals"
NEWCOMBE = "Newcombe interval for a difference of shares"


def wilson(events: int, n: int, *, confidence: float = 0.95, least_n: int = LEAST_N, least_events: int = 0) -> Estimate:
    """Estimate a share with Wilson's score interval.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) with p = events / n and z the normal quantile.

    Parameters
    ----------
    events, n : int
        Observations in which it happened, and all observations.
    confidence : float
        Two-sided confidence.
    least_n : int
        Fewer observations are refused; none at all always is.
    least_events : int
        Fewer of the rarer outcome are refused. 0 by default, since the interval holds at any count; the house
        rule for rates meant to repeat is `estimate.LEAST_EVENTS`.

    Returns
    -------
    Estimate
        Shares, 0 to 1; the limit is exactly 0 at no events and exactly 1 at n events.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole, or events exceed n.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209–212. Reference value: 7 of 20 gives
    (.181192, .567146); 0 of 12 has the upper limit .242494.
    """
    events, n = checks.events_of(events, n)
    z = z_value(confidence)
    why = _too_little(n, min(events, n - events), least_n, least_events)
    if why:
        return Estimate.refused(why, n=n, events=events, method=WILSON)
    low, high = wilson_limits(events, n, z)
    return _share(events, n, low, high, confidence=confidence, method=WILSON)


def clopper_pearson(
    events: int, n: int, *, confidence: float = 0.95, least_n: int = LEAST_N, least_events: int = 0
) -> Estimate:
    """Estimate a share with the exact interval that is never too narrow.

    low = B⁻¹(α/2; x, n−x+1) and high = B⁻¹(1−α/2; x+1, n−x), with B⁻¹ the beta quantile: the shares at which
    x or more, and x or fewer, have probability α/2.

    Parameters
    ----------
    events, n, confidence, least_n, least_events
        As for `wilson`. At confidence .90 the upper limit of 0 of 20, .1391, is the exact one-sided 95%
        limit.

    Returns
    -------
    Estimate
        Shares, 0 to 1.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole, or events exceed n.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, 404–413. Reference value: 7 of 20 gives (.153909, .592189).
    """
    events, n = checks.events_of(events, n)
    tail = (1 - checks.between("confidence", confidence)) / 2
    why = _too_little(n, min(events, n - events), least_n, least_events)
    if why:
        return Estimate.refused(why, n=n, events=events, method=CLOPPER_PEARSON)
    low, high = exact_limits(events, n, tail)
    return _share(events, n, low, high, confidence=confidence, method=CLOPPER_PEARSON)


def goodman(counts: checks.Numbers, *, confidence: float = 0.95, least_n: int = LEAST_N) -> tuple[Estimate, ...]:
    """Estimate the shares of all categories at once, the confidence holding for all intervals together.

    The score interval of each cell with z² replaced by the χ²(1) quantile at 1 − α/k for k categories.

    Parameters
    ----------
    counts : sequence of int, length k ≥ 2
        Observations in each category; the categories exclude one another and cover all observations.
    confidence : float
        Confidence that all k intervals cover together.
    least_n : int
        Fewer observations in all are refused.

    Returns
    -------
    tuple of Estimate, length k
        Shares, in the order given; n is the total, events the category's count.

    Raises
    ------
    UsageError
        When counts are empty, negative, missing or not whole, or there is only one category.

    References
    ----------
    Goodman (1965), Technometrics 7, 247–254; coverage .947 at n = 40 and .950 at n = 120. Reference value:
    56, 72, 73, 59, 62, 87, 58 gives (.0852, .1663) for the first.
    """
    from statsmodels.stats.proportion import multinomial_proportions_confint

    cells = checks.counts("counts", counts)
    checks.between("confidence", confidence)
    if cells.size < 2:
        raise UsageError("counts has one category", got=int(cells.size), expected="at least two categories")
    n = int(cells.sum())
    why = _too_little(n, 0, least_n, 0)
    if why:
        return tuple(Estimate.refused(why, n=n, events=int(cell), method=GOODMAN) for cell in cells)
    limits = multinomial_proportions_confint(cells, alpha=1 - confidence, method="goodman")
    return tuple(
        _share(int(cell), n, float(low), float(high), confidence=confidence, method=GOODMAN)
        for cell, (low, high) in zip(cells, np.asarray(limits), strict=True)
    )


def newcombe(
    events_a: int,
    n_a: int,
    events_b: int,
    n_b: int,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
) -> Estimate:
    """Estimate the difference of two shares, a minus b, with Newcombe's hybrid score interval.

    d − √((p_a − l_a)² + (u_b − p_b)²) to d + √((u_a − p_a)² + (p_b − l_b)²), with (l, u) the Wilson limits of
    each share. The two groups must not share observations.

    Parameters
    ----------
    events_a, n_a, events_b, n_b : int
        Counts of either group.
    confidence : float
        Two-sided confidence.
    least_n : int
        A group with fewer observations refuses the comparison.
    least_events : int
        Fewer of the rarer outcome, over both groups together, refuse the comparison.

    Returns
    -------
    Estimate
        Difference of shares, −1 to 1; n and events of both groups together.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole, or events exceed n.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873–890, method 10. Reference value: 56 of 70 against 48 of 80
    gives (.052431, .333873).
    """
    events_a, n_a = checks.events_of(events_a, n_a, names=("events_a", "n_a"))
    events_b, n_b = checks.events_of(events_b, n_b, names=("events_b", "n_b"))
    z = z_value(confidence)
    n, events = n_a + n_b, events_a + events_b
    smaller = _too_little(min(n_a, n_b), min(events, n - events), least_n, least_events)
    if smaller:
        why = smaller if min(n_a, n_b) >= least_n else f"{smaller} in the smaller group"
        return Estimate.refused(why, n=n, events=events, method=NEWCOMBE)
    (p_a, l_a, u_a), (p_b, l_b, u_b) = (
        (part / whole, *wilson_limits(part, whole, z)) for part, whole in ((events_a, n_a), (events_b, n_b))
    )
    difference = p_a - p_b
    return Estimate(
        estimate=difference,
        low=max(difference - math.hypot(p_a - l_a, u_b - p_b), -1.0),
        high=min(difference + math.hypot(u_a - p_a, p_b - l_b), 1.0),
        n=n,
        events=events,
        confidence=confidence,
        method=NEWCOMBE,
    )


def _too_little(n: int, rarer: int, least_n: int, least_events: int) -> str:
    """Return the refusal of a share; a share of nothing is refused whatever the caller asks."""
    return refusal(n, rarer, least_n=max(least_n, 1), least_events=least_events)


def _share(events: int, n: int, low: float, high: float, *, confidence: float, method: str) -> Estimate:
    share = events / n
    return Estimate(
        estimate=share,
        low=max(0.0, min(low, share)),
        high=min(1.0, max(high, share)),
        n=n,
        events=events,
        confidence=confidence,
        method=method,
    )
