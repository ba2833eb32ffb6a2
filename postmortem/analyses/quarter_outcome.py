"""What became of the deals of the quarter, in deals and in money."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, any_missing
from postmortem.charts.unit_squares import unit_squares
from postmortem.frames.cohort import Cohort, won_rows
from postmortem.frames.figures import Counted, Figure
from postmortem.ground.fates import FATE_LABELS, RESOLUTIONS
from postmortem.ground.formats import count, per_cent, short_money
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import Estimate, clustered_ratio, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHOD = (
    "Facts of the focus quarter are counts over all its deals. The rate meant to repeat pools the quarters of the "
    "window that have ended: won deals over all deals with a Wilson interval; won amount over all amount with a "
    "ratio estimator, cluster sandwich (CR2) by sales person on the logit scale, t at Satterthwaite's degrees of "
    "freedom (no interval below ten sales people, where a few of them hold most of the amount, or where one deal holds "
    "more than a quarter of it). Of forecast deals this is the red-zone conversion."
)


def quarter_outcome(cohort: Cohort, *, confidence: float = 0.95) -> Result:
    """What became of the deals of this quarter?

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    confidence : float
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    Result
        Table ``fates``, one row a fate that occurred: ``fate`` (code), ``label``, ``deals``, ``share`` of all
        deals, ``amount`` (known amounts), ``without_amount`` (deals whose amount is unknown). Table ``rate``,
        one row by deals and one by amount over the ended quarters of the window: ``measure``, ``share`` won
        with ``low`` and ``high``, ``n`` (deals), ``note``. Table ``deals``, one row a deal of the focus
        quarter: ``deal_id``, ``account``, ``fate``, ``amount``.

    Notes
    -----
    Never refused: a cohort has at least one deal. The interval of the amounts is withheld by the rules in
    the method box.
    """
    rows = cohort.focus_rows
    fates = _fates(rows, cohort)
    unknown = int(rows["amount"].isna().sum())
    caveats = list(cohort.remarks)
    if unknown:
        caveats.append(f"{count(unknown, 'deal')} of {len(rows)} carry no amount; totals leave them out.")
    if not cohort.is_complete:
        caveats.append(f"{cohort.focus.label} had not ended on {cohort.as_of}: open deals may still be won or lost.")
    caveats += [f"Counted apart: {count(n, 'deal')} {what}." for what, n in cohort.counted_apart.items() if n]
    tables = {"fates": fates, "rate": _rate(cohort, confidence), "deals": _deals(rows, cohort)}
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=tuple(caveats), confidence=confidence)


def headline(tables: Tables) -> str:
    """Say how many deals were won, lost and otherwise left, and for how much."""
    fates = tables["fates"].rows
    currency = tables["fates"].column("amount").unit
    is_lost = fates["fate"].str.startswith("lost_")
    parts = [
        (rows, word)
        for rows, word in (
            (fates[fates["fate"] == "won"], "won"),
            (fates[is_lost], "lost"),
            (fates[fates["fate"].isin(["slipped", "pushed_early"])], "moved past the quarter"),
            (fates[fates["fate"] == "open"], "still open"),
        )
        if not rows.empty or word in ("won", "lost")
    ]
    told = [
        f"{int(rows['deals'].sum()):,} {word}{_money(rows, currency)}"
        for rows, word in parts
        if not any_missing(*rows["deals"])
    ]
    if not told:
        return WITHHELD
    sentence = ", ".join(told[:-1]) + " and " + told[-1] if len(told) > 1 else told[0]
    if any_missing(*fates["deals"]):
        return f"Of the deals, {sentence}; other counts are withheld in this edition."
    return f"Of {count(int(fates['deals'].sum()), 'deal')}, {sentence}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw one square a deal, its area the amount, grouped by fate."""
    unit_squares(
        tables["deals"].rows,
        axes,
        fate="fate",
        amount="amount",
        currency=tables["deals"].column("amount").unit,
    )


def _money(rows: pd.DataFrame, currency: str) -> str:
    """Say the known amount of these deals; a missing amount is never a nought."""
    if rows.empty or any_missing(*rows["without_amount"]):
        return ""
    unknown = int(rows["without_amount"].sum())
    if unknown == int(rows["deals"].sum()):
        return " (amounts not recorded)"
    some_known = rows.loc[rows["without_amount"] < rows["deals"], "amount"]
    if any_missing(*some_known):
        return ""
    money = short_money(float(some_known.sum()), currency)
    return f" ({money}, {unknown:,} without an amount)" if unknown else f" ({money})"


def _fates(rows: pd.DataFrame, cohort: Cohort) -> Table:
    grouped = rows.groupby("resolution")["amount"].agg(deals="size", amount="sum", known="count")
    fates = grouped.reindex([fate for fate in RESOLUTIONS if fate in grouped.index]).rename_axis("fate").reset_index()
    frame = pd.DataFrame(
        {
            "fate": fates["fate"],
            "label": fates["fate"].map(FATE_LABELS),
            "deals": fates["deals"].astype("int64"),
            "share": fates["deals"] / len(rows),
            "amount": fates["amount"].where(fates["known"] > 0),
            "without_amount": (fates["deals"] - fates["known"]).astype("int64"),
        }
    )
    columns = (
        Column("fate", "label", "Code", shown=False),
        Column("label", "label", "What became of it"),
        Column("deals", "count", "Deals"),
        Column("share", "estimate", f"Share of {len(rows)}", "share"),
        Column("amount", "money", "Amount", cohort.currency),
        Column("without_amount", "count", "Amount unknown"),
    )
    return Table(frame, columns, f"What became of the {cohort.noun} of {cohort.focus.label}")


def _rate(cohort: Cohort, confidence: float) -> Table:
    # Open deals of a quarter that still runs are not yet failures, so that quarter says no rate.
    rows = (
        cohort.window_rows
        if cohort.is_complete
        else cohort.window_rows[cohort.window_rows["quarter"] != cohort.focus.label]
    )
    by_deals = wilson(len(won_rows(rows)), len(rows), confidence=confidence)
    share, interval, note = _won_amount(rows, confidence)
    frame = pd.DataFrame(
        {
            "measure": ["Won, of all deals", "Won, of all amount"],
            "share": [by_deals.estimate, share],
            "low": [by_deals.low, interval.low],
            "high": [by_deals.high, interval.high],
            "n": [len(rows), int(rows["amount"].notna().sum())],
            "note": [by_deals.why, note],
        }
    )
    columns = (
        Column("measure", "label", "Measure"),
        Column("share", "estimate", "Share", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("n", "count", "Deals"),
        Column("note", "text", "Remark"),
    )
    return Table(frame, columns, f"How often deals are won, {cohort.window_label}")


def _won_amount(rows: pd.DataFrame, confidence: float) -> tuple[float, Estimate, str]:
    """Return the won share of the amount, its interval and a remark; both missing where an amount is unknown."""
    known = rows[rows["amount"].notna()]
    if known.empty or len(known) < len(rows):
        why = "amounts are not known for all deals" if len(rows) else "no quarter of the window has ended"
        return float("nan"), Estimate.refused(why, n=len(known), method="ratio estimator"), why
    ratio = clustered_ratio(
        known["amount"].where(known["resolution"] == "won", 0.0).to_numpy(),
        known["amount"].to_numpy(),
        known["owner_id"].fillna("unknown").to_numpy(),
        confidence=confidence,
    )
    # the units of this ratio are deals; how much hangs on one of them is told whether or not it takes the interval
    largest = f"the largest deal holds {per_cent(ratio.largest_share)} of the amount"
    return ratio.share, ratio.interval, ratio.interval.why.replace("one unit", "one deal") or largest


def _deals(rows: pd.DataFrame, cohort: Cohort) -> Table:
    frame = pd.DataFrame(
        {
            "deal_id": rows["deal_id"],
            "account": rows["account_name"],
            "fate": rows["resolution"],
            "amount": rows["amount"],
        }
    ).sort_values(["amount", "deal_id"], ascending=[False, True], ignore_index=True)
    columns = (
        Column("deal_id", "deal", "Deal"),
        Column("account", "account", "Customer"),
        Column("fate", "label", "What became of it"),
        Column("amount", "money", "Amount", cohort.currency),
    )
    return Table(frame, columns, "Every deal of the quarter", detail=True)


def _ended(*fates: str) -> Callable[[Cohort, pd.DataFrame], Counted]:
    return lambda _, rows: Counted(rows, rows["resolution"].isin(fates))


COMPARABLE = (
    Figure("Deals won", "deal", _ended("won")),
    Figure("Deals moved past the quarter", "deal", _ended("slipped", "pushed_early")),
    Figure("Amount won", "deal", _ended("won"), weight="amount"),
)
ANALYSIS = Analysis(quarter_outcome, headline, draw, family="fact", method=METHOD, comparable=COMPARABLE)
