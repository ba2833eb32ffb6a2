"""Text on pictures: whatever a CRM holds becomes one harmless line that fits.

Account names reach a picture as typed: with ``$`` (which would start a formula), line breaks, control
characters that turn the reading direction, scripts the font lacks, or four hundred letters. Every text of a
chart is cleaned by `safe_text` and written with formulas switched off.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from postmortem.charts.style import FONT, MUTED, SIZE, SMALL, is_missing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.text import Text

# Asked for only by texts that need them: DejaVu Sans has no Chinese, Japanese or Korean.
FALLBACK_FONTS = (
    "Noto Sans CJK JP", "Droid Sans Fallback", "Hiragino Sans", "Microsoft YaHei", "Arial Unicode MS",
)  # fmt: skip
WITHHELD = "withheld"
ELLIPSIS = "…"
NO_GLYPH = "□"
LONGEST = 300
# Widths differ by a few per cent between the screen and the vector backend.
SLACK = 1.04
# What of matplotlib's settings a width depends on.
MEASURED_BY = ("text.hinting", "text.hinting_factor", "text.kerning_factor")


def safe_text(value: object, missing: str = WITHHELD) -> str:
    """Return `value` as one line of printable text; a missing or empty one as `missing`.

    Characters of no font in use become ``□``, control and direction characters vanish. Nothing is escaped:
    text goes through `write`, which never reads formulas, so ``$`` and ``_`` appear as they are.

    Parameters
    ----------
    value : object
        A name or any other value.
    missing : str
        What stands for None, NaN or nothing printable.
    """
    if is_missing(value):
        return missing
    text = unicodedata.normalize("NFC", str(value)[: LONGEST * 2])
    text = "".join(" " if mark.isspace() else mark for mark in text)
    text = "".join(mark for mark in text if unicodedata.category(mark)[0] != "C")
    text = " ".join(text.split())[:LONGEST]
    return (text if text.isascii() else _drawable(text)) or missing


def font(text: str, weight: str = "normal") -> dict[str, Any]:
    """Return family and weight for `text`; scripts that DejaVu Sans lacks are never bold."""
    if text.isascii() or all(ord(mark) in _glyphs(FONT) for mark in text):
        return {"fontfamily": FONT, "fontweight": weight}
    return {"fontfamily": [FONT, *_fallbacks()], "fontweight": "normal"}


def write(axes: Axes, x: float, y: float, text: str, *, weight: str = "normal", **look: Any) -> Text:
    """Write one text on `axes` (data coordinates unless `look` says otherwise), formulas switched off."""
    shown = safe_text(text, "")
    return axes.text(x, y, shown, parse_math=False, **font(shown, weight), **look)


def note(
    axes: Axes,
    at: tuple[float, float],
    text: str,
    offset: tuple[float, float],
    *,
    size: float = SMALL,
    weight: str = "normal",
    color: str = MUTED,
    **look: Any,
) -> Text:
    """Write one text `offset` points from a place, to its right and level with it unless `look` says otherwise."""
    shown = safe_text(text, "")
    placed = {"textcoords": "offset points", "annotation_clip": False, "ha": "left", "va": "center_baseline"}
    return axes.annotate(
        shown, at, xytext=offset, fontsize=size, color=color, parse_math=False, **font(shown, weight),
        **{**placed, **look},
    )  # fmt: skip


def width_of(axes: Axes, text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of one line of text in points, as it would be drawn on the figure of `axes`."""
    from matplotlib import rcParams

    # The same names and labels are measured again and again: on every page, and while one is cut to fit.
    return _width(text, size, weight, axes.figure.dpi, *(rcParams[name] for name in MEASURED_BY))


def shorten(axes: Axes, text: str, width: float, size: float = SIZE, weight: str = "normal") -> str:
    """Return `text`, ended by an ellipsis where it is wider than `width` points."""
    if width_of(axes, text, size, weight) <= width:
        return text
    kept, cut = 0, len(text)
    while cut - kept > 1:
        middle = (kept + cut) // 2
        if width_of(axes, text[:middle].rstrip() + ELLIPSIS, size, weight) <= width:
            kept = middle
        else:
            cut = middle
    return text[:kept].rstrip() + ELLIPSIS


def in_two_lines(axes: Axes, text: str, width: float, size: float = SIZE) -> str:
    """Return `text` on two lines as even as may be, the first no wider than `width` points, the second shortened."""
    words = text.split(" ")
    fitting = [place for place in range(1, len(words)) if width_of(axes, " ".join(words[:place]), size) <= width]
    if not fitting:
        return shorten(axes, text, width, size)
    lines = [(" ".join(words[:place]), " ".join(words[place:])) for place in fitting]
    first, rest = min(lines, key=lambda pair: max(map(len, pair)))
    return f"{first}\n{shorten(axes, rest, width, size)}"


def _drawable(text: str) -> str:
    fonts = (FONT, *_fallbacks())
    return "".join(mark if any(ord(mark) in _glyphs(name) for name in fonts) else NO_GLYPH for mark in text)


@lru_cache(maxsize=1 << 14)
def _width(text: str, size: float, weight: str, dpi: float, *settings: object) -> float:
    """Measure one line of text; `settings` tell apart what was measured under others."""
    from matplotlib.font_manager import FontProperties

    look = font(text, weight)
    properties = FontProperties(family=look["fontfamily"], weight=look["fontweight"], size=size)
    width, _, _ = _ruler(dpi).get_text_width_height_descent(text, properties, False)
    return float(width) * 72 / dpi * SLACK


@cache
def _ruler(dpi: float) -> RendererAgg:
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(1, 1, dpi)


@cache
def _fallbacks() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return tuple(name for name in FALLBACK_FONTS if name in installed)


@cache
def _glyphs(family: str) -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family))).get_charmap())
