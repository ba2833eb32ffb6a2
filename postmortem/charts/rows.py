"""What charts with one row a thing share: names at the left, marks in the middle, figures at the right.

Rows go from the top down. A figure too low for all of them shows those that fit and says how many more the
table holds, so that letters keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.charts import style
from postmortem.charts.lettering import WITHHELD, font, in_two_lines, note, safe_text, shorten, width_of, write
from postmortem.ground.errors import UsageError, nearest
from postmortem.ground.formats import count, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

NAME_WIDTH = 160.0
LABEL_GAP = 8.0
# Points from one row to the next: the least that can be read, and the most that holds together.
LEAST_PITCH, MOST_PITCH = 14.0, 34.0
# Enough for a name on two lines.
TWO_LINES = 20.0
ROW_INCHES = 0.31


@dataclass(frozen=True)
class Cell:
    """One text at the right of a row."""

    text: str
    strong: bool = False


def require(chart: str, frame: pd.DataFrame, *columns: str) -> None:
    """Raise unless `frame` has all `columns`; empty names are columns not asked for.

    Raises
    ------
    UsageError
        Naming every missing column.
    """
    missing = [column for column in columns if column and column not in frame.columns]
    if missing:
        raise UsageError(
            f"The frame for {chart} lacks columns it was told to draw.",
            got=", ".join(missing),
            expected="columns of the frame: " + ", ".join(map(str, frame.columns)),
            do=nearest(missing[0], [str(column) for column in frame.columns]) if len(frame.columns) else None,
        )


def numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as floats, missing where it holds no finite number or was not asked for."""
    if not column:
        return np.full(len(frame), np.nan)
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def nothing(axes: Axes, why: str = "Nothing to draw") -> None:
    """Write a quiet word where there is nothing to draw."""
    axes.set_axis_off()
    write(axes, 0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=style.MUTED)


def height_for(rows: int, extra: float = 0.0) -> float:
    """Return inches of height for `rows` rows, and `extra` inches for what stands above or below."""
    return round(0.35 + ROW_INCHES * max(rows, 1) + extra, 2)


def that_fit(frame: pd.DataFrame, axes: Axes, taken: float = 0.0) -> pd.DataFrame:
    """Return the first rows, as many as `axes` shows legibly with `taken` points of its height spoken for."""
    height = style.settle(axes)[1] - taken
    if len(frame) * LEAST_PITCH <= height:
        return frame
    return frame.head(max(int(height / LEAST_PITCH) - 1, 1))


def lay(
    axes: Axes, names: Sequence[object], hidden: int = 0, *, header: float = 0.0, most: float = MOST_PITCH
) -> float:
    """Set up the vertical axis with a name for every row, and return points from one row to the next.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Prepared axes.
    names : sequence
        One name a row, from the top down; missing ones read ``withheld``.
    hidden : int
        Rows left out, stated below the last.
    header : float
        Points kept free above the first row.
    most : float
        Points from one row to the next beyond which rows would fall apart.
    """
    rows = len(names) + (hidden > 0)
    height = max(style.settle(axes)[1] - header, LEAST_PITCH)
    pitch = min(height / rows, most)
    axes.set_ylim(height / pitch - 0.5, -0.5 - header / pitch)
    shown = [_named(axes, safe_text(name), pitch) for name in names]
    axes.set_yticks(range(len(names)), labels=shown, fontsize=style.SIZE, color=style.INK, parse_math=False)
    for label, text in zip(axes.get_yticklabels(), shown, strict=True):
        label.update(font(text.replace("\n", " ")))
        if "\n" in text:
            # Nearer to each other than to the rows above and below.
            label.update({"fontsize": style.SMALL, "linespacing": 1.0, "multialignment": "right"})
    if hidden:
        text = f"and {count(hidden, 'more row')} in the table"
        note(axes, (0, len(names)), text, (-3.5, 0), xycoords=("axes fraction", "data"), ha="right")
    return pitch


def _named(axes: Axes, name: str, pitch: float) -> str:
    """Return a name that fits beside its row, on two smaller lines where one is too short and rows leave room."""
    fits = width_of(axes, name) <= NAME_WIDTH
    if fits or pitch < TWO_LINES:
        return shorten(axes, name, NAME_WIDTH)
    return in_two_lines(axes, name, NAME_WIDTH, style.SMALL)


def beside(axes: Axes, columns: Sequence[Sequence[Cell]], heads: Sequence[str] = ()) -> None:
    """Write columns of text at the right of the rows, each as wide as its widest text.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes whose rows were laid.
    columns : sequence of sequence of Cell
        One sequence a column, one cell a row.
    heads : sequence of str
        Headings above the first row, if any.
    """
    offset = 12.0
    for index, cells in enumerate(columns):
        if not any(cell.text for cell in cells):
            continue
        head = heads[index] if heads else ""
        entries = [(row, cell.text, cell.strong) for row, cell in enumerate(cells)]
        entries += [(-1, head, False)] if head else []
        widths = [width_of(axes, text, _size(strong), _weight(strong)) for _, text, strong in entries]
        for row, text, strong in entries:
            at, up, va = (-0.5, 3, "bottom") if row < 0 else (row, 0, "center_baseline")
            note(
                axes, (1, at), text, (offset, up), xycoords=("axes fraction", "data"), va=va, size=_size(strong),
                weight=_weight(strong), color=style.INK if strong else style.MUTED,
            )  # fmt: skip
        offset += max(widths) + 12


def scale(axes: Axes, limits: tuple[float, float], unit: str, rows: int, *, at_most: int = 6) -> None:
    """Put a light scale above the rows: a few round values in `unit`, thin lines down to the last row."""
    from matplotlib.ticker import MaxNLocator

    low, high = limits if limits[0] < limits[1] else (limits[0] - 0.5, limits[0] + 0.5)
    locator = MaxNLocator(nbins=at_most, steps=[1, 2, 2.5, 5, 10])
    steps = np.asarray(locator.tick_values(low, high), dtype=np.float64)
    if unit == "share":
        steps = np.linspace(0, 1, 5) if high > 0.6 else steps[(steps >= 0) & (steps <= 1)]
    steps = steps[(steps >= low - 1e-9) & (steps <= high + 1e-9)]
    pad = (high - low) * 0.015
    axes.set_xlim(low - pad, high + pad)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0, pad=2)
    labels = [value_text(float(step), unit) for step in steps]
    axes.set_xticks(steps, labels=_spaced(axes, labels, steps) if unit == "points" else labels, parse_math=False)
    axes.vlines(steps, -0.5, rows - 0.5, color=style.RULE, linewidth=0.8, zorder=0)


def _spaced(axes: Axes, labels: Sequence[str], steps: NDArray[np.float64]) -> list[str]:
    """Return the labels that have room beside each other, the one at 0 first among them; the others are empty."""
    room = style.settle(axes)[0] / max(len(labels), 1)
    every = int(np.ceil((max(width_of(axes, label) for label in labels) + LABEL_GAP) / room)) if labels else 1
    zero = int(np.argmin(np.abs(steps))) if labels else 0
    return [label if (place - zero) % every == 0 else "" for place, label in enumerate(labels)]


def instead(axes: Axes, row: int, cases: float, noun: str) -> None:
    """Write in a row without marks how many cases there were, or that even this is withheld."""
    text = f"{count(cases, noun)}: counts only" if np.isfinite(cases) else WITHHELD
    write(
        axes, 0.01, row, text, transform=axes.get_yaxis_transform(), va="center_baseline",
        fontsize=style.SMALL, color=style.MUTED, fontstyle="italic",
        bbox={"facecolor": style.PAPER, "linewidth": 0, "pad": 1},
    )  # fmt: skip


def key(axes: Axes, fates: Sequence[style.Fate], rows: int) -> None:
    """Say below the last row which colour and hatch is which fate."""
    from matplotlib.patches import Patch

    shown = [fate for fate in fates if fate.label]
    patches = [
        Patch(facecolor=fate.colour, edgecolor=fate.hatch_colour, hatch=fate.hatch, linewidth=0, label=fate.label)
        for fate in shown
    ]
    if shown:
        widest = max(width_of(axes, fate.label, style.SMALL) for fate in shown) + 34
        legend(axes, patches, rows, max(1, min(len(shown), int(style.settle(axes)[0] / widest))))


def mark_key(axes: Axes, looks: Sequence[style.Fate], labels: Sequence[str], rows: int) -> None:
    """Say below the last row which mark is what."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], linestyle="", marker=look.marker, markersize=6.5, markerfacecolor=look.colour,
            markeredgecolor=look.edge, markeredgewidth=1.4, label=label,
        )
        for look, label in zip(looks, labels, strict=True)
    ]  # fmt: skip
    widest = sum(width_of(axes, label, style.SMALL) + 40 for label in labels)
    legend(axes, handles, rows, len(handles) if widest < style.settle(axes)[0] else 1)


def legend(axes: Axes, handles: Sequence[Any], rows: int, columns: int) -> None:
    """Put a legend of labelled `handles` below the last row."""
    shown = axes.legend(
        handles=handles, ncols=columns, loc="upper left", frameon=False, bbox_to_anchor=(0, rows - 0.5),
        bbox_transform=axes.get_yaxis_transform(), borderaxespad=0.6, borderpad=0, handlelength=1.4,
        handleheight=1.0, handletextpad=0.6, columnspacing=1.6, fontsize=style.SMALL, labelcolor=style.MUTED,
    )  # fmt: skip
    for text in shown.get_texts():
        label = safe_text(text.get_text())
        text.update({"text": label, "parse_math": False, **font(label)})


def _size(strong: bool) -> float:
    return style.SIZE if strong else style.SMALL


def _weight(strong: bool) -> str:
    return "bold" if strong else "normal"
