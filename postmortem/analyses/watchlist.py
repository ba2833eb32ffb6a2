"""Which open deals of the forecast carry warnings, and what became of earlier deals like them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.frames.cohort import Cohort
from postmortem.ground.fates import WON
from postmortem.ground.formats import count, per_cent, short_money
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.contract import Signal
from postmortem.signals.matrix import fired
from postmortem.signals.open_deals import fired_table, known_of, signals_table, silent_days
from postmortem.signals.outlook import TOLD, Outlook, outlook_of
from postmortem.signals.own import with_own
from postmortem.signals.with_wins import with_wins, with_wins_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEVERAL = 3
DRAWN, LISTED = 15, 25
CHANCES = {
    WON: "Chance: won (95%)", "lost_competitor": "Lost: competitor", "lost_status_quo": "Lost: status quo",
    "slipped": "Slipping",
}  # fmt: skip
OPEN_DEALS = Need(
    "deals", ("forecast_category", "expected_close_date"), 1, "open deals of a forecast",
    'take the open forecast of the day of the data: pm.load_frame("last", kind="open_forecast")', "deals",
    lambda cohort, rows: len(rows) if cohort.kind == "open_forecast" else 0,
)  # fmt: skip
TOLD_OF = Need(
    "deals", ("forecast_category", "expected_close_date"), 1, "open deals of which a warning would be on record",
    "export the field history and the activities of the deals, or keep copies of the open deals", "history",
    known_of,
)  # fmt: skip
NOT_TRIED = "No chances are given: too little of earlier forecasts is on record to try them on."
NOT_BETTER = "No chances are given: on earlier quarters they did not clearly beat one share and the category."
SOME_WARN = (
    "A warning is what the list of signs calls one, unless it went with winning; beside won deals the warning signs "
    "show which go with losses here."
)
METHOD = (
    "Open deals of the forecast with every warning that held at the end of the day looked at, each blind to all "
    "that came later. Unknown warnings are counted apart, never as absent. A sign that stood more often on won deals "
    "of earlier forecasts than on lost ones is no warning (deals of the year before on the same day of their quarters, "
    "compared as the warning signs of the report are, all signs together, false discovery rate .03). Chances of what "
    "becomes of a deal by the quarter's end are learnt and tried as outlook_validation says, and shown only where they "
    "missed by less than one share for all deals; deals then stand in order of amount times the chance of not being "
    "won in the quarter, else of amount. Below each chance stands what came of such chances: Wilson's interval of the "
    "share it came for among earlier deals that had been given a chance of the same tenth without being learnt from, "
    "widened to the chance itself where that lies outside; all of it where fewer than five had. Silent: since the "
    "buyer took part."
)


def watchlist(cohort: Cohort) -> Result:
    """Which open deals of the forecast carry warnings, and what became of earlier deals like them?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``open_forecast``.

    Returns
    -------
    Result
        Table ``deals``, one row an open deal: ``deal_id``, ``deal``, ``account``, ``amount``, ``category``,
        ``expected`` (close), ``silent`` (days since the buyer last took part), ``warnings`` (how many hold;
        missing where none is known), ``unknown`` (of how many nothing is known); where chances are given
        ``won`` with ``won_low`` and ``won_high`` (95%, from what came of such chances), ``lost_competitor``
        (``lost_competitor_low``, ``lost_competitor_high``), ``lost_status_quo`` (``lost_status_quo_low``,
        ``lost_status_quo_high``), ``slipped`` (``slipped_low``, ``slipped_high``), ``at_risk`` (amount times
        the chance of not being won). Table ``warned``, one row an open deal with a warning, in the same order:
        ``deal``, ``account``, ``since`` (day of the first), ``what`` (their labels). Table ``total``, one row:
        ``quarter`` (label), ``deals``, ``amount``, ``warned`` (deals with a warning), ``several`` (with three
        or more), ``several_amount``, ``without_amount``, ``chances`` (whether they are given), ``told_of`` ("2
        of 21": warnings of which something is on record; empty where that is all). Table ``signals``, one row a
        warning: ``signal`` (code), ``warning``, ``deals`` (on which it holds), ``amount`` (of these), ``asked``
        (deals of which it is known), ``unknown``. Table ``fired``, one row a deal and warning: ``deal``,
        ``account``, ``warning``, ``since``, ``evidence``. Table ``with_wins``, one row a sign that went with winning
        on earlier forecasts, where there is one: ``sign``, ``deals`` (open ones it holds on), ``won_share`` and
        ``lost_share`` (of the won and lost ones of `quarters` on which it is known), ``difference`` with ``low`` and
        ``high`` (95%), ``quarters``.

    Notes
    -----
    A sign that went with winning is no warning: no deal, count or picture here has it as one. The chances are learnt
    from all signs, this one among them, as they are: they know which way it points.

    Refused for deals that have ended, and where nothing is on record that a warning could be read from, as in a book
    of deals alone: a mere list of open deals is the CRM's.
    """
    if not OPEN_DEALS.met(cohort):
        return ANALYSIS.lack(cohort, OPEN_DEALS).replace(caveats=cohort.remarks if cohort.table.empty else ())
    if not TOLD_OF.met(cohort):
        return ANALYSIS.lack(cohort, TOLD_OF)
    outlook = outlook_of(cohort)
    is_better = outlook is not None and outlook.is_better
    rows = cohort.focus_rows
    against = with_wins(cohort)
    every = with_own(cohort.signal_files)
    everything = fired(cohort, signals=every)
    none = {sign.signal.name for sign in against}
    signals = [signal for signal in every if signal.name not in none]
    asked = everything[~everything["signal"].isin(none)].reset_index(drop=True)
    held = asked[asked["fired"].fillna(False)]
    frame = _listed(cohort, rows, asked, signals)
    if outlook is not None and is_better:
        frame = _with_chances(frame, outlook)
    frame = _in_order(frame)
    amounts = rows.set_index("deal_id")["amount"]
    tables = {
        "deals": _deals(frame, cohort, is_better),
        "warned": _warned(frame),
        "total": _total(frame, cohort, is_better, _told_of(asked, signals)),
        "signals": signals_table(asked, amounts, signals, cohort.currency),
        "fired": fired_table(held, frame, signals),
    }
    if against:
        tables["with_wins"] = with_wins_table(against, everything)
    chances = () if is_better else (NOT_TRIED if outlook is None else NOT_BETTER,)
    told = (sign.sentence for sign in against)
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=(*chances, SOME_WARN, *told))


def headline(tables: Tables) -> str:
    """Say how much of the open forecast carries warnings."""
    row, unit = tables["total"].first, tables["total"].column("amount").unit
    if any_missing(row["deals"], row["warned"], row["several"]):
        return WITHHELD
    several = f"{row['several']:,}" if row["several"] else "none"
    verb = "carries" if row["several"] < 2 else "carry"
    deals = f"{count(row['deals'], 'open deal')} forecast for {row['quarter']}"
    told_of = "" if any_missing(row["told_of"]) else row["told_of"]
    told = f"Of {deals}, {several} {verb} {SEVERAL} warnings or more"
    if row["several"] and not any_missing(row["amount"], row["several_amount"]) and row["amount"]:
        told += (
            f", {short_money(row['several_amount'], unit)} of the {short_money(row['amount'], unit)} forecast "
            f"({per_cent(row['several_amount'] / row['amount'])})"
        )
    none = row["deals"] - row["warned"]
    what = f"none of the {told_of} warnings that the record tells of" if told_of else "no warning at all"
    return f"{told}; {none:,} {'carries' if none == 1 else 'carry'} {what}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw on how many open deals each warning holds, of those the record tells of: unknown is not none."""
    rows = tables["signals"].rows
    ranked_bars(rows[rows["asked"] > 0].head(DRAWN), axes, name="warning", value="deals", unit="")


def _listed(cohort: Cohort, rows: pd.DataFrame, asked: pd.DataFrame, signals: Sequence[Signal]) -> pd.DataFrame:
    """Return the open deals with what holds of each, in no order yet."""
    labels = {signal.name: signal.label for signal in signals}
    holds, silent = asked["fired"].fillna(False).astype(bool), asked["fired"].isna()
    held = asked[holds]
    what = held["signal"].map(labels).groupby(held["deal_id"]).agg("; ".join)
    by_deal = {
        "warnings": holds.groupby(asked["deal_id"]).sum().mask(silent.groupby(asked["deal_id"]).all()),
        "unknown": silent.groupby(asked["deal_id"]).sum(),
        "since": held.groupby("deal_id")["first_fired_at"].min(),
        "what": what,
        "silent": silent_days(cohort),
    }
    frame = pd.DataFrame(
        {
            "deal_id": rows["deal_id"],
            "deal": rows["deal_name"].fillna(rows["deal_id"]),
            "account": rows["account_name"],
            "amount": rows["amount"],
            "category": rows["forecast_category"].str.replace("_", " "),
            "expected": rows["expected_close_date"],
            **{name: values.reindex(rows["deal_id"]).set_axis(rows.index) for name, values in by_deal.items()},
        }
    )
    kinds = {"warnings": "Int64", "unknown": "int64", "silent": "Int64", "since": "datetime64[us]", "what": "str"}
    return frame.astype(kinds)


def _with_chances(frame: pd.DataFrame, outlook: Outlook) -> pd.DataFrame:
    """Add each deal's chances with what came of such chances before, and the amount at risk."""
    told = pd.concat([outlook.told(end).loc[frame.index] for end in TOLD], axis=1)
    return frame.assign(**told, at_risk=frame["amount"] * (1 - told[WON]))


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    weight = "at_risk" if "at_risk" in frame else "amount"
    return frame.sort_values([weight, "deal_id"], ascending=[False, True], kind="stable", ignore_index=True)


def _deals(frame: pd.DataFrame, cohort: Cohort, is_better: bool) -> Table:
    columns = [
        Column("deal_id", "deal", "Deal id", shown=False),
        *_names(frame),
        Column("amount", "money", "Amount", cohort.currency),
        Column("category", "label", "Category", shown=not is_better),
        Column("expected", "date", "Expected close"),
        Column("silent", "count", "Days silent"),
        Column("warnings", "count", "Warnings", shown=not is_better),
        Column("unknown", "count", "Warnings not known", shown=False),
    ]
    if is_better:
        columns.insert(4, Column("at_risk", "money", "At risk", cohort.currency))
        columns += [column for end, label in CHANCES.items() for column in _chance(end, label)]
    order = "amount times the chance of not being won" if is_better else "amount"
    some = f"the {LISTED} first of {len(frame):,}" if len(frame) > LISTED else "all"
    title = f"Open deals forecast for {cohort.focus.label}, by {order}: {some}"
    return Table(frame[[column.name for column in columns]], tuple(columns), title, most=LISTED)


def _chance(end: str, label: str) -> tuple[Column, Column, Column]:
    low, high = f"{end}_low", f"{end}_high"
    return (
        Column(end, "estimate", label, "share", low=low, high=high),
        Column(low, "estimate", "Low", "share", shown=False),
        Column(high, "estimate", "High", "share", shown=False),
    )


def _warned(frame: pd.DataFrame) -> Table:
    rows = frame[frame["warnings"] > 0].reset_index(drop=True)
    columns = (*_names(frame), Column("since", "date", "The first since"), Column("what", "text", "Warnings"))
    some = f", the {LISTED} first of {len(rows):,}" if len(rows) > LISTED else ""
    title = f"What holds on each, in the same order{some}"
    return Table(rows[[column.name for column in columns]], columns, title, most=LISTED)


def _names(frame: pd.DataFrame) -> tuple[Column, Column]:
    """Return the columns of names; that of customers is shown where names of deals do not say them, as most do."""
    pairs = zip(frame["deal"], frame["account"], strict=True)
    says = all(pd.notna(deal) and pd.notna(account) and account in deal for deal, account in pairs)
    return Column("deal", "deal", "Deal"), Column("account", "account", "Customer", shown=not says)


def _told_of(asked: pd.DataFrame, signals: Sequence[Signal]) -> str:
    """Return how many of the signals anything is known of, where not all: unknown is not no."""
    known = asked.loc[asked["fired"].notna(), "signal"].nunique()
    return f"{known} of {len(signals)}" if known < len(signals) else ""


def _total(frame: pd.DataFrame, cohort: Cohort, is_better: bool, told_of: str) -> Table:
    several = frame["warnings"] >= SEVERAL
    row = {
        "quarter": cohort.focus.label, "deals": len(frame), "amount": frame["amount"].sum(min_count=1),
        "warned": int((frame["warnings"] > 0).sum()), "several": int(several.sum()),
        "several_amount": frame.loc[several, "amount"].sum(),
        "without_amount": int(frame["amount"].isna().sum()), "chances": is_better,
        "told_of": told_of,
    }  # fmt: skip
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("deals", "count", "Open deals"),
        Column("amount", "money", "Amount", cohort.currency),
        Column("warned", "count", "With a warning"),
        Column("several", "count", f"With {SEVERAL} or more"),
        Column("several_amount", "money", "Amount of these", cohort.currency),
        Column("without_amount", "count", "Without an amount"),
        Column("chances", "label", "Chances given"),
        Column("told_of", "label", "Warnings the record tells of, if not all"),
    )
    kinds = {"amount": "float64", "several_amount": "float64"}
    return Table(pd.DataFrame([row]).astype(kinds), columns, "How much of the open forecast carries warnings", True)


ANALYSIS = Analysis(
    watchlist, headline, draw, family="fact", method=METHOD, needs=(OPEN_DEALS, TOLD_OF), frames=("open_forecast",)
)
