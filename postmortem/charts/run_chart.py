"""One figure by quarter, set against the range it usually moves in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import font, note, safe_text, width_of, write
from postmortem.ground.formats import count, plural, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HEIGHT = 3.4


def height_for(quarters: int) -> float:
    """Return inches of height, the same for any number of quarters."""
    return HEIGHT


@style.theme()
def run_chart(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    quarter: str,
    value: str,
    n: str = "",
    low: str = "",
    high: str = "",
    focus: str = "",
    unit: str = "share",
    noun: str = "deal",
    range_label: str = "usual range",
) -> None:
    """Draw a value by quarter as dots and a line, its usual range as a band behind them.

    Parameters
    ----------
    frame : DataFrame
        One row a quarter, in order of time.
    axes : matplotlib.axes.Axes
        Where to draw.
    quarter : str
        Column of the quarters' labels.
    value : str
        Column of values; a missing one breaks the line.
    n : str
        Column of the number of cases, written under each quarter.
    low, high : str
        Columns of the usual range; quarters without one have no band.
    focus : str
        Label of the quarter to emphasise.
    unit : str
        Unit of the values as in a result's columns.
    noun : str
        What is counted, in the singular.
    range_label : str
        What the band is.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("run_chart", frame, quarter, value, n, low, high)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    labels = [safe_text(each) for each in frame[quarter]]
    values, lower, upper = (rows.numbers(frame, column) for column in (value, low, high))
    at = np.arange(len(frame), dtype=np.float64)
    _scale(axes, np.concatenate([values, lower, upper]), unit)
    axes.set_xlim(-0.6, len(frame) - 0.4)
    axes.tick_params(axis="x", pad=7)
    _band(axes, at, lower, upper, range_label)
    axes.plot(at, values, color=style.ACCENT, linewidth=1.6, zorder=3)
    is_focus = np.array([bool(focus) and label == safe_text(focus) for label in labels])
    axes.scatter(at[~is_focus], values[~is_focus], s=22, color=style.ACCENT, zorder=4)
    axes.scatter(
        at[is_focus], values[is_focus], s=80, color=style.ACCENT, edgecolors=style.PAPER, linewidths=1.6, zorder=5
    )
    _quarters(axes, labels, rows.numbers(frame, n) if n else None, is_focus, noun)
    if np.isfinite(values).any():
        _figures(axes, values, is_focus, unit)
    else:
        write(axes, 0.5, 0.5, "no values", transform=axes.transAxes, ha="center", color=style.MUTED)
    return None


def _scale(axes: Axes, values: NDArray[np.float64], unit: str) -> None:
    from matplotlib.ticker import MaxNLocator

    known = values[np.isfinite(values)]
    low, high = (min(float(known.min()), 0.0), float(known.max())) if len(known) else (0.0, 1.0)
    high = max(high, low + (0.1 if unit == "share" else 1e-9))
    bottom, top = low - (high - low) * 0.08 * (low < 0), high + (high - low) * 0.16
    steps = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]).tick_values(bottom, top)
    steps = [float(step) for step in steps if bottom <= step <= top and (unit != "share" or step <= 1)]
    axes.set_ylim(bottom, top)
    axes.set_yticks(steps, labels=[value_text(step, unit) for step in steps], parse_math=False)
    axes.grid(axis="y", color=style.RULE, linewidth=0.8)
    axes.set_axisbelow(True)


def _band(
    axes: Axes, at: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64], label: str
) -> None:
    from matplotlib.patches import Patch

    known = np.isfinite(lower) & np.isfinite(upper)
    if not known.any():
        return
    edges = np.column_stack([at - 0.5, at + 0.5]).ravel()
    axes.fill_between(
        edges, np.repeat(lower, 2), np.repeat(upper, 2), where=np.repeat(known, 2), color=style.ACCENT_LIGHT,
        linewidth=0, zorder=1,
    )  # fmt: skip
    text = safe_text(label)
    key = axes.legend(
        handles=[Patch(facecolor=style.ACCENT_LIGHT, label=text)], loc="lower left", bbox_to_anchor=(0, 1),
        frameon=False, borderaxespad=0.2, borderpad=0, fontsize=style.SMALL, labelcolor=style.MUTED,
        handlelength=1.4, handletextpad=0.6,
    )  # fmt: skip
    for entry in key.get_texts():
        entry.update({"parse_math": False, **font(text)})


def _quarters(
    axes: Axes, labels: Sequence[str], cases: NDArray[np.float64] | None, is_focus: NDArray[np.bool_], noun: str
) -> None:
    """Write each quarter and its cases below it, leaving quarters out where they would touch."""
    slot = style.settle(axes)[0] / (len(labels) + 0.2)
    under = [""] * len(labels)
    if cases is not None:
        under = [count(k, noun) if np.isfinite(k) else "withheld" for k in cases]
        if max(width_of(axes, text, style.SMALL) for text in under) > slot * 0.94:
            under = [f"{k:,.0f}" if np.isfinite(k) else "–" for k in cases]
            axes.set_xlabel(f"Below each quarter: its number of {plural(noun)}", fontsize=style.SMALL)
            axes.xaxis.label.update({"color": style.MUTED, "parse_math": False, "fontfamily": style.FONT})
    widest = max(width_of(axes, text, style.SMALL, "bold") for text in (*labels, *under))
    every = max(1, int(np.ceil(widest * 1.12 / slot)))
    texts = [
        f"{label}\n{below}".rstrip() if (len(labels) - 1 - index) % every == 0 else ""
        for index, (label, below) in enumerate(zip(labels, under, strict=True))
    ]
    axes.set_xticks(range(len(labels)), labels=texts, parse_math=False)
    for tick, text, emphasised in zip(axes.get_xticklabels(), texts, is_focus, strict=True):
        tick.update(font(text.replace("\n", ""), "bold" if emphasised else "normal"))
        tick.set_color(style.INK if emphasised else style.MUTED)


def _figures(axes: Axes, values: NDArray[np.float64], is_focus: NDArray[np.bool_], unit: str) -> None:
    """Write the last value at the end of the line and the focus quarter's beside its dot."""
    from matplotlib.patheffects import withStroke

    known = np.flatnonzero(np.isfinite(values))
    halo = [withStroke(linewidth=3, foreground=style.PAPER)]
    for index in known:
        value = float(values[index])
        around = values[[each for each in (index - 1, index, index + 1) if 0 <= each < len(values)]]
        below = value < np.nanmean(around)
        if index == known[-1]:
            offset, ha, va = (8, 0), "left", "center_baseline"
        elif is_focus[index]:
            offset, ha, va = (0, -9 if below else 9), "center", "top" if below else "bottom"
        else:
            continue
        note(
            axes, (float(index), value), value_text(value, unit), offset, ha=ha, va=va, size=style.SIZE,
            weight="bold", color=style.INK, path_effects=halo, zorder=6,
        )  # fmt: skip
