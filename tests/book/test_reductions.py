"""Pushes, time in stages and the buyer's last word: every engine against a walk through the rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pandas as pd
import pytest
from builders import change, deal, frame_of, make_book
from engines import ENGINES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem.book.reductions import close_date_moves, deal_lifetimes, last_buyer_contact, stage_durations
from postmortem.book.states import validity_spans
from postmortem.ground.errors import UsageError

FEW, MANY = (
    settings(max_examples=number, suppress_health_check=[HealthCheck.function_scoped_fixture]) for number in (3, 40)
)
START = pd.Timestamp("2025-06-10", tz="UTC")
END = pd.Timestamp("2025-06-20", tz="UTC")


def day(number):
    return f"2025-06-{number:02d}"


def written(rows):
    frame = frame_of("history", rows)
    return frame.assign(row=range(len(frame)))


def records(found):
    """Return a frame as a set of rows, missing values as None."""
    rows = found.to_dict("records")
    return {tuple(None if pd.isna(value) else value for value in row.values()) for row in rows}


CLOSES = st.sampled_from([None, "2025-06-30", "2025-07-15", "2025-09-30", "2026-01-31"])
MOVES = st.builds(
    lambda number, field, on, old, new: change(number, field, day(on), old, new),
    st.integers(1, 3), st.sampled_from(["expected_close_date", "expected_close_date", "stage"]),
    st.integers(5, 25), CLOSES, CLOSES,
)  # fmt: skip


def moves_by_hand(rows, since=None, until=None):
    found = {}
    for row in rows:
        at = pd.Timestamp(row["changed_at"])
        if row["field"] != "expected_close_date" or None in (row["old_value"], row["new_value"]):
            continue
        if (since is not None and at < since) or (until is not None and at >= until):
            continue
        by = (dt.date.fromisoformat(row["new_value"]) - dt.date.fromisoformat(row["old_value"])).days
        if by:
            mine = found.setdefault(row["deal_id"], [0, 0, 0, 0, None, None])
            mine[0 if by > 0 else 1] += 1
            mine[2 if by > 0 else 3] += abs(by)
            if by > 0:
                mine[4] = at if mine[4] is None else min(mine[4], at)
                mine[5] = at if mine[5] is None else max(mine[5], at)
    return {(name, *values) for name, values in found.items()}


@ENGINES
@FEW
@given(st.lists(MOVES, min_size=1, max_size=20))
def test_moves_of_the_close_date_are_those_of_a_walk_through_the_history(engine, rows):
    moves_are_those_walked(engine, rows)


@pytest.mark.slow
@ENGINES
@MANY
@given(st.lists(MOVES, min_size=1, max_size=20))
def test_moves_of_the_close_date_are_those_of_a_walk_through_many_histories(engine, rows):
    moves_are_those_walked(engine, rows)


def moves_are_those_walked(engine, rows):
    for since, until in ((None, None), (START, END)):
        found = engine((written(rows),), lambda told, a=since, b=until: close_date_moves(told, since=a, until=b))
        assert records(found) == moves_by_hand(rows, since, until)


@ENGINES
def test_a_first_date_an_emptied_one_and_the_same_again_are_no_moves(engine):
    rows = [
        change(1, "expected_close_date", day(1), None, "2025-06-30"),
        change(1, "expected_close_date", day(2), "2025-06-30", "2025-06-30"),
        change(1, "expected_close_date", day(3), "2025-06-30", None),
        change(2, "expected_close_date", day(3), "2024-02-28", "2024-03-01"),
        change(2, "expected_close_date", day(4), "2024-03-01", "2023-12-31"),
    ]
    pushed = pd.Timestamp(f"{day(3)}T12:00Z")
    assert records(engine((written(rows),), close_date_moves)) == {("D0002", 1, 1, 2, 61, pushed, pushed)}


STAGES = st.sampled_from([None, "Discovery", "Proposal", "Legal"])


@st.composite
def way_through_the_stages(draw):
    """Return the changes of one field of two deals: what a change replaces is what the one before it wrote."""
    rows = []
    for number in (1, 2):
        value = draw(STAGES)
        for place, hour in enumerate(sorted(draw(st.lists(st.integers(0, 700), max_size=8)))):
            then, value = value, draw(STAGES)
            at = (pd.Timestamp("2025-06-01") + pd.Timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M")
            rows.append(change(number, "stage", at, then, value, seq=place))
    return rows


def durations_by_hand(rows, begins, ends):
    """Walk hour by hour, and ask in which stage the deal stands and whether it stood there the hour before."""
    hours, entries, first = defaultdict(int), defaultdict(int), {}
    for name in {row["deal_id"] for row in rows}:
        mine = [row for row in rows if row["deal_id"] == name]
        before = None
        for at in pd.date_range(begins, ends, freq="h", inclusive="left"):
            stage = mine[0]["old_value"]
            for row in mine:
                if pd.Timestamp(row["changed_at"]) <= at:
                    stage = row["new_value"]
            if stage is not None:
                hours[name, stage] += 1
                entries[name, stage] += stage != before
                first.setdefault((name, stage), at)
            before = stage
    return {(*key, round(hours[key] / 24, 6), entries[key], first[key]) for key in hours}


def in_stages(engine, rows, begins=START, ends=END):
    names = sorted({row["deal_id"] for row in rows})
    deals = pd.DataFrame({"deal_id": pd.Series(names, dtype="str")})
    deals = deals.assign(begins=begins, ends=ends)
    found = engine((written(rows), deals), lambda told, known: stage_durations(validity_spans(told), known))
    return records(found.assign(days=found["days"].round(6)))


@ENGINES
@FEW
@given(way_through_the_stages().filter(bool))
def test_time_in_each_stage_is_that_of_a_clock_that_ticks_every_hour(engine, rows):
    time_is_that_of_a_clock(engine, rows)


@pytest.mark.slow
@ENGINES
@MANY
@given(way_through_the_stages().filter(bool))
def test_time_in_each_stage_of_many_deals_is_that_of_a_clock_that_ticks_every_hour(engine, rows):
    time_is_that_of_a_clock(engine, rows)


def time_is_that_of_a_clock(engine, rows):
    # Changes of one hour leave empty spells, which a clock does not see either.
    told = [row for row in rows if pd.Timestamp(row["changed_at"]) >= START]
    late = [{**row, "seq": place} for place, row in enumerate(told)]
    if late:
        found, expected = in_stages(engine, late), durations_by_hand(late, START, END)
        assert {row[:3] for row in found} == {row[:3] for row in expected}
        assert {(*row[:2], row[4]) for row in found} == {(*row[:2], row[4]) for row in expected}


@ENGINES
def test_a_deal_that_comes_back_entered_a_stage_twice(engine):
    rows = [
        change(1, "stage", f"{day(12)}T00:00", "Discovery", "Proposal"),
        change(1, "stage", f"{day(14)}T00:00", "Proposal", "Discovery"),
        change(1, "stage", f"{day(15)}T00:00", "Discovery", "Discovery"),
        change(1, "stage", f"{day(16)}T12:00", "Discovery", "Legal"),
    ]
    assert in_stages(engine, rows) == durations_by_hand(rows, START, END) == {
        ("D0001", "Discovery", 4.5, 2, START),
        ("D0001", "Proposal", 2.0, 1, pd.Timestamp(day(12), tz="UTC")),
        ("D0001", "Legal", 3.5, 1, pd.Timestamp(f"{day(16)}T12:00Z")),
    }  # fmt: skip


@ENGINES
def test_time_before_the_deal_began_and_after_it_ended_does_not_count(engine):
    rows = [
        change(1, "stage", f"{day(9)}T00:00", "Discovery", "Proposal"),
        change(1, "stage", f"{day(21)}T00:00", "Proposal", "Closed Lost"),
    ]
    assert in_stages(engine, rows) == {("D0001", "Proposal", 10.0, 1, START)}


def test_a_deal_lives_from_the_morning_it_was_created_to_the_evening_it_was_closed():
    # The clocks of Berlin went forward on 30 March; the book is as of the last of June.
    deals = [
        deal(1, "lost", "2025-03-30", created_at="2025-03-29"),
        deal(2, "open", None, created_at="2025-06-10"),
        deal(3, "won", "2025-06-12", created_at=None),
    ]
    history = [
        change(1, "stage", "2025-03-30T10:00", "Discovery", "Proposal"),
        change(3, "stage", "2025-06-12T10:00", "Discovery", "Proposal"),
    ]
    book = make_book(deals, time_zone="Europe/Berlin", as_of="2025-06-30", history=history)
    lives = deal_lifetimes(book)
    assert records(lives) == {
        ("D0001", pd.Timestamp("2025-03-28T23:00Z"), pd.Timestamp("2025-03-30T22:00Z")),
        ("D0002", pd.Timestamp("2025-06-09T22:00Z"), pd.Timestamp("2025-06-30T22:00Z")),
        ("D0003", None, pd.Timestamp("2025-06-12T22:00Z")),
    }
    # A day of 24 hours and eleven of the one of 23, up to the change at noon of summer time; twelve after it.
    found = stage_durations(validity_spans(book.table("history")), lives).collect().to_pandas()
    hours = {(row.deal_id, row.stage): round(row.days * 24, 6) for row in found.itertuples()}
    assert hours == {("D0001", "Discovery"): 35, ("D0001", "Proposal"): 12, ("D0003", "Proposal"): 12}


def event(number, side, at, recorded=None):
    return {"deal_id": f"D{number:04d}", "kind": "call", "side": side, "occurred_at": f"{at}Z",
            "recorded_at": recorded and f"{recorded}Z"}  # fmt: skip


@ENGINES
def test_the_last_contact_is_the_buyers_and_was_known_before_the_moment(engine):
    rows = [
        event(1, "buyer", f"{day(3)}T10:00"),
        event(1, "both", f"{day(5)}T10:00", f"{day(5)}T11:00"),
        event(1, "seller", f"{day(8)}T10:00"),
        event(1, "unknown", f"{day(8)}T11:00"),
        event(1, "buyer", f"{day(8)}T12:00", f"{day(20)}T00:00"),
        event(1, "buyer", f"{day(10)}T00:00"),
        event(2, "seller", f"{day(1)}T10:00"),
        event(3, "buyer", f"{day(9)}T23:59"),
    ]
    found = engine((frame_of("events", rows),), lambda events: last_buyer_contact(events, START))
    assert records(found) == {
        ("D0001", pd.Timestamp(f"{day(5)}T10:00Z"), 2), ("D0003", pd.Timestamp(f"{day(9)}T23:59Z"), 1),
    }  # fmt: skip


def test_a_books_tables_go_in_as_they_are_and_a_day_is_a_local_day():
    history = [change(1, "expected_close_date", "2025-06-30T22:30", "2025-06-30", "2025-07-31")]
    book = make_book([deal(1, "open", None)], time_zone="Europe/Berlin", history=history)
    june = book.meta.end_of_day(dt.date(2025, 6, 30))
    assert close_date_moves(book.table("history"), until=june).collect().to_pandas().empty
    assert close_date_moves(book.table("history"), since=june).collect()["pushes"].to_list() == [1]


def test_a_boundary_without_a_zone_is_refused():
    with pytest.raises(UsageError, match="time zone"):
        close_date_moves(written([]), since=dt.datetime(2025, 6, 1))
    with pytest.raises(UsageError, match="time zone"):
        last_buyer_contact(frame_of("events", []), dt.datetime(2025, 6, 1))
