"""What the open forecast is worth by the chances learnt from earlier quarters, beside what is stated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.clusterings import clusterings
from postmortem.frames.cohort import Cohort
from postmortem.frames.stated import stated_probability
from postmortem.ground.fates import WON
from postmortem.ground.formats import count, short_money
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.outlook import outlook_of
from postmortem.stats import Estimate, calibration_of, z_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLIP = 0.001
AMOUNTS = Need(
    "deals", ("amount",), 10, "open forecast deals with an amount", "export the amount of open deals", "amount",
    lambda cohort, rows: int(rows["amount"].notna().sum()) if cohort.kind == "open_forecast" else 0,
)  # fmt: skip
TRIED = "chances that missed by less than one share for all deals on earlier quarters"
CONFIDENCE = 0.95
METHOD = (
    "Expected amount: the sum of amount times chance of winning by the quarter's end, for chances that "
    "outlook_validation has tried on earlier quarters. Its 95% interval joins two things: how far sums of single "
    "deals, each won or not, vary (normal, variance Σ a²p(1 − p)), and how far chances may be off on the whole "
    "(calibration in the large on the quarters tried, clustered by sales person and by customer, the wider one). A "
    "change of the market that hits all deals of a quarter is not in it; so each tried quarter is shown with the "
    "range it would have been given and the amount that came. Stated is the deal's own probability, else the one "
    "declared for its category."
)


def watchlist_money(cohort: Cohort) -> Result:
    """What is the open forecast worth by the chances learnt from earlier quarters?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``open_forecast``.

    Returns
    -------
    Result
        Table ``worth``, one row a way of counting: ``by`` (what the amount is weighed by), ``deals`` (with an amount
        and such a weight), ``worth`` (expected amount won by the quarter's end, with ``low`` and ``high`` for the
        chances, 95%). Table ``quarters``, one row a tried quarter: ``quarter``, ``deals``, ``expected`` with ``low``
        and ``high``, ``came`` (amount won), ``stated`` (what stated probabilities promised; missing where not all
        deals have one), ``held`` (whether what came lay within).

    Notes
    -----
    Refused below ten open deals with an amount, and where chances are not used.
    """
    if not AMOUNTS.met(cohort):
        return ANALYSIS.lack(cohort, AMOUNTS).replace(caveats=cohort.remarks if cohort.table.empty else ())
    outlook = outlook_of(cohort)
    if outlook is None or not outlook.is_better:
        return ANALYSIS.refuse(cohort, f"no {TRIED}", unlock="see the answer on how close chances came, which says why")
    tested = outlook.tested
    found = [calibration_of(tested[WON], tested["came"] == WON, labels) for labels in clusterings(tested).values()]
    large = max((each.in_the_large for each in found), key=lambda each: each.high - each.low)
    rows = cohort.focus_rows.dropna(subset=["amount"])
    chance = outlook.chances.loc[rows.index, WON]
    worth, low, high = expected_amount(rows["amount"], chance, large)
    stated = stated_probability(cohort).loc[rows.index, "probability"]
    told = [
        {"by": "Chances learnt before", "deals": len(rows), "worth": worth, "low": low, "high": high},
        {"by": "Probabilities stated", "deals": int(stated.notna().sum()),
         "worth": (rows["amount"] * stated).sum(min_count=1)},
        {"by": "All of it", "deals": len(rows), "worth": float(rows["amount"].sum())},
    ]  # fmt: skip
    tables = {"worth": _worth(told, cohort), "quarters": _quarters(tested, large, cohort)}
    without = len(cohort.focus_rows) - len(rows)
    caveats = [f"{count(without, 'open deal')} without an amount are left out."] if without else []
    if 0 < told[1]["deals"] < len(rows):
        caveats.append(f"Only {told[1]['deals']:,} of the {len(rows):,} deals have a stated probability.")
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=tuple(caveats))


def expected_amount(amount: pd.Series, chance: pd.Series, large: Estimate) -> tuple[float, float, float]:
    """Return the expected amount won and its 95% interval.

    Parameters
    ----------
    amount, chance : Series
        Of each deal; none missing.
    large : Estimate
        By how much, on the logit scale, chances had been off on the whole; refused counts as right.

    Returns
    -------
    tuple of float
        Expected, lowest (0 at least) and highest amount (all of it at most).
    """
    a, p = amount.to_numpy(dtype=np.float64), chance.to_numpy(dtype=np.float64)
    middle = float(a @ p)
    spread = z_value(CONFIDENCE) * math.sqrt(float((a**2) @ (p * (1 - p))))
    off = [0.0, 0.0]
    if large.status != "refused":
        off = [float(a @ expit(logit(p.clip(CLIP, 1 - CLIP)) + by)) - middle for by in (large.low, large.high)]
    below, above = math.hypot(spread, min(off[0], 0.0)), math.hypot(spread, max(off[1], 0.0))
    return middle, max(middle - below, 0.0), min(middle + above, float(a.sum()))


def headline(tables: Tables) -> str:
    """Say what the open forecast is worth by the chances, and by what is stated."""
    rows, unit = tables["worth"].records, tables["worth"].column("worth").unit
    ours, stated, whole = rows
    if any_missing(ours["worth"], ours["low"], ours["high"], whole["worth"]):
        return WITHHELD
    told = (
        f"Of {short_money(whole['worth'], unit)} open in the forecast, {short_money(ours['worth'], unit)} would be won "
        f"by the quarter's end if deals go as earlier ones like them ({short_money(ours['low'], unit)} to "
        f"{short_money(ours['high'], unit)})"
    )
    if not any_missing(stated["worth"], stated["deals"]) and stated["deals"] == ours["deals"]:
        told += f"; stated probabilities promise {short_money(stated['worth'], unit)}"
    held = tables["quarters"].rows["held"]
    if any_missing(*tables["quarters"].rows["expected"]):
        return f"{told}."
    return f"{told}; in {int(held.sum())} of {count(len(held), 'earlier quarter')} what came lay in such a range."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw what would have been expected in each tried quarter as a part of its forecast, and now."""
    interval_dots(
        tables["worth"].rows, axes, name="by", estimate="worth", low="low", high="high", n="deals",
        unit=tables["worth"].column("worth").unit,
    )  # fmt: skip


def _worth(told: list[dict[str, Any]], cohort: Cohort) -> Table:
    columns = (
        Column("by", "label", "Weighed by"),
        Column("deals", "count", "Deals"),
        Column("worth", "money", "Worth (95% interval)", cohort.currency, low="low", high="high"),
        Column("low", "money", "At least (95% interval)", cohort.currency, shown=False),
        Column("high", "money", "At most", cohort.currency, shown=False),
    )
    frame = pd.DataFrame(told, columns=[column.name for column in columns])
    frame = frame.astype({"worth": "float64", "low": "float64", "high": "float64"})
    return Table(frame, columns, f"What the open forecast of {cohort.focus.label} is worth, as of {cohort.as_of}")


def _quarters(tested: pd.DataFrame, large: Estimate, cohort: Cohort) -> Table:
    rows = []
    for quarter, part in tested.dropna(subset=["amount"]).groupby("quarter", sort=True):
        middle, low, high = expected_amount(part["amount"], part[WON], large)
        came = float(part.loc[part["came"] == WON, "amount"].sum())
        stated = (part["amount"] * part["stated"]).sum(skipna=False)
        rows.append(
            {
                "quarter": quarter, "deals": len(part), "expected": middle, "low": low, "high": high, "came": came,
                "stated": stated, "held": low <= came <= high,
            }
        )  # fmt: skip
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("deals", "count", "Deals"),
        Column("expected", "money", "Expected", cohort.currency, low="low", high="high"),
        Column("low", "money", "At least", cohort.currency),
        Column("high", "money", "At most", cohort.currency),
        Column("came", "money", "Won", cohort.currency),
        Column("stated", "money", "Stated", cohort.currency),
        Column("held", "label", "Within the range"),
    )
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    kinds = dict.fromkeys(("expected", "low", "high", "came", "stated"), "float64")
    return Table(frame.astype(kinds), columns, "What would have been expected of earlier quarters, and what came", True)


ANALYSIS = Analysis(
    watchlist_money, headline, draw, family="rate", method=METHOD, needs=(AMOUNTS,), frames=("open_forecast",)
)
