import numpy as np
import pandas as pd
import pytest

from postmortem.charts.waterfall import height_for, levels, waterfall

COLUMNS = {"label": "label", "amount": "amount", "kind": "kind", "n": "n", "unit": "EUR"}


@pytest.fixture
def quarter():
    return pd.DataFrame(
        {
            "label": ["Forecast", "Lost", "Disqualified", "Pulled in", "Won"],
            "amount": [5_000_000, -3_200_000, 0, 450_000, 2_250_000],
            "kind": ["total", "step", "step", "step", "total"],
            "n": [60, 34, 0, 4, 30],
        }
    )


def connectors(axes):
    return sorted(
        (round(segment[0][1]), segment[0][0])
        for each in axes.collections
        if hasattr(each, "get_segments") and each.get_zorder() == 1
        for segment in each.get_segments()
        if segment[1][1] - segment[0][1] < 1
    )


def test_steps_start_where_the_level_stands(quarter, draw, bars):
    found = {row: (start, start + length) for row, start, length in bars(draw(waterfall, quarter, **COLUMNS))}
    assert found == {
        0: (0, 5e6), 1: (5e6, 1.8e6), 2: (1.8e6, 1.8e6), 3: (1.8e6, 2.25e6), 4: (0, 2.25e6),
    }  # fmt: skip


def test_amounts_and_cases_are_written_steps_with_their_sign(quarter, draw, words):
    written = words(draw(waterfall, quarter, **COLUMNS))
    assert {"€5M", "−€3.2M", "€0", "+€450k", "€2.3M", "34 deals"} <= set(written)


def test_the_order_is_kept_from_the_top_down(quarter, draw):
    axes = draw(waterfall, quarter, **COLUMNS)
    assert [text.get_text() for text in axes.get_yticklabels()] == list(quarter["label"])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_lines_lead_from_each_level_to_the_next(quarter, draw):
    assert [at for _, at in connectors(draw(waterfall, quarter, **COLUMNS))] == [5e6, 1.8e6, 1.8e6, 2.25e6]


def test_a_total_that_does_not_follow_has_no_line(quarter, draw):
    axes = draw(waterfall, quarter.assign(amount=[5e6, -3e6, 0, 4e5, 9e5]), **COLUMNS)
    assert [at for _, at in connectors(axes)] == [5e6, 2e6, 2e6]


def test_a_step_of_nothing_stays_in_sight(quarter, draw):
    axes = draw(waterfall, quarter, **COLUMNS)
    edges = [s for each in axes.collections if each.get_zorder() == 3 for s in each.get_segments()]
    assert [segment[0][0] for segment in edges if abs(segment[:, 1].mean() - 2) < 0.1] == [1.8e6]


def test_a_missing_amount_leaves_the_level_unknown_until_the_next_total(quarter, draw, bars, words):
    axes = draw(waterfall, quarter.assign(amount=[5e6, None, 0, 4e5, 2e6]), **COLUMNS)
    assert [row for row, _, _ in bars(axes)] == [0, 4]
    assert "34 deals: counts only" in words(axes) and "+€400k" in words(axes)


def test_levels_may_fall_below_none(draw, bars):
    frame = pd.DataFrame({"label": ["a", "b", "c"], "amount": [900, -1500, 200], "kind": ["total", "step", "step"]})
    axes = draw(waterfall, frame, label="label", amount="amount", kind="kind", unit="USD")
    assert [(start, length) for _, start, length in bars(axes)] == [(0, 900), (900, -1500), (-600, 200)]
    assert axes.get_xlim()[0] < -600


def test_levels_of_a_running_sum():
    amounts = np.array([10.0, -4, 7, 13, 2])
    starts, ends = levels(amounts, np.array([True, False, False, True, False]))
    assert starts.tolist() == [0, 10, 6, 0, 13] and ends.tolist() == [10, 6, 13, 13, 15]


def test_fates_colour_the_steps_and_signs_tell_the_others_apart(quarter, draw):
    frame = quarter.assign(fate=[None, "lost_competitor", None, None, None], amount=[5e6, -3e6, -1e6, 4e5, 1.4e6])
    faces = [patch.get_hatch() for each in draw(waterfall, frame, fate="fate", **COLUMNS).containers for patch in each]
    assert faces[1] == "////" and faces[2] == "\\\\\\\\" and not faces[3]


def test_twelve_rows_fit_the_recommended_height(quarter, draw, overlaps, outside):
    axes = draw(waterfall, pd.concat([quarter] * 2), height_for(10), **COLUMNS)
    assert overlaps(axes) == [] and outside(axes) == []
