"""Whether the share of deals lost, or won, by a day set beforehand differs between groups of deals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from postmortem.analyses.contract import AT_ONCE, WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.charts.incidence_lines import incidence_lines
from postmortem.frames.cohort import Cohort
from postmortem.frames.followed import Followed, followed
from postmortem.ground.fates import LOST, OPEN, WON
from postmortem.ground.formats import interval_text, per_cent, points
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import cause_specific_logrank, gray_test
from postmortem.stats.grouped_risk import GroupedRisk, GroupRisk, grouped_risk

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK = 0.05
NOBODY = "nobody"
BY_LABELS = {"segment": "segment", "region": "region", "product": "product", "deal_type": "type of deal"}
OF = {"lost": LOST, "won": (WON,), "competitor": ("lost_competitor",), "status_quo": ("lost_status_quo",)}
SAID = {"lost": "lost", "won": "won", "competitor": "lost to competitors", "status_quo": "lost to the status quo"}
ENDED = Need(
    "deals", ("outcome", "closed_at"), 10, "deals that have been won or lost by now", "export more past quarters",
    "deals", lambda _, rows: int(rows.loc[rows["ultimate"].ne(OPEN) & rows["closed_at"].notna(), "deal_id"].nunique()),
)  # fmt: skip
UNDATED = "the day from which each deal was forecast, or stood in a late stage; closed deals alone do not tell it"
UNLOCK = "export the CRM's field history of stages and forecast categories"
METHOD = (
    "Each deal of the window once, from the day it came into the data to its close; deals still open leave on the "
    "last day known, as open. The share that met the end by the horizon is an Aalen-Johansen cumulative incidence, "
    "all other ends competing. Groups are compared at one horizon, set beforehand: jackknife pseudo-values of the "
    "cumulative incidence in a linear model, each group against all others, its interval clustered by sales person "
    "(CR2, Satterthwaite's degrees of freedom); its test compares deals of one sales person with each other where "
    "most of the comparison lies within sales people, else it is the interval's; under twenty sales people, and "
    "where few of them hold a group, labels are permuted instead. With more than two groups the primary p is the "
    "smallest one times their number. Gray's test stands beside it as the custom of the field and ignores that deals "
    "of one sales person hang together; the cause-specific log-rank test asks about the pace among deals still open, "
    "which is another question. Groups below ten deals get counts only. A group is named only where the comparison "
    "passes the gate over all tests of the report (Benjamini and Hochberg, false discovery rate .03)."
)


def time_to_loss_by_group(
    cohort: Cohort,
    *,
    by: Literal["segment", "region", "product", "deal_type"] = "segment",
    fate: Literal["lost", "won", "competitor", "status_quo"] = "lost",
    horizon: int = 90,
) -> Result:
    """Are as many deals lost by a set day in every group of deals?

    Parameters
    ----------
    cohort : Cohort
        Of kind first_forecast, forecast or late_stage; the window is pooled. Days count from the first forecast,
        or from the day the deal came into the cohort, since pseudo-values know no delayed entry.
    by : str
        Column of the cohort whose groups are compared.
    fate : {"lost", "won", "competitor", "status_quo"}
        Which end is compared.
    horizon : int
        Day on which groups are compared; set it before looking.

    Returns
    -------
    Result
        Table ``groups``, one row a group: ``group``, ``n`` (deals), ``events`` (met the end by the horizon), ``share``
        with ``low`` and ``high`` (95%), ``difference`` (minus all others) with ``diff_low`` and ``diff_high`` (95%).
        Table ``curve``, one row a group and day on which its share moves: ``group``, ``day``, ``share``, ``low``,
        ``high``, ``at_risk`` (deals followed just before). Table ``customary``, one row a test of the field: ``test``,
        ``asks``, ``p`` (missing where it cannot be had). Table ``tests``, one row for all groups at once (primary) and
        one for each group against all others: ``hypothesis``, ``group``, ``primary``, ``p``, ``named``. Table
        ``asked``, one row: ``since`` (what days count from), ``horizon``, ``by``, ``fate``.

    Notes
    -----
    Refused for closed deals, below ten deals that have ended, and where the column is empty.
    """
    params: dict[str, Any] = {"by": by, "fate": fate, "horizon": horizon}
    if cohort.kind not in ANALYSIS.frames:
        return ANALYSIS.refuse(cohort, UNDATED, unlock=UNLOCK, gap=Gap(AT_ONCE), **params)
    if not ENDED.met(cohort):
        return ANALYSIS.lack(cohort, ENDED, **params)
    deals = followed(cohort, from_entry=True)
    rows = deals.rows[deals.rows[by].notna()]
    if rows.empty:
        missing = f"the {BY_LABELS[by]} of the deals, which the data do not have"
        return ANALYSIS.refuse(cohort, missing, unlock=f"export the {BY_LABELS[by]}", gap=Gap(AT_ONCE), **params)
    days, group = rows["days"].to_numpy(), rows[by].astype("str").to_numpy()
    cause = np.where(rows["ultimate"].isin(OF[fate]), 1, np.where(rows["ultimate"] == OPEN, 0, 2))
    owners = rows["owner_id"].fillna(NOBODY).astype("str").to_numpy()
    found = grouped_risk(days, cause, group, owners, of=1, horizon=horizon)
    tables = {
        "groups": _groups(found, by, fate, horizon),
        "curve": _curves(found, by, fate),
        "customary": _customary(days, cause, group),
        "tests": _tests(found, by, fate, horizon),
        "asked": _asked(deals, by, fate, horizon),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), **params)


def headline(tables: Tables) -> str:
    """Say how the share lies in the groups by the horizon, and whether that is more than chance."""
    asked, test = tables["asked"].first, tables["tests"].first
    rows = tables["groups"].records
    if any_missing(asked["horizon"], *(row[name] for row in rows for name in ("n", "events"))):
        return WITHHELD
    by = BY_LABELS[asked["by"]]
    then = f"{SAID[asked['fate']]} by day {asked['horizon']} after {asked['since']}"
    shown = [row for row in rows if not any_missing(row["share"], row["low"], row["high"])]
    if len(rows) < 2:
        return f"There is only one {by} to look at{f'; there {_part(shown[0])} were {then}' if shown else ''}."
    if len(shown) < 2 or any_missing(test["p"]):
        return f"There is too little to compare the share {then} between groups by {by}."
    if len(shown) == 2:
        first, second = (f"{_part(row)} in {spoken(row['group'], 'one of them')}" for row in shown)
        told = f"{first} and {second} were {then}"
        apart = shown[0]
        if len(rows) == 2 and not any_missing(apart["difference"], apart["diff_low"], apart["diff_high"]):
            gap = interval_text(apart["diff_low"], apart["diff_high"], "points")
            told += f": {points(apart['difference'])} ({gap})"
    else:
        ends = sorted(shown, key=lambda row: (row["share"], row["low"]))
        told = f"From {_part(ends[0])} to {_part(ends[-1])} of the deals of a {by} were {then}"
    if test["named"] is True:
        return f"{told}; {_named(tables, by)}."
    if test["p"] >= LOOK:
        return f"{told}; differences by {by} cannot be told from chance."
    return f"Worth a look: {told[0].lower()}{told[1:]}; that is not the same in every {by}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw one line a group with its interval, set side by side at the horizon."""
    asked = tables["asked"].first
    day = None if any_missing(asked["horizon"]) else float(asked["horizon"])
    incidence_lines(
        tables["curve"].rows, axes, group="group", day="day", share="share", low="low", high="high", at_risk="at_risk",
        horizon=day, since=spoken(asked["since"], "the start"),
    )  # fmt: skip


SHARE = (
    Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
    Column("low", "estimate", "Low", "share", shown=False),
    Column("high", "estimate", "High", "share", shown=False),
)


def _part(row: dict[str, Any]) -> str:
    return f"{per_cent(row['share'])} ({interval_text(row['low'], row['high'])})"


def _named(tables: Tables, by: str) -> str:
    """Return the groups that were named, the surest first; at most two."""
    tests, groups = tables["tests"].rows, tables["groups"].keyed("group")
    surest = tests[~tests["primary"] & tests["named"].fillna(False)].sort_values("p")["group"].head(2)
    rows = [groups[str(name)] for name in surest if str(name) in groups]
    told = [
        f"{'more' if row['difference'] > 0 else 'fewer'} in {spoken(row['group'], 'one of them')} than in the others"
        for row in rows
        if not any_missing(row["difference"])
    ]
    return " and ".join(told) or f"the share is not the same in every {by}, by more than chance"


def _groups(found: GroupedRisk, by: str, fate: str, horizon: int) -> Table:
    rows = [_group(each) for each in found.groups]
    columns = (
        Column("group", "label", BY_LABELS[by].capitalize()), Column("n", "count", "Deals"),
        Column("events", "count", f"{SAID[fate].capitalize()} by day {horizon}"), *SHARE,
        Column("difference", "estimate", "Minus all others (95% interval)", "points", low="diff_low", high="diff_high"),
        Column("diff_low", "estimate", "Low", "points", shown=False),
        Column("diff_high", "estimate", "High", "points", shown=False),
    )  # fmt: skip
    return Table(pd.DataFrame(rows), columns, f"Share {SAID[fate]} by day {horizon}, by {BY_LABELS[by]}")


def _group(each: GroupRisk) -> dict[str, object]:
    share, apart = each.share, each.against_others.difference
    return {
        "group": str(each.group), "n": each.n, "events": each.events,
        "share": share.estimate, "low": share.low, "high": share.high,
        "difference": apart.estimate, "diff_low": apart.low, "diff_high": apart.high,
    }  # fmt: skip


def _curves(found: GroupedRisk, by: str, fate: str) -> Table:
    """Return the steps of every group's curve; a group too small has one row without a share."""
    parts = []
    for each in found.groups:
        curve = each.curve
        steps = curve.events[:, 0] > 0
        steps[-1:] = True
        part = pd.DataFrame(
            {"day": curve.times[steps].astype("int64"), "share": curve.incidence[steps, 0], "low": curve.low[steps, 0],
             "high": curve.high[steps, 0], "at_risk": curve.at_risk[steps].astype("int64")}
        )  # fmt: skip
        if part.empty:
            part = pd.DataFrame({"day": [0], "share": np.nan, "low": np.nan, "high": np.nan, "at_risk": [each.n]})
        part.insert(0, "group", str(each.group))
        parts.append(part)
    columns = (
        Column("group", "label", BY_LABELS[by].capitalize()), Column("day", "count", "Day"), *SHARE,
        Column("at_risk", "count", "Still followed"),
    )  # fmt: skip
    return Table(pd.concat(parts, ignore_index=True), columns, f"Share {SAID[fate]}, day by day", detail=True)


def _customary(days: np.ndarray, cause: np.ndarray, group: np.ndarray) -> Table:
    """Return the two tests that readers of the field look for, each with the question it speaks to."""
    found = [gray_test(days, cause, group, of=1), cause_specific_logrank(days, cause, group, of=1)]
    frame = pd.DataFrame(
        {"test": ["Gray", "Log-rank, one end only"], "asks": [each.question for each in found],
         "p": [each.p for each in found]}
    )  # fmt: skip
    columns = (
        Column("test", "label", "Test"), Column("asks", "text", "What it asks"),
        Column("p", "estimate", "Chance of such curves if alike"),
    )  # fmt: skip
    return Table(frame, columns, "Tests customary in the field, which take all deals as unrelated", detail=True)


def _tests(found: GroupedRisk, by: str, fate: str, horizon: int) -> Table:
    what, label = f"share {SAID[fate]} by day {horizon}", BY_LABELS[by]
    rows: list[dict[str, object]] = [{"hypothesis": f"{what} differs by {label}", "primary": True, "p": found.p}]
    rows += [
        {"hypothesis": f"{what} in one {label} differs from all others", "primary": False, "group": str(each.group),
         "p": each.against_others.p}
        for each in found.groups
        if not np.isnan(each.against_others.p)
    ]  # fmt: skip
    return tests_table("Whether the groups differ", rows, group=Column("group", "label", label.capitalize()))


def _asked(deals: Followed, by: str, fate: str, horizon: int) -> Table:
    frame = pd.DataFrame({"since": [deals.since], "horizon": [horizon], "by": [by], "fate": [fate]})
    columns = (
        Column("since", "label", "Days count from"), Column("horizon", "count", "Day of the comparison"),
        Column("by", "label", "Split by", shown=False), Column("fate", "label", "End compared", shown=False),
    )  # fmt: skip
    return Table(frame, columns, "What was asked", detail=True)


ANALYSIS = Analysis(
    time_to_loss_by_group, headline, draw, family="comparison", method=METHOD, needs=(ENDED,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
