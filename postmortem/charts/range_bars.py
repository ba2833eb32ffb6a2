"""What a share can be while some cases are unknown: a bar from the lowest to the highest possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import width_of
from postmortem.charts.rows import Cell
from postmortem.ground.formats import interval_text, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

THICKNESS = 13.0
KEY = 20.0


def height_for(count: int) -> float:
    """Return inches of height for `count` rows, the scale above and the key below them."""
    return rows.height_for(count, 0.55)


@style.theme()
def range_bars(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    name: str,
    low: str,
    high: str,
    recorded: str,
    unit: str = "share",
    fate: str = "",
    recorded_label: str = "as recorded",
    range_label: str = "what the unknown ones leave possible",
    range_name: str = "possible",
) -> None:
    """Draw a bar between two bounds for every row and mark the recorded value on it.

    Parameters
    ----------
    frame : DataFrame
        One row a category.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Column of names; missing ones read ``withheld``.
    low, high : str
        Columns of the lowest and highest possible value.
    recorded : str
        Column of the value as recorded, unknown cases set aside.
    unit : str
        Unit of the values as in a result's columns.
    fate : str
        Column of fates that colours the marks.
    recorded_label, range_label : str
        What mark and bar mean, written below the rows.
    range_name : str
        What the bounds are called where they are written beside the rows.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("range_bars", frame, name, low, high, recorded, fate)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    shown = rows.that_fit(frame, axes, KEY * 2)
    pitch = rows.lay(axes, list(shown[name]), len(frame) - len(shown), header=2)
    lower, upper, marked = (rows.numbers(shown, column) for column in (low, high, recorded))
    rows.beside(axes, _columns(lower, upper, marked, unit), (recorded_label, range_name))
    known = np.concatenate([lower, upper, marked])
    top = float(np.nanmax(known)) if np.isfinite(known).any() else 1.0
    limit = (1.0 if top > 0.6 else max(top * 1.05, 0.1)) if unit == "share" else top * 1.03
    rows.scale(axes, (0.0, limit), unit, len(shown))
    thick = min(0.5, THICKNESS / pitch)
    for row, entry in enumerate(shown[fate] if fate else [None] * len(shown)):
        each = style.fate_of(entry) if fate else style.PLAIN
        if np.isfinite(lower[row]) and np.isfinite(upper[row]):
            _band(axes, row, (lower[row], upper[row]), thick)
        elif not np.isfinite(marked[row]):
            rows.instead(axes, row, np.nan, "")
        _mark(axes, marked[row], row, each)
    _key(axes, len(shown), recorded_label, range_label)
    return None


def _columns(
    lower: NDArray[np.float64], upper: NDArray[np.float64], marked: NDArray[np.float64], unit: str
) -> list[list[Cell]]:
    values = [Cell(value_text(value, unit) if np.isfinite(value) else "", strong=True) for value in marked]
    known = np.isfinite(lower) & np.isfinite(upper)
    ranges = [
        Cell(interval_text(least, most, unit) if whole else "")
        for least, most, whole in zip(lower, upper, known, strict=True)
    ]
    return [values, ranges]


def _band(axes: Axes, row: float, bounds: tuple[float, float], thick: float) -> None:
    unknown = style.fate_of("lost_unknown")
    axes.barh(
        row, bounds[1] - bounds[0], left=bounds[0], height=thick, color=unknown.colour, hatch=unknown.hatch,
        edgecolor=unknown.hatch_colour, linewidth=0, zorder=2,
    )  # fmt: skip
    axes.vlines(bounds, row - thick / 2, row + thick / 2, color=unknown.edge, linewidth=1.4, zorder=3)


def _mark(axes: Axes, at: float, row: float, fate: style.Fate) -> None:
    if np.isfinite(at):
        axes.scatter(
            [at], [row], s=52, marker=fate.marker, color=fate.colour, edgecolors=fate.edge, linewidths=0.9,
            zorder=4,
        )  # fmt: skip


def _key(axes: Axes, count: int, recorded_label: str, range_label: str) -> None:
    """Say below the rows, in words and with a sample of each, what mark and bar mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    unknown = style.fate_of("lost_unknown")
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=6, color=style.ACCENT, label=recorded_label),
        Patch(
            facecolor=unknown.colour, edgecolor=unknown.hatch_colour, hatch=unknown.hatch, linewidth=0,
            label=range_label,
        ),
    ]  # fmt: skip
    widest = sum(width_of(axes, label, style.SMALL) + 40 for label in (recorded_label, range_label))
    rows.legend(axes, handles, count, 2 if widest < style.settle(axes)[0] else 1)
