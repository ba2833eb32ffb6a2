"""The spreadsheet of a forecast call: its rows matched to deals and kept as the engagement's `forecast_sheet.csv`.

A row is matched by its deal's id, else by account and deal name without case and doubled spaces. A row that
matches no deal, or several, is never guessed about and never dropped in silence: it is listed in a file.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import tomlkit

from postmortem.ground import schema
from postmortem.ground.config import FILE_NAME, Config
from postmortem.ground.errors import DataError, UsageError
from postmortem.ground.spreadsheets import harmless
from postmortem.intake import generic
from postmortem.intake.columns import Reader, Refusal, enum_meaning
from postmortem.intake.dates import DateStyle
from postmortem.intake.folding import fold, fold_header
from postmortem.intake.quarantine import Ledger
from postmortem.intake.reading import Settings, read_table
from postmortem.intake.salesforce import long_id
from postmortem.intake.workbook import canonical_text

TABLE: Final = "forecast_sheet"
FILE: Final = "forecast_sheet.csv"
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "deal_id": generic.DEALS["deal_id"],
    "account_name": generic.ACCOUNT,
    "deal_name": generic.DEALS["deal_name"],
    "category": ("category", "call", "forecast_call", *generic.CATEGORY),
    "amount": (*generic.AMOUNT, "forecast_amount"),
    "expected_close_date": (*generic.EXPECTED, "close_date", "closing_date", "closes", "close"),
}


@dataclass(frozen=True)
class Added:
    """What became of a sheet.

    Attributes
    ----------
    file : Path
        The engagement's sheet, with the rows of all days.
    rows : int
        Rows of this day in it.
    replaced : int
        Rows of the same day that were there before.
    not_added : tuple of str
        One line a row that was left out: where it stands, and why.
    left_out : Path or None
        File with these rows in full.
    without_close : int
        Added rows that name no expected close.
    is_new : bool
        Whether `[tables.forecast_sheet]` was added to the configuration.
    """

    file: Path
    rows: int
    replaced: int
    not_added: tuple[str, ...]
    left_out: Path | None
    without_close: int
    is_new: bool


def add_sheet(sheet: Path, as_of: dt.date, config: Config, deals: pd.DataFrame) -> Added:
    """Add the sheet of one forecast call to the engagement; the sheet of the same day is replaced.

    Parameters
    ----------
    sheet : Path
        XLSX or CSV, headers found by their words (id, account, deal, category, amount, expected close).
    as_of : datetime.date
        Day of the call.
    config : Config
        The engagement.
    deals : DataFrame
        The book's deals.

    Raises
    ------
    DataError
        When the sheet cannot be read, has no category or nothing to match by, or no row matches a deal.
    UsageError
        When the engagement's forecast sheet is a file that was made by other means.
    """
    file, source = _place(config)
    old = _rows_before(file, config)
    cells, ledger = _read(sheet, config)
    typed = _matched(cells, ledger, deals, config)
    if typed.empty:
        raise DataError(
            f"No row of {sheet.name} can be added.",
            rows=ledger.commonest_reasons(),
            expected="rows with a forecast category whose id, or account and deal name, are those of one deal",
            do="correct these rows in the sheet",
        )
    day = _written(as_of, config)
    kept = [row for row in old if row["as_of"] != day]
    rows = [*kept, *(_row(row, day, config) for row in typed.to_dict("records"))]
    names = schema.table(TABLE).names
    _write(file, [names, *([row[name] for name in names] for row in rows)], config)
    not_added = tuple(
        f"{sheet.name} line {entry.line}: {entry.column} {entry.value!r} {'; '.join(entry.reasons)}"
        for entry in ledger.entries
    )
    left_out = file.with_name(f"{file.stem}.{as_of}.not-added.csv")
    left_out.unlink(missing_ok=True)
    if not_added:
        reasons = {entry.line: "; ".join(entry.reasons) for entry in ledger.entries}
        columns = ["line", "why", *cells.columns]
        lines = [
            [str(line), why, *(harmless(cells.at[label, name]) for name in cells.columns)]
            for line, why in reasons.items()
            for label in ledger.lines.index[ledger.lines == line][:1]
        ]
        _write(left_out, [columns, *lines], config)
    return Added(
        file=file,
        rows=len(typed),
        replaced=len(old) - len(kept),
        not_added=not_added,
        left_out=left_out if not_added else None,
        without_close=int(typed["expected_close_date"].isna().sum()),
        is_new=_configure(config, source),
    )


def _place(config: Config) -> tuple[Path, str]:
    """Return where the engagement keeps its sheet, and how the configuration calls that file."""
    data = config.folder / config.data.folder
    told = config.tables.get(TABLE)
    if told is None:
        return config.folder / FILE, Path(os.path.relpath(config.folder / FILE, data)).as_posix()
    own = told.adapter != "generic" or told.columns or told.constants or told.values or told.files or told.lookups
    if own or not told.file.endswith(".csv"):
        raise UsageError(
            "The forecast sheet of this engagement is a file of your own, not one this command writes.",
            got=", ".join(told.exports),
            do=f"add its rows there, or take [tables.{TABLE}] out of {FILE_NAME}",
        )
    return data / told.file, told.file


def _rows_before(file: Path, config: Config) -> list[dict[str, str]]:
    """Return the rows that are in the engagement's sheet already, as text."""
    if not file.is_file():
        return []
    text = file.read_text(encoding=config.data.encoding or "utf-8")
    reader = csv.DictReader(io.StringIO(text), delimiter=config.data.delimiter or ",")
    if tuple(reader.fieldnames or ()) != schema.table(TABLE).names:
        raise UsageError(
            f"{file.name} was not written by this command.",
            got=", ".join(reader.fieldnames or ()),
            expected=", ".join(schema.table(TABLE).names),
            do="rename the file, or write its columns this way",
        )
    return list(reader)


def _read(sheet: Path, config: Config) -> tuple[pd.DataFrame, Ledger]:
    """Read the sheet as text under canonical names."""
    raw = read_table(sheet, sheet.name, Settings(decimal=config.data.decimal))
    by_fold = {fold_header(header): header for header in reversed(raw.headers)}
    found: dict[str, str] = {}
    for column, words in HEADERS.items():
        key = next((fold_header(word) for word in words if fold_header(word) in by_fold), None)
        if key is not None:
            found[column] = by_fold.pop(key)
    if "category" not in found or not ("deal_id" in found or {"account_name", "deal_name"} <= set(found)):
        raise DataError(
            f"{sheet.name} lacks columns that a forecast sheet needs.",
            got=", ".join(raw.headers),
            expected="a forecast category, and a deal id or account and deal name",
            do="rename the headers of these columns in the sheet",
        )
    ledger = Ledger(TABLE, sheet.name, raw.lines)
    for row in raw.ragged:
        ledger.set_aside_line(row.line, " | ".join(row.cells), raw.reason_for(row))
    missing = pd.Series(pd.NA, index=raw.frame.index, dtype="str")
    cells = pd.DataFrame({name: raw.frame[found[name]].str.strip() if name in found else missing for name in HEADERS})
    return cells, ledger


def _matched(cells: pd.DataFrame, ledger: Ledger, deals: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the rows that can be added, typed; the others are set aside with the reason."""
    known = schema.table("deals").column("forecast_category")
    words = {word: enum_meaning(word, known, generic.GENERIC) for word in cells["category"].dropna().unique()}
    category = cells["category"].map(words).astype("str")
    ledger.set_aside(cells["category"].isna(), "category", cells["category"], "is empty")
    strange = cells["category"].notna() & category.isna()
    choices = ", ".join(name for name in schema.FORECAST_CATEGORIES if name != schema.UNKNOWN)
    ledger.set_aside(strange, "category", cells["category"], f"is none of {choices}")
    matches = _matches(cells, deals)
    for label, found in matches.items():
        if len(found) != 1:
            by_id = bool(cells["deal_id"].notna()[label])
            column = "deal_id" if by_id else "deal_name"
            why = "matches no deal" if not found else f"matches {len(found)} deals of this name at this account"
            ledger.set_aside(pd.Index([label]), column, cells[column], why)
    ids = pd.Series({label: found[0] if len(found) == 1 else None for label, found in matches.items()}, dtype="str")
    used = ledger.keep(cells.assign(deal_id=ids, category=category))
    ledger.set_aside(used["deal_id"].duplicated(), "deal_id", used["deal_id"], "is on the sheet more than once")
    reader = Reader(
        TABLE, DateStyle(config.data.date_format, None, ZoneInfo(config.company.time_zone)), config.data.decimal,
        generic.GENERIC, {},
    )  # fmt: skip
    typed, refusals = reader.read(ledger.keep(used), ledger)
    _refuse(ledger.file, refusals)
    return ledger.keep(typed)


def _refuse(file: str, refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise DataError(
            f"{file} has columns that cannot be read.",
            rows=[refusal.what for refusal in refusals],
            do="; ".join(dict.fromkeys(refusal.do for refusal in refusals)),
        )


def _matches(cells: pd.DataFrame, deals: pd.DataFrame) -> dict[int, list[str]]:
    """Return for each row the deals it may mean: the one with its id, else all of its account and name."""
    ids = set(deals["deal_id"])
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    for deal_id, account, name in deals[["deal_id", "account_name", "deal_name"]].itertuples(index=False):
        if isinstance(account, str) and isinstance(name, str):
            named[fold(account), fold(name)].append(deal_id)
    found: dict[int, list[str]] = {}
    rows = zip(cells.index, cells["deal_id"], cells["account_name"], cells["deal_name"], strict=True)
    for label, deal_id, account, name in rows:
        own = [each for each in dict.fromkeys((deal_id, long_id(deal_id))) if each in ids] if pd.notna(deal_id) else []
        if not own and pd.notna(account) and pd.notna(name):
            own = named.get((fold(account), fold(name)), [])
        found[label] = own
    return found


def _row(row: Mapping[Any, Any], day: str, config: Config) -> dict[str, str]:
    closes = row["expected_close_date"]
    return {
        "as_of": day,
        "deal_id": str(row["deal_id"]),
        "category": str(row["category"]),
        "amount": canonical_text(row["amount"], config.data.decimal),
        "expected_close_date": _written(closes.date(), config) if isinstance(closes, pd.Timestamp) else "",
    }


def _written(day: dt.date, config: Config) -> str:
    """Write a day the way this engagement's files are read."""
    return day.strftime(config.data.date_format) if config.data.date_format else day.isoformat()


def _write(file: Path, rows: Sequence[Sequence[str]], config: Config) -> None:
    """Write whole or not at all: these rows cannot be exported again."""
    text = io.StringIO()
    csv.writer(text, delimiter=config.data.delimiter or ",", lineterminator="\n").writerows(rows)
    aside = file.with_name(f".{file.name}.writing")
    aside.write_text(text.getvalue(), encoding=config.data.encoding or "utf-8")
    os.replace(aside, file)


def _configure(config: Config, source: str) -> bool:
    """Name the sheet in `postmortem.toml` unless it is there; comments and order stay."""
    if TABLE in config.tables:
        return False
    place = config.folder / FILE_NAME
    document = tomlkit.parse(place.read_bytes().decode("utf-8-sig"))
    section = tomlkit.table()
    section.add("file", source)
    tables = document.setdefault("tables", tomlkit.table(is_super_table=True))
    tables[TABLE] = section
    place.write_bytes(tomlkit.dumps(document).encode("utf-8"))
    return True
