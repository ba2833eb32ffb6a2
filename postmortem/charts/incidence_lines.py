"""One fate by group over days: a line and its interval each, set side by side at a horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import day_curves, rows, style
from postmortem.charts.edge_names import LEADER, EdgeName, name_edge
from postmortem.charts.lettering import note, safe_text
from postmortem.ground.formats import count, interval_text, per_cent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 3.9
ROOM_ABOVE = 1.12


def height_for(days: int) -> float:
    """Return inches of height, the same for any number of days."""
    return HEIGHT


@style.theme()
def incidence_lines(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    group: str,
    day: str,
    share: str,
    low: str = "",
    high: str = "",
    at_risk: str = "",
    horizon: float | None = None,
    least: int = day_curves.LEAST_AT_RISK,
    since: str = "the start",
    noun: str = "deal",
) -> None:
    """Draw the share that has met one fate by each day, one line a group.

    Parameters
    ----------
    frame : DataFrame
        One row a group and day on which its share moves.
    axes : matplotlib.axes.Axes
        Where to draw.
    group : str
        Column of groups; the first six by appearance are drawn, the others counted.
    day : str
        Column of days since the start.
    share, low, high : str
        Columns of the cumulative incidence (0 to 1) and its interval, holding until the group's next day.
    at_risk : str
        Column of how many cases of the group were at risk on that day.
    horizon : float, optional
        Day on which the groups are compared; their figures at the right are those of this day, or of the last
        day of a group that ends before it.
    least : int
        A line ends on the first day with fewer cases of its group at risk.
    since : str
        What the days count from, in plain words.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("incidence_lines", frame, group, day, share, low, high, at_risk)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    names = [safe_text(value) for value in frame[group]]
    groups = list(dict.fromkeys(names))
    shown = groups[: len(style.GROUPS)]
    parts = [frame[np.array([name == each for name in names])] for each in shown]
    curves = [_curve(part, day, (share, low, high), at_risk, least) for part in parts]
    known = [curve for curve in curves if not curve.empty and curve["share"].notna().any()]
    if not known:
        return rows.nothing(axes, "Withheld" if np.isnan(rows.numbers(frame, share)).all() else _too_few(least, noun))
    top = max(float(np.nanmax(curve[["share", "high"]].to_numpy())) for curve in known)
    end = max(float(curve.index[-1]) for curve in known)
    day_curves.share_scale(axes, min(max(top * ROOM_ABOVE, 0.1), 1.0))
    day_curves.day_scale(axes, end, np.array([]), None, since, noun)
    labels = [_line(axes, *each, horizon) for each in zip(shown, curves, range(len(shown)), strict=True)]
    if horizon is not None and np.isfinite(horizon) and horizon <= end:
        _horizon(axes, horizon, end)
    name_edge(axes, [label for label in labels if label is not None], always_lead=True)
    # Once more, as the names have taken of the width.
    day_curves.day_scale(axes, end, np.array([]), None, since, noun)
    _remarks(axes, len(groups) - len(shown), len(curves) - len(known), least if at_risk else 0, noun)
    return None


def _too_few(least: int, noun: str) -> str:
    return f"Fewer than {count(least, noun)} at risk in every group"


def _curve(frame: pd.DataFrame, day: str, columns: tuple[str, str, str], at_risk: str, least: int) -> pd.DataFrame:
    """Return share, low and high of one group by day, up to where too few of its cases are at risk."""
    days = rows.numbers(frame, day)
    curves = [
        day_curves.stepped(days, [name] * len(frame), rows.numbers(frame, column))
        for name, column in zip(("share", "low", "high"), columns, strict=True)
        if np.isfinite(days).any()
    ]
    if not curves:
        return pd.DataFrame(columns=["share", "low", "high"], dtype=np.float64)
    curve = pd.concat(curves, axis=1)
    # Before the first value nothing has happened, which is no interval from none to none.
    curve.loc[curve.index < np.nanmin(days), ["low", "high"]] = np.nan
    risk_days, left = day_curves.at_risk_of(frame, day, at_risk)
    if not (left < least).any():
        return curve
    end = day_curves.end_of(risk_days, left, least)
    if end <= risk_days[0]:
        return curve.head(0)
    before = curve[curve.index < end]
    # The last share holds until the day on which the line ends.
    return before if before.empty else pd.concat([before, before.tail(1).set_axis([end])])


def _line(axes: Axes, name: str, curve: pd.DataFrame, turn: int, horizon: float | None) -> EdgeName | None:
    """Draw one group and return its name with the figures of the horizon, or of its last day before that."""
    colour, dash, marker = style.GROUPS[turn]
    if curve.empty or curve["share"].isna().all():
        return None
    days = curve.index.to_numpy(dtype=np.float64)
    share, low, high = (curve[column].to_numpy() for column in ("share", "low", "high"))
    if np.isfinite(low).any():
        axes.fill_between(days, low, high, step="post", color=colour, alpha=0.13, linewidth=0, zorder=2)
    axes.step(days, share, where="post", color=colour, linewidth=1.8, dashes=dash or (None, None), zorder=3, label=name)
    last = int(np.flatnonzero(np.isfinite(share))[-1])
    axes.scatter([days[last]], [share[last]], s=26, marker=marker, color=colour, zorder=4, clip_on=False)
    at = last
    if horizon is not None and np.isfinite(horizon):
        at = min(last, max(int(np.searchsorted(days, horizon, side="right")) - 1, 0))
    figure = per_cent(float(share[at]))
    if np.isfinite([low[at], high[at]]).all():
        figure += f" ({interval_text(float(low[at]), float(high[at]))})"
    if horizon is not None and days[-1] < horizon:
        figure += f" at day {days[-1]:,.0f}"
    return EdgeName(float(share[last]), name, figure, colour, float(days[last]))


def _horizon(axes: Axes, horizon: float, end: float) -> None:
    """Mark the day on which groups are compared, in the picture and above their figures."""
    day_curves.mark_day(axes, horizon, end, zorder=1)
    note(axes, (1, 1), f"at day {horizon:,.0f}", (LEADER, 4), xycoords="axes fraction", va="bottom")


def _remarks(axes: Axes, hidden: int, without: int, least: int, noun: str) -> None:
    """Say above the left edge what is not drawn, and where lines end."""
    parts = []
    if hidden:
        parts.append(f"{count(hidden, 'more group')} in the table")
    if without:
        parts.append(f"{count(without, 'group')} withheld or too small")
    if least:
        parts.append(f"lines end below {count(least, noun)} at risk")
    if parts:
        note(axes, (0, 1), "; ".join(parts), (0, 4), xycoords="axes fraction", va="bottom")
