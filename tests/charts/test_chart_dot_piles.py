import numpy as np
import pytest

from postmortem.charts.dot_piles import CLOSEST, LARGEST, SMALLEST, dot_size, highest, pile


def test_few_dots_are_large_and_many_small():
    few, many = np.linspace(0, 400, 60), np.random.default_rng(1).uniform(0, 400, 2000)
    assert dot_size([few], 60) == LARGEST
    assert SMALLEST <= dot_size([many], 60) < LARGEST


def test_all_strips_share_the_size_that_the_fullest_needs():
    fullest = np.repeat(np.arange(10) * 30.0, 15)
    size = dot_size([np.array([1.0]), fullest], 60)
    assert highest(fullest, size) * size <= 60
    assert highest(fullest, size / 0.92) * size / 0.92 > 60


def test_a_pile_is_symmetric_and_a_dot_apart():
    offsets, closed_up = pile(np.array([1.0, 1, 1, 30]), 6, 60)
    assert offsets.tolist() == [-6, 0, 6, 0]
    assert not closed_up


def test_dots_never_overlap_while_there_is_room():
    places = np.random.default_rng(2).uniform(0, 300, 150)
    offsets, closed_up = pile(places, 4, 80)
    assert not closed_up
    columns = np.floor(places / 4)
    for column in np.unique(columns):
        gaps = np.diff(np.sort(offsets[columns == column]))
        assert (gaps >= 4 - 1e-9).all()


def test_a_strip_too_full_is_closed_up_alike_and_keeps_its_shape():
    places = np.repeat([0.0, 10.0, 20.0], [20, 10, 5])
    offsets, closed_up = pile(places, 2.4, 30)
    heights = [np.ptp(offsets[places == at]) for at in (0, 10, 20)]
    assert closed_up
    assert heights[0] == pytest.approx(30 - 2.4)
    assert heights[1] / heights[0] == pytest.approx(9 / 19)
    assert heights[2] / heights[0] == pytest.approx(4 / 19)


def test_one_pile_far_too_high_does_not_flatten_the_others():
    places = np.repeat([0.0, 10.0], [900, 12])
    offsets, _ = pile(places, 2.4, 60)
    assert np.ptp(offsets[:900]) <= 60
    assert np.ptp(offsets[900:]) == pytest.approx(11 * 2.4 * CLOSEST)


def test_the_same_data_are_placed_the_same_way():
    places = np.random.default_rng(3).uniform(0, 100, 300)
    assert np.array_equal(pile(places, 3, 50)[0], pile(places, 3, 50)[0])


def test_no_dots_have_no_piles():
    assert highest(np.array([]), 4) == 0
    assert pile(np.array([]), 4, 50)[0].tolist() == []
