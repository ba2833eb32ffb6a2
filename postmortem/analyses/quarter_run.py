"""Whether the quarter is within the usual range of the quarters before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.run_chart import run_chart
from postmortem.frames.cohort import QUARTERS_BACK, Cohort, Measure, measured
from postmortem.ground.formats import interval_text, per_cent
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import LEAST_EVENTS, LEAST_N, usual_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUARTERS_SHOWN = 8
EARLIER = Need(
    "deals", ("closed_at",), 6, "earlier quarters", "export more past quarters", "deals",
    lambda _, rows: rows["quarter"].nunique(), "earlier",
)  # fmt: skip
EARLIER_TAKEN = Need(
    "deals", ("lost_to_raw", "loss_reason_raw"), EARLIER.least, "earlier quarters",
    "fill in the field that says to whom a deal was lost", "taker",
    lambda _, rows: measured(rows, "competitor")[0]["quarter"].nunique(), "earlier",
)  # fmt: skip
DEALS = Need(
    "deals", ("outcome",), LEAST_N, "deals", "wait for quarters with more deals", "deals",
    lambda _, rows: len(rows), "focus",
)  # fmt: skip
TAKEN = Need(
    "deals", ("lost_to_raw", "loss_reason_raw"), LEAST_N, "losses with a recorded taker",
    "fill in the field that says to whom a deal was lost", "taker",
    lambda _, rows: len(measured(rows, "competitor")[0]), "focus",
)  # fmt: skip
METHOD = (
    "A Laney p-prime chart: the share of each quarter, and the 95% prediction interval for the focus quarter made "
    "from the quarters before it, widened for variation between quarters beyond chance. Refused below six "
    "earlier quarters. One quarter in twenty lies outside by chance: a reason to ask what happened, not a verdict."
)
MEASURES = {"lost": "deals that were lost", "competitor": "recorded losses that went to a competitor",
            "status_quo": "recorded losses that went to the status quo"}  # fmt: skip


def quarter_run(cohort: Cohort, *, measure: Measure = "lost") -> Result:
    """Is this quarter different from the ones before it?

    Parameters
    ----------
    cohort : Cohort
        Any kind; up to eleven earlier quarters are looked at, seven are shown.
    measure : {"lost", "competitor", "status_quo"}
        Share of deals lost, or share of the losses with a recorded taker that one party took.

    Returns
    -------
    Result
        Table ``run``, one row a quarter: ``quarter``, ``events``, ``n``, ``share``, ``is_focus``. Table
        ``range``, one row: ``centre``, ``low``, ``high`` (usual range), ``share`` (focus), ``verdict``
        (within, above, below), ``earlier`` (quarters used), ``measure``, ``quarter`` (the focus).

    Notes
    -----
    Refused below six earlier quarters with deals, and for a quarter that has not ended: its losses are
    not all in, and a part of a quarter is no match for whole ones.
    """
    if not cohort.is_complete:
        missing = f"the end of {cohort.focus.label} (the data end on {cohort.as_of})"
        return ANALYSIS.refuse(cohort, missing, gap=Gap(cohort.focus.label), measure=measure)
    run = _run(cohort, measure)
    earlier = run[~run["is_focus"] & (run["n"] > 0)]
    before, within = (EARLIER, DEALS) if measure == "lost" else (EARLIER_TAKEN, TAKEN)
    if not before.met(cohort):
        return ANALYSIS.lack(cohort, before, measure=measure)
    focus = run[run["is_focus"]].iloc[0]
    if not focus["n"]:
        missing = f"no loss with a recorded taker in {cohort.focus.label}"
        return ANALYSIS.refuse(cohort, missing, unlock=within.unlock, gap=within.gap(cohort), measure=measure)
    usual = usual_range(earlier["events"].to_numpy(), earlier["n"].to_numpy(), new_trials=int(focus["n"]))
    if usual.status == "refused":
        if not within.met(cohort):
            return ANALYSIS.lack(cohort, within, measure=measure)
        alike = f"at least {LEAST_EVENTS} {within.per} of either kind in the earlier quarters"
        return ANALYSIS.refuse(cohort, alike, measure=measure)
    summary = pd.DataFrame(
        {
            "centre": [usual.centre], "low": [usual.low], "high": [usual.high], "share": [focus["share"]],
            "verdict": [usual.placement(int(focus["events"]))], "earlier": [len(earlier)],
            "measure": [MEASURES[measure]], "quarter": [cohort.focus.label],
        }
    )  # fmt: skip
    columns = (
        Column("centre", "estimate", "Usual share", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("share", "estimate", "This quarter", "share"),
        Column("verdict", "label", "Verdict"),
        Column("earlier", "count", "Earlier quarters"),
        Column("measure", "label", "Measure", shown=False),
        Column("quarter", "label", "Quarter", shown=False),
    )
    run_columns = (
        Column("quarter", "label", "Quarter"),
        Column("events", "count", MEASURES[measure].capitalize()),
        Column("n", "count", "Out of"),
        Column("share", "estimate", "Share", "share"),
        Column("is_focus", "label", "Focus", shown=False),
    )
    shown = run.tail(QUARTERS_SHOWN).reset_index(drop=True)
    tables = {
        "range": Table(summary, columns, f"The usual range of {MEASURES[measure]}"),
        "run": Table(shown, run_columns, "Quarter by quarter", detail=True),
    }
    return ANALYSIS.answer(tables, cohort, n_used=int(run["n"].sum()), measure=measure)


def headline(tables: Tables) -> str:
    """Say within, above or below the usual range."""
    row = tables["range"].first
    if any_missing(row["low"], row["high"], row["share"], row["earlier"]):
        return WITHHELD
    usual = f"{interval_text(row['low'], row['high'])} after {row['earlier']} earlier quarters"
    told = f"The share of {row['measure']}, {per_cent(row['share'])} in {row['quarter']}, is"
    if row["verdict"] == "within":
        return f"{told} within its normal wobble ({usual})."
    return f"{told} {row['verdict']} its usual range ({usual})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share by quarter over its usual range."""
    row = tables["range"].first
    rows = tables["run"].rows.assign(low=row["low"], high=row["high"])
    noun = "loss" if "losses" in row["measure"] else "deal"
    run_chart(
        rows, axes, quarter="quarter", value="share", n="n", low="low", high="high", focus=row["quarter"], noun=noun
    )


def _run(cohort: Cohort, measure: Measure) -> pd.DataFrame:
    rows = []
    for quarter in cohort.focus.trailing(QUARTERS_BACK):
        part = cohort.table[cohort.table["quarter"] == quarter.label]
        base, counted = measured(part, measure)
        events, n = int(counted.sum()), len(base)
        rows.append({"quarter": quarter.label, "events": events, "n": n, "is_focus": quarter == cohort.focus})
    run = pd.DataFrame(rows)
    run.insert(3, "share", (run["events"] / run["n"].where(run["n"] > 0)).astype("float64"))
    first = int(run.index[run["n"] > 0].min()) if (run["n"] > 0).any() else 0
    return run.iloc[first:].reset_index(drop=True)


ANALYSIS = Analysis(
    quarter_run, headline, draw, family="rate", method=METHOD, needs=(EARLIER, EARLIER_TAKEN, DEALS, TAKEN)
)
