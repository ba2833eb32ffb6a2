"""Where deals went on without the commitment the buyer has to make there, on lost deals and on won ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_bars import paired_bars
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.contrast import columns, contrast
from postmortem.signals.decided import decided, fewer_known
from postmortem.signals.exit_commitment_unmet import SIGNAL
from postmortem.signals.stage_exits import exits
from postmortem.stats import attributable_fraction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGN = SIGNAL.name
ON_RECORD = Need(
    "milestones", ("milestone",), 10, "lost and won deals each with the buyer's commitments on record",
    "write a process file with the commitments of each stage, and record when the buyer makes them", "commitments",
    lambda cohort, rows: fewer_known(cohort, rows, (SIGN,)),
)  # fmt: skip
METHOD = (
    "A deal had left a stage once it stood in a later one by the day of the snapshot; a skipped stage counts as left. "
    "A commitment is unmet when it is not on record by that day, whenever it was met. Deals without any commitment on "
    "record are unknown, not unmet. Each deal once, at its first appearance in the window, lost or won by the day of "
    "the data. Differences with the wider of the intervals by sales person and by customer (cluster sandwich, CR2). "
    "Attributable share: 1 - P(lost | all met) / P(lost), log-complement interval (Walter): what the unmet "
    "commitments would account for only if the association were entirely causal. The test is that of the sign, in the "
    "answer on warning signs."
)


def unmet_commitments(cohort: Cohort) -> Result:
    """At which stages did deals go on without the buyer's commitment, and how did those deals end?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; the window is pooled.

    Returns
    -------
    Result
        Table ``overall``, one row: ``lost_seen`` of ``lost_n`` (lost deals with at least one commitment unmet, of those
        known) and ``lost_share``, ``won_seen``, ``won_n`` and ``won_share``, ``difference`` with ``low`` and ``high``,
        ``attributable`` (share of all losses, if the association were entirely causal) with
        ``attributable_low`` and ``attributable_high``, ``where`` (any stage). Table ``stages``, one row a stage with
        commitments: ``stage`` and the same shares of the deals that had left it, ``commitments`` (what the buyer has
        to do there).

    Notes
    -----
    Refused without a process file that lists commitments, and below ten lost or ten won deals with any on record.
    """
    if cohort.kind not in ANALYSIS.frames or not ON_RECORD.met(cohort):
        return ANALYSIS.lack(cohort, ON_RECORD)
    deals = decided(cohort)
    days = deals.rows["entered_at"]
    rows = []
    left = exits(cohort.book, deals.rows["deal_id"], by=days)
    for stage in cohort.book.process.stages:
        own = left[left["stage"] == stage.stage]
        if not stage.exit_commitments:
            continue
        unmet = pd.Series((~own.groupby("deal_id")["met"].all()).astype("float64"))
        flags = deals.rows["deal_id"].map(unmet).where(deals.fired[SIGN].notna())
        rows.append(
            {"stage": stage.stage, **contrast(flags, deals.rows), "commitments": "; ".join(stage.exit_commitments)}
        )
    whole = {"where": "Any stage", **contrast(deals.fired[SIGN], deals.rows)}
    tables = {
        "overall": _table([{**whole, **_attributable(whole)}], "Deals that went on without a commitment"),
        "stages": _table(rows, "By the stage they had left"),
    }
    unknown = int(deals.fired[SIGN].isna().sum())
    caveats = [
        "A commitment counts as unmet when it is not on record: where commitments are written down more carefully on "
        "some deals than on others, that alone makes a difference.",
        "The share of losses holds only if the association were entirely causal, which such records cannot show.",
    ]
    if unknown:
        caveats.append(f"{count(unknown, 'deal')} without any commitment or stage on record are left out.")
    used = int(deals.fired[SIGN].notna().sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say on how many lost and won deals a commitment was unmet, and how far apart that is."""
    row = tables["overall"].first
    if any_missing(*(row[name] for name in ("lost_seen", "lost_n", "lost_share", "won_seen", "won_n", "won_share"))):
        return WITHHELD
    lost = f"{row['lost_seen']:,} of {count(row['lost_n'], 'lost deal')} ({per_cent(row['lost_share'])})"
    won = f"{row['won_seen']:,} of {count(row['won_n'], 'won deal')} ({per_cent(row['won_share'])})"
    told = f"{lost} had left a stage without a commitment of the buyer's, and {won}"
    if any_missing(row["difference"], row["low"], row["high"]):
        return f"{told}."
    return f"{told}: {points(row['difference'])}, {interval_text(row['low'], row['high'], 'points')}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw by stage how often lost and won deals had left it without a commitment; not those that none had left."""
    stages = tables["stages"].rows
    left = stages[(stages[["lost_n", "won_n"]].fillna(1) != 0).any(axis=1)]
    paired_bars(
        left, axes, name="stage", left="lost_share", right="won_share", left_label="lost deals",
        right_label="won deals", left_fate="lost_unknown", right_fate="won", difference="difference", low="low",
        high="high", n="lost_n",
    )  # fmt: skip


def _attributable(row: dict[str, Any]) -> dict[str, float]:
    """Return the part of all losses above what deals with every commitment met would lose."""
    exposed, n_exposed = row["lost_seen"], row["lost_seen"] + row["won_seen"]
    lost, n = row["lost_n"], row["lost_n"] + row["won_n"]
    part = attributable_fraction(exposed, n_exposed, lost - exposed, n - n_exposed)
    return {"attributable": part.estimate, "attributable_low": part.low, "attributable_high": part.high}


def _table(rows: list[dict[str, Any]], title: str) -> Table:
    if rows and "where" in rows[0]:
        shown = columns(
            Column("where", "label", "Left without a commitment"),
            Column("attributable", "estimate", "Of all losses, if entirely causal (95% interval)", "part",
                   low="attributable_low", high="attributable_high"),
            Column("attributable_low", "estimate", "Low", "part", shown=False),
            Column("attributable_high", "estimate", "High", "part", shown=False),
        )  # fmt: skip
    else:
        shown = columns(
            Column("stage", "label", "Stage left"), Column("commitments", "text", "What the buyer has to do")
        )
    kinds = {"count": "int64", "estimate": "float64", "label": "str", "text": "str"}
    frame = pd.DataFrame(rows, columns=[column.name for column in shown])
    return Table(frame.astype({column.name: kinds[column.role] for column in shown}), shown, title)


ANALYSIS = Analysis(
    unmet_commitments, headline, draw, family="rate", method=METHOD, needs=(ON_RECORD,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
