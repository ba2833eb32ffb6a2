"""How large a part of the losses the status quo took, overall and by segment, stage or product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import LEAST_EVENTS, wilson
from postmortem.stats.permutation import homogeneity_by_permutation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 12
LOOK = 0.05
BY_LABELS = {
    "segment": "segment", "stage": "stage", "product": "product", "region": "region", "team": "team",
    "deal_type": "type of deal",
}  # fmt: skip
RECORDED = Need(
    "deals", ("lost_to_raw", "loss_reason_raw"), 10, "losses with a recorded taker",
    "fill in the field that says to whom a deal was lost",
)  # fmt: skip
STAGES = "export the CRM's field history (in Salesforce: Reports, Opportunity History)"
METHOD = (
    "Losses to the status quo over all losses whose taker is recorded, pooled over the window, with Wilson "
    "intervals; groups below ten such losses, or with fewer than five of either kind, get counts only. Whether groups "
    "differ at all is one test: the chi-squared statistic of homogeneity against its permutation distribution, "
    "takers shuffled among each sales person's own losses, so that one person's habits are no evidence. Its "
    "p-value decides only whether the page says 'worth a look'. Groups are never compared two by two."
)


def status_quo_share(
    cohort: Cohort, *, by: Literal["segment", "stage", "product", "region", "team", "deal_type"] = "segment"
) -> Result:
    """How many losses did the status quo take, and where?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.
    by : str
        Column of the cohort to split by. ``stage`` needs a forecast cohort: the stage of a closed deal is
        only the word for its end.

    Returns
    -------
    Result
        Table ``groups``, one row per group and one for all: ``group``, ``lost`` (with a recorded taker),
        ``status_quo``, ``share`` with ``low`` and ``high`` (95%; withheld for small groups),
        ``unrecorded`` (losses without a taker). Table ``tests``, one row: ``hypothesis``, ``primary``, ``p``,
        ``named``.

    Notes
    -----
    Refused below ten losses with a recorded taker, and where the column is empty.
    """
    if by == "stage" and cohort.kind == "closed":
        return ANALYSIS.refuse(cohort, "the stage each deal was in before it was lost", unlock=STAGES, by=by)
    # The shuffles below are drawn row by row, so the rows need an order of their own.
    lost = lost_rows(cohort.window_rows).sort_values(["quarter", "deal_id"])
    recorded = lost[lost["lost_to"] != "unknown"]
    if len(recorded) < RECORDED.least:
        return ANALYSIS.refuse(
            cohort, RECORDED.missing(len(recorded)) + f" in {cohort.window_label}", unlock=RECORDED.unlock, by=by
        )
    if recorded[by].isna().all():
        return ANALYSIS.refuse(cohort, f"the {BY_LABELS[by]} of the deals, which the data do not have", by=by)
    groups = lost[by].fillna("not recorded")
    sizes = groups.value_counts()
    ordered = sorted((str(name) for name in sizes.index), key=lambda name: (-sizes[name], name))
    parts = [(name, lost[groups == name]) for name in ordered]
    frame = pd.DataFrame([_row("All losses", lost), *(_row(name, part) for name, part in parts)])
    columns = (
        Column("group", "label", BY_LABELS[by].capitalize()),
        Column("lost", "count", "Losses with a recorded taker"),
        Column("status_quo", "count", "To the status quo"),
        Column("share", "estimate", "Status quo's share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("unrecorded", "count", "Taker not recorded"),
    )
    p = homogeneity_by_permutation(
        (recorded["lost_to"] == "status_quo").to_numpy(),
        recorded[by].fillna("not recorded").to_numpy(),
        recorded["owner_id"].fillna("not recorded").to_numpy(),
    )
    tests = pd.DataFrame(
        {
            "hypothesis": [f"the status quo's share differs by {BY_LABELS[by]}"],
            "primary": [True],
            "p": [p],
            "named": pd.Series([pd.NA], dtype="boolean"),
        }
    )
    test_columns = (
        Column("hypothesis", "text", "What was tested"),
        Column("primary", "label", "Primary"),
        Column("p", "estimate", "Chance of such shares if alike"),
        Column("named", "label", "Named"),
    )
    tables = {
        "groups": Table(frame, columns, f"The status quo's share of losses by {BY_LABELS[by]}, {cohort.window_label}"),
        "tests": Table(tests, test_columns, "Whether the groups differ", detail=True),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(recorded), by=by)


def headline(tables: Tables) -> str:
    """Say the overall share, and whether groups differ by more than chance would make them."""
    all_losses, groups = tables["groups"].first, tables["groups"].rows.iloc[1:]
    p = tables["tests"].first["p"]
    if any_missing(all_losses["status_quo"], all_losses["lost"]):
        return WITHHELD
    share = f"{all_losses['status_quo']} of {count(all_losses['lost'], 'loss', 'losses')} with a recorded taker"
    told = f"The status quo took {share}"
    if not any_missing(all_losses["share"], all_losses["low"], all_losses["high"]):
        told += f" ({per_cent(all_losses['share'])}, {interval_text(all_losses['low'], all_losses['high'])})"
    by = tables["groups"].column("group").label.lower()
    if not any_missing(*groups["lost"]) and int((groups["lost"] > 0).sum()) < 2:
        return f"{told}; there is only one {by} to look at."
    if any_missing(p):
        return f"{told}."
    if p >= LOOK:
        return f"{told}; differences by {by} cannot be told from chance."
    return f"{told}. Worth a look: the share is not the same in every {by}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share of each group with its interval, beside the share over all losses."""
    table = tables["groups"]
    interval_dots(
        table.rows.head(SHOWN + 1), axes, name="group", estimate="share", low="low", high="high", n="lost",
        noun="loss", reference=table.first["share"], reference_label="all losses",
    )  # fmt: skip


def _row(group: str, lost: pd.DataFrame) -> dict[str, object]:
    recorded = lost[lost["lost_to"] != "unknown"]
    taken = int((recorded["lost_to"] == "status_quo").sum())
    share = wilson(taken, len(recorded), least_events=LEAST_EVENTS)
    shown = share.status != "refused"
    return {
        "group": group, "lost": len(recorded), "status_quo": taken,
        "share": share.estimate if shown else np.nan, "low": share.low, "high": share.high,
        "unrecorded": len(lost) - len(recorded),
    }  # fmt: skip


ANALYSIS = Analysis(status_quo_share, headline, draw, family="comparison", method=METHOD, needs=(RECORDED,))
