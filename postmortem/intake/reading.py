"""A file to a raw table: every cell as text, every row with its file and line, nothing interpreted yet.

The kind of a file is found from its content, not from its name: CSV with comma, semicolon, tab or bar,
gzipped or not, Excel workbooks and Parquet. Rows of another width than the header are kept apart.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from postmortem.book import Note
from postmortem.ground.errors import DataError
from postmortem.intake.delimited import Row, Rows, read_delimited
from postmortem.intake.opening import refuse_other_kinds, unpacked
from postmortem.intake.workbook import read_parquet, read_workbook

ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
HEADER_WITHIN: Final = 50
HEADER_SHARE: Final = 0.6
SORT_MARKS: Final = "↑↓"


@dataclass(frozen=True)
class Settings:
    """How a file is written, where the configuration says so.

    Attributes
    ----------
    encoding, delimiter, sheet : str or None
        None: found out.
    decimal : str
        Decimal mark of numbers written as text.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    decimal: str = "."


@dataclass(frozen=True)
class RawTable:
    """One file as text.

    Attributes
    ----------
    file : str
        Its name, for messages.
    frame : DataFrame
        All columns str, missing where a cell is empty; headers as written, without outer spaces.
    lines : Series of int
        Line each row begins on, on the index of `frame`.
    ragged : tuple of Row
        Rows that are wider or narrower than the header, or hold others inside a quotation.
    notes : tuple of Note
        What was assumed or left out to read it; `table` is empty.
    sorted_by : tuple of str
        Headers that a report marks with an arrow.
    subtotalled : tuple of str
        Headers under which subtotals stood, where these were taken out.
    """

    file: str
    frame: pd.DataFrame
    lines: pd.Series[int]
    ragged: tuple[Row, ...] = ()
    notes: tuple[Note, ...] = ()
    sorted_by: tuple[str, ...] = ()
    subtotalled: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers in order."""
        return tuple(self.frame.columns)

    def reason_for(self, row: Row) -> str:
        """Say what is wrong with a row that does not fit."""
        wide, fields = len(self.headers), len(row.cells)
        reason = f"has {fields} field{'' if fields == 1 else 's'}, the header has {wide}"
        if row.lines == 1:
            return reason
        span = f"spans lines {row.line} to {row.line + row.lines - 1}: look for a quotation mark that is not closed"
        return f"{reason}; it {span}" if fields != wide else span


def read_table(path: Path, file: str, settings: Settings | None = None) -> RawTable:
    """Read one file.

    Parameters
    ----------
    path : Path
        Where it lies.
    file : str
        How messages call it.
    settings : Settings, optional
        What the configuration says about it.

    Raises
    ------
    DataError
        When the file is missing, empty, damaged, or no table.
    """
    settings = settings or Settings()
    data = unpacked(path, file)
    with _uncollected():
        if data.startswith(PARQUET):
            rows = read_parquet(data, file, decimal=settings.decimal)
        elif data.startswith(ZIP):
            rows = read_workbook(data, file, sheet=settings.sheet, decimal=settings.decimal)
        else:
            refuse_other_kinds(data, file)
            rows = read_delimited(data, file, encoding=settings.encoding, delimiter=settings.delimiter)
        return _tabulate(rows, file)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector away: it would look again and again at a million rows, none of which is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _tabulate(read: Rows, file: str) -> RawTable:
    filled = [row for row in read.rows if any(map(str.strip, row.cells))]
    if not filled:
        raise DataError(f"{file} is empty.", expected="a header and rows under it", do="export it again")
    at = _header_at(filled)
    headers, notes = _headers(_titled(filled[at].cells, filled[at + 1 :]), file)
    notes += [Note("", "", 0, remark) for remark in read.remarks]
    if at:
        notes.append(Note("", "", at, f"{file}: lines above the header (line {filled[at].line}) were left out"))
    even: list[Row] = []
    ragged: list[Row] = []
    for row in filled[at + 1 :]:
        as_wide = len(row.cells) == len(headers) and not row.swallows
        fitted = row if as_wide else _fitted(row, len(headers), read.may_be_short)
        if fitted is None:
            ragged.append(row)
        else:
            even.append(fitted)
    blank = len(read.rows) - len(filled)
    if blank:
        notes.append(Note("", "", blank, f"{file}: blank lines were left out"))
    frame, emptied = _frame(headers, even)
    if emptied:
        notes.append(Note("", "", emptied, f"{file}: NUL characters were taken out of these cells"))
    lines = pd.Series([row.line for row in even], index=frame.index, dtype="int64")
    arrows = tuple(
        name for name, cell in zip(headers, filled[at].cells, strict=False) if cell.strip().endswith(tuple(SORT_MARKS))
    )
    blank_headers = [name for name in headers if name.startswith("(column ") and frame[name].isna().all()]
    return RawTable(file, frame.drop(columns=blank_headers), lines, tuple(ragged), tuple(notes), arrows)


def _header_at(rows: Sequence[Row]) -> int:
    """Find the header: the first row about as wide as most rows are, so titles above it are passed over."""
    widths = [sum(bool(cell.strip()) for cell in row.cells) for row in rows[:HEADER_WITHIN]]
    typical = sorted(widths)[len(widths) * 3 // 4]
    least = max(2, math.ceil(HEADER_SHARE * typical)) if typical > 1 else 1
    return next(position for position, width in enumerate(widths) if width >= least)


def _titled(header: list[str], rows: Sequence[Row]) -> list[str]:
    """Leave out what a trailing delimiter adds to the header, unless a row has something under it."""
    width = max(position for position, cell in enumerate(header, start=1) if cell.strip())
    if width == len(header):
        return header
    used = any(len(row.cells) == len(header) and any(cell.strip() for cell in row.cells[width:]) for row in rows)
    return header if used else header[:width]


def _headers(cells: Sequence[str], file: str) -> tuple[list[str], list[Note]]:
    headers: list[str] = []
    notes: list[Note] = []
    for position, cell in enumerate(cells, start=1):
        plain = " ".join(cell.replace("\x00", "").strip().rstrip(SORT_MARKS).split())
        name = plain or f"(column {position})"
        count = 2
        while name in headers:
            name = f"{plain or 'column'} ({count})"
            count += 1
        if plain and name != plain:
            notes.append(Note("", name, 0, f"{file}: header {plain!r} occurs again; this one is called {name!r}"))
        headers.append(name)
    return headers, notes


def _fitted(row: Row, width: int, may_be_short: bool) -> Row | None:
    if row.swallows:
        return None
    cells = row.cells
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]
    if len(cells) < width and may_be_short:
        cells = cells + [""] * (width - len(cells))
    return Row(row.line, cells, row.lines) if len(cells) == width else None


def _frame(headers: Sequence[str], rows: Sequence[Row]) -> tuple[pd.DataFrame, int]:
    emptied = 0
    columns: dict[str, pd.Series[str]] = {}
    turned = zip(*(row.cells for row in rows), strict=True) if rows else iter([()] * len(headers))
    for header, cells in zip(headers, turned, strict=True):
        if "\x00" in "".join(cells):
            emptied += sum("\x00" in cell for cell in cells)
            cells = tuple(cell.replace("\x00", "") for cell in cells)
        filled = [cell if cell.strip() else None for cell in cells]
        # Arrow takes texts as they are; pandas would ask of each whether it is one.
        columns[header] = pd.Series(pa.array(filled, pa.large_string()), dtype="str")
    return pd.DataFrame(columns), emptied
