"""How a report looks: the accent colours of its pages, in light and dark, and its logo."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

from postmortem.ground.brand import DARK, logo_png, nearest_shade, size_of
from postmortem.ground.config import Config

LOGO_HEIGHT, LOGO_WIDTH = 44, 220
"""Largest size of a logo on the page, in CSS pixels."""


@dataclass(frozen=True)
class Look:
    """Colours as ``#rrggbb``, empty where the style sheet's own hold; the logo as a data address with its size."""

    accent: str = ""
    accent_dark: str = ""
    logo: str = ""
    width: int = 0
    height: int = 0


PLAIN_LOOK: Final = Look()


def look_of(config: Config) -> Look:
    """Return how the reports of an engagement look; its configuration has been checked."""
    brand = config.report.brand
    accent = brand.accent or ""
    dark = nearest_shade(accent, DARK) if accent else ""
    if brand.logo is None:
        return Look(accent, dark)
    image = logo_png(config.folder / brand.logo)
    across, down = size_of(image[8:])
    scale = min(LOGO_HEIGHT / down, LOGO_WIDTH / across, 1)
    address = "data:image/png;base64," + base64.b64encode(image).decode()
    return Look(accent, dark, address, max(round(across * scale), 1), max(round(down * scale), 1))
