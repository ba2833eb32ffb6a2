import pandas as pd
import pytest
from matplotlib.colors import to_hex

from postmortem.charts import style
from postmortem.charts.weekly_stack import weekly_stack

COLUMNS = {"week": "week", "part": "part", "value": "n"}


@pytest.fixture
def weeks():
    return pd.DataFrame(
        {
            "week": [1, 1, 2, 2, 2, 3, 3, 3],
            "part": ["forecast", "won", "forecast", "won", "lost_competitor", "forecast", "won", "lost_competitor"],
            "n": [36, 4, 30, 6, 4, 10, 20, 10],
        }
    )


def stacks(axes):
    return {
        container.get_label(): [(round(patch.get_y(), 9), round(patch.get_height(), 9)) for patch in container]
        for container in axes.containers
    }


def test_every_week_is_a_hundred_per_cent(weeks, draw):
    found = stacks(draw(weekly_stack, weeks, order=["won", "lost_competitor"], **COLUMNS))
    assert found["Won"] == [(0, 0.1), (0, 0.15), (0, 0.5)]
    assert found["Lost to a competitor"] == [(0.1, 0), (0.15, 0.1), (0.5, 0.25)]
    assert found["forecast"] == [(0.1, 0.9), (0.25, 0.75), (0.75, 0.25)]


def test_parts_are_named_with_their_first_and_last_share(weeks, draw, edge_names):
    names = edge_names(draw(weekly_stack, weeks, labels={"forecast": "Still forecast"}, **COLUMNS))
    assert names == {"Won": "10% → 50%", "Lost to a competitor": "0% → 25%", "Still forecast": "90% → 25%"}


def test_one_week_has_one_share(weeks, draw, edge_names):
    assert edge_names(draw(weekly_stack, weeks.head(2), **COLUMNS))["Won"] == "10%"


def test_totals_stand_below_their_week(weeks, draw, words):
    assert [text for text in words(draw(weekly_stack, weeks, **COLUMNS)) if "\n" in text] == ["1\n40", "2\n40", "3\n40"]
    money = words(draw(weekly_stack, weeks.assign(n=weeks["n"] * 1e5), unit="USD", **COLUMNS))
    assert "3\n$4M" in money and "Week of the quarter; below each: its amount" in money


def test_a_week_with_a_missing_value_is_withheld_whole(weeks, draw, words):
    axes = draw(weekly_stack, weeks.assign(n=[36, 4, None, 6, 4, 10, 20, 10]), **COLUMNS)
    assert {len(container) for container in axes.containers} == {2}
    assert "withheld" in words(axes) and "2\n–" in words(axes)


def test_what_is_left_is_the_background(weeks, draw):
    axes = draw(weekly_stack, weeks, rest="forecast", **COLUMNS)
    face = next(container for container in axes.containers if container.get_label() == "forecast")[0]
    assert to_hex(face.get_facecolor()).upper() == style.REST and not face.get_hatch()


def test_weeks_that_would_touch_are_left_out_but_never_the_last(draw, overlaps):
    frame = pd.DataFrame({"week": [f"week {i}" for i in range(60)], "part": "won", "n": 1200})
    axes = draw(weekly_stack, frame, **COLUMNS)
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[-1] == "week 59\n1,200" and "" in labels
    assert overlaps(axes) == []
