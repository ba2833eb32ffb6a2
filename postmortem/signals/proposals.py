"""The first proposal of each deal, and whether the book tells when needs were asked about."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.landmark import LandmarkBook

NO_PROPOSAL = "no proposal on record by then"
NO_DISCOVERY = "the book records no discovery on any deal"


def first_proposals(book: LandmarkBook) -> pd.DataFrame:
    """Return the first proposal of each deal, by ``row``: ``occurred_at``, ``day``."""
    events = book.table("events")
    sent = events[events["kind"] == "proposal_sent"].drop_duplicates("row").set_index("row")
    return sent[["occurred_at", "day"]]


def discoveries(book: LandmarkBook) -> pd.DataFrame:
    """Return the first discovery of each deal, by ``row``: ``occurred_at``, ``day``."""
    events = book.table("events")
    held = events[events["kind"] == "discovery"].drop_duplicates("row").set_index("row")
    return held[["occurred_at", "day"]]
