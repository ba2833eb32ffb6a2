"""The ten lost deals of the quarter that cost the most, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.ground.fates import FATE_LABELS
from postmortem.ground.formats import count, per_cent, short_money
from postmortem.result import Column, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AMOUNTS = Need(
    "deals", ("amount",), 1, "lost deals with an amount", "export the amount of lost deals as well as of won ones",
    "amount", lambda _, rows: int(lost_rows(rows)["amount"].notna().sum()), "focus",
)  # fmt: skip
METHOD = (
    "Lost deals of the focus quarter ordered by amount: at the snapshot for a forecast cohort, today's amount "
    "otherwise. Deals without an amount cannot be ranked and are counted."
)


def costliest_losses(cohort: Cohort, *, top: int = 10) -> Result:
    """Which lost deals cost the most?

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    top : int
        How many deals to list.

    Returns
    -------
    Result
        Table ``losses``, one row a lost deal, costliest first: ``deal_id``, ``deal``, ``account``, ``amount``,
        ``fate`` (code), ``taker``, ``reason`` (the rep's, as recorded), ``owner``. Table ``total``, one row:
        ``listed`` and ``lost`` (amounts), ``deals`` (lost deals), ``without_amount``.

    Notes
    -----
    Refused when no lost deal carries an amount.
    """
    lost = lost_rows(cohort.focus_rows)
    known = lost[lost["amount"].notna()]
    if not AMOUNTS.met(cohort):
        return ANALYSIS.lack(cohort, AMOUNTS, top=top)
    listed = known.sort_values(["amount", "deal_id"], ascending=[False, True]).head(top)
    frame = pd.DataFrame(
        {
            "deal_id": listed["deal_id"],
            "deal": listed["deal_name"].fillna(listed["deal_id"]),
            "account": listed["account_name"],
            "amount": listed["amount"],
            "fate": listed["resolution"],
            "taker": listed["resolution"].map(FATE_LABELS),
            "reason": listed["reason"],
            "owner": listed["owner_id"],
        }
    ).reset_index(drop=True)
    columns = (
        Column("deal_id", "deal", "Deal id", shown=False),
        Column("deal", "deal", "Deal"),
        Column("account", "account", "Customer", shown=not _named_after_account(listed)),
        Column("amount", "money", "Amount", cohort.currency),
        Column("fate", "label", "Code", shown=False),
        Column("taker", "label", "What became of it"),
        Column("reason", "label", "Recorded reason"),
        Column("owner", "person", "Owner"),
    )
    total = pd.DataFrame(
        {
            "listed": [float(listed["amount"].sum())],
            "lost": [float(known["amount"].sum())],
            "deals": [len(lost)],
            "without_amount": [len(lost) - len(known)],
        }
    )
    total_columns = (
        Column("listed", "money", "Amount of these", cohort.currency),
        Column("lost", "money", "Amount of all lost deals", cohort.currency),
        Column("deals", "count", "Lost deals"),
        Column("without_amount", "count", "Without an amount"),
    )
    tables = {
        "losses": Table(frame, columns, f"The costliest losses of {cohort.focus.label}"),
        "total": Table(total, total_columns, "Beside all losses", detail=True),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(known), top=top)


def headline(tables: Tables) -> str:
    """Say how much of the lost amount the listed deals hold."""
    row = tables["total"].first
    if any_missing(*row.values()):
        return WITHHELD
    listed, known = len(tables["losses"].rows), row["deals"] - row["without_amount"]
    money = short_money(row["listed"], tables["total"].column("listed").unit)
    told = f"The {listed} costliest of {count(row['deals'], 'lost deal')} hold {money}"
    if row["deals"] == 1:
        told = f"The one lost deal was worth {money}"
    elif listed == row["deals"]:
        told = f"The {listed} lost deals were worth {money} together"
    elif listed == 1:
        told = f"The costliest of {count(row['deals'], 'lost deal')} was worth {money}"
    if listed < known and row["lost"]:
        told += f", {per_cent(row['listed'] / row['lost'])} of the lost amount"
    return f"{told}; {row['without_amount']:,} carry no amount." if row["without_amount"] else f"{told}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the amounts as bars, coloured by who took the deal."""
    table = tables["losses"]
    ranked_bars(table.rows, axes, name="account", value="amount", unit=table.column("amount").unit, fate="fate")


def _named_after_account(listed: pd.DataFrame) -> bool:
    """Whether every deal's name says the customer already, as CRMs suggest."""
    pairs = zip(listed["deal_name"], listed["account_name"], strict=True)
    return all(pd.notna(deal) and pd.notna(account) and account in deal for deal, account in pairs)


ANALYSIS = Analysis(costliest_losses, headline, draw, family="fact", method=METHOD, needs=(AMOUNTS,))
