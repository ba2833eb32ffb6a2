"""How groups divide: one bar of a hundred per cent a group, its parts named where they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import parts, rows, style
from postmortem.charts.lettering import note, safe_text, width_of, write
from postmortem.charts.rows import Cell
from postmortem.ground.formats import count, per_cent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

THICKNESS, HEADER, PAD = 19.0, 14.0, 10.0


def height_for(count: int) -> float:
    """Return inches of height for `count` bars and the names of their parts."""
    return rows.height_for(count, 0.45)


@style.theme()
def stacked_shares(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    group: str,
    part: str,
    value: str,
    n: str = "",
    order: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    noun: str = "deal",
) -> None:
    """Draw one stacked bar a group; every bar is as long as the others.

    Parameters
    ----------
    frame : DataFrame
        One row a group and part; groups without a name have a row for every part.
    axes : matplotlib.axes.Axes
        Where to draw.
    group : str
        Column of groups, drawn in order of appearance.
    part : str
        Column of parts: fates, or other words.
    value : str
        Column of counts, or of shares if `n` is given. A group with a missing value is withheld whole.
    n : str
        Column of the group's number of cases, the same in all its rows; the sum of the counts unless told.
    order : sequence of str
        Parts from left to right; in order of appearance unless told.
    labels : mapping of str to str, optional
        Plain words for parts that are no fates.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("stacked_shares", frame, group, part, value, n)
    style.fit_height(axes, height_for(frame[group].nunique(dropna=False)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    axes.xaxis.set_visible(False)
    tidy = _tidy(frame, group, part, value, n)
    present = list(dict.fromkeys(tidy["part"]))
    ordered = list(dict.fromkeys([*(each for each in order if each in present), *present]))
    looks = parts.looks(ordered, labels or {})
    groups = tidy.drop_duplicates(["name", "turn"])
    shown = rows.that_fit(groups, axes, HEADER * 2)
    pitch = rows.lay(axes, list(shown["name"]), len(groups) - len(shown), header=HEADER)
    axes.set_xlim(0, 1)
    bars = [tidy[(tidy["name"] == each.name) & (tidy["turn"] == each.turn)] for each in shown.itertuples(index=False)]
    values = [np.array([each["value"][each["part"] == name].sum(skipna=False) for name in ordered]) for each in bars]
    cases = [each["n"].iloc[0] if n else counts.sum() for each, counts in zip(bars, values, strict=True)]
    rows.beside(axes, [[Cell(count(k, noun)) if np.isfinite(k) else Cell("") for k in cases]])
    _name_parts(axes, values[0], looks, len(shown))
    width, thick = style.settle(axes)[0], min(0.72, THICKNESS / pitch)
    for row, counts in enumerate(values):
        if np.isfinite(counts).all() and counts.sum() > 0:
            _bar(axes, row, counts / counts.sum(), looks, thick, width)
        else:
            rows.instead(axes, row, cases[row], noun)
    return None


def _tidy(frame: pd.DataFrame, group: str, part: str, value: str, n: str) -> pd.DataFrame:
    """Return name, turn, part, value and n; groups without a name are told apart by the turn of their parts."""
    nameless = np.array([style.is_missing(each) for each in frame[group]])
    tidy = pd.DataFrame(
        {
            "name": [safe_text(each) for each in frame[group]],
            "part": [safe_text(each, "") for each in frame[part]],
            "value": rows.numbers(frame, value),
            "n": rows.numbers(frame, n),
        }
    )
    tidy["turn"] = np.where(nameless, 1 + tidy.groupby(["name", "part"]).cumcount(), 0)
    if tidy.loc[nameless, "part"].value_counts().nunique() > 1:
        # Which parts belong together cannot be told: none of these bars is drawn.
        tidy.loc[nameless, ["turn", "value", "n"]] = [1, np.nan, np.nan]
    return tidy


def _bar(
    axes: Axes,
    row: int,
    shares: NDArray[np.float64],
    looks: Sequence[style.Fate],
    thick: float,
    width: float,
) -> None:
    start = 0.0
    for share, look in zip(shares, looks, strict=True):
        axes.barh(
            row, share, left=start, height=thick, color=look.colour, hatch=look.hatch, linewidth=0,
            edgecolor=look.hatch_colour,
        )  # fmt: skip
        if start > 0 and share > 0:
            axes.vlines(start, row - thick / 2, row + thick / 2, color=style.PAPER, linewidth=1.2)
        text = per_cent(float(share))
        if share > 0 and width_of(axes, text, style.SMALL) + PAD <= share * width:
            write(
                axes, start + share / 2, row, text, ha="center", va="center_baseline", fontsize=style.SMALL,
                color=style.INK, bbox={"facecolor": style.PAPER, "linewidth": 0, "pad": 1.4, "alpha": 0.92},
            )  # fmt: skip
        start += share


def _name_parts(axes: Axes, values: NDArray[np.float64], looks: Sequence[style.Fate], count: int) -> None:
    """Name the parts above the first bar where every name fits over its part, else in a key below."""
    first = values / values.sum() if np.isfinite(values).all() and values.sum() > 0 else None
    width = style.settle(axes)[0]
    if first is None or any(
        width_of(axes, look.label, style.SMALL) + PAD > share * width for share, look in zip(first, looks, strict=True)
    ):
        rows.key(axes, looks, count)
        return
    for start, look in zip(np.cumsum(first) - first, looks, strict=True):
        note(axes, (start, -0.5), look.label, (1, 2), va="bottom")
