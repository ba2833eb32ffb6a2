"""When did events, counted week by week, become fewer or more? One break in a Poisson rate, by profile likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import Status
from postmortem.stats.follow_up import Integers
from postmortem.stats.permutation import SEED

METHOD = "one break in a Poisson rate, profile likelihood, Monte-Carlo null"
LEAST_WEEKS = 8
LEAST_EVENTS = 8
DRAWS = 999


@dataclass(frozen=True, kw_only=True)
class ChangePoint:
    """The likeliest break of one series.

    Attributes
    ----------
    week : int or None
        Weeks before the break: the rate changed after so many; None when refused.
    earliest, latest : int or None
        Limits of the breaks the data do not exclude; None when refused.
    before, after : float
        Events a week on either side; NaN when refused.
    statistic : float
        Twice the log-likelihood gained by the break; NaN when refused.
    p : float
        Monte-Carlo p-value against one rate throughout; NaN when refused.
    weeks, events : int
        Length of the series, and its events.
    method : str
        Name of the method.
    status : {"ok", "refused"}
        Refused when there is too little data.
    why : str
        Reason of a refusal.
    """

    week: int | None = None
    earliest: int | None = None
    latest: int | None = None
    before: float = math.nan
    after: float = math.nan
    statistic: float = math.nan
    p: float = math.nan
    weeks: int
    events: int
    method: str = METHOD
    status: Status = "ok"
    why: str = ""


def change_point(weekly: checks.Numbers, *, draws: int = DRAWS, seed: int = SEED) -> ChangePoint:
    """Find the likeliest break of one series; see `change_points`.

    Parameters
    ----------
    weekly : sequence of int
        Events of each week, in order of time.
    draws, seed : int
        As for `change_points`.

    Returns
    -------
    ChangePoint
        Refused under 8 weeks or 8 events.

    Raises
    ------
    UsageError
        As `change_points` does.
    """
    return change_points([weekly], draws=draws, seed=seed)[0]


def change_points(
    weekly: Sequence[checks.Numbers],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    confidence: float = 0.95,
    least_weeks: int = LEAST_WEEKS,
    least_events: int = LEAST_EVENTS,
) -> tuple[ChangePoint, ...]:
    """Find the likeliest break of many series at once.

    With k of w weeks before the break, n₁ of n events in them and x ln x taken as 0 at 0, the gain is
    T(k) = 2 [n₁ ln(n₁/k) + n₂ ln(n₂/(w−k)) − n ln(n/w)], and the break is where it is greatest. Given n and w
    and no break, the weeks of the events are uniform: `draws` such series give the null distribution of max T.
    Breaks are not excluded while T(k) ≥ max T + 2 ln(1 − √confidence): on either side of the true break the
    log-likelihood is a walk that drifts down and rises above its start by an exponential excess.

    Parameters
    ----------
    weekly : sequence of sequences of int
        Events of each week, in order of time, one series each; lengths may differ.
    draws : int
        Series drawn for every distinct pair of length and events.
    seed : int
        Seed; together with length and events it fixes the draws, so that a series has the same p-value
        whatever series stand beside it.
    confidence : float
        Confidence of `earliest` and `latest`; approximate.
    least_weeks, least_events : int
        Fewer are refused.

    Returns
    -------
    tuple of ChangePoint
        One a series, in their order.

    Raises
    ------
    UsageError
        For an empty series, counts that are not whole, negative or missing (weeks named).

    Notes
    -----
    The test has two sides; a rise is a break as well. It takes weeks as independent given the rate: bursts,
    such as a thread of mails about one question, count as evidence for a break. Many series make many tests.

    References
    ----------
    Worsley (1986), Biometrika 73, 91–104; Hinkley (1970), Biometrika 57, 1–17, for the likely breaks.
    """
    series = [checks.counts("weekly", each).astype(np.int64) for each in weekly]
    draws, seed = checks.count("draws", draws), checks.count("seed", seed)
    drop = -2 * math.log(1 - math.sqrt(checks.between("confidence", confidence)))
    nulls: dict[tuple[int, int], Floats] = {}
    found = []
    for counts in series:
        weeks, events = counts.size, int(counts.sum())
        why = _too_little(weeks, events, max(least_weeks, 2), max(least_events, 1))
        if why:
            found.append(ChangePoint(weeks=weeks, events=events, status="refused", why=why))
            continue
        if (weeks, events) not in nulls:
            nulls[weeks, events] = _null(weeks, events, draws, seed)
        found.append(_likeliest(counts, nulls[weeks, events], drop))
    return tuple(found)


def _too_little(weeks: int, events: int, least_weeks: int, least_events: int) -> str:
    needed = ((weeks, least_weeks, "weeks"), (events, least_events, "events"))
    short = [f"{had} of the {least} {what}" for had, least, what in needed if had < least]
    return f"not enough data: {' and '.join(short)} needed" if short else ""


def _likeliest(counts: Integers, null: Floats, drop: float) -> ChangePoint:
    gain = _gain(counts[None, :])[0]
    best = int(np.argmax(gain))
    likely = np.flatnonzero(gain >= gain[best] - drop)
    before = float(counts[: best + 1].sum())
    # draws equal to what was seen are as extreme, whatever the last digits of their logarithms
    extreme = null.size - int(np.searchsorted(null, gain[best] - 1e-9, side="left"))
    return ChangePoint(
        week=best + 1,
        earliest=int(likely[0]) + 1,
        latest=int(likely[-1]) + 1,
        before=before / (best + 1),
        after=(float(counts.sum()) - before) / (counts.size - best - 1),
        statistic=float(gain[best]),
        p=(1 + extreme) / (1 + null.size),
        weeks=counts.size,
        events=int(counts.sum()),
    )


def _gain(counts: Integers) -> Floats:
    """Return T(k) for k = 1 … w − 1 of each row, all rows of one sum; shape (rows, w − 1)."""
    weeks, total = counts.shape[1], int(counts[0].sum())
    before = np.cumsum(counts[:, :-1], axis=1)
    x_ln_x = special.xlogy(np.arange(total + 1), np.arange(total + 1))
    ln = np.log(np.arange(1, weeks))
    # ln of a mean is the difference of two logarithms, and every one of them is needed many times
    left = x_ln_x[before] - before * ln
    right = x_ln_x[total - before] - (total - before) * ln[::-1]
    return np.asarray(2 * (left + right - x_ln_x[total] + total * np.log(weeks)), dtype=np.float64)


def _null(weeks: int, events: int, draws: int, seed: int) -> Floats:
    """Return max T of `draws` series without a break, ascending."""
    generator = np.random.default_rng([seed, weeks, events])
    drawn = generator.multinomial(events, np.full(weeks, 1 / weeks), size=draws)
    return np.sort(_gain(drawn).max(axis=1))
