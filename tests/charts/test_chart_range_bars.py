import pandas as pd
import pytest

from postmortem.charts.range_bars import height_for, range_bars

COLUMNS = {"name": "name", "low": "low", "high": "high", "recorded": "recorded"}


@pytest.fixture
def bounds():
    return pd.DataFrame(
        {
            "name": ["Competitor", "Status quo", "Disqualified", None],
            "low": [0.22, 0.3, 0.02, None],
            "high": [0.48, 0.56, 0.02, None],
            "recorded": [0.31, 0.42, 0.02, None],
        }
    )


def test_bars_run_from_the_lowest_to_the_highest_possible(bounds, draw, bars):
    drawn = bars(draw(range_bars, bounds, **COLUMNS))
    assert [(row, start, start + length) for row, start, length in drawn] == [
        (0, 0.22, pytest.approx(0.48)), (1, 0.3, pytest.approx(0.56)), (2, 0.02, pytest.approx(0.02)),
    ]  # fmt: skip


def test_the_recorded_share_is_marked(bounds, draw, places):
    axes = draw(range_bars, bounds, **COLUMNS)
    assert places(axes) == [(0.31, 0), (0.42, 1), (0.02, 2)]


def test_figures_stand_at_the_right_under_their_headings(bounds, draw, words):
    written = words(draw(range_bars, bounds, **COLUMNS))
    assert {"as recorded", "possible", "31%", "22–48%", "2%"} <= set(written)


def test_what_is_unknown_is_hatched(bounds, draw):
    axes = draw(range_bars, bounds, **COLUMNS)
    assert all(patch.get_hatch() for container in axes.containers for patch in container)


def test_a_row_without_figures_is_withheld(bounds, draw, words):
    assert words(draw(range_bars, bounds, **COLUMNS)).count("withheld") == 2


def test_the_wording_is_the_callers(bounds, draw, words):
    written = words(draw(range_bars, bounds, recorded_label="in the CRM", range_label="it may be", **COLUMNS))
    assert {"in the CRM", "it may be"} <= set(written)


def test_rows_fit_the_recommended_height(bounds, draw, overlaps, outside):
    axes = draw(range_bars, pd.concat([bounds] * 3), height_for(12), **COLUMNS)
    assert len(axes.get_yticklabels()) == 12
    assert overlaps(axes) == [] and outside(axes) == []
