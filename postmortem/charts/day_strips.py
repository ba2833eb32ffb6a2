"""One dot a case over its days, a strip a group: where each group lies, and how many are beyond a limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.dot_piles import dot_size, pile
from postmortem.charts.lettering import note, safe_text
from postmortem.charts.rows import Cell
from postmortem.ground.formats import count, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HEADER, MOST_STRIP = 16.0, 96.0
# Part of a strip's height that piles may fill.
FILLED = 0.84
# Rows from the middle line beyond which the mark of a median covers dots rather than be hidden by them.
HIDDEN = 0.3


def height_for(groups: int, cases: int = 0) -> float:
    """Return inches of height for `groups` strips, higher where there are many cases."""
    strip = 0.5 if cases <= 60 * groups else 0.8 if cases <= 200 * groups else 1.1
    return round(0.7 + strip * max(groups, 1), 2)


@style.theme()
def day_strips(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    group: str,
    days: str,
    order: Sequence[str] = (),
    limit: float | None = None,
    limit_label: str = "",
    unit: str = "days",
    noun: str = "deal",
) -> None:
    """Draw every case as a dot, piled up where many are alike, with the median of each group.

    Parameters
    ----------
    frame : DataFrame
        One row a case.
    axes : matplotlib.axes.Axes
        Where to draw.
    group : str
        Column of groups: fates, or other words.
    days : str
        Column of days; a case without them is counted as unknown and has no dot.
    order : sequence of str
        Groups from the top down; in order of appearance unless told.
    limit : float, optional
        Days beyond which a case counts as above: a dashed line, and the cases above it at the right.
    limit_label : str
        What the limit is, written above the line.
    unit : str
        Unit of `days` as in a result's columns.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("day_strips", frame, group, days)
    keys = ["" if style.is_missing(value) else str(value) for value in frame[group]]
    present = list(dict.fromkeys(keys))
    ordered = [
        *(each for each in dict.fromkeys(order) if each in present),
        *(each for each in present if each not in order),
    ]
    style.fit_height(axes, height_for(len(ordered), len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    groups = rows.that_fit(pd.DataFrame({"key": ordered}), axes, HEADER * 2)["key"]
    looks = [style.fate_of(key or None) for key in groups]
    names = [look.label or safe_text(key) for key, look in zip(groups, looks, strict=True)]
    pitch = rows.lay(axes, names, len(ordered) - len(groups), header=HEADER, most=MOST_STRIP)
    all_days, keyed = rows.numbers(frame, days), np.array(keys, dtype=object)
    strips = [all_days[keyed == key] for key in groups]
    edge = limit if limit is not None and np.isfinite(limit) else None
    rows.beside(
        axes,
        _columns(strips, edge, unit, noun),
        ("", "median", f"above {value_text(edge, unit)}" if edge is not None else ""),
    )
    known = [strip[np.isfinite(strip)] for strip in strips]
    rows.scale(axes, _limits(np.concatenate(known), edge), unit, len(groups))
    closed_up = _dots(axes, known, looks, pitch)
    for row, strip in enumerate(known):
        if not len(strip):
            rows.instead(axes, row, np.nan, noun)
    if edge is not None:
        _limit(axes, edge, limit_label, len(groups))
    if closed_up:
        note(
            axes,
            (0, len(groups) - 0.5),
            "Dots overlap where piles would be higher than their strip.",
            (0, -4),
            xycoords=("axes fraction", "data"),
            va="top",
        )
    return None


def _columns(strips: Sequence[NDArray[np.float64]], limit: float | None, unit: str, noun: str) -> list[list[Cell]]:
    """Return cases, median and cases above the limit, all of those whose days are known."""
    cases, medians, above = [], [], []
    for strip in strips:
        known = strip[np.isfinite(strip)]
        unknown = f", {len(strip) - len(known):,} unknown" if len(known) < len(strip) else ""
        cases.append(Cell(count(len(strip), noun) + unknown if len(known) else ""))
        medians.append(Cell(value_text(float(np.median(known)), unit) if len(known) else "", strong=True))
        beyond = int((known > (np.inf if limit is None else limit)).sum())
        above.append(Cell(f"{beyond:,} of {len(known):,}" if limit is not None and len(known) else ""))
    return [cases, medians, above]


def _limits(known: NDArray[np.float64], limit: float | None) -> tuple[float, float]:
    values = np.append(known, [] if limit is None else [limit])
    if not len(values):
        return 0.0, 1.0
    low, high = min(float(values.min()), 0.0), float(values.max())
    return (low, high) if high > low else (low, low + 1.0)


def _dots(axes: Axes, strips: Sequence[NDArray[np.float64]], looks: Sequence[style.Fate], pitch: float) -> bool:
    """Draw all strips with dots of one size and their medians; return whether some dots overlap."""
    width, height = style.settle(axes)[0], pitch * FILLED
    low, high = axes.get_xlim()
    places = [(strip - low) / (high - low) * width for strip in strips]
    size, closed_up = dot_size(places, height), False
    for row, (strip, place, look) in enumerate(zip(strips, places, looks, strict=True)):
        if not len(strip):
            continue
        offsets, overlap = pile(place, size, height)
        closed_up = closed_up or overlap
        axes.scatter(
            strip, row + offsets / pitch, s=(size * 0.94) ** 2, marker="o", color=look.colour, edgecolors=look.edge,
            linewidths=min(0.6, size / 10), zorder=3, clip_on=False, label=f"strip {row}",
        )  # fmt: skip
        _median(axes, row, strip, offsets / pitch, size / width * (high - low), size / pitch)
    return closed_up


def _median(
    axes: Axes, row: int, strip: NDArray[np.float64], offsets: NDArray[np.float64], across: float, down: float
) -> None:
    """Mark the median above and below the dots that stand there; `across` and `down` are the size of one."""
    middle = float(np.median(strip))
    there = np.abs(offsets[np.abs(strip - middle) <= across])
    start = min(float(there.max(initial=0.0)) + down / 2 if len(there) else 0.0, HIDDEN)
    for colour, stroke, order in ((style.PAPER, 4.5, 4), (style.INK, 2.2, 5)):
        for side in (-1, 1):
            axes.vlines(middle, row + side * start, row + side * 0.46, color=colour, linewidth=stroke, zorder=order)


def _limit(axes: Axes, at: float, label: str, rows_shown: int) -> None:
    axes.vlines(at, -0.5, rows_shown - 0.5, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=2)
    low, high = axes.get_xlim()
    along = (at - low) / (high - low)
    side = "left" if along < 0.25 else "right" if along > 0.75 else "center"
    if label:
        note(axes, (at, -0.5), label, (0, 3), color=style.INK, ha=side, va="bottom")
