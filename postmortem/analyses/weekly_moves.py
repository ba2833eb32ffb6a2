"""Between which forecast categories deals moved from one week of the quarter to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.book.leakage import week_ends
from postmortem.charts.transition_grid import transition_grid
from postmortem.frames.cohort import Cohort
from postmortem.frames.standing import CATEGORY_LABELS, standings
from postmortem.ground.fates import LOST, WON
from postmortem.ground.formats import count, interval_text, per_cent, short_money
from postmortem.ground.schema import UNKNOWN
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import clustered_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY = Need(
    "history", ("field", "changed_at", "new_value"), 1, "records of the forecast as it was",
    "export the CRM's field history, or keep a copy of the pipeline every week", "history",
    lambda cohort, _: len(cohort.table) if cohort.kind == "forecast" else 0, "record",
)  # fmt: skip
NOBODY = "nobody"
GONE = "lost"
# From the surest to the least sure; what is neither higher nor lower than anything comes after.
STEPS = ("commit", "most_likely", "best_case", "pipeline", "omitted")
LABELS = {**CATEGORY_LABELS, WON: "Won", GONE: "Lost"}
ORDER = (*CATEGORY_LABELS, WON, GONE)
METHOD = (
    "Deals forecast at the snapshot, by the category in which each stood open at the end of one week and by where it "
    "was at the end of the next: open in a category, won, or lost. What happened before the first week's end is told "
    "elsewhere. A week's category is taken from a snapshot, the field history or a forecast sheet, and otherwise "
    "counts as not on record, which is neither a step up nor down. Deals and amounts of the focus quarter are facts, a "
    "deal counted in each week in which it was open; its amount is that of the snapshot. Shares are of the pooled "
    "window, with 95% intervals clustered by sales person, because the weeks of one deal are no separate deals; "
    "withheld below ten sales people, ten deal-weeks or five of either kind."
)


def weekly_moves(cohort: Cohort) -> Result:
    """Between which forecast categories did deals move from one week to the next?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``.

    Returns
    -------
    Result
        Table ``moves``, one row a pair of places that occurs: ``was`` (category at the end of a week, code) and
        ``called`` (in words), ``now`` (category, ``won`` or ``lost``, a week later) and ``ended`` (in words),
        ``deals`` (focus quarter, once a week) and their ``amount``, ``share`` of the row's deals over the window with
        ``low`` and ``high``, ``events`` and ``n`` (window, deal-weeks). Table ``weeks``, one row a week of the focus
        quarter from the second on: ``week``, ``day`` (its last), ``deals`` (open when it began), ``higher`` and
        ``lower`` (called so when it ended), ``amount_lower``, ``won``, ``lost``, ``amount_lost``. Table ``total``, one
        row: ``higher``, ``lower``, ``amount_lower`` (of the focus quarter), ``lost`` (after its first week), ``warned``
        (of these, called lower in a week before), ``usual`` (share of the same over the window) with ``low`` and
        ``high``, ``quarter``.

    Notes
    -----
    Refused for any other cohort, before the second week has ended, and where nothing on record tells a week's
    categories.
    """
    if not HISTORY.met(cohort):
        return ANALYSIS.lack(cohort, HISTORY)
    days = {quarter: week_ends(quarter, until=cohort.as_of) for quarter in sorted({*cohort.window, cohort.focus})}
    if len(days[cohort.focus]) < 2:
        return ANALYSIS.refuse(cohort, f"the end of the second week of {cohort.focus.label}")
    numbers = {pd.Timestamp(day): number for own in days.values() for number, day in enumerate(own, start=1)}
    steps = _steps(cohort, standings(cohort, days), numbers)
    focus = steps[steps["quarter"] == cohort.focus.label]
    if (focus["was"] == UNKNOWN).all():
        missing = f"the categories of the weeks of {cohort.focus.label}"
        return ANALYSIS.refuse(cohort, missing, unlock=HISTORY.unlock, gap=HISTORY.gap(cohort))
    window = steps[steps["quarter"].isin([quarter.label for quarter in cohort.window])]
    tables = {
        "moves": _moves(focus, window, cohort),
        "weeks": _weeks(focus, cohort),
        "total": _total(focus, window, cohort),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.window_rows), caveats=_caveats(focus))


def headline(tables: Tables) -> str:
    """Say how often deals were called lower and higher, and how many of the lost ones had been called lower before."""
    row, unit = tables["total"].first, tables["total"].columns[2].unit
    if any_missing(row["higher"], row["lower"], row["lost"], row["warned"]):
        return WITHHELD
    worth = (
        "" if any_missing(row["amount_lower"]) or not row["lower"] else f" ({short_money(row['amount_lower'], unit)})"
    )
    told = (
        f"From week to week of {row['quarter']}, forecast deals were called lower {_times(row['lower'])}{worth} and "
        f"higher {_times(row['higher'])}"
    )
    if not row["lost"]:
        return f"{told}; none was lost after the first week."
    usual = ""
    if not any_missing(row["usual"], row["low"], row["high"]):
        usual = f" (usually {per_cent(row['usual'])}, {interval_text(row['low'], row['high'])})"
    warned = f"{row['warned']:,}" if row["warned"] else "none"
    return f"{told}; of {count(row['lost'], 'deal')} lost after the first week, {warned} had been called lower{usual}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the grid of the focus quarter: from the category at the end of a week to where deals were a week later."""
    transition_grid(
        tables["moves"].rows, axes, before="was", after="now", n="deals", order=ORDER, labels=LABELS,
        before_label="at a week's end", after_label="a week later", noun="deal-week",
    )  # fmt: skip


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number:,} times")


def _steps(cohort: Cohort, stood: pd.DataFrame, numbers: dict[pd.Timestamp, int]) -> pd.DataFrame:
    """Return one row a deal that was open at the end of a week whose next has ended: ``was``, ``now``, ``step``.

    A step is 1 down, -1 up, else 0; `warned` marks a loss of a deal that was called lower in a week before.
    """
    place = stood["forecast_category"].mask(stood["standing"] == WON, WON).mask(stood["standing"].isin(LOST), GONE)
    stood = stood.assign(now=place, week=stood["day"].map(numbers).astype("int64"))
    stood = stood.sort_values(["quarter", "deal_id", "week"], ignore_index=True)
    was = stood.groupby(["quarter", "deal_id"])["now"].shift()
    steps = stood.assign(was=was)[was.notna() & ~was.isin((WON, GONE))]
    rank = {name: place for place, name in enumerate(STEPS)}
    further = steps["now"].map(rank) - steps["was"].map(rank)
    steps = steps.assign(step=np.sign(further).fillna(0).astype("int64"))
    lowered = (steps["step"] > 0).groupby([steps["quarter"], steps["deal_id"]]).transform("any")
    steps = steps.assign(warned=(steps["now"] == GONE) & lowered)
    known = cohort.table[["quarter", "deal_id", "amount", "owner_id"]]
    return steps.merge(known, on=["quarter", "deal_id"], how="left")


def _share(hits: pd.Series, steps: pd.DataFrame) -> dict[str, Any]:
    found = {"share": np.nan, "low": np.nan, "high": np.nan}
    if steps.empty:
        return found
    owners = steps["owner_id"].fillna(NOBODY).astype("str").to_numpy()
    told = clustered_ratio(hits.to_numpy(dtype=float), np.ones(len(steps)), owners).interval
    return {"share": told.estimate, "low": told.low, "high": told.high} if told.status != "refused" else found


def _moves(focus: pd.DataFrame, window: pd.DataFrame, cohort: Cohort) -> Table:
    """Return every pair of places that occurs in the window or the focus quarter."""
    every = pd.concat([focus, window])
    rows = []
    for was in [name for name in ORDER if (every["was"] == name).any()]:
        mine, row = (part[part["was"] == was] for part in (focus, window))
        for now in [name for name in ORDER if (every.loc[every["was"] == was, "now"] == name).any()]:
            here, hits = mine[mine["now"] == now], row["now"] == now
            rows.append(
                {
                    "was": was, "called": LABELS[was], "now": now, "ended": LABELS[now], "deals": len(here),
                    "amount": float(here["amount"].sum(min_count=1)) if len(here) else 0.0, **_share(hits, row),
                    "events": int(hits.sum()), "n": len(row),
                }
            )  # fmt: skip
    columns = (
        Column("was", "label", "Code", shown=False),
        Column("called", "label", "At a week's end"),
        Column("now", "label", "Code", shown=False),
        Column("ended", "label", "A week later"),
        Column("deals", "count", f"Deal-weeks, {cohort.focus.label}"),
        Column("amount", "money", "Their amount", cohort.currency),
        Column("share", "estimate", "Usual share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("events", "count", "Over the window"),
        Column("n", "count", "Of"),
    )
    return Table(pd.DataFrame(rows), columns, "From the end of one week to the end of the next", detail=True)


def _weeks(focus: pd.DataFrame, cohort: Cohort) -> Table:
    rows = []
    for (week, day), part in focus.groupby(["week", "day"]):
        lower, lost = part[part["step"] > 0], part[part["now"] == GONE]
        rows.append(
            {
                "week": str(week), "day": day, "deals": len(part), "higher": int((part["step"] < 0).sum()),
                "lower": len(lower), "amount_lower": float(lower["amount"].sum()),
                "won": int((part["now"] == WON).sum()), "lost": len(lost), "amount_lost": float(lost["amount"].sum()),
            }
        )  # fmt: skip
    columns = (
        Column("week", "label", "Week"),
        Column("day", "date", "Ends on", shown=False),
        Column("deals", "count", "Open when it began"),
        Column("higher", "count", "Called higher"),
        Column("lower", "count", "Called lower"),
        Column("amount_lower", "money", "Amount called lower", cohort.currency),
        Column("won", "count", "Won"),
        Column("lost", "count", "Lost"),
        Column("amount_lost", "money", "Amount lost", cohort.currency),
    )
    return Table(pd.DataFrame(rows), columns, f"Steps of each week, {cohort.focus.label}")


def _total(focus: pd.DataFrame, window: pd.DataFrame, cohort: Cohort) -> Table:
    lower, lost = focus["step"] > 0, window[window["now"] == GONE]
    usual = _share(lost["warned"], lost)
    frame = pd.DataFrame(
        {
            "higher": [int((focus["step"] < 0).sum())], "lower": [int(lower.sum())],
            "amount_lower": [float(focus.loc[lower, "amount"].sum())], "lost": [int((focus["now"] == GONE).sum())],
            "warned": [int(focus["warned"].sum())], "usual": [usual["share"]], "low": [usual["low"]],
            "high": [usual["high"]], "quarter": [cohort.focus.label],
        }
    )  # fmt: skip
    columns = (
        Column("higher", "count", "Called higher"),
        Column("lower", "count", "Called lower"),
        Column("amount_lower", "money", "Amount called lower", cohort.currency),
        Column("lost", "count", "Lost after the first week"),
        Column("warned", "count", "Called lower before"),
        Column("usual", "estimate", "Usual share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("quarter", "label", "Quarter", shown=False),
    )
    return Table(frame, columns, f"Steps between categories, {cohort.focus.label}", detail=True)


def _caveats(focus: pd.DataFrame) -> tuple[str, ...]:
    silent = focus.loc[(focus["now"] == UNKNOWN) | (focus["was"] == UNKNOWN), "week"].nunique()
    if not silent:
        return ()
    weeks = count(focus["week"].nunique(), "week")
    return (
        f"In {silent} of {weeks} the category of some of the open deals is not on record, so steps may be missing.",
    )


ANALYSIS = Analysis(weekly_moves, headline, draw, family="rate", method=METHOD, needs=(HISTORY,), frames=("forecast",))
