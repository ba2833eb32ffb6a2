"""Which figures moved between two editions: compared by analysis, table, row and column."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from postmortem.display import NUMERIC, head_text, value_of
from postmortem.report.editions.deal_moves import Move
from postmortem.table import Column

CLOSE: Final = 1e-9
"""Relative difference up to which two numbers are one: other versions of a library round otherwise."""


@dataclass(frozen=True)
class Figure:
    """One cell of one table that differs.

    Attributes
    ----------
    page, analysis, question : str
        Where it stands.
    table : str
        Name of the table; empty for the sentence and the standing of the answer.
    row : tuple of str
        What tells the row from the others of its table; empty where there is one row.
    column, label : str
        The column and its heading.
    before, after : object
        JSON values; None where the row was not there.
    shown : bool
        Whether the page shows it, or it only serves the picture.
    text : str
        The change as people write it.
    deals : tuple of str
        Deals whose own changes are about this row.
    """

    page: str
    analysis: str
    question: str
    table: str
    row: tuple[str, ...]
    column: str
    label: str
    before: Any
    after: Any
    shown: bool
    text: str
    deals: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**vars(self), "row": list(self.row), "deals": list(self.deals)}


def figures_moved(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], moves: Sequence[Move]
) -> tuple[Figure, ...]:
    """Compare the findings of two editions.

    Parameters
    ----------
    before, after : sequence of mapping
        As in `findings.json`; an answer that stands on several pages is compared once.
    moves : sequence of Move
        What became of the deals; named beside the figures whose row is about them.
    """
    old, new = _answers(before), _answers(after)
    found: list[Figure] = []
    for key in dict.fromkeys([*new, *old]):
        found += _of_answer(old.get(key), new.get(key), moves)
    return tuple(found)


def _answers(findings: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    answers: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in findings:
        answers.setdefault((each["analysis"], json.dumps(each["params"], sort_keys=True)), each)
    return answers


def _of_answer(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, moves: Sequence[Move]) -> Iterator[Figure]:
    told = new or old or {}
    place = (str(told["page"]), str(told["analysis"]), str(told["question"]))
    if old is None or new is None:
        text = "is asked now, it was not before" if old is None else "is not asked any more"
        yield Figure(*place, "", (), "status", "Answer", old and old["status"], new and new["status"], True, text)
        return
    if old["status"] != new["status"]:
        text = f"{new['status']}, was {old['status']}"
        yield Figure(*place, "", (), "status", "Answer", old["status"], new["status"], True, text)
    if old["headline"] != new["headline"]:
        text = f"“{new['headline']}”, was “{old['headline']}”"
        yield Figure(*place, "", (), "headline", "Sentence", old["headline"], new["headline"], True, text)
    for name in dict.fromkeys([*new["order"], *old["order"]]):
        yield from _of_table(place, name, old["tables"].get(name), new["tables"].get(name), moves)


def _of_table(
    place: tuple[str, str, str],
    name: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    moves: Sequence[Move],
) -> Iterator[Figure]:
    """Yield the cells of one table that differ; of a row that is new or gone, its shown numbers."""
    columns = {each["name"]: _column(each) for table in (old, new) if table for each in table["columns"]}
    key = _key(columns, [table for table in (old, new) if table])
    before, after = _by_key(old, key), _by_key(new, key)
    for row in dict.fromkeys([*after, *before]):
        was, now = before.get(row), after.get(row)
        deals = _deals(row, moves)
        for column in columns.values():
            if column.name in key:
                continue
            left, right = (None if each is None else each.get(column.name) for each in (was, now))
            is_number = column.role in NUMERIC and column.shown
            if _same(left, right) or ((was is None or now is None) and not is_number):
                continue
            text = _text(left, right, column, is_new=was is None, is_gone=now is None)
            yield Figure(*place, name, row, column.name, head_text(column), left, right, column.shown, text, deals)


def _column(told: Mapping[str, Any]) -> Column:
    """Read a column; what another version of this program said of it beside is passed over."""
    known = {field.name for field in fields(Column)}
    return Column(**{name: value for name, value in told.items() if name in known})


def _key(columns: Mapping[str, Column], tables: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the fewest columns of words that tell the rows of each table apart, a deal's own before others."""
    words = [column for column in columns.values() if column.role not in NUMERIC]
    words.sort(key=lambda column: (column.role != "deal", not column.shown))
    key: list[str] = []
    for column in words:
        if all(_is_unique(table, key) for table in tables):
            break
        key.append(column.name)
    return tuple(key)


def _is_unique(table: Mapping[str, Any], key: Sequence[str]) -> bool:
    rows = _records(table)
    return len({tuple(str(row.get(name)) for name in key) for row in rows}) == len(rows)


def _by_key(table: Mapping[str, Any] | None, key: Sequence[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the rows under their keys; those with equal keys are told apart by their order."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in _records(table or {"rows": {}}):
        name = tuple("" if row.get(column) is None else str(row.get(column)) for column in key)
        number, unique = 1, name
        while unique in found:
            number += 1
            unique = (*name, f"no. {number}")
        found[unique] = row
    return found


def _records(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table["rows"], values, strict=True)) for values in zip(*table["rows"].values(), strict=True)]


def _same(left: Any, right: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    return math.isclose(left, right, rel_tol=CLOSE, abs_tol=1e-12) if numbers else left == right


def _text(left: Any, right: Any, column: Column, *, is_new: bool, is_gone: bool) -> str:
    was, now = (
        str(value)[:10] if column.role == "date" and value is not None else value_of(value, column)
        for value in (left, right)
    )
    if is_new or is_gone:
        return f"{now}, a new row" if is_new else f"row gone, was {was}"
    if was == now and left is not None and right is not None:
        was, now = f"{left:.6g}", f"{right:.6g}"
    return f"{now}, was {was}"


def _deals(row: Sequence[str], moves: Sequence[Move]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(move.deal_id for move in moves if move.words & set(row)))
