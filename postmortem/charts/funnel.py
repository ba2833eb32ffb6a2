"""Shares of many against their sizes, between the lines that chance leaves: one dot each, nobody named or ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import note, safe_text
from postmortem.ground.formats import per_cent, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 3.9
INNER_DASH, OUTER_DASH = (0, (5, 3)), (0, (1.5, 2))


def height_for(dots: int) -> float:
    """Return inches of height, the same for any number of dots."""
    return HEIGHT


@style.theme()
def funnel(
    frame: pd.DataFrame,
    lines: pd.DataFrame,
    axes: Axes,
    *,
    n: str,
    share: str,
    outside: str,
    at: str,
    inner: tuple[str, str],
    outer: tuple[str, str],
    centre: float,
    share_label: str = "share won",
    noun: str = "deal",
) -> None:
    """Draw one dot a unit over its size, and the lines within which chance alone would leave it.

    Parameters
    ----------
    frame : DataFrame
        One row a unit.
    lines : DataFrame
        One row a size, from small to large.
    axes : matplotlib.axes.Axes
        Where to draw.
    n, share : str
        Columns of `frame`: size, and share (0 to 1). A unit without either is not drawn, and counted.
    outside : str
        Column of `frame`: whether the unit lies outside the inner lines. It is drawn open, in the same colour.
    at : str
        Column of `lines`: the size.
    inner, outer : tuple of str
        Columns of `lines`: lower and upper limit, of 95% and 99.8%.
    centre : float
        The share of all; missing where it is withheld.
    share_label : str
        What the share is, in plain words.
    noun : str
        What sizes count, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("funnel", frame, n, share, outside)
    rows.require("funnel", lines, at, *inner, *outer)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    sizes, shares = rows.numbers(frame, n), rows.numbers(frame, share)
    drawn = np.isfinite(sizes) & np.isfinite(shares)
    if not drawn.any():
        return rows.nothing(axes, "Withheld" if len(frame) else "Nothing to draw")
    where = rows.numbers(lines, at)
    for pair, dash, width in ((inner, INNER_DASH, 1.2), (outer, OUTER_DASH, 1.2)):
        for column in pair:
            axes.plot(where, rows.numbers(lines, column), color=style.MUTED, linewidth=width, linestyle=dash, zorder=1)
    if np.isfinite(centre):
        axes.axhline(centre, color=style.INK, linewidth=1, zorder=1)
    beyond = frame[outside].astype("boolean").fillna(False).to_numpy(dtype=bool)
    for chosen, fill in ((drawn & ~beyond, style.ACCENT), (drawn & beyond, style.PAPER)):
        axes.scatter(sizes[chosen], shares[chosen], s=46, color=fill, edgecolors=style.ACCENT, linewidths=1.6, zorder=3)
    _scales(axes, where, rows.numbers(lines, outer[0]), rows.numbers(lines, outer[1]), sizes, shares, share_label, noun)
    _remarks(axes, int((~drawn).sum()), centre)
    return None


def _scales(
    axes: Axes, where: np.ndarray, low: np.ndarray, high: np.ndarray, sizes: np.ndarray, shares: np.ndarray,
    share_label: str, noun: str,
) -> None:  # fmt: skip
    largest = float(np.nanmax(np.concatenate([where, sizes])))
    bottom, top = float(np.nanmin([*low, *shares])), float(np.nanmax([*high, *shares]))
    margin = 0.05 * max(top - bottom, 0.1)
    axes.set(xlim=(0, largest * 1.04), ylim=(max(bottom - margin, -0.02), min(top + margin, 1.02)))
    ticks = [tick for tick in np.linspace(0, 1, 11) if axes.get_ylim()[0] <= tick <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, labels=[per_cent(float(tick)) for tick in ticks], parse_math=False)
    axes.grid(color=style.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for axis, text in ((axes.xaxis, plural(noun)), (axes.yaxis, share_label)):
        shown = safe_text(text)
        axis.set_label_text(shown[0].upper() + shown[1:], fontsize=style.SMALL)
        axis.label.update({"color": style.MUTED, "parse_math": False, "fontfamily": style.FONT})


def _remarks(axes: Axes, withheld: int, centre: float) -> None:
    """Say above the picture what the lines and dots are."""
    everyone = f"line: all together ({per_cent(centre)}); " if np.isfinite(centre) else ""
    parts = [
        f"One dot a sales person; {everyone}open dot: outside the dashed lines",
        "By chance 1 in 20 lies outside the dashed lines and 1 in 500 outside the dotted ones",
    ]
    if withheld:
        parts[1] += f"; {withheld} withheld"
    for line, text in enumerate(reversed(parts)):
        note(axes, (0, 1), text, (0, 4 + 12 * line), xycoords="axes fraction", va="bottom")
