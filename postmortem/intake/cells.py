"""A file to text cells under canonical names: columns mapped, values replaced, empty words emptied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.config import Config, Source
from postmortem.ground.errors import DataError
from postmortem.intake.adapter import Adapter, Columns, resolve_columns
from postmortem.intake.adapters import adapter_called
from postmortem.intake.delimited import Row
from postmortem.intake.folding import MISSING_WORDS, NOT_A_NUMBER, Lookup
from postmortem.intake.footers import drop_footers
from postmortem.intake.outcomes import decide_outcomes
from postmortem.intake.quarantine import Ledger
from postmortem.intake.reading import RawTable, Settings, read_table
from postmortem.intake.values import FALSE, TRUE, currency_in, parse, read_share
from postmortem.intake.wording import shortened

SEVERAL: Final = ("loss_reason_raw", "competitor_raw")
"""Columns whose cells may hold several values."""

SEPARATOR: Final = re.compile(r"[;\n]+")
NUMERIC: Final = ("money", "number", "integer")


@dataclass(frozen=True)
class Cells:
    """One table as text under canonical names.

    Attributes
    ----------
    frame : DataFrame
        Canonical columns (and an adapter's helpers, which begin with ``_``), all str.
    ledger : Ledger
        What became of its rows so far.
    adapter : Adapter
        What read it.
    columns : Columns
        Which header each column came from.
    """

    frame: pd.DataFrame
    ledger: Ledger
    adapter: Adapter
    columns: Columns


def split_values(text: str) -> list[str]:
    """Return the values of a cell that may hold several, separated by semicolons or lines."""
    return [part.strip() for part in SEPARATOR.split(text) if part.strip()]


def read_cells(table: str, source: Source, config: Config) -> Cells:
    """Read one table's file as text cells under canonical names.

    Parameters
    ----------
    table : str
        Canonical table.
    source : Source
        Its section of the configuration.
    config : Config
        For the folder and how files are written.

    Raises
    ------
    DataError
        When the file cannot be read, holds no row although the table is required, or lacks a column.
    """
    adapter = adapter_called(source.adapter)
    settings = Settings(config.data.encoding, config.data.delimiter, source.sheet, config.data.decimal)
    # An absolute data folder or file takes the place of what stands before it.
    raw = read_table(config.folder / config.data.folder / source.file, source.file, settings)
    columns = resolve_columns(table, raw.headers, adapter, source, source.file)
    raw = drop_footers(raw, table, columns.mapped, adapter.footers)
    if table == "deals" and raw.frame.empty and not raw.ragged:
        raise DataError(f"{source.file} has a header and no deals under it.", do="export it again, without filters")
    ledger = Ledger(table, source.file, raw.lines)
    ledger.adopt(raw.notes)
    for row in raw.ragged:
        ledger.set_aside_line(row.line, _joined(row), raw.reason_for(row))
    frame = _without_repeats(table, raw, ledger)
    cells = pd.DataFrame({column: frame[header] for column, header in columns.mapped.items()}, index=frame.index)
    cells = _without_missing_words(table, cells, ledger)
    for column, value in source.constants.items():
        cells[column] = pd.Series(value, index=cells.index, dtype="str")
    for column, mapping in source.values.items():
        if column in cells:
            cells[column] = replace_values(cells[column], mapping, several=column in SEVERAL)
    if columns.unread:
        shown = ", ".join(shortened(header) for header in columns.unread)
        ledger.note("", 0, f"columns not read: {shown}")
    if table == "deals":
        cells = _with_outcomes(cells, adapter, config.data.decimal)
        cells = _with_currencies(cells, ledger)
    if adapter.prepare is not None:
        before = set(cells)
        cells = adapter.prepare(table, cells, ledger)
        for column in (set(source.values) - before) & set(cells):
            # Columns that the hook made have values of the file, too, such as the ids of stages.
            mapping = source.values[column]
            cells = cells.assign(**{column: replace_values(cells[column], mapping, several=column in SEVERAL)})
    return Cells(cells, ledger, adapter, columns)


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


def _with_outcomes(cells: pd.DataFrame, adapter: Adapter, decimal: str) -> pd.DataFrame:
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
    words = decide_outcomes(cells["stage"], probabilities, known) if "stage" in cells else nothing
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
