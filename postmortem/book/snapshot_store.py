"""The engagement's own snapshots: one Parquet file a day, written aside and renamed, never changed afterwards.

A snapshot cannot be taken again, so a day that is there stays as it is unless its replacement is asked for.
A file is either there whole or not at all; what a killed append leaves behind is a hidden file nobody reads.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from postmortem.book.snapshots import FIELDS, canonical
from postmortem.ground.errors import DataError
from postmortem.ground.formats import count

FILE: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.parquet")
MARK: Final = b"postmortem.snapshot"
FORMAT: Final = 1
Outcome = Literal["added", "unchanged", "replaced"]


@dataclass(frozen=True)
class Stored:
    """One day of the store.

    Attributes
    ----------
    file : Path
        Where it lies.
    day : datetime.date
        Day the snapshot speaks for.
    currency : str
        Currency of its amounts; empty where the data did not say.
    rows : DataFrame
        Canonical `snapshots` of that day.
    """

    file: Path
    day: dt.date
    currency: str
    rows: pd.DataFrame


def snapshot_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a store, oldest day first."""
    return tuple(sorted(path for path in folder.glob("*.parquet") if FILE.fullmatch(path.name) and path.is_file()))


def days_stored(folder: Path) -> tuple[dt.date, ...]:
    """Return the days a store holds, in order."""
    return tuple(dt.date.fromisoformat(path.stem) for path in snapshot_files(folder))


def is_stored(file: Path) -> bool:
    """Whether a file is a day of some store, so that nobody takes it for an export."""
    if not FILE.fullmatch(file.name):
        return False
    try:
        with file.open("rb") as opened:
            return MARK in (pq.read_schema(opened).metadata or {})
    except (OSError, pa.ArrowException):
        return False


def read_snapshot(file: Path) -> Stored:
    """Read one day.

    Raises
    ------
    DataError
        When the file cannot be read, or was not written by `append_snapshot`.
    """
    try:
        with file.open("rb") as opened:
            table = pq.read_table(opened)
        told = json.loads((table.schema.metadata or {}).get(MARK, b"{}"))
        if told.get("format") != FORMAT:
            raise ValueError("it was not written by postmortem snapshot")
        rows = canonical(table.to_pandas())
        if not (rows["as_of"] == pd.Timestamp(file.stem)).all():
            raise ValueError("its rows are of another day than its name says")
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DataError(
            "A stored snapshot cannot be read.",
            got=f"{file.parent.name}/{file.name}: {str(error).splitlines()[0]}",
            do="bring the file back from a copy, or move it out of this folder",
        ) from None
    return Stored(file, dt.date.fromisoformat(file.stem), str(told.get("currency", "")), rows)


def append_snapshot(
    folder: Path, rows: pd.DataFrame, day: dt.date, currency: str, *, replace: bool = False
) -> tuple[Path, Outcome]:
    """Add one day to a store.

    Parameters
    ----------
    folder : Path
        The store; made when it is not there.
    rows : DataFrame
        Canonical `snapshots` of `day`.
    day : datetime.date
        Day the snapshot speaks for.
    currency : str
        Currency of the amounts; empty where the data do not say.
    replace : bool
        Write over a day that is there with other content.

    Returns
    -------
    (Path, str)
        The file, and whether the day was ``added``, ``unchanged`` (the same content was there: nothing is
        written) or ``replaced``.

    Raises
    ------
    DataError
        When the day is there with other content and `replace` is false, with what differs.
    """
    place = folder / f"{day.isoformat()}.parquet"
    outcome: Outcome = "added"
    if place.is_file():
        try:
            differing = _differences(read_snapshot(place), rows, currency)
        except DataError:
            if not replace:
                raise
            differing = ["it cannot be read"]
        if not differing:
            return place, "unchanged"
        if not replace:
            raise DataError(
                f"There is another snapshot of {day} already.",
                rows=differing,
                expected="the same deals in the same state",
                do="name the day of this export with --as-of, or put it in place of the other one with --replace",
            )
        outcome = "replaced"
    folder.mkdir(parents=True, exist_ok=True)
    _write(place, rows, {"format": FORMAT, "currency": currency})
    return place, outcome


def _write(place: Path, rows: pd.DataFrame, told: dict[str, object]) -> None:
    """Write a file whole or not at all; it is on the disk before it gets its name."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), MARK: json.dumps(told).encode()})
    number, name = tempfile.mkstemp(prefix=f".{place.stem}-", suffix=".writing", dir=place.parent)
    aside = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, 0o644)
        os.replace(aside, place)
    finally:
        aside.unlink(missing_ok=True)


def _differences(there: Stored, rows: pd.DataFrame, currency: str) -> list[str]:
    """Say what differs between a stored day and another snapshot of it, a line a thing."""
    old, new = (frame.set_index("deal_id").sort_index() for frame in (there.rows, rows))
    said = [] if there.currency == currency else [f"currency {there.currency or 'none'}, now {currency or 'none'}"]
    for ids, what in ((old.index.difference(new.index), "no longer"), (new.index.difference(old.index), "not before")):
        if len(ids):
            said.append(f"{count(len(ids), 'deal')} {what} in it: {', '.join(ids[:3])}{', …' if len(ids) > 3 else ''}")
    both = old.index.intersection(new.index)
    for field in FIELDS:
        before, after = old.loc[both, field], new.loc[both, field]
        moved = ~((before == after).fillna(False).astype("bool") | (before.isna() & after.isna()))
        if moved.any():
            first = moved.index[moved][0]
            said.append(
                f"{field.replace('_', ' ')} of {count(int(moved.sum()), 'deal')}: "
                f"{first} {_shown(before[first])}, now {_shown(after[first])}"
            )
    return said


def _shown(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return "missing" if value is None or value != value or value is pd.NA else str(value)
