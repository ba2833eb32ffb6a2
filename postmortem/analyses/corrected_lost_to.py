"""To whom deals were lost in the words of their buyers, for all losses: the record and its unknowns corrected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.charts.range_bars import range_bars
from postmortem.frames.buyers import NOT_RECORDED, buyers_of
from postmortem.frames.cohort import Cohort
from postmortem.frames.correction import basis_table, shares_table
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import corrected_shares, several
from postmortem.stats.corrected_shares import LEAST_ASKED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from postmortem.frames.buyers import Buyers

TAKERS = ("competitor", "status_quo", "disqualified")
INTERVIEWED = Need(
    "reasons", ("lost_to", "rater_type"), LEAST_ASKED, "losses whose buyer says who took the deal",
    "interview buyers of lost deals, drawn by lot, and record to whom they gave it", "interviews",
    lambda cohort, rows: len(buyers_of(cohort, rows, "taker").answered),
)  # fmt: skip
METHOD = (
    "To whom all losses of the window went, buyer-attributed: augmented inverse-probability weighting from the losses "
    "whose buyer was interviewed, with what the record says (not recorded is a value of its own), amount and segment "
    "in both models; chances of an interview, intervals and refusals as for corrected reasons. On record: the CRM's "
    "word over the losses that have one. Two bounds stand beside it: of the record, its silent losses all counted for "
    "a party, or none; and of the interviews, the losses without one."
)


def corrected_lost_to(cohort: Cohort) -> Result:
    """To whom were deals lost in the words of their buyers, corrected for who was interviewed?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``takers``, one row a party, by corrected share: ``code``, ``party``, ``recorded`` (losses the record
        gives to it), ``recorded_share`` (of those it gives to anyone), ``asked`` (interviews that name it), ``alone``
        (their share) with ``alone_low`` and ``alone_high`` (Wilson), ``share`` of all losses, corrected, with ``low``,
        ``high`` and ``se`` (missing when nothing is corrected), ``apart`` (corrected minus on record) with
        ``apart_low`` and ``apart_high``, ``lowest`` and ``highest`` (bounds from the interviews). Table ``record``, one
        row a party: ``taker`` (code), ``on_file`` (losses), ``at_least`` and ``at_most`` (share of all losses, were the
        silent ones never or always its). Table ``basis``, one row: ``losses``, ``on_record``, ``interviews``, ``drawn``
        (how they were chosen), ``effective`` (evenly spread interviews they are worth), ``needed``.

    Notes
    -----
    Refused without an interview; below 25, and where the correction cannot stand, counts and bounds only (fallback).
    """
    buyers = buyers_of(cohort, cohort.window_rows, "taker")
    if buyers.answered.empty:
        return ANALYSIS.lack(cohort, INTERVIEWED)
    rows = buyers.rows
    found = corrected_shares(
        rows["buyer"], rows["recorded"].fillna(NOT_RECORDED), covariates=buyers.covariates,
        inclusion=rows["inclusion"] if buyers.by_lot else None, clusters=rows["owner"], keep=TAKERS,
        least_asked=INTERVIEWED.least,
    )  # fmt: skip
    title = f"Who took {count(len(rows), 'loss', 'losses')}, {cohort.window_label}"
    tables = {
        "takers": shares_table(buyers, found, "party", LOST_TO_LABELS, title),
        "record": _record(buyers),
        "basis": basis_table(buyers, found, INTERVIEWED.least),
    }
    told = ["To whom a deal went is the buyer's word here; the record may say otherwise."]
    if not buyers.by_lot:
        told.append("The interviews were not drawn by lot: if buyers agreed to talk by whom they had chosen, nothing "
                    "here makes up for it.")  # fmt: skip
    corrected = found.status != "refused"
    if not corrected:
        told.append(f"Nothing is corrected: {found.why}. The ranges shown are bounds.")
    elif found.why:
        told.append(f"{count(found.asked, 'interview')}: the intervals are likely too narrow below fifty.")
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=tuple(told), fallback=not corrected)


def headline(tables: Tables) -> str:
    """Say the corrected shares of competitors and the status quo beside those on record."""
    base, rows = tables["basis"].first, tables["takers"].keyed("code")
    sides = [rows.get(taker, {}) for taker in TAKERS[:2]]
    if any_missing(base["losses"], base["interviews"], base["needed"], base["on_record"]):
        return WITHHELD
    losses = count(base["losses"], "loss", "losses")
    if all(any_missing(side.get("share"), side.get("low"), side.get("high")) for side in sides):
        few = f"{base['interviews']:,} of the {base['needed']} interviews needed"
        few = few if base["interviews"] < base["needed"] else f"{count(base['interviews'], 'interview')}, too uneven"
        asked, silent = [side.get("asked") for side in sides], base["losses"] - base["on_record"]
        if any_missing(*asked):
            return WITHHELD
        return (
            f"{few} to speak for {losses}; of {count(base['interviews'], 'buyer')} asked, {asked[0]:,} gave the deal "
            f"to a competitor and {asked[1]:,} kept things as they were; {silent:,} losses have no taker on record."
        )
    if any(any_missing(side.get("share"), side.get("recorded_share")) for side in sides):
        return WITHHELD
    told = [f"{name} took {_share(side)}" for name, side in zip(("competitors", "the status quo"), sides, strict=True)]
    held = " and ".join(per_cent(side["recorded_share"]) for side in sides)
    return (
        f"In the words of buyers ({base['interviews']:,} interviewed, corrected to {losses}), {' and '.join(told)}; "
        f"on record it is {held} of the losses with a recorded taker."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw each party on record and corrected; or, where nothing is corrected, what the record's silence leaves."""
    rows = tables["takers"].rows
    if rows["share"].isna().all():
        shown = tables["record"].rows
        shown = shown.assign(name=shown["taker"].map(LOST_TO_LABELS), part=_parts(shown["on_file"]))
        range_bars(shown, axes, name="name", low="at_least", high="at_most", recorded="part", fate="taker",
                   recorded_label="on record", range_label="what the gaps of the record leave possible")  # fmt: skip
        return
    paired_intervals(
        rows.assign(none=math.nan), axes, name="party", left="recorded_share", left_low="none", left_high="none",
        right="share", right_low="low", right_high="high", left_label="on record",
        right_label="in the buyers' words, all losses", difference="apart", low="apart_low", high="apart_high",
        n="asked", noun="interview",
    )  # fmt: skip


def _share(row: dict[str, Any]) -> str:
    return f"{per_cent(row['share'])} ({interval_text(row['low'], row['high'])})"


def _parts(counts: pd.Series) -> pd.Series:
    total = counts.sum()
    return counts.astype("float64") / total if total else counts.astype("float64") * math.nan


def _record(buyers: Buyers) -> Table:
    recorded = buyers.rows["recorded"]
    counts = {taker: int((recorded == taker).sum()) for taker in TAKERS}
    bounds = several(counts, int(recorded.isna().sum()))
    frame = pd.DataFrame(
        {
            "taker": list(TAKERS), "on_file": list(counts.values()),
            "at_least": [bounds[taker].low for taker in TAKERS], "at_most": [bounds[taker].high for taker in TAKERS],
        }
    )  # fmt: skip
    columns = (
        Column("taker", "label", "Code"),
        Column("on_file", "count", "Losses on record"),
        Column("at_least", "estimate", "Share at least", "share"),
        Column("at_most", "estimate", "Share at most", "share"),
    )
    return Table(frame, columns, "What the record alone leaves possible", detail=True)


ANALYSIS = Analysis(corrected_lost_to, headline, draw, family="rate", method=METHOD, needs=(INTERVIEWED,))
