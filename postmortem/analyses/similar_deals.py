"""What became of the deals like one deal: of its segment and stage, and of about its amount."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.frames.alike import NEAR, alike, compared_on
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.one_deal import one_deal
from postmortem.ground.fates import FATE_LABELS, RESOLUTIONS
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import LEAST_N, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 10
LOST = Need(
    "deals", ("outcome",), 1, "lost deals in the quarter", "name a deal, or choose another quarter", "deals",
    lambda _, rows: len(lost_rows(rows)), "focus",
)  # fmt: skip
KNOWN = Need(
    "deals", ("segment", "amount"), 2, "deals with a segment and an amount", "export segments and amounts of all deals",
    "amount", lambda _, rows: int(rows[["segment", "amount"]].notna().all(axis=1).sum()),
)  # fmt: skip
NOT_PROOF = "These deals were alike in a few things on record; they may have differed in all that mattered."
METHOD = (
    "Deals of all quarters at hand of the same segment and, where the cohort was taken before they closed, in the same "
    "stage on that day, whose amount is between half and twice this one's; each deal counts once, at its latest "
    "appearance. Counts of what had become of them by the day the data were taken. The share won has a Wilson "
    "interval from ten deals on."
)


def similar_deals(cohort: Cohort, *, deal_id: str = "") -> Result:
    """What became of the deals that were most like this one?

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    deal_id : str
        A deal of its book; the costliest lost deal of the focus quarter unless told.

    Returns
    -------
    Result
        Table ``fates``, one row a fate: ``fate`` (code), ``became``, ``deals``, ``share`` of all of them. Table
        ``like``, one row: ``segment``, ``stage`` (missing where not compared), ``lowest`` and ``highest`` (amount),
        ``deals`` (alike), ``won``, ``share`` (won) with ``low`` and ``high`` (95%). Table ``nearest``, the ten of the
        nearest amount, one row a deal: ``account``, ``name``, ``quarter``, ``amount``, ``became``, ``reason``.

    Raises
    ------
    UsageError
        When the book has no such deal, with the nearest ids.

    Notes
    -----
    Refused when no deal is named and none was lost in the focus quarter, when its segment, stage or amount is not on
    record, and when no other deal is like it.
    """
    deal = one_deal(cohort, deal_id)
    if deal is None:
        return ANALYSIS.lack(cohort, LOST, deal_id=deal_id)
    if not KNOWN.met(cohort):
        return ANALYSIS.lack(cohort, KNOWN, deal_id=deal_id)
    rows = cohort.table[cohort.table["ultimate"].isin(RESOLUTIONS)].sort_values(["quarter", "deal_id"])
    found = alike(cohort, deal, rows.drop_duplicates("deal_id", keep="last"))
    if found.empty:
        lacking = [name for name in (*compared_on(cohort), "amount") if pd.isna(deal.get(name))]
        missing = f"{' and '.join(lacking)} of this deal" if lacking else "another deal of its segment, stage and size"
        return ANALYSIS.refuse(cohort, missing, unlock=KNOWN.unlock, gap=KNOWN.gap(cohort), deal_id=deal_id)
    tables = {
        "fates": _fates(found), "like": _like(cohort, deal, found), "nearest": _nearest(cohort, found.head(SHOWN)),
    }  # fmt: skip
    return ANALYSIS.answer(tables, cohort, n_used=len(found), caveats=(NOT_PROOF,), deal_id=deal_id)


def headline(tables: Tables) -> str:
    """Say how many deals were like it and how many of them were won."""
    row = tables["like"].first
    if any_missing(row["deals"], row["won"]):
        return WITHHELD
    told = f"{row['won']} of {count(row['deals'], 'deal')} like this one were won"
    if row["deals"] == 1:
        told = f"One deal was like this one, and it was {'won' if row['won'] else 'not won'}"
    if any_missing(row["share"], row["low"], row["high"]):
        return f"{told}."
    return f"{told} ({per_cent(row['share'])}, {interval_text(row['low'], row['high'])})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how many of them met each fate."""
    ranked_bars(tables["fates"].rows, axes, name="became", value="deals", fate="fate")


def _fates(found: pd.DataFrame) -> Table:
    counted = found["ultimate"].value_counts()
    order = [fate for fate in RESOLUTIONS if fate in counted.index]
    frame = pd.DataFrame({
        "fate": pd.Series(order, dtype="str"),
        "became": pd.Series([FATE_LABELS[fate] for fate in order], dtype="str"),
        "deals": [int(counted[fate]) for fate in order],
        "share": [float(counted[fate] / len(found)) for fate in order],
    })  # fmt: skip
    columns = (
        Column("fate", "label", "Code", shown=False), Column("became", "label", "What became of them"),
        Column("deals", "count", "Deals"), Column("share", "estimate", f"Share of {len(found)}", "share"),
    )  # fmt: skip
    frame = frame.sort_values(["deals", "fate"], ascending=[False, True], ignore_index=True)
    return Table(frame, columns, "Their fates")


def _like(cohort: Cohort, deal: Mapping[Hashable, Any], found: pd.DataFrame) -> Table:
    won = int((found["ultimate"] == "won").sum())
    share = wilson(won, len(found)) if len(found) >= LEAST_N else None
    limits = (np.nan,) * 3 if share is None else (share.estimate, share.low, share.high)
    stage = deal["stage"] if "stage" in compared_on(cohort) else None
    frame = pd.DataFrame({
        "segment": pd.Series([deal["segment"]], dtype="str"), "stage": pd.Series([stage], dtype="str"),
        "lowest": [deal["amount"] / NEAR], "highest": [deal["amount"] * NEAR], "deals": [len(found)], "won": [won],
        "share": [limits[0]], "low": [limits[1]], "high": [limits[2]],
    })  # fmt: skip
    columns = (
        Column("segment", "label", "Segment"), Column("stage", "label", "Stage when forecast"),
        Column("lowest", "money", "Amount from", cohort.currency),
        Column("highest", "money", "Amount to", cohort.currency),
        Column("deals", "count", "Deals like it"), Column("won", "count", "Won"),
        Column("share", "estimate", "Share won (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )  # fmt: skip
    return Table(frame, columns, "What makes them alike", detail=True)


def _nearest(cohort: Cohort, found: pd.DataFrame) -> Table:
    frame = pd.DataFrame({
        "account": found["account_name"], "name": found["deal_name"], "quarter": found["quarter"],
        "amount": found["amount"].astype("float64"), "became": found["ultimate"].map(FATE_LABELS),
        "reason": found["reason"],
    })  # fmt: skip
    words = [name for name in frame if name != "amount"]
    columns = (
        Column("account", "account", "Account"), Column("name", "deal", "Deal"), Column("quarter", "label", "Quarter"),
        Column("amount", "money", "Amount", cohort.currency), Column("became", "label", "What became of it"),
        Column("reason", "label", "Recorded reason"),
    )  # fmt: skip
    typed = frame.astype(dict.fromkeys(words, "str")).reset_index(drop=True)
    return Table(typed, columns, "The nearest in amount", detail=True)


ANALYSIS = Analysis(similar_deals, headline, draw, family="fact", method=METHOD, needs=(LOST, KNOWN))
