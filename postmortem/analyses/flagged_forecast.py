"""How much of the quarter's forecast carried each warning sign when it was made, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, per_cent, short_money
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.decided import WON, Signs, signs_of
from postmortem.signals.with_wins import stood_with_wins

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CARRIED = Need(
    "deals", ("amount",), 1, "deals of the quarter with an amount and with signs recorded while they were open",
    "export the field history and the activities of the deals, or keep copies of the open deals", "history",
    lambda cohort, rows: _known(cohort, rows), "focus",
)  # fmt: skip
METHOD = (
    "All deals of the focus quarter, with amount and signs as of the day of the snapshot, whatever became of them; "
    "what did, by the quarter's end. Facts: each sign's deals, their amount, and the parts of it that were won, lost, "
    "or left the quarter open. Deals without an amount count as deals and add nothing. A deal with two signs is in "
    "both rows, so rows are never added up. Which signs go with losses is asked of the whole window, not of these "
    "sums; a sign that stood more often on its won deals (95% interval of the difference) warns of nothing and is left "
    "out."
)


def flagged_forecast(cohort: Cohort) -> Result:
    """How much of the quarter's forecast carried each warning sign, and what became of it?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; the focus quarter is told.

    Returns
    -------
    Result
        Table ``signals``, one row a sign that stood on some deal, save those that went with winning, the largest amount
        first: ``signal``, ``deals``,
        ``amount``, ``part`` (of the amount of all deals of which this sign is known), ``lost_deals``,
        ``lost_amount``, ``won_deals``, ``won_amount``, ``open_deals``, ``open_amount`` (slipped, pushed or still
        open). Table ``forecast``, one row: the same of all deals, with ``quarter`` and ``signs`` (how many stood on
        some deal).

    Notes
    -----
    Refused where no deal of the quarter has both an amount and a known sign.
    """
    if cohort.kind not in ANALYSIS.frames or not CARRIED.met(cohort):
        return ANALYSIS.lack(cohort, CARRIED)
    signs, against = _focus(cohort), stood_with_wins(cohort)
    rows: list[dict[str, Any]] = []
    for signal in signs.signals:
        flags = signs.fired[signal.name]
        if (flags == 1).any() and signal not in against:
            amounts = signs.rows["amount"]
            known = float(amounts[flags.notna()].sum())
            told = _told(signs.rows[flags == 1])
            rows.append({"signal": signal.label, **told, "part": told["amount"] / known if known else np.nan})
    rows.sort(key=lambda row: (-row["amount"], row["signal"]))
    whole = {"quarter": cohort.focus.label, "signs": len(rows), **_told(signs.rows)}
    tables = {
        "signals": _table(rows, cohort, "Forecast amount by warning sign, as of the snapshot", detail=True),
        "forecast": _table([whole], cohort, "All of it"),
    }
    without = int(signs.rows["amount"].isna().sum())
    caveats = ["A deal with several signs is in several rows: the amounts must not be added up."]
    caveats += [
        f"“{signal.label}” is left out: it stood more often on won deals of {cohort.window_label}. {signal.with_wins}"
        for signal in against
    ]
    if without:
        caveats.append(f"{count(without, 'deal')} had no amount on that day.")
    return ANALYSIS.answer(tables, cohort, n_used=len(signs.rows), caveats=tuple(map(str.rstrip, caveats)))


def headline(tables: Tables) -> str:
    """Say which sign the largest amount carried, of how much, and what became of it."""
    whole = tables["forecast"].first
    if any_missing(whole["deals"], whole["amount"]):
        return WITHHELD
    unit = next(column.unit for column in tables["forecast"].columns if column.name == "amount")
    base = f"{short_money(whole['amount'], unit)} on {count(whole['deals'], 'deal')} of {whole['quarter']}"
    if not len(tables["signals"].rows):
        return f"None of {base} carried a warning sign that is on record."
    row = tables["signals"].first
    if any_missing(*(row[name] for name in ("deals", "amount", "lost_amount", "won_amount", "open_amount"))):
        return WITHHELD
    part = "" if any_missing(row["part"]) else f" ({per_cent(row['part'])})"
    fates = (("lost", row["lost_amount"]), ("won", row["won_amount"]), ("left open", row["open_amount"]))
    ended = ", ".join(f"{short_money(amount, unit)} was {fate}" for fate, amount in fates)
    carried = f"{short_money(row['amount'], unit)}{part} on {count(row['deals'], 'deal')}"
    return f"Of {base}, {carried} carried “{spoken(row['signal'], 'one sign')}”; of it {ended}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the amount that carried each sign, and how much of it was lost."""
    table = tables["signals"]
    unit = next(column.unit for column in table.columns if column.name == "amount")
    lost = [
        "" if any_missing(row["lost_amount"], row["deals"])
        else f"{count(row['deals'], 'deal')}, {short_money(row['lost_amount'], unit)} lost"
        for row in table.records
    ]  # fmt: skip
    ranked_bars(
        table.rows.assign(lost=pd.Series(lost, index=table.rows.index, dtype="str")), axes, name="signal",
        value="amount", unit=unit, note="lost",
    )  # fmt: skip


def _focus(cohort: Cohort) -> Signs:
    signs = signs_of(cohort)
    return signs.of(signs.rows.index[signs.rows["quarter"] == cohort.focus.label])


def _known(cohort: Cohort, rows: pd.DataFrame) -> int:
    """Return how many deals of some quarters have an amount and a known sign."""
    if rows.empty or cohort.kind == "closed":
        return 0
    signs = signs_of(cohort)
    among = signs.rows["quarter"].isin(set(rows["quarter"])) & signs.rows["amount"].notna()
    return int((among & signs.fired.notna().any(axis=1)).sum())


def _told(rows: pd.DataFrame) -> dict[str, Any]:
    lost, won = rows["resolution"].str.startswith("lost_"), rows["resolution"] == WON
    told: dict[str, Any] = {"deals": len(rows), "amount": float(rows["amount"].sum())}
    for name, own in (("lost", lost), ("won", won), ("open", ~lost & ~won)):
        told |= {f"{name}_deals": int(own.sum()), f"{name}_amount": float(rows.loc[own, "amount"].sum())}
    return told


def _table(rows: list[dict[str, Any]], cohort: Cohort, title: str, *, detail: bool = False) -> Table:
    columns = [
        Column("signal", "label", "Warning sign"),
        Column("deals", "count", "Deals"),
        Column("amount", "money", "Amount", cohort.currency),
        Column("part", "estimate", "Of all known", "share"),
        Column("lost_deals", "count", "Lost"),
        Column("lost_amount", "money", "Amount lost", cohort.currency),
        Column("won_deals", "count", "Won"),
        Column("won_amount", "money", "Amount won", cohort.currency),
        Column("open_deals", "count", "Left the quarter open"),
        Column("open_amount", "money", "Amount left open", cohort.currency),
    ]
    if rows and "quarter" in rows[0]:
        columns = [Column("quarter", "label", "Quarter"), *(c for c in columns if c.name not in ("signal", "part"))]
        columns.append(Column("signs", "count", "Signs that stood on some deal"))
    kinds = {"count": "int64", "estimate": "float64", "money": "float64", "label": "str"}
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    return Table(frame.astype({column.name: kinds[column.role] for column in columns}), tuple(columns), title, detail)


ANALYSIS = Analysis(
    flagged_forecast, headline, draw, family="fact", method=METHOD, needs=(CARRIED,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
