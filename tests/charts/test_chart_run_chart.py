import numpy as np
import pandas as pd
import pytest

from postmortem.charts import style
from postmortem.charts.run_chart import height_for, run_chart

COLUMNS = {"quarter": "quarter", "value": "share", "n": "n", "low": "low", "high": "high"}


@pytest.fixture
def quarters():
    return pd.DataFrame(
        {
            "quarter": ["2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1"],
            "share": [0.31, 0.4, None, 0.29, 0.52],
            "n": [60, 58, 71, 64, 1],
            "low": [None, 0.22, 0.22, 0.23, 0.1],
            "high": [None, 0.44, 0.44, 0.43, 0.6],
        }
    )


def test_the_line_follows_the_values_and_breaks_where_one_is_missing(quarters, draw):
    line = draw(run_chart, quarters, **COLUMNS).lines[0]
    assert line.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert line.get_ydata().tolist() == pytest.approx([0.31, 0.4, np.nan, 0.29, 0.52], nan_ok=True)


def test_the_band_is_the_usual_range_quarter_by_quarter(quarters, draw, words):
    axes = draw(run_chart, quarters, **COLUMNS)
    band = axes.collections[0].get_paths()[0].vertices
    for at, low, high in [(1, 0.22, 0.44), (3, 0.23, 0.43), (4, 0.1, 0.6)]:
        inside = band[np.abs(band[:, 0] - at) < 0.51]
        assert {low, high} <= set(inside[:, 1].round(9))
    assert band[:, 0].min() == 0.5
    assert "usual range" in words(axes)


def test_without_a_range_there_is_no_band(quarters, draw, words):
    assert "usual range" not in words(draw(run_chart, quarters, quarter="quarter", value="share"))


def test_cases_stand_under_their_quarter(quarters, draw):
    axes = draw(run_chart, quarters, **COLUMNS)
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "2024Q1\n60 deals", "2024Q2\n58 deals", "2024Q3\n71 deals", "2024Q4\n64 deals", "2025Q1\n1 deal",
    ]  # fmt: skip


def test_the_focus_quarter_is_larger_bold_and_labelled(quarters, draw):
    axes = draw(run_chart, quarters, focus="2024Q2", **COLUMNS)
    others, focus = axes.collections[1], axes.collections[2]
    assert focus.get_offsets().tolist() == [[1, 0.4]]
    assert focus.get_sizes()[0] > others.get_sizes()[0]
    weights = [text.get_fontweight() for text in axes.get_xticklabels()]
    assert [weight == "bold" for weight in weights] == [False, True, False, False, False]
    assert {text.get_text(): text.xy for text in axes.texts} == {"40%": (1, 0.4), "52%": (4, 0.52)}


def test_the_last_known_value_is_labelled(quarters, draw):
    axes = draw(run_chart, quarters.assign(share=[0.3, 0.2, 0.1, None, None]), **COLUMNS)
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("10%", (2, 0.1))]


def test_many_quarters_leave_labels_out_but_never_the_last(draw, overlaps):
    frame = pd.DataFrame({"quarter": [f"FY{i // 4 + 10}Q{i % 4 + 1}" for i in range(40)], "share": 0.4, "n": 1180})
    axes = draw(run_chart, frame, quarter="quarter", value="share", n="n")
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[-1] == "FY19Q4\n1,180"
    assert "" in labels
    assert overlaps(axes) == []


def test_money_has_its_own_scale(quarters, draw, words):
    written = words(
        draw(run_chart, quarters.assign(share=quarters["share"] * 1e7, low=None, high=None), unit="USD", **COLUMNS)
    )
    assert "$5.2M" in written and "$0" in written


def test_shares_never_go_beyond_all(draw):
    frame = pd.DataFrame({"quarter": ["a", "b"], "share": [0.98, 1.0]})
    axes = draw(run_chart, frame, quarter="quarter", value="share")
    assert [text.get_text() for text in axes.get_yticklabels()][-1] == "100%"


def test_the_whole_fits_the_recommended_height(quarters, draw, overlaps, outside):
    axes = draw(run_chart, quarters, height_for(5), focus="2025Q1", **COLUMNS)
    assert overlaps(axes) == [] and outside(axes) == []
    assert axes.texts[-1].get_fontsize() == style.SIZE
