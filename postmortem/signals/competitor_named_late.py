"""Whether a competitor was named late."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.stages import came_late, late_from


def competitor_named_late(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether a competitor was first written down late in the deal.

    Notes
    -----
    Late is after the day the deal entered the red zone. A deal on which nobody is named is unknown, not free of
    competitors; rows without a date are those written at closing and are not seen.
    """
    rivals, late = book.table("competitors"), late_from(book, landmarks)
    day = came_late(landmarks, rivals, late)
    known = late["has_begun"] & landmarks.index.isin(rivals["row"])
    return answer(
        landmarks,
        day.notna().astype("boolean").where(known),
        first=day,
        evidence="a competitor first on record on " + day.dt.strftime("%Y-%m-%d").astype("str"),
        unknown="no competitor on record by then, no stages, or not in the red zone yet",
    )


SIGNAL = Signal(
    function=competitor_named_late,
    name="competitor_named_late",
    label="Competitor named late",
    meaning="A competitor shaped the criteria before anyone noticed. Unknown where no competitor is on record by "
    "then, without stages, and before the deal is in the red zone.",
    comes_late=True,
    causes=("incumbent_relationship", "late_criteria"),
    needs=("competitors",),
)
