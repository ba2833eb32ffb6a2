"""Typed files to rows of text: Excel workbooks and Parquet files, each value written in one canonical way."""

from __future__ import annotations

import datetime as dt
import io
import json
import warnings
import zipfile
import zlib
from decimal import Decimal
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from postmortem.ground.errors import DataError, nearest
from postmortem.intake.delimited import Row, Rows

EXACT_UP_TO: Final = 2**53
WORKBOOK_FAULTS: Final = (
    zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError,
    EOFError, OSError, NotImplementedError,
)  # fmt: skip
"""What a damaged workbook makes the reader raise: it promises no error of its own."""


def canonical_text(value: object, decimal: str = ".") -> str:
    """Write one typed value as text.

    Parameters
    ----------
    value : object
        None, text, number, flag, date, moment, or a list of these.
    decimal : str
        Decimal mark that numbers get, so that they read back like the text beside them.

    Returns
    -------
    str
        Days as ISO dates, moments as ISO with their offset, whole numbers without a point, lists
        separated by semicolons; empty for None and NaN.
    """
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < EXACT_UP_TO
        return str(int(value)) if whole else repr(value).replace(".", decimal)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f").replace(".", decimal) if value.is_finite() else str(value)
    if isinstance(value, dt.datetime):
        at_midnight = value.tzinfo is None and value.time() == dt.time()
        return value.date().isoformat() if at_midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, list | tuple):
        return ";".join(canonical_text(item, decimal) for item in value)
    return json.dumps(value, default=str) if isinstance(value, dict) else str(value)


def read_workbook(data: bytes, file: str, *, sheet: str | None, decimal: str) -> Rows:
    """Read the rows of one sheet; without `sheet`, of the first one that holds any.

    Raises
    ------
    DataError
        When the workbook is damaged, empty or has no such sheet.
    """
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # Missing styles and unknown extensions say nothing about the cells.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {tab.title: _rows(tab, decimal) for tab in book.worksheets if sheet in (None, tab.title)}
            titles = [tab.title for tab in book.worksheets]
            book.close()
    except WORKBOOK_FAULTS as error:
        raise DataError(
            f"{file} is no workbook that can be opened.",
            got=f"{type(error).__name__}: {error}",
            do="open it in a spreadsheet, save it as .xlsx or CSV, and try again",
        ) from None
    if sheet is not None and sheet not in titles:
        raise DataError(f"{file} has no such sheet.", got=sheet, do=nearest(sheet, titles))
    filled = {title: rows for title, rows in sheets.items() if rows}
    if not filled:
        raise DataError(f"{file} is empty.", expected="a sheet with a header and rows under it")
    chosen, rows = next(iter(filled.items()))
    others = [title for title in titles if title != chosen and (sheet is None and title in filled)]
    remark = f"{file}: sheet {chosen!r} is read; not read: " + ", ".join(repr(title) for title in others)
    return Rows(rows, (remark,) if others else (), may_be_short=True)


def _rows(tab: Any, decimal: str) -> list[Row]:
    # Some writers state a range that is too small; without it all cells are read.
    tab.reset_dimensions()
    rows = []
    for line, values in enumerate(tab.iter_rows(values_only=True), start=1):
        cells = [canonical_text(value, decimal) for value in values]
        if any(cell.strip() for cell in cells):
            rows.append(Row(line, cells))
    return rows


def read_parquet(data: bytes, file: str, *, decimal: str) -> Rows:
    """Read a Parquet file; the header counts as no row, so the first row is row 1.

    Raises
    ------
    DataError
        When the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
        columns = [
            [canonical_text(value, decimal) for value in _exact(column, pa).to_pylist()] for column in table.columns
        ]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise DataError(
            f"{file} is no Parquet file that can be opened.",
            got=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
            do="write it again, or export CSV",
        ) from None
    header = Row(0, [str(name) for name in table.column_names])
    rows = [Row(line, list(cells)) for line, cells in enumerate(zip(*columns, strict=True), start=1)]
    return Rows([header, *rows])


def _exact(column: Any, pa: Any) -> Any:
    """Cut nanoseconds to microseconds: Python's moments hold no more."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    return column
