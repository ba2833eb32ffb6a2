"""A quarter as one square per deal: area is amount, fates stand in blocks, nothing is averaged away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.blocks import Block, Placed, Room, arrange
from postmortem.charts.lettering import WITHHELD, safe_text, shorten, width_of, write
from postmortem.charts.packing import Squares
from postmortem.charts.style import SIZE, SMALL
from postmortem.ground.formats import count, short_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import PathPatch
    from numpy.typing import NDArray

LABEL, CAPTION_LINE, CAPTION_GAP, PART_GAP = 31.0, 18.0, 8.0, 16.0
# Points: the side the caption's square should be near, and that of its hollow one (which is not to scale).
KEY_SIDE, HOLLOW_KEY = 12.0, 8.0
HEIGHTS = ((5, 2.4), (60, 3.8), (400, 4.4), (math.inf, 5.0))
# Side of the only square of a picture; more deals allow a larger one.
LONE_SIDE = 80.0


def height_for(deals: int) -> float:
    """Return inches of height for a picture of `deals` squares, 8 in wide."""
    return next(inches for most, inches in HEIGHTS if deals <= most)


@style.theme()
def unit_squares(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    fate: str,
    amount: str,
    currency: str = "",
    order: Sequence[str] = (),
    noun: str = "deal",
) -> None:
    """Draw one square a deal, grouped by fate, with a label above each block and a caption below.

    Parameters
    ----------
    frame : DataFrame
        One row a deal.
    axes : matplotlib.axes.Axes
        Where to draw; an axes in a figure of its own looks best.
    fate : str
        Column of fates (`style.FATES`); missing ones stand in a block of their own.
    amount : str
        Column of amounts; those missing, zero or negative are drawn hollow, all of one stated size.
    currency : str
        Currency code of the amounts.
    order : sequence of str
        Fates in reading order; those of the house, then others by name, unless told.
    noun : str
        What one row is, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("unit_squares", frame, fate, amount)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    axes.set_axis_off()
    width, height = style.settle(axes)
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal", anchor="NW")
    keys = frame[fate].map(lambda value: "" if style.is_missing(value) else str(value))
    groups = [(key, rows.numbers(frame[keys == key], amount)) for key in _ordered(keys, order)]
    standard = _standard(rows.numbers(frame, amount))
    labels = [_label(axes, key, amounts, currency, noun, width) for key, amounts in groups]
    blocks = [
        Block(amounts[amounts > 0], np.full((~(amounts > 0)).sum(), standard), _label_width(axes, label))
        for (_, amounts), label in zip(groups, labels, strict=True)
    ]
    lines = _caption_lines(axes, width, rows.numbers(frame, amount), standard, currency, noun)
    space = height - CAPTION_LINE * len(lines) - CAPTION_GAP
    largest = min(0.7 * space, LONE_SIDE + len(frame))
    placed, scale = arrange(blocks, Room(width, space, LABEL, largest))
    for (key, _), label, block in zip(groups, labels, placed, strict=False):
        write(axes, block.x, block.y - 16, label[0], fontsize=SIZE, weight="bold", va="baseline")
        write(axes, block.x, block.y - 5.5, label[1], fontsize=SMALL, color=style.MUTED, va="baseline")
        _squares(axes, style.fate_of(key or None), block)
    if scale > 0:
        _caption(axes, lines, height, scale, currency)
    return None


def _ordered(keys: pd.Series, order: Sequence[str]) -> list[str]:
    present = set(keys)
    house = [*(fate.key for fate in style.FATES), *style.BY_KEY]
    known = [key for key in dict.fromkeys([*order, *house]) if key in present]
    return known + sorted(present - {*known, ""}) + ([""] if "" in present else [])


def _standard(amounts: NDArray[np.float64]) -> float:
    """Return the round amount whose size a square without an amount gets: a small one of those known."""
    known = amounts[amounts > 0]
    return _round_amount(float(np.quantile(known, 0.25))) if len(known) else 1.0


def _round_amount(amount: float) -> float:
    power = 10.0 ** np.floor(np.log10(amount))
    return float(power * min((1, 2, 5, 10), key=lambda step: abs(np.log(amount / (step * power)))))


def _label_width(axes: Axes, label: tuple[str, str]) -> float:
    return max(width_of(axes, label[0], SIZE, "bold"), width_of(axes, label[1], SMALL))


def _label(
    axes: Axes, key: str, amounts: NDArray[np.float64], currency: str, noun: str, width: float
) -> tuple[str, str]:
    fate = style.fate_of(key or None)
    name = fate.label or safe_text(key, WITHHELD)
    known = amounts[np.isfinite(amounts)]
    money = f", {short_money(float(known.sum()), currency)}" if len(known) else ""
    limit = min(width, 190.0)
    return shorten(axes, name, limit, SIZE, "bold"), shorten(axes, count(len(amounts), noun) + money, limit, SMALL)


def _squares(axes: Axes, fate: style.Fate, block: Placed) -> None:
    if len(block.filled.sides):
        axes.add_patch(_patch(block.filled, facecolor=fate.colour, linewidth=0))
    if len(block.filled.sides) and fate.pale:
        # Pale fates are seen by their outline and hatch.
        look = {"fill": False, "hatch": fate.hatch * 2, "linewidth": 0.6, "alpha": 0.55}
        axes.add_patch(_patch(block.filled, 0.3, edgecolor=fate.edge, **look))
    if len(block.hollow.sides):
        look = {"facecolor": style.PAPER, "edgecolor": fate.edge, "linewidth": 0.9}
        axes.add_patch(_patch(block.hollow, 0.45, **look))


def _patch(squares: Squares, inset: float = 0.0, **look: Any) -> PathPatch:
    """Return one patch of many squares: a page with thousands of deals stays small."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    inside = np.minimum(inset, squares.sides / 4)[:, None]
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=np.float64)
    lengths = squares.sides[:, None] - 2 * inside
    outlines = (squares.corners + inside)[:, None, :] + unit * lengths[:, :, None]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(squares.sides)
    return PathPatch(Path(outlines.reshape(-1, 2), codes), joinstyle="miter", **look)


def _caption_lines(
    axes: Axes, width: float, frame_amounts: NDArray[np.float64], standard: float, currency: str, noun: str
) -> list[list[tuple[str, str]]]:
    """Return the caption as lines of (what stands before it, text), broken where they meet the edge."""
    hollow = len(frame_amounts) - int((frame_amounts > 0).sum())
    parts = [("", f"One square is one {noun}, its area the amount.")]
    if hollow == len(frame_amounts):
        parts = [("", f"One square is one {noun}; no amounts to size them by.")]
    else:
        parts.append(("key", ""))
        if hollow:
            size = short_money(standard, currency)
            parts.append(("hollow", f"no amount: {count(hollow, noun)}, drawn the size of {size}"))
    lines: list[list[tuple[str, str]]] = [[]]
    used = 0.0
    for mark, text in parts:
        wide = width_of(axes, text or "$999k", SMALL) + (KEY_SIDE * 2 if mark else 0) + PART_GAP
        if lines[-1] and used + wide > width:
            lines.append([])
            used = 0.0
        lines[-1].append((mark, text))
        used += wide
    return lines


def _caption(
    axes: Axes, lines: list[list[tuple[str, str]]], height: float, scale: float, currency: str
) -> None:  # fmt: skip
    amount = _round_amount(KEY_SIDE**2 / scale)
    for index, line in enumerate(lines):
        x, middle = 0.0, height - CAPTION_LINE * (len(lines) - index - 0.5)
        for mark, text in line:
            if mark:
                side = float(np.sqrt(amount * scale)) if mark == "key" else HOLLOW_KEY
                look = {"facecolor": style.MUTED, "linewidth": 0}
                if mark == "hollow":
                    look = {"facecolor": style.PAPER, "linewidth": 0.9, "edgecolor": style.MUTED}
                square = Squares(np.array([[x, middle - side / 2]]), np.array([side]))
                axes.add_patch(_patch(square, 0 if mark == "key" else 0.45, **look))
                x += side + 4
            text = text or f"= {short_money(amount, currency)}"
            write(axes, x, middle, text, fontsize=SMALL, color=style.MUTED, va="center_baseline")
            x += width_of(axes, text, SMALL) + PART_GAP
