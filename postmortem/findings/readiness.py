"""What this book can answer, what it cannot yet, and what would unlock it."""

from __future__ import annotations

import pandas as pd

from postmortem.analyses import ANALYSES, Analysis
from postmortem.analyses.cache import cached
from postmortem.frames.choose import choose_cohort
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count
from postmortem.ground.schema import FORECAST_DEFAULT
from postmortem.result import Column, Gap, Result, Table, Tables

OPEN = ("open_forecast",)
METHOD = (
    "Every analysis is asked on these deals with its defaults; a refusal says what is missing, in its own words. Those "
    "about open deals alone count what they need among the deals open on the day of the data: whether their chances "
    "then prove good enough to be used, the watchlist says. By "
    "when it is there is counted on from the window: what came in a quarter, on average, comes in every quarter to "
    "come, and the window may be widened to twelve quarters to hold it. Where the CRM may have it already, an export "
    "brings it at once."
)


def readiness(cohort: Cohort) -> Result:
    """What can this record answer today, and what would unlock the rest?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``questions``, one row an analysis: ``question``, ``answered`` (yes, not yet), ``missing``, ``unlock``
        (what to do), ``where`` (the CRM's menu), ``arrives`` (by when, at the present pace), ``have`` and
        ``needed`` (how many of what is counted), ``pace`` (how many come a quarter). Table ``waiting``, one row a
        question not answered yet: ``question``, ``missing``, ``remedy`` (what to do, where, and by when).
    """
    rows = []
    now = open_deals(cohort)
    for analysis in ANALYSES:
        is_elsewhere = analysis.frames == OPEN and cohort.kind not in OPEN
        result = unmet(analysis, now) if is_elsewhere else cached(analysis.name)(cohort)
        gap = (result.gap if result is not None else None) or Gap("")
        rows.append(
            {
                "question": analysis.question,
                "answered": "not yet" if result is not None and result.status == "refused" else "yes",
                "missing": "" if result is None else "; ".join(result.what_is_missing),
                "unlock": "" if result is None else result.unlock,
                "where": gap.where,
                "arrives": gap.arrives,
                "have": gap.have,
                "needed": gap.needed,
                "pace": gap.pace,
            }
        )
    frame = pd.DataFrame(rows).sort_values("answered", kind="stable", ascending=False, ignore_index=True)
    frame = frame.astype({"have": "Int64", "needed": "Int64", "pace": "float64"})
    columns = (
        Column("question", "text", "Question"),
        Column("answered", "label", "Answered"),
        Column("missing", "text", "What is missing", shown=False),
        Column("unlock", "text", "What unlocks it", shown=False),
        Column("where", "text", "Where it is found", shown=False),
        Column("arrives", "text", "By when", shown=False),
        Column("have", "label", "There are", shown=False),
        Column("needed", "label", "Needed", shown=False),
        Column("pace", "label", "A quarter", shown=False),
    )
    tables = {
        "waiting": _waiting(frame[frame["answered"] != "yes"]),
        "questions": Table(frame, columns, "All questions"),
    }
    if tables["waiting"].rows.empty:
        del tables["waiting"]
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.table))


def open_deals(cohort: Cohort) -> Cohort:
    """Return the open forecast of the day of a cohort's data, without rows where there is none."""
    called = sorted(cohort.table["forecast_category"].dropna().unique()) if cohort.kind == "forecast" else ()
    return choose_cohort(
        cohort.book, cohort.focus, kind="open_forecast", categories=called or FORECAST_DEFAULT, as_of=cohort.as_of
    )


def unmet(analysis: Analysis, cohort: Cohort) -> Result | None:
    """Return the refusal for the first of an analysis's needs that is not met; None where all are.

    Counting is cheap where the answer itself, learnt from all earlier quarters, is not.
    """
    lacking = next((need for need in analysis.needs if not need.met(cohort)), None)
    return None if lacking is None else analysis.lack(cohort, lacking)


def headline(tables: Tables) -> str:
    """Say how many questions are answered."""
    rows = tables["questions"].rows
    answered = int((rows["answered"] == "yes").sum())
    if answered == len(rows):
        return f"This record answers all {count(len(rows), 'question')} asked of it."
    return f"This record answers {answered} of {count(len(rows), 'question')}; the rest waits for what is named below."


def _waiting(rows: pd.DataFrame) -> Table:
    """Return the questions that wait, with their remedies as people read them."""
    told = [_remedy(row["unlock"], row["where"], row["arrives"]) for row in rows.to_dict("records")]
    frame = rows[["question", "missing"]].assign(remedy=pd.Series(told, index=rows.index, dtype="str"))
    columns = (
        Column("question", "text", "Not answered yet"),
        Column("missing", "text", "What is missing"),
        Column("remedy", "text", "What unlocks it, and by when"),
    )
    return Table(
        frame.reset_index(drop=True), columns, "Questions that wait, and what unlocks them at the present pace"
    )


def _remedy(unlock: str, where: str, arrives: str) -> str:
    parts = (
        unlock[:1].upper() + unlock[1:],
        f"Where: {where}" if where else "",
        f"By when: {arrives}" if arrives else "",
    )
    return " ".join(f"{part}." for part in parts if part)


ANALYSIS = Analysis(readiness, headline, None, family="fact", method=METHOD)
