"""Whether somebody who decides came up late."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer
from postmortem.signals.deciders import decides
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.stages import came_late, late_from


def new_decision_maker_late(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the first mention of one who decides came late in the deal.

    Notes
    -----
    Late is after the day the deal entered the red zone; see `postmortem.signals.stages.late_from`.
    """
    people, late = book.table("contacts"), late_from(book, landmarks)
    new = people[decides(people["role"])]
    day = came_late(landmarks, new, late)
    known = late["has_begun"] & landmarks.index.isin(people.loc[people["role"].notna(), "row"])
    return answer(
        landmarks,
        day.notna().astype("boolean").where(known),
        first=day,
        evidence="somebody who decides first on record on " + day.dt.strftime("%Y-%m-%d").astype("str"),
        unknown="no contact with a role on record, no stages, or not in the red zone yet",
    )


SIGNAL = Signal(
    function=new_decision_maker_late,
    name="new_decision_maker_late",
    label="New decision maker late in the deal",
    meaning="Somebody with a say came in after the deal had reached the red zone, with criteria nobody has asked "
    "about. Unknown without contacts with roles, without stages, and before the deal is in the red zone.",
    comes_late=True,
    causes=("true_buyer_not_engaged", "champion_lost", "late_criteria", "reorganisation"),
    needs=("contacts",),
)
