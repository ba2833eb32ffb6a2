"""Whether nobody who can decide was known, or had ever been active."""

from __future__ import annotations

import pandas as pd

from postmortem.book.reductions import BUYER_SIDES
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.deciders import decides
from postmortem.signals.landmark import LandmarkBook

LEAST = 10


def no_economic_buyer(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether no contact was one who decides, or none of these had ever been active.

    Notes
    -----
    Never active is said once ten events of the buyer or of both sides name a contact, and none of them one who
    decides; with fewer of them chance would do the same, and a deal is judged by the roles alone.
    """
    people, events = book.table("contacts"), book.table("events")
    told = people[people["role"].notna()]
    deciders = told[decides(told["role"])]
    has_decider = landmarks.index.isin(deciders["row"])
    acts = events[events["side"].isin(BUYER_SIDES) & events["contact_id"].notna()]
    met = deciders.merge(acts[["row", "contact_id"]].drop_duplicates(), on=["row", "contact_id"])
    often = of_each(landmarks, acts.groupby("row").size()).fillna(0) >= LEAST
    is_silent = has_decider & often.to_numpy() & ~landmarks.index.isin(met["row"])
    known = has_decider | landmarks.index.isin(told["row"])
    fired = pd.Series(~has_decider | is_silent, index=landmarks.index, dtype="boolean").where(known)
    words = pd.Series(is_silent, index=landmarks.index).map(
        {True: "the one who decides has never been active", False: "nobody who decides is among the contacts"}
    )
    first = of_each(landmarks, told.groupby("row")["day"].min())
    return answer(landmarks, fired, first=first, evidence=words, unknown="no contact with a role on record")


SIGNAL = Signal(
    function=no_economic_buyer,
    name="no_economic_buyer",
    label="Nobody who decides, or never active",
    meaning="Those who sign were never part of it. Unknown where no contact with a role is on record.",
    causes=("true_buyer_not_engaged", "budget_lost"),
    needs=("contacts",),
)
