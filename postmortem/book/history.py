"""What was known of a deal at an earlier moment, replayed from the history of its fields.

The value of a field at a moment is the last value written at or before it. Where the first change comes
later, it is that change's old value; where a tracked field never changed, it is the current value. The
spans are those of `postmortem.book.states`, made on pandas, where a book's tables lie.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.book.states import validity_spans, zoned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postmortem.book.book import Book

TRACKED = ("stage", "forecast_category", "expected_close_date", "amount", "owner_id", "probability")
NUMBERS = ("amount", "probability")
DATES = ("expected_close_date",)
# CRMs write these when a deal closes: a closed deal's value of today says nothing of an earlier day.
OVERWRITTEN = ("stage", "forecast_category", "probability")


@dataclass(frozen=True)
class Changes:
    """The history of a book, ready to be read off at any moment.

    Attributes
    ----------
    spans : DataFrame
        Validity spans, one row a change, as `validity_spans` gives them, with numbers for names: ``deal_id``
        is the position in `Book.deals`, ``field`` the position in `values`, ``old_value`` and ``new_value``
        are positions in the values of that field.
    values : mapping of str to Series, shape (n + 2 m,)
        By tracked field in canonical order: the current values of the n deals, then the m old values, then
        the m new ones, typed.
    """

    spans: pd.DataFrame
    values: Mapping[str, pd.Series[Any]]


def tracked_fields(book: Book) -> tuple[str, ...]:
    """Return the fields whose changes the book's history records, in canonical order."""
    return tuple(book.changes.values)


def read_changes(deals: pd.DataFrame, history: pd.DataFrame) -> Changes:
    """Build the validity spans of a history once; changes of deals nobody knows are left out."""
    seen = set(history["field"].dropna().unique())
    deal = pd.Index(deals["deal_id"]).get_indexer(pd.Index(history["deal_id"]))
    known = history.assign(deal_id=deal)[(deal >= 0) & history["field"].isin(TRACKED).to_numpy()]
    values, parts = {}, []
    for place, field in enumerate(name for name in TRACKED if name in seen):
        rows = known[known["field"] == field]
        texts = [deals[field], typed(rows["old_value"], field), typed(rows["new_value"], field)]
        values[field] = pd.concat(texts, ignore_index=True).astype(_dtype(field))
        old = len(deals) + np.arange(len(rows))
        numbers = {"field": place, "row": np.arange(len(rows)), "old_value": old, "new_value": old + len(rows)}
        parts.append(rows.assign(**numbers))
    nothing = known.iloc[:0].assign(field=0, row=0, old_value=0, new_value=0)
    spans = validity_spans(pd.concat(parts or [nothing], ignore_index=True))
    return Changes(spans=spans.collect().to_native(), values=values)


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
    return states_at_moments(book, [moment], fields)[0]


def states_at_moments(
    book: Book, moments: Sequence[pd.Timestamp], fields: Sequence[str] = TRACKED
) -> tuple[pd.DataFrame, ...]:
    """Return the state of every deal just before each of several moments, in one pass over the history.

    Parameters
    ----------
    book : Book
        With a `history` table.
    moments : sequence of Timestamp
        With a time zone; see `states_at`.
    fields : sequence of str
        Tracked fields wanted.

    Returns
    -------
    tuple of DataFrame
        One a moment, in the order of `moments`, as `states_at` returns it.

    Raises
    ------
    UsageError
        When there is no moment, or one has no time zone.
    """
    changes, deals = book.changes, book.deals
    positions = _positions(changes, len(deals), zoned(moments))
    by_field = {name: positions[:, order] for order, name in enumerate(changes.values)}
    missing = {
        name: pd.Series(pd.NA, index=deals.index, dtype="str").astype(_dtype(name))
        for name in fields
        if name not in by_field
    }
    found = []
    for number in range(len(moments)):
        states = {
            name: changes.values[name].take(by_field[name][number]).set_axis(deals.index)
            if name in by_field
            else missing[name]
            for name in fields
        }
        found.append(pd.DataFrame({"deal_id": deals["deal_id"], **states}))
    return tuple(found)


def _positions(changes: Changes, deals: int, moments: Sequence[dt.datetime]) -> NDArray[np.intp]:
    """Return which value every field of every deal had just before each moment, shape (moments, fields, deals).

    What `postmortem.book.states.values_at` says of spans on any engine, on the arrays of a book's own: a report
    asks for the ends of dozens of weeks.
    """
    spans = changes.spans
    since, until = (
        spans[name].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy() for name in ("valid_from", "valid_until")
    )
    field, deal, old, new = (spans[name].to_numpy() for name in ("field", "deal_id", "old_value", "new_value"))
    is_first = spans["is_first"].to_numpy()
    positions = np.empty((len(moments), len(changes.values), deals), dtype=np.intp)
    positions[:] = np.arange(deals)
    for place, moment in enumerate(moments):
        at = pd.Timestamp(moment).tz_convert("UTC").tz_localize(None).to_datetime64()
        seen = since < at
        # The newest change is followed by none: a missing end is never before the moment.
        for holds, value in ((seen & ~(until < at), new), (is_first & ~seen, old)):
            positions[place, field[holds], deal[holds]] = value[holds]
    return positions


def _dtype(field: str) -> Any:
    return "datetime64[us]" if field in DATES else "float64" if field in NUMBERS else "str"


def typed(text: pd.Series[Any], field: str) -> pd.Series[Any]:
    """Read the texts of a history in the canonical dtype of their field; what cannot be read is missing."""
    values: pd.Series[Any] = text
    if field in DATES:
        values = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    elif field in NUMBERS:
        values = pd.to_numeric(text, errors="coerce")
    return values.astype(_dtype(field))
