"""The open forecast: the deals a watchlist is about, on the book's own day and on earlier ones."""

from __future__ import annotations

import datetime as dt

import pytest
from builders import change, deal, make_book

from postmortem.frames import open_forecast
from postmortem.ground.errors import EmptyFrame, FrameRefused, UsageError

EARLIER = dt.date(2025, 9, 1)


def row(number: int, category: str, close: str, outcome: str = "open", closed: str | None = None):
    return deal(number, outcome, closed, forecast_category=category, expected_close_date=close)


DEALS = [
    row(1, "commit", "2025-12-01"),
    row(2, "best_case", "2025-10-06"),
    row(3, "pipeline", "2025-12-01"),
    row(4, "commit", "2025-10-05"),
    row(5, "commit", "2026-01-02"),
    row(6, "commit", "2025-12-01", "lost", "2025-10-01"),
]
HISTORY = [
    change(1, "forecast_category", "2025-09-10", "pipeline", "commit"),
    change(6, "forecast_category", "2025-08-10", "pipeline", "commit"),
    change(6, "expected_close_date", "2025-09-20", "2025-09-25", "2025-12-01"),
]


def test_it_holds_the_open_deals_forecast_for_the_current_quarter():
    cohort = open_forecast(make_book(DEALS))
    assert list(cohort.table["deal_id"]) == ["D0001", "D0002"]
    assert (cohort.kind, cohort.focus.label, cohort.window_label) == ("open_forecast", "2025Q4", "2025Q4")
    assert set(cohort.table["resolution"]) == set(cohort.table["ultimate"]) == {"open"}
    assert dict(cohort.counted_apart) == {
        "whose expected close had already passed": 1, "expected to close in a later quarter": 1,
    }  # fmt: skip
    assert cohort.provenance["forecast category"] == "current value"
    assert "open and forecast on 2025-10-06" in cohort.remarks[0]


def test_of_an_earlier_day_it_holds_what_was_open_and_forecast_then():
    cohort = open_forecast(make_book(DEALS, history=HISTORY), EARLIER)
    assert list(cohort.table["deal_id"]) == ["D0006"]
    (only,) = cohort.table.to_dict("records")
    assert only["resolution"] == only["ultimate"] == "open"
    assert f"{only['expected_close_date']:%Y-%m-%d}" == "2025-09-25"
    assert cohort.table["closed_at"].isna().all()
    assert cohort.provenance["expected close"] == "field history"


def test_of_an_earlier_day_todays_values_are_refused():
    with pytest.raises(FrameRefused, match="only today's values of forecast category and expected close date"):
        open_forecast(make_book(DEALS), EARLIER)


def test_other_categories_can_be_asked_for_and_none_is_an_empty_frame():
    assert list(open_forecast(make_book(DEALS), categories=("pipeline",)).table["deal_id"]) == ["D0003"]
    with pytest.raises(EmptyFrame, match="2025Q4"):
        open_forecast(make_book(DEALS), categories=("most_likely",))


def test_a_day_after_the_book_is_a_wrong_question():
    with pytest.raises(UsageError, match="cannot know more"):
        open_forecast(make_book(DEALS), dt.date(2025, 12, 1))
