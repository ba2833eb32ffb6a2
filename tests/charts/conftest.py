"""Figures to draw on, and ways to read what was drawn: texts, their boxes, bars."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.text import Text

from postmortem.charts import style

Draw = Callable[..., Axes]


@pytest.fixture
def draw() -> Draw:
    """Draw a chart on a new figure and return its axes."""

    def drawn(chart: Callable[..., None], frame: object, height: float = 4, **wording: object) -> Axes:
        axes = style.new_figure(8, height).subplots()
        chart(frame, axes, **wording)
        axes.figure.draw_without_rendering()
        return axes

    return drawn


def laid_out(axes: Axes) -> None:
    """Put every text where it will stand, unless it stands there since the last drawing."""
    if axes.figure.stale:
        axes.figure.draw_without_rendering()


def texts_of(axes: Axes) -> list[Text]:
    """Every text a reader sees: labels, notes, ticks, legend."""
    found = [*axes.texts]
    if axes.axison:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_visible():
                found += [*axis.get_ticklabels(), axis.label]
    if axes.get_legend() is not None:
        found += axes.get_legend().get_texts()
    return [text for text in found if text.get_text().strip() and text.get_visible()]


@pytest.fixture
def words() -> Callable[[Axes], list[str]]:
    """Read what is written on an axes."""
    return lambda axes: [text.get_text() for text in texts_of(axes)]


@pytest.fixture
def overlaps() -> Callable[[Axes], list[tuple[str, str]]]:
    """Find pairs of texts whose boxes share more than half a point."""

    def found(axes: Axes) -> list[tuple[str, str]]:
        laid_out(axes)
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(axes)]
        return [
            (first, second)
            for (first, a), (second, b) in combinations(boxes, 2)
            if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.7 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.7
        ]

    return found


@pytest.fixture
def outside() -> Callable[[Axes], list[str]]:
    """Find texts that reach over the edge of the figure."""

    def found(axes: Axes) -> list[str]:
        laid_out(axes)
        edge = axes.figure.bbox
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(axes)]
        return [
            text
            for text, box in boxes
            if box.x0 < edge.x0 - 1 or box.x1 > edge.x1 + 1 or box.y0 < edge.y0 - 1 or box.y1 > edge.y1 + 1
        ]

    return found


@pytest.fixture
def bars() -> Callable[[Axes], list[tuple[float, float, float]]]:
    """Read bars as (row, start, length), outlines left out."""

    def found(axes: Axes) -> list[tuple[float, float, float]]:
        return [
            (patch.get_y() + patch.get_height() / 2, patch.get_x(), patch.get_width())
            for container in axes.containers
            if isinstance(container, BarContainer) and container.get_label() != "_outline"
            for patch in container
        ]

    return found


@pytest.fixture
def marks() -> Callable[[Axes], list[PathCollection]]:
    """Read the single marks of an axes, in order of drawing."""

    def found(axes: Axes) -> list[PathCollection]:
        return [each for each in axes.collections if isinstance(each, PathCollection) and len(each.get_offsets()) == 1]

    return found


@pytest.fixture
def places(marks: Callable[[Axes], list[PathCollection]]) -> Callable[[Axes], list[tuple[float, float]]]:
    """Read where single marks stand, as (value, row)."""
    return lambda axes: [tuple(map(float, each.get_offsets()[0])) for each in marks(axes)]


@pytest.fixture
def edge_names() -> Callable[[Axes], dict[str, str]]:
    """Read the names at the right edge with the figure after each."""

    def found(axes: Axes) -> dict[str, str]:
        rows: dict[tuple[float, float], list[Text]] = {}
        for text in axes.texts:
            if text.get_text() and getattr(text, "xy", (0, 0))[0] == 1:
                rows.setdefault((text.xy[1], text.xyann[1]), []).append(text)
        lines = [sorted(row, key=lambda text: text.xyann[0]) for row in rows.values()]
        return {line[0].get_text(): " ".join(text.get_text() for text in line[1:]) for line in lines}

    return found
