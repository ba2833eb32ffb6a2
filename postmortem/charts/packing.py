"""Where the squares of one block go: on shelves from the top down, by size.

Plain geometry in points, the origin at the top left, x to the right and y down.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The room under a square is filled where it is as many points high, and this share of the square.
LEAST_FILL, WORTH_FILLING = 4.0, 0.45
# A row ends where less than this share of its first square is left at its end.
LIKE = 0.45


@dataclass(frozen=True)
class Squares:
    """Squares in their places: top left corners, shape (n, 2), and sides, shape (n,)."""

    corners: NDArray[np.float64]
    sides: NDArray[np.float64]


def shelve(sides: NDArray[np.float64], width: float, gap: float) -> tuple[Squares, float]:
    """Place squares on shelves from the top down, largest first, small ones in the room shelves leave.

    Parameters
    ----------
    sides : ndarray, shape (n,)
        Sides in points, none wider than `width`.
    width : float
        Points across.
    gap : float
        Points between squares.

    Returns
    -------
    squares : Squares
        In order of placing.
    height : float
        Points down to the lowest edge.
    """
    waiting = sorted(map(float, sides))
    corners: list[tuple[float, float]] = []
    placed: list[float] = []
    top = 0.0
    while waiting:
        shelf = waiting[-1]
        _fill(waiting, corners, placed, (0.0, top, width, shelf), gap)
        top += shelf + gap
    return Squares(np.array(corners).reshape(-1, 2), np.array(placed)), max(top - gap, 0.0)


def _fill(
    waiting: list[float],
    corners: list[tuple[float, float]],
    placed: list[float],
    space: tuple[float, float, float, float],
    gap: float,
) -> None:
    """Fill a strip from the left with the largest squares that fit, and the room under lower ones likewise.

    Parameters
    ----------
    waiting : list of float
        Sides still to place, smallest first; those placed are taken out.
    corners, placed : list
        Where corners and sides of placed squares are added.
    space : tuple of float
        Left, top, width and height of the strip.
    gap : float
        Points between squares.
    """
    x, y, width, height = space
    end, first = x + width, 0.0
    while number := bisect_right(waiting, min(height, end - x) + 1e-9):
        if waiting[number - 1] < LIKE * first and end - x < LIKE * first:
            return
        side = waiting.pop(number - 1)
        first = first or side
        corners.append((x, y))
        placed.append(side)
        under = height - side - gap
        if under >= max(LEAST_FILL, WORTH_FILLING * side):
            _fill(waiting, corners, placed, (x + side + gap, y, end - x - side - gap, side), gap)
            y, height, first = y + side + gap, under, 0.0
        else:
            x += side + gap
