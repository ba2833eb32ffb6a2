"""Commitments of a column must be compared as each of them is."""

import pandas as pd

from postmortem.signals.commitments import all_written, written


def test_a_column_is_written_as_each_of_its_commitments():
    told = pd.Series(
        ["Buyer  agreed", "buyer AGREED ", None, "Straße", "Buyer  agreed"], index=[5, 3, 9, 1, 2], dtype="str"
    )
    pd.testing.assert_series_equal(all_written(told), told.map(written))
    assert all_written(told).iloc[0] == all_written(told).iloc[1] == "buyer agreed"


def test_a_column_without_rows_stays_one():
    assert all_written(pd.Series([], dtype="str")).dtype == "str"
