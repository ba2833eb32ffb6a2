"""Month ends, counted again day by day with a calendar of the standard library."""

from __future__ import annotations

import calendar
import datetime as dt

import pytest
from analysis_cases import Told, closed_of, counted, told
from builders import FOCUS

from postmortem.analyses.close_date_heaping import close_date_heaping
from postmortem.result import Result

FIRST, LAST = (FOCUS - 3).start, FOCUS.end


def days(first: dt.date = FIRST, last: dt.date = LAST) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def working(year: int, month: int) -> list[dt.date]:
    every = [dt.date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]
    return [day for day in every if day.weekday() < 5]


def at_month_end(day: dt.date) -> bool:
    return day >= working(day.year, day.month)[-2]


def ends(result: Result) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["end"], row["outcome"]): row for row in result.tables["ends"].records}


def stories(every_day: int = 0) -> list[Told]:
    """Return a loss and a win on every third working day, and `every_day` more losses on each month's last day."""
    made = []
    workdays = [day for day in days() if day.weekday() < 5]
    for number, day in enumerate(workdays[::3]):
        for outcome, start in (("won", 0), ("lost_unknown", 1000)):
            made.append(told(start + number, outcome, closed_at=str(day), owner_id=f"Rep {number % 7}"))
    for month, day in enumerate(day for day in days() if day.day == calendar.monthrange(day.year, day.month)[1]):
        for extra in range(every_day):
            number = 2000 + month * 50 + extra
            made.append(told(number, "lost_unknown", closed_at=str(day), owner_id=f"Rep {extra % 7}"))
    return made


def test_deals_of_the_last_two_working_days_are_counted() -> None:
    made = stories(every_day=3)
    rows = ends(close_date_heaping(closed_of(made)))
    for outcome in ("lost", "won"):
        dates = [dt.date.fromisoformat(s.deal["closed_at"]) for s in made if s.deal["outcome"] == outcome]
        month = [day for day in dates if at_month_end(day)]
        row = rows["a month", outcome]
        assert (row["deals"], row["closed"]) == (len(dates), len(month))
        assert row["share"] == pytest.approx(len(month) / len(dates))
        quarter = [day for day in month if day.month in (3, 6, 9, 12)]
        assert rows["a quarter", outcome]["closed"] == len(quarter)


def test_working_days_alone_are_counted_on_the_calendar() -> None:
    workdays = [day for day in days() if day.weekday() < 5]
    rows = ends(close_date_heaping(closed_of(stories())))
    assert rows["a month", "lost"]["even"] == pytest.approx(24 / len(workdays))
    assert rows["a quarter", "won"]["even"] == pytest.approx(8 / len(workdays))


def test_a_weekend_counts_with_the_working_day_before_it() -> None:
    # 31 August 2025 is a Sunday, 30 and 31 follow Friday 29.
    made = counted({"won": 12, "lost_unknown": 12}, closed_at="2025-08-31")
    days_left = close_date_heaping(closed_of(made)).tables["days"].keyed("left")
    assert (days_left["0"]["lost_deals"], days_left["0"]["won_deals"]) == (12, 12)


def test_every_deal_stands_on_one_day_and_shares_add_up() -> None:
    made = stories(every_day=2)
    rows = close_date_heaping(closed_of(made)).tables["days"].rows
    assert rows["lost_deals"].sum() + rows["won_deals"].sum() == len(made)
    assert (rows["lost"].sum(), rows["won"].sum(), rows["even"].sum()) == pytest.approx((1, 1, 1))


def test_clean_up_is_spoken_of_only_where_lost_deals_bunch_more_than_won_ones() -> None:
    bunched, even = (close_date_heaping(closed_of(stories(extra))) for extra in (6, 0))
    assert "lost deals bunch there more than won ones (+" in bunched.headline
    assert "which may be clean-up" in bunched.headline and "tidied" in bunched.caveats[0]
    assert "no bunching of lost deals can be told, and no difference" in even.headline
    assert "clean-up" not in even.headline and not even.caveats


def test_lost_deals_that_bunch_as_won_ones_do_say_nothing_of_clean_up() -> None:
    ends_of = [day for day in days() if day.day == calendar.monthrange(day.year, day.month)[1]]
    won = [
        told(4000 + month * 50 + extra, "won", closed_at=str(day), owner_id=f"Rep {extra % 7}")
        for month, day in enumerate(ends_of)
        for extra in range(6)
    ]
    alike = close_date_heaping(closed_of(stories(every_day=6) + won))
    assert ends(alike)["a month", "lost"]["stands_out"]
    assert "both bunch there, and no difference between them can be told" in alike.headline
    more = close_date_heaping(closed_of(stories() + won))
    assert "won deals bunch there more than lost ones (−" in more.headline
    assert not any("clean-up" in text for each in (alike, more) for text in (each.headline, *each.caveats))


def test_the_difference_has_its_interval_and_its_sign() -> None:
    row = close_date_heaping(closed_of(stories(every_day=6))).tables["differences"].first
    rows = ends(close_date_heaping(closed_of(stories(every_day=6))))
    assert row["difference"] == pytest.approx(rows["a month", "lost"]["share"] - rows["a month", "won"]["share"])
    assert 0 < row["low"] < row["difference"] < row["high"]


def test_one_owner_closing_all_in_one_month_is_too_few_months_to_tell() -> None:
    made = counted({"won": 20, "lost_unknown": 20}, owner_id="Rep 1", closed_at="2025-09-30")
    result = close_date_heaping(closed_of(made))
    assert result.status == "ok" and "too few to tell" in result.headline
    assert result.tables["differences"].rows["low"].isna().all()


def test_expected_dates_are_not_recorded_ones() -> None:
    made = [*counted({"lost_unknown": 30}, closed_at_source="expected_proxy"), *counted({"won": 20}, start=100)]
    result = close_date_heaping(closed_of(made))
    assert result.what_is_missing == ("0 of the 10 lost deals with a recorded close date needed in 2024Q4 to 2025Q3",)
