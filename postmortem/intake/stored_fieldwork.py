"""What people filled in, kept in the engagement's folder `fieldwork/`: one canonical CSV file a table.

These rows cannot be exported again, so a file is written whole or not at all, and adding the same sheet twice
changes nothing. A rater's word is one set of rows: a new word of the same rater on the same deal replaces the old
one, here and in the export, and nobody else's.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.config import Config
from postmortem.ground.errors import DataError
from postmortem.ground.formats import count
from postmortem.intake import rules
from postmortem.intake.columns import Reader
from postmortem.intake.dates import DateStyle
from postmortem.intake.generic import GENERIC
from postmortem.intake.quarantine import Ledger
from postmortem.intake.reading import RawTable, Settings, read_table

WORD: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: schema.table(name).key for name in schema.FIELDWORK},
    "reasons": ("deal_id", "rater_type", "rater_id", "interview_id", "coder_id"),
}
"""What makes rows one word, which is replaced as a whole: the key, and of reasons who spoke of which deal."""

CLOCK: Final = ("recorded_at", "sealed_at")
"""When a row was written down: no part of what it says."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Kept:
    """What became of rows that were added to the store.

    Attributes
    ----------
    file : Path
        The table's file.
    added, replaced, unchanged : int
        Words (see `WORD`) that are new, that took the place of another one, and that were there already.
    rows : int
        Rows in the file now.
    """

    file: Path
    added: int
    replaced: int
    unchanged: int
    rows: int


def fieldwork_files(config: Config) -> tuple[Path, ...]:
    """Return the files of the store that are there, in the order of the tables."""
    files = (config.folder / schema.FIELDWORK_FOLDER / f"{name}.csv" for name in schema.FIELDWORK)
    return tuple(file for file in files if file.is_file())


def read_fieldwork(config: Config) -> dict[str, tuple[pd.DataFrame, Ledger]]:
    """Read the store: the typed rows of each table that has some, and their ledger.

    Rows that cannot be used are set aside with file, line and reason, like those of an export.

    Raises
    ------
    DataError
        When a file cannot be read, or its columns are not those of its table.
    """
    zone = ZoneInfo(config.company.time_zone)
    read = {file.stem: _typed(file.stem, _raw(file), zone) for file in fieldwork_files(config)}
    return {name: each for name, each in read.items() if each[1].rows_in}


def without_replaced(table: str, exported: pd.DataFrame, ledger: Ledger, stored: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an export without those whose word is in the store as well, and note how many there are."""
    columns = [name for name in WORD[table] if name in exported]
    if exported.empty or stored.empty or not columns:
        return exported
    words = [
        pd.MultiIndex.from_frame(frame.reindex(columns=list(WORD[table])).astype("str").fillna(""))
        for frame in (exported, stored)
    ]
    told = words[0].isin(words[1])
    what = f"rows were left out: {schema.FIELDWORK_FOLDER}/{table}.csv holds the same rater's or key's word"
    ledger.merged(int(told.sum()), columns[0], what)
    return exported[~told]


def add_fieldwork(table: str, frame: pd.DataFrame, config: Config) -> Kept:
    """Add rows to the store of an engagement, or nothing at all.

    Parameters
    ----------
    table : str
        One of `schema.FIELDWORK`.
    frame : DataFrame
        Columns of that table; those left out are empty. Text is kept as one line without control characters.
    config : Config
        The engagement.

    Returns
    -------
    Kept
        A word that was there already keeps the day it was first written down.

    Raises
    ------
    DataError
        When a row, there or new, cannot be read as one of the table, with all of them; nothing is written then.
    """
    names = schema.table(table).names
    file = config.folder / schema.FIELDWORK_FOLDER / f"{table}.csv"
    new = [{name: _text(row.get(name)) for name in names} for row in frame.to_dict("records")]
    zone = ZoneInfo(config.company.time_zone)
    _refuse_faults(table, _from_rows(f"rows to add to {file.name}", names, new), zone)
    old: Rows = []
    if file.is_file():
        raw = _raw(file)
        _refuse_faults(table, raw, zone)
        cells = raw.frame.reindex(columns=list(names)).fillna("")
        old = [dict(zip(names, row, strict=True)) for row in cells.itertuples(index=False)]
    before, after = _words(table, old), _words(table, new)
    same = {word for word in after if word in before and _said(before[word]) == _said(after[word])}
    replaced = {word for word in after if word in before} - same
    merged = {**before, **{word: rows for word, rows in after.items() if word not in same}}
    kept = [row for rows in merged.values() for row in rows]
    if len(same) < len(after):
        _write(file, names, kept)
    return Kept(file, len(after) - len(same) - len(replaced), len(replaced), len(same), len(kept))


def _raw(file: Path) -> RawTable:
    """Read a file of the store as text; another delimiter, as spreadsheets write, is found out."""
    called, names = f"{file.parent.name}/{file.name}", schema.table(file.stem).names
    raw = read_table(file, called, Settings())
    strange = [header for header in raw.headers if header not in names]
    lacking = [name for name in schema.table(file.stem).required if name not in raw.headers]
    if strange or lacking:
        raise DataError(
            f"{called} does not have the columns of its table.",
            got=", ".join(raw.headers),
            expected=", ".join(names),
            do="name its columns this way, or move the file out of this folder",
        )
    return raw


def _from_rows(called: str, names: Sequence[str], rows: Rows) -> RawTable:
    cells = {name: pd.Series([row[name] or None for row in rows], dtype="str") for name in names}
    frame = pd.DataFrame(cells)
    return RawTable(called, frame, pd.Series(frame.index + 1, index=frame.index, dtype="int64"))


def _typed(table: str, raw: RawTable, zone: ZoneInfo) -> tuple[pd.DataFrame, Ledger]:
    """Read text as rows of a canonical table; what cannot be used is set aside."""
    ledger = Ledger(table, raw.file, raw.lines)
    ledger.adopt(raw.notes)
    for row in raw.ragged:
        ledger.set_aside_line(row.line, " | ".join(row.cells), raw.reason_for(row))
    typed, refusals = Reader(table, DateStyle(None, None, zone), ".", GENERIC, {}).read(raw.frame, ledger)
    if refusals:
        raise DataError(
            f"{raw.file} has columns that cannot be read.",
            rows=[refusal.what for refusal in refusals],
            expected="days as YYYY-MM-DD, moments in UTC, a point as decimal mark",
            do="write these cells this way",
        )
    rules.require_values(table, typed, ledger)
    rules.settle_keys(table, ledger.keep(typed), ledger)
    return ledger.keep(typed), ledger


def _refuse_faults(table: str, raw: RawTable, zone: ZoneInfo) -> None:
    _, ledger = _typed(table, raw, zone)
    faults = [f"line {each.line}: {each.column} {each.value!r} {'; '.join(each.reasons)}" for each in ledger.entries]
    faults += [f"{note.column}: {note.what}" for note in ledger.notes if note.what.startswith("values read as unknown")]
    if faults:
        raise DataError(
            f"{count(len(faults), 'row')} of {raw.file} cannot be kept, so nothing was written.",
            rows=faults,
            do="correct these rows and add them again",
        )


def _words(table: str, rows: Iterable[dict[str, str]]) -> dict[tuple[str, ...], Rows]:
    words: dict[tuple[str, ...], Rows] = {}
    for row in rows:
        words.setdefault(tuple(row[name] for name in WORD[table]), []).append(row)
    return words


def _said(rows: Rows) -> list[list[tuple[str, str]]]:
    """Return what rows say, whenever and in whichever order they were written down."""
    return sorted(sorted((name, cell) for name, cell in row.items() if name not in CLOCK) for row in rows)


def _text(value: Any) -> str:
    """Return a cell as one line of text, the way this store is read: ISO days, moments in UTC, words trimmed."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, dt.datetime):
        is_moment = value.tzinfo is not None
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if is_moment else value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(_CONTROLS.sub(" ", str(value)).split())


def _write(file: Path, names: Sequence[str], rows: Rows) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.writing")
    aside.write_text(text.getvalue(), encoding="utf-8")
    os.replace(aside, file)
