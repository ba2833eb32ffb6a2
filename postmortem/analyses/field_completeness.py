"""Which fields of the record are filled in, on lost deals and on won ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_bars import paired_bars
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import newcombe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIELDS = {
    "account_name": "Customer", "owner_id": "Owner", "manager_id": "Manager", "segment": "Segment",
    "region": "Region", "product": "Product", "deal_type": "Type of deal", "created_at": "Created on",
    "amount": "Amount", "competitor": "Competitor",
    "loss_reason_raw": "Loss reason", "lost_to": "Who took it", "loss_notes": "Notes on the loss",
}  # fmt: skip
LOOK = 0.05
ONLY_LOST = ("loss_reason_raw", "lost_to", "loss_notes")
COMPARED = len(FIELDS) - len(ONLY_LOST)
LOST = Need(
    "deals", ("outcome",), 10, "lost deals", "export more past quarters, lost deals as well as won ones", "deals",
    lambda _, rows: len(lost_rows(rows)),
)  # fmt: skip
METHOD = (
    "Share of deals of the window on which a field holds anything, lost beside won, with Newcombe's 95% interval "
    "of the difference (below ten deals a side: counts only). A field that is missing more often on one side "
    "bends every comparison that uses it; one is called uneven where its interval, widened for the number of "
    "fields compared (Bonferroni), excludes none. Fields that only a loss can have stand alone."
)


def field_completeness(cohort: Cohort) -> Result:
    """How complete is the record, on lost deals and on won ones?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``fields``, one row a field: ``field``, ``lost`` and ``won`` (share filled), ``lost_filled``,
        ``won_filled`` (deals), ``difference`` (lost minus won, share) with ``low`` and ``high``, ``stands_out``. Table
        ``sides``, one row: ``period`` (the quarters taken together), ``lost``, ``won`` (deals).

    Notes
    -----
    Refused below ten lost deals.
    """
    rows = _with_record(cohort)
    lost, won = lost_rows(rows), won_rows(rows)
    if not LOST.met(cohort):
        return ANALYSIS.lack(cohort, LOST)
    frame = pd.DataFrame([_field(field, lost, won) for field in FIELDS]).astype({"won_filled": "Int64"})
    columns = (
        Column("field", "label", "Field"),
        Column("lost_filled", "count", f"Filled, of {len(lost)} lost"),
        Column("lost", "estimate", "Share, lost", "share"),
        Column("won_filled", "count", f"Filled, of {len(won)} won"),
        Column("won", "estimate", "Share, won", "share"),
        Column("difference", "estimate", "Lost minus won (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("stands_out", "label", "Stands out", shown=False),
    )
    sides = pd.DataFrame({"period": [cohort.window_label], "lost": [len(lost)], "won": [len(won)]})
    side_columns = (
        Column("period", "label", "Quarters"),
        Column("lost", "count", "Lost deals"),
        Column("won", "count", "Won deals"),
    )
    tables = {
        "fields": Table(
            frame[[column.name for column in columns]], columns, f"What is filled in, {cohort.window_label}"
        ),
        "sides": Table(sides, side_columns, "Deals looked at", detail=True),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(lost) + len(won))


def headline(tables: Tables) -> str:
    """Say on how many losses reason and taker are recorded, and which fields are missing most."""
    rows = tables["fields"].keyed("field")
    period, lost = (tables["sides"].first[name] for name in ("period", "lost"))
    reason, taker = (rows[FIELDS[name]]["lost_filled"] for name in ("loss_reason_raw", "lost_to"))
    if any_missing(period, lost, reason, taker):
        return WITHHELD
    told = (
        f"Of {count(lost, 'lost deal')} of {period}, {_part(reason, lost)} carry a loss reason and "
        f"{_part(taker, lost)} say who took the deal"
    )
    apart = [row for row in rows.values() if not any_missing(*row.values()) and row["stands_out"]]
    if not apart:
        return told + "."
    widest = max(apart, key=lambda row: abs(row["difference"]))
    return (
        f"{told}. Filled in unevenly: “{widest['field']}”, on {per_cent(widest['lost'])} of lost and "
        f"{per_cent(widest['won'])} of won deals: {points(widest['difference'])} "
        f"({interval_text(widest['low'], widest['high'], 'points')})."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share filled on lost and on won deals, side by side."""
    paired_bars(
        tables["fields"].rows, axes, name="field", left="lost", right="won", left_label="lost deals",
        right_label="won deals", left_fate="lost", right_fate="won", difference="difference", low="low", high="high",
    )  # fmt: skip


def _part(filled: int, lost: int) -> str:
    return per_cent(filled / lost) if filled else "none"


def _with_record(cohort: Cohort) -> pd.DataFrame:
    """Lay the raw record beside the rows of the window."""
    rows = cohort.window_rows
    raw = cohort.book.deals[["deal_id", "loss_reason_raw", "loss_notes"]]
    rows = rows.merge(raw, on="deal_id", how="left")
    met = rows["deal_id"].isin(cohort.book.table("competitors")["deal_id"])
    return rows.assign(
        competitor=pd.Series("named", index=rows.index, dtype="str").where(met),
        lost_to=rows["lost_to"].where(rows["lost_to"] != "unknown"),
    )


def _field(field: str, lost: pd.DataFrame, won: pd.DataFrame) -> dict[str, object]:
    filled_lost, filled_won = int(lost[field].notna().sum()), int(won[field].notna().sum())
    row: dict[str, object] = {
        "field": FIELDS[field], "lost_filled": filled_lost, "lost": filled_lost / len(lost), "won_filled": pd.NA,
        "won": np.nan, "difference": np.nan, "low": np.nan, "high": np.nan, "stands_out": False,
    }  # fmt: skip
    if field not in ONLY_LOST and len(won):
        gap = newcombe(filled_lost, len(lost), filled_won, len(won))
        row |= {
            "won_filled": filled_won, "won": filled_won / len(won),
            "difference": gap.estimate, "low": gap.low, "high": gap.high,
        }  # fmt: skip
        sure = newcombe(filled_lost, len(lost), filled_won, len(won), confidence=1 - LOOK / COMPARED)
        row["stands_out"] = sure.high < 0 or sure.low > 0
    return row


ANALYSIS = Analysis(field_completeness, headline, draw, family="comparison", method=METHOD, needs=(LOST,))
