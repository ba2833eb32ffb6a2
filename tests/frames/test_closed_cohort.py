"""The closed cohort: what was won or lost in a quarter, and the quarters before it."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from builders import FOCUS, closed, deal, make_book

from postmortem.frames.closed import NOT_A_FORECAST
from postmortem.frames.cohort import COLUMNS, QUARTERS_BACK, lost_rows, won_rows
from postmortem.ground.errors import EmptyFrame, UsageError
from postmortem.ground.fiscal import FiscalCalendar


def quarters_of(cohort) -> dict[str, str]:
    return dict(zip(cohort.table["deal_id"], cohort.table["quarter"], strict=True))


def test_the_first_and_the_last_day_of_a_quarter_belong_to_it():
    book = make_book([
        deal(1, "won", "2025-06-30"),
        deal(2, "won", "2025-07-01"),
        deal(3, "lost", "2025-09-30"),
        deal(4, "lost", "2025-10-01"),
    ])  # fmt: skip
    cohort = closed(book)
    assert quarters_of(cohort) == {"D0001": "2025Q2", "D0002": "2025Q3", "D0003": "2025Q3"}
    assert list(cohort.focus_rows["deal_id"]) == ["D0002", "D0003"]


def test_open_deals_and_deals_without_a_close_date_are_not_in_it():
    book = make_book(
        [deal(1, "open", None), deal(2, "lost", None), deal(3, "open", "2025-08-01"), deal(4, "won", "2025-08-01")]
    )
    assert list(closed(book).table["deal_id"]) == ["D0004"]


def test_every_row_was_won_or_lost_and_its_fate_is_final():
    book = make_book([
        deal(1, "won", "2025-08-01"),
        deal(2, "lost", "2025-08-02", lost_to_recorded="competitor"),
        deal(3, "lost", "2025-08-03"),
    ])  # fmt: skip
    table = closed(book).table
    assert list(table["resolution"]) == ["won", "lost_competitor", "lost_unknown"]
    assert list(table["ultimate"]) == list(table["resolution"])
    assert list(table["lost_to"].isna()) == [True, False, False]


def test_a_row_has_the_canonical_columns_in_order_and_rows_go_by_quarter_and_deal():
    book = make_book([deal(3, "won", "2025-08-01"), deal(1, "won", "2025-09-01"), deal(2, "won", "2025-04-01")])
    table = closed(book).table
    assert tuple(table.columns) == COLUMNS
    assert list(table["deal_id"]) == ["D0002", "D0001", "D0003"]
    assert list(table.index) == [0, 1, 2]


def test_a_quarter_of_a_fiscal_year_of_its_own_holds_its_own_days():
    focus = FiscalCalendar(2, "ending").parse("FY26Q2")
    book = make_book([
        deal(1, "won", "2025-04-30"),
        deal(2, "won", "2025-05-01"),
        deal(3, "lost", "2025-07-31"),
        deal(4, "won", "2025-08-01"),
    ])  # fmt: skip
    assert quarters_of(closed(book, focus)) == {"D0001": "FY26Q1", "D0002": "FY26Q2", "D0003": "FY26Q2"}


def test_the_window_pools_the_quarters_asked_for_and_the_table_goes_further_back():
    months = pd.date_range("2021-01-15", "2025-09-15", freq="MS") + pd.Timedelta(days=14)
    book = make_book(
        [deal(number, "won", str(day.date()), created_at="2020-01-01") for number, day in enumerate(months)]
    )
    cohort = closed(book, window=2)
    assert cohort.window_label == "2025Q2 to 2025Q3"
    assert set(cohort.window_rows["quarter"]) == {"2025Q2", "2025Q3"}
    assert len(cohort.window_rows) == 6
    assert cohort.table["quarter"].nunique() == QUARTERS_BACK
    assert cohort.table["quarter"].min() == "2022Q4"
    assert closed(book, window=1).window_label == "2025Q3"
    assert len(closed(book).window) == 4


def test_a_report_as_of_an_earlier_day_knows_only_what_was_closed_by_then():
    book = make_book([deal(1, "won", "2025-07-10"), deal(2, "lost", "2025-09-01"), deal(3, "lost", "2025-05-05")])
    cohort = closed(book, as_of=dt.date(2025, 8, 1))
    assert list(cohort.table["deal_id"]) == ["D0003", "D0001"]
    assert not cohort.is_complete
    assert cohort.as_of == cohort.book.meta.extracted_on == dt.date(2025, 8, 1)
    assert closed(book).is_complete
    assert closed(book, as_of=dt.date(2025, 9, 30)).is_complete


def test_a_quarter_without_a_closed_deal_is_an_empty_frame_that_says_what_there_is():
    book = make_book([deal(1, "won", "2025-02-01"), deal(2, "lost", "2025-05-01"), deal(3, "open", None)])
    with pytest.raises(EmptyFrame) as caught:
        closed(book)
    assert "No deal closed in 2025Q3" in str(caught.value)
    assert "2 closed deals from 2025-02-01 to 2025-05-01" in str(caught.value)


def test_a_book_without_any_closed_deal_says_so():
    with pytest.raises(EmptyFrame, match="no won or lost deal in the whole book"):
        closed(make_book([deal(1, "open", None)]))


def test_a_quarter_after_the_data_is_a_wrong_question_with_a_right_one_suggested():
    book = make_book([deal(1, "won", "2025-08-01")])
    with pytest.raises(UsageError, match="choose 2025Q3 or earlier"):
        closed(book, FOCUS + 2)
    with pytest.raises(UsageError, match="choose 2025Q2 or earlier"):
        closed(book, FOCUS + 1, as_of=dt.date(2025, 9, 29))


def test_a_report_cannot_know_more_than_its_book():
    with pytest.raises(UsageError, match="cannot know more than the book"):
        closed(make_book([deal(1, "won", "2025-08-01")]), as_of=dt.date(2025, 10, 7))


def test_the_cohort_says_what_it_is_and_where_its_close_dates_come_from():
    book = make_book([
        deal(1, "won", "2025-08-01", closed_at_source="expected_proxy"),
        deal(2, "won", "2025-08-01", closed_at_source="expected_proxy"),
        deal(3, "won", "2025-08-01"),
        deal(4, "won", "2025-04-01", closed_at_source="history"),
    ])  # fmt: skip
    cohort = closed(book)
    assert cohort.provenance["close date"] == "expected close date (2 deals), CRM close date (1 deal)"
    assert cohort.provenance["amount"] == "current value"
    assert cohort.remarks == (NOT_A_FORECAST,)
    assert (cohort.kind, cohort.noun, cohort.currency, dict(cohort.counted_apart)) == (
        "closed",
        "closed deals",
        "USD",
        {},
    )


def test_won_and_lost_rows_are_told_apart_by_their_resolution():
    book = make_book([deal(1, "won", "2025-08-01"), deal(2, "lost", "2025-08-01", lost_to_recorded="disqualified")])
    table = closed(book).table
    assert list(won_rows(table)["deal_id"]) == ["D0001"]
    assert list(lost_rows(table)["deal_id"]) == ["D0002"]


def test_equal_cohorts_have_equal_fingerprints_and_others_do_not():
    def made(amount=5.0, **options):
        return closed(make_book([deal(1, "won", "2025-08-01", amount=amount)]), **options).fingerprint

    assert made() == made()
    others = [made(amount=6.0), made(window=3), made(as_of=dt.date(2025, 10, 5))]
    assert len({made(), *others}) == 4


def test_a_cohort_cannot_be_changed_by_whoever_is_handed_it():
    cohort = closed(make_book([deal(1, "won", "2025-08-01")]))
    with pytest.raises(TypeError):
        cohort.provenance["amount"] = "made up"
    with pytest.raises(AttributeError):
        cohort.kind = "forecast"
