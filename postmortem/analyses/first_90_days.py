"""Whether the first 90 days of a new sales person tell who reaches the quota after a year, leavers included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import AT_ONCE, WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.frames.new_people import (
    FOLLOWED,
    FRESH,
    LEFT,
    LEFT_OUT,
    MISSED,
    REACHED,
    first_days,
    new_people,
    record_begins,
)
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.ground.menus import source_of
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import area_under_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST, LEAST_A_CLASS, COIN = 20, 8, 0.5
# Declared here, before any data are looked at; the first is the one that is judged.
METRICS = {"opened": "Deals opened", "buyers": "Own deals whose buyer took part in something"}
BECAME = {
    REACHED: "Reached the quota", MISSED: "Did not reach it", LEFT: "Had left before",
    **{why: why[:1].upper() + why[1:] for why in LEFT_OUT},
}  # fmt: skip
PEOPLE = Need(
    "reps", ("rep_id", "hired_at"), LEAST, "new sales people seen into their second year",
    "export the sales people with their first and last days, former ones too, their quotas with what was reached, and "
    "the history of the deals' owners", "reps", lambda cohort, _: len(_followed(_people(cohort))), "record",
)  # fmt: skip
BOTH_ENDS = Need(
    "quotas", ("rep_id", "quarter", "quota", "attained"), LEAST_A_CLASS,
    "new sales people of the rarer end (quota reached after a year, or not)", "export quotas of earlier years",
    "quotas", lambda cohort, _: _rarer(_people(cohort)), "record",
)  # fmt: skip
METHOD = (
    "Sales people hired since deals and their owners are on record, whose first full quarter that begins a year or "
    "more after the first day is over. Two figures of days 1 to 90, declared beforehand: deals created whose owner the "
    "person was that day, and deals whose buyer took part in something while they were the person's. Area under the "
    "curve against reaching that quarter's quota; nothing is fitted, so nothing has to be held back. Who left before "
    "that quarter's end counts as not having reached it, then as having reached it; the interval shown (Hanley and "
    "McNeil, logit) spans those of both readings. Who left within the 90 days is left out. Not tested for the report "
    "as a whole: the first figure is the one that is judged, the second stands beside it."
)


def first_90_days(cohort: Cohort) -> Result:
    """Do the first 90 days of a new sales person tell who reaches the quota after a year?

    Parameters
    ----------
    cohort : Cohort
        Any kind: it gives the day of the data. All sales people of the record count.

    Returns
    -------
    Result
        Table ``metrics``, one row a figure of the first 90 days: ``metric`` (code), ``label``, ``people``, ``reached``
        (the quota of the first full quarter after a year), ``missed`` (it), ``left`` (before), ``auc`` (how often one
        who reached it had the higher figure than one who did not, ties counted half, leavers as not having reached it)
        with ``low`` and ``high`` (95%, over both readings of leavers), ``auc_left_reached`` (leavers as having reached
        it). Table ``people``, one row an end, and one a reason for which people are left out: ``became`` (code),
        ``label``, ``people``, ``is_used``.

    Notes
    -----
    Refused below 20 new sales people who could be followed, below eight known to have reached their quota, or eight
    known not to have. A figure that is on record of fewer is left out.
    """
    people = _people(cohort)
    rows = _followed(people)
    # The needs count by the same two functions; reading the people once spares doing so for every need.
    for need, have in ((PEOPLE, len(rows)), (BOTH_ENDS, _rarer(rows))):
        if have < need.least:
            return _refused(cohort, need, have, people)
    rows = rows.join(first_days(cohort.book, rows))
    frame = pd.DataFrame([row for metric in METRICS if (row := _row(metric, rows)) is not None])
    columns = (
        Column("metric", "label", "Code", shown=False),
        Column("label", "label", "In the first 90 days"),
        Column("people", "count", "New sales people"),
        Column("reached", "count", "Reached the quota"),
        Column("missed", "count", "Did not"),
        Column("left", "count", "Had left"),
        Column("auc", "estimate", "Higher for who reached it (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("auc_left_reached", "estimate", "Had those who left reached it", "share", shown=False),
    )
    tables = {
        "metrics": Table(frame, columns, "How often the first 90 days set apart who reached the quota after a year"),
        "people": _counted(people),
    }
    caveats = [
        "A good territory gives early deals and a quota within reach alike: what goes together says nothing of the "
        "person alone.",
    ]
    if len(frame) < len(METRICS):
        caveats.append("Too few were hired since events with a side are on record for the second figure.")
    used = int(cohort.window_rows["owner_id"].isin(rows["rep_id"]).sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say how often the first figure was higher for who reached the quota, and whether that tells anything."""
    row = tables["metrics"].first
    if any_missing(row["people"], row["reached"], row["auc"], row["low"], row["high"]):
        return WITHHELD
    told = (
        f"{row['reached']:,} of {count(row['people'], 'new sales person', 'new sales people')} reached the quota a "
        "year on; one who did had opened more deals in the first 90 days than one who did not "
        f"{per_cent(row['auc'])} of the time ({interval_text(row['low'], row['high'])}; a coin: {per_cent(COIN)})"
    )
    if row["low"] > COIN:
        return f"{told}: worth a look."
    return f"{told}: worth a look, the other way round." if row["high"] < COIN else f"{told}: it does not tell yet."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw for each figure how often it was higher for who reached the quota, beside a coin."""
    interval_dots(
        tables["metrics"].rows, axes, name="label", estimate="auc", low="low", high="high", n="people",
        noun="new hire", reference=COIN, reference_label="a coin",
    )  # fmt: skip


def _people(cohort: Cohort) -> pd.DataFrame:
    return new_people(cohort.book, cohort.as_of)


def _followed(people: pd.DataFrame) -> pd.DataFrame:
    rows: pd.DataFrame = people[people["became"].isin(FOLLOWED)]
    return rows


def _rarer(people: pd.DataFrame) -> int:
    return min(int((people["became"] == end).sum()) for end in (REACHED, MISSED))


def _refused(cohort: Cohort, need: Need, have: int, people: pd.DataFrame) -> Result:
    """Refuse with what became of the people who are on record, so that one sees what would help."""
    missing = [need.missing(have)]
    number = people["became"].value_counts()
    told = [f"{number[why]} {why}" for why in LEFT_OUT if number.get(why, 0)]
    if len(people) and record_begins(cohort.book) is None:
        missing.append("no history of the deals' owners: whose a deal was then is not told")
    elif told:
        missing.append(f"of {count(len(people), 'first day')} on record: {', '.join(told)}")
    where = source_of(need.source, cohort.book.meta.source_systems).where
    soon = int(number.get(FRESH, 0))
    more = f"; {soon} more by waiting" if soon else ""
    return ANALYSIS.refuse(
        cohort, *missing, unlock=need.unlock, gap=Gap(f"{AT_ONCE}{more}", where, have, need.least)
    )  # fmt: skip


def _row(metric: str, rows: pd.DataFrame) -> dict[str, Any] | None:
    """Return one figure's row; None where too few are known."""
    known = rows[rows[metric].notna()]
    if len(known) < LEAST or _rarer(known) < LEAST_A_CLASS:
        return None
    score, became = known[metric].astype("float64"), known["became"]
    failed, reached = (
        area_under_curve(score, became.isin(ends).astype("int8"), least=LEAST_A_CLASS)
        for ends in ((REACHED,), (REACHED, LEFT))
    )
    return {
        "metric": metric, "label": METRICS[metric], "people": len(known), "reached": int((became == REACHED).sum()),
        "missed": int((became == MISSED).sum()), "left": int((became == LEFT).sum()), "auc": failed.estimate,
        "low": min(failed.low, reached.low), "high": max(failed.high, reached.high),
        "auc_left_reached": reached.estimate,
    }  # fmt: skip


def _counted(people: pd.DataFrame) -> Table:
    number = people["became"].value_counts()
    rows = [
        {"became": end, "label": BECAME[end], "people": int(number.get(end, 0)), "is_used": end in FOLLOWED}
        for end in (*FOLLOWED, *LEFT_OUT)
        if end in FOLLOWED or number.get(end, 0)
    ]
    columns = (
        Column("became", "label", "Code", shown=False),
        Column("label", "label", "What became of them"),
        Column("people", "count", "Sales people"),
        Column("is_used", "label", "Counted", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "Sales people with a first day on record", detail=True)


ANALYSIS = Analysis(first_90_days, headline, draw, family="rate", method=METHOD, needs=(PEOPLE, BOTH_ENDS))
