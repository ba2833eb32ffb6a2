"""A file to text cells under canonical names: columns mapped, values replaced, empty words emptied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.errors import ConfigError, DataError
from postmortem.ground.sources import Source
from postmortem.intake.adapter import Adapter, resolve_columns
from postmortem.intake.adapters import adapter_called
from postmortem.intake.chronology import in_order
from postmortem.intake.dates import DateStyle
from postmortem.intake.delimited import Row
from postmortem.intake.files import Files
from postmortem.intake.folding import MISSING_WORDS, NOT_A_NUMBER, Lookup
from postmortem.intake.footers import drop_footers
from postmortem.intake.grouped import fill_groups
from postmortem.intake.joining import Cells, join_files
from postmortem.intake.lookups import LookupFiles
from postmortem.intake.outcomes import decide_outcomes
from postmortem.intake.quarantine import Ledger
from postmortem.intake.reading import RawTable
from postmortem.intake.values import FALSE, TRUE, currency_in, parse, read_share
from postmortem.intake.wording import known_of, shortened

SEVERAL: Final = ("loss_reason_raw", "competitor_raw")
"""Columns whose cells may hold several values."""

SEPARATOR: Final = re.compile(r"[;\n]+")
NUMERIC: Final = ("money", "number", "integer")
EXPORT_AGAIN: Final = "export it again, without filters"


def split_values(text: str) -> list[str]:
    """Return the values of a cell that may hold several, separated by semicolons or lines."""
    return [part.strip() for part in SEPARATOR.split(text) if part.strip()]


def read_cells(table: str, source: Source, files: Files) -> Cells:
    """Read one table's files as text cells under canonical names.

    Parameters
    ----------
    table : str
        Canonical table.
    source : Source
        Its section of the configuration; of several files a later one counts more.
    files : Files
        The files of the engagement.

    Raises
    ------
    DataError
        When a file cannot be read, holds no row although the table is required, or lacks a column.
    """
    adapter = adapter_called(source.adapter)
    if adapter.chronological and len(source.exports) > 1:
        raise ConfigError(
            f"{adapter.title.capitalize()}s are read from one file: a case may begin in one and end in the next.",
            got=", ".join(source.exports),
            do=f"put these files together into one, and name it under [tables.{table}]",
        )
    raws = [files.read(file, source.sheet) for file in source.exports]
    headers = {header for raw in raws for header in raw.headers}
    parts = [_read_cells(table, raw, adapter, _for_file(source, raw, headers), files) for raw in raws]
    if table == "deals" and not any(part.ledger.rows_in for part in parts):
        raise DataError(f"{parts[0].ledger.file} has a header and no deals under it.", do=EXPORT_AGAIN)
    for part in parts:
        if part.frame.empty and not part.ledger.quarantined:
            part.ledger.note("", 0, f"{part.ledger.file} holds no rows")
    return join_files(table, parts)


def _for_file(source: Source, raw: RawTable, everywhere: set[str]) -> Source:
    """Leave out configured columns that only the other files of the table have: the adapter looks for them here."""
    elsewhere = {column for column, header in source.columns.items() if header in everywhere - set(raw.headers)}
    kept = {column: header for column, header in source.columns.items() if column not in elsewhere}
    return source.model_copy(update={"columns": kept})


def _read_cells(table: str, raw: RawTable, adapter: Adapter, source: Source, files: Files) -> Cells:
    columns = resolve_columns(table, raw.headers, adapter, source, raw.file)
    raw = fill_groups(drop_footers(raw, table, columns.mapped, adapter.footers))
    ledger = Ledger(table, raw.file, raw.lines)
    ledger.adopt(raw.notes)
    for row in raw.ragged:
        ledger.set_aside_line(row.line, _joined(row), raw.reason_for(row))
    frame = _without_repeats(table, raw, ledger)
    cells = pd.DataFrame({column: frame[header] for column, header in columns.mapped.items()}, index=frame.index)
    cells = _without_missing_words(table, cells, ledger)
    for column, value in source.constants.items():
        cells[column] = pd.Series(value, index=cells.index, dtype="str")
    ledger.note(
        "", 0, known_of(raw.file, adapter.calls(table), len(raw.headers) - len(columns.unread), len(raw.headers))
    )
    if columns.unread:
        shown = ", ".join(shortened(header) for header in columns.unread)
        ledger.note("", 0, f"columns not read: {shown}")
    config = files.config
    tables = LookupFiles(table, source.lookups, files)
    cells = tables.translate(cells, ledger)
    for column, mapping in source.values.items():
        if column in cells:
            cells[column] = replace_values(cells[column], mapping, several=column in SEVERAL)
    if table == "deals":
        cells = _with_outcomes(cells, adapter, config.data.decimal, source.values.get("outcome", {}))
        cells = _with_currencies(cells, ledger)
    if adapter.chronological and table == "deals":
        cells = in_order(cells, DateStyle(config.data.date_format, None, ZoneInfo(config.company.time_zone)))
    if adapter.prepare is not None:
        before = set(cells)
        cells = adapter.prepare(table, cells, ledger)
        for column in (set(source.values) - before) & set(cells):
            # Columns that the hook made have values of the file, too, such as the ids of stages.
            mapping = source.values[column]
            cells = cells.assign(**{column: replace_values(cells[column], mapping, several=column in SEVERAL)})
    return Cells(tables.complete(cells, adapter, ledger), ledger, adapter, columns)


def replace_values(cells: pd.Series[str], mapping: Mapping[str, str], *, several: bool = False) -> pd.Series[str]:
    """Replace values as configured: exact spelling first, then without case and spacing.

    Parameters
    ----------
    cells : Series of str
        As in the file.
    mapping : mapping of str to str
        Raw value to its replacement.
    several : bool
        Whether a cell may hold several values, each of which is replaced by itself.
    """
    lookup = Lookup(mapping)

    def replaced(text: str) -> str:
        whole = lookup.get(text)
        if whole is not None or not several:
            return text if whole is None else whole
        parts = split_values(text)
        known = [lookup.get(part) for part in parts]
        if not any(known):
            return text
        return ";".join(part if new is None else new for part, new in zip(parts, known, strict=True))

    distinct = {text: replaced(text) for text in cells.dropna().unique()}
    return cells.map(distinct).astype("str")


def _joined(row: Row) -> str:
    return " | ".join(row.cells)


def _without_repeats(table: str, raw: RawTable, ledger: Ledger) -> pd.DataFrame:
    """Keep one of rows that are the same in every column; tables without a key may repeat rows."""
    if not schema.table(table).key:
        return raw.frame
    repeats = raw.frame.duplicated(keep="first")
    ledger.merged(int(repeats.sum()), "", "rows that repeat another in every column were left out")
    return raw.frame[~repeats]


def _without_missing_words(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    emptied: list[str] = []
    count = 0
    result = cells.copy()
    for column in cells:
        named = cells[column].str.strip().str.lower().isin(_missing_words(table, str(column)))
        if named.any():
            result[column] = cells[column].mask(named)
            count += int(named.sum())
            emptied.append(str(column))
    if emptied:
        what = f"words for an empty field (None, N/A, null, -) are read as missing in: {', '.join(emptied)}"
        ledger.note("", count, what)
    return result


def _missing_words(table: str, column: str) -> frozenset[str]:
    """Return the words that stand for an empty field in a column: not those that are values of its closed set."""
    values = {word for each in schema.table(table).columns if each.name == column for word in each.values}
    return (MISSING_WORDS if _is_numeric(table, column) else MISSING_WORDS | {NOT_A_NUMBER}) - values


def _is_numeric(table: str, column: str) -> bool:
    names = {each.name: each.kind for each in (*schema.DEALS.columns, *schema.table(table).columns)}
    return names.get(column.removeprefix("_")) in NUMERIC


def _with_outcomes(cells: pd.DataFrame, adapter: Adapter, decimal: str, own: Mapping[str, str]) -> pd.DataFrame:
    """Say won, lost or open where a status, flags or the stage leave no doubt; else keep the word."""
    probabilities = None
    if "probability" in cells:
        hundred = "probability" in adapter.per_cent
        shares = parse(cells["probability"].str.strip(), lambda text: read_share(text, decimal, hundred), "float64")
        probabilities = shares.values
    known = adapter.values.get("outcome")
    if "outcome" in cells:
        return cells.assign(outcome=decide_outcomes(cells["outcome"], probabilities, known))
    nothing = pd.Series(pd.NA, index=cells.index, dtype="str")
    words = decide_outcomes(replace_values(cells["stage"], own), probabilities, known) if "stage" in cells else nothing
    if "_is_won" in cells:
        won = cells["_is_won"].str.strip().str.lower()
        closed = cells["_is_closed"].str.strip().str.lower() if "_is_closed" in cells else nothing
        words = words.mask(closed.isin(TRUE) & won.isin(FALSE), "lost").mask(closed.isin(FALSE), "open")
        words = words.mask(won.isin(TRUE), "won")
    return cells.assign(outcome=words)


def _with_currencies(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Take the currency from amounts such as "USD 1,200" where it has no column of its own."""
    if "currency" in cells or "amount" not in cells:
        return cells
    named = cells["amount"].map(currency_in, na_action="ignore").astype("str")
    if named.notna().any():
        ledger.note("currency", named.notna().sum(), "was read from the amounts")
    return cells.assign(currency=named)
