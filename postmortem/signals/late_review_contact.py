"""Whether the first contact about security, legal terms or procurement came late."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, silent
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.stages import came_late, late_from

REVIEWS = ("security_review", "legal_review", "procurement")


def late_review_contact(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the first legal, procurement or security contact came late in the deal.

    Notes
    -----
    Late is after the day the deal entered the red zone. Without any such contact yet, nothing came late.
    """
    events, late = book.table("events"), late_from(book, landmarks)
    reviews = events[events["kind"].isin(REVIEWS)]
    if reviews.empty:
        return silent(landmarks, "the book records no legal, procurement or security contact on any deal")
    day = came_late(landmarks, reviews.drop_duplicates("row"), late)
    known = late["is_told"] & landmarks.index.isin(events["row"])
    return answer(
        landmarks,
        day.notna().astype("boolean").where(known),
        first=day,
        evidence="first legal, procurement or security contact on " + day.dt.strftime("%Y-%m-%d").astype("str"),
        unknown="no event on record, or no stages",
    )


SIGNAL = Signal(
    function=late_review_contact,
    name="late_review_contact",
    label="Legal, procurement or security contact late",
    meaning="Those who weigh the risk were asked last. Unknown without events or stages, and where the book records "
    "no such contact at all.",
    causes=("risk_not_understood", "terms", "no_trust_in_delivery", "outcome_uncertain"),
    needs=("events",),
)
