"""What became of the deals of each forecast category by the end of the quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.transition_grid import transition_grid
from postmortem.frames.cohort import Cohort
from postmortem.frames.standing import CATEGORY_LABELS, standings
from postmortem.ground.fates import FATE_LABELS, LOST, WON
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.ground.schema import UNKNOWN
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import goodman

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY = Need(
    "history", ("field", "changed_at", "new_value"), 1, "records of the forecast as it was",
    "export the CRM's field history, or keep copies of the pipeline", "history",
    lambda cohort, _: len(cohort.table) if cohort.kind == "forecast" else 0, "record",
)  # fmt: skip
ENDS = (WON, *LOST)
LABELS = {**CATEGORY_LABELS, **{fate: FATE_LABELS[fate] for fate in ENDS}}
# Heads of columns have less room than rows of a table.
HEADS = {**CATEGORY_LABELS, "lost_disqualified": "Never a deal", "lost_unknown": "Lost, not recorded"}
ORDER = (*CATEGORY_LABELS, *ENDS)
SPOKEN = 2
METHOD = (
    "Deals forecast at the snapshot, by their category then and by where they were at quarter end: won, lost by "
    "who took them, or open in the category of that day. That is taken from a snapshot, the field history or a "
    "forecast sheet, and otherwise counts as not on record. Counts of the focus quarter are facts. Shares of a row are "
    "of the pooled window, with Goodman's 95% intervals, which hold for all cells of the row together; withheld below "
    "ten deals in the row."
)


def category_transitions(cohort: Cohort) -> Result:
    """Where did the deals of each forecast category end up?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``.

    Returns
    -------
    Result
        Table ``moves``, one row a pair of categories: ``was`` (category at the snapshot, code) and ``called`` (in
        words), ``now`` (category or fate at quarter end, code) and ``ended`` (in words), ``deals`` (focus quarter),
        ``share`` of the row's deals over the window with ``low`` and ``high``, ``events`` and ``n`` (window). Table
        ``categories``, one row a category: ``called``, ``deals``, ``won``, ``lost``, ``open`` (focus quarter),
        ``usual`` (share won over the window), ``low``, ``high``, ``n`` (window), ``quarter`` (the focus).

    Notes
    -----
    Refused for any other cohort. While the quarter runs, the focus is told as of the last day known.
    """
    if not HISTORY.met(cohort):
        return ANALYSIS.lack(cohort, HISTORY)
    days = {quarter: (min(quarter.end, cohort.as_of),) for quarter in sorted({*cohort.window, cohort.focus})}
    stood = standings(cohort, days)
    now = stood["forecast_category"].mask(stood["standing"].isin(ENDS), stood["standing"])
    rows = cohort.table[["quarter", "deal_id", "forecast_category"]].rename(columns={"forecast_category": "was"})
    pairs = stood[["quarter", "deal_id"]].assign(now=now).merge(rows, on=["quarter", "deal_id"])
    focus = pairs[pairs["quarter"] == cohort.focus.label]
    window = pairs[pairs["quarter"].isin([quarter.label for quarter in cohort.window])]
    tables = {"categories": _categories(focus, window, cohort), "moves": _moves(focus, window, cohort)}
    silent = int((focus["now"] == UNKNOWN).sum())
    caveats = []
    if silent:
        caveats.append(f"For {count(silent, 'open deal')} the category at the end is not on record.")
    return ANALYSIS.answer(tables, cohort, n_used=len(pairs), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say what became of the deals of the two surest categories, and how often they are usually won."""
    rows = tables["categories"].records[:SPOKEN]
    if any_missing(*(row[name] for row in rows for name in ("deals", "won", "lost"))):
        return WITHHELD
    told = []
    for row in rows:
        usual = ""
        if not any_missing(row["usual"], row["low"], row["high"]):
            usual = f" (usually won: {per_cent(row['usual'])}, {interval_text(row['low'], row['high'])})"
        deals = f"{count(row['deals'], 'deal')} called “{str(row['called']).lower()}”"
        told.append(f"of {deals}, {row['won']:,} won and {row['lost']:,} lost{usual}")
    return f"In {rows[0]['quarter']}, {'; '.join(told)}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the grid of the focus quarter: from the category at the opening to where deals were at the end."""
    rows = tables["moves"].rows
    transition_grid(
        rows, axes, before="was", after="now", n="deals", order=ORDER, labels=HEADS,
        before_label="at the opening", after_label="at quarter end",
    )  # fmt: skip


def _present(pairs: pd.DataFrame, column: str) -> list[str]:
    return [name for name in ORDER if (pairs[column] == name).any()]


def _moves(focus: pd.DataFrame, window: pd.DataFrame, cohort: Cohort) -> Table:
    """Return every pair of a category that was called and a place where any deal ended."""
    every = pd.concat([focus, window])
    ends, rows = _present(every, "now"), []
    for was in _present(every, "was"):
        row, now = (part.loc[part["was"] == was, "now"] for part in (window, focus))
        counts = [int((row == end).sum()) for end in ends]
        shares = goodman(counts) if len(ends) > 1 else ()
        for place, end in enumerate(ends):
            found = {"share": float("nan"), "low": float("nan"), "high": float("nan")}
            if shares:
                found = {"share": shares[place].estimate, "low": shares[place].low, "high": shares[place].high}
            rows.append(
                {
                    "was": was, "called": LABELS[was], "now": end, "ended": LABELS[end],
                    "deals": int((now == end).sum()), **found, "events": counts[place], "n": len(row),
                }
            )  # fmt: skip
    columns = (
        Column("was", "label", "Code", shown=False),
        Column("called", "label", "Called at the opening"),
        Column("now", "label", "Code", shown=False),
        Column("ended", "label", "At quarter end"),
        Column("deals", "count", f"Deals in {cohort.focus.label}"),
        Column("share", "estimate", "Usual share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("events", "count", "Deals over the window"),
        Column("n", "count", "Of"),
    )
    return Table(pd.DataFrame(rows), columns, "From category to category", detail=True)


def _categories(focus: pd.DataFrame, window: pd.DataFrame, cohort: Cohort) -> Table:
    rows = []
    for was in _present(focus, "was"):
        now, row = (part.loc[part["was"] == was, "now"] for part in (focus, window))
        won, lost = int((now == WON).sum()), int(now.isin(LOST).sum())
        usual = goodman([int((row == WON).sum()), int(row.isin(LOST).sum()), int((~row.isin(ENDS)).sum())])[0]
        rows.append(
            {
                "called": LABELS[was], "deals": len(now), "won": won, "lost": lost, "open": len(now) - won - lost,
                "usual": usual.estimate, "low": usual.low, "high": usual.high, "n": len(row),
                "quarter": cohort.focus.label,
            }
        )  # fmt: skip
    columns = (
        Column("called", "label", "Called at the opening"),
        Column("deals", "count", "Deals"),
        Column("won", "count", "Won"),
        Column("lost", "count", "Lost"),
        Column("open", "count", "Open at quarter end"),
        Column("usual", "estimate", "Usually won (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("n", "count", f"Deals, {cohort.window_label}"),
        Column("quarter", "label", "Quarter", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, f"What the categories were worth, {cohort.focus.label}")


ANALYSIS = Analysis(
    category_transitions, headline, draw, family="rate", method=METHOD, needs=(HISTORY,), frames=("forecast",)
)
