import numpy as np
import pytest

from postmortem.charts import style
from postmortem.charts.day_curves import day_scale, end_of, stepped


def test_values_hold_until_the_next_of_their_curve():
    curves = stepped(np.array([2.0, 5, 9]), ["a", "b", "a"], np.array([0.1, 0.2, 0.3]))
    assert curves.index.tolist() == [0, 2, 5, 9]
    assert curves["a"].tolist() == [0, 0.1, 0.1, 0.3]
    assert curves["b"].tolist() == [0, 0, 0.2, 0.2]


def test_a_missing_value_is_a_gap_and_not_the_day_before():
    curves = stepped(np.array([1.0, 2, 3]), ["a"] * 3, np.array([0.1, np.nan, 0.3]))
    assert curves["a"].tolist() == pytest.approx([0, 0.1, np.nan, 0.3], nan_ok=True)


def test_values_without_a_day_are_left_out_and_the_last_of_a_day_holds():
    curves = stepped(np.array([1.0, np.nan, 1]), ["a"] * 3, np.array([0.1, 0.9, 0.2]))
    assert curves["a"].to_dict() == {0.0: 0, 1.0: 0.2}


def test_curves_end_on_the_first_day_with_too_few_at_risk():
    days, left = np.array([3.0, 8, 20, 31]), np.array([40.0, 12, 9, 2])
    assert end_of(days, left, 10) == 20
    assert end_of(days, left, 1) == 31


def test_cases_at_risk_between_two_days_are_those_of_the_later_one():
    axes = style.new_figure(8, 3).subplots()
    day_scale(axes, 40, np.array([0.0, 9, 11, 40]), np.array([50.0, 44, 30, 5]), "the $ start", "deal")
    labels = dict(text.get_text().split("\n") for text in axes.get_xticklabels())
    assert labels["0"] == "50" and labels["10"] == "30" and labels["40"] == "5"
    assert axes.get_xlabel() == "Days since the $ start; below each: deals still at risk"
