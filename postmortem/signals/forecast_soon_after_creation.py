"""Whether a deal was forecast within days of being created."""

from __future__ import annotations

import pandas as pd

from postmortem.ground.formats import count
from postmortem.ground.schema import FORECAST_DEFAULT
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook

DAYS = 7


def forecast_soon_after_creation(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal was put into the forecast within a week of its creation."""
    changes = book.changes_of("forecast_category")
    entries = changes[changes["new_value"].isin(FORECAST_DEFAULT)].drop_duplicates("row").set_index("row")
    opening = of_each(landmarks, changes.drop_duplicates("row").set_index("row")["old_value"])
    began_so = opening.isin(FORECAST_DEFAULT)
    day = of_each(landmarks, entries["day"]).mask(began_so, landmarks["created_at"])
    age = (day - landmarks["created_at"]).dt.days
    is_known = landmarks["created_at"].notna() & (
        day.notna()
        | landmarks.index.isin(changes["row"])
        | ((landmarks["landmark"] - landmarks["created_at"]).dt.days < 0)
    )
    return answer(
        landmarks,
        (age <= DAYS).astype("boolean").where(is_known),
        first=day,
        evidence="forecast "
        + age.clip(lower=0).astype("Int64").map(lambda days: count(int(days), "day"), na_action="ignore").astype("str")
        + " after it was created",
        unknown="no history of the forecast category, or no day of creation",
    )


SIGNAL = Signal(
    function=forecast_soon_after_creation,
    name="forecast_soon_after_creation",
    label="Forecast within a week of creation",
    meaning="So early nobody can know whether there is a need, a budget and a date. Unknown without a history of the "
    "forecast category or a day of creation.",
    causes=("not_an_opportunity",),
    needs=("history",),
    with_wins="Deals forecast so early are often short ones.",
)
