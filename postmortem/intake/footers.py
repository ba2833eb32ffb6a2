"""Lines of a report that are no data: subtotals, totals, notices, titles, told by pattern and an empty key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from postmortem.book import Note
from postmortem.ground import schema
from postmortem.intake.delimited import Row
from postmortem.intake.reading import RawTable

SHOWN: Final = 6
SUMMARY: Final = re.compile(
    r"(record )?count|sum|average|avg\.?|max(imum)?|min(imum)?|median|largest|smallest|(sum|average) of .*",
    re.IGNORECASE,
)
"""What stands beside "Subtotal" and "Total" in a formatted report, under whatever column comes next."""

SUBTOTAL: Final = re.compile(r"sub ?totals?\b.*", re.IGNORECASE)
KEYS: Final[Mapping[str, tuple[str, ...]]] = {"deals": ("deal_id", "deal_name", "outcome", "stage")}


def drop_footers(raw: RawTable, table: str, mapped: Mapping[str, str], patterns: Sequence[re.Pattern[str]]) -> RawTable:
    """Return the table without the lines under its data, each counted in a note.

    A line is a footer when its first filled cell matches a pattern or names a summary ("Sum", "Count") and,
    apart from that cell, the columns that identify a row are empty or name a summary. Below the last row of
    data, lines with a first cell alone (a report's title, a company's name) belong to the footer when a
    line there matches a pattern. A deal that is called "Total" has its other identifying columns filled and
    stays.

    Parameters
    ----------
    raw : RawTable
        As read.
    table : str
        Canonical table it is.
    mapped : mapping of str to str
        Column to header.
    patterns : sequence of pattern
        First cells of footer lines, matched as a whole.
    """
    if not patterns:
        return raw
    headers = raw.headers
    names = KEYS.get(table, schema.table(table).required)
    keys = {headers.index(mapped[name]) for name in names if name in mapped}
    marked = {row.line for row in (*_suspects(raw, patterns), *raw.ragged) if _is_footer(row.cells, keys, patterns)}
    if not marked:
        return raw
    rows = _rows(raw.frame, raw.lines)
    # Titles stand at the left; further right, a lone cell is a deal that leaves its group to the row above.
    single = {row.line for row in (*rows, *raw.ragged) if len(_filled(row.cells)) == 1 and row.cells[0].strip()}
    last = max((row.line for row in rows if row.line not in marked | single), default=0)
    dropped = marked | {line for line in single if line > last}
    texts = [
        _filled(row.cells)[0] for row in sorted((*rows, *raw.ragged), key=lambda row: row.line) if row.line in dropped
    ]
    shown = ", ".join(repr(text[:60]) for text in texts[:SHOWN]) + (" …" if len(texts) > SHOWN else "")
    keep = ~raw.lines.isin(dropped)
    return replace(
        raw,
        frame=raw.frame[keep],
        lines=raw.lines[keep],
        ragged=tuple(row for row in raw.ragged if row.line not in dropped),
        notes=(*raw.notes, Note("", "", len(dropped), f"{raw.file}: lines under the report were left out: {shown}")),
        subtotalled=tuple(name for name in headers if raw.frame.loc[~keep, name].str.fullmatch(SUBTOTAL).any()),
    )


def _suspects(raw: RawTable, patterns: Sequence[re.Pattern[str]]) -> list[Row]:
    """Return the rows that do not begin with a cell no pattern matches: of a long table, next to none."""
    if not raw.headers:
        return []
    first = raw.frame[raw.headers[0]]
    telling = [text for text in first.dropna().unique() if _matches(text, patterns)]
    kept = first.isna() | first.isin(telling)
    return _rows(raw.frame[kept], raw.lines[kept])


def _rows(frame: pd.DataFrame, lines: pd.Series) -> list[Row]:
    filled = frame.fillna("")
    texts = zip(*(filled[header].tolist() for header in frame.columns), strict=True)
    return [Row(int(line), list(cells)) for line, cells in zip(lines, texts, strict=True)]


def _matches(text: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(text.strip()) for pattern in (*patterns, SUMMARY))


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _is_footer(cells: Sequence[str], keys: set[int], patterns: Sequence[re.Pattern[str]]) -> bool:
    first = next((position for position, cell in enumerate(cells) if cell.strip()), None)
    if first is None:
        return False
    identifying = (cells[key].strip() for key in keys if key != first and key < len(cells))
    # Asked first: it settles nearly every row of data with one match.
    if any(cell and not SUMMARY.fullmatch(cell) for cell in identifying):
        return False
    return _matches(cells[first], patterns)
