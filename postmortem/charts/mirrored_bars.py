"""Two distributions over the same places, back to back: lost deals above, won ones below, over the days of a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import font, safe_text, shorten, width_of, write
from postmortem.ground.formats import value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HEIGHT, NAME_WIDTH = 3.2, 70.0
UP = style.Fate("", "", style.ACCENT, style.ACCENT, "", style.PAPER, "o")
DOWN = style.Fate("", "", "#9DB5CC", style.ACCENT, "", style.PAPER, "s")


def height_for(places: int) -> float:
    """Return inches of height, the same for any number of places."""
    return HEIGHT


@style.theme()
def mirrored_bars(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    name: str,
    above: str,
    below: str,
    above_label: str,
    below_label: str,
    above_fate: str = "",
    below_fate: str = "",
    expected: str = "",
    expected_label: str = "",
    along: str = "",
    unit: str = "share",
) -> None:
    """Draw one bar up and one bar down at every place, with what would be expected as a line on both sides.

    Parameters
    ----------
    frame : DataFrame
        One row a place, from left to right.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Column of the places' names; those that would touch are left out.
    above, below : str
        Columns of values, 0 or more; missing ones have no bar.
    above_label, below_label : str
        What the two sides are.
    above_fate, below_fate : str
        Fates that colour the sides, where they are fates.
    expected : str
        Column of what would be expected, drawn on both sides.
    expected_label : str
        What the line is.
    along : str
        What the places are, written below them.
    unit : str
        Unit of the values as in a result's columns.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("mirrored_bars", frame, name, above, below, expected)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    up, down, line = (rows.numbers(frame, column) for column in (above, below, expected))
    at = np.arange(len(frame), dtype=np.float64)
    looks = (style.fate_of(above_fate) if above_fate else UP, style.fate_of(below_fate) if below_fate else DOWN)
    for values, look, side in zip((up, down), looks, (1, -1), strict=True):
        axes.bar(
            at, side * np.nan_to_num(values), width=0.78, color=look.colour, hatch=look.hatch, linewidth=0,
            edgecolor=look.hatch_colour, zorder=2,
        )  # fmt: skip
        if expected:
            edges = np.column_stack([at - 0.5, at + 0.5]).ravel()
            axes.plot(edges, side * np.repeat(line, 2), color=style.INK, linewidth=1.3, zorder=3)
    axes.axhline(0, color=style.PAPER, linewidth=2, zorder=4)
    axes.set_xlim(-0.6, len(frame) - 0.4)
    _scale(axes, np.concatenate([up, down, line]), unit)
    _places(axes, [safe_text(each) for each in frame[name]], safe_text(along, ""))
    _key(axes, looks, (above_label, below_label), expected_label if expected else "")
    if not np.isfinite(np.concatenate([up, down])).any():
        write(axes, 0.5, 0.62, "withheld", transform=axes.transAxes, ha="center", color=style.MUTED)
    return None


def _scale(axes: Axes, values: NDArray[np.float64], unit: str) -> None:
    """Set a scale that counts upwards on both sides."""
    from matplotlib.ticker import MaxNLocator

    known = values[np.isfinite(values)]
    high = max(float(known.max()) if len(known) else 0.0, 0.02 if unit == "share" else 1e-9) * 1.08
    steps = MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10]).tick_values(0, high)
    sides = sorted({sign * float(step) for step in steps if 0 <= step <= high for sign in (1, -1)})
    axes.set_ylim(-high, high)
    axes.set_yticks(sides, labels=[value_text(abs(step), unit) for step in sides], parse_math=False)
    axes.grid(axis="y", color=style.RULE, linewidth=0.8)
    axes.set_axisbelow(True)


def _places(axes: Axes, labels: list[str], along: str) -> None:
    """Write the places below the bars, the last one always, leaving out those that would touch."""
    slot = style.settle(axes)[0] / (len(labels) + 0.2)
    labels = [shorten(axes, label, NAME_WIDTH, style.SMALL) for label in labels]
    widest = max(width_of(axes, label, style.SMALL) for label in labels)
    every = max(1, int(np.ceil((widest + 4) / slot)))
    texts = [label if (len(labels) - 1 - index) % every == 0 else "" for index, label in enumerate(labels)]
    axes.set_xticks(range(len(labels)), labels=texts, parse_math=False)
    for tick, text in zip(axes.get_xticklabels(), texts, strict=True):
        tick.update(font(text))
    if along:
        axes.set_xlabel(along, fontsize=style.SMALL)
        axes.xaxis.label.update({"color": style.MUTED, "parse_math": False, **font(along)})


def _key(axes: Axes, looks: tuple[style.Fate, style.Fate], labels: tuple[str, str], expected: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Patch | Line2D] = [
        Patch(
            facecolor=look.colour, edgecolor=look.hatch_colour, hatch=look.hatch, linewidth=0,
            label=f"{safe_text(label)} ({side})",
        )
        for look, label, side in zip(looks, labels, ("above", "below"), strict=True)
    ]  # fmt: skip
    if expected:
        handles.append(Line2D([], [], color=style.INK, linewidth=1.3, label=safe_text(expected)))
    shown = axes.legend(
        handles=handles, ncols=len(handles), loc="lower left", bbox_to_anchor=(0, 1), frameon=False,
        borderaxespad=0.2, borderpad=0, fontsize=style.SMALL, labelcolor=style.MUTED, handlelength=1.4,
        handletextpad=0.6, columnspacing=1.6,
    )  # fmt: skip
    for entry in shown.get_texts():
        entry.update({"parse_math": False, **font(entry.get_text())})
