"""How much of the forecast, week by week, stood on deals whose buyer had already left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.book import Book
from postmortem.book.leakage import week_ends
from postmortem.charts.weekly_stack import weekly_stack
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.frames.silence import buyer_days, silence
from postmortem.frames.standing import calls
from postmortem.ground.formats import count, interval_text, per_cent, short_money
from postmortem.ground.schema import UNKNOWN
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import clustered_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COVERED = 0.7
NOBODY = "nobody"
DEAD, OTHER = "later lost, buyer already gone", "all other deals"
BUYERS = "export meetings, calls and mails with who acted, ours or the buyer's"
HISTORY = "export the CRM's field history of forecast categories and amounts, or keep a copy of the pipeline every week"
WON = Need(
    "events", ("side", "occurred_at"), 10, "won deals with a contact by the buyer on record", BUYERS, "activities",
    lambda cohort, rows: buyer_days(cohort, won_rows(rows))["deal_id"].nunique(),
)  # fmt: skip
LOST = Need(
    "events", ("side", "occurred_at"), WON.least, "lost deals with a contact by the buyer on record", BUYERS,
    "activities", lambda cohort, rows: buyer_days(cohort, lost_rows(rows))["deal_id"].nunique(),
)  # fmt: skip
CARRIED = Need(
    "history", ("field", "changed_at", "new_value"), 1, "records of forecast categories as they were", HISTORY,
    "history", lambda cohort, _: _called_on_record(cohort.book), "record",
)  # fmt: skip
OTHER_DEALS = "the deals a quarter's forecast was made of; those that closed, or were new in it, are not all of them"
METHOD = (
    "At the end of each week of a quarter, the amounts of its deals that are in a forecast category and not closed, "
    "both as a snapshot, the field history or a forecast sheet tells them for that day (today's amount where none of "
    "these tells it). A deal whose category of the day none of them tells is left out of that week. A lost "
    "deal counts as dead from the day its buyer was last heard, if it was then silent until the close for longer than "
    "the limit of its segment: the 95th percentile of the gaps between contacts in won deals. Amount-weeks are amounts "
    "summed over weeks; their share of the forecast's amount-weeks over the window is a ratio with its error clustered "
    "by sales person. What is dead is known only afterwards: deals still open are never counted dead, so the latest "
    "weeks are too low."
)


def forecast_while_dead(cohort: Cohort) -> Result:
    """How much of the forecast was carried by deals that were already dead?

    Parameters
    ----------
    cohort : Cohort
        Of kind forecast or late_stage: each deal counts in the quarters it is in the cohort for. Which lost deals were
        dead, and from when, is read off its window.

    Returns
    -------
    Result
        Table ``carried``, one row a span (the focus quarter; the window): ``span``, ``deals`` (dead ones carried),
        ``dead_weeks`` and ``all_weeks`` (amount-weeks), ``weeks`` (a dead deal was carried, mean), ``share`` with
        ``low`` and ``high`` (95%; the window alone). Table ``weeks``, two rows a week of the focus quarter: ``week``
        (from 1), ``part``, ``deals``, ``amount``.

    Notes
    -----
    Refused for closed and newly forecast deals, where neither the history nor a snapshot nor a forecast sheet tells
    categories, below ten lost or ten won deals with a contact by the buyer, where under 70% of won deals have one,
    and below 72 gaps between contacts of won deals.
    """
    if cohort.kind not in ANALYSIS.frames:
        return ANALYSIS.refuse(cohort, OTHER_DEALS, unlock=HISTORY, gap=CARRIED.gap(cohort))
    for need in (CARRIED, LOST, WON):
        if not need.met(cohort):
            return ANALYSIS.lack(cohort, need)
    found = silence(cohort)
    won = int((found.deals["outcome"] == "won").sum())
    if won < COVERED * found.closed["won"]:
        missing = f"the buyer's contacts in most won deals: on record for {won} of {found.closed['won']}, 70% needed"
        return ANALYSIS.refuse(cohort, missing, unlock=BUYERS, gap=WON.gap(cohort))
    if not found.limits:
        missing = "72 silences between two contacts of won deals, to know how long a live one can be"
        return ANALYSIS.refuse(cohort, missing, unlock=BUYERS, gap=WON.gap(cohort))
    dead = found.deals[(found.deals["outcome"] == "lost") & found.deals["is_dead"]]
    known = _weekly(cohort)
    weeks = known[known["is_called"] & (known["amount"] > 0)]
    weeks = weeks.merge(dead[["deal_id", "last_heard"]], on="deal_id", how="left")
    weeks["is_dead"] = weeks["day"] > weeks["last_heard"]
    focus = weeks[weeks["quarter"] == cohort.focus.label]
    window = weeks[weeks["quarter"].isin([quarter.label for quarter in cohort.window])]
    spans = [_span(cohort.focus.label, focus, estimated=False), _span(cohort.window_label, window, estimated=True)]
    tables = {
        "carried": Table(pd.DataFrame(spans), _carried_columns(cohort.currency), "Carried while dead"),
        "weeks": _week_table(focus, cohort),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(found.deals), caveats=_unheard(known, cohort))


def headline(tables: Tables) -> str:
    """Say how much of the quarter's forecast stood on dead deals, and how it usually is."""
    focus, window = tables["carried"].records
    names = ("deals", "dead_weeks", "all_weeks")
    if any_missing(*(row[name] for row in (focus, window) for name in names)):
        return WITHHELD
    carried = next(column for column in tables["carried"].columns if column.name == "dead_weeks")
    told = f"No deal that was already dead was carried in the forecast of {focus['span']}"
    if focus["deals"] and focus["all_weeks"]:
        told = (
            f"In {focus['span']} the forecast carried {count(focus['deals'], 'lost deal')} after the buyer had gone: "
            f"{short_money(focus['dead_weeks'], carried.unit)} summed over the weeks, "
            f"{per_cent(focus['dead_weeks'] / focus['all_weeks'])} of all that was forecast"
        )
    if any_missing(window["share"], window["low"], window["high"]):
        return f"{told}."
    usual = f"{per_cent(window['share'])} ({interval_text(window['low'], window['high'])})"
    return f"{told}; over {window['span']} it was {usual}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw week by week how the forecast divides into dead deals and all others."""
    table = tables["weeks"]
    unit = next(column.unit for column in table.columns if column.name == "amount")
    weekly_stack(
        table.rows, axes, week="week", part="part", value="amount", order=(DEAD, OTHER), rest=OTHER, unit=unit,
    )  # fmt: skip


def _weekly(cohort: Cohort) -> pd.DataFrame:
    """Return every deal of the cohort that was open at the end of a week: as `calls` says, and ``week`` (from 1)."""
    days = {quarter: week_ends(quarter, until=cohort.as_of) for quarter in sorted({*cohort.window, cohort.focus})}
    numbers = {pd.Timestamp(day): number for own in days.values() for number, day in enumerate(own, start=1)}
    weeks = calls(cohort, days)
    return weeks.assign(week=weeks["day"].map(numbers).astype("int64"))


def _unheard(weeks: pd.DataFrame, cohort: Cohort) -> tuple[str, ...]:
    """Say in how many weeks of the focus quarter the record tells no category of some of the open deals."""
    focus = weeks[weeks["quarter"] == cohort.focus.label]
    silent = focus[~focus["is_told"]]
    if silent.empty:
        return ()
    return (
        f"In {silent['week'].nunique()} of {count(focus['week'].nunique(), 'week')} nothing on record tells the "
        "category of some of the open deals; these are left out of such a week.",
    )


def _called_on_record(book: Book) -> int:
    """Count the records of categories of earlier days, whatever kept them."""
    history, sheet = book.table("history"), book.table("forecast_sheet")
    kept = book.table("snapshots")["forecast_category"]
    told = (history["field"] == "forecast_category", kept.notna() & (kept != UNKNOWN), sheet["category"].notna())
    return sum(int(each.sum()) for each in told)


def _span(span: str, weeks: pd.DataFrame, *, estimated: bool) -> dict[str, object]:
    dead = weeks[weeks["is_dead"]]
    carried = weeks["amount"].where(weeks["is_dead"], 0.0)
    row: dict[str, object] = {
        "span": span, "deals": dead["deal_id"].nunique(), "dead_weeks": float(carried.sum()),
        "all_weeks": float(weeks["amount"].sum()),
        "weeks": float(dead.groupby("deal_id").size().mean()), "share": np.nan, "low": np.nan, "high": np.nan,
    }  # fmt: skip
    if estimated and not weeks.empty:
        owners = weeks["owner_id"].fillna(NOBODY).astype("str")
        found = clustered_ratio(carried.to_numpy(), weeks["amount"].to_numpy(), owners.to_numpy()).interval
        row |= {"share": found.estimate, "low": found.low, "high": found.high}
    return row


def _carried_columns(currency: str) -> tuple[Column, ...]:
    return (
        Column("span", "label", "Quarters"), Column("deals", "count", "Dead deals carried"),
        Column("dead_weeks", "money", "Amount-weeks on them", currency),
        Column("all_weeks", "money", "Amount-weeks of the forecast", currency),
        Column("weeks", "estimate", "Weeks a dead deal was carried (mean)"),
        Column("share", "estimate", "Share of the forecast (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )  # fmt: skip


def _week_table(focus: pd.DataFrame, cohort: Cohort) -> Table:
    parts = focus.assign(part=np.where(focus["is_dead"], DEAD, OTHER)).groupby(["week", "part"])["amount"]
    cells = parts.agg(["size", "sum"])
    rows = [
        {"week": week, "part": part, "deals": int(cells["size"].get((week, part), 0)),
         "amount": float(cells["sum"].get((week, part), 0.0))}
        for week in sorted(focus["week"].unique().tolist()) for part in (DEAD, OTHER)
    ]  # fmt: skip
    columns = (
        Column("week", "count", "Week"), Column("part", "label", "Forecast on"), Column("deals", "count", "Deals"),
        Column("amount", "money", "Amount", cohort.currency),
    )  # fmt: skip
    names = [column.name for column in columns]
    types = {"week": "int64", "deals": "int64", "amount": "float64", "part": "str"}
    frame = pd.DataFrame(rows, columns=names).astype(types)
    return Table(frame, columns, f"The forecast week by week, {cohort.focus.label}", detail=True)


ANALYSIS = Analysis(
    forecast_while_dead, headline, draw, family="rate", method=METHOD, needs=(CARRIED, LOST, WON),
    frames=("forecast", "late_stage"),
)  # fmt: skip
