"""What has become of deals by each day: cumulative incidences stacked, what is still open on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import day_curves, rows, style
from postmortem.charts.edge_names import EdgeName, name_edge
from postmortem.charts.lettering import safe_text
from postmortem.ground.errors import UsageError
from postmortem.ground.formats import count, per_cent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 3.9
OPEN = "open"


def height_for(days: int) -> float:
    """Return inches of height, the same for any number of days."""
    return HEIGHT


@style.theme()
def incidence_stack(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    day: str,
    fate: str,
    share: str,
    at_risk: str = "",
    order: Sequence[str] = (),
    least: int = day_curves.LEAST_AT_RISK,
    horizon: float | None = None,
    since: str = "the start",
    noun: str = "deal",
) -> None:
    """Draw the share that has met each fate by each day, stacked up to all.

    Parameters
    ----------
    frame : DataFrame
        One row a fate and day on which its share moves.
    axes : matplotlib.axes.Axes
        Where to draw.
    day : str
        Column of days since the start.
    fate : str
        Column of fates; rows of ``open`` are left out, as what is left of all is drawn as open anyway.
    share : str
        Column of cumulative incidences (0 to 1), holding until the next day of the same fate.
    at_risk : str
        Column of how many cases were at risk on that day, the same for all fates.
    order : sequence of str
        Fates from the bottom up; those of the house, then others by appearance, unless told.
    least : int
        The picture ends on the first day with fewer cases at risk.
    horizon : float
        Day to mark, such as the one a sentence speaks of; none unless it lies inside the picture.
    since : str
        What the days count from, in plain words.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing, or the shares of a day are more than all.
    """
    rows.require("incidence_stack", frame, day, fate, share, at_risk)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    days, values = rows.numbers(frame, day), rows.numbers(frame, share)
    if not (np.isfinite(days) & np.isfinite(values)).any():
        return rows.nothing(axes, "Withheld")
    keys = ["" if style.is_missing(value) else str(value) for value in frame[fate]]
    risk_days, left = day_curves.at_risk_of(frame, day, at_risk)
    end = day_curves.end_of(risk_days, left, least)
    if (left < least).any() and end <= risk_days[0]:
        return rows.nothing(axes, f"Fewer than {count(least, noun)} at risk from the first day on")
    curves = day_curves.stepped(days, keys, values).drop(columns=OPEN, errors="ignore")
    _check(curves)
    curves = curves[[*(key for key in _ordered(order) if key in curves), *_others(curves, order)]]
    day_curves.share_scale(axes)
    day_curves.day_scale(axes, end, risk_days, left if at_risk else None, since, noun)
    if (left < least).any():
        day_curves.mark_end(axes, end, least, noun)
        curves = curves[curves.index < end]
    day_curves.left_out(axes, int(np.isnan(days).sum()))
    name_edge(axes, _bands(axes, curves, max(end, 1.0)), always_lead=True)
    if horizon is not None and 0 < horizon < end:
        day_curves.mark_day(axes, horizon, end, zorder=4)
    # Once more, as the names have taken of the width.
    day_curves.day_scale(axes, end, risk_days, left if at_risk else None, since, noun)
    return None


def _ordered(order: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*order, *(fate.key for fate in style.FATES), *style.BY_KEY]))


def _others(curves: pd.DataFrame, order: Sequence[str]) -> list[str]:
    return [str(key) for key in curves.columns if key not in _ordered(order)]


def _check(curves: pd.DataFrame) -> None:
    total = curves.sum(axis=1).to_numpy()
    if (total > 1 + 1e-6).any():
        worst = int(total.argmax())
        raise UsageError(
            "The shares of a day are more than all.",
            got=f"a sum of {total[worst]:.3f} on day {float(curves.index[worst]):g}",
            expected="cumulative incidences of competing fates, which sum to 1 at most",
            do="Estimate the fates together (Aalen–Johansen), not one by one.",
        )


def _bands(axes: Axes, curves: pd.DataFrame, end: float) -> list[EdgeName]:
    """Draw one band a fate from the bottom up, the rest as open, and return the names they end with."""
    edges = np.append(curves.index.to_numpy(dtype=np.float64), end)
    stacked = np.column_stack([np.zeros(len(curves)), curves.to_numpy().cumsum(axis=1), np.ones(len(curves))])
    # A gap in one fate leaves unknown where all bands above it lie, and what is left.
    stacked[np.isnan(stacked).any(axis=1)] = np.nan
    names = []
    for at, key in enumerate([*curves, OPEN]):
        look = style.fate_of(key or None)
        lower, upper = (np.append(side, side[-1]) for side in (stacked[:, at], stacked[:, at + 1]))
        if not (upper - lower > 0).any():
            continue
        face = style.REST if key == OPEN else look.colour
        axes.fill_between(
            edges, lower, upper, step="post", facecolor=face, hatch=look.hatch, edgecolor=look.hatch_colour,
            linewidth=0, zorder=2, label=look.label or safe_text(key),
        )  # fmt: skip
        axes.step(edges, upper, where="post", color=style.PAPER, linewidth=0.8, zorder=3)
        if np.isfinite(upper[-1]):
            middle = float(lower[-1] + upper[-1]) / 2
            name = "Still open" if key == OPEN else look.label or safe_text(key)
            names.append(EdgeName(middle, name, per_cent(float(upper[-1] - lower[-1])), look.edge))
    return names
