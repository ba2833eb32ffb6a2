"""Which deals each competitor is met on, and for which reasons it takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from postmortem.analyses.contract import AT_ONCE, WITHHELD, Analysis, Need, any_missing, spoken
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 12
NOT_RECORDED = "not recorded"
BY_LABELS = {
    "segment": "segment", "product": "product", "region": "region", "team": "team", "deal_type": "type of deal",
    "reason": "main reason",
}  # fmt: skip
MET = Need(
    "competitors", ("competitor",), 10, "won or lost deals with a named competitor",
    "record who else is bidding while the deal is open", "competitors",
    lambda cohort, rows: _met(cohort, _base(rows, "segment"))["deal_id"].nunique(),
)  # fmt: skip
TAKEN = Need(
    "competitors", ("competitor",), 10, "losses to a named competitor with a main reason on record",
    "record who else was bidding and why the deal was lost", "reason",
    lambda cohort, rows: _met(cohort, _base(rows, "reason"))["deal_id"].nunique(),
)  # fmt: skip
METHOD = (
    "Won and lost deals of the window on which the competitor was recorded, by a property of the deal: won ones over "
    "all of the group, Wilson interval, counts only below ten. By reason: losses on record as taken by a competitor, "
    "by the sales person's main reason, over all such losses on which the competitor was recorded. A deal with several "
    "competitors counts for each. Groups are described, not compared: differences between competitors are tested in "
    "the head-to-head."
)


def competitor_deals(
    cohort: Cohort,
    *,
    by: Literal["segment", "product", "region", "team", "deal_type", "reason"] = "segment",
) -> Result:
    """On which deals is each competitor met, and how do they end?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.
    by : str
        Column of the cohort to split by; ``reason`` splits the losses a competitor took by the main reason on
        record.

    Returns
    -------
    Result
        Table ``deals``, one row a competitor and group, the competitor met most often first: ``competitor``,
        ``group``, ``met`` (all deals of the competitor in the table), ``n`` (those the share is taken over: the
        group's, by reason all of them), ``events`` (won ones; by reason, those with this reason), ``share``,
        ``low``, ``high`` (95%; withheld below ten). Table ``asked``, one row: ``by``.

    Notes
    -----
    Refused below ten such deals with a named competitor, and where the column is empty.
    """
    need = TAKEN if by == "reason" else MET
    if not need.met(cohort):
        return ANALYSIS.lack(cohort, need, by=by)
    base = _base(cohort.window_rows, by)
    if base[by].isna().all():
        missing, unlock = f"the {BY_LABELS[by]} of the deals, which the data do not have", f"export the {BY_LABELS[by]}"
        return ANALYSIS.refuse(cohort, missing, unlock=unlock, gap=Gap(AT_ONCE), by=by)
    deals = _met(cohort, base).assign(group=lambda met: met[by].fillna(NOT_RECORDED).astype("str"))
    tables = {"deals": _deals(deals, cohort, by), "asked": _asked(by)}
    caveats = (
        "Competitors are often written down only when a deal is lost, so these shares may look worse than they are.",
    )
    used = deals["deal_id"].nunique()
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=() if by == "reason" else caveats, by=by)


def headline(tables: Tables) -> str:
    """Say where the competitor met most often is met, or which reason stands beside its losses."""
    row, by = tables["deals"].first, tables["asked"].first["by"]
    if any_missing(row["met"], row["n"], row["events"]):
        return WITHHELD
    name, group = spoken(row["competitor"], "one competitor"), spoken(row["group"], "one group")
    share = "" if any_missing(row["share"], row["low"], row["high"]) else interval_text(row["low"], row["high"])
    if by == "reason":
        told = f"for {row['events']:,} of {count(row['n'], 'loss', 'losses')} with a main reason on record"
        share = f" ({per_cent(row['share'])}, {share})" if share else ""
        return f"Where {name} was met and a competitor took the deal, “{group}” is written most often: {told}{share}."
    met = f"{name} is met most often; {row['n']:,} of its {count(row['met'], 'decided deal')} are in {group}"
    ended = f"{per_cent(row['share'])} of these were won ({share})" if share else f"{row['events']:,} of these won"
    return f"{met[0].upper()}{met[1:]}, {ended}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the shares of the competitor met most often, group by group."""
    rows, first = tables["deals"].rows, tables["deals"].first
    same = rows["competitor"].eq(first["competitor"]) if not any_missing(first["competitor"]) else rows["met"].notna()
    interval_dots(
        rows[same].head(SHOWN), axes, name="group", estimate="share", low="low", high="high", n="n",
    )  # fmt: skip


def _base(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the deals that are split: won and lost ones, or the losses to a competitor that carry a reason."""
    lost = rows["resolution"].str.startswith("lost_")
    if by == "reason":
        return rows[lost & (rows["lost_to"] == "competitor") & rows["reason"].notna()]
    return rows[lost | (rows["resolution"] == "won")]


def _met(cohort: Cohort, base: pd.DataFrame) -> pd.DataFrame:
    rivals = cohort.book.table("competitors")[["deal_id", "competitor"]].drop_duplicates()
    return rivals.merge(base, on="deal_id", how="inner")


def _deals(deals: pd.DataFrame, cohort: Cohort, by: str) -> Table:
    by_reason = by == "reason"
    met = deals.groupby("competitor")["deal_id"].size()
    grouped = deals.assign(won=deals["resolution"] == "won").groupby(["competitor", "group"])
    frame = grouped.agg(size=("deal_id", "size"), won=("won", "sum")).reset_index()
    frame["met"] = frame["competitor"].map(met).astype("int64")
    frame["n"] = (frame["met"] if by_reason else frame["size"]).astype("int64")
    frame["events"] = (frame["size"] if by_reason else frame["won"]).astype("int64")
    frame = frame.sort_values(["met", "competitor", "size", "group"], ascending=[False, True, False, True])
    pairs: list[Any] = [wilson(events, n) for events, n in zip(frame["events"], frame["n"], strict=True)]
    for name, attribute in (("share", "estimate"), ("low", "low"), ("high", "high")):
        frame[name] = pd.Series([getattr(pair, attribute) for pair in pairs], index=frame.index, dtype="float64")
    columns = (
        Column("competitor", "competitor", "Competitor"),
        Column("group", "label", BY_LABELS[by].capitalize()),
        Column("met", "count", "Losses with a reason" if by_reason else "Decided deals, all", shown=not by_reason),
        Column("n", "count", "Losses with a reason" if by_reason else "In this group"),
        Column("events", "count", "With this reason" if by_reason else "Won"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    what = "Reasons where competitors took the deal" if by_reason else f"Share won by competitor and {BY_LABELS[by]}"
    rows = frame[[column.name for column in columns]].reset_index(drop=True)
    return Table(rows, columns, f"{what}, {cohort.window_label}", detail=True)


def _asked(by: str) -> Table:
    columns = (Column("by", "label", "Split by", shown=False),)
    return Table(pd.DataFrame({"by": [by]}), columns, "What was asked", detail=True)


ANALYSIS = Analysis(competitor_deals, headline, draw, family="rate", method=METHOD, needs=(MET, TAKEN))
