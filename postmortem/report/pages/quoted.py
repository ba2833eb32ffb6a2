"""Figures that a text quotes: by key, and so always those of this report; or written out, and so perhaps outdated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

import pandas as pd

from postmortem.display import WITHHELD, value_of, written
from postmortem.ground.errors import nearest
from postmortem.ground.formats import UNKNOWN, interval_text, short_money
from postmortem.report.pages.blocks import anchor
from postmortem.result import Column, Result, Table

T = TypeVar("T")
KEY: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
RANGE: Final = "range"
_NUMBER: Final = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?:\s?(?:%|per ?cent\b)|[kMBT]\b)?")
# The first bound of 28–35% is one in per cent.
_BOTH: Final = re.compile(r"(\d)–(?=\d+%)")
_NO_FIGURE: Final = re.compile(
    r"\{\{.*?\}\}|\b\d{4}-\d\d-\d\d\b|\b(?:FY)?\d{2,4}\s?Q[1-4]\b|\bQ[1-4]\b|\b(?:19|20)\d\d\b|^\s*\d+[.)]\s|^#.*"
)


def figure(key: str, results: Sequence[Result]) -> str:
    """Return the figure that a key names, written as on the pages.

    Parameters
    ----------
    key : str
        ``analysis.table.row.column``, each part as a page's address writes it: ``loss_share.groups.all.share``.
        A row is called by the first of its labels; it is left out in a table of one row. ``.range`` at the end
        asks for the interval. An analysis that is asked several times is called by the address of its section.
    results : sequence of Result
        Of the report, behind the gate.

    Raises
    ------
    ValueError
        With the part that names nothing, and the nearest that would.
    """
    parts = [_slug(part) for part in key.split(".")]
    wants_range = parts[-1] == RANGE
    name, table_name, *rest = [*(parts[:-1] if wants_range else parts), "", ""]
    rest = [part for part in rest if part]
    result = _one(name, _by_name(results), "answer", key)
    table = _one(table_name, {_slug(each): [table] for each, table in result.tables.items()}, "table", key)
    if not rest or len(rest) > 2:
        raise ValueError(f"{key}: expected analysis.table.row.column")
    column = _one(rest[-1], {_slug(each.name): [each] for each in table.columns}, "column", key)
    record = _row(table, rest[0] if len(rest) == 2 else "", key)
    return _range(record, column, key) if wants_range else _written(record, column)


def loose_numbers(text: str, results: Iterable[Result]) -> Iterator[tuple[int, str]]:
    """Yield line and words of every number written out in a text that no answer of the report shows.

    Headings, dates, quarters, years and the numbers of a list are no figures. Whether a number that is shown
    somewhere is quoted for what it is, nobody can check but the author.
    """
    known = {_plain(number) for shown in _shown(results) for number in _NUMBER.findall(_BOTH.sub(r"\1%–", shown))}
    for line, words in enumerate(text.splitlines(), start=1):
        blanked = _NO_FIGURE.sub(lambda found: " " * len(found[0]), words)
        for number in _NUMBER.findall(blanked):
            if _plain(number) not in known:
                yield line, number.strip()


def _shown(results: Iterable[Result]) -> Iterator[str]:
    for result in results:
        yield from (result.headline, *result.caveats)
        for table in result.tables.values():
            view = written(table, most=len(table.rows))
            yield from (cell.text for head in (view.heads, *view.rows) for cell in head)
            yield from (cell.extra for row in view.rows for cell in row)
            for column in table.columns:
                if column.role == "money":
                    yield from (short_money(value, column.unit) for value in table.rows[column.name].dropna())


def _by_name(results: Sequence[Result]) -> dict[str, list[Result]]:
    named: dict[str, list[Result]] = {}
    for result in results:
        for name in dict.fromkeys((_slug(result.analysis), _slug(anchor(result)))):
            if not any(anchor(result) == anchor(other) for other in named.get(name, ())):
                named.setdefault(name, []).append(result)
    return named


def _one(name: str, named: dict[str, list[T]], what: str, key: str) -> T:
    found = named.get(name, [])
    if len(found) == 1:
        return found[0]
    if not found:
        raise ValueError(f"{key}: there is no {what} {name!r}, {nearest(name, sorted(named))}")
    same = sorted(other for other, single in named.items() if len(single) == 1 and single[0] in found)
    raise ValueError(f"{key}: {what} {name!r} is there {len(found)} times; name one of {', '.join(same)}")


def _row(table: Table, name: str, key: str) -> dict[str, Any]:
    if not name:
        if len(table.rows) == 1:
            return table.first
        raise ValueError(f"{key}: the table has {len(table.rows)} rows; name one: analysis.table.row.column")
    labels = [column.name for column in table.columns if column.role not in ("estimate", "count", "money", "date")]
    for label in labels:
        named: dict[str, list[dict[str, Any]]] = {}
        for record in table.records:
            named.setdefault(_slug(str(record[label])), []).append(record)
        if name in named:
            return _one(name, named, "row", key)
    first = [_slug(str(value)) for value in table.rows[labels[0]]] if labels else []
    raise ValueError(f"{key}: there is no row {name!r}, {nearest(name, first)}")


def _range(record: dict[str, Any], column: Column, key: str) -> str:
    if not (column.low and column.high):
        raise ValueError(f"{key}: {column.name!r} has no interval")
    return interval_text(record[column.low], record[column.high], column.unit)


def _written(record: dict[str, Any], column: Column) -> str:
    value = record[column.name]
    if value is None or pd.isna(value):
        return WITHHELD if record.get("suppressed") is True else UNKNOWN
    return short_money(value, column.unit) if column.role == "money" else value_of(value, column)


def _plain(number: str) -> str:
    return re.sub(r"\s?(%|per ?cent)$", "%", number.strip()).replace(",", "")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
