"""How often price is written down as the reason of a loss, and how much of the losses the price gap goes with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import RATERS_LABELS
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import Estimate, share_attributable, wilson
from postmortem.stats.attributable_share import LEAST_GAPS, AttributableShare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PRICE = "price"
NOT_RECORDED = "not recorded"
MAIN, ANY = "as the main reason", "among the reasons"
EXPLAINED = "Goes with a higher price"
REASONED = Need(
    "deals", ("loss_reason_raw",), 10, "losses with a main reason of the sales person",
    "add the loss reason to the export, or have losses reviewed", "reason",
    lambda cohort, rows: int(_said(cohort, lost_rows(rows), "rep")["main"].sum()),
)  # fmt: skip
PRICED = Need(
    "competitors", ("price",), LEAST_GAPS, "won or lost deals with our first amount and a competitor's price",
    "write down competitors' prices when they are learnt, and export the history of amounts", "competitors",
    lambda cohort, rows: len(_gaps(cohort, rows)),
)  # fmt: skip
METHOD = (
    "Cited: losses of the window whose main reason (or any reason) of a rater is a price code of the taxonomy, over "
    "the losses on which that rater gave a reason the taxonomy knows; Wilson intervals. Attributable: on won and lost "
    "deals with a known gap, the logarithm of our first amount on record over the cheapest price of a competitor in "
    "the same currency, loss is regressed on the gap (logistic; natural cubic spline above 0, line below), and losses "
    "are counted again with every gap above 0 closed (g-computation); interval the wider of redrawing sales people and "
    "the cluster sandwich by them (CR2). It is what the gap would account for if the difference were entirely due to "
    "price. The first amount is used and never the final one: discounts go to deals in danger. At least sixty known "
    "gaps. Whether the true share of price lies above a limit is not tested here."
)


def price_cited(cohort: Cohort) -> Result:
    """How often is price written down as the reason of a loss, and how far does the price gap go with losing?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``cited``, one row a rater and rank, sales people first: ``rater``, ``rank`` (as the main reason, among
        the reasons), ``losses`` (with such a reason), ``price`` (those that say price), ``share`` with ``low`` and
        ``high`` (withheld below ten). Table ``compared``, one row a figure for the picture: ``figure``, ``n``,
        ``part``, ``part_low``, ``part_high``. Table ``gap``, one row: ``known`` (won and lost deals with a known gap),
        ``dearer`` (those on which we were), ``gap_lost`` (lost ones), ``part``, ``part_low``, ``part_high`` (share
        of these losses that goes with a higher price of ours; below 0 where dearer deals are lost more rarely),
        ``needed``, ``why`` (why there is no such share), ``unpriced`` (won and lost deals with a competitor and no
        known gap).

    Notes
    -----
    Refused below ten losses with a main reason of the sales person. Below sixty deals with a known gap, and where
    the curve cannot be fitted, only the cited half is answered (fallback).
    """
    if not REASONED.met(cohort):
        return ANALYSIS.lack(cohort, REASONED)
    rows = cohort.window_rows.sort_values(["quarter", "deal_id"], ignore_index=True)
    known = _gaps(cohort, rows)
    found = _attributable(known)
    cited = _cited(cohort, rows)
    tables = {
        "cited": Table(cited, _cited_columns(), f"Price on record, {cohort.window_label}"),
        "compared": _compared(cited, found),
        "gap": _gap_table(cohort, rows, known, found),
    }
    caveats = ["A reason on record is one person's word. The buyer may see it differently."]
    if found.status == "refused":
        caveats.append(
            f"How far losing goes with the price gap is not answered: {found.why}. To get there: {PRICED.unlock}."
        )
    else:
        caveats += [
            f"Prices are known for {count(len(known), 'deal')}; if they are learnt more often on one kind of deal, the "
            "share is off.",
            "The second share holds only if price alone made the difference; dearer deals may differ otherwise.",
        ]
        if found.status == "fallback":
            caveats.append(f"The share that goes with the gap is a rougher one: {found.why}.")
    used = len(set(lost_rows(rows)["deal_id"]) | set(known["deal_id"]))
    fallback = found.status == "refused"
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=tuple(caveats), fallback=fallback)


def headline(tables: Tables) -> str:
    """Say how often price is on record, and beside it the share that goes with a higher price."""
    row, gap = tables["cited"].first, tables["gap"].first
    if any_missing(row["share"], row["low"], row["high"], row["losses"]):
        return WITHHELD
    share = f"{per_cent(row['share'])} of {count(row['losses'], 'loss', 'losses')} with one"
    told = f"Price is the main reason on record for {share} ({interval_text(row['low'], row['high'])})"
    if any_missing(gap["part"], gap["part_low"], gap["part_high"], gap["gap_lost"]):
        return f"{told}; how far losses go with the price gap cannot be told yet."
    span = interval_text(gap["part_low"], gap["part_high"])
    known = count(gap["gap_lost"], "loss", "losses")
    if gap["part_high"] < 0:
        return f"{told}; where prices are known, dearer deals were not lost more often ({known})."
    if gap["part_low"] <= 0:
        return (
            f"{told}; whether dearer deals are lost more often cannot be told from {known} with known prices ({span})."
        )
    return (
        f"{told}; if price alone made the difference between dearer and cheaper offers, it would account for "
        f"{per_cent(gap['part'])} of {known} with known prices ({span})."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how often price is on record by rater, and the share that goes with a higher price."""
    interval_dots(
        tables["compared"].rows, axes, name="figure", estimate="part", low="part_low", high="part_high", n="n",
        noun="loss",
    )  # fmt: skip


def _said(cohort: Cohort, lost: pd.DataFrame, rater: str) -> pd.DataFrame:
    """Return one row a lost deal: whether the rater gave a main reason, or any, and whether price was it."""
    reasons = cohort.book.table("reasons")
    known = [reason.code for reason in cohort.book.taxonomy.reasons]
    own = reasons[reasons["code"].isin(known) & (reasons["rater_type"] == rater)]
    main, priced = own["rank"] == "primary", own["code"].str.contains(PRICE)
    which = {"main": main, "main_price": main & priced, "some": main | True, "some_price": priced}
    return pd.DataFrame({name: lost["deal_id"].isin(own.loc[rows, "deal_id"]) for name, rows in which.items()})


def _cited(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    made = []
    for rater, label in RATERS_LABELS.items():
        said = _said(cohort, lost_rows(rows), rater).sum()
        for rank, losses, price in ((MAIN, said["main"], said["main_price"]), (ANY, said["some"], said["some_price"])):
            if losses:
                share = wilson(int(price), int(losses))
                made.append({"rater": label, "rank": rank, "losses": int(losses), "price": int(price),
                             "share": share.estimate, "low": share.low, "high": share.high})  # fmt: skip
    return pd.DataFrame(made)


def _cited_columns() -> tuple[Column, ...]:
    return (
        Column("rater", "label", "Who says so"),
        Column("rank", "label", "Price is given"),
        Column("losses", "count", "Losses with such a reason"),
        Column("price", "count", "Price"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )


def _gaps(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the decided deals with a known gap, the log of our first amount over the cheapest price."""
    decided = rows[(rows["resolution"] == "won") | rows["resolution"].str.startswith("lost_")]
    rivals = cohort.book.table("competitors")
    same = rivals["currency"].isna() | (rivals["currency"] == cohort.currency)
    cheapest = rivals[same & (rivals["price"] > 0)].groupby("deal_id")["price"].min()
    first = _first_amounts(cohort)
    gap = np.log(decided["deal_id"].map(first).astype("float64") / decided["deal_id"].map(cheapest).astype("float64"))
    made = pd.DataFrame(
        {
            "deal_id": decided["deal_id"],
            "lost": decided["resolution"].ne("won"),
            "gap": gap,
            "owner": decided["owner_id"].fillna(NOT_RECORDED),
        }
    )
    known: pd.DataFrame = made[np.isfinite(made["gap"])]
    return known.reset_index(drop=True)


def _first_amounts(cohort: Cohort) -> pd.Series:
    """Return by deal the first amount on record; nothing where the history does not tell amounts at all."""
    history = cohort.book.table("history")
    changes = history[history["field"] == "amount"].sort_values(["changed_at", "seq"], kind="stable")
    first = changes.drop_duplicates("deal_id").set_index("deal_id")
    told = pd.to_numeric(first["old_value"].fillna(first["new_value"]), errors="coerce")
    if not len(told):
        return told
    # an amount that never changed is the first one, as everywhere in a history
    current = cohort.book.deals.set_index("deal_id")["amount"]
    amounts = pd.concat([told, current[~current.index.isin(told.index)]]).astype("float64")
    known: pd.Series = amounts[amounts > 0]
    return known


def _attributable(known: pd.DataFrame) -> AttributableShare:
    if len(known) < PRICED.least:
        why = PRICED.missing(len(known))
        return AttributableShare(
            share=Estimate.refused(why, n=len(known), method="g-computation"),
            above=0,
            below=0,
            status="refused",
            why=why,
        )
    return share_attributable(known["lost"].astype(np.int8), known["gap"], known["owner"], least_n=PRICED.least)


def _compared(cited: pd.DataFrame, found: AttributableShare) -> Table:
    frame = pd.DataFrame(
        {
            "figure": cited["rater"] + " " + cited["rank"],
            "n": cited["losses"], "part": cited["share"], "part_low": cited["low"], "part_high": cited["high"],
        }
    )  # fmt: skip
    share = found.share
    if share.estimate >= 0:
        # as part of a whole it is drawn from 0 on; the table of the gap has the limits as they are
        limits = (max(share.low, 0.0), min(share.high, 1.0))
        frame.loc[len(frame)] = [EXPLAINED, share.events, share.estimate, *limits]
    frame = frame.astype({"n": "int64"})
    columns = (
        Column("figure", "label", "Figure"),
        Column("n", "count", "Losses"),
        Column("part", "estimate", "Share (95% interval)", "share", low="part_low", high="part_high"),
        Column("part_low", "estimate", "Low", "share", shown=False),
        Column("part_high", "estimate", "High", "share", shown=False),
    )
    return Table(frame, columns, "Price on record beside the share that goes with it", detail=True)


def _gap_table(cohort: Cohort, rows: pd.DataFrame, known: pd.DataFrame, found: AttributableShare) -> Table:
    decided = rows[(rows["resolution"] == "won") | rows["resolution"].str.startswith("lost_")]
    with_rival = decided["deal_id"].isin(cohort.book.table("competitors")["deal_id"])
    share: dict[str, Any] = {
        "known": [len(known)], "dearer": [int((known["gap"] > 0).sum())], "gap_lost": [int(known["lost"].sum())],
        "part": [found.share.estimate], "part_low": [found.share.low], "part_high": [found.share.high],
        "needed": [PRICED.least], "why": [found.why],
        "unpriced": [int((with_rival & ~decided["deal_id"].isin(known["deal_id"])).sum())],
    }  # fmt: skip
    columns = (
        Column("known", "count", "Deals with known prices"),
        Column("dearer", "count", "Our first amount higher"),
        Column("gap_lost", "count", "Lost"),
        Column("part", "estimate", "Share that goes with it (95%)", "points", low="part_low", high="part_high"),
        Column("part_low", "estimate", "Low", "points", shown=False),
        Column("part_high", "estimate", "High", "points", shown=False),
        Column("needed", "count", "Deals needed", shown=False),
        Column("why", "label", "Remark"),
        Column("unpriced", "count", "With a competitor, price not known"),
    )
    return Table(pd.DataFrame(share), columns, "Losses and the gap between first amount and cheapest competitor")


ANALYSIS = Analysis(price_cited, headline, draw, family="rate", method=METHOD, needs=(REASONED, PRICED))
