"""What was stated against what came true: one dot a stated probability, the diagonal where both agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.edge_names import spread
from postmortem.charts.lettering import note, safe_text, width_of
from postmortem.ground.formats import count, per_cent, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HEIGHT = 4.0
LEAST = 5
# Points below the scale for the row of counts, and between two of them.
COUNTS, BETWEEN = 30.0, 7.0


def height_for(bins: int) -> float:
    """Return inches of height, the same for any number of bins."""
    return HEIGHT


@style.theme()
def calibration(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    stated: str,
    observed: str,
    low: str,
    high: str,
    n: str,
    least: int = LEAST,
    stated_label: str = "stated probability",
    observed_label: str = "share won",
    noun: str = "deal",
) -> None:
    """Draw the share observed, with its interval, over the probability stated.

    Parameters
    ----------
    frame : DataFrame
        One row a bin or stated probability.
    axes : matplotlib.axes.Axes
        Where to draw.
    stated : str
        Column of stated probabilities (0 to 1), or their mean in the bin.
    observed, low, high : str
        Columns of the share observed and its interval.
    n : str
        Column of the number of cases, written below each bin. A bin with fewer than `least`, or without a share
        observed, has no dot: its count stands in brackets.
    least : int
        Fewest cases a dot is drawn for.
    stated_label, observed_label : str
        What the two are, in plain words.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("calibration", frame, stated, observed, low, high, n)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    ordered = frame.iloc[np.argsort(rows.numbers(frame, stated), kind="stable")]
    at, share, lower, upper, cases = (rows.numbers(ordered, column) for column in (stated, observed, low, high, n))
    placed = np.isfinite(at)
    if not placed.any():
        return rows.nothing(axes, "Withheld")
    drawn = placed & np.isfinite(share) & ~(cases < least)
    _scales(axes, stated_label, observed_label)
    axes.plot([0, 1], [0, 1], color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    whole = drawn & np.isfinite(lower) & np.isfinite(upper)
    axes.vlines(at[whole], lower[whole], upper[whole], color=style.ACCENT, linewidth=2, alpha=0.75, zorder=2)
    axes.plot(at[drawn], share[drawn], color=style.ACCENT, linewidth=0.8, alpha=0.4, zorder=2)
    axes.scatter(at[drawn], share[drawn], s=46, color=style.ACCENT, edgecolors=style.PAPER, linewidths=0.8, zorder=3)
    left_out = _counts(axes, at[placed], cases[placed], drawn[placed])
    _remarks(axes, int((placed & ~drawn).sum()), int((~placed).sum()), left_out, least, noun)
    return None


def _scales(axes: Axes, stated_label: str, observed_label: str) -> None:
    ticks = np.linspace(0, 1, 6)
    labels = [per_cent(float(tick)) for tick in ticks]
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes.set_xticks(ticks, labels=labels, parse_math=False)
    axes.set_yticks(ticks, labels=labels, parse_math=False)
    axes.grid(color=style.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for axis, text in ((axes.xaxis, stated_label), (axes.yaxis, observed_label)):
        shown = safe_text(text)
        axis.set_label_text(shown[0].upper() + shown[1:], fontsize=style.SMALL)
        axis.label.update({"color": style.MUTED, "parse_math": False, "fontfamily": style.FONT})
    axes.xaxis.labelpad = COUNTS
    # Both texts stand where dots of a sane forecast do not: far above and far below the diagonal.
    note(axes, (0.01, 1.0), "above the line: more often than stated", (0, 0), va="top", zorder=1)
    note(axes, (0.99, 0.0), "below the line: less often than stated", (0, 0), ha="right", va="bottom", zorder=1)


def _counts(
    axes: Axes, at: NDArray[np.float64], cases: NDArray[np.float64], drawn: NDArray[np.bool_]
) -> int:  # fmt: skip
    """Write the cases of every bin below it, and return how many had no room."""
    texts = [
        ("–" if np.isnan(k) else f"{k:,.0f}") if there else "(–)" if np.isnan(k) else f"({k:,.0f})"
        for k, there in zip(cases, drawn, strict=True)
    ]
    width = style.settle(axes)[0]
    pitch = max(width_of(axes, text, style.SMALL) for text in texts) + BETWEEN
    room = max(int(width / pitch), 1)
    # Where there are more bins than room, the largest ones are written.
    kept = np.sort(np.argsort(-np.nan_to_num(cases), kind="stable")[:room])
    low, high = axes.get_xlim()
    points = (at[kept] - low) / (high - low) * width
    moved = spread([float(each) for each in points], pitch, pitch / 2, width - pitch / 2)
    for index, point, where in zip(kept, points, moved, strict=True):
        note(
            axes, (float(at[index]), 0.0), texts[index], (where - point, -COUNTS + 4), ha="center", va="center",
            xycoords=("data", "axes fraction"), color=style.INK,
        )  # fmt: skip
    return len(at) - len(kept)


def _remarks(axes: Axes, few: int, unplaced: int, unwritten: int, least: int, noun: str) -> None:
    """Say above the picture what the dashes and figures are, and what is not drawn."""
    parts = [f"Bar: interval; dashed: came true as stated; below: {plural(noun)} per stated value"]
    if few:
        parts.append(f"{count(few, 'value')} of fewer than {count(least, noun)} or withheld not drawn, in brackets")
    if unplaced:
        parts.append(f"{count(unplaced, 'value')} withheld")
    if unwritten:
        parts.append(f"{count(unwritten, 'count')} in the table only")
    above = [text for text in ("; ".join(parts[1:]), parts[0]) if text]
    for line, text in enumerate(above):
        note(axes, (0, 1), text, (0, 4 + 12 * line), xycoords="axes fraction", va="bottom")
