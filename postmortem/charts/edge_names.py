"""Names at the right edge of a picture: beside what they name, moved apart where they would touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postmortem.charts import style
from postmortem.charts.lettering import note, safe_text, shorten, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

PITCH = 12.5
LEADER, BETWEEN, WIDEST = 14.0, 4.0, 150.0
# A name this near its place, in points, needs no line to it.
NEAR = 2.0


@dataclass(frozen=True)
class EdgeName:
    """What stands at one height of the right edge.

    Attributes
    ----------
    at : float
        Height of what is named, as on the vertical scale.
    name, figure : str
        What is written; the name is shortened where it is too long, the figure never.
    colour : str
        Tone of the line that leads to it.
    along : float, optional
        Where on the horizontal scale that line starts; at the edge unless told.
    """

    at: float
    name: str
    figure: str = ""
    colour: str = style.MUTED
    along: float | None = None


def spread(places: Sequence[float], apart: float, low: float, high: float) -> NDArray[np.float64]:
    """Return places at least `apart` from each other, as near to where they were as that allows.

    Parameters
    ----------
    places : sequence of float
        In ascending order.
    apart : float
        Least distance of two neighbours, in the same unit.
    low, high : float
        Between which they stay, where there is room for all of them.

    Returns
    -------
    ndarray
        One place each, in the same order.

    Notes
    -----
    With the distances taken off, this is the least-squares fit of a sequence that never falls.
    """
    room = np.arange(len(places)) * apart
    groups: list[tuple[float, int]] = []
    for place in np.asarray(places, dtype=np.float64) - room:
        mean, size = float(place), 1
        while groups and groups[-1][0] >= mean:
            before, many = groups.pop()
            mean, size = (before * many + mean * size) / (many + size), many + size
        groups.append((mean, size))
    fitted = np.repeat([mean for mean, _ in groups], [size for _, size in groups])
    top = high - (room[-1] if len(room) else 0.0)
    return np.asarray(np.clip(fitted, low, max(top, low)) + room, dtype=np.float64)


def name_edge(axes: Axes, entries: Sequence[EdgeName], *, always_lead: bool = False) -> None:
    """Write names beside the right edge of `axes`, with a thin line to each that had to move.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With its final vertical scale; names are written last.
    entries : sequence of EdgeName
        In any order; as many as have room are written, the rest are counted.
    always_lead : bool
        Whether every name has a line to its place, as where bands are thin.
    """
    height = style.settle(axes)[1]
    (low, high), right = sorted(axes.get_ylim()), axes.get_xlim()[1]
    most = max(int(height / PITCH), 1)
    kept = sorted(entries[: most - 1] if len(entries) > most else entries, key=lambda entry: entry.at)
    points = [(entry.at - low) / (high - low) * height for entry in kept]
    placed = spread(points, PITCH, PITCH / 2, height - PITCH / 2)
    for entry, point, where in zip(kept, points, placed, strict=True):
        place, name = (1.0, entry.at), _short(axes, entry)
        # Two texts, as one would be put in another order where a name is written from right to left.
        offset = LEADER
        for text, weight in ((name, "normal"), (entry.figure, "bold")):
            if text:
                note(
                    axes, place, text, (offset, where - point), xycoords=("axes fraction", "data"), weight=weight,
                    color=style.INK, va="center",
                )  # fmt: skip
            offset += width_of(axes, text, style.SMALL, weight) + BETWEEN
        if always_lead or abs(where - point) > NEAR:
            start = (right if entry.along is None else entry.along, entry.at)
            leader(axes, start, place, (LEADER - 2, where - point), entry.colour)
    if len(kept) < len(entries):
        text = f"and {len(entries) - len(kept)} more in the table"
        note(axes, (1, 0), text, (LEADER, -PITCH / 2), xycoords="axes fraction", va="top")


def leader(
    axes: Axes, start: tuple[float, float], place: tuple[float, float], offset: tuple[float, float], colour: str
) -> None:
    """Draw a thin line from a place on both scales to `offset` points beside one on the edge and the vertical scale."""
    from matplotlib.transforms import offset_copy

    figure = axes.get_figure(root=True)
    beside = offset_copy(axes.get_yaxis_transform(), figure, offset[0], offset[1], units="points")
    line = {"arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 1}
    axes.annotate("", start, xytext=place, textcoords=beside, arrowprops=line, annotation_clip=False)


def _short(axes: Axes, entry: EdgeName) -> str:
    room = max(WIDEST - width_of(axes, entry.figure, style.SMALL, "bold") / 2, WIDEST / 2)
    return shorten(axes, safe_text(entry.name), room, style.SMALL)
