"""What a first look at an export cannot know and the analyst must decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from postmortem.ground.formats import count
from postmortem.intake.event_log import EVENT_LOG
from postmortem.intake.evidence import Looked
from postmortem.intake.proposal_toml import Plan, PlannedTable
from postmortem.intake.wording import shortened

VALUES_SHOWN: Final = 10


def open_questions(plan: Plan, tables: Sequence[Looked]) -> list[str]:
    """Return the questions a plan leaves open, each with the place in the file where it is answered."""
    questions = []
    if plan.dates.possible:
        choice = " or ".join(plan.dates.possible)
        questions.append(f"How is {shortened(plan.dates.example)} meant? State [data] date_format: {choice}.")
    if len(plan.currencies) > 1:
        found = ", ".join(shortened(name) for name in plan.currencies)
        questions.append(f"Amounts come in {found}: state [company] currency and give rates as the table fx_rates.")
    for planned in plan.tables:
        questions += _about_values(planned)
    unmapped = [each for each in plan.reasons.reasons if each.taken_for is None]
    if unmapped:
        rows = sum(each.rows for each in unmapped)
        what = f"{count(len(unmapped), 'loss reason')} ({count(rows, 'deal')})"
        questions.append(f"{what} not clear: no single code yet, see [taxonomy.reasons].")
    unread = [each for each in plan.reasons.lost_to if each.taken_for is None]
    if unread:
        what = count(len(unread), "word")
        questions.append(f"{what} for whom a deal was lost to not clear: see [taxonomy.lost_to].")
    for looked in tables:
        questions += [note.what for note in looked.raw.notes if "not read:" in note.what or "cp1252" in note.what]
    return questions


def _about_values(planned: PlannedTable) -> list[str]:
    questions = []
    for name, meanings in planned.values.items():
        if name == "outcome" and planned.adapter == EVENT_LOG.name:
            continue
        unclear = [each for each in meanings if each.taken_for is None]
        if unclear:
            shown = ", ".join(f"{shortened(each.value)} ({each.rows})" for each in unclear[:VALUES_SHOWN])
            more = f" and {len(unclear) - VALUES_SHOWN} more" if len(unclear) > VALUES_SHOWN else ""
            place = f"[tables.{planned.table}.values.{name}]"
            questions.append(f"What does {name} of {planned.shown} mean: {shown}{more}? See {place}.")
    for each in planned.spellings:
        questions.append(
            f"Is {each.column} {shortened(each.value)} the same as {shortened(each.other)} in {each.where}? "
            f"See [tables.{planned.table}.values.{each.column}]."
        )
    return questions
