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

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
CSS_DPI = 95
STROKES = "stroke-linejoin: round; stroke-linecap: butt"
FONT = "DejaVu Sans"
HOUSE = "postmortem"


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
        return Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)


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


def to_svg(figure: Figure, *, prefix: str = "") -> str:
    """Return the figure as an ``<svg>`` element: the same bytes for the same picture, and no metadata.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn picture.
    prefix : str
        Put before every id, so that several pictures can stand in one page.
    """
    written = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with theme(), _laid_out(figure):
        figure.savefig(written, format="svg", metadata=nothing)
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    # Comments repeat the labels, and a rule for every element would reach beyond an inlined picture.
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style[^>]*>\*{[^}]*}</style>\s*</defs>", "", svg)
    svg = svg.replace("<svg ", f'<svg style="{STROKES}" ', 1)
    svg = re.sub(r' d="[^"]*"', lambda found: _hundredths(found[0]), svg)
    if prefix:
        svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    return svg.strip() + "\n"


def to_png(figure: Figure, scale: float = 2, *, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the figure as PNG, `scale` times as large as it is shown on a page, with no `metadata` but that told."""
    written = io.BytesIO()
    with theme(), _laid_out(figure):
        figure.savefig(written, format="png", dpi=CSS_DPI * scale, metadata={"Software": None, **(metadata or {})})
    return written.getvalue()


def of_few_colours(image: bytes) -> bytes:
    """Return a PNG in the 256 colours that serve it best: a third of the bytes, and no difference to the eye.

    What it says in words stays in it.
    """
    from PIL import Image, PngImagePlugin

    written, words = io.BytesIO(), PngImagePlugin.PngInfo()
    with Image.open(io.BytesIO(image)) as read:
        for name, text in read.info.items():
            if isinstance(name, str) and isinstance(text, str):
                words.add_itxt(name, text)
        few = read.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        dots = read.info.get("dpi")
    few.save(written, "png", optimize=True, pnginfo=words, **({"dpi": dots} if dots else {}))
    return written.getvalue()


@contextmanager
def _laid_out(figure: Figure) -> Iterator[None]:
    """Lay a figure out, and have it written as it stands: to write one that lays itself out draws it twice."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)


def _hundredths(path: str) -> str:
    # A hundredth of a point is finer than any screen and halves the file.
    short = re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", path)
    return re.sub(r"\s+", " ", short)
