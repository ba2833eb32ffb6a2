"""How a report is branded: an accent colour that can be read, and a logo that carries nothing but its picture.

A colour too pale to read is refused with the nearest shade that passes, rather than changed in silence. Of a PNG
only the chunks that make the picture are kept: texts, places and times that a drawing tool wrote stay behind.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Final

from pydantic import field_validator

from postmortem.ground.sources import Section

LIGHT: Final = ("#ffffff", "#f4f6f8")
DARK: Final = ("#14191e", "#1c232a")
"""Grounds of a page that accent-coloured text stands on, as in `style.css`."""
READABLE: Final = 4.5
STEPS: Final = 200
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
KEPT: Final = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND")
MOST_BYTES, MOST_PIXELS = 200_000, 4_000_000


class Brand(Section):
    """Whose report it is, at a glance."""

    logo: str | None = None
    accent: str | None = None

    @field_validator("accent")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise ValueError(f"{value!r} is no colour such as '#1d5479'")
        shade = nearest_shade(value, LIGHT)
        if shade != value.lower():
            least = min(contrast(value, ground) for ground in LIGHT)
            raise ValueError(
                f"text in {value} cannot be read on a white page (contrast {least:.1f}, at least {READABLE} is "
                f"needed); the nearest shade that can is '{shade}'"
            )
        return shade


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (1 to 21), each given as ``#rrggbb``.

    References
    ----------
    W3C (2023). Web Content Accessibility Guidelines 2.2, relative luminance and contrast ratio.
    """
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def nearest_shade(colour: str, grounds: tuple[str, ...]) -> str:
    """Return the colour, or the first shade on its way to black (on dark grounds to white) that can be read there.

    Parameters
    ----------
    colour : str
        ``#rrggbb``.
    grounds : tuple of str
        Colours below the text, all of them light or all of them dark.
    """
    towards = 0 if _luminance(grounds[0]) > 0.5 else 255
    channels = _channels(colour)
    for step in range(STEPS):
        mixed = (round(channel + (towards - channel) * step / STEPS) for channel in channels)
        shade = "#" + "".join(f"{channel:02x}" for channel in mixed)
        if all(contrast(shade, ground) >= READABLE for ground in grounds):
            return shade
    return "#" + f"{towards:02x}" * 3


def logo_png(path: Path) -> bytes:
    """Read a logo and return it without anything but its picture.

    Raises
    ------
    ValueError
        When the file is no PNG, is damaged, or is larger than a title block can use.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if not data.startswith(SIGNATURE):
        raise ValueError("is no PNG file; export it as PNG, twice as large as it is to be shown")
    if len(data) > MOST_BYTES:
        raise ValueError(f"has {len(data):,} bytes, at most {MOST_BYTES:,} can stand on every page")
    kept, at = [SIGNATURE], len(SIGNATURE)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        if len(check) != 4 or int.from_bytes(check) != zlib.crc32(kind + body):
            raise ValueError("is a damaged PNG file")
        if kind in KEPT:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
        if kind == b"IEND":
            break
    width, height = size_of(kept[1]) if len(kept) > 1 and kept[1][4:8] == b"IHDR" else (0, 0)
    if kept[-1][4:8] != b"IEND" or not 0 < width * height <= MOST_PIXELS:
        raise ValueError("is a damaged PNG file, or one of more than four million pixels")
    return b"".join(kept)


def size_of(header: bytes) -> tuple[int, int]:
    """Return width and height told by an IHDR chunk."""
    return int.from_bytes(header[8:12]), int.from_bytes(header[12:16])


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
