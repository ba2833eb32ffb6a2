"""What lies between the forecast and what was won, deal by deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.unit_squares import unit_squares
from postmortem.frames.cohort import Cohort
from postmortem.ground.fates import FATE_LABELS, RESOLUTIONS
from postmortem.ground.formats import count, per_cent, short_money
from postmortem.result import Column, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY = Need(
    "history", ("field", "changed_at", "new_value"), 1, "records of the forecast as it was",
    "export the CRM's field history", "history",
    lambda cohort, _: len(cohort.table) if cohort.kind == "forecast" else 0, "record",
)  # fmt: skip
METHOD = (
    "Amounts at the snapshot, frozen. Forecast amount minus the amount of the deals won by quarter end is the gap; "
    "every other deal of the forecast is part of it, under the fate it had when the quarter ended. An "
    "identity, not an estimate: the parts add up to the gap exactly. Amounts that changed on won deals and "
    "deals won that were not in the forecast are not in it."
)


def gap_to_forecast(cohort: Cohort) -> Result:
    """Which deals lie between the forecast and what was won?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``.

    Returns
    -------
    Result
        Table ``gap``, one row a fate except won: ``fate`` (code), ``label``, ``deals``, ``amount``, ``share`` of
        the gap. Table ``total``, one row: ``forecast``, ``won``, ``gap`` (amounts), ``deals``,
        ``without_amount`` (deals that are in none of these figures). Table ``deals``, one row a deal of the
        gap: ``deal_id``, ``account``, ``fate`` (code), ``what``, ``amount``, ``owner``.

    Notes
    -----
    Refused for any other cohort, and where no forecast deal carries an amount.
    """
    if cohort.kind != "forecast":
        missing = "the forecast as it stood in the quarter"
        return ANALYSIS.refuse(cohort, missing, unlock=HISTORY.unlock, gap=HISTORY.gap(cohort))
    rows = cohort.focus_rows
    known = rows[rows["amount"].notna()]
    if known.empty:
        return ANALYSIS.refuse(cohort, "the amounts of the forecast deals")
    missed = known[known["resolution"] != "won"]
    won = float(known.loc[known["resolution"] == "won", "amount"].sum())
    forecast = float(known["amount"].sum())
    parts = {fate: missed.loc[missed["resolution"] == fate, "amount"] for fate in RESOLUTIONS}
    parts = {fate: amounts for fate, amounts in parts.items() if len(amounts)}
    frame = pd.DataFrame(
        {
            "fate": pd.Series(list(parts), dtype="str"),
            "label": pd.Series([FATE_LABELS[fate] for fate in parts], dtype="str"),
            "deals": pd.Series([len(amounts) for amounts in parts.values()], dtype="int64"),
            "amount": pd.Series([amounts.sum() for amounts in parts.values()], dtype="float64"),
        }
    )
    frame["share"] = frame["amount"] / (forecast - won) if forecast > won else float("nan")
    columns = (
        Column("fate", "label", "Code", shown=False),
        Column("label", "label", "What became of them"),
        Column("deals", "count", "Deals"),
        Column("amount", "money", "Amount", cohort.currency),
        Column("share", "estimate", "Share of the gap", "share"),
    )
    total = pd.DataFrame(
        {"forecast": [forecast], "won": [won], "gap": [forecast - won], "deals": [len(missed)],
         "without_amount": [len(rows) - len(known)]}
    )  # fmt: skip
    total_columns = (
        Column("forecast", "money", "Forecast", cohort.currency),
        Column("won", "money", "Won of it", cohort.currency),
        Column("gap", "money", "Gap", cohort.currency),
        Column("deals", "count", "Deals in the gap"),
        Column("without_amount", "count", "Deals without an amount"),
    )
    tables = {
        "gap": Table(frame, columns, f"Between the forecast and what was won, {cohort.focus.label}"),
        "total": Table(total, total_columns, "The gap"),
        "deals": _deals(missed, cohort),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(known))


def headline(tables: Tables) -> str:
    """Say forecast, won and gap, and the largest part of it."""
    row = tables["total"].first
    if any_missing(row["forecast"], row["won"], row["gap"], row["without_amount"]):
        return WITHHELD
    currency = tables["total"].column("gap").unit
    forecast, won, gap = (short_money(float(row[name]), currency) for name in ("forecast", "won", "gap"))
    silent = f"; {count(row['without_amount'], 'deal')} without an amount left out" if row["without_amount"] else ""
    if not row["gap"]:
        return f"All {forecast} of the forecast was won{silent}."
    told = f"Of {forecast} forecast, {won} was won; the gap of {gap} is {count(row['deals'], 'deal')}"
    parts = tables["gap"].records
    if any_missing(*(part["amount"] for part in parts), *(part["share"] for part in parts)):
        return f"{told}{silent}."
    largest = max(parts, key=lambda part: part["amount"])
    which = "all of it" if len(parts) == 1 else "the largest part of it"
    return f"{told}, {which} “{str(largest['label']).lower()}” ({per_cent(largest['share'])}){silent}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw every deal of the gap as a square, its area the amount, grouped by what became of it."""
    table = tables["deals"]
    unit_squares(table.rows, axes, fate="fate", amount="amount", currency=table.column("amount").unit)


def _deals(missed: pd.DataFrame, cohort: Cohort) -> Table:
    ordered = missed.sort_values(["amount", "deal_id"], ascending=[False, True])
    frame = pd.DataFrame(
        {
            "deal_id": ordered["deal_id"],
            "account": ordered["account_name"],
            "fate": ordered["resolution"],
            "what": ordered["resolution"].map(FATE_LABELS).astype("str"),
            "amount": ordered["amount"],
            "owner": ordered["owner_id"],
        }
    ).reset_index(drop=True)
    columns = (
        Column("deal_id", "deal", "Deal"),
        Column("account", "account", "Customer"),
        Column("fate", "label", "Code", shown=False),
        Column("what", "label", "What became of it"),
        Column("amount", "money", "Amount", cohort.currency),
        Column("owner", "person", "Owner"),
    )
    return Table(frame, columns, "The deals of the gap", detail=True)


ANALYSIS = Analysis(
    gap_to_forecast, headline, draw, family="fact", method=METHOD, needs=(HISTORY,), frames=("forecast",)
)
