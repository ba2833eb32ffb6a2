"""Whether a proposal was sent before anyone had asked about needs."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, of_each, silent
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.proposals import NO_DISCOVERY, NO_PROPOSAL, discoveries, first_proposals


def proposal_before_discovery(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the first proposal was sent without a discovery meeting before it.

    Notes
    -----
    A discovery of the same day counts as before.
    """
    sent, found = first_proposals(book), discoveries(book)
    day = of_each(landmarks, sent["day"])
    asked = of_each(landmarks, found["day"]) <= day
    if found.empty:
        return silent(landmarks, NO_DISCOVERY)
    return answer(
        landmarks,
        (~asked).astype("boolean").where(day.notna()),
        first=day,
        evidence="proposal of " + day.dt.strftime("%Y-%m-%d").astype("str") + " without a discovery before it",
        unknown=NO_PROPOSAL,
    )


SIGNAL = Signal(
    function=proposal_before_discovery,
    name="proposal_before_discovery",
    label="Proposal before discovery",
    meaning="A quote without knowing what it is for. Unknown for deals without a proposal on record, and where the "
    "book records no discovery at all.",
    causes=("needs_not_uncovered",),
    needs=("events",),
)
