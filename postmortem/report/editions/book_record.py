"""What a manifest keeps of a book, so that the next run can say what has changed since."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from postmortem.book import Book
from postmortem.frames.cohort import Cohort
from postmortem.intake.deriving import reasons_of
from postmortem.intake.periods import newest_by_table

FORMAT: Final = 1
TIERS: Final = ("snapshots", "history", "sheet", "stage entries", "current")
"""Where a report's deals are known from, best first."""
WORDS: Final = {"snapshot of": "snapshots", "field history": "history", "sheet of": "sheet"}
FORECAST_LABELS: Final = ("forecast category", "expected close")
OF_LOST: Final = ("lost_to_raw", "loss_reason_raw", "loss_notes", "competitor_raw")
FILLED: Final = (
    "account_name", "owner_id", "segment", "region", "product", "created_at", "expected_close_date", "stage",
    "amount", "forecast_category", *OF_LOST,
)  # fmt: skip
STAGE, REASON, LOST_TO = "stage", "loss_reason_raw", "lost_to_raw"
MOST_VALUES: Final = 100
"""A field with more values than this is free text, not a list to pick from, and is not compared."""


def describe_book(book: Book) -> dict[str, Any]:
    """Return what a manifest keeps of a book, as JSON values.

    Returns
    -------
    dict
        ``format`` of these keys; ``extracted_on``; ``newest`` recorded day by table; ``rows`` by table;
        ``regions``, deals by region; ``columns`` that hold any value, by table; ``filled``, share of deals (of
        lost deals for loss fields) that have a value, by column; ``values``, counts by value of stage, loss
        reason and lost-to field.
    """
    deals = book.deals
    newest = newest_by_table(book.tables, ZoneInfo(book.meta.time_zone))
    lost = deals[deals["outcome"] == "lost"]
    values = {STAGE: deals["stage"], REASON: reasons_of(deals)["text"], LOST_TO: lost["lost_to_raw"]}
    return {
        "format": FORMAT,
        "extracted_on": book.meta.extracted_on.isoformat(),
        "newest": {name: moment.date().isoformat() for name, moment in sorted(newest.items())},
        "rows": {name: len(frame) for name, frame in sorted(book.tables.items())},
        "regions": _counts(deals["region"]),
        "columns": {
            name: [str(column) for column in frame if frame[column].notna().any()]
            for name, frame in sorted(book.tables.items())
        },
        "filled": {name: _filled(lost if name in OF_LOST else deals, name) for name in FILLED},
        "values": {name: _counts(each) for name, each in values.items() if each.nunique() <= MOST_VALUES},
    }


def tier_of(cohort: Cohort) -> str:
    """Say where the deals of a cohort are known from: the least good source of what chose them."""
    if cohort.kind == "closed":
        return "current"
    if cohort.kind == "late_stage":
        return "stage entries"
    told = [cohort.provenance.get(label, "") for label in FORECAST_LABELS]
    found = [tier for text in told for word, tier in WORDS.items() if word in text]
    return max(found, key=TIERS.index, default="current")


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(number) for name, number in values.value_counts().sort_index().items()}


def _filled(rows: pd.DataFrame, column: str) -> float | None:
    known = rows[column].notna() & ~(rows[column] == "unknown").fillna(False).astype("bool")
    return round(float(known.mean()), 4) if len(rows) else None
