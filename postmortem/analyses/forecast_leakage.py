"""Where the forecast deals stood week by week, and by which week the lost ones had left the forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.book.leakage import IN_FORECAST, LEFT, week_ends
from postmortem.charts.weekly_stack import weekly_stack
from postmortem.frames.cohort import Cohort
from postmortem.frames.standing import STANDING_LABELS, UNTOLD, standings
from postmortem.ground.fates import FATE_LABELS, LOST, WON
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import LEAST_EVENTS, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY = Need(
    "history", ("field", "changed_at", "new_value"), 1, "records of the forecast as it was",
    "export the CRM's field history, or keep a copy of the pipeline every week", "history",
    lambda cohort, _: len(cohort.table) if cohort.kind == "forecast" else 0, "record",
)  # fmt: skip
PARTS = (WON, *LOST, LEFT, UNTOLD, IN_FORECAST)
LABELS = {**{fate: FATE_LABELS[fate] for fate in (WON, *LOST)}, **STANDING_LABELS}
LATE_WEEKS = 3
METHOD = (
    "Deals forecast at the snapshot, looked at again at the end of every week of the quarter: closed by then, open and "
    "still in a forecast category with an expected close within the quarter, or open and out of the forecast. Weekly "
    "states are taken from snapshots, the field history or forecast sheets; an open deal of which none of these tells "
    "is shown as not on record. Counts of the focus quarter are facts. The usual share is the share of the deals lost "
    "in the quarters of the window before the focus that were no longer in the forecast at the end of the same week, "
    f"with Wilson's 95% interval; withheld below ten deals or {LEAST_EVENTS} on either side."
)


def forecast_leakage(cohort: Cohort) -> Result:
    """In which week did deals leave the forecast?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``.

    Returns
    -------
    Result
        Table ``weeks``, one row a week of the focus quarter and standing: ``week`` (number), ``day`` (its last),
        ``standing`` (code), ``what``, ``deals``, ``share`` of the forecast deals. Table ``lost``, one row a week:
        ``week``, ``gone`` (deals lost by quarter end that were no longer forecast when it ended), ``n`` (of those
        lost, on record that day), ``usual`` share of the same in the quarters before, ``low``, ``high``, ``before``
        (deals it is taken over). Table ``total``, one row: ``deals``, ``won``, ``lost``, ``left`` (open and out of
        the forecast in the last week), ``half`` (first week by whose end half of the lost ones had gone; missing
        without a loss and while the quarter runs), ``late`` (lost ones still forecast when the week ``late_week``
        ended), ``quarter``, ``week`` (last one told).

    Notes
    -----
    Refused for any other cohort, and before the first week has ended. Where no week is on record for open deals,
    they are shown undivided.
    """
    if not HISTORY.met(cohort):
        return ANALYSIS.lack(cohort, HISTORY)
    told = {quarter: week_ends(quarter, until=cohort.as_of) for quarter in {*cohort.window, cohort.focus}}
    if not told[cohort.focus]:
        return ANALYSIS.refuse(cohort, f"the end of the first week of {cohort.focus.label}")
    stood = standings(cohort, {quarter: told[quarter] for quarter in sorted(told)})
    weeks = {pd.Timestamp(day): number for days in told.values() for number, day in enumerate(days, start=1)}
    stood = stood.assign(week=stood["day"].map(weeks))
    fates = cohort.table.loc[cohort.table["resolution"].isin(LOST), ["quarter", "deal_id"]]
    of_lost = stood.merge(fates, on=["quarter", "deal_id"])
    of_focus = stood["quarter"] == cohort.focus.label
    lost = _lost(of_lost, cohort)
    focus = stood[of_focus]
    tables = {
        "weeks": _weeks(focus, cohort),
        "lost": lost,
        "total": _total(focus, of_lost[of_lost["quarter"] == cohort.focus.label], lost.rows, cohort),
    }
    still_open = focus[focus["standing"].isin((LEFT, IN_FORECAST, UNTOLD))]
    silent = still_open[still_open["standing"] == UNTOLD]
    caveats = []
    if len(silent):
        caveats.append(
            f"In {count(silent['day'].nunique(), 'week')} of {len(told[cohort.focus])} nothing on record tells whether "
            "some of the open deals were still forecast."
        )
    nothing_told = len(silent) > 0 and len(silent) == len(still_open)
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.focus_rows), caveats=tuple(caveats), fallback=nothing_told)


def headline(tables: Tables) -> str:
    """Say by which week half of the lost deals had left, beside what is usual, and how many stayed to the last."""
    row = tables["total"].first
    if any_missing(row["deals"], row["won"], row["lost"], row["left"]):
        return WITHHELD
    if any_missing(row["half"], row["late"]) or not row["lost"]:
        left = f"{row['left']:,} had left the forecast and stayed open"
        return (
            f"By the end of week {row['week']} of {row['quarter']}, {row['won']:,} of "
            f"{count(row['deals'], 'forecast deal')} were won, {row['lost']:,} lost, and {left}."
        )
    week = tables["lost"].keyed("week").get(row["half"], {})
    usual = ""
    if week and not any_missing(week["usual"], week["low"], week["high"]):
        interval = interval_text(week["low"], week["high"])
        usual = f" (in the quarters before, {per_cent(week['usual'])} had by then, {interval})"
    which = f"half of the {row['lost']:,}" if row["lost"] > 1 else "the one"
    late = f"{row['late']:,} of {row['lost']:,} were still forecast when week {row['late_week']} ended"
    return (
        f"Of {count(row['deals'], 'deal')} forecast for {row['quarter']}, {which} lost had left the forecast by week "
        f"{row['half']}{usual}; {late}."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw one bar a week: won, lost by taker, left but open, and what was still forecast above."""
    weekly_stack(
        tables["weeks"].rows, axes, week="week", part="standing", value="deals", order=PARTS, labels=STANDING_LABELS,
        rest=IN_FORECAST,
    )  # fmt: skip


def _weeks(focus: pd.DataFrame, cohort: Cohort) -> Table:
    """Return how many deals stood where at the end of each week; what never occurs is left out."""
    counts = focus.groupby(["week", "day", "standing"]).size()
    ever = [part for part in PARTS if (focus["standing"] == part).any()]
    rows = [
        {"week": str(week), "day": day, "standing": part, "deals": int(counts.get((week, day, part), 0))}
        for week, day in sorted({(week, day) for week, day, _ in counts.index})
        for part in ever
    ]
    frame = pd.DataFrame(rows)
    frame.insert(3, "what", frame["standing"].map(LABELS).astype("str"))
    frame["share"] = frame["deals"] / len(cohort.focus_rows)
    columns = (
        Column("week", "label", "Week"),
        Column("day", "date", "Ends on"),
        Column("standing", "label", "Code", shown=False),
        Column("what", "label", "Where the deals stood"),
        Column("deals", "count", "Deals"),
        Column("share", "estimate", "Share of the forecast deals", "share"),
    )
    return Table(frame, columns, f"Where the deals forecast for {cohort.focus.label} stood, week by week", detail=True)


def _lost(of_lost: pd.DataFrame, cohort: Cohort) -> Table:
    """Return how many of the deals lost in the end had left by each week, this quarter and as a rule."""
    told = of_lost[of_lost["standing"] != UNTOLD]
    is_focus = told["quarter"] == cohort.focus.label
    rows = []
    for week in range(1, len(week_ends(cohort.focus, until=cohort.as_of)) + 1):
        now, before = (told[part & (told["week"] == week)]["standing"] != IN_FORECAST for part in (is_focus, ~is_focus))
        usual = wilson(int(before.sum()), len(before), least_events=LEAST_EVENTS)
        rows.append(
            {
                "week": str(week), "gone": int(now.sum()), "n": len(now), "usual": usual.estimate, "low": usual.low,
                "high": usual.high, "before": len(before),
            }
        )  # fmt: skip
    columns = (
        Column("week", "label", "Week"),
        Column("gone", "count", "Lost deals that had left the forecast"),
        Column("n", "count", "Of"),
        Column("usual", "estimate", "Usual share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("before", "count", "Lost in the quarters before"),
    )
    return Table(pd.DataFrame(rows), columns, "When the lost deals left the forecast")


def _total(focus: pd.DataFrame, of_lost: pd.DataFrame, weeks: pd.DataFrame, cohort: Cohort) -> Table:
    last = int(focus["week"].max())
    standing = focus.loc[focus["week"] == last, "standing"]
    lost = int(cohort.focus_rows["resolution"].isin(LOST).sum())
    late_week = max(last - LATE_WEEKS, 1)
    late = int(((of_lost["week"] == late_week) & (of_lost["standing"] == IN_FORECAST)).sum())
    # Of a quarter that runs on nobody knows yet what half of its losses is.
    halves = weeks.loc[(weeks["gone"] * 2 >= lost) & (lost > 0) & cohort.is_complete, "week"]
    frame = pd.DataFrame(
        {
            "deals": [len(cohort.focus_rows)], "won": [int((standing == WON).sum())], "lost": [lost],
            "left": [int((standing == LEFT).sum())],
            "half": pd.Series([halves.iloc[0] if len(halves) else None], dtype="str"), "late": [late],
            "late_week": [str(late_week)], "quarter": [cohort.focus.label], "week": [str(last)],
        }
    )  # fmt: skip
    columns = (
        Column("deals", "count", "Forecast deals"),
        Column("won", "count", "Won"),
        Column("lost", "count", "Lost"),
        Column("left", "count", "Left the forecast, open"),
        Column("half", "label", "Week by which half of the lost had left"),
        Column("late", "count", "Lost, and forecast to the last weeks"),
        Column("late_week", "label", "Still forecast at the end of week"),
        Column("quarter", "label", "Quarter", shown=False),
        Column("week", "label", "Last week told", shown=False),
    )
    return Table(frame, columns, f"The forecast of {cohort.focus.label} week by week")


ANALYSIS = Analysis(
    forecast_leakage, headline, draw, family="rate", method=METHOD, needs=(HISTORY,), frames=("forecast",)
)
