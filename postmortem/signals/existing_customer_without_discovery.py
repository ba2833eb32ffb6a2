"""Whether an existing customer was quoted without discovery in this buying cycle."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, of_each, silent
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.proposals import NO_DISCOVERY, discoveries, first_proposals
from postmortem.signals.stages import red_zone_since


def existing_customer_without_discovery(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether an existing customer had a proposal, or was in the red zone, without a discovery in this deal.

    Notes
    -----
    The CRM says who is an existing customer without saying since when; where it does not say, a deal of the same
    account won before this one was created does.
    """
    found = discoveries(book)
    if found.empty:
        return silent(landmarks, NO_DISCOVERY)
    is_customer = existing(book, landmarks)
    sent, red = of_each(landmarks, first_proposals(book)["day"]), red_zone_since(book, landmarks)
    quoted = sent.fillna(red)
    asked = pd.Series(landmarks.index.isin(found.index), index=landmarks.index)
    on_record = pd.Series(landmarks.index.isin(book.table("events")["row"]), index=landmarks.index)
    fired = (quoted.notna() & ~asked).astype("boolean").where(on_record & is_customer.fillna(False).astype(bool))
    why = is_customer.map({True: "no event on record", False: "not an existing customer"}).astype("str")
    return answer(
        landmarks,
        fired,
        first=quoted,
        evidence="an existing customer, no discovery in this deal by " + landmarks["landmark"].dt.strftime("%Y-%m-%d"),
        unknown=why.fillna("not known whether it is an existing customer"),
    )


def existing(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.Series:
    """Say which deals are of a customer that had bought before: by the CRM's flag, else by an earlier won deal."""
    deals, earlier = book.deals, book.earlier.deals
    flag = deals["is_existing_customer"].astype("boolean")
    won = earlier[earlier["outcome"] == "won"]
    for key in ("account_id", "account_name"):
        first_win = won.dropna(subset=[key]).groupby(key)["closed_at"].min()
        bought = first_win.reindex(deals[key]).set_axis(deals.index) < landmarks["created_at"]
        flag = flag.mask(flag.isna() & bought, True)
    return flag


SIGNAL = Signal(
    function=existing_customer_without_discovery,
    name="existing_customer_without_discovery",
    label="Existing customer without discovery",
    meaning="The customer was taken for known, and what has changed was not asked. Unknown for others than existing "
    "customers, and where the book records no discovery at all.",
    causes=("needs_not_uncovered", "assumed_known_customer", "change_since_last_purchase_not_probed"),
    needs=("events",),
)
