"""Fiscal calendars: every day lies in one quarter, whatever month the year starts in and whatever names it."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.ground.errors import ConfigError, UsageError
from postmortem.ground.fiscal import FiscalCalendar, Quarter

CALENDARS = [FiscalCalendar(month, named) for month in range(1, 13) for named in ("ending", "starting")]
YEARS = FiscalCalendar()
FEBRUARY = FiscalCalendar(2, "ending")

calendars = st.sampled_from(CALENDARS)
days = st.dates(dt.date(1950, 1, 1), dt.date(2150, 12, 31))
quarters = st.builds(Quarter, st.integers(2001, 2098), st.integers(1, 4), calendars)


def counted_quarter(day: dt.date, start_month: int, named_by: str) -> tuple[int, int]:
    """Walk back month by month to the start of the fiscal year: year and number of the quarter of `day`."""
    year, month, back = day.year, day.month, 0
    while month != start_month:
        year, month, back = (year, month - 1, back + 1) if month > 1 else (year - 1, 12, back + 1)
    ends_in = year if start_month == 1 else year + 1
    return (ends_in if named_by == "ending" else year), back // 3 + 1


@given(days, calendars)
def test_the_quarter_of_a_day_contains_it(day, calendar):
    quarter = calendar.quarter_of(day)
    assert quarter.start <= day <= quarter.end
    assert day in quarter
    assert day not in quarter + 1
    assert day not in quarter - 1


@given(days, calendars)
def test_the_quarter_of_a_day_is_the_one_counted_from_the_start_of_its_year(day, calendar):
    quarter = calendar.quarter_of(day)
    assert (quarter.year, quarter.number) == counted_quarter(day, calendar.start_month, calendar.named_by)


@given(quarters)
def test_quarters_follow_each_other_without_gap_and_begin_on_a_first(quarter):
    assert quarter.end + dt.timedelta(days=1) == (quarter + 1).start
    assert quarter.start.day == 1
    assert 89 <= (quarter.end - quarter.start).days + 1 <= 92
    assert quarter.day(1) == quarter.start
    assert quarter.day(5) == quarter.start + dt.timedelta(days=4)


@given(quarters)
def test_a_label_reads_back_as_the_same_quarter(quarter):
    assert quarter.calendar.parse(quarter.label) == quarter
    assert quarter.calendar.parse(str(quarter)) == quarter


@given(quarters, st.integers(-40, 40))
def test_adding_and_taking_away_quarters_cancel_and_keep_the_order(quarter, steps):
    moved = quarter + steps
    assert moved - steps == quarter
    assert moved.ordinal - quarter.ordinal == steps
    assert (moved > quarter, moved < quarter, moved >= quarter, moved <= quarter) == (
        steps > 0, steps < 0, steps >= 0, steps <= 0,
    )  # fmt: skip
    assert moved.start == calendar_month(quarter.start, 3 * steps)


def calendar_month(first: dt.date, months: int) -> dt.date:
    """Move the first of a month by whole months, one at a time."""
    for _ in range(abs(months)):
        first = (first + dt.timedelta(days=31)).replace(day=1) if months > 0 else (first - dt.timedelta(days=1))
        first = first.replace(day=1)
    return first


@given(days, calendars)
def test_last_ended_had_ended_and_the_next_had_not(day, calendar):
    last = calendar.last_ended(day)
    assert last.end <= day < (last + 1).end


def test_a_quarter_has_ended_on_its_last_day():
    assert YEARS.last_ended(dt.date(2025, 9, 30)).label == "2025Q3"
    assert YEARS.last_ended(dt.date(2025, 9, 29)).label == "2025Q2"
    assert YEARS.last_ended(dt.date(2025, 10, 1)).label == "2025Q3"


@pytest.mark.parametrize(
    ("calendar", "label", "start", "end"),
    [
        (YEARS, "2025Q1", "2025-01-01", "2025-03-31"),
        (YEARS, "2024Q4", "2024-10-01", "2024-12-31"),
        (FEBRUARY, "FY26Q1", "2025-02-01", "2025-04-30"),
        (FEBRUARY, "FY24Q4", "2023-11-01", "2024-01-31"),
        (FiscalCalendar(2, "starting"), "FY25Q1", "2025-02-01", "2025-04-30"),
        (FiscalCalendar(7, "ending"), "FY26Q1", "2025-07-01", "2025-09-30"),
        (FiscalCalendar(10, "ending"), "FY26Q2", "2026-01-01", "2026-03-31"),
        (FiscalCalendar(4, "starting"), "FY25Q4", "2026-01-01", "2026-03-31"),
        (FiscalCalendar(12, "ending"), "FY24Q1", "2023-12-01", "2024-02-29"),
    ],
)
def test_quarters_of_well_known_calendars(calendar, label, start, end):
    quarter = calendar.parse(label)
    assert (quarter.label, quarter.start, quarter.end) == (
        label, dt.date.fromisoformat(start), dt.date.fromisoformat(end),
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["2025Q3", "2025-Q3", "2025 q3", "2025_Q3", " 2025q3 ", "25Q3", "FY25Q3", "fy2025 q3", "FY 25-Q3"]
)
def test_every_way_people_write_a_quarter_is_read(text):
    assert YEARS.parse(text) == YEARS.quarter(2025, 3)
    assert FEBRUARY.parse(text) == FEBRUARY.quarter(2025, 3)


@pytest.mark.parametrize(
    "text", ["", "Q3", "2025", "2025Q5", "2025Q0", "2025-07", "Q3 2025", "202Q3", "2025Q33", "last"]
)
def test_what_is_no_quarter_is_refused_with_the_form_expected(text):
    with pytest.raises(UsageError, match="not a quarter") as caught:
        YEARS.parse(text)
    assert "2025Q3" in str(caught.value)
    with pytest.raises(UsageError, match="FY25Q3"):
        FEBRUARY.parse(text)


@pytest.mark.parametrize(
    "text", ["2025Q1..2025Q3", "2025Q1-2025Q3", "2025q1 to 2025q3", "2025Q1:2025Q3", "2025-Q1–2025-Q3", "25Q1..25Q3"]
)
def test_ranges_hold_every_quarter_between_both_ends(text):
    quarters = YEARS.parse_range(text, last=YEARS.parse("2020Q1"))
    assert [quarter.label for quarter in quarters] == ["2025Q1", "2025Q2", "2025Q3"]


def test_last_stands_for_the_quarter_told_alone_and_at_the_end_of_a_range():
    last = FEBRUARY.parse("FY26Q2")
    assert FEBRUARY.parse_range(" Last ", last=last) == (last,)
    assert [quarter.label for quarter in FEBRUARY.parse_range("FY25Q4..last", last=last)] == [
        "FY25Q4", "FY26Q1", "FY26Q2",
    ]  # fmt: skip
    assert FEBRUARY.parse_range("FY26Q2..last", last=last) == (last,)


@pytest.mark.parametrize("text", ["2025Q3..2025Q1", "2026Q1-last"])
def test_a_range_that_runs_backwards_is_refused(text):
    with pytest.raises(UsageError, match="backwards"):
        YEARS.parse_range(text, last=YEARS.parse("2025Q4"))


@pytest.mark.parametrize("text", ["2025Q1..", "..2025Q3", "2025Q1..Q3", "last..2025Q3", "2025Q1..2025Q9"])
def test_half_a_range_is_refused(text):
    with pytest.raises(UsageError):
        YEARS.parse_range(text, last=YEARS.parse("2025Q4"))


@given(quarters, st.integers(1, 12))
def test_trailing_quarters_end_with_this_one_oldest_first(quarter, count):
    trailing = quarter.trailing(count)
    assert len(trailing) == count
    assert trailing[-1] == quarter
    assert all(later.start == earlier.end + dt.timedelta(days=1) for earlier, later in pairwise(trailing))


@pytest.mark.parametrize("month", [0, 13, -1])
def test_a_calendar_starts_in_a_month(month):
    with pytest.raises(ConfigError, match="fiscal year"):
        FiscalCalendar(month)


@pytest.mark.parametrize(("year", "number"), [(2025, 0), (2025, 5), (1899, 1), (2201, 1)])
def test_there_are_four_quarters_in_a_year(year, number):
    with pytest.raises(UsageError, match="no such quarter"):
        Quarter(year, number)


@pytest.mark.parametrize("named_by", ["ending", "starting"])
def test_a_calendar_year_is_named_by_itself_either_way(named_by):
    calendar = FiscalCalendar(1, named_by)
    assert calendar.is_calendar_year
    assert calendar.quarter_of(dt.date(2025, 12, 31)).label == "2025Q4"
