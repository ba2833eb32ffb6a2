"""Whether forecast deals are lost to competitors just as often as to the status quo."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.figures import Counted, Figure
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import clopper_pearson, equivalence_of_share, power_of_equivalence, share_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from postmortem.stats import ShareBounds, ShareEquivalence

HALF, MARGIN = 0.5, 0.1
NAMED = Need(
    "deals", ("lost_to_raw", "loss_reason_raw"), 10, "losses with a recorded taker",
    "fill in the field that says to whom a deal was lost", "taker",
    lambda _, rows: int(lost_rows(rows)["lost_to"].isin(("competitor", "status_quo")).sum()),
)  # fmt: skip
METHOD = (
    "Among losses recorded as taken by a competitor or by the status quo, pooled over the window, the share of "
    "competitors is tested for equivalence with one half: two one-sided exact binomial tests with a margin of "
    "ten points, shown with the 90% Clopper-Pearson interval that decides it. 'Equal' needs that interval "
    "inside 40 to 60%; 'different' needs the 95% interval to lie outside 40 to 60%; everything else cannot be told. "
    "Which side takes more is said only where that test passes the gate over all tests of the report (Benjamini and "
    "Hochberg, false discovery rate .03). Losses without a record are left out of the share, and the range they could "
    "move it to if all of them had gone to one side is shown beside it. A verdict that they could turn is not given: "
    "no side is said, and nothing tested, unless that range leaves out one half, and 'equal' needs the whole of it "
    "inside 40 to 60%."
)


def competitor_or_status_quo(cohort: Cohort) -> Result:
    """Do competitors and the status quo take equally many deals?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``verdict``, one row: ``verdict`` (equivalent, different, cannot tell), ``competitor`` and
        ``status_quo`` (deals), ``share`` of competitors among the two with ``low`` and ``high`` (90%, exact),
        ``p_equivalent`` (the larger one-sided p-value, of the record), ``power`` (of the record showing equality
        if it were exact), ``unrecorded`` (losses left out), ``lowest`` and ``highest`` (share if all of these had
        gone to one side). Table ``quarters``, one row a quarter of the window: ``quarter``, ``competitor``,
        ``status_quo``, ``n`` (both), ``share``, ``low``, ``high`` (95%, exact; withheld below ten losses). Table
        ``tests``, one row: ``hypothesis``, ``primary``, ``p`` (missing where the losses left out could turn the side),
        ``named``.

    Notes
    -----
    Refused below ten losses with a recorded taker. An interval knows chance and nothing of what was not written
    down; the bounds know only the latter. A verdict has to stand before both: "different" only where ``lowest`` to
    ``highest`` leaves out one half, so that the side that takes more is the same wherever the losses without a
    record went, and "equivalent" only where it lies inside the margin; otherwise it is "cannot tell". Where the
    bounds hold one half, p is missing too: a small p that reflects who writes down what would ease the gate for
    every other test of the report.

    References
    ----------
    Manski (1990), American Economic Review 80, 319–323, for the bounds.
    """
    lost = lost_rows(cohort.window_rows)
    competitor, status_quo = (int((lost["lost_to"] == to).sum()) for to in ("competitor", "status_quo"))
    named = competitor + status_quo
    if not NAMED.met(cohort):
        return ANALYSIS.lack(cohort, NAMED)
    unrecorded = int((lost["lost_to"] == "unknown").sum())
    test = equivalence_of_share(competitor, named, low=HALF - MARGIN, high=HALF + MARGIN)
    bounds = share_bounds(competitor, unrecorded, named + unrecorded)
    side_is_open = unrecorded > 0 and bounds.low <= HALF <= bounds.high
    p = math.nan if side_is_open else test.p_different
    frame = pd.DataFrame(
        {
            "verdict": [_verdict(test, bounds)],
            "competitor": [competitor],
            "status_quo": [status_quo],
            "share": [test.estimate],
            "low": [test.low90],
            "high": [test.high90],
            "p_equivalent": [max(test.p_lower, test.p_upper)],
            "power": [power_of_equivalence(named)],
            "unrecorded": [unrecorded],
            "lowest": [bounds.low],
            "highest": [bounds.high],
        }
    )
    columns = (
        Column("verdict", "label", "Verdict"),
        Column("competitor", "count", "To competitors"),
        Column("status_quo", "count", "To the status quo"),
        Column("share", "estimate", "Competitors' share (90% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("p_equivalent", "estimate", "p", shown=False),
        Column("power", "estimate", "Chance of seeing equality, if true", "share"),
        Column("unrecorded", "count", "Not recorded"),
        Column("lowest", "estimate", "Share at least", "share"),
        Column("highest", "estimate", "Share at most", "share"),
    )
    tables = {
        "verdict": Table(frame, columns, f"Competitors or the status quo, {cohort.window_label}"),
        "quarters": _quarters(lost, cohort),
        "tests": tests_table(
            "Whether one side takes more",
            [{"hypothesis": "one of the two sides takes clearly more deals", "primary": True, "p": p}],
        ),
    }
    caveats = ["The range beside the share is the 90% interval, which is the one that decides whether it is one half."]
    if unrecorded:
        caveats.append(
            f"{count(unrecorded, 'loss', 'losses')} without a recorded taker are left out; if records are missing "
            f"more often for one side, the share is off: it could be anything from {per_cent(bounds.low)} to "
            f"{per_cent(bounds.high)}."
        )
    return ANALYSIS.answer(tables, cohort, n_used=named, caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say equal, more often or cannot tell, with the two counts, the interval and what the silent losses could do."""
    row = tables["verdict"].first
    if any_missing(row["competitor"], row["status_quo"], row["share"], row["low"], row["high"]):
        return WITHHELD
    counts = f"{row['competitor']} against {row['status_quo']} recorded losses"
    share = f"competitors' share {per_cent(row['share'])}, {interval_text(row['low'], row['high'])}"
    silent = 0 if any_missing(row["unrecorded"]) else row["unrecorded"]
    more_losses = f"; for {silent:,} more the record does not say" if silent else ""
    if row["verdict"] == "equivalent":
        return (
            f"On record, competitors and the status quo take about equally many deals: {counts} ({share}){more_losses}."
        )
    if row["verdict"] == "different":
        if tables["tests"].first["named"] is not True:
            unequal = "competitors and the status quo do not take equally many deals"
            return f"Worth a look: on record, {unequal}: {counts} ({share}){more_losses}."
        more, fewer = max(row["competitor"], row["status_quo"]), min(row["competitor"], row["status_quo"])
        which = "competitors than to the status quo" if row["share"] > HALF else "the status quo than to competitors"
        return f"More losses on record went to {which}, {more} against {fewer} ({share}){more_losses}."
    if silent and _could_turn(row):
        more_losses = f"; {silent:,} more without a record could turn it"
    return f"Whether competitors or the status quo take more deals cannot be told yet: {counts} ({share}){more_losses}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the competitors' share quarter by quarter and pooled, against one half."""
    quarters = tables["quarters"].rows[["quarter", "share", "low", "high", "n"]]
    row = tables["verdict"].rows.iloc[[0]]
    pooled = row[["share", "low", "high"]].assign(quarter="All together", n=row["competitor"] + row["status_quo"])
    rows = pd.concat([quarters, pooled[list(quarters.columns)]], ignore_index=True)
    interval_dots(
        rows, axes, name="quarter", estimate="share", low="low", high="high", n="n", noun="loss",
        reference=HALF, reference_label="equally many",
    )  # fmt: skip


def _verdict(test: ShareEquivalence, bounds: ShareBounds) -> str:
    """Return the verdict of the record, or "cannot tell" where losses without a record could turn it."""
    if test.verdict == "different":
        stands = not bounds.low <= HALF <= bounds.high
    else:
        stands = bounds.low > HALF - MARGIN and bounds.high < HALF + MARGIN
    return test.verdict if stands else "cannot tell"


def _could_turn(row: Mapping[str, Any]) -> bool:
    """Return whether the silent losses leave the side open, or alone stand against an equality on record."""
    if any_missing(row["lowest"], row["highest"]):
        return False
    equal_on_record = row["low"] > HALF - MARGIN and row["high"] < HALF + MARGIN
    return bool(row["lowest"] <= HALF <= row["highest"] or equal_on_record)


def _quarters(lost: pd.DataFrame, cohort: Cohort) -> Table:
    rows = []
    for quarter in cohort.window:
        of_quarter = lost[lost["quarter"] == quarter.label]
        competitor, status_quo = (int((of_quarter["lost_to"] == to).sum()) for to in ("competitor", "status_quo"))
        estimate = clopper_pearson(competitor, competitor + status_quo)
        rows.append(
            {
                "quarter": quarter.label, "competitor": competitor, "status_quo": status_quo,
                "n": competitor + status_quo, "share": estimate.estimate, "low": estimate.low,
                "high": estimate.high,
            }
        )  # fmt: skip
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("competitor", "count", "To competitors"),
        Column("status_quo", "count", "To the status quo"),
        Column("n", "count", "Both", shown=False),
        Column("share", "estimate", "Competitors' share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "Quarter by quarter")


def _to_either(_: Cohort, rows: pd.DataFrame) -> Counted:
    lost = lost_rows(rows)
    either = lost[lost["lost_to"].isin(("competitor", "status_quo"))]
    return Counted(either, either["lost_to"] == "competitor")


COMPARABLE = (Figure("Competitor, not status quo", "recorded loss", _to_either),)
ANALYSIS = Analysis(
    competitor_or_status_quo, headline, draw, family="comparison", method=METHOD, needs=(NAMED,), comparable=COMPARABLE
)
