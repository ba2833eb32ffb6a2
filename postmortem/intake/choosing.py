"""Which files of an export become which table: one, several that belong together, or a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from postmortem.ground import schema
from postmortem.intake.chronology import newest_day
from postmortem.intake.evidence import UTC_DAYS, Looked
from postmortem.intake.folding import fold_header
from postmortem.intake.periods import RECORDED

SAME_EXPORT: Final = 0.8
"""Share of all headers that two files must have in common to be exports of one table."""

ACTIVITIES: Final = "events"
OWN_DAYS: Final = ("created_at", "_stage_changed", "_moment", "_won_on", "_lost_on", "_day", "_date_entered")


@dataclass(frozen=True)
class Chosen:
    """The files of one table.

    Attributes
    ----------
    looked : Looked
        What they hold, taken together; its file is the newest.
    files : tuple of str
        From the oldest to the newest.
    headers : mapping of str to str
        Column to header, for columns that all the files call alike.
    """

    looked: Looked
    files: tuple[str, ...]
    headers: Mapping[str, str]


def alone(looked: Looked) -> Chosen:
    """Return one file as the whole of its table."""
    return Chosen(looked, (looked.raw.file,), looked.guess.mapped)


def choose(looked: Mapping[str, Looked]) -> tuple[dict[str, Chosen], list[str]]:
    """Take for each table the file of which most is known, and those that belong to it.

    Parameters
    ----------
    looked : mapping of str to Looked
        Every file that was recognised.

    Returns
    -------
    (dict, list of str)
        Table to its files, and what the analyst has to decide: two systems are never put together, nor are
        two files whose columns differ, save for the tasks and events of one CRM.
    """
    chosen: dict[str, Chosen] = {}
    questions: list[str] = []
    for table in schema.TABLES:
        rivals = [each for each in looked.values() if each.guess.table == table.name]
        if not rivals:
            continue
        best = max(rivals, key=_likelihood)
        group = [each for each in rivals if each is best or _belongs(each, best)]
        chosen[table.name] = _together(group)
        questions += _about_order(table, chosen[table.name], group)
        questions += [_about_rival(each, best) for each in rivals if not any(each is one for one in group)]
    return chosen, questions


def _likelihood(looked: Looked) -> tuple[int, bool, float, int]:
    guess = looked.guess
    return len(guess.mapped), not _called_history(looked), guess.confidence, len(looked.raw.frame)


def _called_history(looked: Looked) -> bool:
    return "history" in looked.raw.file.lower()


def _belongs(other: Looked, best: Looked) -> bool:
    """Tell whether two files are exports of one table, or the two kinds of activities of one CRM."""
    if other.guess.adapter is not best.guess.adapter or best.guess.adapter.chronological:
        return False
    if best.guess.table == "deals" and _called_history(other) != _called_history(best):
        return False
    one, two = ({fold_header(header) for header in each.raw.headers} for each in (other, best))
    if len(one & two) >= SAME_EXPORT * len(one | two):
        return True
    return best.guess.table == ACTIVITIES and bool(best.guess.adapter.signature)


def _together(group: Sequence[Looked]) -> Chosen:
    ordered = sorted(group, key=lambda each: (_newest(each), each.raw.file))
    newest = ordered[-1]
    if len(ordered) == 1:
        return alone(newest)
    columns = dict.fromkeys(name for each in reversed(ordered) for name in each.guess.mapped)
    alike = {
        name: headers[0]
        for name in columns
        if len(set(headers := [each.guess.mapped[name] for each in ordered if name in each.guess.mapped])) == 1
    }
    frames = [
        pd.DataFrame({name: each.raw.frame[header] for name, header in each.guess.mapped.items()}) for each in ordered
    ]
    pooled = pd.concat(frames, ignore_index=True)
    notes = tuple(note for each in ordered for note in each.raw.notes)
    lines = pd.Series(range(len(pooled)), index=pooled.index, dtype="int64")
    raw = replace(newest.raw, frame=pooled, lines=lines, ragged=(), notes=notes)
    guess = replace(newest.guess, mapped={name: name for name in columns})
    return Chosen(Looked(raw, guess), tuple(each.raw.file for each in ordered), alike)


def _newest(looked: Looked) -> pd.Timestamp:
    """Return the newest day on which a file says that something happened."""
    names = [name for name in (*RECORDED.get(looked.guess.table, ()), *OWN_DAYS) if name != "closed_at"]
    days = [
        day
        for name in dict.fromkeys(names)
        if (cells := looked.column(name)) is not None and (day := newest_day(cells, UTC_DAYS)) is not None
    ]
    return max(days, default=pd.Timestamp.min)


def _about_order(table: schema.Table, chosen: Chosen, group: Sequence[Looked]) -> list[str]:
    if len(group) == 1:
        return []
    files = ", ".join(chosen.files)
    if not table.key:
        return [f"{len(group)} files are read as {table.name}: {files}. Do all of them belong to it?"]
    known = len({_newest(each) for each in group}) == len(group)
    order = "by the newest day in each" if known else "by name, as their days do not tell"
    return [
        f"{len(group)} files are read as {table.name}, {order}: {files}. Where several of them have the same "
        f"{' and '.join(table.key)}, the last one counts: see files under [tables.{table.name}]. Is that the order?"
    ]


def _about_rival(rival: Looked, best: Looked) -> str:
    file, table = rival.raw.file, best.guess.table
    if rival.guess.adapter is not best.guess.adapter:
        return (
            f"{file} holds {rival.guess.adapter.calls(table)}, {best.raw.file} {best.guess.adapter.calls(table)}: two "
            f"systems are not put together. {best.raw.file} is proposed; make an engagement of its own for the other."
        )
    return f"{file} looks like {table} too, with other columns; {best.raw.file} is proposed. Which one is right?"
