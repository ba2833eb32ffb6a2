import numpy as np
import pandas as pd
import pytest

from postmortem.charts.mirrored_bars import mirrored_bars

COLUMNS = {
    "name": "day", "above": "lost", "below": "won", "above_label": "lost deals", "below_label": "won deals",
    "above_fate": "lost", "below_fate": "won", "expected": "even", "expected_label": "if all days were alike",
    "along": "working days left",
}  # fmt: skip


def month(deals):
    """Return the days of a month on which so many deals of either kind were closed, drawn with a fixed seed."""
    random = np.random.default_rng(3)
    weights = np.array([1.0] * 21 + [3.0, 5.0])
    counts = [random.multinomial(deals, weights / weights.sum()) for _ in range(2)]
    return pd.DataFrame(
        {
            "day": [*map(str, range(22, 0, -1)), "last"],
            "lost": counts[0] / deals,
            "won": counts[1] / deals,
            "even": [0.01, 0.03] + [0.045] * 21,
        }
    )


def heights(axes):
    return [[bar.get_height() for bar in container] for container in axes.containers]


def test_one_side_goes_up_and_the_other_down(draw):
    frame = month(60)
    up, down = heights(draw(mirrored_bars, frame, **COLUMNS))
    assert up == pytest.approx(list(frame["lost"]))
    assert down == pytest.approx(list(-frame["won"]))


def test_what_is_expected_is_drawn_on_both_sides(draw):
    frame = month(60)
    axes = draw(mirrored_bars, frame, **COLUMNS)
    lines = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == 2 * len(frame)]
    assert lines[0][::2] == pytest.approx(frame["even"]) and lines[1][::2] == pytest.approx(-frame["even"])


def test_the_scale_counts_upwards_on_both_sides(draw, words):
    axes = draw(mirrored_bars, month(60), **COLUMNS)
    assert not any("−" in text for text in words(axes))
    assert axes.get_ylim()[0] == -axes.get_ylim()[1]


@pytest.mark.parametrize("deals", [60, 2000])
def test_a_month_is_legible_and_its_last_day_named(deals, draw, words, overlaps, outside):
    axes = draw(mirrored_bars, month(deals), 3.2, **COLUMNS)
    assert overlaps(axes) == [] and outside(axes) == []
    assert {"last", "lost deals (above)", "won deals (below)", "if all days were alike"} <= set(words(axes))


def test_a_missing_value_has_no_bar(draw):
    frame = month(60).assign(won=np.nan)
    assert heights(draw(mirrored_bars, frame, **COLUMNS))[1] == [0.0] * len(frame)
