"""Whether the buyer had made no contact of its own accord for two weeks."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.quiet import quiet

SIDES = ("buyer",)


def no_buyer_contact(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the buyer had made no contact of its own accord for 14 days.

    Notes
    -----
    Meetings and calls of both sides do not count, since nobody knows who asked for them; a deal on which only
    these take place has a buyer who never comes forward.
    """
    found = quiet(book, landmarks, SIDES)
    return answer(landmarks, found["is_quiet"], first=found["since"], evidence=found["words"], unknown=found["unknown"])


SIGNAL = Signal(
    function=no_buyer_contact,
    name="no_buyer_contact",
    label="No contact initiated by the buyer in 14 days",
    meaning="The buyer answers at best, and asks for nothing. Unknown where the deal has no event on record, or one "
    "within the 14 days does not say who acted.",
    causes=("not_an_opportunity", "prefers_status_quo", "no_project"),
    needs=("events",),
)
