"""Where blocks of squares go: side by side on as few shelves as their labels and areas allow.

Plain geometry in points, the origin at the top left, x to the right and y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from postmortem.charts.packing import Squares, shelve

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALVINGS = 18
# Share of a block that its squares cover, as a first guess; the packing itself decides.
COVERED = 0.88
# A further shelf must make squares this much larger (in area) to be worth its break.
WORTH_A_SHELF = 1.25

Shelves = list[list[int]]


@dataclass(frozen=True)
class Block:
    """One group of squares.

    Attributes
    ----------
    areas : ndarray, shape (n,)
        Areas of the filled squares in any unit, in any order.
    hollow : ndarray, shape (m,)
        Areas of the squares that come last, on shelves of their own, in the same unit.
    label_width : float
        Points its label needs; the block is at least as wide.
    """

    areas: NDArray[np.float64]
    hollow: NDArray[np.float64]
    label_width: float

    @property
    def total(self) -> float:
        """Area of all squares."""
        return float(self.areas.sum() + self.hollow.sum())

    @property
    def largest(self) -> float:
        """Area of the largest square."""
        return float(np.concatenate([self.areas, self.hollow]).max())


@dataclass(frozen=True)
class Placed:
    """Where one block went: the corner below its label, its width, its filled and its hollow squares."""

    x: float
    y: float
    width: float
    filled: Squares
    hollow: Squares


@dataclass(frozen=True)
class Room:
    """The space there is, in points: across, down, for a label, between blocks, and for the largest square."""

    width: float
    height: float
    label: float
    largest: float
    between: float = 16.0


def arrange(blocks: Sequence[Block], room: Room) -> tuple[list[Placed], float]:
    """Place all blocks at the largest common scale at which they fit.

    Parameters
    ----------
    blocks : sequence of Block
        In reading order, none empty.
    room : Room
        What there is.

    Returns
    -------
    placed : list of Placed
        One a block.
    scale : float
        Square points per unit of area; 0 when there is no room at all.
    """
    shelves = _choose(blocks, room)
    low, high = 0.0, room.largest**2 / max(block.largest for block in blocks)
    if _place(blocks, shelves, high, room)[1] <= room.height:
        low = high
    else:
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            fits = _place(blocks, shelves, middle, room)[1] <= room.height
            low, high = (middle, high) if fits else (low, middle)
    return _place(blocks, shelves, low, room)[0], low


def gap_at(scale: float, blocks: Sequence[Block]) -> float:
    """Return the gap between squares: a tenth of the middle square's side, a hair to two points."""
    areas = np.concatenate([part for block in blocks for part in (block.areas, block.hollow)])
    return float(np.clip(0.1 * np.sqrt(np.median(areas) * scale), 0.35, 2.0))


def _choose(blocks: Sequence[Block], room: Room) -> Shelves:
    """Return the shelves (block numbers each) that let squares be largest, few shelves before many."""
    best: Shelves = [[number] for number in range(len(blocks))]
    best_scale, best_count = 0.0, 0
    for cuts in range(len(blocks)):
        for at in combinations(range(1, len(blocks)), cuts):
            shelves = [list(range(*pair)) for pair in pairwise((0, *at, len(blocks)))]
            scale = _guess(blocks, shelves, room)
            worth = WORTH_A_SHELF if len(shelves) > best_count > 0 else 1.0
            if scale > best_scale * worth:
                best, best_scale, best_count = shelves, scale, len(shelves)
    return best


def _guess(blocks: Sequence[Block], shelves: Shelves, room: Room) -> float:
    """Return the scale at which `shelves` would about fill the room; 0 when labels do not fit."""
    left = room.height - len(shelves) * room.label - (len(shelves) - 1) * room.between
    widths = _widths(blocks, shelves, 0.0, room)
    if left <= 0 or not widths:
        return 0.0
    deepest = sum(max(blocks[number].total / (COVERED * widths[number]) for number in shelf) for shelf in shelves)
    return min(left / deepest, room.largest**2 / max(block.largest for block in blocks))


def _widths(blocks: Sequence[Block], shelves: Shelves, scale: float, room: Room) -> dict[int, float]:
    """Return widths in proportion to area, though no less than the label or the largest square needs.

    Empty when the least widths of a shelf are more than there is.
    """
    widths: dict[int, float] = {}
    for shelf in shelves:
        left = room.width - room.between * (len(shelf) - 1)
        least = {number: max(blocks[number].label_width, (blocks[number].largest * scale) ** 0.5) for number in shelf}
        if sum(least.values()) > left + 1e-9:
            return {}
        free = list(shelf)
        while free:
            total = sum(blocks[number].total for number in free)
            shares = {number: left * blocks[number].total / total for number in free}
            narrow = [number for number in free if shares[number] < least[number]]
            taken = {number: least[number] for number in narrow} or shares
            widths.update(taken)
            left -= sum(taken.values())
            free = [number for number in free if number not in taken]
    return widths


def _place(blocks: Sequence[Block], shelves: Shelves, scale: float, room: Room) -> tuple[list[Placed], float]:
    """Return all blocks in their places at a given scale and how far down they reach (infinite: no place)."""
    widths, gap = _widths(blocks, shelves, scale, room), gap_at(scale, blocks)
    if not widths:
        return [], float("inf")
    placed, top = [], 0.0
    for shelf in shelves:
        x, deepest, y = 0.0, 0.0, top + room.label
        for number in shelf:
            block, width = blocks[number], widths[number]
            filled, height = shelve(np.sqrt(block.areas * scale), width, gap)
            start = height + gap if len(filled.sides) else 0.0
            hollow, more = shelve(np.sqrt(block.hollow * scale), width, gap)
            placed.append(
                Placed(
                    x, y, width,
                    Squares(filled.corners + np.array([x, y]), filled.sides),
                    Squares(hollow.corners + np.array([x, y + start]), hollow.sides),
                )
            )  # fmt: skip
            x += width + room.between
            deepest = max(deepest, start + more if len(hollow.sides) else height)
        top = y + deepest + room.between
    return placed, top - room.between
