"""How deals ended when each competitor was on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.frames.figures import Counted, Figure
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import beta_binomial_shrink, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 12
NAMED = Need(
    "competitors", ("competitor",), 10, "won or lost deals with a named competitor",
    "record who else is bidding while the deal is open", "competitors",
    lambda cohort, rows: _met(cohort, _decided(rows))["deal_id"].nunique(),
)  # fmt: skip
METHOD = (
    "Won deals over won and lost deals on which the competitor was recorded, pooled over the window; a deal with "
    "several competitors counts for each. Wilson intervals; a competitor met on fewer than ten decided deals "
    "gets counts only. The steadier figure pulls small records towards the common rate (beta-binomial, "
    "hyperparameters integrated). Competitors are ordered by deals, not by rate: this is a record, not a "
    "ranking. Presence is the CRM's and is often written down only once a deal is lost, which makes rates look "
    "worse than they are."
)


def competitor_record(cohort: Cohort, *, confidence: float = 0.95) -> Result:
    """How did deals end when each competitor was on them?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.
    confidence : float
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    Result
        Table ``record``, one row a competitor, most met first: ``competitor``, ``deals`` (won and lost ones),
        ``won``, ``share`` won with ``low`` and ``high``, ``steady`` (shrunken share for these) with
        ``steady_low`` and ``steady_high``, ``amount_lost``. Table ``presence``, one row for deals with and
        without a named competitor: ``group``, ``deals``, ``won``, ``share``, ``low``, ``high``.

    Notes
    -----
    Refused below ten decided deals with a named competitor.
    """
    if not NAMED.met(cohort):
        return ANALYSIS.lack(cohort, NAMED, confidence=confidence)
    decided = _decided(cohort.window_rows)
    met = _met(cohort, decided)
    tables = {
        "record": _record(met, cohort, confidence),
        "presence": _presence(decided, met, confidence),
    }
    caveats = (
        "Competitors are often written down only when a deal is lost; a record like this then looks worse than it is.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=len(decided), caveats=caveats, confidence=confidence)


def headline(tables: Tables) -> str:
    """Name the competitor met most often and how these deals ended."""
    rows = tables["record"].rows
    row = tables["record"].first
    if any_missing(*rows["deals"], row["won"]):
        return WITHHELD
    name, decided = spoken(row["competitor"], "One competitor"), count(row["deals"], "decided deal")
    level = int((rows["deals"] == row["deals"]).sum()) - 1
    if level:
        return f"{name} and {count(level, 'other')} are written down most often, on {decided} each."
    met = f"{name} is written down most often, on {decided}; "
    if any_missing(row["low"], row["high"]):
        return met + f"{row['won']} of them {'was' if row['won'] == 1 else 'were'} won."
    return met + f"{per_cent(row['share'])} of them were won ({interval_text(row['low'], row['high'])})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share won against each competitor with its interval."""
    rows = tables["record"].rows.head(SHOWN)
    interval_dots(rows, axes, name="competitor", estimate="share", low="low", high="high", n="deals")


def _decided(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["resolution"] == "won") | rows["resolution"].str.startswith("lost_")]


def _met(cohort: Cohort, decided: pd.DataFrame) -> pd.DataFrame:
    rivals = cohort.book.table("competitors")[["deal_id", "competitor"]].drop_duplicates()
    return rivals.merge(decided[["deal_id", "quarter", "resolution", "amount"]], on="deal_id", how="inner")


def _record(met: pd.DataFrame, cohort: Cohort, confidence: float) -> Table:
    met = met.assign(won=(met["resolution"] == "won"), gone=met["amount"].where(met["resolution"] != "won"))
    grouped = met.groupby("competitor").agg(
        deals=("deal_id", "size"), won=("won", "sum"), amount_lost=("gone", lambda v: v.sum(min_count=1))
    )
    grouped = grouped.sort_values("deals", ascending=False, kind="stable").reset_index()
    shares = [
        wilson(int(won), int(deals), confidence=confidence)
        for won, deals in zip(grouped["won"], grouped["deals"], strict=True)
    ]
    steady = beta_binomial_shrink(grouped["won"].to_numpy(), grouped["deals"].to_numpy(), confidence=confidence)
    too_few = np.array([share.status == "refused" for share in shares])
    frame = pd.DataFrame(
        {
            "competitor": grouped["competitor"],
            "deals": grouped["deals"].astype("int64"),
            "won": grouped["won"].astype("int64"),
            "share": np.where(too_few, np.nan, [share.estimate for share in shares]),
            "low": [share.low for share in shares],
            "high": [share.high for share in shares],
            "steady": np.where(too_few, np.nan, [rate.estimate for rate in steady.rates]),
            "steady_low": np.where(too_few, np.nan, [rate.low for rate in steady.rates]),
            "steady_high": np.where(too_few, np.nan, [rate.high for rate in steady.rates]),
            "amount_lost": grouped["amount_lost"].astype("float64"),
        }
    )
    columns = (
        Column("competitor", "competitor", "Competitor"),
        Column("deals", "count", "Decided deals"),
        Column("won", "count", "Won"),
        Column("share", "estimate", f"Share won ({confidence:.0%} interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("steady", "estimate", "Steadied", "share", low="steady_low", high="steady_high"),
        Column("steady_low", "estimate", "Steadied low", "share", shown=False),
        Column("steady_high", "estimate", "Steadied high", "share", shown=False),
        Column("amount_lost", "money", "Amount of the lost ones", cohort.currency),
    )
    return Table(frame, columns, f"Competitors met, {cohort.window_label}")


def _presence(decided: pd.DataFrame, met: pd.DataFrame, confidence: float) -> Table:
    named = decided["deal_id"].isin(met["deal_id"])
    rows = []
    for group, part in (("A competitor is named", decided[named]), ("No competitor is named", decided[~named])):
        won = int((part["resolution"] == "won").sum())
        share = wilson(won, len(part), confidence=confidence)
        rows.append(
            {"group": group, "deals": len(part), "won": won, "share": share.estimate, "low": share.low,
             "high": share.high}
        )  # fmt: skip
    columns = (
        Column("group", "label", "On the deal"),
        Column("deals", "count", "Decided deals"),
        Column("won", "count", "Won"),
        Column("share", "estimate", f"Share won ({confidence:.0%} interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "With and without a named competitor")


def _with_competitor(cohort: Cohort, rows: pd.DataFrame) -> Counted:
    decided = _decided(rows)
    return Counted(decided, decided["deal_id"].isin(cohort.book.table("competitors")["deal_id"]))


COMPARABLE = (Figure("With a competitor named", "decided deal", _with_competitor),)
ANALYSIS = Analysis(
    competitor_record, headline, draw, family="rate", method=METHOD, needs=(NAMED,), comparable=COMPARABLE
)
