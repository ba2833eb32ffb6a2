"""The engagement's own snapshots, beside a table of snapshots that the configuration may name.

Both are read. A day that the configured table holds is taken from there, whole, and the stored snapshot of that
day is left out: what the company kept itself counts more than what was made of an export.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from postmortem.book.snapshot_store import Stored, read_snapshot, snapshot_files
from postmortem.book.snapshots import TABLE
from postmortem.ground.config import Config
from postmortem.ground.errors import DataError
from postmortem.intake.quarantine import Ledger


def store_of(config: Config) -> Path:
    """Return the folder in which an engagement keeps its snapshots."""
    return config.folder / config.data.snapshots


def read_stored(config: Config) -> tuple[Stored, ...]:
    """Read all stored snapshots, oldest first.

    Raises
    ------
    DataError
        When one cannot be read.
    """
    return tuple(read_snapshot(file) for file in snapshot_files(store_of(config)))


def stored_rows(
    stored: tuple[Stored, ...], configured: pd.DataFrame | None, folder: str
) -> tuple[pd.DataFrame, Ledger]:
    """Return the rows of the days that the configured table does not hold, and the ledger of these rows.

    Parameters
    ----------
    stored : tuple of Stored
        Not empty.
    configured : DataFrame, optional
        The configured table of snapshots, typed.
    folder : str
        What the store is called in messages.
    """
    told = set() if configured is None or "as_of" not in configured else set(configured["as_of"].dropna())
    used = [each.rows for each in stored if pd.Timestamp(each.day) not in told]
    rows = pd.concat(used or [stored[0].rows.iloc[:0]], ignore_index=True)
    ledger = Ledger(TABLE, folder, pd.Series(rows.index + 1, index=rows.index))
    left_out = len(stored) - len(used)
    if left_out:
        at_all = sum(len(each.rows) for each in stored) - len(rows)
        ledger.note("as_of", at_all, f"of {left_out} days in {folder} were left out: the configured table holds them")
    return rows, ledger


def refuse_other_currency(stored: tuple[Stored, ...], currency: str) -> None:
    """Refuse snapshots whose amounts are not in the currency of the report; none named is taken as that one.

    Raises
    ------
    DataError
        When there are such snapshots.
    """
    other = [each for each in stored if each.currency and currency and each.currency != currency]
    if other:
        raise DataError(
            "Stored snapshots are in another currency than the report.",
            got=other[0].currency,
            expected=currency,
            rows=[f"{each.file.parent.name}/{each.file.name}" for each in other],
            do="set [company] currency back, or move these files out of their folder",
        )
