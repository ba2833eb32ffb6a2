"""Whether a deal was called committed while nothing was heard of its buyer."""

from __future__ import annotations

import pandas as pd

from postmortem.book.reductions import BUYER_SIDES
from postmortem.ground.schema import UNKNOWN
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.quiet import quiet


def committed_while_silent(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal stood in the forecast category commit, and the buyer had not been heard for 14 days.

    Notes
    -----
    Contacts of the buyer and of both sides count as heard.
    """
    found = quiet(book, landmarks, BUYER_SIDES)
    category = book.deals["forecast_category"]
    known = category.notna() & (category != UNKNOWN)
    is_commit = (category == "commit").astype("boolean").where(known)
    changes = book.changes_of("forecast_category").drop_duplicates("row", keep="last").set_index("row")
    since = of_each(landmarks, changes["day"])
    return answer(
        landmarks,
        is_commit & found["is_quiet"],
        first=found["since"].mask(found["since"] < since, since),
        evidence="called committed, from the buyer " + found["words"],
        unknown=known.map({True: "", False: "no forecast category of that time on record"})
        + found["unknown"].where(known, ""),
    )


SIGNAL = Signal(
    function=committed_while_silent,
    name="committed_while_silent",
    label="Committed while the buyer is silent",
    meaning="The forecast says certain, the buyer says nothing. Unknown without a forecast category of that time or "
    "without events that say who acted.",
    causes=("not_qualified_continuously", "priorities_changed", "champion_lost"),
    needs=("events",),
)
