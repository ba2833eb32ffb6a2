"""How many times as often, and how much of the whole that would be: two shares as a ratio."""

from __future__ import annotations

import math

from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_EVENTS, LEAST_N, Estimate, refusal
from postmortem.stats.limits import z_value

KATZ = "ratio of two shares, Katz log interval"
ATTRIBUTABLE = "population attributable fraction, log-complement interval"


def risk_ratio(
    events_a: int,
    n_a: int,
    events_b: int,
    n_b: int,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
) -> Estimate:
    """Estimate the ratio of two shares, a over b, with Katz' interval on the log scale.

    exp(ln(p_a / p_b) ± z √(1/x_a − 1/n_a + 1/x_b − 1/n_b)).

    Parameters
    ----------
    events_a, n_a, events_b, n_b : int
        Counts of either group, which must not share observations.
    confidence : float
        Two-sided confidence.
    least_n : int
        A group with fewer observations refuses the comparison.
    least_events : int
        Fewer events over both groups together refuse it; so does a group without any.

    Returns
    -------
    Estimate
        Ratio, above 0; 1 is just as often. n and events of both groups together.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole, or events exceed n.

    References
    ----------
    Katz and others (1978), Biometrics 34, 469–474. Reference value: 30 of 50 against 15 of 50 gives
    2.0 (1.237454, 3.232443).
    """
    (x_a, m_a), (x_b, m_b) = _sides(events_a, n_a, events_b, n_b)
    z = z_value(confidence)
    why = _too_little(x_a, m_a, x_b, m_b, least_n, least_events)
    if why:
        return Estimate.refused(why, n=m_a + m_b, events=x_a + x_b, method=KATZ)
    log_ratio = math.log(x_a / m_a) - math.log(x_b / m_b)
    half = z * math.sqrt(max(0.0, 1 / x_a - 1 / m_a + 1 / x_b - 1 / m_b))
    return Estimate(
        estimate=math.exp(log_ratio),
        low=math.exp(log_ratio - half),
        high=math.exp(log_ratio + half),
        n=m_a + m_b,
        events=x_a + x_b,
        confidence=confidence,
        method=KATZ,
    )


def attributable_fraction(
    events_exposed: int,
    n_exposed: int,
    events_unexposed: int,
    n_unexposed: int,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
) -> Estimate:
    """Estimate the part of all events above what the unexposed share would give everywhere.

    AF = 1 − p_unexposed / p_all. With a, b events and others among the exposed, c, d among the unexposed and
    n = a + b + c + d, the interval is 1 − exp(ln(1 − AF) ± z √((b + AF(a + d)) / (n c))).

    Parameters
    ----------
    events_exposed, n_exposed, events_unexposed, n_unexposed : int
        Counts of either group, together a sample of the whole.
    confidence, least_n, least_events
        As for `risk_ratio`.

    Returns
    -------
    Estimate
        A share of all events; below 0 where the exposed have the event more rarely. It is the part the exposure
        would account for if the association were entirely causal, which two shares cannot show.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole, or events exceed n.

    References
    ----------
    Walter (1976), Biometrics 32, 829–849. Reference value: 30 of 50 exposed and 15 of 50 unexposed give one
    third.
    """
    (a, exposed), (c, unexposed) = _sides(events_exposed, n_exposed, events_unexposed, n_unexposed)
    z = z_value(confidence)
    n, events = exposed + unexposed, a + c
    why = _too_little(a, exposed, c, unexposed, least_n, least_events)
    if why:
        return Estimate.refused(why, n=n, events=events, method=ATTRIBUTABLE)
    left = (c / unexposed) / (events / n)
    fraction = 1 - left
    half = z * math.sqrt(max(0.0, (exposed - a + fraction * (a + unexposed - c)) / (n * c)))
    return Estimate(
        estimate=fraction,
        low=1 - left * math.exp(half),
        high=1 - left * math.exp(-half),
        n=n,
        events=events,
        confidence=confidence,
        method=ATTRIBUTABLE,
    )


def _sides(events_a: int, n_a: int, events_b: int, n_b: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (
        checks.events_of(events_a, n_a, names=("the first events", "the first n")),
        checks.events_of(events_b, n_b, names=("the second events", "the second n")),
    )


def _too_little(x_a: int, m_a: int, x_b: int, m_b: int, least_n: int, least_events: int) -> str:
    """Say why there is no ratio; a group without an event has none, whatever the caller asks."""
    why = refusal(min(m_a, m_b), None, least_n=max(least_n, 1))
    if why:
        return f"{why} in the smaller group"
    why = refusal(m_a + m_b, x_a + x_b, least_n=1, least_events=max(least_events, 1))
    return why or ("" if x_a and x_b else "one of the groups has no event, so there is no ratio")
