"""Whether the expected close had been put off twice or more."""

from __future__ import annotations

import pandas as pd

from postmortem.ground.formats import count
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook

TIMES = 2


def pushed_twice(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the expected close had been moved to a later day twice or more.

    Notes
    -----
    A first date is no push, nor is a date moved to an earlier day.
    """
    moves = book.changes_of("expected_close_date")
    days = [
        pd.to_datetime(moves[name].str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
        for name in ("old_value", "new_value")
    ]
    pushes = moves[days[1] > days[0]]
    number = of_each(landmarks, pushes["row"].value_counts()).fillna(0).astype("int64")
    second = pushes[pushes.groupby("row").cumcount() == TIMES - 1].set_index("row")["day"]
    fired = (number >= TIMES).astype("boolean").where(book.is_told("expected_close_date", landmarks))
    return answer(
        landmarks,
        fired,
        first=of_each(landmarks, second),
        evidence="close put off " + number.map(lambda times: count(times, "time")),
        unknown="no history of the expected close",
    )


SIGNAL = Signal(
    function=pushed_twice,
    name="pushed_twice",
    label="Close put off twice or more",
    meaning="The deal was promised for a date and did not keep it, more than once. Unknown without a history of the "
    "expected close.",
    causes=("not_qualified_continuously", "no_urgency"),
    needs=("history",),
)
