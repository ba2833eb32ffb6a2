"""How a fresh quarter's deals will have divided once those still open have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.frames.clusterings import clusterings
from postmortem.frames.cohort import Cohort
from postmortem.ground.fates import FATE_LABELS, LOST, OPEN, WON
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import EventualShares, eventual_shares
from postmortem.stats.checks import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDINGS = (WON, *LOST)
STATUS_QUO = "lost_status_quo"
LEAST_ENDED = 20
FOLLOWED = Need(
    "deals", ("outcome",), 10, "deals of the quarter followed from a day on",
    "export the CRM's field history, so that deals still open are part of the quarter", "history",
    lambda cohort, rows: len(rows) * (cohort.kind != "closed"), "focus",
)  # fmt: skip
METHOD = (
    "Deals of the focus quarter by their fate at the reporting day; those still open are projected by what became of "
    "deals of earlier quarters that were open at the same age: Aalen–Johansen from that age on (all endings "
    "competing, deals still open censored), up to the last age at which ten are followed. Intervals (95%) are "
    "percentiles of 400 draws: half draw whole sales people, half whole quarters with replacement, and each draws "
    "how every open deal ends; explicit seed. Under 20 earlier endings at such an age nothing is projected and the "
    "range holds: none, or all, of the open deals end so. Won deals are a share of all, kinds of loss of the losses."
)


def eventual_split(cohort: Cohort) -> Result:
    """How will the quarter's deals have divided once those still open have ended?

    Parameters
    ----------
    cohort : Cohort
        Of any kind but closed: of deals that closed in a quarter none is open.

    Returns
    -------
    Result
        Table ``split``, one row an ending: ``fate`` (code), ``label``, ``so_far`` (deals ended so),
        ``share_so_far``, ``share_end`` (expected) with ``low`` and ``high`` (95%), ``lowest`` and ``highest`` (were
        none or all of the open deals to end so), ``difference`` (end minus so far) with ``gap_low`` and
        ``gap_high``; shares are of all losses, for won deals of all deals. Table ``state``, one row: ``quarter``,
        ``deals``, ``open``, ``earlier`` (deals that ended at such an age before), ``stay_open`` (deals expected
        to be open for longer than any could be followed).

    Notes
    -----
    Refused for closed deals and under ten deals in the quarter. Under 20 earlier endings at such an age, only
    the lowest and highest shares are given.
    """
    if not FOLLOWED.met(cohort):
        return ANALYSIS.lack(cohort, FOLLOWED)
    rows = cohort.focus_rows
    so_far = np.array([int((rows["ultimate"] == fate).sum()) for fate in ENDINGS], dtype=np.float64)
    still_open = rows[rows["ultimate"] == OPEN]
    projected = _projected(cohort, still_open) if len(still_open) else None
    shown = projected is not None and projected.status == "ok"
    state = pd.DataFrame(
        {
            "quarter": [cohort.focus.label], "deals": [len(rows)], "open": [len(still_open)],
            "earlier": [projected.ended if projected is not None else 0],
            "stay_open": [float(projected.expected[-1]) if projected is not None and shown else np.nan],
        }
    )  # fmt: skip
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("deals", "count", "Deals"),
        Column("open", "count", "Still open"),
        Column("earlier", "count", "Earlier deals that ended at such an age"),
        Column("stay_open", "estimate", "Expected to stay open beyond that"),
    )
    tables = {
        "split": _split(so_far, len(still_open), projected if shown else None, cohort),
        "state": Table(state, columns, "What is known"),
    }
    caveats = ("Whether earlier quarters are a guide to this one is an assumption: what changed since is not seen.",)
    return ANALYSIS.answer(
        tables, cohort, n_used=len(rows), caveats=caveats if shown else (), fallback=bool(len(still_open)) and not shown
    )  # fmt: skip


def headline(tables: Tables) -> str:
    """Say what is open, and the share of losses to the status quo so far and in the end."""
    state, rows = tables["state"].first, tables["split"].keyed("fate")
    row = rows[STATUS_QUO]
    lost = [rows[fate]["so_far"] for fate in LOST]
    if any_missing(state["deals"], state["open"], *lost):
        return WITHHELD
    told = f"Of {count(state['deals'], 'deal')} of {state['quarter']}, {state['open']:,} are still open"
    if not state["open"]:
        told = f"All {count(state['deals'], 'deal')} of {state['quarter']} have ended"
    if not sum(lost) or any_missing(row["share_so_far"]):
        return f"{told}; none is lost so far."
    losses = count(sum(lost), "loss", "losses")
    now = f"the status quo took {row['so_far']:,} of {losses} ({per_cent(row['share_so_far'])})"
    if not state["open"]:
        return f"{told}; {now}, and that is final."
    if any_missing(row["share_end"], row["low"], row["high"]):
        if any_missing(row["lowest"], row["highest"]):
            return f"{told}; so far {now}."
        return (
            f"{told}; so far {now}, in the end anywhere from {per_cent(row['lowest'])} to {per_cent(row['highest'])}."
        )
    span = interval_text(row["low"], row["high"])
    return f"{told}; so far {now}, and {per_cent(row['share_end'])} is expected once they have ended ({span})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw each share so far and in the end with its interval; won deals of all deals, losses of the losses."""
    rows = tables["split"].rows.assign(nothing=np.nan)
    paired_intervals(
        rows, axes, name="label", left="share_so_far", left_low="nothing", left_high="nothing", right="share_end",
        right_low="low", right_high="high", left_label="of those ended so far", right_label="expected in the end",
        difference="difference", low="gap_low", high="gap_high", n="so_far",
    )  # fmt: skip


def _projected(cohort: Cohort, still_open: pd.DataFrame) -> EventualShares | None:
    """Return how the open deals will end by what became of earlier quarters' deals; nothing without any."""
    earlier = cohort.table[cohort.table["quarter"] != cohort.focus.label]
    earlier = earlier.sort_values(["quarter", "deal_id"], kind="stable")
    if earlier.empty:
        return None
    as_of = pd.Timestamp(cohort.as_of)
    ended = earlier["ultimate"] != OPEN
    last = earlier["closed_at"].where(ended, as_of)
    causes = earlier["ultimate"].map({fate: place for place, fate in enumerate(ENDINGS, start=1)}).fillna(0)
    return eventual_shares(
        (last - earlier["entered_at"]).dt.days.clip(lower=0),
        causes.astype("int64"),
        {"rep": clusterings(earlier)["rep"], "quarter": list(earlier["quarter"])},
        ages=(as_of - still_open["entered_at"]).dt.days,
        causes=len(ENDINGS),
        least_ended=LEAST_ENDED,
    )


def _split(so_far: Floats, still_open: int, projected: EventualShares | None, cohort: Cohort) -> Table:
    expected = projected.expected[:-1] if projected is not None else np.zeros(len(ENDINGS))
    draws = projected.draws[:, :-1] if projected is not None else np.zeros((1, len(ENDINGS)))
    now, end, drawn = _shares(so_far), _shares(so_far + expected), _shares(so_far + draws)
    low, high = np.array([_middle(column[np.isfinite(column)]) for column in drawn.T]).T
    known = projected is not None or not still_open
    low, high, end = (np.where(known, each, np.nan) for each in (np.minimum(low, end), np.maximum(high, end), end))
    lost = so_far[1:].sum()
    whole = np.array([so_far.sum() + still_open, *[lost + still_open] * len(LOST)])
    # Fewest: all that are open are lost to another (or, for won ones, lost); most: all end so.
    lowest, highest = (np.divide(top, whole, out=np.full(len(ENDINGS), np.nan), where=whole > 0)
                       for top in (so_far, so_far + still_open))  # fmt: skip
    frame = pd.DataFrame(
        {
            "fate": list(ENDINGS), "label": [FATE_LABELS[fate] for fate in ENDINGS], "so_far": so_far.astype("int64"),
            "share_so_far": now, "share_end": end, "low": low, "high": high, "lowest": lowest, "highest": highest,
            "difference": end - now, "gap_low": low - now, "gap_high": high - now,
        }
    )  # fmt: skip
    columns = (
        Column("fate", "label", "Code", shown=False),
        Column("label", "label", "How it ended"),
        Column("so_far", "count", "So far"),
        Column("share_so_far", "estimate", "Share so far", "share"),
        Column("share_end", "estimate", "Expected in the end (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("lowest", "estimate", "At least", "share"),
        Column("highest", "estimate", "At most", "share"),
        Column("difference", "estimate", "Move", "points", low="gap_low", high="gap_high", shown=False),
        Column("gap_low", "estimate", "Low", "points", shown=False),
        Column("gap_high", "estimate", "High", "points", shown=False),
    )
    return Table(frame, columns, f"So far and in the end, {cohort.focus.label} (losses: share of all losses)")


def _middle(drawn: Floats) -> tuple[float, float]:
    """Return the limits between which 95% of the draws lie; draws without any loss have no share of losses."""
    return (float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))) if drawn.size else (np.nan, np.nan)


def _shares(numbers: Floats) -> Floats:
    """Return won deals as a share of all that ended, and each kind of loss as a share of the losses."""
    lost = numbers[..., 1:].sum(axis=-1, keepdims=True)
    whole = np.concatenate([numbers.sum(axis=-1, keepdims=True), np.repeat(lost, len(LOST), axis=-1)], axis=-1)
    shares: Floats = np.divide(numbers, whole, out=np.full(numbers.shape, np.nan), where=whole > 0)
    return shares


ANALYSIS = Analysis(
    eventual_split, headline, draw, family="rate", method=METHOD, needs=(FOLLOWED,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
