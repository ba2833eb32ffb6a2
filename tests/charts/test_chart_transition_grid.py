import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from postmortem.charts import style
from postmortem.charts.transition_grid import tone, transition_grid

COLUMNS = {"before": "before", "after": "after", "n": "n"}


@pytest.fixture
def moves():
    return pd.DataFrame(
        [
            ("commit", "commit", 30),
            ("commit", "won", 10),
            ("best", "commit", 4),
            ("best", "best", 4),
            ("best", "won", 0),
        ],
        columns=["before", "after", "n"],
    )


def luminance(colour):
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def cells(axes):
    """Texts of the cells by (row, column)."""
    return {
        (round(text.get_position()[1]), int(text.get_position()[0])): text.get_text()
        for text in axes.texts
        if text.get_transform() == axes.transData and not hasattr(text, "xyann")
    }


def faces(axes):
    return {
        (round(patch.get_y() + 0.47), int(patch.get_x())): patch.get_facecolor() if patch.get_fill() else None
        for patch in axes.patches
    }


def test_cells_hold_counts_and_their_share_of_the_row(moves, draw):
    assert cells(draw(transition_grid, moves, **COLUMNS)) == {
        (0, 0): "30 · 75%", (0, 1): "0", (0, 2): "10 · 25%", (1, 0): "4 · 50%", (1, 1): "4 · 50%", (1, 2): "0",
    }  # fmt: skip


def test_rows_have_their_totals_and_columns_their_names(moves, draw, words):
    written = words(draw(transition_grid, moves, labels={"best": "Best case"}, before_label="week 1", **COLUMNS))
    assert {"40 deals", "8 deals", "Best case", "commit", "Won", "week 1", "to"} <= set(written)


def test_what_stayed_is_framed_and_the_rest_the_darker_the_larger(moves, draw):
    found = faces(draw(transition_grid, moves, **COLUMNS))
    assert found[(0, 0)] is None and found[(1, 1)] is None
    assert luminance(found[(1, 0)]) < luminance(found[(0, 2)]) < luminance(found[(0, 1)])


def test_tones_keep_their_order_in_grey_and_letters_stand_out():
    lights = [luminance(tone(step / 50)) for step in range(51)]
    assert lights == sorted(lights, reverse=True)
    for light in lights:
        assert (light + 0.05) / (luminance(style.INK) + 0.05) >= 4.5


def test_categories_keep_the_order_asked_for(moves, draw):
    axes = draw(transition_grid, moves, order=["best", "commit"], **COLUMNS)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["best", "commit"]
    assert cells(axes)[(0, 0)] == "4 · 50%" and cells(axes)[(1, 1)] == "30 · 75%"


def test_a_withheld_count_withholds_the_shares_of_its_row(moves, draw, words):
    axes = draw(transition_grid, moves.assign(n=[None, 10, 4, 4, 0]), **COLUMNS)
    assert cells(axes)[(0, 0)] == "–" and cells(axes)[(0, 2)] == "10" and cells(axes)[(1, 0)] == "4 · 50%"
    assert "withheld" in words(axes)


def test_rows_of_the_same_pair_are_added(moves, draw):
    assert cells(draw(transition_grid, pd.concat([moves, moves]), **COLUMNS))[(0, 2)] == "20 · 25%"


def test_twenty_columns_leave_out_those_without_room(draw, words, overlaps, outside):
    frame = pd.DataFrame({"before": "a", "after": [f"Category {i}" for i in range(40)], "n": 1200})
    axes = draw(transition_grid, frame, **COLUMNS)
    assert any("more columns in the table" in text for text in words(axes))
    assert "48,000 deals" in words(axes)
    assert overlaps(axes) == [] and outside(axes) == []
