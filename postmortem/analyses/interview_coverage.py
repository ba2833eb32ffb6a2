"""Whose buyers were interviewed, beside all lost and won deals, and how they came to be asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_bars import paired_bars
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOT_RECORDED = "not recorded"
DIMENSIONS = {"taker": "Taker", "segment": "Segment", "half": "Amount", "reason": "CRM reason"}
LEAST_DRAWN = 0.05
SHORT = dict(zip(LOST_TO_LABELS.values(), ("competitor", "status quo", "nobody", NOT_RECORDED), strict=True))
STEPS = ("All", "Drawn or chosen", "Invited", "Answered", "Held", "Held, words may be used")
FURTHER = {"drawn": 0, "unknown": 0, "invited": 1, "no_answer": 1, "declined": 2, "held": 3}
PLANNED = Need(
    "interviews", ("deal_id",), 1, "lost or won deals drawn for an interview",
    "draw them with: postmortem interviews plan", "interviews",
    lambda cohort, rows: int(_closed(rows)["deal_id"].isin(cohort.book.table("interviews")["deal_id"]).sum()),
)  # fmt: skip
BY_HAND = (
    "Some deals were chosen by hand: they have no probability of being drawn on record. They may differ from the "
    "others in ways nobody wrote down, so what these buyers say is theirs alone, and no correction is certain."
)
SILENT = (
    "A random draw does not make those who answer like those who do not. Beside all deals stand here only differences "
    "that the CRM records."
)
METHOD = (
    "Interviews of the deals that were won or lost in the window. The share of a group among the interviewed is set "
    "beside its share among all deals; its interval is Wilson's, as if the interviewed had been drawn from all deals "
    "with equal chances. The standardised gap is the difference over the standard deviation of the group's share among "
    "all deals, √(p(1 − p)); about .1 is small. A response is interviews held over buyers asked whose answer is in; "
    "those still to answer do not count. Whether deals were drawn at random is read from the inclusion probabilities."
)


def interview_coverage(cohort: Cohort) -> Result:
    """Whose buyers were interviewed, and are their deals like all the others?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``coverage``, one row a side and group: ``side`` (lost, won), ``by`` (what divides), ``group``,
        ``label``, ``deals``, ``share`` of all, ``held`` (interviews), ``share_held`` of all held, ``gap`` (points)
        with ``low`` and ``high`` (95%; withheld under ten interviews), ``standardised``. Table ``rivals``, lost deals
        by competitor met: ``competitor``, ``deals``, ``share``, ``held``, ``share_held``, ``low``, ``high``. Table
        ``funnel``, one row a step: ``step``, ``lost``, ``won`` (deals). Table ``response``, one row a side and
        stratum, the whole side first: ``side``, ``stratum``, ``asked`` (answer is in), ``held``, ``rate``, ``low``,
        ``high``. Table ``draw``, one row a side: ``side``, ``at_random``, ``by_hand`` (deals), ``lowest``,
        ``highest`` (probability of being drawn).

    Notes
    -----
    Refused while no deal of the window was drawn for an interview.
    """
    if not PLANNED.met(cohort):
        return ANALYSIS.lack(cohort, PLANNED)
    deals = _with_interviews(cohort)
    sides = [(name, deals[deals["side"] == name]) for name in ("lost", "won")]
    tables = {
        "coverage": _coverage(sides, cohort),
        "rivals": _rivals(deals[deals["side"] == "lost"], cohort),
        "funnel": _funnel(sides, cohort),
        "response": _response(sides),
        "draw": _draw(sides),
    }
    chosen = deals["planned"] & deals["inclusion_probability"].isna()
    caveats = (*((BY_HAND,) if chosen.any() else ()), SILENT)
    return ANALYSIS.answer(tables, cohort, n_used=int((deals["progress"] == FURTHER["held"]).sum()), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say how many lost deals were heard, how they were chosen, and how many of those asked agreed."""
    lost = tables["funnel"].rows.set_index("step")["lost"]
    whole = next(row for row in tables["response"].records if row["side"] == "lost")
    draw = tables["draw"].keyed("side")["lost"]
    figures = (*lost, draw["at_random"], draw["by_hand"])
    if any_missing(*figures):
        return WITHHELD
    every, drawn, held = (int(lost[step]) for step in ("All", "Drawn or chosen", "Held"))
    if not every:
        return "No deal was lost; only buyers of won deals could be asked."
    if not drawn:
        return f"No buyer of the {count(every, 'lost deal')} was drawn for an interview, only buyers of won deals."
    chosen = (
        "all of them drawn at random" if not draw["by_hand"]
        else "all of them chosen by hand" if not draw["at_random"]
        else f"{draw['by_hand']:,} of the {drawn:,} asked for chosen by hand"
    )  # fmt: skip
    if not held:
        return (
            f"Of {count(every, 'lost deal')}, {drawn:,} are to be asked for an interview, {chosen}; none has been held."
        )
    told = f"Buyers of {held:,} of {count(every, 'lost deal')} were interviewed ({per_cent(held / every)}), {chosen}"
    if any_missing(*(whole[name] for name in ("asked", "rate", "low", "high"))):
        return told + "."
    agreed = f"of {whole['asked']:,} whose answer is in, {per_cent(whole['rate'])} agreed"
    return f"{told}; {agreed} ({interval_text(whole['low'], whole['high'])})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw each larger group's share of all lost deals beside its share of the interviewed ones."""
    rows = tables["coverage"].rows
    drawn = (rows["side"] == "lost") & ~(rows["share"] < LEAST_DRAWN)
    paired_bars(
        rows[drawn], axes, name="label", left="share", right="share_held",
        left_label="all lost deals", right_label="interviewed", difference="gap", low="low", high="high",
    )  # fmt: skip


def _closed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["resolution"].str.startswith("lost_") | (rows["resolution"] == "won")]


def _with_interviews(cohort: Cohort) -> pd.DataFrame:
    """Return the won and lost deals of the window, with the latest interview of each and what divides them."""
    rows = cohort.window_rows
    parts = [part.assign(side=side) for side, part in (("lost", lost_rows(rows)), ("won", won_rows(rows)))]
    deals = pd.concat(parts).sort_values(["deal_id", "quarter"]).drop_duplicates("deal_id")
    known = cohort.book.table("interviews").sort_values("interview_id").drop_duplicates("deal_id", keep="last")
    columns = ["deal_id", "status", "stratum", "inclusion_probability", "consent"]
    deals = deals.merge(known[columns], on="deal_id", how="left")
    half = deals.groupby("side")["amount"].transform("median")
    return deals.assign(
        planned=deals["status"].notna(),
        progress=deals["status"].map(FURTHER).fillna(-1).astype("int64"),
        taker=deals["lost_to"].map(LOST_TO_LABELS).astype("str"),
        half=(deals["amount"] >= half).map({True: "larger half", False: "smaller half"}).where(deals["amount"].notna()),
    )


def _coverage(sides: list[tuple[str, pd.DataFrame]], cohort: Cohort) -> Table:
    made = []
    for side, deals in sides:
        held = deals["progress"] == FURTHER["held"]
        for column, by in DIMENSIONS.items():
            if side == "won" and column in ("taker", "reason"):
                continue
            groups = deals[column].astype("str").fillna(NOT_RECORDED)
            sizes = groups.value_counts()
            for group in sorted(sizes.index, key=lambda name: (-int(sizes[name]), name)):
                beside = _beside(groups == group, held)
                made.append({"side": side, "by": by, "group": group, "label": _label(side, by, group), **beside})
    frame = pd.DataFrame(made, columns=["side", "by", "group", "label", *_BESIDE])
    frame = frame.assign(gap=frame["share_held"] - frame["share"])
    spread = (frame["share"] * (1 - frame["share"])) ** 0.5
    frame["standardised"] = (frame["gap"] / spread.where(spread > 0)).astype("float64").round(2)
    frame["low"], frame["high"] = frame["low"] - frame["share"], frame["high"] - frame["share"]
    columns = (
        Column("side", "label", "Deals", shown=False),
        Column("by", "label", "By", shown=False),
        Column("group", "label", "Within it", shown=False),
        Column("label", "label", "Group"),
        Column("deals", "count", "All"),
        Column("share", "estimate", "Share", "share"),
        Column("held", "count", "Interviewed"),
        Column("share_held", "estimate", "Share", "share"),
        Column("gap", "estimate", "Difference (95%)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("standardised", "estimate", "Standardised gap"),
    )
    names = [column.name for column in columns]
    return Table(
        _typed(frame[names]),
        columns,
        f"Interviewed beside all lost deals, and won ones where it says so, {cohort.window_label}",
        detail=True,
    )


def _label(side: str, by: str, group: str) -> str:
    """Name a group where side and what divides are not written beside it; lost deals go without saying."""
    if by == DIMENSIONS["reason"]:
        return "No CRM reason" if group == NOT_RECORDED else group
    return f"{'' if side == 'lost' else 'Won, '}{by}: {SHORT.get(group, group)}"


_BESIDE = ("deals", "share", "held", "share_held", "low", "high")


def _beside(inside: pd.Series[bool], held: pd.Series[bool]) -> dict[str, Any]:
    """Return a group's share of all deals and, with its interval, of the interviewed ones."""
    of_held, n_held = int((inside & held).sum()), int(held.sum())
    interval = wilson(of_held, n_held) if n_held else None
    return {
        "deals": int(inside.sum()),
        "share": float(inside.mean()),
        "held": of_held,
        "share_held": of_held / n_held if n_held else math.nan,
        "low": interval.low if interval else math.nan,
        "high": interval.high if interval else math.nan,
    }


def _rivals(lost: pd.DataFrame, cohort: Cohort) -> Table:
    rivals = cohort.book.table("competitors")[["deal_id", "competitor"]].drop_duplicates()
    rivals = rivals[rivals["deal_id"].isin(lost["deal_id"])]
    held = lost["progress"] == FURTHER["held"]
    sizes = rivals["competitor"].value_counts()
    made = [
        {"competitor": name, **_beside(lost["deal_id"].isin(rivals.loc[rivals["competitor"] == name, "deal_id"]), held)}
        for name in sorted(sizes.index, key=lambda name: (-int(sizes[name]), name))
    ]
    frame = pd.DataFrame(made, columns=["competitor", *_BESIDE])
    columns = (
        Column("competitor", "competitor", "Competitor"),
        Column("deals", "count", "Lost deals it was met on"),
        Column("share", "estimate", "Of all lost", "share"),
        Column("held", "count", "Interviewed"),
        Column("share_held", "estimate", "Of the interviewed (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(_typed(frame), columns, "Lost deals by competitor met", detail=True)


def _funnel(sides: list[tuple[str, pd.DataFrame]], cohort: Cohort) -> Table:
    made: dict[str, Any] = {"step": list(STEPS)}
    for side, deals in sides:
        quotable = (deals["progress"] == FURTHER["held"]) & deals["consent"].isin(["anonymous", "named"])
        reached = [int((deals["progress"] >= step).sum()) for step in range(4)]
        made[side] = [len(deals), *reached, int(quotable.sum())]
    columns = (
        Column("step", "label", "Step"),
        Column("lost", "count", "Lost deals"),
        Column("won", "count", "Won deals"),
    )
    return Table(_typed(pd.DataFrame(made)), columns, f"From all deals of {cohort.window_label} to interviews held")


def _response(sides: list[tuple[str, pd.DataFrame]]) -> Table:
    made = []
    for side, deals in sides:
        over = deals[deals["status"].isin(["held", "declined", "no_answer"])]
        strata = over["stratum"].astype("str").fillna(NOT_RECORDED)
        groups = [(f"all {side} deals", over), *((str(name), part) for name, part in over.groupby(strata, sort=True))]
        for stratum, part in groups:
            asked, held = len(part), int((part["status"] == "held").sum())
            share = wilson(held, asked) if asked else None
            told = (share.estimate, share.low, share.high) if share else (math.nan,) * 3
            row = {"side": side, "stratum": stratum, "asked": asked, "held": held}
            made.append(row | dict(zip(("rate", "low", "high"), told, strict=True)))
    columns = (
        Column("side", "label", "Deals"),
        Column("stratum", "label", "Stratum of the draw"),
        Column("asked", "count", "Buyers whose answer is in"),
        Column("held", "count", "Interviews"),
        Column("rate", "estimate", "Response (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(_typed(pd.DataFrame(made)), columns, "Response by stratum", detail=True)


def _draw(sides: list[tuple[str, pd.DataFrame]]) -> Table:
    made = []
    for side, deals in sides:
        known = deals.loc[deals["planned"], "inclusion_probability"]
        made.append({"side": side, "at_random": int(known.notna().sum()), "by_hand": int(known.isna().sum()),
                     "lowest": known.min(), "highest": known.max()})  # fmt: skip
    columns = (
        Column("side", "label", "Deals"),
        Column("at_random", "count", "Drawn at random"),
        Column("by_hand", "count", "Chosen by hand"),
        Column("lowest", "estimate", "Lowest probability", "share"),
        Column("highest", "estimate", "Highest probability", "share"),
    )
    return Table(_typed(pd.DataFrame(made)), columns, "How deals came to be asked", detail=True)


COUNTS = ("deals", "lost", "won", "held", "asked", "at_random", "by_hand")
WORDS = ("side", "by", "group", "label", "competitor", "step", "stratum")


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {name: "int64" if name in COUNTS else "str" if name in WORDS else "float64" for name in frame.columns}
    return frame.astype(kinds).reset_index(drop=True)


ANALYSIS = Analysis(interview_coverage, headline, draw, family="rate", method=METHOD, needs=(PLANNED,))
