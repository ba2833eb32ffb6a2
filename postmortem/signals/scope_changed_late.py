"""Whether the amount of a deal changed by a tenth or more late."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.stages import came_late, late_from

TENTH = 0.1


def scope_changed_late(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the amount, and with it the scope, changed by a tenth or more late in the deal.

    Notes
    -----
    Late is after the day the deal entered the red zone, so that a new quote on entering it is none.
    """
    changes, late = book.changes_of("amount"), late_from(book, landmarks)
    before, after = (pd.to_numeric(changes[name], errors="coerce") for name in ("old_value", "new_value"))
    share = (after - before).abs() / before.where(before > 0)
    # A first amount is no change, and the cent is not what a tenth hangs on.
    large = changes[share >= TENTH - 1e-9]
    day = came_late(landmarks, large, late)
    known = late["has_begun"] & book.is_told("amount", landmarks)
    return answer(
        landmarks,
        day.notna().astype("boolean").where(known),
        first=day,
        evidence="amount changed by a tenth or more on " + day.dt.strftime("%Y-%m-%d").astype("str"),
        unknown="no history of the amount, no stages, or not in the red zone yet",
    )


SIGNAL = Signal(
    function=scope_changed_late,
    name="scope_changed_late",
    label="Amount or scope changed late",
    meaning="What is bought was still open when it should have been settled. Unknown without a history of the amount, "
    "without stages, and before the deal is in the red zone.",
    comes_late=True,
    causes=("needs_not_uncovered", "risk_not_understood", "cannot_choose", "late_criteria"),
    needs=("history",),
)
