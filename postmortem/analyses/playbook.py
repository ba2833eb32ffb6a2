"""The sales process as it is meant, and how well each of its commitments was kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import QUARTERS_BACK, Cohort
from postmortem.ground.fiscal import Quarter
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.exit_commitment_unmet import SIGNAL
from postmortem.signals.stage_exits import exits
from postmortem.stats import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT = Need(
    "milestones", ("milestone",), 10, "deals that left a stage of the process, with the buyer's commitments on record",
    "write a process file with the commitments of each stage, and record when the buyer makes them", "commitments",
    lambda cohort, rows: _left(cohort, set(rows["quarter"]))["deal_id"].nunique() if len(rows) else 0,
)  # fmt: skip
METHOD = (
    "The process file of the engagement. A deal leaves a stage on the day it first stands in a later one, or is won; "
    "skipped stages count as left, the stage it was lost in does not. A commitment was kept when it was on record by "
    "that day. All deals of the book that left the stage in the quarter, forecast or not; deals without any "
    "commitment on record are left out, since they tell nothing. Window: pooled quarters, Wilson interval, counts "
    "only below ten."
)


def playbook(cohort: Cohort) -> Result:
    """What does the sales process ask of the buyer at each stage, and how often was it kept?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open: it gives quarters and process; all deals of the book count.

    Returns
    -------
    Result
        Table ``commitments``, one row a commitment in the order of the process: ``commitment``, ``stage``, ``left``
        (deals that left the stage in the focus quarter), ``met`` (those with it on record by then), ``share``, and
        over the window ``window_left``, ``window_met``, ``window_share`` with ``low`` and ``high``. Table ``stages``,
        one row an open stage: ``stage``, ``probability`` stated, ``red_zone``, ``asked`` (commitments). Table
        ``remedies``, one row a step: ``remedy`` (of the process file, else of the taxonomy), ``stages`` it answers and
        ``commitments`` it serves. Table ``spans``, one row: ``quarter``, ``window``.

    Notes
    -----
    Refused below ten deals in the window that left a stage with commitments, which needs a process file, a history of
    stages and the commitments on record.
    """
    if cohort.kind not in ANALYSIS.frames or not LEFT.met(cohort):
        return ANALYSIS.lack(cohort, LEFT)
    every = _left(cohort, {quarter.label for quarter in (*cohort.window, cohort.focus)})
    focus, window = (_within(every, part) for part in ((cohort.focus,), cohort.window))
    rows = [
        _row(stage.stage, name, focus, window)
        for stage in cohort.book.process.stages
        for name in stage.exit_commitments
    ]
    spans = pd.DataFrame({"quarter": [cohort.focus.label], "window": [cohort.window_label]})
    columns = (Column("quarter", "label", "Quarter"), Column("window", "label", "Window"))
    tables = {
        "commitments": _commitments(rows, cohort),
        "stages": _stages(cohort),
        "remedies": _remedies(cohort),
        "spans": Table(spans, columns, "Quarters", detail=True),
    }
    caveats = ("A commitment that was made and not written down counts as not kept.",)
    used = int(cohort.table["deal_id"].isin(every["deal_id"]).sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=caveats)


def headline(tables: Tables) -> str:
    """Say which commitment was kept least over the window, and how that was in the quarter."""
    rows = [
        row for row in tables["commitments"].records if not any_missing(row["window_share"], row["low"], row["high"])
    ]
    spans = tables["spans"].first
    if not rows:
        return (
            WITHHELD if any_missing(tables["commitments"].first["window_left"]) else "No stage was left often enough."
        )
    row = min(rows, key=lambda each: each["window_share"])
    if any_missing(row["left"], row["met"], row["window_left"]):
        return WITHHELD
    usual = f"{per_cent(row['window_share'])} over {spans['window']} ({interval_text(row['low'], row['high'])})"
    if not row["left"]:
        return f"Kept least: “{row['commitment']}”, {usual}; no deal left {row['stage']} in {spans['quarter']}."
    left = f"{count(row['left'], 'deal')} that left {row['stage']} in {spans['quarter']}"
    return f"Kept least: “{row['commitment']}”, {usual}; {row['met']:,} of {left} had it on record."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how often each commitment was kept over the window."""
    interval_dots(
        tables["commitments"].rows, axes, name="commitment", estimate="window_share", low="low", high="high",
        n="window_left",
    )  # fmt: skip


def _left(cohort: Cohort, labels: set[str]) -> pd.DataFrame:
    """Return the stages that deals with commitments on record left in some quarters, as `exits` does."""
    book = cohort.book
    recorded = book.deals["deal_id"].isin(book.table("milestones")["deal_id"].unique())
    left = exits(book, book.deals.loc[recorded, "deal_id"])
    quarters = {*cohort.focus.trailing(QUARTERS_BACK), *cohort.window}
    return _within(left, [quarter for quarter in quarters if quarter.label in labels])


def _within(left: pd.DataFrame, quarters: Iterable[Quarter]) -> pd.DataFrame:
    inside = np.zeros(len(left), dtype=bool)
    for quarter in quarters:
        inside |= left["day"].between(pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)).to_numpy()
    return left[inside]


def _row(stage: str, commitment: str, focus: pd.DataFrame, window: pd.DataFrame) -> dict[str, Any]:
    told = {"stage": stage, "commitment": commitment}
    return told | _kept(focus, stage, commitment) | _window(window, stage, commitment)


def _kept(left: pd.DataFrame, stage: str, commitment: str) -> dict[str, Any]:
    own = left[(left["stage"] == stage) & (left["commitment"] == commitment)]
    n, met = len(own), int(own["met"].sum())
    return {"left": n, "met": met, "share": met / n if n else np.nan}


def _window(left: pd.DataFrame, stage: str, commitment: str) -> dict[str, Any]:
    told = _kept(left, stage, commitment)
    share = wilson(told["met"], told["left"])
    return {
        "window_left": told["left"], "window_met": told["met"], "window_share": share.estimate, "low": share.low,
        "high": share.high,
    }  # fmt: skip


def _commitments(rows: list[dict[str, Any]], cohort: Cohort) -> Table:
    columns = (
        Column("commitment", "label", "What the buyer has to do"),
        Column("stage", "label", "Before leaving"),
        Column("left", "count", f"Deals that left, {cohort.focus.label}"),
        Column("met", "count", "With it on record"),
        Column("share", "estimate", "Share", "share"),
        Column("window_left", "count", f"Deals that left, {cohort.window_label}"),
        Column("window_met", "count", "With it on record"),
        Column("window_share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    frame = pd.DataFrame(rows)[[column.name for column in columns]]
    return Table(frame, columns, "Commitments of the process, and how often they were kept")


def _stages(cohort: Cohort) -> Table:
    process = cohort.book.process
    stages = [stage for stage in process.stages if not stage.is_closed]
    frame = pd.DataFrame(
        {
            "stage": [stage.stage for stage in stages],
            "probability": [np.nan if stage.probability is None else stage.probability for stage in stages],
            "red_zone": ["yes" if stage.red_zone else "no" for stage in stages],
            "asked": [len(stage.exit_commitments) for stage in stages],
        }
    )
    columns = (
        Column("stage", "label", "Stage"),
        Column("probability", "estimate", "Stated chance of a win", "share"),
        Column("red_zone", "label", "Red zone"),
        Column("asked", "count", "Commitments"),
    )
    return Table(frame, columns, f"The process: {process.name}")


def _remedies(cohort: Cohort) -> Table:
    """Return every remedy once, with the stages it answers and the commitments it serves."""
    usual = SIGNAL.remedy(cohort.book.taxonomy)
    stages = [stage for stage in cohort.book.process.stages if stage.exit_commitments]
    steps = dict.fromkeys(stage.remedy or usual for stage in stages)
    served = [[stage for stage in stages if (stage.remedy or usual) == step] for step in steps if step]
    frame = pd.DataFrame(
        {
            "remedy": [step for step in steps if step],
            "stages": ["; ".join(stage.stage for stage in own) for own in served],
            "commitments": ["; ".join(name for stage in own for name in stage.exit_commitments) for own in served],
        },
        dtype="str",
    )
    columns = (
        Column("remedy", "text", "What to do with a deal that left without"),
        Column("stages", "label", "Stages"),
        Column("commitments", "text", "Commitments it serves"),
    )
    return Table(frame, columns, "What answers a commitment that was left behind")


ANALYSIS = Analysis(
    playbook, headline, draw, family="rate", method=METHOD, needs=(LEFT,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
