"""Whether actions reached their targets: each measure taken from this quarter's deals, and from those before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from postmortem.analyses import find
from postmortem.analyses.cache import cached
from postmortem.findings.actions import ACTIONS_FILE, FIGURES, Action, Measure
from postmortem.findings.compared import gap_of
from postmortem.findings.evidence import Measured, measured, row_where
from postmortem.frames.cohort import Cohort
from postmortem.ground.errors import PostmortemError, nearest
from postmortem.result import Result
from postmortem.stats import Estimate
from postmortem.taxonomies.tomlfile import raise_faults

REACHED, MISSED, EARLY, OPEN = "reached", "not reached", "not yet", "cannot tell"
MARGIN = 0.1


class Taken(NamedTuple):
    """A measure in plain words, taken from this quarter and from the one before; and why it could not be."""

    label: str
    now: Measured | None = None
    before: Measured | None = None
    note: str = ""


@dataclass(frozen=True)
class Scored:
    """One action, and what its measure says of it.

    Attributes
    ----------
    action : Action
        As written down.
    label : str
        The measure in plain words.
    now, before : Measured or None
        The measure in this quarter and in the quarter before, each alone; None where it cannot be taken.
    verdict : {"reached", "not reached", "not yet", "cannot tell"}
        By the interval where there is one: wholly on one side of the target, or not; "not yet" before it is due.
    note : str
        Why it cannot be told.
    """

    action: Action
    label: str
    now: Measured | None
    before: Measured | None
    verdict: str
    note: str = ""


def score(actions: Sequence[Action], cohort: Cohort) -> tuple[Scored, ...]:
    """Take the measure of every action from the focus quarter, and from the quarter before it.

    Raises
    ------
    ConfigError
        When a measure names a table, column or row that its analysis does not have; all at once.
    """
    faults: list[str] = []
    made = [_scored(action, cohort, f"action {place}.measure", faults) for place, action in enumerate(actions, start=1)]
    raise_faults(f"{ACTIONS_FILE} cannot be used", faults, "name what the analysis returns; docs/actions.md says how")
    return tuple(made)


def verdict_of(action: Action, now: Measured | None) -> str:
    """Say whether a measure has reached its target, as far as its interval tells."""
    if now is None:
        return OPEN
    low, high = (now.low, now.high) if now.has_interval else (now.value, now.value)
    if action.bound == "at_least":
        return REACHED if low >= action.target else MISSED if high < action.target else OPEN
    return REACHED if high <= action.target else MISSED if low > action.target else OPEN


def _scored(action: Action, cohort: Cohort, place: str, faults: list[str]) -> Scored:
    quarters = cohort.focus, cohort.focus - 1
    frames = [replace(cohort, focus=quarter, window=(quarter,)) for quarter in quarters]
    measure = action.measure
    taken = _figure(measure, frames) if measure.figure else _cell(measure, frames, place, faults)
    now, note = taken.now, taken.note
    if not cohort.is_complete:
        now, note = None, f"{cohort.focus.label} has not ended"
    verdict = verdict_of(action, now)
    if verdict == MISSED and action.due is not None and action.due > cohort.as_of:
        verdict = EARLY
    if verdict == OPEN and not note:
        note = "the target lies inside the interval"
    return Scored(action, taken.label, now, taken.before, verdict, note)


def _figure(measure: Measure, frames: Sequence[Cohort]) -> Taken:
    """Return a comparable share of both quarters, with the intervals `compare` would give."""
    now, before = (_share(measure.figure, frame) for frame in frames)
    return Taken(measure.figure, _of_estimate(now), _of_estimate(before), now.why)


def _share(label: str, cohort: Cohort) -> Estimate:
    rows = cohort.focus_rows
    if rows.empty:
        return Estimate.refused(f"{cohort.focus.label} has no deals", n=0, events=0, method="share")
    return gap_of(FIGURES[label], (cohort, cohort), (rows, rows), MARGIN, True)[0].first


def _of_estimate(estimate: Estimate) -> Measured | None:
    if estimate.status == "refused" or math.isnan(estimate.estimate):
        return None
    return Measured(estimate.estimate, estimate.low, estimate.high, "share")


def _cell(measure: Measure, frames: Sequence[Cohort], place: str, faults: list[str]) -> Taken:
    """Return one cell of an analysis of both quarters; what the analysis does not have is a fault."""
    try:
        answers = [cached(measure.analysis)(frame, **measure.asked) for frame in frames]
    except PostmortemError as error:
        faults.append(f"{place}.asked: {error.what.rstrip('.')}")
        return Taken("")
    label = find(measure.analysis).question
    answered = next((answer for answer in answers if answer.status != "refused"), None)
    if answered is not None:
        wrong = _fault(measure, answered)
        if wrong:
            faults.append(f"{place}.{wrong}")
            return Taken(label)
        label = _label(measure, answered)
    now, before = (_read(measure, answer) for answer in answers)
    lacking = "; ".join(answers[0].what_is_missing) or "there is no such row this quarter"
    return Taken(label, now, before, lacking if now is None else "")


def _fault(measure: Measure, answer: Result) -> str:
    tables = answer.tables
    if measure.table not in tables:
        return f"table: {measure.analysis} has no {measure.table!r}; {nearest(measure.table, tuple(tables))}"
    numbers = tuple(c.name for c in tables[measure.table].columns if c.role in ("estimate", "count", "money"))
    if measure.column not in numbers:
        return f"column: {measure.table} has no number {measure.column!r}; {nearest(measure.column, numbers)}"
    columns = tuple(column.name for column in tables[measure.table].columns)
    strange = next((name for name in measure.row if name not in columns), "")
    return f"row: {measure.table} has no column {strange!r}; {nearest(strange, columns)}" if strange else ""


def _read(measure: Measure, answer: Result) -> Measured | None:
    if measure.table not in answer.tables:
        return None
    row = row_where(answer.tables[measure.table], measure.row)
    return measured(answer.tables, measure.table, measure.column, row) if row else None


def _label(measure: Measure, answer: Result) -> str:
    table = answer.tables[measure.table]
    told = ", ".join(f"{table.column(name).label.lower()} {value}" for name, value in measure.row.items())
    heading = table.column(measure.column).label.split(" (")[0]
    return measure.name or f"{heading}, {table.title}" + (f" ({told})" if told else "")
