"""Whether no two-way contact had followed a proposal within a week."""

from __future__ import annotations

import pandas as pd

from postmortem.book.reductions import BUYER_SIDES
from postmortem.ground.schema import UNKNOWN
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.proposals import NO_PROPOSAL, first_proposals

DAYS = 7


def proposal_left_alone(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether more than seven days had passed after the first proposal without the buyer being heard.

    Notes
    -----
    A proposal of the last seven days has not been left alone yet.
    """
    events = book.table("events")
    sent = of_each(landmarks, first_proposals(book)["occurred_at"])
    day = of_each(landmarks, first_proposals(book)["day"])
    since = events["occurred_at"] - events["row"].map(sent)
    within = events[(since > pd.Timedelta(0)) & (since <= pd.Timedelta(days=DAYS))]
    heard = landmarks.index.isin(within.loc[within["side"].isin(BUYER_SIDES), "row"])
    unclear = landmarks.index.isin(within.loc[within["side"] == UNKNOWN, "row"])
    is_over = (landmarks["landmark"] - day).dt.days > DAYS
    fired = (is_over & ~heard).astype("boolean").mask(is_over & ~heard & unclear).where(sent.notna())
    return answer(
        landmarks,
        fired,
        first=day + pd.Timedelta(days=DAYS + 1),
        evidence="no two-way contact in the 7 days after the proposal of " + day.dt.strftime("%Y-%m-%d").astype("str"),
        unknown=sent.notna().map({True: "an event after the proposal does not say who acted", False: NO_PROPOSAL}),
    )


SIGNAL = Signal(
    function=proposal_left_alone,
    name="proposal_left_alone",
    label="Proposal left alone for more than 7 days",
    meaning="A price without a conversation leaves the buyer alone with its doubts. Unknown for deals without a "
    "proposal on record, and where an event after it does not say who acted.",
    causes=("proposal_left_alone", "rep_effort"),
    needs=("events",),
)
