"""What this book can answer, what it cannot yet, and what would unlock it."""

from __future__ import annotations

import pandas as pd

from postmortem.analyses import ANALYSES, Analysis
from postmortem.analyses.cache import cached
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count
from postmortem.result import Column, Result, Table, Tables

METHOD = "Every analysis is asked on this cohort with its defaults; a refusal says what is missing, in its own words."


def readiness(cohort: Cohort) -> Result:
    """What can this record answer today, and what would unlock the rest?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``questions``, one row an analysis: ``question``, ``answered`` (yes, not yet), ``missing``,
        ``unlock`` (where to get it).
    """
    rows = []
    for analysis in ANALYSES:
        result = cached(analysis.name)(cohort)
        refused = result.status == "refused"
        rows.append(
            {
                "question": analysis.question,
                "answered": "not yet" if refused else "yes",
                "missing": "; ".join(result.what_is_missing),
                "unlock": result.unlock,
            }
        )
    frame = pd.DataFrame(rows).sort_values("answered", kind="stable", ascending=False, ignore_index=True)
    columns = (
        Column("question", "text", "Question"),
        Column("answered", "label", "Answered"),
        Column("missing", "text", "What is missing"),
        Column("unlock", "text", "What unlocks it"),
    )
    tables = {"questions": Table(frame, columns, "Questions this record can answer")}
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.table))


def headline(tables: Tables) -> str:
    """Say how many questions are answered."""
    rows = tables["questions"].rows
    answered = int((rows["answered"] == "yes").sum())
    if answered == len(rows):
        return f"This record answers all {count(len(rows), 'question')} asked of it."
    return f"This record answers {answered} of {count(len(rows), 'question')}; the rest waits for what is named below."


ANALYSIS = Analysis(readiness, headline, None, family="fact", method=METHOD)
