"""Two values a row and how far they are apart: filled in on lost deals and on won ones, say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import note, width_of
from postmortem.charts.rows import Cell
from postmortem.ground.formats import interval_text, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

OFFSET = 7.0
LEFT = style.Fate("", "", style.ACCENT, style.ACCENT, "", style.PAPER, "o")
RIGHT = style.Fate("", "", style.PAPER, style.ACCENT, "", style.PAPER, "s")


def height_for(count: int) -> float:
    """Return inches of height for `count` rows, the scale above and the key below them."""
    return rows.height_for(count, 0.55)


@style.theme()
def paired_bars(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    name: str,
    left: str,
    right: str,
    left_label: str,
    right_label: str,
    left_fate: str = "",
    right_fate: str = "",
    difference: str = "",
    low: str = "",
    high: str = "",
    n: str = "",
    unit: str = "share",
    noun: str = "deal",
) -> None:
    """Draw two marks and the bar between them for every row, the difference at the right.

    Parameters
    ----------
    frame : DataFrame
        One row an item.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Column of names; missing ones read ``withheld``.
    left, right : str
        Columns of the two values.
    left_label, right_label : str
        What the two are, in plain words.
    left_fate, right_fate : str
        Fates that colour the marks, where the two are fates.
    difference, low, high : str
        Columns of the difference and its interval, in ``points`` for shares.
    n : str
        Column of the number of cases, written in rows that have no values.
    unit : str
        Unit of the values as in a result's columns.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("paired_bars", frame, name, left, right, difference, low, high, n)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    looks = (
        style.fate_of(left_fate) if left_fate else LEFT,
        style.fate_of(right_fate) if right_fate else RIGHT,
    )
    shown = rows.that_fit(frame, axes, 40)
    rows.lay(axes, list(shown[name]), len(frame) - len(shown), header=2)
    pairs = np.column_stack([rows.numbers(shown, left), rows.numbers(shown, right)])
    cases = rows.numbers(shown, n)
    if difference:
        rows.beside(axes, _differences(shown, difference, low, high, unit), ("difference", ""))
    rows.mark_key(axes, looks, (left_label, right_label), len(shown))
    _scale(axes, pairs, unit)
    for row, pair in enumerate(pairs):
        if np.isfinite(pair).any():
            _dumbbell(axes, row, pair, looks, unit)
        else:
            rows.instead(axes, row, cases[row], noun)
    return None


def _differences(frame: pd.DataFrame, difference: str, low: str, high: str, unit: str) -> list[list[Cell]]:
    apart = "points" if unit == "share" else unit
    figures = [rows.numbers(frame, column) for column in (difference, low, high)]
    values = [Cell(value_text(each, apart) if np.isfinite(each) else "", strong=True) for each in figures[0]]
    intervals = [
        Cell(interval_text(below, above, apart) if np.isfinite([each, below, above]).all() else "")
        for each, below, above in zip(*figures, strict=True)
    ]
    return [values, intervals]


def _scale(axes: Axes, pairs: NDArray[np.float64], unit: str) -> None:
    """Set the scale with room at both ends for the values written beside the outer marks."""
    known = pairs[np.isfinite(pairs)]
    low, high = (min(float(known.min()), 0.0), float(known.max())) if len(known) else (0.0, 1.0)
    if unit == "share":
        high = 1.0 if high > 0.6 else max(high * 1.05, 0.1)
    high = high if high > low else low + 1.0
    rows.scale(axes, (low, high), unit, len(pairs))
    widest = max([width_of(axes, value_text(value, unit), style.SMALL) for value in known], default=0.0)
    room = (widest + OFFSET + 2) / style.settle(axes)[0] * (high - low)
    below = max(0.0, room - (float(known.min()) - low)) if len(known) else 0.0
    above = max(0.0, room - (high - float(known.max()))) if len(known) else 0.0
    axes.set_xlim(low - below - (high - low) * 0.015, high + above + (high - low) * 0.015)


def _dumbbell(axes: Axes, row: int, pair: NDArray[np.float64], looks: tuple[style.Fate, style.Fate], unit: str) -> None:
    if np.isfinite(pair).all():
        axes.hlines(row, pair.min(), pair.max(), color="#C3CBD3", linewidth=4, zorder=2)
    left_first = not pair[0] > pair[1]
    for value, look, outer_left in zip(pair, looks, (left_first, not left_first), strict=True):
        if not np.isfinite(value):
            continue
        axes.scatter(
            [value], [row], s=50, marker=look.marker, color=look.colour, edgecolors=look.edge, linewidths=1.4,
            zorder=3,
        )  # fmt: skip
        offset, side = (-OFFSET, "right") if outer_left else (OFFSET, "left")
        note(
            axes, (value, row), value_text(float(value), unit), (offset, 0), ha=side, color=style.INK, zorder=1,
            bbox={"facecolor": style.PAPER, "linewidth": 0, "pad": 0.6},
        )  # fmt: skip
