"""How much of what separates won deals from the others goes with the region, the product, the manager or the rep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import interval_text, per_cent
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import random_effect

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What people work in comes first, the people last.
FACTORS = {
    "region": "Region", "product": "Product", "segment": "Segment", "manager_id": "Manager",
    "owner_id": "Sales person",
}  # fmt: skip
PERSON = FACTORS["owner_id"]
FEW = 10
DEALS = Need(
    "deals", ("outcome",), 60, "deals", "export more past quarters, lost deals as well as won ones", "deals",
    lambda _, rows: len(rows),
)  # fmt: skip
METHOD = (
    "Logistic models with one random effect each (region, product, segment, manager, sales person), one at a time, of "
    "won by the end of the quarter: adaptive Gauss-Hermite quadrature with 25 nodes, profile-likelihood intervals, "
    "equal to R's lme4. The share is the intraclass correlation s^2 / (s^2 + pi^2 / 3): s^2 the variance between the "
    "values of a field on the logit scale, pi^2 / 3 that within them. The odds are the median odds ratio exp(sqrt(2 "
    "s^2) .6745): by how much the odds differ between two values drawn at random. Every share is unadjusted, so the "
    "shares overlap and do not add up. A field of fewer than ten values tells its share badly, and the interval says "
    "how badly. Deals without the field are left out of its row. At least 60 deals."
)


def variance_shares(cohort: Cohort) -> Result:
    """How much of what separates won deals from the others goes with whom and what they belong to?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``shares``, one row a field, the sales person last: ``factor``, ``values`` (that occur), ``deals``,
        ``share`` of what separates won deals from the others that goes with it (``low``, ``high``), ``odds`` (how
        many times higher one of two values stands, in the middle; ``odds_low``, ``odds_high``).

    Notes
    -----
    Refused below 60 deals, and where no field has three values or outcomes do not vary. What differs by sales person
    and is not held equal counts as the sales person's; `rep_variation` holds manager, segment and quarter equal.
    """
    if not DEALS.met(cohort):
        return ANALYSIS.lack(cohort, DEALS)
    rows = cohort.window_rows
    frame = pd.DataFrame([_row(name, label, rows) for name, label in FACTORS.items()])
    if frame["share"].isna().all():
        missing = "a field with three values or more, and deals both won and not won"
        unlock = "export the region, product, segment, manager and owner of every deal"
        return ANALYSIS.refuse(cohort, missing, unlock=unlock, gap=Gap("at once by an export, if the CRM has it"))
    told = frame.dropna(subset=["share"])
    caveats = [
        "Each share stands alone and the shares overlap: whatever differs from one sales person to the next and is "
        "not held equal, a territory for one, counts as the sales person's.",
    ]
    few = [str(label).lower() for label in told.loc[told["values"] < FEW, "factor"]]
    if few:
        caveats.append(f"Fewer than ten values ({', '.join(few)}) tell a share badly: read the interval, not the dot.")
    tables = {"shares": Table(frame, _columns(), f"What won and other deals differ by, {cohort.window_label}")}
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say which share goes with the sales person, and which with what they work in."""
    rows = tables["shares"].rows
    known = rows.dropna(subset=["share", "low", "high"]).to_dict("records")
    if not known or any_missing(*rows["deals"]):
        return WITHHELD
    told = [
        f"{per_cent(row['share'])} ({interval_text(row['low'], row['high'])}) goes with the "
        f"{str(row['factor']).lower()}"
        for row in reversed(known)
    ]
    return (
        f"Of what separates won deals from the others, {', '.join(told[:-1])}{' and ' if told[1:] else ''}{told[-1]}."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share that goes with each field, with its interval."""
    interval_dots(
        tables["shares"].rows, axes, name="factor", estimate="share", low="low", high="high", n="values", noun="value"
    )


def _row(name: str, label: str, rows: pd.DataFrame) -> dict[str, Any]:
    known = rows[rows[name].notna()]
    won = (known["resolution"] == "won").astype("int64").groupby(known[name]).agg(["sum", "size"])
    head = {"factor": label, "values": len(won), "deals": len(known)}
    if won.empty:
        return {**head, **dict.fromkeys(("share", "low", "high", "odds", "odds_low", "odds_high"), np.nan)}
    found = random_effect(won["sum"].to_numpy(), won["size"].to_numpy())
    share, odds = found.share, found.odds
    return {
        **head, "share": share.estimate, "low": share.low, "high": share.high, "odds": odds.estimate,
        "odds_low": odds.low, "odds_high": odds.high,
    }  # fmt: skip


def _columns() -> tuple[Column, ...]:
    return (
        Column("factor", "label", "Goes with"),
        Column("values", "count", "Values"),
        Column("deals", "count", "Deals"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("odds", "estimate", "Odds, one of two over the other", low="odds_low", high="odds_high"),
        Column("odds_low", "estimate", "Low", shown=False),
        Column("odds_high", "estimate", "High", shown=False),
    )


ANALYSIS = Analysis(variance_shares, headline, draw, family="rate", method=METHOD, needs=(DEALS,))
