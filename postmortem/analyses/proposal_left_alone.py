"""Whether proposals that no two-way contact follows within a week are lost more often than the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.charts.incidence_lines import incidence_lines
from postmortem.frames.cohort import QUARTERS_BACK, Cohort
from postmortem.frames.proposals import (
    LOST,
    WON,
    known_before,
    numbers_before,
    proposals_sent,
    silent_stretches,
    two_way_contacts,
)
from postmortem.ground.formats import count, interval_text, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import cause_specific_cox, cumulative_incidence, e_value, risk_difference
from postmortem.stats.mean_difference import LEAST_FOR_SANDWICH
from postmortem.stats.risk_difference import RiskDifference

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LANDMARKS, DECLARED, HORIZON = (3, 7, 10, 14, 21), 7, 60
LOOK = 0.05
ALONE, FOLLOWED = "Left alone", "Followed up"
EITHER = Need(
    "events", ("kind", "side", "occurred_at"), 20,
    "losses after proposals left alone for a week, and after the others,",
    "export the activities of the deals, with the proposals sent and whether the buyer took part", "activities",
    lambda cohort, rows: _fewer_losses(_proposals(cohort, set(rows["quarter"])), DECLARED)
    if (cohort.book.table("events")["kind"] == "proposal_sent").any() else 0,
)  # fmt: skip
METHOD = (
    "Every deal whose first proposal went out in the window, in the forecast or not. Landmark design: deals still "
    "open 7 days after the proposal, exposed when no event of the buyer's or of both sides had followed by then, "
    "time counted from the landmark on, so that nobody has to survive to be exposed. Cumulative incidence of loss by "
    "day 60, winning a competing end, open deals censored (Aalen-Johansen). Declared primary: the difference of "
    "pseudo-values at day 7, adjusted for stage, amount and segment as known before the proposal. Its test compares "
    "proposals of one sales person with each other (score test stratified by sales person), its interval is "
    "clustered by sales person (CR2); under 20 sales people labels are permuted within them and nothing is adjusted. "
    "Repeated at 3, 10, 14 and 21 days. At least 20 losses in either group. E-value: how strongly something "
    "unmeasured, such as a sales person's sense of which deals are alive, would have to go with both to account for "
    "the difference, and for its limit nearer none. Second table: weeks without two-way contact as they stood three "
    "days before, time-varying, in cause-specific Cox models (Breslow ties, cluster sandwich), from day 3 to day 67. "
    "An association: sales people follow up deals that are warm."
)


def proposal_left_alone(cohort: Cohort) -> Result:
    """Are proposals lost more often when no two-way contact follows within a week?

    Parameters
    ----------
    cohort : Cohort
        Any kind: it gives the window and the day of the data. All deals with a first proposal in the window count.

    Returns
    -------
    Result
        Table ``landmarks``, one row a number of days after the proposal: ``landmark`` (days), ``declared`` (whether
        it is the one decided on beforehand), ``alone`` and ``followed`` (deals still open then), ``alone_lost`` and
        ``followed_lost`` (lost in the 60 days after it), ``alone_share`` (``alone_low``, ``alone_high``) and
        ``followed_share`` (``followed_low``, ``followed_high``), ``difference`` (adjusted) with ``low`` and ``high``,
        ``e_value`` and ``e_limit``. Table ``curves``, one row a group and day after the first week: ``group``,
        ``day``, ``share`` lost, ``share_low``, ``share_high``, ``at_risk``. Table ``silence``, one row an end:
        ``end``, ``ratio`` of the pace for every further week without two-way contact (``ratio_low``,
        ``ratio_high``), ``events``. Table ``tests``, one row a landmark, the declared one first: ``hypothesis``,
        ``primary``, ``p``, ``named``.

    Notes
    -----
    Refused below 20 losses in either group. Grouping deals by whether they were ever followed up would show a
    large difference where there is none, since a deal must live to be followed up.
    """
    if not EITHER.met(cohort):
        return ANALYSIS.lack(cohort, EITHER)
    every = proposals_sent(cohort.book, cohort.window, cohort.as_of)
    every = every.assign(
        **{f"{field}_before": known_before(cohort.book, every, field) for field in ("stage", "amount")}
    )
    owners = every["owner"].nunique()
    found = {days: _compared(every, days, adjusted=owners >= LEAST_FOR_SANDWICH) for days in LANDMARKS}
    declared = found[DECLARED]
    if declared is None or declared.difference.status == "refused":
        why = "a comparison of the two groups" if declared is None else declared.difference.why
        return ANALYSIS.refuse(cohort, why, unlock=EITHER.unlock, gap=EITHER.gap(cohort))
    tables = {
        "landmarks": _landmarks(every, found),
        "curves": _curves(every),
        "silence": _silence(every, two_way_contacts(cohort.book, every)),
        "tests": _tests(found),
    }
    caveats = [
        f"All {count(len(every), 'deal')} whose first proposal went out in {cohort.window_label} are looked at, in the "
        "forecast or not; the days begin a week after the proposal, among deals still open then.",
        "Sales people follow up the deals they believe in, and a buyer who has decided does not answer. That alone can "
        "make such a difference; the last two columns say how strong it would have to be.",
    ]
    if owners < LEAST_FOR_SANDWICH:
        caveats.append(f"With {count(owners, 'sales person', 'sales people')} the comparison is not adjusted.")
    used = int(cohort.table["deal_id"].isin(every["deal_id"]).sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say how much more often proposals left alone were lost, as far as it may be said."""
    rows, test = tables["landmarks"].rows, tables["tests"].first
    row = rows[rows["declared"]].to_dict("records")[0]
    if any_missing(row["difference"], row["low"], row["high"], row["alone"], row["followed"]):
        return WITHHELD
    span = interval_text(row["low"], row["high"], "points")
    base = f"{row['alone']:,} of them against {row['followed']:,} others"
    without = "roposals without a two-way contact in their first week"
    if test["named"] is True:
        way = "more" if row["difference"] > 0 else "less"
        apart = points(abs(row["difference"])).removeprefix("+")
        low, high = (row["low"], row["high"]) if way == "more" else (-row["high"], -row["low"])
        sure = interval_text(low, high, "points")
        return f"P{without} were lost {apart} {way} often in the 60 days after it ({sure}; {base})."
    if not any_missing(test["p"]) and test["p"] < LOOK:
        told = "and the others were lost unequally often in the 60 days after it"
        return f"Worth a look: p{without} {told} ({span}; {base})."
    return f"Whether p{without} are lost more often cannot be told ({points(row['difference'])}, {span}; {base})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share lost by day for both groups."""
    incidence_lines(
        tables["curves"].rows, axes, group="group", day="day", share="share", low="share_low", high="share_high",
        at_risk="at_risk", horizon=HORIZON, since="the end of the proposal's first week", noun="proposal",
    )  # fmt: skip


def _proposals(cohort: Cohort, labels: set[str]) -> pd.DataFrame:
    """Return the deals whose first proposal was sent in the quarters of these labels."""
    quarters = [quarter for quarter in cohort.focus.trailing(QUARTERS_BACK + 1) if quarter.label in labels]
    return proposals_sent(cohort.book, quarters, cohort.as_of)


def _at(every: pd.DataFrame, days: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the deals still open so many days after the proposal, time counted from then, and who was left alone."""
    still = every[every["end"] > days]
    return still.assign(time=still["end"] - days), (~(still["first_contact"] <= days)).to_numpy()


def _losses(still: pd.DataFrame) -> np.ndarray:
    return np.asarray((still["cause"] == LOST) & (still["time"] <= HORIZON))


def _fewer_losses(every: pd.DataFrame, days: int) -> int:
    """Return the losses by the horizon in the group that has fewer."""
    still, alone = _at(every, days)
    lost = _losses(still)
    return int(min(lost[alone].sum(), lost[~alone].sum()))


def _compared(every: pd.DataFrame, days: int, *, adjusted: bool) -> RiskDifference | None:
    if _fewer_losses(every, days) < EITHER.least:
        return None
    still, alone = _at(every, days)
    known = numbers_before(still, alone) if adjusted else np.empty((len(still), 0))
    return risk_difference(
        still["time"], still["cause"], alone, still["owner"], of=LOST, horizon=HORIZON,
        covariates=known if known.shape[1] else None,
    )  # fmt: skip


def _landmarks(every: pd.DataFrame, found: dict[int, RiskDifference | None]) -> Table:
    rows = []
    for days, answer in found.items():
        still, alone = _at(every, days)
        lost = _losses(still)
        row: dict[str, Any] = {"landmark": days, "declared": days == DECLARED}
        for name, group in (("alone", alone), ("followed", ~alone)):
            row |= {name: int(group.sum()), f"{name}_lost": int(lost[group].sum())}
            row |= dict.fromkeys((f"{name}_share", f"{name}_low", f"{name}_high"), np.nan)
            if answer is not None:
                share = cumulative_incidence(still["time"][group], still["cause"][group], causes=(LOST, WON))
                at = share.at(HORIZON, LOST)
                row |= {f"{name}_share": at.estimate, f"{name}_low": at.low, f"{name}_high": at.high}
        apart = None if answer is None else answer.difference
        gap = (np.nan,) * 3 if apart is None else (apart.estimate, apart.low, apart.high)
        row |= dict(zip(("difference", "low", "high"), gap, strict=True))
        row |= dict(zip(("e_value", "e_limit"), _e_values(row["followed_share"], *gap), strict=True))
        rows.append(row)
    frame = pd.DataFrame(rows)[[column.name for column in _landmark_columns()]]
    return Table(frame, _landmark_columns(), "Proposals still open so many days after they were sent")


def _landmark_columns() -> tuple[Column, ...]:
    return (
        Column("landmark", "count", "Days after the proposal"),
        Column("declared", "label", "Decided on beforehand", shown=False),
        Column("alone", "count", "Left alone"),
        Column("alone_lost", "count", "Lost in 60 days"),
        Column("alone_share", "estimate", "Share (95% interval)", "share", low="alone_low", high="alone_high"),
        Column("alone_low", "estimate", "Low", "share", shown=False),
        Column("alone_high", "estimate", "High", "share", shown=False),
        Column("followed", "count", "Followed up"),
        Column("followed_lost", "count", "Lost in 60 days"),
        Column("followed_share", "estimate", "Share (95% interval)", "share", low="followed_low", high="followed_high"),
        Column("followed_low", "estimate", "Low", "share", shown=False),
        Column("followed_high", "estimate", "High", "share", shown=False),
        Column("difference", "estimate", "Difference, like with like", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("e_value", "estimate", "Hidden tie to both that would undo it"),
        Column("e_limit", "estimate", "The same for the nearer limit"),
    )


def _e_values(other: float, difference: float, low: float, high: float) -> tuple[float, float]:
    """Return the E-value of the difference as a ratio to the others' share, and that of its limit nearer none."""
    nearer = low if difference > 0 else high
    if not other > 0 or not other + difference > 0 or not np.isfinite(nearer):
        return np.nan, np.nan
    limit = 1.0 if low <= 0 <= high or not other + nearer > 0 else e_value((other + nearer) / other)
    return e_value((other + difference) / other), limit


def _curves(every: pd.DataFrame) -> Table:
    still, alone = _at(every, DECLARED)
    parts = []
    for name, group in ((ALONE, alone), (FOLLOWED, ~alone)):
        curve = cumulative_incidence(still["time"][group], still["cause"][group], causes=(LOST, WON))
        near = curve.times <= HORIZON
        parts.append(
            pd.DataFrame(
                {
                    "group": name, "day": curve.times[near].astype(np.int64), "share": curve.incidence[near, 0],
                    "share_low": curve.low[near, 0], "share_high": curve.high[near, 0],
                    "at_risk": curve.at_risk[near].astype(np.int64),
                }
            )
        )  # fmt: skip
    columns = (
        Column("group", "label", "In the first week"),
        Column("day", "count", "Days after it"),
        Column("share", "estimate", "Lost (95% interval)", "share", low="share_low", high="share_high"),
        Column("share_low", "estimate", "Low", "share", shown=False),
        Column("share_high", "estimate", "High", "share", shown=False),
        Column("at_risk", "count", "Still open before"),
    )
    frame = pd.concat(parts, ignore_index=True).astype({"group": "str"})
    return Table(frame, columns, "Share lost by day, from a week after the proposal", detail=True)


def _silence(every: pd.DataFrame, contacts: pd.DataFrame) -> Table:
    """Return how the pace of each end changes with every further week without two-way contact."""
    rows = silent_stretches(every, contacts, DECLARED + HORIZON)
    models = cause_specific_cox(
        rows["start"], rows["stop"], rows["cause"], rows[["weeks"]].to_numpy(dtype=np.float64), names=("weeks",),
        clusters=rows["owner"], causes=(LOST, WON),
    )  # fmt: skip
    ratios = [model.ratios[0].ratio for model in models]
    frame = pd.DataFrame(
        {
            "end": ["Lost", "Won"],
            "ratio": [ratio.estimate for ratio in ratios],
            "ratio_low": [ratio.low for ratio in ratios],
            "ratio_high": [ratio.high for ratio in ratios],
            "events": [model.events for model in models],
        }
    )
    columns = (
        Column("end", "label", "End"),
        Column("ratio", "estimate", "Pace, per week of silence (95%)", low="ratio_low", high="ratio_high"),
        Column("ratio_low", "estimate", "Low", shown=False),
        Column("ratio_high", "estimate", "High", shown=False),
        Column("events", "count", "Deals"),
    )
    return Table(frame, columns, "How fast open proposals end, by weeks without two-way contact three days before")


def _tests(found: dict[int, RiskDifference | None]) -> Table:
    order = sorted(found, key=lambda days: (days != DECLARED, days))
    return tests_table(
        "Whether proposals left alone are lost more or less often",
        [
            {
                "hypothesis": f"proposals left alone for {days} days are lost more or less often in the 60 days after",
                "primary": days == DECLARED,
                "p": np.nan if (answer := found[days]) is None else answer.p,
            }
            for days in order
        ],
    )


ANALYSIS = Analysis(proposal_left_alone, headline, draw, family="comparison", method=METHOD, needs=(EITHER,))
