"""From one answer to another: what one rater said at the left, what the other one said at the right, and the bands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import rows, style
from postmortem.charts.lettering import WITHHELD, note, safe_text, shorten, width_of
from postmortem.ground.formats import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# Points: between two names, the space above and below the blocks, between blocks, and a name at most.
PITCH, HEADER, FOOTER, GAP, NAME = 15.0, 22.0, 16.0, 4.0, 168.0
MOST = 10
BAR = 0.03
SAME, FOLLOWED, OTHER = "#7C93A8", "#A9BACA", "#E3E8EC"


@dataclass(frozen=True)
class Side:
    """The blocks of one side from the top down: names, counts, and where each begins and ends in points."""

    names: tuple[str, ...]
    counts: tuple[float, ...]
    tops: tuple[float, ...]
    heights: tuple[float, ...]

    @property
    def middles(self) -> list[float]:
        """Return the middle of each block, in points from the top."""
        return [top + height / 2 for top, height in zip(self.tops, self.heights, strict=True)]


def height_for(blocks: int) -> float:
    """Return inches of height for the side with more `blocks`, and the heads above."""
    return round(1.4 + 0.34 * min(max(blocks, 1), MOST + 1), 2)


@style.theme()
def flow(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    left: str,
    right: str,
    n: str,
    left_label: str,
    right_label: str,
    followed: Sequence[str] = (),
    last: Sequence[str] = (),
    noun: str = "deal",
    pooled: str = "other reason",
) -> None:
    """Draw blocks at both sides and bands between them; bands between equal names are hatched.

    Parameters
    ----------
    frame : DataFrame
        One row a pair of answers.
    axes : matplotlib.axes.Axes
        Where to draw.
    left, right : str
        Columns of the two answers; missing ones read ``withheld``.
    n : str
        Column of counts. Where one is withheld its band is not drawn, and a line says so.
    left_label, right_label : str
        Who answers at either side.
    followed : sequence of str
        Answers of the left side whose bands stand out.
    last : sequence of str
        Answers that come last, however frequent, such as none at all.
    noun : str
        What is counted, in the singular.
    pooled : str
        What answers beyond the ten most frequent of a side are pooled as, in the singular; they come last as well.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("flow", frame, left, right, n)
    style.fit_height(axes, height_for(max(frame[left].nunique(), frame[right].nunique()) if len(frame) else 1))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    numbers = rows.numbers(frame, n)
    known = numbers > 0
    if not known.any():
        return rows.nothing(axes, WITHHELD)
    sides = [[safe_text(value) for value in frame.loc[known, column]] for column in (left, right)]
    pairs = pd.DataFrame({"left": sides[0], "right": sides[1], "n": numbers[known]})
    spoken = {safe_text(name) for name in followed}
    at_end = {side: [safe_text(name) for name in last] for side in ("left", "right")}
    for at, names in at_end.items():
        pairs[at] = _pooled(pairs, at, pooled, names)
    pairs = pairs.groupby(["left", "right"], sort=False)["n"].sum().reset_index()
    axes.set_xticks([])
    axes.set_yticks([])
    heads = (left_label, f"{right_label}, {count(pairs['n'].sum(), noun)}")
    same = (pairs["left"] == pairs["right"]) & ~pairs["left"].isin(at_end["left"])
    laid = _laid(axes, pairs, heads, at_end)
    _bands(axes, pairs.assign(same=same), *laid, spoken)
    for place, (side, head) in enumerate(zip(laid, heads, strict=True)):
        _blocks(axes, side, head, place == 1)
    said = ["hatched: the same answer at both sides"] * bool(same.any())
    if np.isnan(numbers).any():
        said.append(f"bands whose count is {WITHHELD} are not drawn")
    note(axes, (0.5, axes.get_ylim()[0]), "; ".join(said), (0, 2), ha="center", va="bottom")
    return None


def _pooled(pairs: pd.DataFrame, side: str, word: str, at_end: list[str]) -> pd.Series:
    """Return the answers of one side, those beyond the most frequent ones under one name, which comes last."""
    totals = pairs.groupby(side)["n"].sum().sort_index().sort_values(ascending=False, kind="stable")
    totals = totals[~totals.index.isin(at_end)]
    if len(totals) <= MOST:
        return pairs[side]
    small = list(totals.index[MOST - 1 :])
    at_end.insert(0, count(len(small), word))
    return pairs[side].where(~pairs[side].isin(small), at_end[0])


def _laid(
    axes: Axes, pairs: pd.DataFrame, heads: Sequence[str], at_end: Mapping[str, Sequence[str]]
) -> tuple[Side, Side]:
    """Place the blocks of both sides on one scale, as tall as the axes allow with room for every name."""
    totals = [pairs.groupby(side, sort=False)["n"].sum() for side in ("left", "right")]
    order = [_order(totals[0], totals[0], at_end["left"]), _order(totals[1], totals[0], at_end["right"])]
    _margins(
        axes,
        [
            max(width_of(axes, head, style.SMALL), *(_name_width(axes, name, total[name]) for name in total.index))
            for head, total in zip(heads, totals, strict=True)
        ],
    )
    height = max(style.settle(axes)[1] - HEADER - FOOTER, 40.0)
    each = [
        np.array([total[name] for name in names], dtype=np.float64) for total, names in zip(totals, order, strict=True)
    ]
    scale = min(_scale(values, height) for values in each)
    taken = max(float((values * scale).sum() + _gaps(values * scale).sum()) for values in each)
    axes.set_ylim(max(height, taken) + FOOTER, -HEADER)
    made = [_side(names, values, scale, taken) for names, values in zip(order, each, strict=True)]
    return made[0], made[1]


def _order(totals: pd.Series, leading: pd.Series, at_end: Sequence[str]) -> list[str]:
    """Return names from the largest down; the other side's come in the leading one's order where it has them."""
    ranked = [str(name) for name in totals.sort_index().sort_values(ascending=False, kind="stable").index]
    first = [str(name) for name in leading.sort_index().sort_values(ascending=False, kind="stable").index]
    shared = [name for name in first if name in ranked]
    line = [*shared, *(name for name in ranked if name not in shared)]
    return sorted(line, key=lambda name: at_end.index(name) if name in at_end else -1)


def _gaps(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the space after each block, the last excepted, so that names never touch."""
    if len(heights) < 2:
        return np.zeros(0)
    return np.maximum(GAP, PITCH - (heights[:-1] + heights[1:]) / 2)


def _scale(values: NDArray[np.float64], height: float) -> float:
    """Return points for one case, the most that lets all blocks and gaps fit, found by halving."""
    low, high = 0.0, height / values.sum()
    for _ in range(40):
        middle = (low + high) / 2
        fits = (values * middle).sum() + _gaps(values * middle).sum() <= height
        low, high = (middle, high) if fits else (low, middle)
    # too many names for the height: blocks stay visible, and names keep their distance
    return float(max(low, 0.15 * height / values.sum()))


def _side(names: Sequence[str], values: NDArray[np.float64], scale: float, taken: float) -> Side:
    heights = values * scale
    gaps = _gaps(heights)
    if len(gaps):
        gaps = gaps + (taken - heights.sum() - gaps.sum()) / len(gaps)
    tops = np.concatenate([[0.0], np.cumsum(heights[:-1] + gaps)])
    return Side(tuple(names), tuple(values), tuple(tops), tuple(heights))


def _margins(axes: Axes, widths: Sequence[float]) -> None:
    """Keep room inside the axes for the names of both sides, in points."""
    whole = style.settle(axes)[0]
    shares = [min(each + 14, NAME + 40) / whole for each in widths]
    inner = max(1 - sum(shares), 0.2)
    axes.set_xlim(-shares[0] / inner, 1 + shares[1] / inner)


def _name_width(axes: Axes, name: str, cases: float) -> float:
    return float(min(width_of(axes, name), NAME) + width_of(axes, f"  {cases:,.0f}", weight="bold"))


def _bands(axes: Axes, pairs: pd.DataFrame, left: Side, right: Side, followed: Collection[str]) -> None:
    """Draw the bands in the order of the blocks they leave and reach, so that they cross as little as can be."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    told = list(zip(pairs["left"].astype(str), pairs["right"].astype(str), pairs["n"].astype(float), strict=True))
    alike = set(pairs.loc[pairs["same"], "left"])
    left_at, right_at = dict(zip(left.names, left.tops, strict=True)), dict(zip(right.names, right.tops, strict=True))
    scale, starts = left.heights[0] / left.counts[0], {}
    for name, other, n in sorted(told, key=lambda pair: (left.names.index(pair[0]), right.names.index(pair[1]))):
        starts[(name, other)] = left_at[name]
        left_at[name] += n * scale
    for name, other, n in sorted(told, key=lambda pair: (right.names.index(pair[1]), left.names.index(pair[0]))):
        a, b, thick = starts[(name, other)], right_at[other], n * scale
        right_at[other] += thick
        x0, x1 = BAR, 1 - BAR
        corners = [(x0, a), (0.5, a), (0.5, b), (x1, b), (x1, b + thick), (0.5, b + thick), (0.5, a + thick),
                   (x0, a + thick), (x0, a)]  # fmt: skip
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        same = name == other and name in alike
        colour = SAME if same else FOLLOWED if name in followed else OTHER
        look = {"facecolor": colour, "hatch": "////" if same else "", "edgecolor": style.PAPER}
        axes.add_patch(
            PathPatch(Path(corners, codes), linewidth=0.7, zorder=(OTHER, FOLLOWED, SAME).index(colour) + 1, **look)
        )


def _blocks(axes: Axes, side: Side, label: str, at_right: bool) -> None:
    """Draw one side: a bar a block, its name and its count beside it, and above all who answers."""
    from matplotlib.patches import Rectangle

    x, ha, out = (1.0, "left", 1) if at_right else (0.0, "right", -1)
    for name, cases, top, height, middle in zip(
        side.names, side.counts, side.tops, side.heights, side.middles, strict=True
    ):
        axes.add_patch(
            Rectangle((x - BAR * at_right, top), BAR, max(height, 0.8), facecolor=style.ACCENT, linewidth=0, zorder=4)
        )
        figure = f"{cases:,.0f}"
        width = width_of(axes, figure, weight="bold")
        note(axes, (x, middle), figure, (out * 5, 0), ha=ha, size=style.SIZE, weight="bold", color=style.INK)
        text = shorten(axes, name, NAME)
        note(axes, (x, middle), text, (out * (10 + width), 0), ha=ha, size=style.SIZE, color=style.INK)
    note(axes, (x, 0), label, (out * 5, 9), ha=ha, va="bottom")
