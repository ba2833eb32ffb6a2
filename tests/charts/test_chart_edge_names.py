import itertools

import numpy as np
import pytest

from postmortem.charts import style
from postmortem.charts.edge_names import EdgeName, name_edge, spread


def test_places_far_apart_stay_where_they_are():
    assert spread([5, 40, 90], 10, 0, 100).tolist() == [5, 40, 90]


def test_two_at_one_place_move_as_far_each():
    assert spread([50, 50], 10, 0, 100).tolist() == [45, 55]


def test_places_at_an_end_move_inwards():
    assert spread([98, 99, 100], 10, 0, 100).tolist() == [80, 90, 100]
    assert spread([0, 0], 10, 0, 100).tolist() == [0, 10]


def test_nothing_is_nowhere():
    assert spread([], 10, 0, 100).tolist() == []


def test_no_other_placement_is_nearer():
    # By brute force over a grid: every placement at least 3 apart on 0 … 12.
    wanted = np.array([2.0, 3.0, 3.0, 11.0])
    grid = [each for each in itertools.product(range(13), repeat=4) if (np.diff(each) >= 3).all()]
    best = min(((np.array(each) - wanted) ** 2).sum() for each in grid)
    found = spread(list(wanted), 3, 0, 12)
    assert (np.diff(found) >= 3 - 1e-9).all()
    assert ((found - wanted) ** 2).sum() <= best + 1e-9


@pytest.fixture
def axes():
    drawn = style.new_figure(8, 3).subplots()
    style.prepare(drawn)
    drawn.set_ylim(0, 1)
    drawn.set_xticks([])
    drawn.set_yticks([])
    return drawn


def test_names_keep_their_order_and_do_not_touch(axes, overlaps, outside):
    places = [0.5, 0.51, 0.02, 0.52, 0.99]
    name_edge(axes, [EdgeName(at, f"Group {at}", "12%") for at in places])
    heights = {text.get_text(): text.get_window_extent().y0 for text in axes.texts if "Group" in text.get_text()}
    assert sorted(heights, key=heights.get) == [f"Group {at}" for at in sorted(places)]
    assert overlaps(axes) == [] and outside(axes) == []


def test_a_name_that_moved_has_a_line_to_its_place(axes):
    name_edge(axes, [EdgeName(0.5, "a"), EdgeName(0.5, "b"), EdgeName(0.1, "alone")])
    lines = [text.xy for text in axes.texts if not text.get_text()]
    assert lines == [(1.0, 0.5), (1.0, 0.5)]


def test_names_without_room_are_counted(axes, words):
    name_edge(axes, [EdgeName(i / 60, f"Group {i}") for i in range(60)])
    written = words(axes)
    named = [text for text in written if text.startswith("Group")]
    assert f"and {60 - len(named)} more in the table" in written
    assert 5 < len(named) < 60


def test_a_figure_stands_after_its_name_also_where_that_is_written_from_right_to_left(axes):
    name_edge(axes, [EdgeName(0.5, "شركة الاختبار", "31% (18–52%)")])
    name, figure = (text for text in axes.texts if text.get_text())
    assert figure.get_text() == "31% (18–52%)"
    assert figure.get_window_extent().x0 > name.get_window_extent().x1
