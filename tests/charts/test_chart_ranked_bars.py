import pandas as pd
import pytest
from matplotlib.colors import to_hex

from postmortem.charts import style
from postmortem.charts.ranked_bars import height_for, ranked_bars

COLUMNS = {"name": "name", "value": "amount", "unit": "USD"}


@pytest.fixture
def losses():
    return pd.DataFrame(
        {
            "name": ["Northwind", "Umbrella", "Initech"],
            "amount": [1_240_000.0, 620_000.0, None],
            "fate": ["lost_competitor", "lost_status_quo", "lost_unknown"],
            "to": ["Hooli", None, ""],
        }
    )


def test_bars_are_as_long_as_their_values_in_the_order_of_the_frame(losses, draw, bars):
    axes = draw(ranked_bars, losses, **COLUMNS)
    assert bars(axes) == [(0, 0, 1_240_000), (1, 0, 620_000), (2, 0, 0)]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Northwind", "Umbrella", "Initech"]


def test_the_value_stands_at_the_end_of_its_bar(losses, draw):
    axes = draw(ranked_bars, losses, **COLUMNS)
    ends = {text.get_text(): text.xy for text in axes.texts}
    assert ends == {"$1.2M": (1_240_000, 0), "$620k": (620_000, 1), "not recorded": (0, 2)}


def test_a_missing_value_is_called_what_the_caller_says(losses, draw, words):
    assert "withheld" in words(draw(ranked_bars, losses, missing="withheld", **COLUMNS))


def test_bars_have_colour_and_hatch_of_their_fate(losses, draw, words):
    axes = draw(ranked_bars, losses, fate="fate", **COLUMNS)
    patch = axes.containers[0][0]
    fate = style.fate_of("lost_competitor")
    assert to_hex(patch.get_facecolor()) == fate.colour.lower()
    assert patch.get_hatch() == fate.hatch
    assert words(axes)[-3:] == ["Lost to a competitor", "Lost to the status quo", "Lost, to whom not recorded"]


def test_the_key_can_be_left_out(losses, draw):
    assert draw(ranked_bars, losses, fate="fate", key=False, **COLUMNS).get_legend() is None


def test_a_note_follows_the_value(losses, draw):
    axes = draw(ranked_bars, losses, note="to", **COLUMNS)
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert boxes["Hooli"].x0 > boxes["$1.2M"].x1
    assert len(boxes) == 4


def test_counts_are_bare_numbers(draw, words):
    frame = pd.DataFrame({"reason": ["Price", "Champion left"], "deals": [22, 0]})
    assert {"22", "0"} <= set(words(draw(ranked_bars, frame, name="reason", value="deals")))


def test_long_names_end_in_an_ellipsis(draw):
    frame = pd.DataFrame({"name": ["Very " * 40], "amount": [1.0]})
    label = draw(ranked_bars, frame, **COLUMNS).get_yticklabels()[0].get_text()
    assert label.startswith("Very Very") and label.endswith("…")


def test_ten_losses_fit_the_recommended_height(draw, overlaps, outside):
    frame = pd.DataFrame({"name": [f"Customer {i}" for i in range(10)], "amount": range(10, 0, -1), "fate": "lost"})
    axes = draw(ranked_bars, frame, height_for(10), fate="fate", **COLUMNS)
    assert len(axes.get_yticklabels()) == 10
    assert overlaps(axes) == [] and outside(axes) == []


def test_bars_and_the_words_at_their_ends_stay_inside_the_axes(losses, draw):
    axes = draw(ranked_bars, losses.assign(to="sold to Hooli"), note="to", **COLUMNS)
    edge = axes.get_window_extent().x1
    assert max(text.get_window_extent().x1 for text in axes.texts) <= edge + 1
