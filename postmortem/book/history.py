"""What was known of a deal at an earlier moment, replayed from the history of its fields.

The value of a field at a moment is the last value written at or before it. Where the first change comes
later, it is that change's old value; where a tracked field never changed, it is the current value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.ground.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postmortem.book.book import Book

TRACKED = ("stage", "forecast_category", "expected_close_date", "amount", "owner_id")
NUMBERS = ("amount",)
DATES = ("expected_close_date",)


@dataclass(frozen=True)
class Changes:
    """The changes of one field, oldest first.

    Attributes
    ----------
    deal : array of int, shape (m,)
        Position of the deal in `Book.deals`.
    at : DatetimeIndex, shape (m,)
        When, ascending; changes of one moment in their sequence.
    values : Series, shape (n + 2 m,)
        Current values of the n deals, then the m old values, then the m new ones, typed.
    """

    deal: NDArray[np.intp]
    at: pd.DatetimeIndex
    values: pd.Series[Any]


def tracked_fields(book: Book) -> tuple[str, ...]:
    """Return the fields whose changes the book's history records, in canonical order."""
    return tuple(book.changes)


def read_changes(deals: pd.DataFrame, history: pd.DataFrame) -> Mapping[str, Changes]:
    """Sort the history once, by field in canonical order; changes of deals nobody knows are left out."""
    seen = set(history["field"].dropna().unique())
    history = history.assign(deal=pd.Index(deals["deal_id"]).get_indexer(pd.Index(history["deal_id"])))
    known = history[(history["deal"] >= 0) & history["changed_at"].notna() & history["field"].isin(TRACKED)]
    ordered = known.sort_values(["changed_at", "seq"], kind="stable")
    found = {}
    for field in (name for name in TRACKED if name in seen):
        rows = ordered[ordered["field"] == field]
        values = [deals[field], _typed(rows["old_value"], field), _typed(rows["new_value"], field)]
        found[field] = Changes(
            deal=rows["deal"].to_numpy(),
            at=pd.DatetimeIndex(rows["changed_at"]),
            values=pd.concat(values, ignore_index=True).astype(_dtype(field)),
        )
    return found


def states_at(book: Book, moment: pd.Timestamp, fields: Sequence[str] = TRACKED) -> pd.DataFrame:
    """Return the state of every deal just before a moment.

    Parameters
    ----------
    book : Book
        With a `history` table.
    moment : Timestamp
        UTC; changes at or after it are not seen. `BookMeta.end_of_day` gives the end of a local day.
    fields : sequence of str
        Tracked fields wanted.

    Returns
    -------
    DataFrame
        One row a deal of the book, in the order of `book.deals`: ``deal_id`` and one column a field in its
        canonical dtype. A field without any history in the book is missing throughout.

    Raises
    ------
    UsageError
        When `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise UsageError("A moment needs a time zone.", got=str(moment), do="use BookMeta.end_of_day(date)")
    states = book.deals[["deal_id"]].copy()
    for field in fields:
        if field in book.changes:
            states[field] = _replayed(book.changes[field], moment, len(states)).set_axis(states.index)
        else:
            states[field] = pd.Series(pd.NA, index=states.index, dtype="str").astype(_dtype(field))
    return states


def _replayed(changes: Changes, moment: pd.Timestamp, deals: int) -> pd.Series[Any]:
    """Return the value of one field for each of `deals` deals just before `moment`."""
    total = len(changes.at)
    seen = int((changes.at < moment).sum())
    last = np.full(deals, -1)
    np.maximum.at(last, changes.deal[:seen], np.arange(seen))
    first = np.full(deals, total)
    np.minimum.at(first, changes.deal[seen:], np.arange(seen, total))
    place = np.where(first < total, deals + first, np.arange(deals))
    return changes.values.take(np.where(last >= 0, deals + total + last, place))


def _dtype(field: str) -> Any:
    return "datetime64[us]" if field in DATES else "float64" if field in NUMBERS else "str"


def _typed(text: pd.Series[Any], field: str) -> pd.Series[Any]:
    values: pd.Series[Any] = text
    if field in DATES:
        values = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    elif field in NUMBERS:
        values = pd.to_numeric(text, errors="coerce")
    typed: pd.Series[Any] = values.astype(_dtype(field))
    return typed
