"""Whether those who weigh the risk, in security, legal and procurement, had not been asked before the red zone."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, of_each, silent
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.stages import late_from

REVIEWS = ("security_review", "legal_review", "procurement")
USUAL, LEAST = 0.5, 20


def late_review_contact(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal entered the red zone without any legal, procurement or security contact.

    Notes
    -----
    It is settled on the day the deal enters the red zone. Whether a contact came after that is no part of it: deals
    that move ahead get one sooner or later, so that a late contact tells of a deal that lives more than of a risk.
    Where deals are won without any such contact, its absence tells nothing.
    """
    events, late = book.table("events"), late_from(book, landmarks)
    reviews = _reviews(events)
    if not is_usual(book):
        seldom = "fewer than half of the deals won before had a legal, procurement or security contact"
        return silent(landmarks, f"{seldom}, or fewer than {LEAST} were won")
    first = of_each(landmarks, reviews.drop_duplicates("row").set_index("row")["day"])
    when = ", the first contact on " + first.dt.strftime("%Y-%m-%d").astype("str")
    return answer(
        landmarks,
        (~(first <= late["day"])).astype("boolean").where(late["has_begun"] & landmarks.index.isin(events["row"])),
        first=late["day"],
        evidence="in the red zone without a legal, procurement or security contact"
        + when.where(first.notna(), ", and none since"),
        unknown="no event on record, no stages, or not in the red zone yet",
    )


def is_usual(book: LandmarkBook) -> bool:
    """Say whether at least half of the deals won before these landmarks, and 20 or more, had such a contact."""
    deals = book.earlier.deals
    won = deals.index[deals["outcome"] == "won"]
    return len(won) >= LEAST and float(won.isin(_reviews(book.earlier.table("events"))["row"]).mean()) >= USUAL


def _reviews(events: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = events[events["kind"].isin(REVIEWS)]
    return found


SIGNAL = Signal(
    function=late_review_contact,
    name="late_review_contact",
    label="Legal, procurement, security not asked early",
    meaning="Those who weigh the risk had not been asked when the deal entered the red zone. Unknown without events or "
    "stages, before the deal is in the red zone, and where fewer than half of the deals won before had such a "
    "contact.",
    causes=("risk_not_understood", "terms", "no_trust_in_delivery", "outcome_uncertain"),
    needs=("events",),
    comes_late=True,
)
