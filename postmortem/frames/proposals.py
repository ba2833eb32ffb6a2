"""Proposals: when each deal's first one was sent, what was known before, which contacts followed, and how it ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from postmortem.book import Book
from postmortem.frames.entry import local_days
from postmortem.ground.fiscal import Quarter

LOST, WON = 1, 2
LAG, WEEK = 3, 7
LEAST_IN_LEVEL = 10
SECONDS_A_DAY = 86_400
BOTH_SIDES = ("buyer", "both")
NOT_RECORDED = "not recorded"


def proposals_sent(book: Book, quarters: Sequence[Quarter], as_of: dt.date) -> pd.DataFrame:
    """Take the deals whose first proposal was sent in some quarters, whatever the forecast said of them.

    Parameters
    ----------
    book : Book
        With `events`, cut at `as_of`.
    quarters : sequence of Quarter
        In which the proposals were sent.
    as_of : datetime.date
        Last day known.

    Returns
    -------
    DataFrame
        One row a deal: ``deal_id``, ``sent`` (UTC), ``end`` (days from the proposal to the close, or to `as_of`),
        ``cause`` (0 open, 1 lost, 2 won), ``owner``, ``segment``, ``first_contact`` (days to the first event of the
        buyer's or of both sides after it; missing where there was none). Closed deals without a day are left out.
    """
    events = book.table("events")
    first = events[events["kind"] == "proposal_sent"].groupby("deal_id")["occurred_at"].min().rename("sent")
    rows = first.reset_index()
    day = local_days(book, rows["sent"])
    inside = np.zeros(len(rows), dtype=bool)
    for quarter in quarters:
        inside |= day.between(pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)).to_numpy()
    known = book.deals[["deal_id", "outcome", "closed_at", "owner_id", "segment"]]
    rows = rows.assign(day=day)[inside].merge(known, on="deal_id", how="inner")
    rows = rows[(rows["outcome"] == "open") | rows["closed_at"].notna()].sort_values("deal_id", ignore_index=True)
    last = rows["closed_at"].where(rows["outcome"] != "open", pd.Timestamp(as_of))
    return pd.DataFrame(
        {
            "deal_id": rows["deal_id"],
            "sent": rows["sent"],
            "end": (last - rows["day"]).dt.days.astype("int64"),
            "cause": rows["outcome"].map({"open": 0, "lost": LOST, "won": WON}).astype("int64"),
            "owner": rows["owner_id"].fillna(NOT_RECORDED),
            "segment": rows["segment"].fillna(NOT_RECORDED),
            "first_contact": rows["deal_id"].map(two_way_contacts(book, rows).groupby("deal_id")["since"].min()),
        }
    )


def two_way_contacts(book: Book, proposals: pd.DataFrame) -> pd.DataFrame:
    """Return the events of the buyer's or of both sides after each proposal: ``deal_id``, ``since`` (days, above 0)."""
    events = book.table("events")
    met = events.loc[events["side"].isin(BOTH_SIDES), ["deal_id", "occurred_at"]]
    met = met.merge(proposals[["deal_id", "sent"]], on="deal_id", how="inner")
    since = (met["occurred_at"] - met["sent"]).dt.total_seconds() / SECONDS_A_DAY
    later: pd.DataFrame = met.assign(since=since).loc[since > 0, ["deal_id", "since"]]
    return later


def known_before(book: Book, proposals: pd.DataFrame, field: str) -> pd.Series:
    """Return a field as it stood before each proposal, as text; missing where the history does not tell."""
    history = book.table("history")
    changes = history[history["field"] == field].merge(proposals[["deal_id", "sent"]], on="deal_id", how="inner")
    changes = changes.sort_values(["changed_at", "seq"], kind="stable")
    opening = changes.drop_duplicates("deal_id").set_index("deal_id")["old_value"]
    earlier = changes[changes["changed_at"] < changes["sent"]].drop_duplicates("deal_id", keep="last")
    told = proposals["deal_id"].map(earlier.set_index("deal_id")["new_value"]).astype("str")
    return told.fillna(proposals["deal_id"].map(opening).astype("str"))


def numbers_before(
    rows: pd.DataFrame,
    exposed: np.ndarray,
    *,
    groups: Sequence[str] = ("stage_before", "segment"),
    amount: str = "amount_before",
) -> np.ndarray:
    """Return what was known of deals as columns of numbers, to adjust a comparison of the exposed for.

    Parameters
    ----------
    rows : DataFrame
        One row a deal; of proposals with ``stage_before`` and ``amount_before`` from `known_before`.
    exposed : ndarray of bool
        The comparison that is adjusted.
    groups : sequence of str
        Columns whose values are groups of deals.
    amount : str
        Column of amounts.

    Returns
    -------
    ndarray, shape (rows, columns)
        Logarithm of the amount, whether it is missing, and an indicator a group with ten deals;
        standardised, columns that repeat others or the comparison left out.
    """
    known = pd.Series(pd.to_numeric(rows[amount], errors="coerce"), dtype="float64")
    missing = ~(known > 0)
    size = known.where(~missing, known[~missing].median() if (~missing).any() else 1.0)
    columns = [np.log(size.to_numpy()), missing.to_numpy(dtype=np.float64)]
    for name in groups:
        levels = rows[name].fillna(NOT_RECORDED)
        sizes = levels.value_counts()
        common = sorted(str(level) for level in sizes[sizes >= LEAST_IN_LEVEL].index)
        columns += [(levels == level).to_numpy(dtype=np.float64) for level in common]
    kept = [np.ones(len(rows)), exposed.astype(np.float64)]
    for column in columns:
        spread = float(column.std())
        wider = [*kept, (column - column.mean()) / (spread or 1.0)]
        if spread and np.linalg.matrix_rank(np.column_stack(wider)) == len(wider):
            kept = wider
    return np.column_stack(kept)[:, 2:]


def silent_stretches(proposals: pd.DataFrame, contacts: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Cut the days after each proposal into stretches of equal silence, as it stood three days before.

    Silence is told with a lag because a deal that is about to end falls silent.

    Parameters
    ----------
    proposals, contacts : DataFrame
        As `proposals_sent` and `two_way_contacts` return them.
    limit : int
        Last day after the proposal.

    Returns
    -------
    DataFrame
        One row a stretch: ``start`` and ``stop`` (days after the proposal, start excluded), ``weeks`` (whole weeks
        since the last two-way contact or the proposal, three days earlier), ``cause`` (0 unless the deal ended
        with it), ``owner``. The first three days after a proposal tell nothing and are left out.
    """
    heard = contacts.assign(at=np.ceil(contacts["since"]).astype("int64"))[["deal_id", "at"]]
    heard = pd.concat([proposals[["deal_id"]].assign(at=0), heard]).drop_duplicates()
    heard = heard.merge(proposals[["deal_id", "end", "cause", "owner"]], on="deal_id")
    heard = heard.sort_values(["deal_id", "at"], ignore_index=True)
    begin, last = heard["at"] + LAG, heard["end"].clip(upper=limit)
    until = np.minimum(begin.groupby(heard["deal_id"]).shift(-1).fillna(limit), last).astype("int64")
    heard = heard.assign(begin=begin, until=until)[begin < until].reset_index(drop=True)
    pieces = -(-(heard["until"] - heard["begin"]) // WEEK)
    rows = heard.loc[heard.index.repeat(pieces)].reset_index()
    weeks = rows.groupby("index").cumcount()
    start = rows["begin"] + WEEK * weeks
    stop = np.minimum(start + WEEK, rows["until"])
    cause = rows["cause"].where(stop == rows["end"], 0)
    return pd.DataFrame({"start": start, "stop": stop, "weeks": weeks, "cause": cause, "owner": rows["owner"]})
