"""Intervals against the range that would bear a statement out, each row on a scale of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import safe_text, shorten
from postmortem.charts.rows import Cell
from postmortem.ground.formats import interval_text, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# A verdict's look: fill, edge and mark, so that colour never carries it alone.
LOOKS = {
    "supported": style.Fate("supported", "Supported", "#009E73", "#00694D", "", style.PAPER, "o"),
    "contradicted": style.Fate("contradicted", "Contradicted", "#D55E00", "#9C4500", "", style.PAPER, "s"),
    "inconclusive": style.Fate("inconclusive", "Inconclusive", style.PAPER, style.MUTED, "", style.PAPER, "D"),
}
EDGE, BAND, OPEN = 0.08, 0.36, 0.015
HEADER, MARGIN = 14.0, 110.0


def height_for(count: int) -> float:
    """Return inches of height for `count` rows and the key below them."""
    return rows.height_for(count, 0.65)


@style.theme()
def judged_intervals(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    name: str,
    estimate: str,
    low: str,
    high: str,
    at_least: str,
    at_most: str,
    verdict: str,
    unit: str,
    margin: str = "",
    claimed_label: str = "where the claim holds",
) -> None:
    """Draw a dot and its interval for every row, over a shaded band from the row's margin on.

    Parameters
    ----------
    frame : DataFrame
        One row a statement; units may differ, so no row can be measured against another.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Column of names; missing ones read ``withheld``.
    estimate, low, high : str
        Columns of the figure and its interval. A row without them is left empty but for its verdict.
    at_least, at_most : str
        Columns of the range in which the statement holds; missing where that side is open.
    verdict : str
        Column of verdicts: supported, contradicted, or anything else, which is drawn as inconclusive.
    unit : str
        Column of units, as in a result's columns.
    margin : str
        Column that says in words where the statement holds, written at the right.
    claimed_label : str
        What the shaded band is, in the key.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("judged_intervals", frame, name, estimate, low, high, at_least, at_most, verdict, unit, margin)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    shown = rows.that_fit(frame, axes, 44)
    rows.lay(axes, list(shown[name]), len(frame) - len(shown), header=HEADER)
    figures = np.column_stack([rows.numbers(shown, column) for column in (estimate, low, high, at_least, at_most)])
    holds = [shorten(axes, safe_text(each, ""), MARGIN, style.SMALL) for each in shown[margin]] if margin else []
    cells = _columns(figures[:, :3], [safe_text(each, "") for each in shown[unit]])
    rows.beside(axes, [*cells, [Cell(each) for each in holds]], ("figure", "", "holds"))
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    for place, each in enumerate(shown[verdict]):
        look = LOOKS.get(str(each), LOOKS["inconclusive"])
        _row(axes, place, figures[place], look)
    _key(axes, claimed_label, len(shown))
    return None


def _row(axes: Axes, place: int, figures: NDArray[np.float64], look: style.Fate) -> None:
    """Draw one row, its own smallest and largest figure near the two edges."""
    middle, low, high, at_least, at_most = figures
    known = figures[np.isfinite(figures)]
    first, last = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    wide = (last - first) or 1.0

    def at(value: float) -> float:
        return EDGE + (1 - 2 * EDGE) * (value - first) / wide

    begin, end = at(at_least) if np.isfinite(at_least) else OPEN, at(at_most) if np.isfinite(at_most) else 1.0
    if np.isfinite([at_least, at_most]).any():
        axes.fill_between([begin, end], place - BAND, place + BAND, color=style.ACCENT_LIGHT, linewidth=0, zorder=0)
    for edge in (at_least, at_most):
        if np.isfinite(edge):
            axes.vlines(at(edge), place - BAND, place + BAND, color=style.ACCENT, linewidth=1.4, zorder=1)
    if not np.isfinite([middle, low, high]).all():
        return
    axes.hlines(place, at(low), at(high), color=look.edge, linewidth=2.2, zorder=2)
    axes.scatter(
        [at(middle)], [place], s=46, marker=look.marker, color=look.colour, edgecolors=look.edge, linewidths=1.2,
        zorder=3,
    )  # fmt: skip


def _columns(figures: NDArray[np.float64], units: list[str]) -> list[list[Cell]]:
    values, intervals = [], []
    for (middle, low, high), unit in zip(figures, units, strict=True):
        known = bool(np.isfinite([middle, low, high]).all())
        values.append(Cell(value_text(middle, unit) if known else "", strong=True))
        intervals.append(Cell(interval_text(low, high, unit) if known else ""))
    return [values, intervals]


def _key(axes: Axes, claimed_label: str, count: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = [
        Line2D(
            [], [], color=look.edge, marker=look.marker, markersize=6.5, markerfacecolor=look.colour,
            markeredgecolor=look.edge, linewidth=2, label=look.label,
        )
        for look in LOOKS.values()
    ]  # fmt: skip
    handles.append(Patch(facecolor=style.ACCENT_LIGHT, edgecolor=style.ACCENT, label=claimed_label))
    rows.legend(axes, handles, count, 2)
