"""Where the dots of a strip go: one a case, piled about a middle line, the same way every time.

Plain geometry in points.

References
----------
Wilkinson, L. (1999). Dot plots. The American Statistician 53(3), 276–281.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST, SMALLEST, FINER = 6.0, 2.4, 0.92
# Part of a dot that may be all that shows of it while all piles of a strip are closed up alike.
CLOSEST = 0.25


def dot_size(strips: Sequence[NDArray[np.float64]], height: float) -> float:
    """Return the largest diameter at which the highest pile of every strip fits.

    Parameters
    ----------
    strips : sequence of ndarray
        Places along each strip, in points.
    height : float
        Points there are for a pile.

    Returns
    -------
    float
        Between 2.4 and 6 points; at 2.4 piles may be higher than there is room, and `pile` closes them up.
    """
    size = LARGEST
    while size > SMALLEST and any(highest(strip, size) * size > height for strip in strips):
        size *= FINER
    return max(size, SMALLEST)


def highest(places: NDArray[np.float64], size: float) -> int:
    """Return how many dots the highest pile holds at a diameter of `size`."""
    return int(np.unique(np.floor(places / size), return_counts=True)[1].max()) if len(places) else 0


def pile(places: NDArray[np.float64], size: float, height: float) -> tuple[NDArray[np.float64], bool]:
    """Return how far each dot lies from the middle line, and whether some dots had to overlap.

    Parameters
    ----------
    places : ndarray
        Places along the strip, in points.
    size : float
        Diameter of a dot.
    height : float
        Points there are for a pile. Where one is higher, all of them are closed up alike, so that the strip
        keeps its shape, down to a quarter of a dot; a pile that is higher still is closed up alone.

    Returns
    -------
    offsets : ndarray
        One a place, in the same order; a pile is symmetric about 0, and equal places are piled in order.
    closed_up : bool
        Whether a pile had more dots than room.
    """
    columns = np.floor(places / size)
    offsets = np.zeros(len(places))
    common = max((height - size) / max(highest(places, size) - 1, 1), CLOSEST * size)
    for column in np.unique(columns):
        members = np.flatnonzero(columns == column)
        members = members[np.argsort(places[members], kind="stable")]
        step = min(size, common, (height - size) / max(len(members) - 1, 1))
        offsets[members] = (np.arange(len(members)) - (len(members) - 1) / 2) * step
    return offsets, common < size - 1e-9
