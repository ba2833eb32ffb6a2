import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from postmortem.charts.interval_dots import height_for, interval_dots

COLUMNS = {"name": "name", "estimate": "share", "low": "low", "high": "high", "n": "n"}


@pytest.fixture
def shares():
    return pd.DataFrame(
        {
            "name": ["EMEA", "Americas", "APAC"],
            "share": [0.62, None, 0.2],
            "low": [0.5, None, None],
            "high": [0.73, None, None],
            "n": [60, 6, 12],
            "fate": ["won", "won", "lost_status_quo"],
        }
    )


def lines(axes):
    return [
        (segment[0][1], segment[0][0], segment[1][0])
        for each in axes.collections
        if hasattr(each, "get_segments")
        for segment in each.get_segments()
        if segment[0][1] == segment[1][1]
    ]


def dots(axes):
    points = [each.get_offsets() for each in axes.collections if isinstance(each, PathCollection)]
    return [(float(value), int(row)) for each in points for value, row in each]


def test_dots_and_intervals_stand_where_the_figures_say(shares, draw):
    axes = draw(interval_dots, shares, **COLUMNS)
    assert dots(axes) == [(0.62, 0), (0.2, 2)]
    assert lines(axes) == [(0, 0.5, 0.73)]


def test_figures_stand_at_the_right(shares, draw, words):
    written = words(draw(interval_dots, shares, **COLUMNS))
    assert {"62%", "50–73%", "60 deals", "20%", "12 deals"} <= set(written)


def test_too_few_cases_are_counted_and_not_drawn(shares, draw, words):
    axes = draw(interval_dots, shares, **COLUMNS)
    assert "6 deals: counts only" in words(axes)
    assert 1 not in [row for _, row in dots(axes)]


def test_the_reference_is_a_labelled_line(shares, draw, words):
    axes = draw(interval_dots, shares, reference=0.4, reference_label="all deals: 40%", **COLUMNS)
    upright = [
        segment
        for each in axes.collections
        if hasattr(each, "get_segments") and each.get_linestyle()[0][1] is not None
        for segment in each.get_segments()
    ]
    assert [segment[0][0] for segment in upright] == [0.4]
    label = next(text for text in axes.texts if text.get_text() == "all deals: 40%")
    assert label.xy[0] == 0.4


def test_fates_give_dots_their_shape(shares, draw, marks):
    drawn = marks(draw(interval_dots, shares, fate="fate", **COLUMNS))
    assert len(drawn) == 2
    assert drawn[0].get_paths()[0].vertices.shape != drawn[1].get_paths()[0].vertices.shape


def test_differences_run_to_both_sides_of_none(draw, words):
    frame = pd.DataFrame({"name": ["a"], "share": [-0.12], "low": [-0.2], "high": [0.03], "n": [40]})
    axes = draw(interval_dots, frame, unit="points", reference=0, reference_label="no difference", **COLUMNS)
    assert axes.get_xlim()[0] < -0.2 and axes.get_xlim()[1] > 0.03
    assert {"−12 points", "−20 to 3 points"} <= set(words(axes))


def test_a_scale_of_shares_starts_at_none_and_ends_at_all(shares, draw):
    low, high = draw(interval_dots, shares, **COLUMNS).get_xlim()
    assert low == pytest.approx(0, abs=0.02) and high == pytest.approx(1, abs=0.02)


def test_fifteen_rows_fit_the_recommended_height(shares, draw, overlaps, outside):
    frame = pd.concat([shares] * 5, ignore_index=True)
    axes = draw(interval_dots, frame, height_for(15), reference=0.9, reference_label="all deals: 90%", **COLUMNS)
    assert len(axes.get_yticklabels()) == 15
    assert overlaps(axes) == [] and outside(axes) == []
