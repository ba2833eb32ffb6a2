"""Days and moments: forms that leave no doubt are read, others are refused by column."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from intake_files import with_changes

from postmortem.ground.errors import DataError
from postmortem.intake.dates import DateStyle, Unreadable, numeric_orders, read_date, read_moment

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = DateStyle(None, None, BERLIN)


@pytest.mark.parametrize(
    "text",
    ["2025-03-09", "2025-3-9", "2025/03/09", "20250309", "9 Mar 2025", "09-MAR-25", "March 9, 2025", "Mar. 9, 2025",
     "2025-03-09 23:59:59", "2025-03-09T23:59:59.123456", "2025-03-09 6:05 PM", "2025-03-09T22:59:00Z",
     "2025-03-08T23:00:00+00:00", "2025-03-10 03:30 +05:30", " 2025-03-09 "],
)  # fmt: skip
def test_clear_forms_are_one_day_in_berlin(text: str) -> None:
    assert read_date(text, PLAIN) == dt.date(2025, 3, 9)


@pytest.mark.parametrize(
    "text",
    ["03/09/2025", "May-20", "2025-02-30", "2025-13-01", "2025-W10-7", "45725", "soon", "31 Foo 2025", "2025",
     "2025-03-09 25:00", "2025-03-09 13:00 PM", "9999-12-31T23:59:59Z", "2025-03-09 10:00 +99:99"],
)  # fmt: skip
def test_doubtful_and_impossible_forms_are_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read_date(text, PLAIN)


@pytest.mark.parametrize(
    ("text", "stated", "day"),
    [
        ("03/09/2025", "%m/%d/%Y", (2025, 3, 9)),
        ("03/09/2025", "%d/%m/%Y", (2025, 9, 3)),
        ("3.9.25", "%d.%m.%y", (2025, 9, 3)),
        ("03/09/2025 11:30 PM", "%m/%d/%Y", (2025, 3, 9)),
        ("2025-03-09", "%d/%m/%Y", (2025, 3, 9)),
        ("2025-03-09", "%Y-%d-%m", (2025, 9, 3)),
        ("Mar/09/2025 10h", "%b/%d/%Y %Hh", (2025, 3, 9)),
    ],
)
def test_a_stated_format_decides_and_iso_is_understood_beside_it(text: str, stated: str, day: tuple[int, ...]) -> None:
    assert read_date(text, DateStyle(stated, None, BERLIN)) == dt.date(*day)


def test_a_day_that_does_not_fit_the_stated_format_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="%m/%d/%Y"):
        read_date("25/12/2025", DateStyle("%m/%d/%Y", None, BERLIN))


def test_moments_with_mixed_offsets_are_one_line_of_time() -> None:
    def moment(text: str) -> pd.Timestamp:
        return pd.Timestamp(read_moment(text, PLAIN), unit="us", tz="UTC")

    assert moment("2025-03-30T01:59:59+01:00") == pd.Timestamp("2025-03-30 00:59:59", tz="UTC")
    assert moment("2025-03-30T03:00:00+02:00") == pd.Timestamp("2025-03-30 01:00:00", tz="UTC")
    assert moment("2025-07-01 12:00") == pd.Timestamp("2025-07-01 10:00", tz="UTC")
    # 02:30 happens twice on the day clocks go back: the first time counts.
    assert moment("2025-10-26 02:30") == pd.Timestamp("2025-10-26 00:30", tz="UTC")


@pytest.mark.parametrize(
    ("cells", "proven", "example"),
    [
        (["03/09/2025", "13/01/2025"], {"day"}, "03/09/2025"),
        (["03/09/2025", "01/13/2025 10:00"], {"month"}, "03/09/2025"),
        (["03/09/2025", "01/02/2025"], set(), "03/09/2025"),
        (["13/01/2025", "01/13/2025"], {"day", "month"}, "13/01/2025"),
        (["2025-03-09", "9 Mar 2025"], set(), None),
    ],
)
def test_a_column_proves_its_own_order(cells: list[str], proven: set[str], example: str | None) -> None:
    assert numeric_orders(cells) == (proven, example)


def numeric(*days: str) -> list[dict[str, object]]:
    return with_changes(*({"created_at": day} for day in days))


def test_a_column_of_days_up_to_twelve_is_refused_with_the_choice(book_of) -> None:
    with pytest.raises(DataError, match="cannot be read") as refused:
        book_of(numeric("03/09/2025", "01/02/2025", "11/12/2024"))
    assert "created_at" in refused.value.message and "'03/09/2025'" in refused.value.message
    assert '"%m/%d/%Y" (month first) or "%d/%m/%Y" (day first)' in refused.value.message


def test_all_columns_that_cannot_be_read_are_named_at_once(book_of) -> None:
    rows = [
        {**row, "expected_close_date": f"0{n}.02.2025", "amount": "x"}
        for n, row in enumerate(numeric("1/2/2025", "3/4/2025", "5/6/2025"), 1)
    ]
    with pytest.raises(DataError, match="3 columns") as refused:
        book_of(rows)
    assert all(name in refused.value.message for name in ("created_at", "expected_close_date", "amount"))
    assert '"%d.%m.%Y"' in refused.value.message


def test_a_column_written_in_both_orders_is_refused(book_of) -> None:
    with pytest.raises(DataError) as refused:
        book_of(numeric("13/01/2025", "01/13/2025"))
    assert "days come first in some, months in others" in refused.value.message


@pytest.mark.parametrize(
    ("days", "expected"),
    [(("13/01/2025", "02/01/2025"), "2025-01-02"), (("01/13/2025", "02/01/2025"), "2025-02-01")],
)
def test_one_cell_that_proves_the_order_reads_the_column(book_of, days: tuple[str, str], expected: str) -> None:
    book = book_of(numeric(*days))
    assert book.deals["created_at"].dt.strftime("%Y-%m-%d").tolist()[:2] == ["2025-01-13", expected]


def test_a_stated_format_reads_it_and_sets_other_rows_aside(book_of) -> None:
    book = book_of(numeric("03/09/2025", "25/12/2024", "01/02/2025"), data={"date_format": "%m/%d/%Y"})
    assert book.deals["deal_id"].tolist() == ["D1", "D3"]
    aside = book.quarantine.iloc[0]
    assert (aside["line"], aside["column"], aside["value"]) == (3, "created_at", "25/12/2024")
    assert "stated form %m/%d/%Y" in aside["reason"]


def test_placeholder_days_are_missing_and_noted(book_of) -> None:
    book = book_of(with_changes({"created_at": "1900-01-01"}, {"expected_close_date": "9999-12-31"}))
    assert book.deals["created_at"].isna().tolist() == [True, False, False]
    assert book.deals["expected_close_date"].isna().all()
    assert {note.column for note in book.notes if "placeholder" in note.what} == {"created_at", "expected_close_date"}


def test_the_business_day_is_that_of_the_books_zone(book_of) -> None:
    rows = with_changes({"closed_at": "2025-03-31T23:30:00Z"})
    assert book_of(rows).deals["closed_at"][0] == pd.Timestamp("2025-03-31")
    assert book_of(rows, company={"time_zone": "Europe/Berlin"}).deals["closed_at"][0] == pd.Timestamp("2025-04-01")
