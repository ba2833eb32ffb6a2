"""Who took the lost deals of the quarter, and how far the unrecorded ones could move the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, any_missing
from postmortem.charts.range_bars import range_bars
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.figures import Counted, Figure
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, per_cent
from postmortem.ground.schema import LOST_TO, UNKNOWN
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import share_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASK_FIRST = 5
METHOD = (
    "To whom a deal was lost is the CRM's word: its lost-to field, else what the recorded loss reason implies, "
    "else the one competitor marked as winner; a competitor that was merely present decides nothing. The "
    "range is the worst case in both directions (Manski bounds): every unrecorded loss counted for, then "
    "against. It is no confidence interval and needs no assumption about why records are missing."
)


def loss_destination(cohort: Cohort) -> Result:
    """Who took the deals that were lost?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``destinations``, one row per party: ``lost_to`` (code), ``label``, ``deals``, ``share`` of all
        losses as recorded, ``low`` and ``high`` (share if none or all of the unrecorded losses were its),
        ``amount``. Table ``ask_first``, the costliest losses without a record (none where no amount is known):
        ``deal``, ``account``, ``amount``, ``owner``. Table ``sources``, which rule told to whom: ``source``, ``deals``.

    Notes
    -----
    Never refused: a quarter without losses says so.
    """
    lost = lost_rows(cohort.focus_rows)
    counts = lost["lost_to"].value_counts().reindex(list(LOST_TO), fill_value=0)
    amounts = lost.groupby("lost_to")["amount"].agg(lambda values: values.sum(min_count=1)).reindex(list(LOST_TO))
    bounds = [_bounds(to, counts, len(lost)) for to in LOST_TO]
    frame = pd.DataFrame(
        {
            "lost_to": list(LOST_TO),
            "label": [LOST_TO_LABELS[to] for to in LOST_TO],
            "deals": counts.to_numpy().astype("int64"),
            "share": counts.to_numpy() / (len(lost) or np.nan),
            "low": [low for low, _ in bounds],
            "high": [high for _, high in bounds],
            "amount": amounts.to_numpy().astype("float64"),
        }
    )
    columns = (
        Column("lost_to", "label", "Code", shown=False),
        Column("label", "label", "Who took it"),
        Column("deals", "count", "Deals"),
        Column("share", "estimate", f"Share of {len(lost)}", "share"),
        Column("low", "estimate", "At least", "share"),
        Column("high", "estimate", "At most", "share"),
        Column("amount", "money", "Amount", cohort.currency),
    )
    tables = {
        "destinations": Table(frame, columns, f"Who took the {count(len(lost), 'lost deal')} of {cohort.focus.label}"),
        "ask_first": _ask_first(lost, cohort),
        "sources": _sources(lost),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(lost))


def headline(tables: Tables) -> str:
    """Say what is recorded, and how far the unrecorded losses could move it."""
    rows = tables["destinations"].keyed("lost_to")
    if any_missing(*(rows[to]["deals"] for to in LOST_TO)):
        return WITHHELD
    competitor, status_quo, disqualified, unknown = (int(rows[to]["deals"]) for to in LOST_TO)
    total = competitor + status_quo + disqualified + unknown
    if not total:
        return "No deal was lost."
    if unknown == total:
        return f"Of {count(total, 'lost deal')}, none says on record who took it."
    told = f"Of {count(total, 'lost deal')}, competitors took {competitor} and the status quo {status_quo} on record"
    if disqualified:
        told += f"; {disqualified} {'was' if disqualified == 1 else 'were'} never an opportunity"
    if not unknown:
        return told + "."
    told += f"; for {unknown} the record does not say who took {'it' if unknown == 1 else 'them'}"
    low, high = rows["competitor"]["low"], rows["competitor"]["high"]
    if any_missing(low, high):
        return told + "."
    return f"{told}, so the competitors' share is anywhere from {per_cent(low)} to {per_cent(high)}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the recorded share of each party inside the range that the unrecorded losses leave."""
    rows = tables["destinations"].rows
    named = rows[rows["lost_to"] != UNKNOWN]
    range_bars(named, axes, name="label", low="low", high="high", recorded="share", fate="lost_to")


def _bounds(party: str, counts: pd.Series, lost: int) -> tuple[float, float]:
    """Return the lowest and highest share of one party, or nothing where that cannot be asked."""
    if party == UNKNOWN or not lost:
        return np.nan, np.nan
    bounds = share_bounds(int(counts[party]), int(counts[UNKNOWN]), lost)
    return bounds.low, bounds.high


def _ask_first(lost: pd.DataFrame, cohort: Cohort) -> Table:
    silent = lost[(lost["lost_to"] == UNKNOWN) & lost["amount"].notna()]
    silent = silent.sort_values(["amount", "deal_id"], ascending=[False, True]).head(ASK_FIRST)
    frame = pd.DataFrame(
        {
            "deal": silent["deal_name"].fillna(silent["deal_id"]),
            "account": silent["account_name"],
            "amount": silent["amount"],
            "owner": silent["owner_id"],
        }
    ).reset_index(drop=True)
    columns = (
        Column("deal", "deal", "Deal"),
        Column("account", "account", "Customer"),
        Column("amount", "money", "Amount", cohort.currency),
        Column("owner", "person", "Owner"),
    )
    return Table(frame, columns, "Ask about these first: the costliest losses without a record")


def _sources(lost: pd.DataFrame) -> Table:
    counts = lost["lost_to_source"].value_counts().rename_axis("source").reset_index(name="deals")
    counts = counts.astype({"source": "str"}).sort_values(["deals", "source"], ascending=[False, True])
    columns = (Column("source", "label", "Told by"), Column("deals", "count", "Deals"))
    return Table(counts.reset_index(drop=True), columns, "Which record told who took the deal", detail=True)


def _unrecorded(_: Cohort, rows: pd.DataFrame) -> Counted:
    lost = lost_rows(rows)
    return Counted(lost, lost["lost_to"] == UNKNOWN)


COMPARABLE = (Figure("Lost, taker not recorded", "lost deal", _unrecorded),)
ANALYSIS = Analysis(loss_destination, headline, draw, family="fact", method=METHOD, comparable=COMPARABLE)
