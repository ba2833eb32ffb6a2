import numpy as np
import pytest

from postmortem.charts.packing import shelve


def collisions(squares):
    """Pairs of squares that share area, by brute force."""
    x, y = squares.corners.T
    across = np.minimum.outer(x + squares.sides, x + squares.sides) - np.maximum.outer(x, x)
    down = np.minimum.outer(y + squares.sides, y + squares.sides) - np.maximum.outer(y, y)
    both = (across > 1e-9) & (down > 1e-9)
    return int((both.sum() - len(x)) // 2)


@pytest.mark.parametrize("n", [1, 2, 7, 60, 400])
@pytest.mark.parametrize("spread", [0.0, 0.4, 1.5])
def test_squares_neither_overlap_nor_leave_the_block(n, spread):
    sides = np.exp(np.random.default_rng(n).normal(2, spread, n))
    width = max(sides.max(), 150.0)
    squares, height = shelve(sides, width, 1.0)
    assert collisions(squares) == 0
    assert squares.corners.min() >= 0
    assert (squares.corners[:, 0] + squares.sides).max() <= width + 1e-6
    assert (squares.corners[:, 1] + squares.sides).max() == pytest.approx(height)


def test_every_square_is_placed_once_whatever_the_order():
    sides = np.random.default_rng(1).uniform(3, 30, 100)
    squares, height = shelve(sides, 200, 1.0)
    shuffled, same = shelve(np.random.default_rng(2).permutation(sides), 200, 1.0)
    assert sorted(squares.sides) == sorted(sides)
    assert same == height
    assert np.array_equal(squares.corners, shuffled.corners)


def test_the_largest_square_is_at_the_top_left():
    squares, _ = shelve(np.array([3.0, 9.0, 5.0]), 50, 1.0)
    assert tuple(squares.corners[squares.sides.argmax()]) == (0, 0)


def test_equal_squares_stand_in_rows():
    squares, height = shelve(np.full(5, 10.0), 32, 1.0)
    assert squares.corners.tolist() == [[0, 0], [11, 0], [22, 0], [0, 11], [11, 11]]
    assert height == 21


def test_no_squares_take_no_room():
    squares, height = shelve(np.array([]), 50, 1.0)
    assert height == 0
    assert squares.corners.shape == (0, 2)


def test_gaps_are_kept():
    squares, _ = shelve(np.full(30, 8.0), 100, 2.0)
    x, y = squares.corners.T
    apart = np.maximum(np.abs(np.subtract.outer(x, x)), np.abs(np.subtract.outer(y, y)))
    assert apart[~np.eye(30, dtype=bool)].min() == pytest.approx(10)


def test_most_of_the_block_is_covered():
    sides = np.exp(np.random.default_rng(5).normal(2, 0.45, 500))
    _, height = shelve(sides, 300, 0.0)
    assert (sides**2).sum() / (300 * height) > 0.85
