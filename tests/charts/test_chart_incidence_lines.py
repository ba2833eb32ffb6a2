import pandas as pd
import pytest

from postmortem.charts import style
from postmortem.charts.incidence_lines import incidence_lines

COLUMNS = {"group": "group", "day": "day", "share": "share", "low": "low", "high": "high"}


@pytest.fixture
def curves():
    frame = pd.DataFrame(
        {
            "group": ["EMEA"] * 3 + ["APAC"] * 2,
            "day": [10, 40, 100, 20, 50],
            "share": [0.1, 0.2, 0.5, 0.05, 0.3],
            "left": [80, 50, 20, 30, 8],
        }
    )
    return frame.assign(low=frame["share"] - 0.04, high=frame["share"] + 0.06)


def line_of(axes, group):
    line = next(line for line in axes.lines if line.get_label() == group)
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


def test_every_group_has_its_steps(curves, draw):
    axes = draw(incidence_lines, curves, **COLUMNS)
    assert line_of(axes, "EMEA") == [(0, 0), (10, 0.1), (40, 0.2), (100, 0.5)]
    assert line_of(axes, "APAC") == [(0, 0), (20, 0.05), (50, 0.3)]
    assert {line.get_drawstyle() for line in axes.lines} == {"steps-post"}


def test_groups_are_told_apart_without_colour(curves, draw):
    axes = draw(incidence_lines, curves, **COLUMNS)
    dashes = [str(line._dash_pattern) for line in axes.lines if not line.get_label().startswith("_")]
    assert len(set(dashes)) == 2
    assert len({dash for _, dash, _ in style.GROUPS}) == len({mark for _, _, mark in style.GROUPS}) == len(style.GROUPS)


def test_names_carry_the_figures_of_the_last_day(curves, draw, edge_names):
    names = edge_names(draw(incidence_lines, curves, **COLUMNS))
    assert names == {"EMEA": "50% (46–56%)", "APAC": "30% (26–36%)"}


def test_names_carry_the_figures_of_the_horizon_and_it_is_marked(curves, draw, words, edge_names):
    axes = draw(incidence_lines, curves, horizon=45, **COLUMNS)
    assert {"day 45", "at day 45"} <= set(words(axes))
    names = edge_names(axes)
    assert (names["EMEA"], names["APAC"]) == ("20% (16–26%)", "5% (1–11%)")
    assert [line.get_xdata()[0] for line in axes.lines if line.get_label().startswith("_")] == [45]


def test_a_group_that_ends_before_the_horizon_says_where(curves, draw, edge_names):
    names = edge_names(draw(incidence_lines, curves, horizon=90, **COLUMNS))
    assert names["APAC"] == "30% (26–36%) at day 50"


def test_a_horizon_beyond_all_curves_is_not_marked_and_every_figure_says_its_day(curves, draw, words, edge_names):
    axes = draw(incidence_lines, curves, horizon=365, **COLUMNS)
    assert edge_names(axes) == {"EMEA": "50% (46–56%) at day 100", "APAC": "30% (26–36%) at day 50"}
    assert "day 365" not in words(axes)


def test_lines_end_where_too_few_are_at_risk(curves, draw, words):
    axes = draw(incidence_lines, curves, at_risk="left", **COLUMNS)
    assert line_of(axes, "APAC") == [(0, 0), (20, 0.05), (50, 0.05)]
    assert "lines end below 10 deals at risk" in words(axes)


def test_a_group_too_small_is_counted_and_not_drawn(curves, draw, words):
    axes = draw(incidence_lines, curves.assign(left=[80, 50, 20, 9, 8]), at_risk="left", **COLUMNS)
    assert "APAC" not in [line.get_label() for line in axes.lines]
    assert any("1 group withheld or too small" in text for text in words(axes))


def test_ribbons_reach_from_low_to_high(curves, draw):
    axes = draw(incidence_lines, curves, **COLUMNS)
    ribbon = next(each for each in axes.collections if each.get_alpha()).get_paths()[0].vertices
    assert {0.16, 0.26} <= {round(y, 9) for x, y in ribbon if 40 <= x < 100}


def test_without_intervals_lines_stand_alone(curves, draw, edge_names):
    axes = draw(incidence_lines, curves, group="group", day="day", share="share")
    assert not [each for each in axes.collections if each.get_alpha()]
    assert edge_names(axes)["EMEA"] == "50%"


def test_before_the_first_day_there_is_no_interval(curves, draw, edge_names):
    assert edge_names(draw(incidence_lines, curves, horizon=15, **COLUMNS))["APAC"] == "0%"


def test_groups_beyond_the_sixth_are_counted(draw, words):
    frame = pd.DataFrame({"group": [f"Team {i}" for i in range(9)], "day": 5, "share": 0.2})
    axes = draw(incidence_lines, frame, group="group", day="day", share="share")
    assert len(axes.lines) == 6
    assert any("3 more groups in the table" in text for text in words(axes))
