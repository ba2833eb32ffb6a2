"""How close chances learnt from warnings came, on earlier quarters that they had not been learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.calibration import calibration
from postmortem.frames.cohort import Cohort
from postmortem.ground.fates import WON
from postmortem.ground.formats import count, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.outlook import (
    END_LABELS,
    LEAST_OF_AN_END,
    LEAST_QUARTERS,
    TOLD,
    Outlook,
    doubted,
    outlook_of,
    quarters_on_record,
    rarest_end,
)
from postmortem.stats import BrierSkill, calibration_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EARLIER = Need(
    "history", ("field", "changed_at", "new_value"), LEAST_QUARTERS + 1,
    "earlier quarters whose forecast on this day of theirs is on record",
    "export the history of forecast category and expected close, or keep a copy of the open deals every quarter",
    "history", lambda cohort, _: quarters_on_record(cohort), "record",
)  # fmt: skip
RAREST = Need(
    "deals", ("outcome", "closed_at"), LEAST_OF_AN_END,
    "earlier deals of the rarest end (won, lost to a competitor, lost to the status quo, slipped)",
    "record for every lost deal to whom it was lost", "taker", lambda cohort, _: rarest_end(cohort), "record",
)  # fmt: skip
SIGNALS, CATEGORY, ONE_SHARE = "Warnings, category and stage", "Forecast category alone", "One share for all deals"
METHOD = (
    "Forecasts of earlier quarters are taken on the same day of theirs, with what had become of each deal by the "
    "quarter's end. A multinomial logistic regression, weights drawn towards none (ridge, standard deviation .3 on the "
    "log scale), learns from every signal, every signal unknown, forecast category and stage as of that day. Each "
    "quarter is foretold from the quarters before it alone, three at least, with 50 deals of the rarest of the four "
    "ends. Squared misses are summed over the five ends (Brier). The part taken away, 1 − miss / miss of the "
    "reference, has a linearised interval from paired deals, clustered by sales person and by customer (CR2, "
    "Satterthwaite), the wider one shown. Chances are used where that "
    "interval lies above 0 against one share for all and against the category. "
    "Groups of chances have limits fixed beforehand, and Wilson intervals."
)


def outlook_validation(cohort: Cohort) -> Result:
    """How close would chances learnt from warnings have come in earlier quarters?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``open_forecast``.

    Returns
    -------
    Result
        Table ``scores``, one row a set of chances: ``chances`` (what they are made of), ``n`` (deals), ``miss`` (mean
        squared miss over all ends, 0 to 2), ``skill`` (part of the miss of one share for all that is taken away;
        below 0 it misses by more) with ``low`` and ``high`` (95%, clustered). Table ``verdict``, one row:
        ``quarters`` tested, ``n``, ``used`` (whether the chances are used), ``skill``, ``low``, ``high``, and
        ``over_category``, ``over_low``, ``over_high``, the same against the category's shares. Table ``groups``, one
        row an end and group of chances: ``end`` (code), ``became``, ``begins``, ``ends`` (limits of the chance),
        ``stated`` (mean chance), ``n``, ``came`` (deals), ``share`` with ``low`` and ``high`` (95%; withheld below
        five deals). Table ``quarters``, one row a tested quarter: ``quarter``, ``learnt`` (deals learnt from), ``n``,
        ``miss``, ``one_share`` (its miss), ``skill`` with ``low`` and ``high``.

    Notes
    -----
    Refused below four earlier quarters on record, and below 50 deals of the rarest end in those learnt from. Where
    the chances did not come closer than one share for all and than the category, this says so, and nothing uses them.
    """
    if cohort.kind not in ANALYSIS.frames or not EARLIER.met(cohort):
        return ANALYSIS.lack(cohort, EARLIER)
    outlook = outlook_of(cohort) if RAREST.met(cohort) else None
    if outlook is None:
        return ANALYSIS.lack(cohort, RAREST)
    tables = {
        "verdict": _verdict(outlook),
        "groups": _groups(outlook.tested),
        "scores": _scores(outlook),
        "quarters": _quarters(outlook),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.table), caveats=_caveats(outlook))


def headline(tables: Tables) -> str:
    """Say by how much less the chances missed than one share for all, and whether they are used."""
    row = tables["verdict"].first
    if any_missing(row["quarters"], row["n"], row["used"]):
        return WITHHELD
    tested = f"{count(row['n'], 'deal')} of {count(row['quarters'], 'earlier quarter')} that they had not seen"
    if any_missing(row["skill"], row["low"], row["high"]):
        return f"Tried on {tested}, nothing tells whether these chances beat one share for all, so none is given."
    if not row["used"]:
        return (
            f"Tried on {tested}, chances learnt from warnings did not clearly miss by less than one share "
            f"for all and than the forecast category ({_less(row['skill'])}; "
            f"{_range(row['low'], row['high'])}), so no deal is given any."
        )
    told = (
        f"Tried on {tested}, chances learnt from warnings missed by {per_cent(row['skill'])} less than one share for "
        f"all ({_range(row['low'], row['high'])})"
    )
    if any_missing(row["over_category"], row["over_low"], row["over_high"]):
        return f"{told}."
    over = f"{_less(row['over_category'])} than the forecast category ({_range(row['over_low'], row['over_high'])})"
    return f"{told}, and by {over}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw what share of deals was won over the chance of it that had been stated."""
    groups = tables["groups"].rows
    calibration(
        groups[groups["end"] == WON], axes, stated="stated", observed="share", low="low", high="high", n="n",
        stated_label="chance of winning, learnt from earlier quarters", observed_label="share won by the quarter's end",
    )  # fmt: skip


def _less(skill: float) -> str:
    return f"{per_cent(abs(skill))} {'less' if skill >= 0 else 'more'}"


def _range(low: float, high: float) -> str:
    """Write an interval of parts taken away, which may be negative."""
    return " to ".join(f"{'−' if value < 0 else ''}{per_cent(abs(value))}" for value in (low, high))


def _skill(found: BrierSkill) -> dict[str, float]:
    return {"skill": found.skill.estimate, "low": found.skill.low, "high": found.skill.high}


def _verdict(outlook: Outlook) -> Table:
    over = outlook.over_category.skill
    row: dict[str, Any] = {
        "quarters": len(outlook.learnt), "n": len(outlook.tested), "used": outlook.is_better, **_skill(outlook.skill),
        "over_category": over.estimate, "over_low": over.low, "over_high": over.high,
    }  # fmt: skip
    columns = (
        Column("quarters", "count", "Quarters tried on"),
        Column("n", "count", "Deals"),
        Column("used", "label", "Used on the open deals"),
        *_skill_columns("Less missed, of 100, than by one share for all"),
        Column("over_category", "estimate", "Than by the category's shares", "points", "over_low", "over_high"),
        Column("over_low", "estimate", "Low", "points", shown=False),
        Column("over_high", "estimate", "High", "points", shown=False),
    )
    return Table(pd.DataFrame([row]), columns, "Whether chances are given to open deals")


def _scores(outlook: Outlook) -> Table:
    n = len(outlook.tested)
    rows = [
        {"chances": SIGNALS, "n": n, "miss": outlook.skill.score, **_skill(outlook.skill)},
        {"chances": CATEGORY, "n": n, "miss": outlook.category_skill.score, **_skill(outlook.category_skill)},
        {"chances": ONE_SHARE, "n": n, "miss": outlook.skill.reference, "skill": 0.0},
    ]
    columns = (
        Column("chances", "label", "Chances from"),
        Column("n", "count", "Deals"),
        Column("miss", "estimate", "Mean squared miss"),
        *_skill_columns("Less missed, of 100"),
    )
    frame = pd.DataFrame(rows)[[column.name for column in columns]]
    return Table(frame, columns, "How far three sets of chances missed", detail=True)


def _quarters(outlook: Outlook) -> Table:
    rows = []
    for quarter, part in outlook.tested.groupby("quarter", sort=True):
        found = doubted(part, "miss", "one_share_miss")
        told: dict[str, Any] = {"quarter": quarter, "learnt": outlook.learnt[str(quarter)], "n": len(part)}
        rows.append({**told, "miss": found.score, "one_share": found.reference, **_skill(found)})
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("learnt", "count", "Deals learnt from"),
        Column("n", "count", "Deals tried on"),
        Column("miss", "estimate", "Mean squared miss"),
        Column("one_share", "estimate", "Of one share for all"),
        *_skill_columns("Less missed, of 100"),
    )
    return Table(pd.DataFrame(rows), columns, "Quarter by quarter", detail=True)


def _groups(tested: pd.DataFrame) -> Table:
    rows = [
        {
            "end": end, "became": END_LABELS[end], "begins": group.begins, "ends": group.ends, "stated": group.stated,
            "n": group.n, "came": group.events, "share": group.share.estimate, "low": group.share.low,
            "high": group.share.high,
        }
        for end in TOLD
        for group in calibration_groups(tested[end].clip(0, 1), (tested["came"] == end).astype("int8"))
    ]  # fmt: skip
    columns = (
        Column("end", "label", "Code", shown=False),
        Column("became", "label", "What became of them"),
        Column("begins", "estimate", "Chance from", "share"),
        Column("ends", "estimate", "To below", "share"),
        Column("stated", "estimate", "Chance on average", "share"),
        Column("n", "count", "Deals"),
        Column("came", "count", "Of them it came for"),
        Column("share", "estimate", "Share it came for (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "What had been stated and what came, quarters not learnt from", True)


def _skill_columns(label: str) -> tuple[Column, ...]:
    return (
        Column("skill", "estimate", label, "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
    )


def _caveats(outlook: Outlook) -> tuple[str, ...]:
    said = ["Deals that slip stand in the next quarter's forecast again and count there once more."]
    if outlook.skill.skill.status == "refused":
        said.append(f"No interval: {outlook.skill.skill.why}.")
    if len(outlook.learnt) == 1:
        said.append("Only one quarter could be tried; another one may be unlike it.")
    return tuple(said)


ANALYSIS = Analysis(
    outlook_validation, headline, draw, family="comparison", method=METHOD, needs=(EARLIER, RAREST),
    frames=("open_forecast",),
)  # fmt: skip
