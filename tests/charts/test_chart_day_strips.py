import numpy as np
import pandas as pd
import pytest

from postmortem.charts.day_strips import day_strips, height_for

COLUMNS = {"group": "fate", "days": "days"}


@pytest.fixture
def deals():
    return pd.DataFrame(
        {
            "fate": ["won"] * 5 + ["lost_status_quo"] * 6,
            "days": [0, 2, 4, 9, None, 20, 31, 44, 80, 120, 45],
        }
    )


def strips(axes):
    return [each.get_offsets() for each in axes.collections if each.get_label().startswith("strip")]


def test_one_dot_a_case_with_known_days(deals, draw):
    won, lost = strips(draw(day_strips, deals, **COLUMNS))
    assert won[:, 0].tolist() == [0, 2, 4, 9]
    assert lost[:, 0].tolist() == [20, 31, 44, 80, 120, 45]
    assert set(np.round(won[:, 1])) == {0} and set(np.round(lost[:, 1])) == {1}


def test_figures_stand_beside_their_strip(deals, draw, words):
    written = words(draw(day_strips, deals, limit=45, **COLUMNS))
    assert {"5 deals, 1 unknown", "3 days", "0 of 4"} <= set(written)
    assert {"6 deals", "45 days", "2 of 6", "above 45 days"} <= set(written)


def test_medians_and_the_limit_are_marked(deals, draw, words):
    axes = draw(day_strips, deals, limit=45, limit_label="longest usual silence", **COLUMNS)
    upright = [s[0][0] for each in axes.collections if hasattr(each, "get_segments") for s in each.get_segments()]
    assert {3.0, 44.5, 45.0} <= set(upright)
    assert "longest usual silence" in words(axes)


def test_groups_keep_the_order_asked_for(deals, draw):
    axes = draw(day_strips, deals, order=["lost_status_quo", "no such", "won"], **COLUMNS)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Lost to the status quo", "Won"]


def test_a_group_without_known_days_is_withheld(deals, draw, words):
    written = words(draw(day_strips, deals.assign(days=[None] * 5 + [20, 31, 44, 80, 120, 45]), **COLUMNS))
    assert any("withheld" in text for text in written)


@pytest.mark.parametrize("n", [60, 2000])
def test_dots_stay_in_their_strip_and_in_the_same_places(draw, overlaps, outside, n):
    random = np.random.default_rng(4)
    frame = pd.DataFrame({"fate": random.choice(["won", "lost_status_quo"], n), "days": random.gamma(2, 20, n).round()})
    height = height_for(2, n)
    first, again = (draw(day_strips, frame, height, limit=60, **COLUMNS) for _ in range(2))
    for row, (strip, same) in enumerate(zip(strips(first), strips(again), strict=True)):
        assert np.abs(strip[:, 1] - row).max() < 0.5
        assert np.array_equal(strip, same)
    assert sum(map(len, strips(first))) == n
    assert overlaps(first) == [] and outside(first) == []


def test_a_strip_too_full_says_that_dots_overlap(draw, words):
    frame = pd.DataFrame({"fate": "won", "days": [0] * 500 + [90]})
    assert "Dots overlap where piles would be higher than their strip." in words(draw(day_strips, frame, **COLUMNS))
