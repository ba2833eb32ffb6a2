"""How often something stood on lost deals and on won ones, and how far apart that is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from postmortem.frames.proposals import numbers_before
from postmortem.result import Column
from postmortem.stats import LEAST_N, Estimate, adjusted_risk, clustered_difference, newcombe

LEAST_IN_ARM = 10
ADJUSTED_FOR = ("segment", "deal_type")
HELD = "amount, segment, type of deal"
SEEN = ("lost_seen", "lost_n", "won_seen", "won_n")


def counted(flags: pd.Series, is_lost: np.ndarray) -> dict[str, Any]:
    """Return counts and shares of one row of a table of contrasts, without the interval.

    Parameters
    ----------
    flags : Series of float
        1 where it stood, 0 where it did not, missing where unknown.
    is_lost : ndarray of bool
        Which of the deals were lost; the others were won.

    Returns
    -------
    dict
        ``lost_n`` and ``won_n`` (deals known), ``lost_seen`` and ``won_seen`` (those it stood on), ``lost_share`` and
        ``won_share`` (missing below ten deals), ``difference``, ``low``, ``high`` (missing).
    """
    known, stood = flags.notna().to_numpy(), (flags == 1).to_numpy()
    told: dict[str, Any] = {}
    for name, own in (("lost", is_lost), ("won", ~is_lost)):
        n, seen = int((known & own).sum()), int((stood & own).sum())
        told |= {f"{name}_n": n, f"{name}_seen": seen, f"{name}_share": seen / n if n >= LEAST_N else np.nan}
    return told | dict.fromkeys(("difference", "low", "high"), np.nan)


def comparable(told: dict[str, Any]) -> bool:
    """Whether there are ten lost and ten won deals both among those it stood on and among the others."""
    cells = [told[f"{name}_seen"] for name in ("lost", "won")]
    cells += [told[f"{name}_n"] - told[f"{name}_seen"] for name in ("lost", "won")]
    return bool(min(cells) >= LEAST_IN_ARM)


def contrast(flags: pd.Series, deals: pd.DataFrame) -> dict[str, Any]:
    """Return one row of a table of contrasts: as `counted`, with difference and interval where they can be told.

    Parameters
    ----------
    flags : Series of float
        On the index of `deals`.
    deals : DataFrame
        ``is_lost``, ``owner`` and ``account_name``, as in `postmortem.signals.decided.Decided`.

    Returns
    -------
    dict
        The difference is the share of lost deals less that of won ones, its interval the widest of those clustered by
        sales person and by customer; below ten of either, Newcombe's.
    """
    is_lost = deals["is_lost"].to_numpy(dtype=bool)
    told = counted(flags, is_lost)
    if comparable(told):
        gap = _gap(flags, deals, told)
        told |= {"difference": gap.estimate, "low": max(gap.low, -1.0), "high": min(gap.high, 1.0)}
    return told


def alike(flags: pd.Series, deals: pd.DataFrame, told: dict[str, Any]) -> dict[str, Any]:
    """Return the difference of a row of contrasts with amount, segment and type of deal held alike.

    Parameters
    ----------
    flags : Series of float
        On the index of `deals`.
    deals : DataFrame
        As for `contrast`, with ``amount``, ``segment`` and ``deal_type``.
    told : dict
        What `contrast` said of them.

    Returns
    -------
    dict
        ``alike`` with ``alike_low`` and ``alike_high``: how much more often it would stand on all these deals were
        they lost than were they won, by g-computation on a logistic model, clustered by sales person. Where that is
        refused, or no difference can be told, as in `told`; ``held`` says what was held alike, if anything.
    """
    plain = {"alike": told["difference"], "alike_low": told["low"], "alike_high": told["high"], "held": ""}
    if not comparable(told):
        return plain
    known = flags.notna().to_numpy()
    rows = deals[known]
    lost = rows["is_lost"].to_numpy(dtype=np.int8)
    others = numbers_before(rows, lost == 1, groups=ADJUSTED_FOR, amount="amount")
    gap = adjusted_risk(flags[known].to_numpy(), lost, rows["owner"].to_numpy(), covariates=others).difference
    if gap.status == "refused":
        return plain
    low, high = max(gap.low, -1.0), min(gap.high, 1.0)
    return {"alike": gap.estimate, "alike_low": low, "alike_high": high, "held": HELD}


def alike_columns() -> tuple[Column, ...]:
    """Return the columns of `alike`, which a page keeps out of sight."""
    return (
        Column(
            "alike", "estimate", "Difference, like with like (95% interval)", "points", "alike_low", "alike_high", False
        ),
        Column("alike_low", "estimate", "Low", "points", shown=False),
        Column("alike_high", "estimate", "High", "points", shown=False),
        Column("held", "label", "Held alike in that difference", shown=False),
    )


def _gap(flags: pd.Series, deals: pd.DataFrame, told: dict[str, Any]) -> Estimate:
    known = flags.notna().to_numpy()
    rows = deals[known]
    account = rows["account_name"].fillna(rows["deal_id"]).astype("str")
    gap = clustered_difference(
        flags[known].to_numpy(), rows["is_lost"].to_numpy(), {"rep": rows["owner"].to_numpy(), "account": account}
    )
    if gap.status != "refused":
        return gap
    return newcombe(told["lost_seen"], told["lost_n"], told["won_seen"], told["won_n"])


def columns(first: Column, *others: Column, shown: bool = True) -> tuple[Column, ...]:
    """Return the columns of a table of contrasts: what stood, on how many deals, and how far apart that is."""
    return (
        first,
        Column("lost_seen", "count", "On lost deals", shown=shown),
        Column("lost_n", "count", "of", shown=False),
        Column("lost_share", "estimate", "Share of lost deals", "share"),
        Column("won_seen", "count", "On won deals", shown=shown),
        Column("won_n", "count", "of", shown=False),
        Column("won_share", "estimate", "Share of won deals", "share"),
        Column("difference", "estimate", "Difference (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        *others,
    )
