import numpy as np
import pandas as pd
import pytest

from postmortem.charts.list_strips import height_for, list_strips

COLUMNS = {"group": "list", "value": "value", "n": "deals"}


@pytest.fixture
def lists():
    return pd.DataFrame(
        {
            "list": ["Reasons"] * 5 + ["Stages"] * 2,
            "value": ["Timing", "Price", "Other", "Merger", "Weather", "Proposal", "Won"],
            "deals": [20, 60, 19, 1, 0, 50, 50],
        }
    )


def test_the_commonest_value_comes_first_and_lengths_are_shares(lists, draw, bars):
    lengths = [(row, start, length) for row, start, length in bars(draw(list_strips, lists, **COLUMNS))]
    assert [length for row, _, length in lengths if row == 0] == pytest.approx([0.6, 0.2, 0.19, 0.01])
    assert [start for row, start, _ in lengths if row == 0] == pytest.approx([0, 0.6, 0.8, 0.99])
    assert [length for row, _, length in lengths if row == 1] == pytest.approx([0.5, 0.5])


def test_unused_values_are_counted_at_the_right(lists, draw, words):
    written = words(draw(list_strips, lists, **COLUMNS))
    assert {"values", "used once", "never used", "5", "2"} <= set(written)
    assert written.count("1") == 2 and written.count("0") == 2


def test_values_are_named_where_there_is_room(lists, draw, words):
    written = words(draw(list_strips, lists, **COLUMNS))
    assert {"Price", "Timing", "Proposal"} <= set(written) and "Merger" not in written


def test_a_list_with_a_missing_figure_is_withheld_whole(lists, draw, words, bars):
    axes = draw(list_strips, lists.assign(deals=[20, np.nan, 19, 1, 0, 50, 50]), **COLUMNS)
    assert "withheld" in words(axes)
    assert {row for row, *_ in bars(axes)} == {1}


@pytest.mark.parametrize("values", [60, pytest.param(2000, marks=pytest.mark.thorough)])
def test_many_values_stay_legible(values, draw, overlaps, outside):
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "list": [f"List {n % 5}" for n in range(values)],
            "value": [f"Reason number {n}" for n in range(values)],
            "deals": random.geometric(0.05, values) - 1,
        }
    )
    axes = draw(list_strips, frame, height_for(5), **COLUMNS)
    assert overlaps(axes) == [] and outside(axes) == []
