"""What leaders guessed of the quarter before its figures were known, beside what the record says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.ground.guesses import SHARES, TOP_REASON, WORST_COMPETITOR, share_of
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import share_bounds

NEAR = 0.05
LABELS = {
    "share_lost_to_status_quo": "Lost to the status quo",
    "share_lost_to_competitor": "Lost to a competitor",
    TOP_REASON: "Reason given most often",
    WORST_COMPETITOR: "Competitor that took most",
}
BEFORE, AFTER_END, AFTER_DATA = "before the quarter ended", "after the quarter ended", "after these data were taken"
SEALED = Need(
    "guesses", ("value",), 1, "guesses sealed",
    "have leaders seal theirs before the next figures are known: postmortem guess", "guesses",
    lambda cohort, rows: int(cohort.book.table("guesses")["quarter"].isin(rows["quarter"].unique()).sum()), "focus",
)  # fmt: skip
LOST = Need(
    "deals", ("outcome",), 1, "lost deals", "wait for the first one, or take another quarter", "deals",
    lambda cohort, rows: len(lost_rows(rows)), "focus",
)  # fmt: skip
METHOD = (
    "Shares are of all lost deals of the quarter by the CRM's word; the range runs from none to all of the losses "
    "without a recorded taker counted as well. A guessed share is right when it is within 5 points of that range, a "
    "guessed name when nothing is named more often. The reason is the sales person's main one; a deal counts for the "
    "competitor marked as its winner, else for the only one that was met. Guesses are sealed with a date and never "
    "changed afterwards."
)


@dataclass(frozen=True)
class Fact:
    """What the record says to one question: the names that lead, how many of how many, and the range left open."""

    names: tuple[str, ...]
    deals: int
    of: int
    low: float = np.nan
    high: float = np.nan


def guesses_against_facts(cohort: Cohort) -> Result:
    """What did leaders guess before the figures were known, and what does the record say?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the focus quarter is told.

    Returns
    -------
    Result
        Table ``summary``, one row a question: ``question``, ``guesses`` (how many), ``lowest`` and ``highest`` guessed
        share, ``answer`` (the name on record, where one is asked for), ``fact`` (share on record) with ``low`` and
        ``high`` (if none or all of the unrecorded counted), ``deals``, ``of`` (deals it is taken over), ``right``
        (guesses that are), ``late`` (sealed after the quarter ended). Table ``guesses``, one row a guess: ``question``,
        ``person``, ``share`` or ``name`` guessed, ``off`` (points beyond the range), ``is_right`` (yes, no),
        ``sealed``, ``timing``.

    Notes
    -----
    Refused where nobody guessed about the quarter, or no deal was lost in it.
    """
    for need in (SEALED, LOST):
        if not need.met(cohort):
            return ANALYSIS.lack(cohort, need)
    facts = _facts(cohort)
    rows = cohort.book.table("guesses")
    rows = rows[(rows["quarter"] == cohort.focus.label) & rows["question"].isin(facts)]
    told = [_guess(row, facts[str(row["question"])], cohort) for row in rows.to_dict("records")]
    read = [each for each in told if each is not None]
    if not read:
        return ANALYSIS.refuse(cohort, "no guesses that can be read", unlock=SEALED.unlock, gap=SEALED.gap(cohort))
    every = pd.DataFrame(read).sort_values(["place", "person", "sealed"], kind="stable", na_position="last")
    every = every.reset_index(drop=True)
    tables = {"summary": _summary(every, facts, cohort), "guesses": _table(every, cohort)}
    late = int((every["timing"] != BEFORE).sum())
    caveats = (
        [f"{late} of {count(len(every), 'guess', 'guesses')} sealed only after the quarter had ended."] if late else []
    )
    if len(read) < len(told):
        caveats.append(f"{count(len(told) - len(read), 'guess', 'guesses')} could not be read.")
    return ANALYSIS.answer(tables, cohort, n_used=len(lost_rows(cohort.focus_rows)), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Set what was guessed beside what is on record, for the shares that were guessed."""
    summary = tables["summary"].records
    if any_missing(*(row["guesses"] for row in summary)):
        return WITHHELD
    parts = []
    for row in summary:
        if any_missing(row["lowest"], row["highest"], row["low"], row["high"]):
            continue
        guessed = (
            per_cent(row["lowest"]) if row["lowest"] == row["highest"] else interval_text(row["lowest"], row["highest"])
        )
        fact = per_cent(row["low"]) if row["low"] == row["high"] else interval_text(row["low"], row["high"])
        parts.append(f"{row['question'][:1].lower()}{row['question'][1:]}: guessed {guessed}, on record {fact}")
    if parts:
        told = "; ".join(parts)
        return f"{told[0].upper()}{told[1:]}."
    right, guesses = sum(row["right"] for row in summary), sum(row["guesses"] for row in summary)
    return f"{right} of {count(guesses, 'guess', 'guesses')} about the quarter named what is on record."


def _facts(cohort: Cohort) -> dict[str, Fact]:
    """Return what the record says to every question that can be asked."""
    lost = lost_rows(cohort.focus_rows)
    unknown = int((lost["lost_to"] == "unknown").sum())
    facts = {}
    for question in SHARES:
        events = int((lost["lost_to"] == question.removeprefix("share_lost_to_")).sum())
        bounds = share_bounds(events, unknown, len(lost))
        facts[question] = Fact((), events, len(lost), bounds.low, bounds.high)
    facts[TOP_REASON] = _leading(lost["reason"].dropna(), len(lost))
    facts[WORST_COMPETITOR] = _leading(_winners(lost[lost["lost_to"] == "competitor"], cohort), len(lost))
    return facts


def _leading(names: pd.Series[str], of: int) -> Fact:
    counts = names.value_counts()
    most = int(counts.max()) if len(counts) else 0
    return Fact(tuple(sorted(str(name) for name in counts.index[counts == most])), most, of)


def _winners(taken: pd.DataFrame, cohort: Cohort) -> pd.Series[str]:
    """Return the competitor that took each deal: the one marked so, else the only one that was met."""
    rivals = cohort.book.table("competitors")
    rivals = rivals[rivals["deal_id"].isin(taken["deal_id"])]
    marked = rivals[rivals["status"] == "won"]
    others = rivals[~rivals["deal_id"].isin(marked["deal_id"])]
    each = pd.concat([marked, others])
    return each.loc[~each["deal_id"].duplicated(keep=False), "competitor"]


def _guess(row: Mapping[Any, Any], fact: Fact, cohort: Cohort) -> dict[str, Any] | None:
    """Return one guess beside its fact; nothing where it cannot be read."""
    question, text = str(row["question"]), "" if pd.isna(row["value"]) else str(row["value"]).strip()
    share = share_of(text) if question in SHARES else None
    if not text or (question in SHARES and share is None):
        return None
    off = np.nan if share is None else max(share - fact.high, 0.0) - max(fact.low - share, 0.0)
    name = text if share is None else None
    if question == TOP_REASON:
        codes = {reason.code: reason.label for reason in cohort.book.taxonomy.reasons}
        name = codes.get(text, text)
    known = {each.casefold() for each in fact.names}
    is_right = abs(off) <= NEAR + 1e-9 if share is not None else str(name).casefold() in known
    sealed = row["sealed_at"]
    day = None if pd.isna(sealed) else sealed.tz_convert(cohort.book.meta.time_zone).date()
    timing = AFTER_END if day is None or day > cohort.focus.end else BEFORE
    return {
        "place": list(LABELS).index(question), "key": question, "question": LABELS[question],
        "person": row["rater_id"], "share": np.nan if share is None else share, "name": name, "off": off,
        "is_right": "yes" if is_right else "no", "sealed": pd.NaT if day is None else pd.Timestamp(day),
        "timing": AFTER_DATA if day is not None and day > cohort.as_of else timing,
    }  # fmt: skip


def _summary(every: pd.DataFrame, facts: Mapping[str, Fact], cohort: Cohort) -> Table:
    made = []
    for key, part in every.groupby("key", sort=False):
        fact = facts[str(key)]
        made.append(
            {
                "question": LABELS[str(key)], "guesses": len(part), "lowest": part["share"].min(),
                "highest": part["share"].max(), "answer": " and ".join(fact.names[:2]) or None,
                "fact": fact.deals / fact.of, "low": fact.low, "high": fact.high, "deals": fact.deals, "of": fact.of,
                "right": int((part["is_right"] == "yes").sum()), "late": int((part["timing"] != BEFORE).sum()),
            }
        )  # fmt: skip
    kinds = {"question": "str", "answer": "str", **dict.fromkeys(("guesses", "deals", "of", "right", "late"), "int64")}
    kinds |= dict.fromkeys(("lowest", "highest", "fact", "low", "high"), "float64")
    columns = (
        Column("question", "label", "Question"),
        Column("guesses", "count", "Guesses"),
        Column("lowest", "estimate", "Lowest", "share"),
        Column("highest", "estimate", "Highest", "share"),
        Column("answer", "competitor", "On record", shown=any(row["answer"] for row in made)),
        Column("fact", "estimate", "Share (range)", "share", low="low", high="high"),
        Column("low", "estimate", "At least", "share", shown=False),
        Column("high", "estimate", "At most", "share", shown=False),
        Column("deals", "count", "Deals"),
        Column("of", "count", "Of lost", shown=False),
        Column("right", "count", "Right"),
        Column("late", "count", "Sealed late", shown=False),
    )
    frame = pd.DataFrame(made)[[column.name for column in columns]].astype(kinds)
    lost = count(len(lost_rows(cohort.focus_rows)), "lost deal")
    return Table(frame, columns, f"Guessed about the {lost} of {cohort.focus.label}, and what is on record")


def _table(every: pd.DataFrame, cohort: Cohort) -> Table:
    columns = (
        Column("question", "label", "Question"),
        Column("person", "person", "Who"),
        Column("share", "estimate", "Guess", "share"),
        Column("name", "competitor", "Name guessed"),
        Column("off", "estimate", "Off by", "points"),
        Column("is_right", "label", "Right"),
        Column("sealed", "date", "Sealed"),
        Column("timing", "label", "When"),
    )
    kinds = {"question": "str", "person": "str", "name": "str", "is_right": "str", "timing": "str",
             "share": "float64", "off": "float64", "sealed": "datetime64[us]"}  # fmt: skip
    frame = every[[column.name for column in columns]].astype(kinds)
    return Table(frame, columns, f"Every guess about {cohort.focus.label}", detail=True)


ANALYSIS = Analysis(guesses_against_facts, headline, None, family="fact", method=METHOD, needs=(SEALED, LOST))
