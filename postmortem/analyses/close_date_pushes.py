"""Whether deals that had been put off before are lost more often, and what became of those that slipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.book.reductions import close_date_moves
from postmortem.charts.stacked_shares import stacked_shares
from postmortem.frames.cohort import Cohort, CohortKind
from postmortem.frames.known import Record
from postmortem.ground.fates import LOST, PUSHED_EARLY, SLIPPED, WON
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import (
    LEAST_EVENTS,
    StratifiedAssociation,
    clustered_difference,
    newcombe,
    stratified_association,
    wilson,
)
from postmortem.stats.estimate import p_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIELD = "expected_close_date"
OBSERVED: tuple[CohortKind, ...] = ("forecast", "late_stage", "first_forecast")
MOVES = Need(
    "history", ("field", "changed_at", "old_value", "new_value"), 1, "records of expected closes as they were",
    "export the CRM's field history of close dates, or keep copies of the pipeline", "history",
    lambda cohort, _: 0 if cohort.kind == "closed" else len(_written(cohort)), "record",
)  # fmt: skip
TWICE = 2
UNTOLD = "Not on record"
GROUPS = ("Never", "Once", "Twice or more", UNTOLD)
PARTS = (WON, "lost", SLIPPED)
PART_LABELS = {"lost": "Lost", SLIPPED: "Open at quarter end"}
NO_REP = "no owner"
LOOK = 0.05
METHOD = (
    "For every deal, moves of the expected close to a later day that were written before the end of its snapshot day "
    "are counted; nothing after it is seen, so that being open longer cannot make for more of them. Outcome: won or "
    "lost by quarter end, over the pooled window; deals still open then are shown beside. One primary test: Cochran, "
    "Mantel and Haenszel's score test of two or more pushes against fewer among deals won or lost, stratified by sales "
    "person. The difference of the shares lost has the wider of Newcombe's interval and one clustered by sales person; "
    "the ratio is Mantel and Haenszel's. Deals older than the record of changes, whose first expected close is not in "
    "it, count as not on record. Where only stored copies tell expected closes, moves between two copies count once."
)


def close_date_pushes(cohort: Cohort) -> Result:
    """Are deals that had been put off before lost more often?

    Parameters
    ----------
    cohort : Cohort
        Any kind that observes deals from a day on: forecast, late-stage or newly forecast deals.

    Returns
    -------
    Result
        Table ``pushes``, one row a group: ``pushed`` (how often the expected close had been moved later by the
        snapshot), ``deals``, ``won``, ``lost``, ``open`` (at quarter end), ``decided`` (won or lost), ``share``
        lost of those decided with ``low`` and ``high``. Table ``comparison``, one row: twice or more against fewer:
        ``difference`` of the shares, ``low``, ``high``, ``ratio``, ``ratio_low``, ``ratio_high`` (missing where there
        is too little data), ``amount`` (known amounts of the deals put off twice or more that were lost). Table
        ``slipped``, one row a quarter: ``quarter``, ``slipped`` (deals open at its end),
        ``days`` (median days that their expected close then lay after the quarter), ``next`` (expected in the quarter
        after), ``later``, ``overdue`` (expected close within the quarter or before), ``undated`` (not on record),
        ``won_since``, ``lost_since``, ``open_still`` (by the last day known). Table ``tests``, one row: ``hypothesis``,
        ``primary``, ``p``, ``named``.

    Notes
    -----
    Refused for closed deals, and where no change of an expected close is on record.
    """
    if not MOVES.met(cohort):
        return ANALYSIS.lack(cohort, MOVES)
    rows = cohort.window_rows.reset_index(drop=True)
    rows = rows.assign(pushed=_pushed(rows, cohort), is_lost=rows["resolution"].isin(LOST))
    decided = rows[(rows["is_lost"] | (rows["resolution"] == WON)) & (rows["pushed"] != UNTOLD)]
    exposed = decided["pushed"] == GROUPS[TWICE]
    reps = decided["owner_id"].fillna(NO_REP).astype("str")
    tested = None
    if len(decided):
        tested = stratified_association(exposed.to_numpy(), decided["is_lost"].to_numpy(), reps.to_numpy())
    columns = (
        Column("pushed", "label", "Expected close moved later"),
        Column("deals", "count", "Deals"),
        Column("won", "count", "Won"),
        Column("lost", "count", "Lost"),
        Column("open", "count", "Open at quarter end"),
        Column("decided", "count", "Won or lost", shown=False),
        Column("share", "estimate", "Lost, of those won or lost (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    groups = pd.DataFrame([_group(name, rows[rows["pushed"] == name]) for name in GROUPS])
    groups = groups[(groups["deals"] > 0) | (groups["pushed"] != UNTOLD)].reset_index(drop=True)
    hypothesis = "deals put off twice or more are lost more or less often than others"
    comparison = _comparison(decided, exposed, reps, tested, cohort.currency)
    bounds = comparison.first["low"], comparison.first["high"]
    tables = {
        "pushes": Table(groups, columns, f"Deals by how often they had been put off, {cohort.window_label}"),
        "comparison": comparison,
        "slipped": _slipped(cohort),
        "tests": tests_table(
            "Whether deals put off twice are lost more often",
            [
                {
                    "hypothesis": hypothesis,
                    "primary": True,
                    "p": np.nan if tested is None else p_beside(tested.p, *bounds),
                }
            ],
        ),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=tuple(_caveats(rows, cohort)))


def headline(tables: Tables) -> str:
    """Say what became of deals put off twice or more, against the others, and whether that is more than chance."""
    groups, row, test = tables["pushes"].keyed("pushed"), tables["comparison"].first, tables["tests"].first
    twice, others = groups[GROUPS[TWICE]], [groups[name] for name in GROUPS[:TWICE]]
    figures = [each[name] for each in (twice, *others) for name in ("deals", "lost", "decided")]
    if any_missing(*figures):
        return WITHHELD
    lost, decided = (sum(each[name] for each in others) for name in ("lost", "decided"))
    told = f"{twice['lost']:,} of {count(twice['decided'], 'deal')} put off twice or more"
    if any_missing(row["difference"], row["low"], row["high"], test["p"]):
        return f"Of the deals won or lost, {told} were lost, and {lost:,} of {decided:,} others: too few to compare."
    apart = f"{points(row['difference'])}, {interval_text(row['low'], row['high'], 'points')}"
    shares = f"{told} were lost ({per_cent(twice['lost'] / twice['decided'])})"
    sentence = f"{shares}, and {lost:,} of {decided:,} others ({per_cent(lost / decided)}; {apart})"
    if test["named"] is True:
        return f"Deals put off twice or more are lost {'more' if row['difference'] > 0 else 'less'} often: {sentence}."
    if test["p"] < LOOK:
        return f"Worth a look: of the deals won or lost, {sentence}."
    return f"Of the deals won or lost, {sentence}: a difference that cannot be told from chance."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw what became of the deals by how often they had been put off."""
    rows = tables["pushes"].rows
    tidy = rows.melt("pushed", ["won", "lost", "open"], var_name="part", value_name="number")
    tidy["part"] = tidy["part"].replace({"open": SLIPPED})
    stacked_shares(tidy, axes, group="pushed", part="part", value="number", order=PARTS, labels=PART_LABELS)


def _written(cohort: Cohort) -> pd.DataFrame:
    """Return the changes of expected closes: from the history, or else from one stored copy to the next."""
    history = cohort.book.table("history")
    changes = history[history["field"] == FIELD].sort_values(["deal_id", "changed_at", "seq"], kind="stable")
    if len(changes):
        before = changes.groupby("deal_id")["new_value"].shift()
        return changes.assign(old_value=changes["old_value"].fillna(before))
    copies = cohort.book.table("snapshots").dropna(subset=[FIELD]).sort_values(["deal_id", "as_of"])
    ends = {day: cohort.book.meta.end_of_day(day.date()) for day in copies["as_of"].unique()}
    written = copies[FIELD].dt.strftime("%Y-%m-%d").astype("str")
    return pd.DataFrame(
        {
            "deal_id": copies["deal_id"], "field": FIELD, "new_value": written,
            "old_value": written.groupby(copies["deal_id"]).shift(),
            # Written on the day of the copy at the latest.
            "changed_at": pd.to_datetime(copies["as_of"].map(ends), utc=True) - pd.Timedelta(seconds=1),
        }
    )  # fmt: skip


def _pushed(rows: pd.DataFrame, cohort: Cohort) -> pd.Series[str]:
    """Return how often each deal had been put off by the end of the day it entered, in words."""
    changes = _written(cohort)
    ends = {day: cohort.book.meta.end_of_day(day.date()) for day in rows["entered_at"].unique()}
    entries = pd.DataFrame({"deal_id": rows["deal_id"], "row": rows.index.astype("str")})
    entries["until"] = pd.to_datetime(rows["entered_at"].map(ends), utc=True)
    seen = changes.merge(entries, on="deal_id")
    # A deal of two quarters has two rows, each with what was known at its own snapshot.
    seen = seen[seen["changed_at"] < seen["until"]].assign(deal_id=lambda frame: frame["row"])
    moves = close_date_moves(seen).collect().to_native().set_index("deal_id")["pushes"]
    pushes = entries["row"].map(moves).fillna(0)
    before = (rows["created_at"] < _begins(cohort, changes)) & ~rows["deal_id"].isin(_dated_first(cohort))
    named = np.select([pushes >= TWICE, before, pushes == 1], [GROUPS[TWICE], UNTOLD, GROUPS[1]], GROUPS[0])
    return pd.Series(named, index=rows.index, dtype="str")


def _begins(cohort: Cohort, changes: pd.DataFrame) -> pd.Timestamp:
    """Return the day on which the record of changes begins; what a deal went through before it nobody wrote down."""
    history = cohort.book.table("history")
    first = history["changed_at"].min() if (history["field"] == FIELD).any() else changes["changed_at"].min()
    return pd.Timestamp(first.tz_convert(cohort.book.meta.time_zone).date())


def _dated_first(cohort: Cohort) -> pd.Series[str]:
    """Return the deals whose history holds the first expected close they were given: nothing came before it."""
    history = cohort.book.table("history")
    changes = history[history["field"] == FIELD].sort_values(["changed_at", "seq"], kind="stable")
    first = changes.drop_duplicates("deal_id")
    return first.loc[first["old_value"].isna(), "deal_id"]


def _group(name: str, rows: pd.DataFrame) -> dict[str, object]:
    won, lost = int((rows["resolution"] == WON).sum()), int(rows["is_lost"].sum())
    share = wilson(lost, won + lost, least_events=LEAST_EVENTS)
    return {
        "pushed": name, "deals": len(rows), "won": won, "lost": lost, "open": len(rows) - won - lost,
        "decided": won + lost, "share": share.estimate, "low": share.low, "high": share.high,
    }  # fmt: skip


def _comparison(
    decided: pd.DataFrame,
    exposed: pd.Series[bool],
    reps: pd.Series[str],
    tested: StratifiedAssociation | None,
    currency: str,
) -> Table:
    """Return how far the shares lost are apart: the wider of two intervals, and the ratio within sales people."""
    row = dict.fromkeys(("difference", "low", "high", "ratio", "ratio_low", "ratio_high", "amount"), np.nan)
    lost = decided["is_lost"]
    if tested is not None and tested.status == "ok":
        apart = newcombe(int(lost[exposed].sum()), int(exposed.sum()), int(lost[~exposed].sum()), int((~exposed).sum()))
        by_rep = clustered_difference(lost.to_numpy(), exposed.to_numpy(), {"rep": reps.to_numpy()})
        found = by_rep if by_rep.status == "ok" and by_rep.high - by_rep.low > apart.high - apart.low else apart
        row |= {"difference": found.estimate, "low": found.low, "high": found.high}
        row["amount"] = float(decided.loc[exposed & lost, "amount"].sum(min_count=1))
        ratio = tested.risk_ratio
        row |= {"ratio": ratio.estimate, "ratio_low": ratio.low, "ratio_high": ratio.high}
    columns = (
        Column("difference", "estimate", "Difference of the shares lost (95% interval)", "points", "low", "high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("ratio", "estimate", "Times as often (95% interval)", low="ratio_low", high="ratio_high"),
        Column("ratio_low", "estimate", "Low", shown=False),
        Column("ratio_high", "estimate", "High", shown=False),
        Column("amount", "money", "Amount of those lost", currency),
    )
    return Table(pd.DataFrame([row]), columns, "Put off twice or more, against all others", detail=True)


def _slipped(cohort: Cohort) -> Table:
    """Return the deals still open at each quarter's end: when they were expected then, and what they became since."""
    record = Record(cohort.book, tuple(sorted(quarter.end for quarter in cohort.window)), (FIELD,))
    rows = []
    for quarter in cohort.window:
        of_quarter = cohort.table[cohort.table["quarter"] == quarter.label]
        open_then = of_quarter[of_quarter["resolution"].isin((SLIPPED, PUSHED_EARLY))]
        known = record.at(quarter.end)
        expected = known.deals[FIELD].where(known.is_evidence(FIELD)).set_axis(pd.Index(known.deals["deal_id"]))
        day = open_then["deal_id"].map(expected)
        end, after = pd.Timestamp(quarter.end), pd.Timestamp((quarter + 1).end)
        late = (day - end).dt.days
        since = open_then["ultimate"]
        rows.append(
            {
                "quarter": quarter.label, "slipped": len(open_then), "days": float(late[late > 0].median()),
                "next": int(((day > end) & (day <= after)).sum()), "later": int((day > after).sum()),
                "overdue": int((day <= end).sum()), "undated": int(day.isna().sum()),
                "won_since": int((since == WON).sum()), "lost_since": int(since.isin(LOST).sum()),
                "open_still": int((~since.isin((WON, *LOST))).sum()),
            }
        )  # fmt: skip
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("slipped", "count", "Open at its end"),
        Column("days", "estimate", "Days then put off, median", "days"),
        Column("next", "count", "Expected in the next quarter"),
        Column("later", "count", "Expected later"),
        Column("overdue", "count", "Close date not moved"),
        Column("undated", "count", "Expected close not on record"),
        Column("won_since", "count", "Won since"),
        Column("lost_since", "count", "Lost since"),
        Column("open_still", "count", "Still open"),
    )
    return Table(pd.DataFrame(rows), columns, "Deals that outlasted their quarter, and what became of them")


def _caveats(rows: pd.DataFrame, cohort: Cohort) -> list[str]:
    said = ["Deals put off more often have been open longer as a rule: the comparison tells them apart, not why."]
    silent = int((rows["pushed"] == UNTOLD).sum())
    if silent:
        said.append(f"{count(silent, 'deal')} older than the record of changes are left out.")
    if not (cohort.book.table("history")["field"] == FIELD).any():
        said.append("Moves of the expected close are read from stored copies: several between two copies count as one.")
    return said


ANALYSIS = Analysis(
    close_date_pushes, headline, draw, family="comparison", method=METHOD, needs=(MOVES,), frames=OBSERVED
)
