"""Estimates with their intervals, one row each; too few cases are counted, never estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import note
from postmortem.charts.rows import Cell
from postmortem.ground.formats import count, interval_text, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HEADER = 16.0


def height_for(count: int) -> float:
    """Return inches of height for `count` rows and the scale above them."""
    return rows.height_for(count, 0.35)


@style.theme()
def interval_dots(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    name: str,
    estimate: str,
    low: str,
    high: str,
    n: str = "",
    unit: str = "share",
    fate: str = "",
    reference: float | None = None,
    reference_label: str = "",
    noun: str = "deal",
) -> None:
    """Draw a dot and its interval for every row, with the figures at the right.

    Parameters
    ----------
    frame : DataFrame
        One row a group.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Column of names; missing ones read ``withheld``.
    estimate, low, high : str
        Columns of the estimate and its interval. A row without an estimate has no dot and says how many
        cases there were; an estimate without an interval is a dot alone.
    n : str
        Column of the number of cases.
    unit : str
        Unit of the estimates as in a result's columns.
    fate : str
        Column of fates that colours and shapes the dots.
    reference : float, optional
        Value all rows are set against, drawn as a dashed line.
    reference_label : str
        What that value is, written above the line.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("interval_dots", frame, name, estimate, low, high, n, fate)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    has_reference = reference is not None and np.isfinite(reference)
    shown = rows.that_fit(frame, axes, HEADER * 2)
    rows.lay(axes, list(shown[name]), len(frame) - len(shown), header=HEADER if has_reference else 2)
    middle, lower, upper = (rows.numbers(shown, column) for column in (estimate, low, high))
    cases = rows.numbers(shown, n)
    rows.beside(axes, _columns((middle, lower, upper), cases, unit, noun))
    extent = np.concatenate([middle, lower, upper, [reference if has_reference else np.nan]]).astype(np.float64)
    rows.scale(axes, _limits(extent, unit), unit, len(shown))
    unknown = np.isnan(middle)
    for row in map(int, np.flatnonzero(unknown)):
        rows.instead(axes, row, cases[row], noun)
    looks = [style.fate_of(entry) for entry in shown[fate]] if fate else [style.PLAIN] * len(shown)
    for look in dict.fromkeys(looks):
        own = np.flatnonzero(np.array([each == look for each in looks]) & ~unknown)
        whole = own[np.isfinite(lower[own]) & np.isfinite(upper[own])]
        axes.hlines(whole, lower[whole], upper[whole], color=look.edge, linewidth=2, alpha=0.75, zorder=2)
        axes.scatter(
            middle[own], own, s=46, marker=look.marker, color=look.colour, edgecolors=look.edge, linewidths=0.8,
            zorder=3,
        )  # fmt: skip
    if has_reference:
        _reference(axes, float(reference or 0), reference_label, len(shown))
    return None


def _limits(values: NDArray[np.float64], unit: str) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return (0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    if unit == "share":
        return 0.0, min(max(high * 1.05, 0.1), 1.0) if high <= 0.6 else 1.0
    low, high = min(low, 0.0), max(high, 0.0)
    return low - (high - low) * 0.03 if low < 0 else low, high + (high - low) * 0.03 if high > 0 else high


def _columns(
    figures: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    cases: NDArray[np.float64],
    unit: str,
    noun: str,
) -> list[list[Cell]]:
    values, intervals = [], []
    for middle, low, high in zip(*figures, strict=True):
        known = bool(np.isfinite(middle))
        values.append(Cell(value_text(middle, unit) if known else "", strong=True))
        whole = known and np.isfinite(low) and np.isfinite(high)
        intervals.append(Cell(interval_text(low, high, unit) if whole else ""))
    estimated = np.isfinite(figures[0]) & np.isfinite(cases)
    counts = [Cell(count(k, noun) if known else "") for k, known in zip(cases, estimated, strict=True)]
    return [values, intervals, counts]


def _reference(axes: Axes, at: float, label: str, count: int) -> None:
    axes.vlines(at, -0.5, count - 0.5, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    if not label:
        return
    low, high = axes.get_xlim()
    along = (at - low) / (high - low)
    side = "left" if along < 0.25 else "right" if along > 0.75 else "center"
    note(axes, (at, -0.5), label, (0, 3), color=style.INK, ha=side, va="bottom")
