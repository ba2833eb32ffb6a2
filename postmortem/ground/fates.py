"""What can become of a deal, and how each fate is called wherever people read it."""

from __future__ import annotations

from typing import Final

from postmortem.ground.schema import LOST_TO

WON, SLIPPED, PUSHED_EARLY, OPEN = "won", "slipped", "pushed_early", "open"
LOST: Final = tuple(f"lost_{to}" for to in LOST_TO)
RESOLUTIONS: Final = (WON, *LOST, SLIPPED, PUSHED_EARLY, OPEN)

FATE_LABELS: Final = {
    "won": "Won",
    "lost_competitor": "Lost to a competitor",
    "lost_status_quo": "Lost to the status quo",
    "lost_disqualified": "Never an opportunity",
    "lost_unknown": "Lost, to whom not recorded",
    "slipped": "Slipped past the quarter",
    "pushed_early": "Moved out early",
    "open": "Still open",
}
LOST_TO_LABELS: Final = {
    "competitor": "A competitor",
    "status_quo": "The status quo",
    "disqualified": "Nobody: never an opportunity",
    "unknown": "Not recorded",
}
