import numpy as np
import pandas as pd
import pytest

from postmortem.charts import rows, style
from postmortem.charts.rows import Cell
from postmortem.ground.errors import UsageError


@pytest.fixture
def axes():
    made = style.new_figure(8, 4).subplots()
    style.prepare(made)
    return made


def test_all_missing_columns_are_named_with_the_nearest():
    frame = pd.DataFrame({"estimate": [1], "name": ["a"]})
    with pytest.raises(UsageError) as raised:
        rows.require("interval_dots", frame, "name", "estimte", "high", "")
    assert raised.value.got == "estimte, high"
    assert "did you mean 'estimate'?" in str(raised.value)


def test_columns_not_asked_for_are_not_required():
    rows.require("ranked_bars", pd.DataFrame({"a": [1]}), "a", "")


def test_numbers_are_finite_or_missing():
    frame = pd.DataFrame({"x": [1, None, np.inf, "withheld", pd.NA, 2.5]}, dtype=object)
    assert rows.numbers(frame, "x").tolist() == pytest.approx([1, *[np.nan] * 4, 2.5], nan_ok=True)
    assert np.isnan(rows.numbers(frame, "")).all()


def test_nullable_columns_are_read():
    frame = pd.DataFrame({"x": pd.array([3, None], dtype="Int64")})
    assert rows.numbers(frame, "x").tolist() == pytest.approx([3, np.nan], nan_ok=True)


def test_as_many_rows_as_are_legible_and_the_rest_counted(axes):
    frame = pd.DataFrame({"name": range(100)})
    shown = rows.that_fit(frame, axes)
    height = style.settle(axes)[1]
    assert (len(shown) + 1) * rows.LEAST_PITCH <= height < (len(shown) + 2) * rows.LEAST_PITCH
    rows.lay(axes, list(shown["name"]), 100 - len(shown))
    assert axes.texts[0].get_text() == f"and {100 - len(shown)} more rows in the table"


def test_rows_that_all_fit_are_all_kept(axes):
    frame = pd.DataFrame({"name": range(12)})
    assert rows.that_fit(frame, axes) is frame


def test_rows_go_down_and_hold_together(axes):
    pitch = rows.lay(axes, ["first", "second"])
    first, second = axes.transData.transform([(0, 0), (0, 1)])[:, 1]
    assert pitch == rows.MOST_PITCH
    assert (first - second) * 72 / axes.figure.dpi == pytest.approx(pitch)


def test_cells_at_the_right_stand_in_columns(axes):
    rows.lay(axes, ["a", "b"])
    rows.beside(axes, [[Cell("1%", True), Cell("100%", True)], [Cell(""), Cell("")], [Cell("x"), Cell("y")]])
    axes.figure.draw_without_rendering()
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert set(boxes) == {"1%", "100%", "x", "y"}
    assert boxes["x"].x0 == pytest.approx(boxes["y"].x0, abs=1.5)
    assert boxes["x"].x0 > boxes["100%"].x1


@pytest.mark.parametrize(
    ("limits", "unit", "labels"),
    [
        ((0.0, 1.0), "share", ["0%", "25%", "50%", "75%", "100%"]),
        ((0.0, 0.3), "share", ["0%", "5%", "10%", "15%", "20%", "25%", "30%"]),
        ((-0.2, 0.2), "points", ["−20 points", "−10 points", "0 points", "+10 points", "+20 points"]),
        ((0.0, 2e6), "USD", ["$0", "$500k", "$1M", "$1.5M", "$2M"]),
    ],
)
def test_the_scale_has_round_values_in_its_unit(axes, limits, unit, labels):
    rows.scale(axes, limits, unit, 3)
    assert [text.get_text() for text in axes.get_xticklabels()] == labels


def test_a_scale_without_extent_is_widened(axes):
    rows.scale(axes, (5.0, 5.0), "days", 1)
    low, high = axes.get_xlim()
    assert low < 5 < high


def test_the_key_leaves_out_what_has_no_label(axes):
    rows.lay(axes, ["a"])
    rows.key(axes, [style.PLAIN], 1)
    assert axes.get_legend() is None
    rows.key(axes, [style.FATES[0], style.PLAIN], 1)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Won"]


def test_more_rows_ask_for_more_height():
    assert rows.height_for(10) - rows.height_for(5) == pytest.approx(5 * rows.ROW_INCHES, abs=0.02)
    assert rows.height_for(0) == rows.height_for(1)
