"""Which share has met each of several ends by a day, while some are still open: Aalen–Johansen's curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import LEAST_EVENTS, Estimate, Status
from postmortem.stats.follow_up import RiskTable, Times, follow_up, horizon_of, risk_table
from postmortem.stats.limits import z_value

METHOD = "Aalen–Johansen cumulative incidence, interval on the log-log scale"
OPEN_METHOD = "Kaplan–Meier share still open, interval on the log-log scale"
LEAST_AT_RISK = 10
LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, kw_only=True, eq=False)
class CumulativeIncidence:
    """Curves of one group; at every time the causes and what is still open sum to 1.

    Attributes
    ----------
    causes : tuple of int
        The causes, in the order of the columns below.
    times : ndarray, shape (k,)
        Distinct times at which a row left, ascending, as far as the curve is shown; no row when refused.
    at_risk : ndarray, shape (k,)
        Rows followed just before each time.
    events : ndarray, shape (k, causes)
        Events of each cause at each time.
    incidence, error, low, high : ndarray, shape (k, causes)
        Share that has met each cause by then, its standard error and its pointwise limits.
    still_open, open_error, open_low, open_high : ndarray, shape (k,)
        Share that has met no cause by then, its standard error and its pointwise limits.
    until : float
        The last time the curves speak for; NaN when refused.
    n : int
        Rows.
    all_events : tuple of int
        Events of each cause at any time, those past `until` included.
    confidence : float
        Confidence of the limits.
    status : {"ok", "refused"}
        Refused when too few rows are at risk from the first event on.
    why : str
        Reason of a refusal.
    """

    causes: tuple[int, ...]
    times: Times
    at_risk: Floats
    events: Floats
    incidence: Floats
    error: Floats
    low: Floats
    high: Floats
    still_open: Floats
    open_error: Floats
    open_low: Floats
    open_high: Floats
    until: float
    n: int
    all_events: tuple[int, ...]
    confidence: float
    status: Status = "ok"
    why: str = ""

    def at(self, horizon: float, cause: int, *, least_events: int = LEAST_EVENTS) -> Estimate:
        """Read one curve at a horizon.

        Parameters
        ----------
        horizon : float
            A time of at least 0, in the unit of the times.
        cause : int
            One of `causes`.
        least_events : int
            Fewer events of the cause by then are refused.

        Returns
        -------
        Estimate
            Share that has met the cause by the horizon, that time included. Refused past `until`.

        Raises
        ------
        UsageError
            When the horizon is negative or no number, or the cause is not one of `causes`.
        """
        if cause not in self.causes:
            raise UsageError("cause is not one of the curves'", got=cause, expected=f"one of {self.causes}")
        column = self.causes.index(cause)
        row, why = self._row(horizon)
        events = int(self.events[: row + 1, column].sum())
        if not why and events < least_events:
            why = f"not enough data: {events} of the {least_events} events needed"
        if why:
            return Estimate.refused(why, n=self.n, events=events, method=METHOD)
        if row < 0:
            low, high = _limits(np.zeros(1), np.zeros(1), np.array([float(self.n)]), self.confidence)
            return self._estimate(0.0, float(low[0]), float(high[0]), 0, METHOD)
        limits = float(self.low[row, column]), float(self.high[row, column])
        return self._estimate(float(self.incidence[row, column]), *limits, events, METHOD)

    def open_at(self, horizon: float) -> Estimate:
        """Read the share still open at a horizon; events are those of all causes by then.

        Parameters
        ----------
        horizon : float
            A time of at least 0, in the unit of the times.

        Returns
        -------
        Estimate
            Share that has met no cause by the horizon, that time included. Refused past `until`.

        Raises
        ------
        UsageError
            When the horizon is negative or no number.
        """
        row, why = self._row(horizon)
        events = int(self.events[: row + 1].sum())
        if why:
            return Estimate.refused(why, n=self.n, events=events, method=OPEN_METHOD)
        if row < 0:
            low, high = _limits(np.ones(1), np.zeros(1), np.array([float(self.n)]), self.confidence)
            return self._estimate(1.0, float(low[0]), float(high[0]), 0, OPEN_METHOD)
        limits = float(self.open_low[row]), float(self.open_high[row])
        return self._estimate(float(self.still_open[row]), *limits, events, OPEN_METHOD)

    def _row(self, horizon: float) -> tuple[int, str]:
        horizon = horizon_of(horizon)
        row = int(np.searchsorted(self.times, horizon, side="right")) - 1
        past = f"too few were still followed: the curves end at {self.until:g}" if horizon > self.until else ""
        return row, self.why or past

    def _estimate(self, share: float, low: float, high: float, events: int, method: str) -> Estimate:
        return Estimate(
            estimate=share,
            low=min(low, share),
            high=max(high, share),
            n=self.n,
            events=events,
            confidence=self.confidence,
            method=method,
        )


def cumulative_incidence(
    time: checks.Numbers,
    cause: checks.Numbers,
    *,
    entry: checks.Numbers | None = None,
    causes: Sequence[int] | None = None,
    confidence: float = 0.95,
    least_at_risk: int = LEAST_AT_RISK,
) -> CumulativeIncidence:
    """Estimate the share that has met each cause by every time, rows still open counted as what they are.

    F_k(t) = Σ_{s ≤ t} S(s−) d_k(s)/n(s), with n(s) at risk, d_k events of cause k and S the share still open,
    S(t) = Π_{s ≤ t} (1 − d(s)/n(s)). One minus Kaplan–Meier per cause would overstate every cause, because it
    takes the other causes' rows for open. Limits are x^exp(±z e/(x ln x)) with x the share and e its standard
    error; where a share is still 0 or already 1 that interval has no width, and the exact binomial limit
    from the rows at risk stands in its place.

    Parameters
    ----------
    time : sequence of int or float, one value a row
        Time to the event or to the last look, at least 0.
    cause : sequence of int, one value a row
        0 for a row still open at its time, else the cause of its event. A row open at a time is at risk for
        the events of that time.
    entry : sequence of int or float, one value a row, optional
        When following the row began, where that was later than its start; at risk in (entry, time].
    causes : sequence of int, optional
        All causes there can be, so that absent ones have their column; those present by default.
    confidence : float
        Two-sided confidence.
    least_at_risk : int
        The curves end before fewer are at risk at an event, and with the last time this many are.

    Returns
    -------
    CumulativeIncidence
        Shares, 0 to 1.

    Raises
    ------
    UsageError
        As `follow_up` does, and for an impossible confidence.

    Notes
    -----
    The standard error takes the events of a time as multinomial (Aalen–Johansen, as in R survival::survfit,
    Stata and statsmodels): Var F_k(t) = Σ_{s ≤ t} [B² d/(n(n−d)) − 2 B S(s−) d_k/n² + S(s−)² d_k(n−d_k)/n³] with
    B = F_k(t) − F_k(s). R's cmprsk differs a little. Without open rows it is √(F(1−F)/n). Rows are taken as
    independent: where they cluster, compare groups with `risk_difference`.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141–150; Andersen, Borgan, Gill and Keiding
    (1993), Statistical Models Based on Counting Processes, section IV.4.
    """
    rows = follow_up(time, cause, entry=entry, causes=causes)
    z_value(confidence)
    n, table = int(rows.time.size), risk_table(rows)
    all_events = tuple(int(total) for total in table.events.sum(axis=0))
    shown = _shown(table, max(checks.count("least_at_risk", least_at_risk), 1))
    times, at_risk, events = table.times[:shown], table.at_risk[:shown], table.events[:shown]
    incidence, error, still_open, open_error = _curves(at_risk, events)
    low, high = _limits(incidence, error, at_risk[:, None], confidence)
    open_low, open_high = _limits(still_open, open_error, at_risk, confidence)
    why = "" if shown else f"not enough data: {int(table.at_risk[0])} of the {least_at_risk} at risk needed"
    return CumulativeIncidence(
        causes=rows.causes,
        times=times,
        at_risk=at_risk,
        events=events,
        incidence=incidence,
        error=error,
        low=low,
        high=high,
        still_open=still_open,
        open_error=open_error,
        open_low=open_low,
        open_high=open_high,
        until=float(times[-1]) if shown else math.nan,
        n=n,
        all_events=all_events,
        confidence=confidence,
        status="ok" if shown else "refused",
        why=why,
    )


def _shown(table: RiskTable, least: int) -> int:
    """Return how many times of the table the curves may be read at."""
    enough = table.at_risk >= least
    thin = np.flatnonzero(~enough & table.events.any(axis=1))
    before = int(thin[0]) if thin.size else enough.size
    fit = np.flatnonzero(enough[:before])
    return int(fit[-1]) + 1 if fit.size else 0


def _curves(at_risk: Floats, events: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return incidence and its standard error by cause, and the share still open and its."""
    n, each, together = at_risk[:, None], events, events.sum(axis=1)
    still_open = np.cumprod(1 - together / at_risk)
    before = np.concatenate([[1.0], still_open[:-1]])
    step = before[:, None] * each / n
    incidence = np.minimum(np.cumsum(step, axis=0), 1.0)
    # when all at risk fail at once nothing follows, and the curve's later course adds no variance
    left = at_risk - together
    hazard = np.divide(together, at_risk * left, out=np.zeros_like(at_risk), where=left > 0)
    rise, drag = hazard[:, None], step / n
    variance = (
        incidence**2 * np.cumsum(rise, axis=0)
        - 2 * incidence * np.cumsum(rise * incidence + drag, axis=0)
        + np.cumsum(rise * incidence**2 + 2 * drag * incidence + before[:, None] * drag * (1 - each / n), axis=0)
    )
    error = np.sqrt(np.maximum(variance, 0.0))
    return incidence, error, still_open, still_open * np.sqrt(np.cumsum(hazard))


def _limits(share: Floats, error: Floats, at_risk: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the log-log limits, and exact ones from the rows at risk where the share is 0 or 1."""
    inside = (share > 0) & (share < 1)
    x = np.where(inside, share, 0.5)
    exponent = np.exp(np.minimum(z_value(confidence) * error / (-x * np.log(x)), LARGEST_EXPONENT))
    beyond = np.power((1 - confidence) / 2, 1 / np.maximum(at_risk, 1))
    low = np.where(inside, x**exponent, np.where(share > 0, beyond, 0.0))
    high = np.where(inside, x ** (1 / exponent), np.where(share > 0, 1.0, 1 - beyond))
    return low, high
