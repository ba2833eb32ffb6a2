"""New people by hand: when one can be followed, what became of the quota, whose deal it was in the first 90 days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from builders import change, deal, make_book

from postmortem.book import Book
from postmortem.frames.new_people import (
    EARLIER,
    FRESH,
    GONE,
    LEFT,
    MISSED,
    NO_QUOTA,
    REACHED,
    first_days,
    new_people,
    record_begins,
)

AS_OF = dt.date(2025, 10, 6)
# Closed before anybody below was hired, with an owner who changed: from 2023-01-10 on everything is on record.
OLD = deal(1, "lost", "2023-01-10", owner_id="Old", created_at="2022-06-01")
MOVED = change(1, "owner_id", "2022-12-01", "Older", "Old")


def book_of(
    people: dict[str, tuple[str, str | None]],
    *,
    deals: list[dict[str, Any]] | None = None,
    history: list[dict[str, Any]] | None = None,
    **tables: list[dict[str, Any]],
) -> Book:
    reps = [{"rep_id": name, "hired_at": hired, "left_at": left} for name, (hired, left) in people.items()]
    return make_book([OLD, *(deals or [])], history=[MOVED, *(history or [])], reps=reps, **tables)


def quota(name: str, quarter: str, attained: float | None, of: float | None = 100.0) -> dict[str, Any]:
    return {"rep_id": name, "quarter": quarter, "quota": of, "attained": attained}


def became(book: Book) -> dict[str, str]:
    rows = new_people(book, AS_OF)
    return dict(zip(rows["rep_id"], rows["became"], strict=True))


def test_each_is_judged_by_the_first_full_quarter_after_a_year() -> None:
    people = {"Ann": ("2023-02-15", None), "Bob": ("2023-04-01", None), "Cy": ("2023-03-31", None)}
    quotas = [quota("Ann", "2024Q2", 100.0), quota("Ann", "2024Q1", 1.0), quota("Bob", "2024-q2", 99.0),
              quota("Bob", "2024Q3", 500.0), quota("Cy", "2024Q2", 120.0)]  # fmt: skip
    book = book_of(people, quotas=quotas)
    assert became(book) == {"Ann": REACHED, "Bob": MISSED, "Cy": REACHED}
    assert list(new_people(book, AS_OF)["quarter"]) == ["2024Q2"] * 3


@pytest.mark.parametrize(
    ("hired", "left", "attained", "expected"),
    [
        ("2023-01-09", None, 100.0, EARLIER),
        ("2023-01-10", None, 100.0, REACHED),
        ("2023-02-15", "2023-05-14", 100.0, GONE),
        ("2023-02-15", "2023-05-15", 100.0, LEFT),  # after a 90th day
        ("2023-02-15", "2024-06-29", 100.0, LEFT),
        ("2023-02-15", "2024-06-30", 100.0, REACHED),
        ("2023-02-15", "2024-06-29", None, LEFT),
        ("2023-02-15", None, None, NO_QUOTA),
        ("2024-06-30", None, 100.0, NO_QUOTA),  # its quarter, 2025Q3, is over: the quota on record is of another one
        ("2024-07-02", None, 100.0, FRESH),
        ("2024-07-02", "2025-01-01", 100.0, FRESH),
    ],
)
def test_who_can_be_followed_and_what_became_of_them(
    hired: str, left: str | None, attained: float | None, expected: str
) -> None:
    book = book_of({"Ann": (hired, left)}, quotas=[quota("Ann", "2024Q2", attained)])
    assert became(book) == {"Ann": expected}


def test_staff_who_never_sold_and_people_without_a_first_day_are_no_sales_people() -> None:
    reps = [{"rep_id": "Ann", "hired_at": "2023-02-15"}, {"rep_id": "Old", "hired_at": None}]
    assert new_people(make_book([OLD], history=[MOVED], reps=reps), AS_OF).empty


def test_without_a_history_of_owners_nobody_can_be_followed() -> None:
    reps = [{"rep_id": "Old", "hired_at": "2023-02-15"}]
    book = make_book([OLD], reps=reps, quotas=[quota("Old", "2024Q2", 100.0)])
    assert record_begins(book) is None
    assert became(book) == {"Old": EARLIER}


def test_the_record_begins_with_the_later_of_first_close_and_first_change_of_an_owner() -> None:
    assert record_begins(book_of({})) == pd.Timestamp("2023-01-10")
    late = make_book([OLD], history=[change(1, "owner_id", "2023-03-05", "Older", "Old")])
    assert record_begins(late) == pd.Timestamp("2023-03-05")


def counted(book: Book) -> list[tuple[int, int | None]]:
    people = new_people(book, AS_OF)
    rows = first_days(book, people)
    pairs = zip(rows["opened"], rows["buyers"], strict=True)
    return [(int(opened), None if pd.isna(buyers) else int(buyers)) for opened, buyers in pairs]


def test_a_deal_counts_for_its_owner_of_that_day() -> None:
    """Ann opened three of these in her 90 days; two were handed on later, one had come from her."""
    deals = [
        deal(10, "open", None, owner_id="Bob", created_at="2023-02-15"),  # opened by Ann, hers until she left
        deal(11, "open", None, owner_id="Ann", created_at="2023-05-15"),  # her 90th day, never changed hands
        deal(12, "open", None, owner_id="Ann", created_at="2023-05-16"),  # her 91st day
        deal(13, "open", None, owner_id="Ann", created_at="2023-03-01"),  # opened by Bob, handed to her
        deal(14, "open", None, owner_id="Cy", created_at="2023-03-02"),  # Ann's, then Bob's, then Cy's
        deal(15, "open", None, owner_id="Ann", created_at="2023-02-14"),  # the day before she came
        deal(16, "open", None, owner_id="Ann", created_at="2023-03-03"),  # first owner written on the day itself
    ]
    history = [
        change(10, "owner_id", "2024-01-05", "Ann", "Bob"),
        change(13, "owner_id", "2023-03-10", "Bob", "Ann"),
        change(14, "owner_id", "2024-02-05", "Bob", "Cy"),
        change(14, "owner_id", "2024-01-05", "Ann", "Bob"),
        change(16, "owner_id", "2023-03-03", None, "Ann"),
    ]
    book = book_of({"Ann": ("2023-02-15", "2024-01-05")}, deals=deals, history=history)
    assert counted(book) == [(4, None)]


def test_buyers_count_once_a_deal_while_it_was_theirs() -> None:
    deals = [deal(number, "open", None, owner_id="Ann", created_at="2022-11-01") for number in (10, 11, 12, 13)]
    history = [change(11, "owner_id", "2023-03-10", "Bob", "Ann")]
    events = [
        {"deal_id": f"D{number:04d}", "kind": "meeting", "side": side, "occurred_at": f"{day}T10:00Z"}
        for number, side, day in (
            (1, "buyer", "2022-07-01"),  # events are on record from here
            (10, "buyer", "2023-02-15"), (10, "both", "2023-04-01"),  # one deal, counted once
            (11, "both", "2023-03-09"),  # still Bob's
            (12, "seller", "2023-03-09"),  # no buyer took part
            (13, "buyer", "2023-05-16"),  # the 91st day
        )
    ]  # fmt: skip
    book = book_of({"Ann": ("2023-02-15", None)}, deals=deals, history=history, events=events)
    assert counted(book) == [(0, 1)]


def test_hired_before_events_are_on_record_is_unknown_not_none() -> None:
    event = {"deal_id": "D0001", "kind": "meeting", "side": "seller", "occurred_at": "2023-02-16T10:00Z"}
    people: dict[str, tuple[str, str | None]] = {"Ann": ("2023-02-15", None), "Bob": ("2023-02-16", None)}
    deals = [deal(n, "open", None, owner_id=name, created_at="2023-03-01") for n, name in ((10, "Ann"), (11, "Bob"))]
    book = book_of(people, deals=deals, events=[event])
    assert counted(book) == [(1, None), (1, 0)]
