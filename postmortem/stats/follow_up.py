"""Times to an event, checked and counted: who was still followed at each distinct time, and what happened then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats

Integers: TypeAlias = NDArray[np.int64]
Times: TypeAlias = Integers | Floats

# whole days are counted in place of being sorted while the calendar they span has at most so many cells a row
CELLS_A_ROW = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class FollowUp:
    """Rows fit to be counted.

    Attributes
    ----------
    time : ndarray, shape (n,)
        When each row was last seen or its event happened.
    code : ndarray of int, shape (n,)
        0 while still open, else the place of its cause in `causes`, from 1.
    causes : tuple of int
        The causes there can be, absent ones included.
    entry : ndarray, shape (n,), or None
        From when each row was followed; None where all were from the beginning.
    """

    time: Times
    code: Integers
    causes: tuple[int, ...]
    entry: Times | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskTable:
    """What happened at each distinct time.

    Attributes
    ----------
    times : ndarray, shape (k,)
        Distinct times at which a row left, ascending, whether with an event or open.
    at_risk : ndarray of float, shape (k,)
        Rows followed just before: entry < time ≤ exit.
    events : ndarray of float, shape (k, causes)
        Events of each cause at that time.
    """

    times: Times
    at_risk: Floats
    events: Floats


def follow_up(
    time: checks.Numbers,
    cause: checks.Numbers,
    *,
    entry: checks.Numbers | None = None,
    causes: Sequence[int] | None = None,
    name: str = "time",
) -> FollowUp:
    """Check times and causes of one group of rows.

    Parameters
    ----------
    time : sequence of int or float, one value a row
        Time to the event or to the last look, in any unit, at least 0.
    cause : sequence of int, one value a row
        0 for a row still open at its time, else the cause of its event.
    entry : sequence of int or float, one value a row, optional
        When following the row began; it counts as at risk from just after.
    causes : sequence of int, optional
        All causes there can be; those present by default.
    name : str
        What the caller calls its times, for messages.

    Returns
    -------
    FollowUp
        The rows, causes numbered.

    Raises
    ------
    UsageError
        For empty or unequal columns, missing or negative times, causes that are not whole or not declared, and
        rows that end before or at their entry (rows named).
    """
    exits, kinds = times_of(name, time), _causes(cause)
    checks.same_length(**{name: exits, "cause": kinds})
    present = tuple(int(kind) for kind in np.flatnonzero(np.bincount(kinds)) if kind)
    declared = present if causes is None else tuple(checks.count("causes", kind) for kind in causes)
    if 0 in declared or len(set(declared)) < len(declared):
        raise UsageError("causes is not a list of distinct causes", got=declared, expected="whole numbers from 1")
    strange = sorted(set(present) - set(declared))
    if strange:
        wrong = np.flatnonzero(np.isin(kinds, strange))
        raise UsageError(
            "cause holds values that were not declared",
            got=", ".join(map(str, strange)),
            expected=f"0 or one of {declared}",
            rows=[f"row {row}" for row in wrong],
        )
    if declared != tuple(range(1, len(declared) + 1)):
        place = np.zeros(max(declared, default=0) + 1, dtype=np.int64)
        place[list(declared)] = np.arange(1, len(declared) + 1)
        kinds = place[kinds]
    if entry is None:
        return FollowUp(time=exits, code=kinds, causes=declared)
    entries = times_of("entry", entry)
    checks.same_length(time=exits, entry=entries)
    never = np.flatnonzero(entries >= exits)
    if never.size:
        raise UsageError(
            "rows end before or at their entry, so they were never followed",
            got=f"{never.size} of {exits.size}",
            expected="entry < time",
            do="leave these rows out and say how many were left out",
            rows=[f"row {row}" for row in never],
        )
    return FollowUp(time=exits, code=kinds, causes=declared, entry=entries)


def horizon_of(value: object) -> float:
    """Return a horizon: a number of at least 0.

    Raises
    ------
    UsageError
        For anything else, NaN and infinity included.
    """
    if not isinstance(value, (int, float, np.integer, np.floating)) or not 0 <= value < np.inf:
        raise UsageError("horizon is not a time", got=value, expected="a number of at least 0")
    return float(value)


def risk_table(rows: FollowUp) -> RiskTable:
    """Count rows at risk and events at every distinct time.

    Parameters
    ----------
    rows : FollowUp
        Checked rows.

    Returns
    -------
    RiskTable
        One row a distinct time.
    """
    kinds = len(rows.causes) + 1
    times, place, first = _places(rows.time)
    left = np.bincount(place * kinds + rows.code if kinds > 1 else place, minlength=times.size * kinds)
    table = left.reshape(-1, kinds)
    total = table.sum(axis=1)
    if first is not None:
        kept = np.flatnonzero(total)
        times, table, total = kept + first, table[kept], total[kept]
    at_risk = rows.time.size - np.cumsum(total) + total
    if rows.entry is not None:
        entered = np.searchsorted(np.sort(rows.entry), times, side="left")
        at_risk = at_risk - (rows.time.size - entered)
    return RiskTable(times=times, at_risk=at_risk.astype(np.float64), events=table[:, 1:].astype(np.float64))


def _places(time: Times) -> tuple[Times, Integers, int | None]:
    """Return candidate times, each row's place among them, and the first day where the candidates are a calendar."""
    if time.dtype.kind == "i":
        first, last = int(time.min()), int(time.max())
        if last - first <= CELLS_A_ROW * time.size:
            days = np.arange(first, last + 1, dtype=np.int64)
            return days, np.asarray(time - first if first else time, dtype=np.int64), first
    distinct, place = np.unique(np.asarray(time, dtype=np.float64), return_inverse=True)
    return distinct, np.asarray(place, dtype=np.int64), None


def times_of(name: str, values: checks.Numbers) -> Times:
    """Return a column of times: whole numbers as integers, others as floats.

    Raises
    ------
    UsageError
        For an empty column, dates and durations, and missing, infinite or negative values (rows named).
    """
    raw = np.asarray(values)
    if raw.dtype.kind in "iu" and raw.ndim == 1 and raw.size:
        column: Times = raw.astype(np.int64, copy=False)
    else:
        floats = checks.finite(name, values)
        whole = bool((floats == np.floor(floats)).all()) and float(np.abs(floats).max()) < 2**53
        column = floats.astype(np.int64) if whole else floats
    if column.min() < 0:
        wrong = np.flatnonzero(column < 0)
        raise UsageError(
            f"{name} is negative", got=column.min(), expected="at least 0", rows=[f"row {row}" for row in wrong]
        )
    return column


def _causes(values: checks.Numbers) -> Integers:
    raw = np.asarray(values)
    if raw.dtype.kind in "iu" and raw.ndim == 1 and raw.size and raw.min() >= 0:
        kinds = raw.astype(np.int64, copy=False)
    else:
        kinds = checks.counts("cause", values).astype(np.int64)
    if kinds.max() > 1000:
        raise UsageError("cause holds a number too large for a cause", got=int(kinds.max()), expected="at most 1000")
    return kinds
