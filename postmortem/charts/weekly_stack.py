"""How a whole divides week after week: one upright bar of a hundred per cent a week, its parts named at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import parts, rows, style
from postmortem.charts.day_curves import share_scale
from postmortem.charts.edge_names import EdgeName, name_edge
from postmortem.charts.lettering import WITHHELD, font, safe_text, width_of, write
from postmortem.ground.formats import per_cent, plural, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HEIGHT = 3.9
THICKNESS = 0.84


def height_for(weeks: int) -> float:
    """Return inches of height, the same for any number of weeks."""
    return HEIGHT


@style.theme()
def weekly_stack(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    week: str,
    part: str,
    value: str,
    order: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    rest: str = "",
    unit: str = "",
    week_label: str = "week of the quarter",
    noun: str = "deal",
) -> None:
    """Draw one bar a week, its parts stacked; every bar is as high as the others.

    Parameters
    ----------
    frame : DataFrame
        One row a week and part; a part without a row in a week is none.
    axes : matplotlib.axes.Axes
        Where to draw.
    week : str
        Column of weeks (or other periods), in order of appearance.
    part : str
        Column of parts: fates, or other words.
    value : str
        Column of counts or amounts. A week with a missing one is withheld whole.
    order : sequence of str
        Parts from the bottom up; in order of appearance unless told.
    labels : mapping of str to str, optional
        Plain words for parts.
    rest : str
        Part that is what is left of the whole, drawn as its background.
    unit : str
        Unit of the values as in a result's columns: a currency code, or empty for counts.
    week_label : str
        What the weeks are, written below them.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("weekly_stack", frame, week, part, value)
    style.fit_height(axes, height_for(len(frame)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    values = _values(frame, week, part, value, order)
    if not (values.sum(axis=1, skipna=False) > 0).any():
        return rows.nothing(axes, "Withheld" if values.isna().to_numpy().any() else "Nothing to draw")
    looks = [
        replace(look, colour=style.REST, hatch="", edge=style.MUTED) if key == rest and rest else look
        for key, look in zip(values, parts.looks(list(values.columns), labels or {}), strict=True)
    ]
    totals = values.sum(axis=1, skipna=False).to_numpy()
    share_scale(axes)
    axes.set_xlim(-0.5, len(values) - 0.5)
    labelled = [safe_text(each) for each in values.index]
    _weeks(axes, labelled, totals, unit, week_label, noun)
    shares = np.divide(values.to_numpy(), totals[:, None], where=totals[:, None] > 0, out=np.full(values.shape, np.nan))
    _bars(axes, shares, looks)
    for at in np.flatnonzero(~(totals > 0)):
        why = WITHHELD if np.isnan(totals[at]) else "none"
        write(axes, float(at), 0.5, why, rotation=90, ha="center", va="center", fontsize=style.SMALL, color=style.MUTED)
    name_edge(axes, _names(shares, looks), always_lead=True)
    # Once more, as the names have taken of the width.
    _weeks(axes, labelled, totals, unit, week_label, noun)
    return None


def _values(frame: pd.DataFrame, week: str, part: str, value: str, order: Sequence[str]) -> pd.DataFrame:
    """Return values with weeks as rows and parts as columns; a missing value makes its cell missing."""
    tidy = pd.DataFrame(
        {
            "week": [_week(each) for each in frame[week]],
            "part": ["" if style.is_missing(each) else str(each) for each in frame[part]],
            "value": rows.numbers(frame, value),
        }
    )
    sums = tidy.groupby(["week", "part"], sort=False)["value"].agg(lambda values: values.sum(skipna=False))
    weeks, present = list(dict.fromkeys(tidy["week"])), list(dict.fromkeys(tidy["part"]))
    ordered = list(dict.fromkeys([*(each for each in order if each in present), *present]))
    cells = [[float(sums.get((each, name), 0.0)) for name in ordered] for each in weeks]
    return pd.DataFrame(cells, index=weeks, columns=ordered)


def _week(value: object) -> str:
    whole = isinstance(value, float | np.floating) and np.isfinite(value) and float(value).is_integer()
    return safe_text(int(value) if whole and isinstance(value, float | np.floating) else value)


def _bars(axes: Axes, shares: NDArray[np.float64], looks: Sequence[style.Fate]) -> None:
    known = np.isfinite(shares).all(axis=1)
    at = np.flatnonzero(known)
    bottom = np.zeros(len(at))
    for share, look in zip(shares[known].T, looks, strict=True):
        axes.bar(
            at, share, bottom=bottom, width=THICKNESS, color=look.colour, hatch=look.hatch, linewidth=0,
            edgecolor=look.hatch_colour, zorder=2, label=look.label,
        )  # fmt: skip
        bottom = bottom + share
        axes.hlines(bottom, at - THICKNESS / 2, at + THICKNESS / 2, color=style.PAPER, linewidth=0.9, zorder=3)


def _names(shares: NDArray[np.float64], looks: Sequence[style.Fate]) -> list[EdgeName]:
    """Return the parts that there ever are, with their shares of the first and the last week known."""
    known = np.flatnonzero(np.isfinite(shares).all(axis=1))
    first, last = shares[known[0]], shares[known[-1]]
    middles = np.cumsum(last) - last / 2
    ever = [bool((share > 0).any()) for share in shares[known].T]
    figures = [per_cent(float(end)) for end in last]
    if len(known) > 1:
        figures = [f"{per_cent(float(begin))} → {figure}" for begin, figure in zip(first, figures, strict=True)]
    return [
        EdgeName(float(middle), look.label, figure, look.edge)
        for middle, look, figure, there in zip(middles, looks, figures, ever, strict=True)
        if there
    ]


def _weeks(
    axes: Axes, labels: Sequence[str], totals: NDArray[np.float64], unit: str, week_label: str, noun: str
) -> None:
    """Write each week and its total below it, leaving weeks out where they would touch."""
    slot = style.settle(axes)[0] / max(len(labels), 1)
    under = [(value_text(total, unit) if unit else f"{total:,.0f}") if np.isfinite(total) else "–" for total in totals]
    widest = max(width_of(axes, text, style.SMALL) for text in (*labels, *under))
    every = max(1, int(np.ceil((widest + 4) / slot)))
    kept = range(len(labels) - 1, -1, -every)
    texts = [
        f"{label}\n{below}" if at in kept else "" for at, (label, below) in enumerate(zip(labels, under, strict=True))
    ]
    axes.set_xticks(range(len(labels)), labels=texts, parse_math=False)
    for tick, text in zip(axes.get_xticklabels(), texts, strict=True):
        tick.update(font(text.replace("\n", "")))
    what = "amount" if unit else f"number of {plural(noun)}"
    shown = safe_text(week_label, "week")
    axes.set_xlabel(f"{shown[0].upper()}{shown[1:]}; below each: its {what}", fontsize=style.SMALL)
    axes.xaxis.label.update({"color": style.MUTED, "parse_math": False, "fontfamily": style.FONT})
