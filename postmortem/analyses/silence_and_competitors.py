"""Whether deals are lost to competitors at a faster pace the longer their buyer has not been heard."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.book.reductions import BUYER_SIDES
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.frames.silent_weeks import CAUSES, COMPETITOR, OTHER, STATUS_QUO, WON, SilentWeeks, silent_weeks
from postmortem.ground.formats import count, interval_text, value_text
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import HazardRatio, cause_specific_cox, cumulative_incidence, e_value, e_value_of_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HORIZON = 90
ENDS = {COMPETITOR: "Lost to a competitor", STATUS_QUO: "Lost to the status quo", OTHER: "Lost otherwise", WON: "Won"}
UNLOCK = "export meetings, calls and mails with who acted, ours or the buyer's, and record who took each lost deal"
TAKEN = Need(
    "events", ("side", "occurred_at"), 10, "losses to competitors with a contact by the buyer on record", UNLOCK,
    "activities", lambda cohort, rows: _taken(cohort, rows),
)  # fmt: skip
METHOD = (
    "Deals from the day they came into the cohort to their close, or to the day of the data. Weeks since the buyer was "
    "last heard (events of side buyer or both), as they stood three days before, change with time and are counted up "
    "to eight; deals whose buyer was not on record by the first day are left out. Cause-specific Cox models of every "
    "end (Breslow ties), intervals from the cluster sandwich by sales person, t(G-1); not adjusted. The pace is that "
    "among deals still open, the share beside it the cumulative incidence by day 90 (Aalen-Johansen). E-value: how "
    "strongly something unrecorded would have to go with both, on the approximate risk ratio (1 - .5^sqrt(h)) / (1 - "
    ".5^sqrt(1/h)) of a hazard ratio h (VanderWeele and Ding). The other ends are shown because a silence that goes "
    "with all losses alike says nothing about competitors in particular. No primary test: the figure serves the "
    "claims. A buyer who has decided falls silent; a lag of three days takes little of that out."
)


def silence_and_competitors(cohort: Cohort) -> Result:
    """Are deals lost to competitors at a faster pace the longer the buyer has not been heard?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; the window is pooled, each deal from its first quarter there.

    Returns
    -------
    Result
        Table ``paces``, one row an end: ``end``, ``deals`` (that met it), ``ratio`` (pace for every further week
        without the buyer, times that before) with ``ratio_low`` and ``ratio_high`` (95%), ``e_value`` and ``e_limit``,
        ``share`` (of all deals that met it by day 90) with ``share_low`` and ``share_high``, ``followed`` (deals).

    Notes
    -----
    Refused below ten losses to competitors, where fewer than ten sales people are on record, and for closed deals,
    which were never observed while they were open.

    References
    ----------
    VanderWeele and Ding (2017), Annals of Internal Medicine 167, 268–274.
    """
    if cohort.kind not in ANALYSIS.frames or not TAKEN.met(cohort):
        return ANALYSIS.lack(cohort, TAKEN)
    found = silent_weeks(cohort)
    rows = found.stretches
    causes = sorted(ENDS)
    models = cause_specific_cox(
        rows["start"], rows["stop"], rows["cause"], rows[["weeks"]].to_numpy(dtype=np.float64), names=("weeks",),
        clusters=rows["owner"], causes=causes,
    )  # fmt: skip
    if models[0].status == "refused":
        return ANALYSIS.refuse(
            cohort, f"a comparison by silence ({models[0].why})", unlock=UNLOCK, gap=TAKEN.gap(cohort)
        )
    told = {"paces": _table(found, {model.cause: model.ratios[0] for model in models})}
    caveats = [
        "Buyers who have made up their minds fall silent before the deal is recorded as lost: silence may be the sign "
        "of a loss rather than what brought it about. Two columns say how strong something unrecorded would have to be "
        "to make such figures alone.",
    ]
    if found.unheard:
        caveats.append(f"{count(found.unheard, 'deal')} whose buyer was not on record by the first day are left out.")
    return ANALYSIS.answer(told, cohort, n_used=len(found.deals), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say how the pace of losses to competitors, and to the status quo, goes with every further week of silence."""
    rows = tables["paces"].keyed("end")
    row = rows[ENDS[COMPETITOR]]
    if any_missing(row["deals"], row["ratio"], row["ratio_low"], row["ratio_high"]):
        return WITHHELD
    told = (
        f"For every further week without the buyer the pace of losses to competitors was {_times(row)} what it was "
        f"before ({count(row['deals'], 'loss', 'losses')})"
    )
    other = rows[ENDS[STATUS_QUO]]
    if any_missing(other["ratio"], other["ratio_low"], other["ratio_high"]):
        return f"{told}."
    return f"{told}; that of losses to the status quo {_times(other)}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw for every end how its pace changes with a week of silence."""
    names = {label: code for code, label in ENDS.items()}
    fates = {code: fate for fate, code in CAUSES.items()}
    rows = tables["paces"].rows
    fate = [fates.get(names.get(str(end), 0), "") for end in rows["end"]]
    interval_dots(
        rows.assign(fate=fate), axes, name="end", estimate="ratio", low="ratio_low", high="ratio_high", n="deals",
        unit="", fate="fate", reference=1.0, reference_label="same pace",
    )  # fmt: skip


def _taken(cohort: Cohort, rows: pd.DataFrame) -> int:
    """Count the deals of these rows that competitors took and whose buyer is on record."""
    lost = rows.loc[rows["ultimate"] == "lost_competitor", "deal_id"].unique()
    events = cohort.book.table("events")
    events = events[events["deal_id"].isin(lost)]
    return int(events.loc[events["side"].isin(BUYER_SIDES), "deal_id"].nunique())


def _table(found: SilentWeeks, ratios: dict[int, HazardRatio]) -> Table:
    deals = found.deals
    shares = cumulative_incidence(deals["days"], deals["cause"], causes=sorted(ENDS))
    made: list[dict[str, Any]] = []
    for code, label in ENDS.items():
        ratio, share = ratios[code].ratio, shares.at(HORIZON, code)
        known = ratio.status != "refused" and math.isfinite(ratio.high) and ratio.low > 0
        made.append(
            {
                "end": label, "deals": int((deals["cause"] == code).sum()),
                "ratio": ratio.estimate if known else np.nan, "ratio_low": ratio.low if known else np.nan,
                "ratio_high": ratio.high if known else np.nan,
                "e_value": e_value(_as_risk(ratio.estimate)) if known else np.nan,
                "e_limit": e_value_of_interval(_as_risk(ratio.low), _as_risk(ratio.high)) if known else np.nan,
                "share": share.estimate, "share_low": share.low, "share_high": share.high, "followed": len(deals),
            }
        )  # fmt: skip
    columns = (
        Column("end", "label", "End"),
        Column("deals", "count", "Deals"),
        Column("ratio", "estimate", "Pace, per week of silence (95%)", low="ratio_low", high="ratio_high"),
        Column("ratio_low", "estimate", "Low", shown=False),
        Column("ratio_high", "estimate", "High", shown=False),
        Column("e_value", "estimate", "Hidden tie to both that would undo it"),
        Column("e_limit", "estimate", "The same for the nearer limit"),
        Column("share", "estimate", "Met by day 90 (95%)", "share", low="share_low", high="share_high"),
        Column("share_low", "estimate", "Low", "share", shown=False),
        Column("share_high", "estimate", "High", "share", shown=False),
        Column("followed", "count", "Deals followed", shown=False),
    )
    title = f"How fast {count(len(deals), 'deal')} ended, by weeks without the buyer three days before"
    return Table(pd.DataFrame(made).astype({"end": "str"}), columns, title)


def _as_risk(hazard_ratio: float) -> float:
    """Return the risk ratio that a hazard ratio stands for where the end is common, approximately."""
    half = math.log(0.5)
    return math.expm1(half * math.sqrt(hazard_ratio)) / math.expm1(half * math.sqrt(1 / hazard_ratio))


def _times(row: dict[str, Any]) -> str:
    return f"{value_text(row['ratio'])} times ({interval_text(row['ratio_low'], row['ratio_high'], '')})"


ANALYSIS = Analysis(
    silence_and_competitors, headline, draw, family="rate", method=METHOD, needs=(TAKEN,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
