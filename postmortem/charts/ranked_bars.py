"""Amounts or counts by name, from the top down: the ten costliest losses, the reasons given most often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import note as beside
from postmortem.charts.lettering import safe_text, shorten, width_of
from postmortem.ground.formats import value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

THICKNESS = 15.0
NOTE_WIDTH = 150.0
GAP = 5.0


def height_for(count: int) -> float:
    """Return inches of height for `count` bars and the key below them."""
    return rows.height_for(count, 0.25)


@style.theme()
def ranked_bars(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    name: str,
    value: str,
    unit: str = "",
    fate: str = "",
    note: str = "",
    missing: str = "not recorded",
    key: bool = True,
) -> None:
    """Draw one horizontal bar a row, in the order of the frame, its value written at its end.

    Parameters
    ----------
    frame : DataFrame
        One row an item, the most important first.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Column of names; long ones are shortened, missing ones read ``withheld``.
    value : str
        Column of amounts or counts, 0 or more; a missing one is written as `missing`.
    unit : str
        Unit of the values as in a result's columns: a currency code, ``share``, ``days`` or empty.
    fate : str
        Column of fates that colours the bars; all bars are alike without it.
    note : str
        Column of a few words written after the value, such as the competitor's name.
    missing : str
        What a missing value is called.
    key : bool
        Whether colours are explained below the bars.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("ranked_bars", frame, name, value, fate, note)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    axes.xaxis.set_visible(False)
    shown = rows.that_fit(frame, axes)
    pitch = rows.lay(axes, list(shown[name]), len(frame) - len(shown))
    values = rows.numbers(shown, value)
    fates = [style.fate_of(entry) for entry in shown[fate]] if fate else [style.PLAIN] * len(shown)
    texts = [missing if np.isnan(number) else value_text(number, unit) for number in values]
    notes = [
        shorten(axes, safe_text(entry, ""), NOTE_WIDTH, style.SMALL)
        for entry in (shown[note] if note else [""] * len(shown))
    ]
    if key and fate:
        rows.key(axes, [each for each in style.ALL if each in fates], len(shown))
    _reach(axes, values, [_length(axes, *pair) for pair in zip(texts, notes, strict=True)])
    thick = min(0.66, THICKNESS / pitch)
    for row, (number, each, text, words) in enumerate(zip(values, fates, texts, notes, strict=True)):
        bar(axes, row, 0.0, 0.0 if np.isnan(number) else max(number, 0.0), thick, each)
        _write_end(axes, row, number, text, words)
    return None


def bar(axes: Axes, row: float, start: float, length: float, thick: float, fate: style.Fate) -> None:
    """Draw one bar in the colours of a fate, pale ones with an outline."""
    axes.barh(
        row, length, left=start, height=thick, color=fate.colour, hatch=fate.hatch, linewidth=0,
        edgecolor=fate.hatch_colour,
    )  # fmt: skip
    if fate.pale and length:
        axes.barh(
            row, length, left=start, height=thick, fill=False, edgecolor=fate.edge, linewidth=0.7, label="_outline"
        )


def _length(axes: Axes, text: str, note: str) -> float:
    wide = width_of(axes, text, style.SIZE, "bold")
    return GAP + wide + (GAP + width_of(axes, note, style.SMALL) if note else 0)


def _reach(axes: Axes, values: np.ndarray, ends: list[float]) -> None:
    """Set the horizontal limits so that every bar and the words at its end lie inside."""
    width = style.settle(axes)[0]
    known = np.where(np.isnan(values), 0, np.maximum(values, 0))
    needed = [length / max(1 - end / width, 0.15) for length, end in zip(known, ends, strict=True)]
    axes.set_xlim(0, max(*needed, 0) or 1)


def _write_end(axes: Axes, row: int, number: float, text: str, words: str) -> None:
    known = not np.isnan(number)
    at = (max(number, 0.0) if known else 0.0, row)
    weight, color = ("bold", style.INK) if known else ("normal", style.MUTED)
    beside(axes, at, text, (GAP, 0), size=style.SIZE, weight=weight, color=color)
    if words:
        beside(axes, at, words, (GAP * 2 + width_of(axes, text, style.SIZE, weight), 0))
