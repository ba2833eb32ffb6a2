"""Whether close dates bunch at the ends of months and quarters, on lost deals and on won ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.mirrored_bars import mirrored_bars
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.frames.month_ends import (
    LAST_DAYS,
    dated,
    left_in_month,
    lost_and_won,
    lost_less_won,
    share_closed_then,
    working_days,
)
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MONTH, QUARTER = "a month", "a quarter"
PRIMARY = (MONTH, "lost")
LOST = Need(
    "deals", ("closed_at",), 10, "lost deals with a recorded close date", "export more past quarters", "deals",
    lambda cohort, rows: len(dated(cohort, lost_rows(rows))),
)  # fmt: skip
WON = Need(
    "deals", ("closed_at",), LOST.least, "won deals with a recorded close date",
    "export won deals as well as lost ones", "deals", lambda cohort, rows: len(dated(cohort, won_rows(rows))),
)  # fmt: skip
CLEAN_UP = (
    "Lost deals bunch at month ends more than won ones: those days may be clean-up. The close date of a lost deal then "
    "says when the record was tidied, not when the buyer decided, so that cycle lengths and losses near the edge of a "
    "quarter are to be read with care."
)
METHOD = (
    "Share of the deals of the window that were closed on one of the last two working days (Monday to Friday; public "
    "holidays are not known) of a month, or on a weekend after them, lost beside won, and what it would be if deals "
    "closed alike on every working day. What one owner closes in one month hangs together: intervals are made from "
    "owners' months, not from deals. Whether lost deals bunch is told by their interval against even working days, and "
    "beside won deals, which are closed towards month ends too: of clean-up days is spoken only where lost deals bunch "
    "and the interval of lost minus won lies above none. This says how the record is kept, not why deals are lost, and "
    "does not pass the gate over the report's comparisons. Close dates that are only an old expectation are left out."
)


def close_date_heaping(cohort: Cohort) -> Result:
    """Do the close dates of lost deals bunch at the ends of months and quarters?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``ends``, one row an end (of a month, of a quarter) and outcome: ``end``, ``outcome``, ``deals``,
        ``closed`` (deals closed on its last two working days), ``share`` with ``low`` and ``high`` (95%, by owners'
        months), ``even`` (share if all working days were alike), ``stands_out`` (lost deals at month ends alone). Table
        ``differences``, one row an end: ``end``, ``difference`` (lost minus won) with ``low`` and ``high`` (95%). Table
        ``days``, one row a working day of the month: ``left`` (working days left in it), ``lost_deals``,
        ``won_deals``, ``lost`` and ``won`` (shares), ``even``.

    Notes
    -----
    Refused below ten lost or ten won deals with a recorded close date.
    """
    for need in (LOST, WON):
        if not need.met(cohort):
            return ANALYSIS.lack(cohort, need)
    both = lost_and_won(cohort)
    both["left"] = left_in_month(both["closed_at"])
    calendar = cohort.focus.calendar
    working = working_days(cohort)
    at_end = {}
    last_months = {calendar.quarter(2000, number).end.month for number in (1, 2, 3, 4)}
    for end, months in ((MONTH, set(range(1, 13))), (QUARTER, last_months)):
        at_end[end] = [
            (left_in_month(days) < LAST_DAYS) & days.dt.month.isin(months) for days in (both["closed_at"], working)
        ]
    ends = [
        _share(end, outcome, both, happened, float(even.mean()))
        for end, (happened, even) in at_end.items()
        for outcome in ("lost", "won")
    ]
    apart = [_difference(end, both, happened) for end, (happened, _) in at_end.items()]
    tables = {
        "ends": Table(pd.DataFrame(ends), END_COLUMNS, f"Closed on the last two working days, {cohort.window_label}"),
        "differences": Table(pd.DataFrame(apart), DIFFERENCE_COLUMNS, "Lost deals beside won ones"),
        "days": Table(_days(both, left_in_month(working)), DAY_COLUMNS, "Working days left in the month", detail=True),
    }
    caveats = (CLEAN_UP,) if ends[0]["stands_out"] and apart[0]["low"] > 0 else ()
    return ANALYSIS.answer(tables, cohort, n_used=len(both), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say how often lost deals were closed at month ends, what working days would give, and how won ones compare."""
    rows = {row["outcome"]: row for row in tables["ends"].records if row["end"] == MONTH}
    lost, won, apart = rows["lost"], rows["won"], tables["differences"].first
    if any_missing(*(row[name] for row in (lost, won) for name in ("deals", "closed")), lost["even"]):
        return WITHHELD
    sure = "" if any_missing(lost["low"], lost["high"]) else f" ({interval_text(lost['low'], lost['high'])})"
    told = (
        f"{_part(lost)} of {count(lost['deals'], 'lost deal')}{sure} and {_part(won)} of "
        f"{count(won['deals'], 'won one')} were closed on the last two working days of a month"
    )
    even = f"; {per_cent(lost['even'])} would be if all working days were alike."
    if not sure:
        return f"{told}, too few to tell{even}"
    if any_missing(apart["difference"], apart["low"], apart["high"]):
        return f"{told}: too few to tell them apart{even}"
    gap = f"{points(apart['difference'])}, {interval_text(apart['low'], apart['high'], 'points')}"
    if apart["low"] > 0:
        more = f"lost deals bunch there more than won ones ({gap})"
        return f"{told}: {more}{', which may be clean-up' if lost['stands_out'] else ''}{even}"
    if apart["high"] < 0:
        return f"{told}: won deals bunch there more than lost ones ({gap}){even}"
    both = "both bunch there, and" if lost["stands_out"] else "no bunching of lost deals can be told, and"
    return f"{told}: {both} no difference between them can be told ({gap}){even}"


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share closed on every working day of the month, lost above and won below."""
    rows = tables["days"].rows.sort_values("left", ascending=False, ignore_index=True)
    rows["day"] = [_day_name(left) for left in rows["left"]]
    mirrored_bars(
        rows, axes, name="day", above="lost", below="won", above_label="lost deals", below_label="won deals",
        above_fate="lost", below_fate="won", expected="even", expected_label="if all working days were alike",
        along="working days left in the month",
    )  # fmt: skip


END_COLUMNS = (
    Column("end", "label", "End of"),
    Column("outcome", "label", "Outcome"),
    Column("deals", "count", "Deals"),
    Column("closed", "count", "Closed then"),
    Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
    Column("low", "estimate", "Low", "share", shown=False),
    Column("high", "estimate", "High", "share", shown=False),
    Column("even", "estimate", "If all working days were alike", "share"),
    Column("stands_out", "label", "Stands out", shown=False),
)
DIFFERENCE_COLUMNS = (
    Column("end", "label", "End of"),
    Column("difference", "estimate", "Lost minus won (95% interval)", "points", low="low", high="high"),
    Column("low", "estimate", "Low", "points", shown=False),
    Column("high", "estimate", "High", "points", shown=False),
)
DAY_COLUMNS = (
    Column("left", "count", "Working days left"),
    Column("lost_deals", "count", "Lost deals"),
    Column("won_deals", "count", "Won deals"),
    Column("lost", "estimate", "Share of the lost", "share"),
    Column("won", "estimate", "Share of the won", "share"),
    Column("even", "estimate", "If all working days were alike", "share"),
)


def _share(end: str, outcome: str, both: pd.DataFrame, happened: pd.Series, even: float) -> dict[str, Any]:
    rows = both[both["outcome"] == outcome]
    events = happened[rows.index].astype("float64")
    interval = share_closed_then(rows, events)
    return {
        "end": end, "outcome": outcome, "deals": len(rows), "closed": int(events.sum()), "share": float(events.mean()),
        "low": interval.low, "high": interval.high, "even": even,
        "stands_out": (end, outcome) == PRIMARY and bool(interval.low > even),
    }  # fmt: skip


def _difference(end: str, both: pd.DataFrame, happened: pd.Series) -> dict[str, Any]:
    gap = lost_less_won(both, happened)
    return {"end": end, "difference": gap.estimate, "low": gap.low, "high": gap.high}


def _days(both: pd.DataFrame, working: pd.Series) -> pd.DataFrame:
    frame = pd.DataFrame({"left": range(int(max(working.max(), both["left"].max())) + 1)})
    for outcome in ("lost", "won"):
        left = both.loc[both["outcome"] == outcome, "left"]
        frame[f"{outcome}_deals"] = frame["left"].map(left.value_counts()).fillna(0).astype("int64")
        frame[outcome] = frame[f"{outcome}_deals"] / len(left)
    frame["even"] = frame["left"].map(working.value_counts()).fillna(0) / len(working)
    return frame[[column.name for column in DAY_COLUMNS]]


def _part(row: dict[str, Any]) -> str:
    return per_cent(row["closed"] / row["deals"])


def _day_name(left: object) -> str:
    return "withheld" if any_missing(left) else "last" if left == 0 else str(left)


ANALYSIS = Analysis(close_date_heaping, headline, draw, family="comparison", method=METHOD, needs=(LOST, WON))
