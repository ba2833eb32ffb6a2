"""Small exports to write, and ways to look at what became of them."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem.book import Book
from postmortem.ground.config import build_config
from postmortem.intake import load_book, propose

DEALS = (
    {"deal_id": "D1", "owner_id": "Ann", "stage": "Closed Won", "outcome": "won", "created_at": "2025-01-10",
     "closed_at": "2025-03-20", "amount": "1000", "product": "Alpha"},
    {"deal_id": "D2", "owner_id": "Bob", "stage": "Closed Lost", "outcome": "lost", "created_at": "2025-02-01",
     "closed_at": "2025-05-02", "amount": "2000", "product": "Beta"},
    {"deal_id": "D3", "owner_id": "Ann", "stage": "Proposal", "outcome": "open", "created_at": "2025-04-15",
     "closed_at": "", "amount": "500", "product": "Alpha"},
)  # fmt: skip
"""A small book in which nothing is wrong."""


def as_csv(rows: Sequence[Mapping[str, object]], **style: Any) -> str:
    """Write rows as CSV; the header holds every column that any row has."""
    headers = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, headers, restval="", lineterminator="\n", **style)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def with_changes(*changes: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the small book with further columns; one mapping a deal, in order."""
    extra = [*changes, *({} for _ in range(len(DEALS) - len(changes)))]
    return [{**deal, **change} for deal, change in zip(DEALS, extra, strict=True)]


def notes_on(book: Book, column: str, table: str = "deals") -> list[str]:
    """Return what intake noted on one column."""
    return [note.what for note in book.notes if (note.table, note.column) == (table, column)]


EXPORTS = Path(__file__).parent / "exports"
"""Invented sample exports, one folder a CRM."""


def round_trip(name: str, **changes: Mapping[str, Any]) -> Book:
    """Read a sample export by the configuration proposed for it; `changes` are what an analyst would add."""
    folder = EXPORTS / name
    raw = tomllib.loads(propose(folder).toml)
    for section, content in changes.items():
        for key, value in content.items():
            raw[section][key] = {**raw[section].get(key, {}), **value} if isinstance(value, Mapping) else value
    return load_book(build_config(raw, folder))


def rows_of(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Return rows as plain tuples: days as ISO text, missing as None."""
    return [
        tuple(
            None if pd.isna(value) else value.isoformat(sep=" ").removesuffix(" 00:00:00")
            if isinstance(value, pd.Timestamp) else value
            for value in row
        )
        for row in frame[list(columns)].itertuples(index=False)
    ]  # fmt: skip
