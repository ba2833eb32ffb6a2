"""A figure as a file: the same bytes for the same picture, and nothing of when and with what it was made."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from postmortem.charts.style import theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CSS_DPI = 95
STROKES = "stroke-linejoin: round; stroke-linecap: butt"


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
