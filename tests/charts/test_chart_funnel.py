"""The funnel chart: dots where the units are, outside ones open, lines as told, nobody named."""

import numpy as np
import pandas as pd
import pytest

from postmortem.charts import style
from postmortem.charts.funnel import funnel
from postmortem.ground.errors import UsageError

COLUMNS = {"n": "deals", "share": "won", "outside": "outside", "at": "at", "inner": ("low", "high"),
           "outer": ("far_low", "far_high"), "centre": 0.4}  # fmt: skip
LINES = pd.DataFrame(
    {"at": [10, 40], "low": [0.1, 0.25], "high": [0.7, 0.55], "far_low": [0.02, 0.18], "far_high": [0.85, 0.64]}
)


@pytest.fixture
def dots():
    return pd.DataFrame(
        {"deals": [12, 40, 25, np.nan], "won": [0.5, 0.9, 0.3, 0.4], "outside": [False, True, False, False]}
    )


def drawn(draw, dots, **more):
    return draw(lambda frame, axes, **wording: funnel(frame, LINES, axes, **wording), dots, **{**COLUMNS, **more})


def test_dots_stand_at_size_and_share_and_outside_ones_are_open(draw, dots):
    inside, outside = drawn(draw, dots).collections
    assert inside.get_offsets().tolist() == [[12, 0.5], [25, 0.3]]
    assert outside.get_offsets().tolist() == [[40, 0.9]]
    assert outside.get_facecolor()[0].tolist() != inside.get_facecolor()[0].tolist()
    assert outside.get_edgecolor()[0].tolist() == inside.get_edgecolor()[0].tolist()


def test_lines_are_those_told(draw, dots):
    heights = [list(line.get_ydata()) for line in drawn(draw, dots).lines]
    assert heights == [[0.1, 0.25], [0.7, 0.55], [0.02, 0.18], [0.85, 0.64], [0.4, 0.4]]


def test_words_say_what_lines_are_and_how_many_are_withheld(draw, dots, words, overlaps):
    axes = drawn(draw, dots)
    written = " ".join(words(axes))
    assert "all together (40%)" in written and "1 withheld" in written and "Deals" in written
    assert overlaps(axes) == []


def test_withheld_figures_draw_nothing(draw, dots, words):
    axes = drawn(draw, dots.assign(won=np.nan), centre=np.nan)
    assert words(axes) == ["Withheld"]


def test_a_missing_column_is_named(dots):
    axes = style.new_figure(8, 4).subplots()
    with pytest.raises(UsageError, match="lacks columns"):
        funnel(dots.drop(columns="won"), LINES, axes, **COLUMNS)
