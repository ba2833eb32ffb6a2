"""One look for every picture: colours by fate, letter sizes, and figures written the same way every time.

Sizes are for a figure 8 in wide shown about 760 px wide, where 9 pt is 12 px. The colours are Okabe and
Ito's, told apart by people with any of the common kinds of colour blindness; every fate also has a hatch
and a marker, so that colour never carries a distinction alone.

References
----------
Okabe, M., Ito, K. (2008). Color Universal Design: how to make figures and presentations that are friendly
to colorblind people. J*Fly.

Petroff, M. A. (2021). Accessible color sequences for data visualization. arXiv:2107.02270.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pandas as pd

from postmortem.ground.fates import FATE_LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, RULE, PAPER = "#1F2933", "#586470", "#DFE4E8", "#FFFFFF"
ACCENT, ACCENT_LIGHT = "#34506B", "#DCE5EE"
# What is left of a whole is the background of a stack, not a part that should catch the eye.
REST = "#EEF7FC"
SIZE, SMALL = 9.0, 8.0
FONT = "DejaVu Sans"
HOUSE = "postmortem"

# Figures of ours that no chart has prepared yet.
_NEW: WeakSet[Figure] = WeakSet()


@dataclass(frozen=True)
class Fate:
    """How one fate of a deal is shown.

    Attributes
    ----------
    key : str
        Value in the data, as in a cohort's ``resolution``.
    label : str
        Plain words.
    colour, edge : str
        Fill, and a darker tone of it with a contrast of at least 3 to 1 on white.
    hatch, hatch_colour : str
        Matplotlib hatch, empty for a plain fill, and the tone it is drawn in.
    marker : str
        Matplotlib marker.
    pale : bool
        Whether the fill needs an outline to stand out from the page.
    """

    key: str
    label: str
    colour: str
    edge: str
    hatch: str
    hatch_colour: str
    marker: str
    pale: bool = False


def _fate(key: str, colour: str, edge: str, hatch: str, hatch_colour: str, marker: str, pale: bool = False) -> Fate:
    return Fate(key, FATE_LABELS[key], colour, edge, hatch, hatch_colour, marker, pale)


FATES = (
    _fate("won", "#009E73", "#00694D", "", PAPER, "o"),
    _fate("lost_competitor", "#D55E00", "#9C4500", "////", "#F0A46B", "s"),
    _fate("lost_status_quo", "#0072B2", "#004F7C", "\\\\\\\\", "#6DB3DE", "D"),
    _fate("lost_disqualified", "#CC79A7", "#94487A", "xxxx", "#EBC6DB", "v"),
    _fate("lost_unknown", "#E1E5E8", "#747D85", "////", "#A3ABB2", "X", pale=True),
    _fate("slipped", "#E69F00", "#976800", "----", "#F9D68C", ">"),
    _fate("pushed_early", "#F0E442", "#857D00", "....", "#B8AE1A", "<"),
    _fate("open", "#56B4E9", "#1F78AD", "||||", "#B5DFF6", "^"),
)
LOST = Fate("lost", "Lost", "#8A4B1F", "#5E3214", "++++", "#BF9679", "s")
WITHHELD = Fate("", "Withheld", "#EEF0F2", "#747D85", "----", "#C4CACF", "d", pale=True)
PLAIN = Fate("", "", ACCENT, "#22384D", "", PAPER, "o")
ALL = (*FATES, LOST, WITHHELD)
# Groups that are no fates, by turn: Petroff's colours, each with a dash and a marker of its own.
GROUPS: tuple[tuple[str, tuple[float, ...], str], ...] = (
    ("#5790FC", (), "o"), ("#E42536", (6, 2), "s"), ("#964A8B", (2, 1.5), "D"), ("#F89C20", (8, 2, 2, 2), "^"),
    ("#6E6E75", (4, 1, 1, 1, 1, 1), "v"), ("#7A21DD", (10, 4), "P"),
)  # fmt: skip
BY_KEY = {
    **{fate.key: fate for fate in (*FATES, LOST)},
    # A deal's `lost_to` says the same without the verb.
    **{fate.key.removeprefix("lost_"): fate for fate in FATES if fate.key.startswith("lost_")},
}


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NA or NaT."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def fate_of(value: object) -> Fate:
    """Return how a fate is shown; a missing one is withheld, a word that is no fate is plain.

    Parameters
    ----------
    value : object
        A ``resolution`` or ``lost_to``, or anything else.
    """
    return WITHHELD if is_missing(value) else BY_KEY.get(str(value), PLAIN)


@contextmanager
def theme() -> Iterator[None]:
    """Draw as this house does, whatever the reader's own settings are; they come back afterwards."""
    import matplotlib

    if matplotlib.rcParams["svg.hashsalt"] == HOUSE:
        # Within a picture every chart asks for it again.
        yield
        return
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": FONT,
                "font.size": SIZE,
                "text.color": INK,
                "text.parse_math": False,
                "text.usetex": False,
                "text.hinting": "none",
                "axes.facecolor": PAPER,
                "axes.unicode_minus": True,
                "hatch.linewidth": 0.6,
                "figure.dpi": 100,
                "figure.facecolor": PAPER,
                "savefig.bbox": None,
                "svg.fonttype": "path",
                "svg.hashsalt": HOUSE,
            }
        )
        yield


def new_figure(width: float = 8, height: float = 4) -> Figure:
    """Return an empty figure of `width` × `height` inches that pyplot does not hold on to."""
    from matplotlib.figure import Figure

    with theme():
        figure = Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    _NEW.add(figure)
    return figure


def fit_height(axes: Axes, inches: float) -> None:
    """Give the figure the height its picture wants, where that picture is all it holds.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where the picture goes; a figure with other axes is left as it is.
    inches : float
        Height, as a chart's ``height_for`` says.
    """
    figure = axes.figure
    if figure.axes == [axes] and hasattr(figure, "set_figheight"):
        figure.set_figheight(inches)


def prepare(axes: Axes) -> None:
    """Take off the frame, ticks and grid; a chart puts back what it needs."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_facecolor(PAPER)
    axes.grid(False)
    axes.set(title="", xlabel="", ylabel="")
    axes.tick_params(which="both", length=0, labelsize=SMALL, labelcolor=MUTED, labelfontfamily=FONT)
    _lay_out_bare(axes)


def _lay_out_bare(axes: Axes) -> None:
    """Put the axes of a new figure, on which nothing is yet, where laying out would: that is the same for all.

    Charts ask for room before they draw, and to lay out takes longer than all that most of them do besides.
    """
    figure: Any = axes.figure
    is_new = figure in _NEW
    _NEW.discard(figure)
    width, height = figure.get_size_inches()
    # In a smaller one there is room for fewer ticks.
    if not is_new or width < 3 or height < 1 or not _is_bare(axes):
        return
    left, bottom, right, top = _bare_margins(figure.dpi)
    place = (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    axes.set_position(place)
    # To be put somewhere takes axes out of what is laid out.
    axes.set_in_layout(True)
    figure.stale = False


def _is_bare(axes: Axes) -> bool:
    figure: Any = axes.figure
    return (
        figure.axes == [axes] and not (figure.texts or figure.legends or axes.texts or axes.has_data())
        and axes.get_legend() is None and axes.get_xlim() == axes.get_ylim() == (0, 1)
    )  # fmt: skip


@cache
def _bare_margins(dpi: float) -> tuple[float, ...]:
    """Return the inches that lie left of, below, right of and above the axes of a new figure."""
    with theme():
        figure = new_figure()
        figure.set_dpi(dpi)
        axes = figure.add_subplot()
        _NEW.discard(figure)
        prepare(axes)
        settle(axes)
    (width, height), box = figure.get_size_inches(), axes.get_position()
    return box.x0 * width, box.y0 * height, (1 - box.x1) * width, (1 - box.y1) * height


def settle(axes: Axes) -> tuple[float, float]:
    """Lay the figure out and return the width and height of `axes` in points."""
    figure: Any = axes.figure
    whole = getattr(figure, "figure", figure)
    engine = whole.get_layout_engine()
    # To draw is to lay out and then to paint, and only the first is wanted; other placements are known when drawn.
    if engine is None or axes.get_axes_locator() is not None:
        whole.draw_without_rendering()
    elif whole.stale:
        engine.execute(whole)
        axes.apply_aspect()
        # Until something of it changes, it is laid out.
        whole.stale = False
    box = axes.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi
