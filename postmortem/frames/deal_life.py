"""The life of one deal as spans and moments: stages, forecast, amount, contacts, people and competitors."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import tracked_fields
from postmortem.book.reductions import BUYER_SIDES
from postmortem.frames.cohort import Cohort
from postmortem.frames.entry import local_days, spells
from postmortem.ground import schema

COLUMNS: Final = ("lane", "start", "end", "what", "side", "competitor", "amount", "expected")
FIELDS: Final = (
    ("stage", "Stage", "what"), ("forecast_category", "Forecast as", "what"), ("amount", "Amount", "amount"),
    ("expected_close_date", "Expected close", "expected"),
)  # fmt: skip
CONTACTS, SILENT, OUTCOME, PEOPLE, RIVALS = "Contacts", "Buyer silent", "Outcome", "People", "Competitors"
BUYER, SELLER, NOT_TOLD = "buyer", "us", "side not recorded"
CREATED, NO_WORD, NO_ROLE = "created", "no word from the buyer", "role not recorded"
Moments = list[dict[str, Any]]


def end_of_life(cohort: Cohort, deal: Mapping[Hashable, Any]) -> pd.Timestamp:
    """Return the day a deal was closed, or the last day known of one that is open."""
    closed = deal.get("closed_at")
    return pd.Timestamp(cohort.as_of) if pd.isna(closed) else pd.Timestamp(closed)


def deal_life(cohort: Cohort, deal: Mapping[Hashable, Any]) -> pd.DataFrame:
    """Return what is on record of one deal from its creation to its close, or to the last day known.

    Parameters
    ----------
    cohort : Cohort
        Whose book holds the deal.
    deal : mapping
        The cohort's columns of it, as from `one_deal`.

    Returns
    -------
    DataFrame
        One row a span or moment, lane by lane and by time: ``lane``, ``start`` and ``end`` (days; a moment has no
        end), and what it is in one of ``what`` (words), ``competitor``, ``amount``, ``expected`` (day); ``side`` of
        a contact. Words at closing and later are left out: closing overwrites stage, category and expected close.
    """
    book, last = _of_deal(cohort.book, str(deal["deal_id"])), end_of_life(cohort, deal)
    found: Moments = []
    for name, lane, column in FIELDS:
        found += _states(book, name, lane, column, last)
    found += _contacts(book, last)
    found += _people(book, last) + _rivals(book)
    closing = [] if deal["resolution"] == "open" or pd.isna(deal.get("closed_at")) else [
        {"lane": OUTCOME, "start": last, "what": deal["ultimate"]}
    ]  # fmt: skip
    created = deal.get("created_at")
    found += ([] if pd.isna(created) else [{"lane": OUTCOME, "start": created, "what": CREATED}]) + closing
    return _framed(found)


def heard(cohort: Cohort, deal: Mapping[Hashable, Any]) -> list[pd.Timestamp]:
    """Return the days up to its end on which the buyer of a deal did something, in order."""
    events = _of_deal(cohort.book, str(deal["deal_id"])).table("events")
    days = local_days(cohort.book, events.loc[events["side"].isin(BUYER_SIDES), "occurred_at"])
    return sorted(set(days[days <= end_of_life(cohort, deal)]))


def _of_deal(book: Book, deal_id: str) -> Book:
    """Return the book with the rows of one deal alone."""
    tables = {name: frame[frame["deal_id"] == deal_id] for name, frame in book.tables.items() if "deal_id" in frame}
    return replace(book, tables=tables)


def _states(book: Book, field: str, lane: str, column: str, last: pd.Timestamp) -> Moments:
    if field not in tracked_fields(book):
        return []
    spans = spells(book, field)
    spans = spans.assign(start=local_days(book, spans["since"]), end=local_days(book, spans["until"]))
    # A first spell without a day of creation began before all records: it is drawn from the next change on.
    begun = spans["start"] > pd.Timestamp("1900-01-01")
    spans = spans[begun & (spans["start"] < last) & spans["value"].notna() & (spans["value"] != "")]
    values = _typed(spans["value"], column)
    rows = zip(spans["start"], spans["end"].where(spans["end"] < last, last), values, strict=True)
    return [{"lane": lane, "start": start, "end": end, column: value} for start, end, value in rows if pd.notna(value)]


def _typed(values: pd.Series, column: str) -> Sequence[Any]:
    if column == "amount":
        return list(pd.to_numeric(values, errors="coerce"))
    if column == "expected":
        return list(pd.to_datetime(values, errors="coerce"))
    return [value.replace("_", " ") if value in schema.FORECAST_CATEGORIES else value for value in values]


def _contacts(book: Book, last: pd.Timestamp) -> Moments:
    """Return the contacts, the buyer's first, and the silence after the last of these."""
    events = book.table("events")
    if events.empty:
        return []
    side = events["side"].map({**dict.fromkeys(BUYER_SIDES, BUYER), "seller": SELLER}).fillna(NOT_TOLD)
    kind = events["kind"].fillna(schema.UNKNOWN).str.replace("_", " ").replace({schema.UNKNOWN: "other"})
    told = pd.DataFrame({"day": local_days(book, events["occurred_at"]), "side": side, "kind": kind})
    told = told[told["day"] <= last].sort_values(["side", "day", "kind"])
    rows = zip(told["day"], told["kind"], told["side"], strict=True)
    found: Moments = [{"lane": CONTACTS, "start": day, "what": what, "side": by} for day, what, by in rows]
    final = told.loc[told["side"] == BUYER, "day"].max()
    if pd.notna(final) and final < last:
        found.append({"lane": SILENT, "start": final, "end": last, "what": NO_WORD})
    return found


def _people(book: Book, last: pd.Timestamp) -> Moments:
    people = book.table("contacts")
    people = people[~(people["first_seen_at"] > last)].sort_values(["first_seen_at", "contact_id"])
    rows = zip(people["first_seen_at"], people["role"].fillna(NO_ROLE), strict=True)
    return [{"lane": PEOPLE, "start": day, "what": role} for day, role in rows]


def _rivals(book: Book) -> Moments:
    rivals = book.table("competitors")
    if rivals.empty:
        return []
    rivals = rivals.assign(day=local_days(book, rivals["recorded_at"])).sort_values(["day", "competitor"])
    rows = zip(rivals["day"], rivals["competitor"], strict=True)
    return [{"lane": RIVALS, "start": day, "competitor": name} for day, name in rows]


def _framed(found: Moments) -> pd.DataFrame:
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    days = {name: frame[name].astype("datetime64[us]") for name in ("start", "end", "expected")}
    words = {name: frame[name].astype("str") for name in ("lane", "what", "side", "competitor")}
    return frame.assign(**days, **words, amount=frame["amount"].astype("float64"))
