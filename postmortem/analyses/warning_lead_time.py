"""How long before its loss each deal was warned of, and won deals before their win."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_bars import paired_bars
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.decided import LOST, WON, Decided, decided, fewer_known
from postmortem.stats import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AHEAD = 30
LEAST_DEALS = 5
ANY = "Any of them, the first"
KNOWN = Need(
    "deals", ("closed_at",), 10, "lost and won deals each with signs recorded while they were open",
    "export the field history and the activities of the deals, or keep copies of the open deals", "history",
    fewer_known,
)  # fmt: skip
METHOD = (
    "For every sign that had fired by the day of the snapshot and tells since when it holds: days from that day to "
    "the recorded loss, or on won deals to the win; median over the deals it stood on. The first of all signs of a "
    "deal counts as its warning. Shares of all deals with a known sign, Wilson interval. Facts of either kind of "
    "deal, side by side: a sign that is common on won deals warns of nothing, however early it stands. Deals whose "
    "sign has no day, and those closed without one, are counted apart from the days."
)


def warning_lead_time(cohort: Cohort) -> Result:
    """How long before the loss was recorded did the first warning sign stand?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; the window is pooled.

    Returns
    -------
    Result
        Table ``fates``, one row for lost and one for won deals: ``fate``, ``n`` (deals with a known sign), ``warned``
        (with a sign that tells its day), ``days`` (median from the first to the close), ``early`` (at least 30 days
        before) with ``share`` of `n`, ``low``, ``high``. Table ``signals``, one row a sign, the longest before losses
        first, all of them together at the top: ``signal``, ``lost_deals``, ``lost_days``, ``lost_early``,
        ``won_deals``, ``won_days``, ``won_early`` (deals it stood on with a day; median days, missing below five
        deals; those at least 30 days before).

    Notes
    -----
    Refused below ten lost or ten won deals with a known sign. Signs that came after the snapshot are not seen, so
    that the last days before a loss hold none.
    """
    if cohort.kind not in ANALYSIS.frames or not KNOWN.met(cohort):
        return ANALYSIS.lack(cohort, KNOWN)
    deals = decided(cohort)
    closed = deals.rows["closed_at"].to_numpy(dtype="datetime64[us]")
    days = {
        signal.name: pd.Series((closed - deals.first[signal.name].to_numpy()) / np.timedelta64(1, "D"))
        for signal in deals.signals
    }
    first = pd.DataFrame(days).max(axis=1)
    named = {signal.name: signal.label for signal in deals.signals}
    rows = [{"signal": named[name], **_sides(each, deals)} for name, each in days.items()]
    rows = [row for row in rows if row["lost_deals"] or row["won_deals"]]
    rows.sort(key=lambda row: (np.isnan(row["lost_days"]), -row["lost_days"], row["signal"]))
    known = deals.fired.notna().any(axis=1).to_numpy()
    fates = [_fate(first, known & own, name) for name, own in ((LOST, deals.is_lost), (WON, ~deals.is_lost))]
    tables = {"fates": _fates_table(fates), "signals": _signals_table([{"signal": ANY, **_sides(first, deals)}, *rows])}
    undated = int(((deals.fired == 1).any(axis=1).to_numpy() & first.isna().to_numpy() & known).sum())
    caveats = [
        "A sign is seen here once it stood by the day of the snapshot; warnings that came later are not counted.",
        "Won deals had warnings too: how early one stands says nothing of how sure it is.",
    ]
    if undated:
        caveats.append(f"On {count(undated, 'deal')} signs stood whose day is not on record.")
    return ANALYSIS.answer(tables, cohort, n_used=int(known.sum()), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say how long before the loss the first warning stood, how many had one a month ahead, and won deals beside."""
    by_fate = tables["fates"].keyed("fate")
    lost, won = by_fate["Lost"], by_fate["Won"]
    if any_missing(*(row[name] for row in (lost, won) for name in ("n", "early", "warned"))):
        return WITHHELD
    if any_missing(lost["days"]):
        return f"Of {count(lost['n'], 'lost deal')} {lost['warned']:,} had a warning sign with a day on record."
    sure = "" if any_missing(lost["low"], lost["high"]) else f" ({interval_text(lost['low'], lost['high'])})"
    ahead = f"{lost['early']:,} of {count(lost['n'], 'lost deal')}"
    told = f"{ahead} had a warning sign at least {AHEAD} days before the loss was recorded"
    if not any_missing(lost["share"]):
        told += f", {per_cent(lost['share'])}{sure}"
    beside = f"{won['early']:,} of {count(won['n'], 'won deal')} as long before the win"
    if not any_missing(won["share"]):
        beside += f" ({per_cent(won['share'])})"
    return f"{told}, and {beside}; half of the first warnings stood {lost['days']:.0f} days or more before the loss."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw for every sign the median days before the loss and before the win."""
    paired_bars(
        tables["signals"].rows, axes, name="signal", left="lost_days", right="won_days",
        left_label="median days before the loss", right_label="before the win", left_fate="lost_unknown",
        right_fate="won", unit="days", n="lost_deals",
    )  # fmt: skip


def _sides(days: pd.Series, deals: Decided) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, own in ((LOST, deals.is_lost), (WON, ~deals.is_lost)):
        known = days[own & days.notna().to_numpy()]
        told |= {
            f"{name}_deals": len(known),
            f"{name}_days": float(known.median()) if len(known) >= LEAST_DEALS else np.nan,
            f"{name}_early": int((known >= AHEAD).sum()),
        }
    return told


def _fate(first: pd.Series, own: np.ndarray, fate: str) -> dict[str, Any]:
    days = first[own]
    n, early, warned = len(days), int((days >= AHEAD).sum()), int(days.notna().sum())
    share = wilson(early, n)
    return {
        "fate": fate.capitalize(), "n": n, "warned": warned,
        "days": float(days.median()) if warned >= LEAST_DEALS else np.nan, "early": early,
        "share": share.estimate, "low": share.low, "high": share.high,
    }  # fmt: skip


def _fates_table(rows: list[dict[str, Any]]) -> Table:
    columns = (
        Column("fate", "label", "Deals"),
        Column("n", "count", "With a record of signs"),
        Column("warned", "count", "Warned"),
        Column("days", "estimate", "First warning, days before the close (median)", "days"),
        Column("early", "count", f"Warned {AHEAD} days ahead or more"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "The first warning of each deal")


def _signals_table(rows: list[dict[str, Any]]) -> Table:
    columns = (
        Column("signal", "label", "Warning sign"),
        Column("lost_deals", "count", "On lost deals"),
        Column("lost_days", "estimate", "Median days before the loss", "days"),
        Column("lost_early", "count", f"At least {AHEAD} days ahead"),
        Column("won_deals", "count", "On won deals"),
        Column("won_days", "estimate", "Median days before the win", "days"),
        Column("won_early", "count", f"At least {AHEAD} days ahead"),
    )
    frame = pd.DataFrame(rows).astype({"signal": "str", "lost_days": "float64", "won_days": "float64"})
    return Table(frame, columns, "Sign by sign", detail=True)


ANALYSIS = Analysis(
    warning_lead_time, headline, draw, family="fact", method=METHOD, needs=(KNOWN,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
