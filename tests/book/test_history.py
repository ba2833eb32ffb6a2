"""States replayed from the history, against a reference that reads the history row by row."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from builders import change, deal, make_book
from hypothesis import given, settings
from hypothesis import strategies as st
from replays import DEALS, a_change, a_deal, replayed

from postmortem.book.history import TRACKED, states_at, states_at_moments, tracked_fields
from postmortem.ground import schema
from postmortem.ground.errors import UsageError

NOON = pd.Timestamp("2025-06-15T12:00Z")


def told(states, field):
    values = states.set_index("deal_id")[field]
    return {deal_id: None if pd.isna(value) else value for deal_id, value in values.items()}


TOLD = (st.tuples(*(a_deal(number) for number in DEALS)), st.lists(a_change(), max_size=25), st.integers(9, 15))


@settings(max_examples=12)
@given(*TOLD)
def test_states_are_those_of_a_walk_through_the_history(deals, history, hour):
    are_those_of_a_walk(deals, history, hour)


@pytest.mark.thorough
@settings(max_examples=60)
@given(*TOLD)
def test_states_are_those_of_a_walk_through_the_history_however_often(deals, history, hour):
    are_those_of_a_walk(deals, history, hour)


def are_those_of_a_walk(deals, history, hour):
    moment = pd.Timestamp(f"2025-06-15T{hour:02d}:00Z")
    states = states_at(make_book(deals, history=history), moment)
    for field in TRACKED:
        assert told(states, field) == replayed(deals, history, moment, field), field


def test_states_at_several_moments_are_those_of_each_moment_in_the_order_asked():
    rows = [change(1, "stage", f"2025-06-{day}", str(day - 1), str(day)) for day in (10, 15, 20)]
    book = make_book([deal(2, "open", None, stage="Z"), deal(1, "open", None)], history=rows)
    moments = [NOON + pd.Timedelta(days=days) for days in (30, -30, 0, 1, 0)]
    together = states_at_moments(book, moments, ["amount", "stage"])
    assert [list(states["stage"]) for states in together] == [["Z", v] for v in ("20", "9", "10", "15", "10")]
    for states, moment in zip(together, moments, strict=True):
        pd.testing.assert_frame_equal(states, states_at(book, moment, ["amount", "stage"]))


def test_states_at_no_moment_are_refused():
    with pytest.raises(UsageError, match="no moment"):
        states_at_moments(make_book([deal(1, "open", None)]), [])


def state(field, history, moment=NOON, **now):
    """Return one field of deal 1 at a moment, None where it is missing."""
    book = make_book([deal(1, "open", None, **now), deal(2, "open", None)], history=history)
    return told(states_at(book, moment), field)["D0001"]


def test_the_last_value_written_before_the_moment_counts():
    rows = [
        change(1, "stage", "2025-06-01", "Discovery", "Proposal"),
        change(1, "stage", "2025-06-10", "Proposal", "Legal"),
        change(1, "stage", "2025-06-20", "Legal", "Won"),
    ]
    assert state("stage", rows) == "Legal"
    assert state("stage", rows, pd.Timestamp("2030-01-01", tz="UTC")) == "Won"


def test_an_emptied_field_is_empty_and_does_not_fall_back_to_an_earlier_value():
    rows = [
        change(1, "forecast_category", "2025-06-01", "pipeline", "commit"),
        change(1, "forecast_category", "2025-06-10", "commit", None),
    ]
    assert state("forecast_category", rows, forecast_category="commit") is None


def test_a_field_that_was_empty_before_its_first_change_was_empty():
    rows = [change(1, "amount", "2025-07-01", None, "500")]
    assert state("amount", rows, amount=500.0) is None


def test_before_its_first_change_a_field_has_the_value_that_change_replaced():
    rows = [
        change(1, "amount", "2025-08-01", "300", "500"),
        change(1, "amount", "2025-07-01", "100", "300"),
    ]
    assert state("amount", rows, amount=500.0) == 100.0


def test_a_tracked_field_that_never_changed_has_its_value_of_today():
    rows = [change(2, "amount", "2025-06-01", "100", "300")]
    assert state("amount", rows, amount=500.0) == 500.0
    day = [change(2, "expected_close_date", "2025-06-01", "2025-06-30", "2025-07-31")]
    assert state("expected_close_date", day, expected_close_date="2025-09-30") == pd.Timestamp("2025-09-30")


def test_a_field_nobody_tracks_is_missing_throughout():
    rows = [change(1, "stage", "2025-06-01", "Discovery", "Proposal")]
    assert state("amount", rows, amount=500.0) is None


def test_a_change_at_the_moment_itself_is_not_seen_yet():
    rows = [change(1, "stage", "2025-06-15T12:00", "Proposal", "Legal")]
    assert state("stage", rows) == "Proposal"
    assert state("stage", rows, NOON + pd.Timedelta(microseconds=1)) == "Legal"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_within_one_moment_the_sequence_decides_whatever_the_order_of_rows(order):
    rows = [
        change(1, "stage", "2025-06-01", "A", "B", seq=1),
        change(1, "stage", "2025-06-01", "B", "C", seq=2),
        change(1, "stage", "2025-06-01", "C", "D", seq=3),
    ]
    assert state("stage", [rows[place] for place in order]) == "D"


def test_without_a_sequence_the_later_row_of_one_moment_decides():
    rows = [change(1, "stage", "2025-06-01", "A", "B"), change(1, "stage", "2025-06-01", "B", "C")]
    assert state("stage", rows) == "C"


def test_rows_out_of_order_are_replayed_in_the_order_of_their_moments():
    rows = [
        change(1, "owner_id", "2025-06-10", "Ada", "Grace"),
        change(1, "owner_id", "2025-06-01", "Rep", "Ada"),
    ]
    assert state("owner_id", rows) == "Grace"


def test_deals_the_book_does_not_know_add_no_row_and_disturb_nobody():
    rows = [change(9, "stage", "2025-06-01", "A", "B"), change(1, "stage", "2025-06-01", "X", "Y")]
    book = make_book([deal(1, "open", None), deal(2, "open", None, stage="Z")], history=rows)
    states = states_at(book, NOON, ["stage"])
    assert list(states["deal_id"]) == ["D0001", "D0002"]
    assert list(states["stage"]) == ["Y", "Z"]


def test_other_fields_of_the_history_are_no_tracked_fields():
    rows = [change(1, "next_step", "2025-06-01", "call", "write"), change(1, "amount", "2025-06-01", "1", "2")]
    assert tracked_fields(make_book([deal(1, "open", None)], history=rows)) == ("amount",)


def test_a_book_without_history_tracks_nothing_and_knows_no_state():
    book = make_book([deal(1, "open", None, stage="Legal", amount=3.0)])
    assert tracked_fields(book) == ()
    states = states_at(book, NOON)
    assert list(states["deal_id"]) == ["D0001"]
    assert states[list(TRACKED)].isna().all(axis=None)


@pytest.mark.parametrize("rows", [[], [change(1, "amount", "2025-06-01", "1", "2")]])
def test_states_have_the_dtypes_of_the_deals_they_are_states_of(rows):
    states = states_at(make_book([deal(1, "open", None)], history=rows), NOON)
    canonical = schema.empty("deals").dtypes
    assert {field: states[field].dtype for field in TRACKED} == {field: canonical[field] for field in TRACKED}


def test_a_date_written_with_a_time_is_a_date_and_what_is_no_number_is_missing():
    rows = [
        change(1, "expected_close_date", "2025-06-01", None, "2025-07-31T00:00:00Z"),
        change(1, "amount", "2025-06-01", "5", "five"),
    ]
    assert state("expected_close_date", rows) == pd.Timestamp("2025-07-31")
    assert state("amount", rows, amount=5.0) is None


def test_only_the_fields_asked_for_come_back_in_the_order_asked():
    states = states_at(make_book([deal(1, "open", None)]), NOON, ["owner_id", "stage"])
    assert list(states.columns) == ["deal_id", "owner_id", "stage"]


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(UsageError, match="time zone"):
        states_at(make_book([deal(1, "open", None)]), pd.Timestamp("2025-06-15"))


def test_the_book_is_left_as_it_was():
    book = make_book([deal(1, "open", None)], history=[change(1, "stage", "2025-06-01", "A", "B")])
    before = {name: frame.copy() for name, frame in book.tables.items()}
    states_at(book, book.meta.end_of_day(dt.date(2025, 6, 30)))
    for name, frame in before.items():
        pd.testing.assert_frame_equal(book.tables[name], frame)
