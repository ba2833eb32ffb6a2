"""How large a part of the deals was lost, or of the losses one party took: overall, by segment, stage or product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from postmortem.analyses.contract import AT_ONCE, WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.clusterings import clusterings
from postmortem.frames.cohort import Cohort, Measure, measured
from postmortem.frames.figures import Counted, Figure
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import LEAST_EVENTS, stratified_association, wilson
from postmortem.stats.clusters import wider_difference
from postmortem.stats.estimate import p_beside
from postmortem.stats.permutation import homogeneity_by_permutation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 12
LOOK = 0.05
ALL, NOT_RECORDED = "All", "not recorded"
TOOK = {"competitor": "Competitors took", "status_quo": "The status quo took"}
BY_LABELS = {
    "segment": "segment", "stage": "stage", "product": "product", "region": "region", "team": "team",
    "deal_type": "type of deal",
}  # fmt: skip
ENOUGH = Need(
    "deals", ("outcome",), 10, "deals", "export more past quarters, lost deals as well as won ones", "deals",
    lambda _, rows: len(rows),
)  # fmt: skip
NAMED = Need(
    "deals", ("lost_to_raw", "loss_reason_raw"), ENOUGH.least, "losses with a recorded taker",
    "fill in the field that says to whom a deal was lost", "taker",
    lambda _, rows: len(measured(rows, "competitor")[0]),
)  # fmt: skip
STAGES = Need(
    "history", ("field", "changed_at", "new_value"), 1, "records of the stages as they were",
    "export the CRM's field history", "history", lambda cohort, _: int((cohort.kind != "closed") * len(cohort.table)),
    "record",
)  # fmt: skip
BASE = {"lost": "deal", "competitor": "loss with a recorded taker", "status_quo": "loss with a recorded taker"}
BASES = {"deal": "deals", "loss with a recorded taker": "losses with a recorded taker"}
COUNTED = {"lost": "Lost", "competitor": "To competitors", "status_quo": "To the status quo"}
TITLES = {"lost": "Share of deals lost", "competitor": "Competitors' share of losses",
          "status_quo": "The status quo's share of losses"}  # fmt: skip
METHOD = (
    "Lost deals over all deals, or the losses one party took over all losses whose taker is recorded, pooled over "
    "the window, with Wilson intervals; groups below ten, or with fewer than five of either kind, get counts only. "
    "Whether groups differ at all is one test: the chi-squared statistic of homogeneity against its permutation "
    "distribution, outcomes shuffled among each sales person's own deals, so that one person's habits are no "
    "evidence. Below .05 the page says 'worth a look'. A group is named only where this test passes the gate over "
    "all tests of the report (Benjamini and Hochberg, false discovery rate .03) and, inside it, the "
    "Cochran-Mantel-Haenszel test of the group against all others, stratified by sales person, its p-value at least "
    ".05 where the interval of that difference (the wider of Newcombe's and the cluster-robust one by sales person or "
    "customer) holds none. Groups are never compared two by two."
)


def loss_share(
    cohort: Cohort,
    *,
    measure: Measure = "lost",
    by: Literal["segment", "stage", "product", "region", "team", "deal_type"] = "segment",
) -> Result:
    """Which deals are lost, and to whom, more often than others?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.
    measure : {"lost", "competitor", "status_quo"}
        Share of deals lost, or share of the losses with a recorded taker that one party took.
    by : str
        Column of the cohort to split by. ``stage`` needs a forecast cohort: the stage of a closed deal is
        only the word for its end.

    Returns
    -------
    Result
        Table ``groups``, one row per group and one for all: ``group``, ``n`` (deals, or losses with a recorded
        taker), ``events`` (those that count), ``share`` with ``low`` and ``high`` (95%; withheld for small
        groups), ``difference`` of the share to that of all others with ``apart_low`` and ``apart_high`` (likewise).
        Table ``tests``, one row for all groups at once (primary) and one for each group with a share
        against all others: ``hypothesis``, ``group``, ``primary``, ``p``, ``named``. Table ``asked``, one row:
        ``measure``, ``by``.

    Notes
    -----
    Refused below ten deals (or losses with a recorded taker), and where the column is empty.
    """
    asked: dict[str, Any] = {"measure": measure, "by": by}
    if by == "stage" and cohort.kind == "closed":
        missing = "the stage each deal was in before it closed"
        return ANALYSIS.refuse(cohort, missing, unlock=STAGES.unlock, gap=STAGES.gap(cohort), **asked)
    # The shuffles below are drawn row by row, so the rows need an order of their own.
    base, counted = measured(cohort.window_rows.sort_values(["quarter", "deal_id"]), measure)
    need = ENOUGH if measure == "lost" else NAMED
    if not need.met(cohort):
        return ANALYSIS.lack(cohort, need, **asked)
    if base[by].isna().all():
        missing, unlock = f"the {BY_LABELS[by]} of the deals, which the data do not have", f"export the {BY_LABELS[by]}"
        return ANALYSIS.refuse(cohort, missing, unlock=unlock, gap=Gap(AT_ONCE), **asked)
    groups = base[by].fillna(NOT_RECORDED)
    sizes = groups.value_counts()
    ordered = sorted((str(name) for name in sizes.index), key=lambda name: (-sizes[name], name))
    frame = pd.DataFrame([_row(ALL, counted), *(_row(name, counted[groups == name]) for name in ordered)])
    frame = pd.concat([frame, _apart(base, by, counted.to_numpy(dtype=np.int8), frame)], axis=1)
    columns = (
        Column("group", "label", BY_LABELS[by].capitalize()),
        Column("n", "count", BASES[BASE[measure]].capitalize()),
        Column("events", "count", COUNTED[measure]),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("difference", "estimate", "Against all others", "points", low="apart_low", high="apart_high"),
        Column("apart_low", "estimate", "Low", "points", shown=False),
        Column("apart_high", "estimate", "High", "points", shown=False),
    )
    tables = {
        "groups": Table(frame, columns, f"{TITLES[measure]} by {BY_LABELS[by]}, {cohort.window_label}"),
        "tests": _tests(base, counted, measure, by, frame),
        "asked": _asked(measure, by),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(base), **asked)


def headline(tables: Tables) -> str:
    """Say the overall share, and whether groups differ by more than chance would make them."""
    every, groups = tables["groups"].first, tables["groups"].rows.iloc[1:]
    measure, by = (tables["asked"].first[name] for name in ("measure", "by"))
    test, by = tables["tests"].first, BY_LABELS[by]
    if any_missing(every["events"], every["n"]):
        return WITHHELD
    told = f"{every['events']:,} of {count(every['n'], BASE[measure], BASES[BASE[measure]])}"
    told = (
        f"{told} {'was' if every['events'] == 1 else 'were'} lost" if measure == "lost" else f"{TOOK[measure]} {told}"
    )
    if not any_missing(every["share"], every["low"], every["high"]):
        told += f" ({per_cent(every['share'])}, {interval_text(every['low'], every['high'])})"
    if not any_missing(*groups["n"]) and int((groups["n"] > 0).sum()) < 2:
        return f"{told}; there is only one {by} to look at."
    if any_missing(test["p"]):
        recorded = groups.loc[groups["group"] != NOT_RECORDED, "n"]
        if any_missing(*recorded) or not 0 < every["events"] < every["n"] or int((recorded > 0).sum()) < 2:
            return f"{told}."
        return f"{told}; differences by {by} cannot be told from those between sales people."
    if test["named"] is True:
        apart = _standing_apart(tables) or f"the share is not the same in every {by}, by more than chance"
        return f"{told}; {apart}."
    if test["p"] >= LOOK:
        return f"{told}; differences by {by} cannot be told from chance."
    return f"{told}. Worth a look: the share is not the same in every {by}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share of each group with its interval, beside the share over all of them."""
    table = tables["groups"]
    noun = BASE[tables["asked"].first["measure"]].split()[0]
    interval_dots(
        table.rows.head(SHOWN + 1), axes, name="group", estimate="share", low="low", high="high", n="n",
        noun=noun, reference=table.first["share"], reference_label="all",
    )  # fmt: skip


def _row(group: str, counted: pd.Series) -> dict[str, object]:
    n, events = len(counted), int(counted.sum())
    share = wilson(events, n, least_events=LEAST_EVENTS)
    shown = share.status != "refused"
    return {
        "group": group, "n": n, "events": events,
        "share": share.estimate if shown else np.nan, "low": share.low, "high": share.high,
    }  # fmt: skip


def _apart(base: pd.DataFrame, by: str, counted: np.ndarray, shown: pd.DataFrame) -> pd.DataFrame:
    """Return how far the share of each group that has one is from that of all others; not of deals of no group."""
    known = base[by].notna().to_numpy()
    groups, labels = base.loc[known, by].astype("str").to_numpy(), clusterings(base[known])
    rows = []
    for place, row in enumerate(shown.to_dict("records")):
        found = None
        if place and not np.isnan(row["share"]) and (groups == row["group"]).any():
            found = wider_difference(counted[known], groups == row["group"], labels)
        rows.append((np.nan,) * 3 if found is None else (found.estimate, found.low, found.high))
    return pd.DataFrame(rows, columns=["difference", "apart_low", "apart_high"], dtype="float64")


def _tests(base: pd.DataFrame, counted: pd.Series, measure: str, by: str, shown: pd.DataFrame) -> Table:
    """Return the test of all groups at once, and of each group with a share against all others."""
    known = base[by].notna()
    happened, groups = counted[known].to_numpy(dtype=bool), base[by][known].astype("str").to_numpy()
    owners = base["owner_id"].fillna(NOT_RECORDED)[known].astype("str").to_numpy()
    title = TITLES[measure].lower()
    rows: list[dict[str, object]] = [
        {
            "hypothesis": f"{title} differs by {BY_LABELS[by]}",
            "primary": True,
            "p": homogeneity_by_permutation(happened, groups, owners),
        }
    ]
    apart = shown.set_index("group").to_dict("index")
    estimated = set(shown.loc[shown["share"].notna(), "group"].iloc[1:]) & set(groups)
    rows += [
        {
            "hypothesis": f"{title} in one {BY_LABELS[by]} differs from all others",
            "primary": False,
            "group": group,
            "p": p_beside(
                stratified_association(groups == group, happened, owners).p,
                apart[group]["apart_low"],
                apart[group]["apart_high"],
            ),
        }
        for group in shown["group"].iloc[1:]
        if group in estimated
    ]
    return tests_table("Whether the groups differ", rows, group=Column("group", "label", BY_LABELS[by].capitalize()))


def _standing_apart(tables: Tables) -> str:
    """Return the groups that were named, each with its share and its direction; at most two, the surest first."""
    groups, tests = tables["groups"].keyed("group"), tables["tests"].rows
    told = []
    for test in tests[~tests["primary"] & tests["named"].fillna(False)].sort_values("p").to_dict("records"):
        row = groups.get(str(test["group"]))
        if row is None or any_missing(row["share"], row["difference"], row["apart_low"], row["apart_high"]):
            continue
        more = "more" if row["difference"] > 0 else "less"
        span = interval_text(row["apart_low"], row["apart_high"], "points")
        share = f"{per_cent(row['share'])}, {points(row['difference'])} against all others, {span}"
        told.append(f"{more} often in {spoken(row['group'], 'one of them')} ({share})")
    return " and ".join(told[:2])


def _asked(measure: str, by: str) -> Table:
    columns = (Column("measure", "label", "Share of", shown=False), Column("by", "label", "Split by", shown=False))
    return Table(pd.DataFrame({"measure": [measure], "by": [by]}), columns, "What was asked", detail=True)


COMPARABLE = (Figure("Deals lost", "deal", lambda _, rows: Counted(*measured(rows, "lost"))),)
ANALYSIS = Analysis(
    loss_share, headline, draw, family="comparison", method=METHOD, needs=(ENOUGH, NAMED), comparable=COMPARABLE
)
