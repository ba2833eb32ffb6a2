"""Input that cannot mean anything is named, and input that can is taken as it comes."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import checks


@pytest.mark.parametrize("value", [7, 7.0, np.int64(7), np.float64(7)])
def test_a_count_may_come_in_any_number_type(value):
    seven = checks.count("n", value)
    assert seven == 7 and type(seven) is int


@pytest.mark.parametrize("value", [-1, 2.5, math.nan, math.inf, "7", None, pd.NA, pd.Timedelta(days=7)])
def test_what_is_no_count_is_named(value):
    with pytest.raises(UsageError, match="trials"):
        checks.count("trials", value)


@pytest.mark.parametrize(
    "values",
    [
        [1, 0, 1],
        np.array([True, False, True]),
        pd.Series([1, 0, 1], index=[7, 7, 9]),
        pd.Series([1, 0, 1], dtype="Int64"),
        [Decimal(1), Decimal(0), Decimal(1)],
    ],
)
def test_a_column_may_come_in_any_number_type(values):
    assert checks.counts("events", values).tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ([], "empty"),
        ([[1, 2]], "not one column"),
        (["1", "2"], "does not hold numbers"),
        (pd.Series(["1", "2"]), "does not hold numbers"),
        (pd.Series(pd.to_timedelta([1, 2], unit="D")), "does not hold numbers"),
        ([1 + 2j], "does not hold numbers"),
        ([object()], "does not hold numbers"),
        ([1, math.nan], "missing or infinite"),
        ([1, None], "missing or infinite"),
        (pd.Series([1, None], dtype="Int64"), "missing or infinite"),
        ([1, math.inf], "missing or infinite"),
    ],
)
def test_a_column_that_holds_no_numbers_is_named(values, part):
    with pytest.raises(UsageError, match=f"amount .*{part}|amount {part}"):
        checks.finite("amount", values)


def test_rows_at_fault_are_named():
    with pytest.raises(UsageError, match="row 1; row 3"):
        checks.counts("events", [1, -1, 2, 0.5])
    with pytest.raises(UsageError, match=r"3 of 2[\s\S]*row 1"):
        checks.events_within(np.array([1.0, 3.0]), np.array([2.0, 2.0]), names=("events", "n"))
    with pytest.raises(UsageError, match="events 2, n 1"):
        checks.same_length(events=[1, 2], n=[1])


def test_a_checked_column_is_a_copy():
    given = np.array([1.0, 2.0])
    checks.finite("amount", given)[0] = 9
    assert given.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [0, 1, 95, math.nan, "0.95", None])
def test_a_confidence_lies_between_0_and_1(value):
    with pytest.raises(UsageError, match="confidence is out of range"):
        checks.between("confidence", value)


def test_flags_and_numbers_are_outcomes():
    assert checks.zero_one("won", [True, False]).tolist() == [1.0, 0.0]
    assert checks.zero_one("won", np.array([1, 0])).tolist() == [1.0, 0.0]
    for wrong in ([2, 0], [0.5]):
        with pytest.raises(UsageError, match="won holds values that are not outcomes") as raised:
            checks.zero_one("won", wrong)
        assert raised.value.rows == ("row 0",)


def test_shares_are_not_per_cent():
    assert checks.shares("p", [0, 0.5, 1]).tolist() == [0, 0.5, 1]
    with pytest.raises(UsageError, match="divide per cent by 100") as raised:
        checks.shares("p", [0.5, 50, -0.1])
    assert raised.value.rows == ("row 1", "row 2")


def test_codes_follow_the_order_of_labels_and_name_what_is_missing():
    codes, labels = checks.codes("rep", ["b", "a", "b", "c"])
    assert (codes.tolist(), labels) == ([1, 0, 1, 2], ("a", "b", "c"))
    assert checks.codes("rep", [10, 9])[1] == (9, 10)
    assert checks.codes("rep", [10, "a", 9])[1] == (10, 9, "a")  # not comparable: as text
    with pytest.raises(UsageError, match="rep has units without a label") as raised:
        checks.codes("rep", ["a", None, np.nan])
    assert raised.value.rows == ("row 1", "row 2")
