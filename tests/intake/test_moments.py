"""Moments read a column at once must be those that are read cell by cell."""

from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from postmortem.intake.dates import DateStyle, read_moment
from postmortem.intake.moments import DTYPE, parse_moments
from postmortem.intake.values import parse

WRITTEN = [
    "2024-03-04T05:06:07Z",
    "2024-03-04T05:06:07.123+0000",
    "2024-03-04 05:06:07.123456+05:30",
    "2024-03-04T05:06:07-08:00",
    "2024-03-04 05:06:07",
    "2024-03-04T05:06",
    "2024-03-04",
    "2024-3-4 5:06",
    "2024-03-10 02:30:00",  # left out by the clock of New York
    "2024-11-03 01:30:00",  # happens twice there
    "2024-10-06 02:15:00",  # left out on Lord Howe Island, whose clock moves by half an hour
    "2024-02-30T05:06:07Z",
    "2024-02-30 05:06:07",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:60Z",
    "2024-01-01T00:00:00+99:00",
    "1970-01-01T00:00:00Z",
    "9999-12-31T00:00:00Z",
    "1899-12-30 00:00:00",
    "٢٠٢٤-٠٣-٠٤ ٠٥:٠٦:٠٧",
    "4 March 2024 05:06:07 PM",
    "never",
    None,
]


@pytest.mark.parametrize("place", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
def test_every_moment_and_every_fault_is_that_of_its_cell(place):
    zone = ZoneInfo(place)
    reader = partial(read_moment, style=DateStyle(None, None, zone))
    cells = pd.Series(WRITTEN, index=range(100, 100 + len(WRITTEN)), dtype="str")
    together, one_by_one = parse_moments(cells, reader, zone), parse(cells, reader, DTYPE)
    pd.testing.assert_series_equal(together.values, one_by_one.values)
    pd.testing.assert_series_equal(together.why, one_by_one.why)


def test_a_column_of_plain_moments_needs_no_reader():
    def refuses(text: str) -> int:
        raise LookupError(text)

    plain = pd.Series(["2024-03-04T05:06:07Z", None, "2024-03-04 05:06:07"], dtype="str")
    told = parse_moments(plain, refuses, ZoneInfo("Europe/Berlin"))
    assert told.values.dt.hour.tolist()[::2] == [5, 4]
    assert told.unreadable == 0


def test_a_column_without_a_moment_stays_empty():
    told = parse_moments(pd.Series([None, None], dtype="str"), str, ZoneInfo("UTC"))
    assert told.values.isna().all()
    assert str(told.values.dtype) == DTYPE
