"""Two cohorts side by side: every figure twice with its interval, and how far the two are apart with its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import safe_text, shorten
from postmortem.charts.paired_bars import LEFT, RIGHT
from postmortem.charts.rows import Cell
from postmortem.ground.formats import interval_text, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# How far above and below the middle of a row its two figures stand, in rows.
ASIDE = 0.19
VERDICT = 110.0


def height_for(count: int) -> float:
    """Return inches of height for `count` rows, the scale above and the key below them."""
    return round(0.7 + 0.42 * max(count, 1), 2)


@style.theme()
def paired_intervals(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    name: str,
    left: str,
    left_low: str,
    left_high: str,
    right: str,
    right_low: str,
    right_high: str,
    left_label: str,
    right_label: str,
    difference: str,
    low: str,
    high: str,
    verdict: str = "",
    n: str = "",
    unit: str = "share",
    noun: str = "deal",
) -> None:
    """Draw two dots with their intervals for every row, their difference, its interval and verdict at the right.

    Parameters
    ----------
    frame : DataFrame
        One row a figure; all of one unit.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Column of names; missing ones read ``withheld``.
    left, left_low, left_high : str
        Columns of the first cohort's value and its interval. A value without an interval is a dot alone.
    right, right_low, right_high : str
        The same of the second cohort.
    left_label, right_label : str
        What the two cohorts are, in plain words.
    difference, low, high : str
        Columns of the difference and its interval, in ``points`` for shares. A difference without an interval
        is not written.
    verdict : str
        Column of what the difference amounts to, in a few words.
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
    sides = ((left, left_low, left_high), (right, right_low, right_high))
    rows.require("paired_intervals", frame, name, *sides[0], *sides[1], difference, low, high, verdict, n)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    shown = rows.that_fit(frame, axes, 44)
    rows.lay(axes, list(shown[name]), len(frame) - len(shown), header=2)
    figures = [np.column_stack([rows.numbers(shown, column) for column in side]) for side in sides]
    cases = rows.numbers(shown, n)
    rows.beside(axes, _columns(axes, shown, (difference, low, high), verdict, unit), ("difference", "", ""))
    rows.mark_key(axes, (LEFT, RIGHT), (left_label, right_label), len(shown))
    rows.scale(axes, _limits(np.concatenate(figures), unit), unit, len(shown))
    for row in range(len(shown)):
        if np.isnan([figures[0][row, 0], figures[1][row, 0]]).all():
            rows.instead(axes, row, cases[row], noun)
            continue
        for values, look, aside in zip(figures, (LEFT, RIGHT), (-ASIDE, ASIDE), strict=True):
            _dot(axes, row + aside, values[row], look)
    return None


def _dot(axes: Axes, row: float, figures: NDArray[np.float64], look: style.Fate) -> None:
    middle, low, high = figures
    if np.isnan(middle):
        return
    if np.isfinite([low, high]).all():
        axes.hlines(row, low, high, color=look.edge, linewidth=1.8, alpha=0.75, zorder=2)
    axes.scatter(
        [middle], [row], s=36, marker=look.marker, color=look.colour, edgecolors=look.edge, linewidths=1.3, zorder=3
    )


def _columns(axes: Axes, frame: pd.DataFrame, gap: tuple[str, str, str], verdict: str, unit: str) -> list[list[Cell]]:
    """Return differences, their intervals and verdicts; a difference without its interval is left out."""
    apart = "points" if unit == "share" else unit
    figures = np.column_stack([rows.numbers(frame, column) for column in gap])
    known = [bool(np.isfinite(each).all()) for each in figures]
    values, intervals = [], []
    for (middle, low, high), whole in zip(figures, known, strict=True):
        text = value_text(middle, apart) if whole else ""
        values.append(Cell(f"+{text}" if whole and middle > 0 and apart != "points" else text, strong=True))
        intervals.append(Cell(interval_text(low, high, apart) if whole else ""))
    said = list(frame[verdict]) if verdict else [None] * len(frame)
    texts = [shorten(axes, safe_text(words, ""), VERDICT, style.SMALL) for words in said]
    verdicts = [Cell(text if whole else "") for text, whole in zip(texts, known, strict=True)]
    return [values, intervals, verdicts]


def _limits(values: NDArray[np.float64], unit: str) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = min(float(known.min()), 0.0), max(float(known.max()), 0.0)
    if unit == "share":
        return 0.0, 1.0 if high > 0.6 else max(high * 1.05, 0.1)
    return (low * 1.03, high * 1.03) if high > low else (0.0, 1.0)
