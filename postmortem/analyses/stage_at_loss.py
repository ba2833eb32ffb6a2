"""In which stage lost deals stood when they were lost, by who took them, and how long they had stood there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.book.history import tracked_fields
from postmortem.charts.stacked_shares import stacked_shares
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.entry import local_days, spells
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import LEAST_EVENTS, mean_difference, percentile, wilson
from postmortem.stats.estimate import p_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK, SLOW = 0.05, 0.9
NOBODY = "nobody"
COMPARED = ("competitor", "status_quo")
SAID = {"competitor": "those lost to competitors", "status_quo": "those lost to the status quo"}
STAGED = Need(
    "history", ("field", "changed_at", "old_value", "new_value"), 10, "lost deals whose stages are on record",
    "export the CRM's field history of stages", "history", lambda cohort, rows: len(_lost(rows, _stays(cohort))),
)  # fmt: skip
NO_ZONE = (
    "No stage of the process is known to be the red zone, so that losses in it cannot be compared; a process file "
    "can say so."
)
METHOD = (
    "The stage a lost deal stood in is the last open one its stage history tells at the end of the day it was "
    "closed; deals without a history of stages are left out. Counts are those of the focus quarter. Over the window, "
    "the share of losses in the red zone has a Wilson interval, and competitors are set against the status quo by "
    "the difference of means, its interval clustered by sales person (CR2, Satterthwaite's degrees of freedom), its "
    "test one within sales people where these hold most of the comparison, else the same (under twenty, labels "
    "permuted); it is named only where it passes the gate over all tests of the report (Benjamini and Hochberg, "
    "false discovery rate .03). Days in the stage are those since it was last entered, beside the 90th percentile of "
    "won deals closed before the window, its limits from order statistics; where these are too few there is no "
    "limit."
)


def stage_at_loss(cohort: Cohort) -> Result:
    """In which stage did the lost deals stand when they were lost?

    Parameters
    ----------
    cohort : Cohort
        Any kind whose book has a history of stages.

    Returns
    -------
    Result
        Table ``stages``, one row a taker and stage of the focus quarter, of the window where nothing was lost in it:
        ``lost_to`` (code), ``taker``, ``stage``, ``deals``. Table ``zone``, one row a taker compared, over the window:
        ``lost_to``, ``taker``, ``n`` (losses), ``red`` (in the red zone), ``share`` with ``low`` and ``high`` (95%).
        Table ``difference``, one row: ``difference`` (competitors minus the status quo) with ``low`` and ``high``
        (95%). Table ``standing``, one row a stage, over the window: ``stage``, ``deals`` (lost there), ``days`` (their
        median since they last came into it), ``won`` (won deals compared), ``slow`` (90th percentile of these) with
        ``low`` and ``high``, ``longer`` (lost deals beyond it). Table ``tests``, one row: ``hypothesis``, ``primary``,
        ``p``, ``named``. Table ``asked``, one row: ``over`` (the quarters of ``stages``), ``lost`` (deals lost in
        them), ``told`` (whose stages are on record).

    Notes
    -----
    Refused below ten lost deals with a history of stages in the window.
    """
    stays, zone = _stays(cohort), cohort.book.process.red_zone
    lost = _lost(cohort.window_rows, stays)
    if len(lost) < STAGED.least:
        return ANALYSIS.lack(cohort, STAGED)
    focus = lost[lost["quarter"] == cohort.focus.label]
    shown, over = (lost, cohort.window_label) if focus.empty else (focus, cohort.focus.label)
    every = lost_rows(cohort.window_rows if focus.empty else cohort.focus_rows)
    order = _order(cohort, lost)
    tables = {
        "stages": _stages(shown, order, over),
        "zone": _zone(lost, zone, cohort.window_label),
        **_apart(lost, zone),
        "standing": _standing(cohort, lost, stays, order),
        "asked": _asked(over, len(every), len(shown)),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(lost), caveats=() if zone else (NO_ZONE,))


def headline(tables: Tables) -> str:
    """Say where most deals stood, and how often either taker took them out of the red zone."""
    asked, rows = tables["asked"].first, tables["stages"].rows
    if any_missing(asked["lost"], asked["told"], *rows["deals"]):
        return WITHHELD
    by_stage = rows.groupby("stage", sort=False)["deals"].sum()
    name = spoken(by_stage.idxmax() if len(by_stage) else None, "one stage")
    most = int(by_stage.max()) if len(by_stage) else 0
    noun = count(asked["told"], "lost deal")
    told = f"{most} of the {noun} of {asked['over']} stood in {name} when they were lost"
    zone, apart, test = tables["zone"].keyed("lost_to"), tables["difference"].first, tables["tests"].first
    if any_missing(apart["difference"], apart["low"], apart["high"], *(zone[taker]["share"] for taker in COMPARED)):
        return f"{told}."
    shares = " and ".join(
        f"{per_cent(zone[taker]['share'])} ({interval_text(zone[taker]['low'], zone[taker]['high'])}) of {SAID[taker]}"
        for taker in COMPARED
    )
    gap = f"{points(apart['difference'])}, {interval_text(apart['low'], apart['high'], 'points')}"
    then = f"{shares} stood in the red zone then ({gap})"
    if test["named"] is True:
        return f"{told}; {then}."
    if any_missing(test["p"]) or test["p"] >= LOOK:
        return f"{told}; {then}, a difference that cannot be told from chance."
    return f"{told}. Worth a look: {then}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw for each taker how the stages divide."""
    rows = tables["stages"].rows
    named = rows.assign(lost_to=[LOST_TO_LABELS.get(str(taker), "withheld") for taker in rows["lost_to"]])
    stacked_shares(named, axes, group="lost_to", part="stage", value="deals")


def _lost(rows: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Return the lost deals whose last open stage is on record, with ``last_stage`` and ``days`` in it."""
    last = stays.drop_duplicates("deal_id", keep="last").rename(columns={"stage": "last_stage"})
    found = lost_rows(rows).merge(last, on="deal_id")
    return found.sort_values(["quarter", "deal_id"], ignore_index=True)


def _stays(cohort: Cohort) -> pd.DataFrame:
    """Return every stay of a closed deal in an open stage: ``deal_id``, ``stage``, ``days``, in order of time."""
    if "stage" not in tracked_fields(cohort.book):
        return pd.DataFrame({"deal_id": pd.Series(dtype="str"), "stage": pd.Series(dtype="str"), "days": []})
    ends = [stage.stage for stage in cohort.book.process.stages if stage.is_closed]
    closings = cohort.book.deals.loc[cohort.book.deals["outcome"] != "open", ["deal_id", "closed_at"]].dropna()
    every = spells(cohort.book, "stage").merge(closings, on="deal_id")
    every = every[every["value"].notna() & ~every["value"].isin(ends)]
    since, until = local_days(cohort.book, every["since"]), local_days(cohort.book, every["until"])
    until = until.where(until < every["closed_at"], every["closed_at"])
    days = (until - since).dt.days
    stays = pd.DataFrame({"deal_id": every["deal_id"], "stage": every["value"], "days": days})
    return stays[since <= every["closed_at"]]


def _order(cohort: Cohort, lost: pd.DataFrame) -> list[str]:
    known = list(cohort.book.process.stage_names)
    seen = set(lost["last_stage"])
    return [stage for stage in known if stage in seen] + sorted(seen - set(known))


def _stages(shown: pd.DataFrame, order: list[str], over: str) -> Table:
    """Count by taker and stage; every taker that took any has a row for every stage."""
    takers = [taker for taker in LOST_TO_LABELS if (shown["lost_to"] == taker).any()]
    cells = shown.groupby(["lost_to", "last_stage"]).size()
    rows = [
        {"lost_to": taker, "taker": LOST_TO_LABELS[taker], "stage": stage, "deals": int(cells.get((taker, stage), 0))}
        for taker in takers
        for stage in order
    ]
    columns = (
        Column("lost_to", "label", "Code", shown=False), Column("taker", "label", "Lost to"),
        Column("stage", "label", "Stage when lost"),
        Column("deals", "count", "Deals"),
    )  # fmt: skip
    return Table(pd.DataFrame(rows), columns, f"Where lost deals stood, {over}", detail=True)


def _zone(lost: pd.DataFrame, zone: tuple[str, ...], label: str) -> Table:
    rows = []
    for taker in COMPARED:
        own = lost[lost["lost_to"] == taker]
        red = int(own["last_stage"].isin(zone).sum())
        found = wilson(red, len(own), least_events=0) if zone and len(own) else None
        share, low, high = (found.estimate, found.low, found.high) if found else (np.nan, np.nan, np.nan)
        told = {"lost_to": taker, "taker": LOST_TO_LABELS[taker], "n": len(own), "red": red}
        rows.append({**told, "share": share, "low": low, "high": high})
    columns = (
        Column("lost_to", "label", "Code", shown=False), Column("taker", "label", "Lost to"),
        Column("n", "count", "Losses"),
        Column("red", "count", "In the red zone"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )  # fmt: skip
    return Table(pd.DataFrame(rows), columns, f"Lost in the red zone, {label}")


def _apart(lost: pd.DataFrame, zone: tuple[str, ...]) -> dict[str, Table]:
    """Return the difference of the two takers and its test; both missing where there is too little."""
    rows = lost[lost["lost_to"].isin(COMPARED)]
    red = rows["last_stage"].isin(zone).to_numpy(dtype="int64")
    estimate, low, high, p = np.nan, np.nan, np.nan, np.nan
    if red.size and min(red.sum(), (1 - red).sum()) >= LEAST_EVENTS:
        owners = rows["owner_id"].fillna(NOBODY).astype("str").to_numpy()
        found = mean_difference(red, (rows["lost_to"] == "competitor").to_numpy(dtype="int64"), owners)
        estimate, low, high, p = found.difference.estimate, found.difference.low, found.difference.high, found.p
        p = p_beside(p, low, high)
    frame = pd.DataFrame({"difference": [estimate], "low": [low], "high": [high]})
    columns = (
        Column("difference", "estimate", "Competitors minus status quo (95% interval)", "points", low="low",
               high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
    )  # fmt: skip
    hypothesis = "competitors and the status quo take different shares in the red zone"
    return {
        "difference": Table(frame, columns, "In the red zone: how far the two are apart"),
        "tests": tests_table("Whether the two differ", [{"hypothesis": hypothesis, "primary": True, "p": p}]),
    }


def _standing(cohort: Cohort, lost: pd.DataFrame, stays: pd.DataFrame, order: list[str]) -> Table:
    """Set the days lost deals had stood in their last stage beside those won deals took to leave it."""
    deals, before = cohort.book.deals, pd.Timestamp(cohort.window[0].start)
    won = deals.loc[(deals["outcome"] == "won") & (deals["closed_at"] < before), "deal_id"]
    left = stays[stays["deal_id"].isin(won)]
    rows = []
    for stage in order:
        own = lost.loc[lost["last_stage"] == stage, "days"]
        took = left.loc[left["stage"] == stage, "days"]
        row = {"stage": stage, "deals": len(own), "days": float(own.median()), "won": len(took), "slow": np.nan}
        found = percentile(took.to_numpy(), SLOW) if len(took) else None
        if found is None or found.status == "refused":
            rows.append(row | {"low": np.nan, "high": np.nan, "longer": pd.NA})
            continue
        limits = {"slow": found.estimate, "low": found.low, "high": found.high}
        rows.append(row | limits | {"longer": int((own > found.estimate).sum())})
    frame = pd.DataFrame(rows).astype({"longer": "Int64"})
    columns = (
        Column("stage", "label", "Stage when lost"), Column("deals", "count", "Lost there"),
        Column("days", "estimate", "Days there (median)", "days"), Column("won", "count", "Stays of won deals"),
        Column("slow", "estimate", "Nine in ten won deals left within (95% interval)", "days", low="low", high="high"),
        Column("low", "estimate", "Low", "days", shown=False), Column("high", "estimate", "High", "days", shown=False),
        Column("longer", "count", "Lost deals beyond that"),
    )  # fmt: skip
    return Table(frame, columns, "How long lost deals had stood there, beside won deals closed earlier")


def _asked(over: str, lost: int, told: int) -> Table:
    frame = pd.DataFrame({"over": [over], "lost": [lost], "told": [told]})
    columns = (
        Column("over", "label", "Quarters"), Column("lost", "count", "Lost deals"),
        Column("told", "count", "With stages on record"),
    )  # fmt: skip
    return Table(frame, columns, "What the counts are of", detail=True)


ANALYSIS = Analysis(
    stage_at_loss, headline, draw, family="comparison", method=METHOD, needs=(STAGED,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
