"""What leaders are asked to guess of a quarter before its figures are known, and how an answer is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

SHARES: Final[Mapping[str, str]] = {
    "share_lost_to_status_quo": "Share of the lost deals that went to the status quo: no decision was made",
    "share_lost_to_competitor": "Share of the lost deals that a competitor took",
}
TOP_REASON, WORST_COMPETITOR = "top_reason", "worst_competitor"
QUESTIONS: Final[Mapping[str, str]] = {
    **SHARES,
    TOP_REASON: "Reason written down for most lost deals",
    WORST_COMPETITOR: "Competitor that took most deals",
}


def share_of(text: str) -> float | None:
    """Read a share: ``40%``, ``0.4`` or ``40``, a comma for a point; None for what is none between 0 and 1.

    A bare number above 1 is read as per cent; ``1`` is all of them.
    """
    cell = text.strip().replace(",", ".")
    try:
        number = float(cell.removesuffix("%"))
    except ValueError:
        return None
    share = number / 100 if cell.endswith("%") or number > 1 else number
    return share if math.isfinite(share) and 0 <= share <= 1 else None
