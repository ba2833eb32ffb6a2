"""Whether a deal had changed hands."""

from __future__ import annotations

import pandas as pd

from postmortem.ground.formats import count
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook


def owner_changed(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal had been handed to another sales person."""
    changes = book.changes_of("owner_id")
    moved = changes[changes["old_value"].notna() & changes["new_value"].notna()]
    moved = moved[moved["old_value"] != moved["new_value"]]
    number = of_each(landmarks, moved.groupby("row").size()).fillna(0).astype("int64")
    return answer(
        landmarks,
        (number > 0).astype("boolean").where(book.is_told("owner_id", landmarks)),
        first=of_each(landmarks, moved.groupby("row")["day"].min()),
        evidence="changed hands " + number.map(lambda times: count(times, "time")),
        unknown="no history of the owner",
    )


SIGNAL = Signal(
    function=owner_changed,
    name="owner_changed",
    label="Deal changed hands",
    meaning="What the buyer had told one person, another has to learn again. Unknown without a history of the owner.",
    causes=("relationship", "wrong_channel", "rep_rapport"),
    needs=("history",),
)
