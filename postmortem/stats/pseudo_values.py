"""What each row contributes to the share that met a cause by a horizon: jackknife pseudo-values."""

from __future__ import annotations

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.follow_up import FollowUp, Integers, RiskTable, follow_up, horizon_of, risk_table


def pseudo_values(time: checks.Numbers, cause: checks.Numbers, *, of: int, horizon: float) -> Floats:
    """Return θ_i = n F(h) − (n − 1) F_{−i}(h), with F_{−i} the cumulative incidence without row i.

    Their mean is F(h) but for rounding, and their regression on a covariate estimates what it does to the share
    (`risk_difference`), open rows and competing ends accounted for. Without rows open before the horizon they
    are 1 where the cause was met by then and 0 elsewhere.

    Parameters
    ----------
    time, cause : sequences, one value a row
        As for `cumulative_incidence`; late entry is not provided for.
    of : int
        The cause, from 1; one that never happened gives zeros.
    horizon : float
        A time of at least 0, itself included.

    Returns
    -------
    ndarray of float, shape (n,)
        In the order of the rows; single values may lie below 0 or above 1.

    Raises
    ------
    UsageError
        As `follow_up` does, and for a horizon that is no time or not within the times.

    Notes
    -----
    Exact, and as quick as sorting: leaving a row out takes one from every risk set up to its time, one event
    from its own time, and scales all later steps of the curve by one factor. Open rows must be open for reasons
    that tell nothing about their fate.

    References
    ----------
    Andersen, Klein and Rosthøj (2003), Biometrika 90, 15–27.
    """
    rows = follow_up(time, cause)
    if checks.count("of", of) == 0:
        raise UsageError("of is not a cause", got=0, expected="a whole number from 1; 0 means still open")
    last, horizon = float(rows.time.max()), horizon_of(horizon)
    if horizon > last:
        raise UsageError("horizon is not within the times", got=horizon, expected=f"0 to {last:g}")
    size = rows.time.size
    if of not in rows.causes:
        return np.zeros(size)
    table = risk_table(rows)
    column = rows.causes.index(of)
    shown = int(np.searchsorted(table.times, horizon, side="right"))
    place = np.minimum(np.searchsorted(table.times[:shown], rows.time, side="left"), shown)
    whole = _curve(table.at_risk[:shown], table.events[:shown].sum(axis=1), table.events[:shown, column])[1]
    without = _without_each(rows, table, shown, column, np.asarray(place, dtype=np.int64))
    return np.asarray(size * (whole[-1] if shown else 0.0) - (size - 1) * without, dtype=np.float64)


def _curve(at_risk: Floats, events: Floats, of_cause: Floats) -> tuple[Floats, Floats]:
    """Return the share still open and the incidence after each time; nobody at risk, nothing happens."""
    safe = np.maximum(at_risk, 1.0)
    still_open = np.asarray(np.cumprod(1 - events / safe), dtype=np.float64)
    before = np.concatenate([[1.0], still_open])[:-1]
    return still_open, np.asarray(np.cumsum(before * of_cause / safe), dtype=np.float64)


def _without_each(rows: FollowUp, table: RiskTable, shown: int, column: int, place: Integers) -> Floats:
    """Return the incidence at the horizon without each row."""
    at_risk, events = table.at_risk[:shown], table.events[:shown].sum(axis=1)
    of_cause = table.events[:shown, column]
    still_open, incidence = _curve(at_risk, events, of_cause)
    final = incidence[-1] if shown else 0.0
    # risk sets without one row that is in all of them; an event of that row's own is put right below
    one_less = at_risk - 1
    safe = np.maximum(one_less, 1.0)
    factor = np.clip(1 - events / safe, 0.0, None)
    open_less = np.concatenate([[1.0], np.cumprod(factor)])
    incidence_less = np.concatenate([[0.0], np.cumsum(open_less[:-1] * of_cause / safe)])
    inside = place < shown
    here = np.minimum(place, max(shown - 1, 0))
    if not shown:
        return np.zeros(place.size)
    own_event = (rows.code > 0).astype(np.float64)
    own_cause = (rows.code == column + 1).astype(np.float64)
    step_open = open_less[here] * (1 - (events[here] - own_event) / safe[here])
    step_incidence = incidence_less[here] + open_less[here] * (of_cause[here] - own_cause) / safe[here]
    later = np.divide(step_open, still_open[here], out=np.zeros(place.size), where=still_open[here] > 0)
    own = step_incidence + (final - incidence[here]) * later
    return np.asarray(np.where(inside, own, incidence_less[-1]), dtype=np.float64)
