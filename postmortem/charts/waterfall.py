"""From one total to the next, step by step: what was added and what was taken away on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.rows import Cell
from postmortem.ground.formats import count, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

THICKNESS, HEADER = 17.0, 14.0
TOTAL = "total"
# Steps that have no fate of their own; what is taken away is hatched as well as written with its sign.
UP = style.Fate("", "", "#9DB5CC", "#587A9C", "", style.PAPER, "^")
DOWN = style.Fate("", "", "#C9D6E3", "#587A9C", "\\\\\\\\", "#7B95B0", "v")


def height_for(count: int) -> float:
    """Return inches of height for `count` totals and steps and the scale above them."""
    return rows.height_for(count, 0.35)


@style.theme()
def waterfall(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    label: str,
    amount: str,
    kind: str,
    fate: str = "",
    n: str = "",
    unit: str = "",
    noun: str = "deal",
) -> None:
    """Draw totals as whole bars and the steps between them where the level stands, from the top down.

    Parameters
    ----------
    frame : DataFrame
        One row a total or step, in order.
    axes : matplotlib.axes.Axes
        Where to draw.
    label : str
        Column of names; missing ones read ``withheld``.
    amount : str
        Column of amounts: the level of a total, the signed change of a step. Where one is missing, the level
        is unknown until the next total, and steps on the way have no bar. A total that the steps before it do
        not lead to has no line from them.
    kind : str
        Column of kinds: ``total`` for a total, anything else is a step.
    fate : str
        Column of fates that colours steps; a step whose fate is missing or none looks by its sign.
    n : str
        Column of the number of cases.
    unit : str
        Unit of the amounts as in a result's columns: a currency code, or empty for counts.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("waterfall", frame, label, amount, kind, fate, n)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    shown = rows.that_fit(frame, axes, HEADER * 2)
    pitch = rows.lay(axes, list(shown[label]), len(frame) - len(shown), header=2)
    amounts, cases = rows.numbers(shown, amount), rows.numbers(shown, n)
    totals = np.array([not style.is_missing(value) and str(value) == TOTAL for value in shown[kind]])
    starts, ends = levels(amounts, totals)
    rows.beside(axes, _columns(amounts, totals, cases, unit, noun))
    rows.scale(axes, _limits(starts, ends), unit, len(shown))
    thick = min(0.66, THICKNESS / pitch)
    fates = list(shown[fate]) if fate else [None] * len(shown)
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if np.isfinite([start, end]).all():
            _bar(axes, row, (start, end), _look(fates[row], totals[row], end - start), thick)
        elif np.isnan(amounts[row]):
            rows.instead(axes, row, cases[row], noun)
        if row + 1 < len(shown) and np.isfinite(ends[row + 1]) and _meet(end, totals[row + 1], ends[row + 1]):
            axes.vlines(end, row + thick / 2, row + 1 - thick / 2, color=style.MUTED, linewidth=0.9, zorder=1)
    if starts[np.isfinite(starts)].min(initial=0) < 0 or ends[np.isfinite(ends)].min(initial=0) < 0:
        axes.vlines(0, -0.5, len(shown) - 0.5, color=style.INK, linewidth=1, zorder=1)
    return None


def levels(amounts: NDArray[np.float64], totals: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where each bar starts and ends: totals from 0, steps from the level before them.

    Parameters
    ----------
    amounts : ndarray
        Levels of totals and signed changes of steps.
    totals : ndarray of bool
        Which of them are totals.

    Returns
    -------
    starts, ends : ndarray
        Missing from a missing amount up to the next total. Before the first total the level is 0.
    """
    starts, ends, level = np.zeros(len(amounts)), np.zeros(len(amounts)), 0.0
    for row, (amount, is_total) in enumerate(zip(amounts, totals, strict=True)):
        starts[row] = 0.0 if is_total else level
        level = starts[row] + amount
        ends[row] = level
    return starts, ends


def _meet(level: float, next_is_total: bool, total: float) -> bool:
    """Whether a level leads on to the next bar: steps start from it, a total has to agree with it."""
    return bool(np.isfinite(level)) and (not next_is_total or abs(level - total) <= 1e-9 * max(abs(total), 1.0))


def _limits(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> tuple[float, float]:
    known = np.concatenate([starts, ends])
    known = known[np.isfinite(known)]
    low, high = min(known.min(initial=0.0), 0.0), max(known.max(initial=0.0), 0.0)
    return (low, high) if high > low else (0.0, 1.0)


def _look(fate: object, is_total: bool, change: float) -> style.Fate:
    if is_total:
        return style.PLAIN
    each = style.fate_of(fate)
    return each if each.label and each is not style.WITHHELD else UP if change >= 0 else DOWN


def _bar(axes: Axes, row: int, ends: tuple[float, float], look: style.Fate, thick: float) -> None:
    axes.barh(
        row, ends[1] - ends[0], left=ends[0], height=thick, color=look.colour, hatch=look.hatch, linewidth=0,
        edgecolor=look.hatch_colour, zorder=2,
    )  # fmt: skip
    # The edge a bar ends with keeps a step of nothing, or of next to nothing, in sight.
    axes.vlines(ends[1], row - thick / 2, row + thick / 2, color=look.edge, linewidth=1.6, zorder=3)


def _columns(
    amounts: NDArray[np.float64], totals: NDArray[np.bool_], cases: NDArray[np.float64], unit: str, noun: str
) -> list[list[Cell]]:
    values = []
    for amount, is_total in zip(amounts, totals, strict=True):
        text = value_text(amount, unit) if np.isfinite(amount) else ""
        values.append(Cell(f"+{text}" if amount > 0 and not is_total else text, strong=bool(is_total)))
    known = np.isfinite(amounts) & np.isfinite(cases)
    return [values, [Cell(count(k, noun) if there else "") for k, there in zip(cases, known, strict=True)]]
