"""Deals by what became of their customer's sales person: created before or after one left, or where one stayed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from postmortem.book import Book
from postmortem.frames.resolution import lost_to

BEFORE, AFTER, OTHER = "before", "after", "stayed"
ORDER = (BEFORE, AFTER, OTHER)
FOLLOWED = 180


def deals_around_leaving(book: Book, as_of: dt.date) -> pd.DataFrame:
    """Return the deals that could be followed for 180 days, by when their customer's sales person left.

    Parameters
    ----------
    book : Book
        With `reps` and their last days, cut at `as_of`.
    as_of : datetime.date
        Last day known.

    Returns
    -------
    DataFrame
        One row a deal of a customer that had a deal before it, in order of deals: ``deal_id``, ``account``, ``when``
        (``before``: created in the 180 days up to the day on which the customer's sales person left; ``after``: in
        the 180 days from then on; ``stayed``: the customer's sales person has no last day on record, or left more
        than 180 days later), ``leaver`` (who left; missing where one stayed), ``taken`` (lost to a competitor within
        180 days of its creation). The customer's sales person is the owner of its latest deal created on an earlier
        day. Deals created more than 180 days after such a person had left are left out: whose they are by then is
        not on record.
    """
    deals = book.deals[["deal_id", "account_name", "owner_id", "created_at", "closed_at", "outcome"]]
    deals = deals.dropna(subset=["account_name", "created_at"]).assign(created=deals["created_at"].dt.normalize())
    earlier = deals.dropna(subset=["owner_id"]).sort_values(["created", "deal_id"])[
        ["account_name", "created", "owner_id"]
    ]
    earlier = earlier.rename(columns={"owner_id": "person"})
    rows = pd.merge_asof(
        deals.sort_values(["created", "deal_id"]), earlier, on="created", by="account_name", allow_exact_matches=False
    ).dropna(subset=["person"])
    people = book.table("reps").drop_duplicates("rep_id").set_index("rep_id")["left_at"]
    # a mapping of no entries would make numbers of the days
    left = pd.to_datetime(rows["person"].map(people.to_dict()))
    since = (rows["created"] - left).dt.days
    when = np.select(
        [since.between(0, FOLLOWED - 1), since.between(-FOLLOWED, -1), left.isna() | (since < -FOLLOWED)],
        [AFTER, BEFORE, OTHER], "",
    )  # fmt: skip
    takers = lost_to(book).set_index("deal_id")["lost_to"]
    days = (rows["closed_at"] - rows["created"]).dt.days
    taken = (rows["outcome"] == "lost") & (rows["deal_id"].map(takers) == "competitor") & (days <= FOLLOWED)
    told = pd.DataFrame(
        {
            "deal_id": rows["deal_id"],
            "account": rows["account_name"],
            "when": when,
            "leaver": rows["person"].where(np.isin(when, (AFTER, BEFORE))),
            "taken": taken.astype(bool),
        }
    )
    seen = rows["created"] <= pd.Timestamp(as_of - dt.timedelta(days=FOLLOWED))
    kept: pd.DataFrame = told[seen & (told["when"] != "")].sort_values("deal_id", ignore_index=True)
    return kept
