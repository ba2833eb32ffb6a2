"""Where things went from where they were: a row a category before, a column a category after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import WITHHELD, note, safe_text, shorten, width_of, write
from postmortem.charts.rows import Cell
from postmortem.ground.formats import count, per_cent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HEADER, LINE, ROW, NARROWEST = 42.0, 11.0, 30.0, 34.0
# Points a row needs for the share below the count.
BOTH = 24.0
# Ever darker, so that a grey print keeps the order, and never too dark for dark letters.
LIGHTEST, DARKEST = (244, 247, 250), (128, 150, 172)
# The darkest tone is the largest share that moved, or this where none is as large.
LEAST_DARKEST = 0.4


def height_for(categories: int) -> float:
    """Return inches of height for `categories` rows and the heads above them."""
    return round(0.9 + 0.42 * max(categories, 1), 2)


@style.theme()
def transition_grid(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    before: str,
    after: str,
    n: str,
    order: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    before_label: str = "from",
    after_label: str = "to",
    noun: str = "deal",
) -> None:
    """Draw a grid of counts with their share of the row, the darker the larger; what stayed is subdued.

    Parameters
    ----------
    frame : DataFrame
        One row a pair of categories; pairs that are not there are none.
    axes : matplotlib.axes.Axes
        Where to draw.
    before, after : str
        Columns of the categories, fates or other words; missing ones read ``withheld``.
    n : str
        Column of counts. A row of the grid with a missing one is shown without shares and without a total.
    order : sequence of str
        Categories from the top down and from left to right; in order of appearance unless told.
    labels : mapping of str to str, optional
        Plain words for categories that are no fates.
    before_label, after_label : str
        What rows and columns are, in plain words.
    noun : str
        What is counted, in the singular.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("transition_grid", frame, before, after, n)
    style.fit_height(axes, height_for(frame[before].nunique(dropna=False)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    sides = [["" if style.is_missing(value) else str(value) for value in frame[column]] for column in (before, after)]
    counts = _grid(sides[0], sides[1], rows.numbers(frame, n), order)
    axes.set_xticks([])
    shown = rows.that_fit(counts, axes, HEADER + 4)
    names = [_name(key, labels or {}) for key in shown.index]
    pitch = rows.lay(axes, names, len(counts) - len(shown), header=HEADER, most=ROW)
    totals = shown.sum(axis=1, skipna=False).to_numpy()
    rows.beside(axes, [[Cell(count(k, noun) if np.isfinite(k) else WITHHELD) for k in totals]])
    width = style.settle(axes)[0]
    columns = list(shown.columns)[: max(int(width / NARROWEST), 1)]
    cell = (width / len(columns), pitch)
    axes.set_xlim(0, len(columns))
    heads = [_name(key, labels or {}) for key in columns]
    counted = shown.to_numpy(dtype=np.float64)
    shares = np.divide(counted, totals[:, None], where=totals[:, None] > 0, out=np.zeros(counted.shape))
    stayed = np.array([[bool(key) and key == other for other in shown] for key in shown.index])
    darkest = max(np.nanmax(np.where(stayed, 0.0, shares)), LEAST_DARKEST)
    _heads(axes, heads, (before_label, after_label), len(counts.columns) - len(columns), cell[0])
    for row, at in np.ndindex(len(shown), len(columns)):
        n_here, share = float(counted[row, at]), float(shares[row, at])
        _ground(axes, (at, row), None if stayed[row, at] else share / darkest)
        colour = style.MUTED if stayed[row, at] or n_here == 0 else style.INK
        part = per_cent(share) if n_here > 0 and np.isfinite(totals[row]) else ""
        _figures(axes, (at, row), n_here, part, cell, colour, strong=n_here > 0 and not stayed[row, at])
    return None


def _grid(before: Sequence[str], after: Sequence[str], n: NDArray[np.float64], order: Sequence[str]) -> pd.DataFrame:
    """Return counts with rows before and columns after; a missing count makes its cell missing."""
    tidy = pd.DataFrame({"before": before, "after": after, "n": n})
    sums = tidy.groupby(["before", "after"], sort=False)["n"].agg(lambda values: values.sum(skipna=False))
    first, second = list(dict.fromkeys(before)), list(dict.fromkeys(after))
    # Both sides follow the rows' order where they share categories, so that what stayed lies on the diagonal.
    line = list(dict.fromkeys([*order, *first, *second]))
    return pd.DataFrame(
        [[float(sums.get((key, other), 0.0)) for other in line if other in second] for key in line if key in first],
        index=[key for key in line if key in first],
        columns=[other for other in line if other in second],
    )


def _name(key: str, labels: Mapping[str, str]) -> str:
    return safe_text(labels.get(key, style.fate_of(key or None).label or key)) if key else WITHHELD


def _heads(axes: Axes, heads: Sequence[str], sides: tuple[str, str], hidden: int, width: float) -> None:
    """Write the columns' names above the grid, what rows and columns are, and how many columns are left out."""
    for at, head in enumerate(heads):
        for up, line in enumerate(reversed(_lines(axes, head, width - 4))):
            place = (at + 0.5, -0.5)
            note(axes, place, line, (0, 3 + LINE * up), color=style.INK, ha="center", va="bottom")
    note(axes, (0, -0.5), sides[0], (-3.5, 3), ha="right", va="bottom")
    more = f" (and {count(hidden, 'more column')} in the table)" if hidden else ""
    note(axes, (0, -0.5), f"{sides[1]}{more}", (1, 5 + LINE * 2), va="bottom")


def _lines(axes: Axes, text: str, width: float) -> list[str]:
    """Return a name as one line, or as two broken at the last space that lets the first one fit."""
    if width_of(axes, text, style.SMALL) <= width:
        return [text]
    words = text.split(" ")
    for kept in range(len(words) - 1, 0, -1):
        first = " ".join(words[:kept])
        if width_of(axes, first, style.SMALL) <= width:
            return [first, shorten(axes, " ".join(words[kept:]), width, style.SMALL)]
    return [shorten(axes, text, width, style.SMALL)]


def _ground(axes: Axes, at: tuple[int, int], depth: float | None) -> None:
    """Fill a cell with the tone of its depth; what stayed has a thin frame instead."""
    from matplotlib.patches import Rectangle

    column, row = at
    look: dict[str, Any] = {"fill": False, "edgecolor": style.RULE, "linewidth": 1.0}
    if depth is not None:
        look = {"facecolor": tone(depth), "linewidth": 0}
    axes.add_patch(Rectangle((column + 0.012, row - 0.47), 0.976, 0.94, **look))


def _figures(
    axes: Axes, at: tuple[int, int], n: float, part: str, size: tuple[float, float], colour: str, *, strong: bool
) -> None:
    """Write into a cell of `size` points the count, and beside or below it the share where there is room."""
    column, row = at
    words = "–" if np.isnan(n) else f"{n:,.0f}"
    both = f"{words} · {part}"
    beside = part != "" and width_of(axes, both, style.SMALL, "bold") <= size[0] - 4
    below = part != "" and not beside and size[1] >= BOTH
    look: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": style.SMALL, "color": colour}
    weight = "bold" if strong else "normal"
    write(axes, column + 0.5, row - 0.2 * below, both if beside else words, weight=weight, **look)
    if below:
        write(axes, column + 0.5, row + 0.22, part, **look)


def tone(depth: float) -> str:
    """Return a tone between pale (0) and dark (1), ever less light the deeper, in grey as in colour."""
    mixed = (round(pale + (dark - pale) * depth) for pale, dark in zip(LIGHTEST, DARKEST, strict=True))
    return "#" + "".join(f"{channel:02X}" for channel in mixed)
