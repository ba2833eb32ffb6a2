"""Snapshots of the pipeline: what is in one, what changed between two, and the way to a history and back."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from builders import change, deal, frame_of, make_book
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from postmortem.book.snapshots import (
    FIELDS,
    canonical,
    history_to_snapshots,
    moved_since,
    snapshots_to_history,
    take_snapshot,
)

MONDAYS = ("2025-07-07", "2025-07-14", "2025-07-21", "2025-07-28")
WEEKLY = [
    {"as_of": "2025-07-07", "deal_id": "A", "stage": "Proposal", "amount": 100.5, "owner_id": "Ada"},
    {"as_of": "2025-07-07", "deal_id": "B", "stage": "Demo", "expected_close_date": "2025-09-30"},
    {"as_of": "2025-07-14", "deal_id": "A", "stage": "Proposal", "amount": None, "owner_id": "Ada"},
    {"as_of": "2025-07-14", "deal_id": "C"},
    {"as_of": "2025-07-21", "deal_id": "B", "stage": "Demo", "expected_close_date": "2025-12-31"},
    {"as_of": "2025-07-21", "deal_id": "C", "forecast_category": "commit", "probability": 0.1},
]


def lines(history: pd.DataFrame) -> list[tuple[str, ...]]:
    day = history["changed_at"].dt.strftime("%d.%m. %H:%M")
    shown = history.assign(day=day)[["day", "deal_id", "field", "old_value", "new_value"]]
    return [tuple("-" if pd.isna(value) else value for value in row) for row in shown.itertuples(index=False)]


def test_every_change_between_two_lists_is_one_row_at_the_beginning_of_the_later_day():
    history = snapshots_to_history(frame_of("snapshots", WEEKLY), "Europe/Berlin")
    # Midnight in Berlin is 22:00 of the day before in summer. A never changed its stage or owner.
    assert lines(history) == [
        ("06.07. 22:00", "A", "listed", "-", "true"),
        ("06.07. 22:00", "A", "stage", "-", "Proposal"),
        ("06.07. 22:00", "A", "amount", "-", "100.5"),
        ("06.07. 22:00", "A", "owner_id", "-", "Ada"),
        ("06.07. 22:00", "B", "listed", "-", "true"),
        ("06.07. 22:00", "B", "stage", "-", "Demo"),
        ("06.07. 22:00", "B", "expected_close_date", "-", "2025-09-30"),
        ("13.07. 22:00", "A", "amount", "100.5", "-"),
        ("13.07. 22:00", "B", "listed", "true", "false"),
        ("13.07. 22:00", "C", "listed", "-", "true"),
        ("20.07. 22:00", "A", "listed", "true", "false"),
        ("20.07. 22:00", "B", "listed", "false", "true"),
        ("20.07. 22:00", "B", "expected_close_date", "2025-09-30", "2025-12-31"),
        ("20.07. 22:00", "C", "forecast_category", "-", "commit"),
        ("20.07. 22:00", "C", "probability", "-", "0.1"),
    ]


def test_the_history_leads_back_to_the_same_snapshots():
    snapshots = frame_of("snapshots", WEEKLY)
    days = [dt.date.fromisoformat(day) for day in MONDAYS[:3]]
    back = history_to_snapshots(snapshots_to_history(snapshots, "Europe/Berlin"), days, "Europe/Berlin")
    assert_frame_equal(back, snapshots)


def test_a_day_between_two_lists_is_as_the_one_before_it():
    history = snapshots_to_history(frame_of("snapshots", WEEKLY), "UTC")
    sunday = history_to_snapshots(history, [dt.date(2025, 7, 13)], "UTC")
    assert sunday[["deal_id", "amount"]].values.tolist() == [
        ["A", 100.5],
        ["B", pytest.approx(float("nan"), nan_ok=True)],
    ]
    assert history_to_snapshots(history, [dt.date(2025, 7, 6)], "UTC").empty


def test_a_field_history_of_a_crm_lists_a_deal_from_its_first_change_on():
    history = frame_of(
        "history",
        [
            change(1, "stage", "2025-07-08", "Demo", "Proposal"),
            change(1, "amount", "2025-07-15", "100", None),
            change(1, "colour", "2025-07-01", "red", "blue"),
        ],
    )
    days = [dt.date.fromisoformat(day) for day in MONDAYS]
    told = history_to_snapshots(history, days, "UTC")
    expected = [
        {"as_of": "2025-07-14", "deal_id": "D0001", "stage": "Proposal", "amount": 100.0},
        {"as_of": "2025-07-21", "deal_id": "D0001", "stage": "Proposal"},
        {"as_of": "2025-07-28", "deal_id": "D0001", "stage": "Proposal"},
    ]
    assert_frame_equal(told, frame_of("snapshots", expected))


ROW = st.fixed_dictionaries({
    "stage": st.sampled_from([None, "Demo", "Proposal", "", "true"]),
    "forecast_category": st.sampled_from([None, "commit", "unknown"]),
    "expected_close_date": st.sampled_from([None, "2025-09-30", "2026-02-28"]),
    "amount": st.none() | st.floats(0, 1e12),
    "probability": st.none() | st.floats(0, 1),
    "owner_id": st.sampled_from([None, "Ada", "Grace; née Hopper"]),
})  # fmt: skip
LISTS = st.dictionaries(st.tuples(st.sampled_from(MONDAYS), st.sampled_from("ABC")), ROW, min_size=1)


ZONES = st.sampled_from(["UTC", "America/New_York", "Africa/Cairo"])


@settings(max_examples=6)
@given(lists=LISTS, zone=ZONES)
def test_there_and_back_loses_nothing(lists, zone):
    there_and_back(lists, zone)


@pytest.mark.thorough
@settings(max_examples=25)
@given(lists=LISTS, zone=ZONES)
def test_there_and_back_loses_nothing_again_and_again(lists, zone):
    there_and_back(lists, zone)


@pytest.mark.slow
@settings(max_examples=300)
@given(lists=LISTS, zone=ZONES)
def test_there_and_back_loses_nothing_however_often(lists, zone):
    there_and_back(lists, zone)


def there_and_back(lists, zone):
    rows = [{"as_of": day, "deal_id": deal_id, **row} for (day, deal_id), row in sorted(lists.items())]
    snapshots = frame_of("snapshots", rows)
    days = sorted({dt.date.fromisoformat(day) for day, _ in lists})
    assert_frame_equal(history_to_snapshots(snapshots_to_history(snapshots, zone), days, zone), snapshots)


def test_no_rows_have_no_history_and_no_snapshots():
    nothing = frame_of("snapshots", [])
    history = snapshots_to_history(nothing, "UTC")
    assert history.empty
    assert_frame_equal(history_to_snapshots(history, [dt.date(2025, 7, 7)], "UTC"), nothing)


def test_a_snapshot_holds_the_open_deals_and_those_closed_since_the_one_before():
    book = make_book(
        [
            deal(1, "open", None, stage="Proposal", forecast_category="commit"),
            deal(2, "won", "2025-10-03"),
            deal(3, "lost", "2025-09-27"),
            deal(4, "lost", "2025-09-28"),
        ],
        as_of="2025-10-05",
    )
    assert take_snapshot(book, dt.date(2025, 10, 5))["deal_id"].tolist() == ["D0001", "D0002"]
    since = take_snapshot(book, dt.date(2025, 10, 5), dt.date(2025, 9, 27))
    assert since["deal_id"].tolist() == ["D0001", "D0002", "D0004"]
    first = since.iloc[0]
    assert (first["stage"], first["forecast_category"], first["amount"]) == ("Proposal", "commit", 2000.0)
    assert_frame_equal(since, canonical(since))


def test_what_moved_is_counted_by_field_and_new_deals_apart():
    snapshots = frame_of("snapshots", WEEKLY)
    first, second, third = (snapshots[snapshots["as_of"] == day] for day in MONDAYS[:3])
    nothing = dict.fromkeys(FIELDS, 0)
    assert moved_since(first, second, "UTC") == {"new": 1, "gone": 1, **nothing, "amount": 1}
    expected = {"new": 1, "gone": 1, **nothing, "forecast_category": 1, "probability": 1}
    assert moved_since(second, third, "UTC") == expected
    assert moved_since(first, first.assign(as_of=pd.Timestamp("2025-07-08")), "UTC") == {"new": 0, "gone": 0, **nothing}
