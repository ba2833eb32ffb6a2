import pandas as pd
import pytest

from postmortem.charts.paired_intervals import ASIDE, height_for, paired_intervals

COLUMNS = {
    "name": "name", "left": "now", "left_low": "now_low", "left_high": "now_high", "right": "then",
    "right_low": "then_low", "right_high": "then_high", "left_label": "2025Q2", "right_label": "before",
    "difference": "gap", "low": "gap_low", "high": "gap_high", "verdict": "verdict", "n": "n",
}  # fmt: skip


@pytest.fixture
def figures():
    return pd.DataFrame(
        {
            "name": ["Won", "Lost to the status quo", "Slipped"],
            "now": [0.3, 0.5, None], "now_low": [0.2, 0.4, None], "now_high": [0.4, 0.6, None],
            "then": [0.35, 0.25, None], "then_low": [0.3, 0.2, None], "then_high": [0.4, 0.3, None],
            "gap": [-0.05, 0.25, None], "gap_low": [-0.15, 0.1, None], "gap_high": [0.06, 0.4, None],
            "verdict": ["cannot tell", "different", "different"],
            "n": [80, 80, 4],
        }
    )  # fmt: skip


def intervals(axes):
    return [
        tuple(map(float, (segment[0][1], segment[0][0], segment[1][0])))
        for each in axes.collections
        if hasattr(each, "get_segments")
        for segment in each.get_segments()
        if segment[0][1] == segment[1][1]
    ]


def test_both_figures_stand_in_their_row_with_their_intervals(figures, draw, places):
    axes = draw(paired_intervals, figures, **COLUMNS)
    assert places(axes) == [(0.3, -ASIDE), (0.35, ASIDE), (0.5, 1 - ASIDE), (0.25, 1 + ASIDE)]
    assert intervals(axes) == [
        (-ASIDE, 0.2, 0.4), (ASIDE, 0.3, 0.4), (1 - ASIDE, 0.4, 0.6), (1 + ASIDE, 0.2, 0.3),
    ]  # fmt: skip


def test_differences_have_their_interval_and_verdict(figures, draw, words):
    written = words(draw(paired_intervals, figures, **COLUMNS))
    assert {"−5 points", "−15 to 6 points", "cannot tell", "+25 points", "10–40 points", "different"} <= set(written)
    assert written.count("different") == 1


def test_a_difference_without_its_interval_is_not_written(figures, draw, words):
    written = words(draw(paired_intervals, figures.assign(gap_low=None), **COLUMNS))
    assert not {"−5 points", "cannot tell"} & set(written)


def test_too_few_cases_are_counted(figures, draw, words):
    assert "4 deals: counts only" in words(draw(paired_intervals, figures, **COLUMNS))


def test_one_side_alone_is_drawn_alone(figures, draw, places):
    assert places(draw(paired_intervals, figures.assign(now=None), **COLUMNS)) == [(0.35, ASIDE), (0.25, 1 + ASIDE)]


def test_the_two_cohorts_differ_in_shape_and_are_named(figures, draw, marks, words):
    axes = draw(paired_intervals, figures, **COLUMNS)
    first, second = marks(axes)[:2]
    assert first.get_paths()[0].vertices.shape != second.get_paths()[0].vertices.shape
    assert {"2025Q2", "before"} <= set(words(axes))


def test_days_have_their_own_unit(figures, draw, words):
    frame = figures.copy()
    numbers = [column for column in frame if column not in ("name", "verdict", "n")]
    frame[numbers] = frame[numbers] * 100
    assert {"+25 days", "10–40 days"} <= set(words(draw(paired_intervals, frame, unit="days", **COLUMNS)))


def test_nine_rows_fit_the_recommended_height(figures, draw, overlaps, outside):
    axes = draw(paired_intervals, pd.concat([figures] * 3), height_for(9), **COLUMNS)
    assert overlaps(axes) == [] and outside(axes) == []
