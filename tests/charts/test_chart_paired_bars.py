import pandas as pd
import pytest
from matplotlib.colors import to_hex

from postmortem.charts import style
from postmortem.charts.paired_bars import height_for, paired_bars

COLUMNS = {
    "name": "name", "left": "lost", "right": "won", "left_label": "lost deals", "right_label": "won deals",
}  # fmt: skip
DIFFERENCE = {"difference": "difference", "low": "low", "high": "high", "n": "n"}


@pytest.fixture
def fields():
    return pd.DataFrame(
        {
            "name": ["Economic buyer named", "Competitor named", "Next step agreed"],
            "lost": [0.22, 0.73, None],
            "won": [0.47, 0.21, None],
            "difference": [0.25, -0.52, None],
            "low": [0.12, -0.64, None],
            "high": [0.37, -0.4, None],
            "n": [60, 60, 6],
        }
    )


def test_marks_stand_at_the_two_values(fields, draw, places):
    assert places(draw(paired_bars, fields, **COLUMNS)) == [(0.22, 0), (0.47, 0), (0.73, 1), (0.21, 1)]


def test_values_stand_on_the_outer_side_of_their_marks(fields, draw):
    axes = draw(paired_bars, fields, **COLUMNS)
    sides = {(text.get_text(), text.xy): text.get_ha() for text in axes.texts if hasattr(text, "xy")}
    assert sides == {
        ("22%", (0.22, 0)): "right", ("47%", (0.47, 0)): "left",
        ("73%", (0.73, 1)): "left", ("21%", (0.21, 1)): "right",
    }  # fmt: skip


def test_the_difference_and_its_interval_stand_at_the_right(fields, draw, words):
    written = words(draw(paired_bars, fields, **DIFFERENCE, **COLUMNS))
    assert {"difference", "+25 points", "12–37 points", "−52 points", "−64 to −40 points"} <= set(written)


def test_a_row_without_values_says_how_many_cases(fields, draw, words):
    assert "6 deals: counts only" in words(draw(paired_bars, fields, **DIFFERENCE, **COLUMNS))


def test_one_known_value_is_drawn_alone(fields, draw, places):
    axes = draw(paired_bars, fields.assign(won=None), **COLUMNS)
    assert places(axes) == [(0.22, 0), (0.73, 1)]


def test_the_two_are_told_apart_by_shape_and_named_below(fields, draw, words, marks):
    axes = draw(paired_bars, fields, **COLUMNS)
    shapes = [each.get_paths()[0].vertices.shape for each in marks(axes)]
    assert shapes[0] != shapes[1]
    assert words(axes)[-2:] == ["lost deals", "won deals"]


def test_fates_give_the_marks_their_colours(fields, draw, marks):
    axes = draw(paired_bars, fields, left_fate="lost", right_fate="won", **COLUMNS)
    found = [to_hex(each.get_facecolor()[0]) for each in marks(axes)]
    assert found[:2] == [style.LOST.colour.lower(), style.fate_of("won").colour.lower()]


def test_values_at_both_ends_of_the_scale_stay_in_the_figure(draw, overlaps, outside):
    frame = pd.DataFrame({"name": ["a", "b"], "lost": [0.0, 1.0], "won": [1.0, 0.99]})
    axes = draw(paired_bars, frame, height_for(2), **COLUMNS)
    assert overlaps(axes) == [] and outside(axes) == []
    assert axes.get_xlim()[0] < 0 and axes.get_xlim()[1] > 1


def test_days_are_compared_in_days(fields, draw, words):
    frame = pd.DataFrame({"name": ["a"], "lost": [3], "won": [10], "difference": [7], "low": [2], "high": [12]})
    written = words(draw(paired_bars, frame, unit="days", difference="difference", low="low", high="high", **COLUMNS))
    assert {"3 days", "10 days", "7 days", "2–12 days"} <= set(written)
