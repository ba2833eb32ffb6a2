"""Rows that cover stretches of time, as models with changing covariates need them: checked, then cut to what counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats, Labels
from postmortem.stats.follow_up import Integers, Times, follow_up, times_of


@dataclass(frozen=True, kw_only=True, eq=False)
class StartStop:
    """Checked rows with a stretch of time each; those with start = stop are left out.

    Attributes
    ----------
    start, stop : ndarray, shape (n,)
        At risk in (start, stop].
    cause : ndarray of int, shape (n,)
        0 where the stretch ends without an event, else the cause.
    causes : tuple of int
        The causes there can be.
    covariates : ndarray of float, shape (n, p)
        Values during the stretch.
    stratum : ndarray of int, shape (n,)
        Codes from 0.
    place : ndarray of int, shape (n,)
        The rows' places in the columns given.
    """

    start: Times
    stop: Times
    cause: Integers
    causes: tuple[int, ...]
    covariates: Floats
    stratum: Codes
    place: Integers


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskRows:
    """Rows at risk at one event of a cause at least, times replaced by the event times of their stratum passed.

    Attributes
    ----------
    kept : ndarray of int, shape (m,)
        Their places in the checked rows.
    start, stop : ndarray of int, shape (m,)
        Event times up to and including start, and stop; at risk at event times start + 1 to stop.
    status : ndarray of int, shape (m,)
        1 where the stretch ends with the cause.
    stratum : ndarray of int, shape (m,)
        Codes of the strata.
    """

    kept: Integers
    start: Integers
    stop: Integers
    status: Integers
    stratum: Codes


def start_stop(
    start: checks.Numbers,
    stop: checks.Numbers,
    cause: checks.Numbers,
    covariates: Floats,
    *,
    names: Sequence[str],
    stratum: Labels | None = None,
    causes: Sequence[int] | None = None,
) -> StartStop:
    """Check start–stop rows; parameters as for `cause_specific_cox`.

    Returns
    -------
    StartStop
        The rows with start < stop.

    Raises
    ------
    UsageError
        As `cause_specific_cox` says, and where no row is left.
    """
    follow = follow_up(stop, cause, causes=causes, name="stop")
    begin = times_of("start", start)
    table = np.asarray(covariates, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(names) or not len(names):
        raise UsageError(
            "covariates and names differ", got=f"shape {table.shape}, {len(names)} names", expected="(n, p)"
        )
    for column, name in enumerate(names):
        checks.finite(name, table[:, column])
    strata = np.zeros(follow.time.size, dtype=np.int64) if stratum is None else checks.codes("stratum", stratum)[0]
    checks.same_length(start=begin, stop=follow.time, covariates=table, stratum=strata)
    backwards = np.flatnonzero(begin > follow.time)
    if backwards.size:
        raise UsageError(
            "stop lies before start",
            got=f"{backwards.size} of {begin.size}",
            expected="start ≤ stop",
            rows=[f"row {row}" for row in backwards],
        )
    place = np.flatnonzero(begin < follow.time)
    if not place.size:
        raise UsageError("no row was followed for any time", got="start = stop in every row", expected="start < stop")
    codes = np.array([0, *follow.causes])[follow.code]
    return StartStop(
        start=begin[place],
        stop=follow.time[place],
        cause=codes[place],
        causes=follow.causes,
        covariates=table[place],
        stratum=strata[place],
        place=place,
    )


def risk_rows(rows: StartStop, cause: int) -> RiskRows:
    """Replace times by ranks among the event times of the cause in each stratum, and drop rows that span none.

    A model of hazards uses the order of times only, and rows at risk at no event do not enter it.

    Parameters
    ----------
    rows : StartStop
        Checked rows.
    cause : int
        The cause modelled.

    Returns
    -------
    RiskRows
        No rows where the cause never happened.
    """
    start, stop = np.zeros(rows.stop.size, dtype=np.int64), np.zeros(rows.stop.size, dtype=np.int64)
    happened = rows.cause == cause
    for stratum in range(int(rows.stratum.max()) + 1):
        inside = rows.stratum == stratum
        moments = np.unique(rows.stop[inside & happened])
        start[inside] = np.searchsorted(moments, rows.start[inside], side="right")
        stop[inside] = np.searchsorted(moments, rows.stop[inside], side="right")
    kept = np.flatnonzero(start < stop)
    return RiskRows(
        kept=kept,
        start=start[kept],
        stop=stop[kept],
        status=happened[kept].astype(np.int64),
        stratum=rows.stratum[kept],
    )
