"""Whether the last conversations with the buyer ended without a next step."""

from __future__ import annotations

import pandas as pd

from postmortem.ground.formats import count
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook

LAST = 2


def no_agreed_next_step(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether neither of the last two conversations ended with an agreed next step."""
    events = book.table("events")
    asked = events[events["next_step_agreed"].notna()]
    last = asked.groupby("row").tail(LAST)
    agreed = last.assign(agreed=last["next_step_agreed"].astype("boolean").astype(bool)).groupby("row")["agreed"].max()
    found = of_each(landmarks, agreed.astype("boolean"))
    number = of_each(landmarks, last.groupby("row").size()).astype("Int64")
    return answer(
        landmarks,
        ~found,
        first=of_each(landmarks, last.groupby("row")["day"].max()),
        evidence="no next step agreed in the last "
        + number.map(lambda n: count(int(n), "conversation"), na_action="ignore").astype("str"),
        unknown="no event says whether a next step was agreed",
    )


SIGNAL = Signal(
    function=no_agreed_next_step,
    name="no_agreed_next_step",
    label="No agreed next step",
    meaning="The last two conversations that say so (or the only one) ended without one, so the buyer owes nothing. "
    "Unknown where no event says whether a next step was agreed.",
    causes=("not_qualified_continuously", "rep_effort", "not_enough_information"),
    needs=("events",),
)
