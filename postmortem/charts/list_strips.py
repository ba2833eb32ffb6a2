"""How the values of lists are used: one strip a list, one part a value, as long as its use; unused ones are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import safe_text, shorten, width_of, write
from postmortem.charts.rows import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

THICKNESS, HEADER, PAD = 19.0, 14.0, 10.0
LEAST_WORD = 26.0
# From the commonest value on; all further ones are alike.
TONES = ("#34506B", "#6C8CAA", "#9DB5CC", "#BFCEDC", "#DCE5EE")


def height_for(count: int) -> float:
    """Return inches of height for `count` strips and the headings above them."""
    return rows.height_for(count, 0.2)


@style.theme()
def list_strips(frame: pd.DataFrame, axes: Axes, *, group: str, value: str, n: str) -> None:
    """Draw one strip a list, its values side by side from the commonest on; at the right how many are unused.

    Parameters
    ----------
    frame : DataFrame
        One row a list and value.
    axes : matplotlib.axes.Axes
        Where to draw.
    group : str
        Column of lists, drawn in order of appearance; missing ones read ``withheld`` and are one strip.
    value : str
        Column of values, written where there is room.
    n : str
        Column of how often each value is used, 0 for never; a list with a missing one is withheld whole.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("list_strips", frame, group, value, n)
    names = [safe_text(each) for each in frame[group]]
    lists = list(dict.fromkeys(names))
    style.fit_height(axes, height_for(len(lists)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    axes.xaxis.set_visible(False)
    tidy = pd.DataFrame(
        {"list": names, "value": [safe_text(each) for each in frame[value]], "n": np.maximum(rows.numbers(frame, n), 0)}
    )
    shown = rows.that_fit(pd.DataFrame({"list": lists}), axes, HEADER)
    pitch = rows.lay(axes, list(shown["list"]), len(lists) - len(shown), header=HEADER)
    axes.set_xlim(0, 1)
    parts = [tidy[tidy["list"] == each].sort_values("n", ascending=False, kind="stable") for each in shown["list"]]
    known = [bool(part["n"].notna().all()) for part in parts]
    counted = [
        [Cell(f"{n:,}", strong) if ok else Cell("") for n, ok in zip(figures, known, strict=True)]
        for figures, strong in (
            ([len(part) for part in parts], False),
            ([int((part["n"] == 1).sum()) for part in parts], False),
            ([int((part["n"] == 0).sum()) for part in parts], True),
        )
    ]
    rows.beside(axes, counted, ("values", "used once", "never used"))
    width, thick = style.settle(axes)[0], min(0.72, THICKNESS / pitch)
    for row, (part, ok) in enumerate(zip(parts, known, strict=True)):
        used = part[part["n"] > 0]
        if ok and len(used):
            _strip(axes, row, used["n"].to_numpy() / used["n"].sum(), list(used["value"]), thick, width)
        else:
            rows.instead(axes, row, 0.0 if ok else np.nan, "use")
    return None


def _strip(axes: Axes, row: int, shares: NDArray[np.float64], values: list[str], thick: float, width: float) -> None:
    start = 0.0
    for rank, (share, value) in enumerate(zip(shares, values, strict=True)):
        tone = TONES[min(rank, len(TONES) - 1)]
        axes.barh(row, share, left=start, height=thick, color=tone, edgecolor=style.PAPER, linewidth=0.8)
        room = share * width - PAD
        word = shorten(axes, value, room, style.SMALL) if room >= LEAST_WORD else ""
        # A word cut to a letter or two says nothing.
        if word and (word == value or width_of(axes, word, style.SMALL) > LEAST_WORD):
            write(
                axes, start + share / 2, row, word, ha="center", va="center_baseline", fontsize=style.SMALL,
                color=style.PAPER if rank < 2 else style.INK,
            )  # fmt: skip
        start += float(share)
