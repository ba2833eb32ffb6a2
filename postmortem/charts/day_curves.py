"""What charts over days share: curves that move in steps, where they end, and how many cases are left below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import note, safe_text
from postmortem.ground.formats import count, per_cent, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# Points that one day below the axis needs with the cases under it.
TICK = 38.0
# A curve ends where fewer cases than these are left to move it.
LEAST_AT_RISK = 10


def stepped(days: NDArray[np.float64], series: Sequence[str], values: NDArray[np.float64]) -> pd.DataFrame:
    """Return curves as columns and days as rows, each value holding until the next one of its curve.

    Parameters
    ----------
    days : ndarray
        Day of each value; values without a day are left out.
    series : sequence of str
        Curve of each value.
    values : ndarray
        From this day on; a missing one leaves a gap up to the next. Of two for one day the last holds.

    Returns
    -------
    DataFrame
        One row a day from 0 on, in order; one column a curve in order of appearance, 0 before its first value.
    """
    tidy = pd.DataFrame({"day": days, "series": series, "value": values}).dropna(subset="day")
    order = list(dict.fromkeys(tidy["series"]))
    # An infinity stands for a missing value, so that only absent days are filled from the day before.
    tidy["value"] = tidy["value"].fillna(np.inf)
    last = tidy.drop_duplicates(["day", "series"], keep="last")
    wide = last.pivot(index="day", columns="series", values="value")[order]
    wide = wide.reindex(sorted({0.0, *wide.index}))
    return wide.ffill().fillna(0.0).replace(np.inf, np.nan)


def end_of(days: NDArray[np.float64], at_risk: NDArray[np.float64], least: float) -> float:
    """Return the first day with fewer than `least` cases at risk, or the last day of all."""
    few = days[at_risk < least]
    return float(np.nanmin(few)) if len(few) else float(np.nanmax(days))


def share_scale(axes: Axes, top: float = 1.0) -> None:
    """Put a light scale of shares from none to `top` at the left."""
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]).tick_values(0, top)
    ticks = [float(tick) for tick in ticks if 0 <= tick <= top + 1e-9]
    axes.set_ylim(0, top)
    axes.set_yticks(ticks, labels=[per_cent(tick) for tick in ticks], parse_math=False)
    axes.grid(axis="y", color=style.RULE, linewidth=0.8)
    axes.set_axisbelow(True)


def day_scale(
    axes: Axes, end: float, days: NDArray[np.float64], at_risk: NDArray[np.float64] | None, since: str, noun: str
) -> None:
    """Put days below the picture, and under each how many cases were still at risk on it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Prepared axes.
    end : float
        Last day shown.
    days, at_risk : ndarray
        How many cases were at risk on which day. Between two days the later number is written, the smaller one.
    since : str
        What the days count from, in plain words.
    noun : str
        What is counted, in the singular.
    """
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(0, end if end > 0 else 1)
    room = max(int(style.settle(axes)[0] / TICK), 2)
    locator = MaxNLocator(nbins=min(room, 9), steps=[1, 2, 3, 5, 6, 9, 10], integer=True)
    ticks = [float(tick) for tick in locator.tick_values(0, end) if 0 <= tick <= end]
    labels, about = [f"{tick:,.0f}" for tick in ticks], f"days since {safe_text(since, 'the start')}"
    if at_risk is not None and np.isfinite(at_risk).any():
        left = [_left(tick, days, at_risk) for tick in ticks]
        labels = [
            f"{label}\n{k:,.0f}" if np.isfinite(k) else f"{label}\n–" for label, k in zip(labels, left, strict=True)
        ]
        about += f"; below each: {plural(noun)} still at risk"
    axes.set_xticks(ticks, labels=labels, parse_math=False)
    axes.tick_params(axis="x", length=3, color=style.MUTED, pad=3)
    axes.spines["bottom"].set(visible=True, color=style.MUTED, linewidth=0.8)
    axes.set_xlabel(about[0].upper() + about[1:], fontsize=style.SMALL)
    axes.xaxis.label.update({"color": style.MUTED, "parse_math": False, "fontfamily": style.FONT})


def mark_end(axes: Axes, end: float, least: float, noun: str) -> None:
    """Say above the right edge that and why the curves end there."""
    axes.axvline(end, color=style.INK, linewidth=1, linestyle=(0, (2, 2)), zorder=5, clip_on=False)
    text = f"ends at day {end:,.0f}: fewer than {count(least, noun)} at risk"
    note(axes, (1, 1), text, (0, 4), xycoords="axes fraction", ha="right", va="bottom")


def mark_day(axes: Axes, day: float, end: float, *, zorder: float) -> None:
    """Mark one day by a dashed line and name it at the top, on the side that has room."""
    axes.axvline(day, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=zorder)
    left = day > 0.75 * end
    note(
        axes, (day, 1), f"day {day:,.0f}", (-4 if left else 4, -2), xycoords=("data", "axes fraction"),
        ha="right" if left else "left", va="top", color=style.INK, zorder=6,
    )  # fmt: skip


def left_out(axes: Axes, rows_without_day: int) -> None:
    """Say above the left edge how many rows could not be placed, if any."""
    if rows_without_day:
        text = f"{count(rows_without_day, 'row')} withheld"
        note(axes, (0, 1), text, (0, 4), xycoords="axes fraction", va="bottom")


def at_risk_of(frame: pd.DataFrame, day: str, at_risk: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the days of `frame` in order and the cases at risk on each, missing where not told."""
    tidy = pd.DataFrame({"day": rows.numbers(frame, day), "at_risk": rows.numbers(frame, at_risk)})
    by_day = tidy.dropna(subset="day").groupby("day")["at_risk"].max().sort_index()
    return by_day.index.to_numpy(dtype=np.float64), by_day.to_numpy(dtype=np.float64)


def _left(tick: float, days: NDArray[np.float64], at_risk: NDArray[np.float64]) -> float:
    later = np.flatnonzero((days >= tick) & np.isfinite(at_risk))
    return float(at_risk[later[0]]) if len(later) else np.nan
