import numpy as np
import pandas as pd
import pytest

from postmortem.charts.incidence_stack import incidence_stack
from postmortem.ground.errors import UsageError

COLUMNS = {"day": "day", "fate": "fate", "share": "share", "at_risk": "left"}


@pytest.fixture
def curves():
    return pd.DataFrame(
        {
            "day": [10, 10, 40, 40, 90, 90],
            "fate": ["won", "lost_competitor"] * 3,
            "share": [0.1, 0.05, 0.3, 0.05, 0.4, 0.25],
            "left": [60, 60, 30, 30, 12, 12],
        }
    )


def reach(axes, label, day):
    """Lowest and highest share of a band on a day between two steps, by probing its outline."""
    outline = next(each for each in axes.collections if each.get_label() == label).get_paths()[0]
    inside = [share for share in np.linspace(0.0005, 0.9995, 1000) if outline.contains_point((day, share))]
    return min(inside), max(inside)


def test_bands_stand_on_each_other_and_reach_all(curves, draw):
    axes = draw(incidence_stack, curves, **COLUMNS)
    for label, low, high in [("Won", 0, 0.3), ("Lost to a competitor", 0.3, 0.35), ("Still open", 0.35, 1)]:
        assert reach(axes, label, 60) == pytest.approx((low, high), abs=0.002)


def test_shares_hold_until_the_next_day(curves, draw):
    axes = draw(incidence_stack, curves, **COLUMNS)
    assert reach(axes, "Won", 39.5)[1] == pytest.approx(0.1, abs=0.002)
    assert reach(axes, "Won", 40.5)[1] == pytest.approx(0.3, abs=0.002)


def test_bands_are_named_at_the_right_with_their_last_share(curves, draw, edge_names):
    names = edge_names(draw(incidence_stack, curves, **COLUMNS))
    assert names == {"Won": "40%", "Lost to a competitor": "25%", "Still open": "35%"}


def test_cases_at_risk_stand_below_the_days(curves, draw, words):
    written = words(draw(incidence_stack, curves, noun="case", **COLUMNS))
    assert any(text.startswith("0\n60") for text in written)
    assert any("cases still at risk" in text for text in written)


def test_the_picture_ends_where_too_few_are_at_risk_and_says_so(curves, draw, words, edge_names):
    axes = draw(incidence_stack, curves, least=15, **COLUMNS)
    assert axes.get_xlim() == (0, 90)
    assert "ends at day 90: fewer than 15 deals at risk" in words(axes)
    assert edge_names(axes)["Won"] == "30%"


def test_the_day_a_sentence_speaks_of_is_marked_where_it_lies_inside(curves, draw, words):
    assert "day 60" in words(draw(incidence_stack, curves, horizon=60, **COLUMNS))
    for horizon in (None, 90, 200):
        written = words(draw(incidence_stack, curves, horizon=horizon, **COLUMNS))
        assert not any(text.startswith("day ") for text in written)


def test_too_few_from_the_first_day_on_draws_no_curve(curves, draw, words):
    assert words(draw(incidence_stack, curves, least=61, **COLUMNS)) == [
        "Fewer than 61 deals at risk from the first day on"
    ]


def test_fates_are_stacked_in_the_order_of_the_house(curves, draw):
    axes = draw(incidence_stack, curves.iloc[::-1], **COLUMNS)
    labels = [each.get_label() for each in axes.collections if not each.get_label().startswith("_")]
    assert labels == ["Won", "Lost to a competitor", "Still open"]


def test_rows_of_open_deals_are_not_stacked_twice(curves, draw, edge_names):
    extra = pd.DataFrame({"day": [90], "fate": ["open"], "share": [0.35], "left": [12]})
    assert edge_names(draw(incidence_stack, pd.concat([curves, extra]), **COLUMNS))["Still open"] == "35%"


def test_shares_estimated_one_by_one_are_refused(curves, draw):
    with pytest.raises(UsageError, match=r"1\.300 on day 90"):
        draw(incidence_stack, curves.assign(share=curves["share"] * 2), **COLUMNS)


def test_a_withheld_share_leaves_a_gap_in_all_bands(curves, draw):
    axes = draw(incidence_stack, curves.assign(share=[0.1, 0.05, None, 0.05, 0.4, 0.25]), **COLUMNS)
    days = np.concatenate([each.get_paths()[0].vertices[:, 0] for each in axes.collections if each.get_paths()])
    assert not ((days > 41) & (days < 89)).any()
