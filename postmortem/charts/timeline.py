"""One life from left to right: spans and moments on lanes of their own, two sides told apart by up and down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.charts import parts, rows, style
from postmortem.charts.lettering import WITHHELD, note, safe_text, shorten, width_of, write
from postmortem.charts.rows import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

LANE, BAND, PAD = 40.0, 17.0, 6.0
# How far a moment reaches from the middle of its lane, in rows.
REACH = 0.22
# A name in a band is shortened to no less than this, in points; below it the table says it.
LEAST_NAME = 22.0
DATE = 62.0


def height_for(lanes: int) -> float:
    """Return inches of height for `lanes` lanes and the dates below them."""
    return round(0.5 + 0.56 * max(lanes, 1), 2)


@style.theme()
def timeline(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    lane: str,
    start: str,
    end: str,
    label: str,
    side: str = "",
    labels: Mapping[str, str] | None = None,
) -> None:
    """Draw spans as bands and moments as marks, one lane below the other over the same dates.

    Parameters
    ----------
    frame : DataFrame
        One row a span or moment, in any order.
    axes : matplotlib.axes.Axes
        Where to draw.
    lane : str
        Column of lanes, drawn from the top down in order of appearance.
    start, end : str
        Columns of dates. A row without an end is a moment; one without a start is counted at its lane. Moments
        on a lane that has spans are marks without words.
    label : str
        Column of what it is: a fate, or other words. Spans of one word look alike within a lane.
    side : str
        Column of whose move a moment was; the first of its values in a lane stands up, all others down.
    labels : mapping of str to str, optional
        Plain words for labels that are no fates.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    rows.require("timeline", frame, lane, start, end, label, side)
    style.fit_height(axes, height_for(frame[lane].nunique(dropna=False)))
    style.prepare(axes)
    if frame.empty:
        return rows.nothing(axes)
    tidy = _tidy(frame, lane, start, end, label, side)
    if tidy["start"].isna().all():
        return rows.nothing(axes, "Withheld")
    lanes = pd.DataFrame({"name": list(dict.fromkeys(tidy["lane"]))})
    axes.set_xticks([])
    shown = rows.that_fit(lanes, axes, PAD * 2)["name"]
    members = [tidy[tidy["lane"] == name] for name in shown]
    pitch = rows.lay(axes, list(shown), len(lanes) - len(shown), header=PAD, most=LANE)
    rows.beside(axes, [[Cell(_sides(each)) for each in members]])
    _dates(axes, tidy)
    scale = style.settle(axes)[0] / np.ptp(axes.get_xlim())
    for row, each in enumerate(members):
        axes.hlines(row, *axes.get_xlim(), color=style.RULE, linewidth=0.8, zorder=0)
        _spans(axes, row, each[each["end"].notna()], labels or {}, min(0.6, BAND / pitch), scale)
        moments = each[each["end"].isna() & each["start"].notna()]
        worded = bool(each["end"].isna().all())
        _moments(axes, row, moments.sort_values("start", kind="stable"), labels or {}, scale if worded else 0.0)
    return None


def _tidy(frame: pd.DataFrame, lane: str, start: str, end: str, label: str, side: str) -> pd.DataFrame:
    """Return lane, start and end in days, label and side; an end before its start counts as the start."""
    tidy = pd.DataFrame(
        {
            "lane": [safe_text(each) for each in frame[lane]],
            "start": _days(frame[start]),
            "end": _days(frame[end]),
            "label": ["" if style.is_missing(each) else str(each) for each in frame[label]],
            "side": [safe_text(each, "") for each in frame[side]] if side else "",
        }
    )
    tidy["end"] = tidy["end"].where(tidy["start"].notna()).clip(lower=tidy["start"])
    return tidy


def _days(column: pd.Series) -> NDArray[np.float64]:
    """Return dates as days since 1970, missing where there is none."""
    dates = pd.to_datetime(pd.Series(column.to_numpy(dtype=object)), errors="coerce", utc=True)
    return np.asarray((dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1), dtype=np.float64)


def _sides(members: pd.DataFrame) -> str:
    """Say at the right of a lane which side stands up and which down, and how much has no date."""
    sides = [side for side in dict.fromkeys(members["side"]) if side]
    without = int(members["start"].isna().sum())
    said = [f"up: {sides[0][:24]}, down: {' or '.join(sides[1:3])[:24]}"] if len(sides) > 1 else []
    return "; ".join([*said, *([f"{without} {WITHHELD}"] if without else [])])


def _dates(axes: Axes, tidy: pd.DataFrame) -> None:
    from matplotlib.dates import AutoDateLocator, num2date

    known = tidy[["start", "end"]].to_numpy(dtype=np.float64)
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    pad = max((high - low) * 0.02, 0.5)
    axes.set_xlim(low - pad, high + pad)
    most = max(int(style.settle(axes)[0] / DATE), 2)
    locator = AutoDateLocator(minticks=2, maxticks=most)
    ticks = [float(tick) for tick in locator.tick_values(num2date(low - pad), num2date(high + pad))]
    ticks = [tick for tick in ticks if low - pad <= tick <= high + pad and tick == int(tick)]
    ticks = ticks[:: max(1, -(-len(ticks) // most))]
    axes.set_xticks(ticks, labels=[f"{num2date(tick):%Y-%m-%d}" for tick in ticks], parse_math=False)
    axes.grid(axis="x", color=style.RULE, linewidth=0.8)
    axes.set_axisbelow(True)


def _spans(axes: Axes, row: int, spans: pd.DataFrame, labels: Mapping[str, str], thick: float, scale: float) -> None:
    """Draw the bands of one lane, each with its name where that fits."""
    spans = spans.sort_values("start", kind="stable")
    keys = list(dict.fromkeys(spans["label"]))
    # Of a span that the next one covers, the part before that is named.
    shown = np.fmin(spans["end"], spans["start"].shift(-1)).tolist()
    looks = dict(zip(keys, parts.looks(keys, labels), strict=True))
    columns = (spans[column].tolist() for column in ("start", "end", "label"))
    for begin, end, key, seen in zip(*columns, shown, strict=True):
        look, length = looks[key], end - begin
        axes.barh(
            row, length, left=begin, height=thick, color=look.colour, hatch=look.hatch, linewidth=0,
            edgecolor=look.hatch_colour, zorder=2, label=look.label,
        )  # fmt: skip
        axes.vlines(begin, row - thick / 2, row + thick / 2, color=style.PAPER, linewidth=1.2, zorder=3)
        room = (seen - begin) * scale - PAD
        if room < min(LEAST_NAME, width_of(axes, look.label, style.SMALL)):
            continue
        write(
            axes, (begin + seen) / 2, row, shorten(axes, look.label, room, style.SMALL), ha="center",
            va="center_baseline", fontsize=style.SMALL, color=style.INK, zorder=4,
            bbox={"facecolor": style.PAPER, "linewidth": 0, "pad": 1.2, "alpha": 0.92},
        )  # fmt: skip


def _moments(axes: Axes, row: int, moments: pd.DataFrame, labels: Mapping[str, str], scale: float) -> None:
    """Draw the marks of one lane, and the words of those that have room; where bands are, `scale` is 0: none has."""
    first = next((side for side in moments["side"] if side), "")
    up = (moments["side"] == first).to_numpy()
    at = moments["start"].to_numpy(dtype=np.float64)
    for turn, marker in ((up, "o"), (~up, "s")):
        if not turn.any():
            continue
        sign = -1 if turn is up else 1
        axes.vlines(at[turn], row, row + sign * REACH, color=style.ACCENT, linewidth=1, zorder=2)
        axes.scatter(
            at[turn], np.full(turn.sum(), row + sign * REACH), s=16, marker=marker, zorder=3,
            color=style.ACCENT if sign < 0 else style.PAPER, edgecolors=style.ACCENT, linewidths=1.1,
        )  # fmt: skip
        words = [
            safe_text(labels.get(each, style.fate_of(each or None).label or each)) for each in moments["label"][turn]
        ]
        _words(axes, row + sign * REACH, at[turn], words, scale)


def _words(axes: Axes, height: float, at: NDArray[np.float64], words: Sequence[str], scale: float) -> None:
    """Write the words of each mark at its right, or else at its left, where they touch neither marks nor words."""
    if scale <= 0:
        return
    low, high = axes.get_xlim()
    edges = np.concatenate([[low - PAD / scale], at, [high]])
    taken = low
    for index, (day, text) in enumerate(zip(at, words, strict=True)):
        needed = (width_of(axes, text, style.SMALL) + 2 * PAD) / scale
        if day + needed <= edges[index + 2]:
            note(axes, (float(day), height), text, (PAD, 0))
            taken = day + needed
        elif day - needed >= max(taken, edges[index]):
            note(axes, (float(day), height), text, (-PAD, 0), ha="right")
