import pandas as pd
import pytest

from postmortem.charts.calibration import calibration

COLUMNS = {"stated": "stated", "observed": "won", "low": "low", "high": "high", "n": "n"}


@pytest.fixture
def bins():
    return pd.DataFrame(
        {
            "stated": [0.9, 0.5, 0.1, 0.7],
            "won": [0.6, 0.45, 0.12, 0.33],
            "low": [0.5, 0.3, 0.05, None],
            "high": [0.7, 0.6, 0.3, None],
            "n": [80, 40, 25, 3],
        }
    )


def dots(axes):
    return [tuple(point) for each in axes.collections if hasattr(each, "get_sizes") for point in each.get_offsets()]


def test_dots_stand_over_what_was_stated(bins, draw):
    assert dots(draw(calibration, bins, **COLUMNS)) == [(0.1, 0.12), (0.5, 0.45), (0.9, 0.6)]


def test_intervals_reach_from_low_to_high(bins, draw):
    axes = draw(calibration, bins, **COLUMNS)
    found = [
        (segment[0][0], segment[0][1], segment[1][1])
        for each in axes.collections
        if hasattr(each, "get_segments")
        for segment in each.get_segments()
    ]
    assert found == [(0.1, 0.05, 0.3), (0.5, 0.3, 0.6), (0.9, 0.5, 0.7)]


def test_the_diagonal_is_where_both_agree(bins, draw):
    diagonal = draw(calibration, bins, **COLUMNS).lines[0]
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]


def test_every_bin_has_its_count_small_ones_in_brackets(bins, draw, words):
    written = words(draw(calibration, bins, noun="case", **COLUMNS))
    assert {"80", "40", "25", "(3)"} <= set(written)
    assert any("1 value of fewer than 5 cases or withheld not drawn" in text for text in written)


def test_counts_of_close_bins_stand_apart_and_in_order(draw, overlaps):
    frame = pd.DataFrame(
        {"stated": [0.5, 0.51, 0.52, 0.53], "won": 0.5, "low": 0.4, "high": 0.6, "n": [1111, 1222, 1333, 1444]}
    )
    axes = draw(calibration, frame, **COLUMNS)
    left = {text.get_text(): text.get_window_extent().x0 for text in axes.texts}
    assert left["1,111"] < left["1,222"] < left["1,333"] < left["1,444"]
    assert overlaps(axes) == []


def test_a_bin_without_a_stated_value_is_counted(bins, draw, words):
    axes = draw(calibration, bins.assign(stated=[0.9, None, 0.1, 0.7]), **COLUMNS)
    assert any("1 value withheld" in text for text in words(axes))
    assert len(dots(axes)) == 2


def test_a_bin_without_a_share_has_no_dot_whatever_its_count(bins, draw, words):
    axes = draw(calibration, bins.assign(won=[None, 0.45, 0.12, 0.33]), **COLUMNS)
    assert len(dots(axes)) == 2 and "(80)" in words(axes)
