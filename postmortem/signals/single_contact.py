"""Whether only one person on the buyer's side was known."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook


def single_contact(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether there was one contact only.

    Notes
    -----
    A deal without any contact on record is unknown: most often nobody has entered them.
    """
    people = book.table("contacts").groupby("row")
    number = of_each(landmarks, people["contact_id"].nunique()).astype("Int64")
    return answer(
        landmarks,
        number == 1,
        first=of_each(landmarks, people["first_seen_at"].min()),
        evidence="one contact on record",
        unknown="no contact on record",
    )


SIGNAL = Signal(
    function=single_contact,
    name="single_contact",
    label="One contact only",
    meaning="Everything hangs on one person at the buyer. Unknown where none is on record, or one without a date.",
    causes=("true_buyer_not_engaged", "relationship", "champion_lost"),
    needs=("contacts",),
)
