"""To whom a deal was lost, and what had become of it by the end of a quarter.

To whom a deal was lost is the CRM's word, found by the first of four rules that applies; which one did is
kept beside it. A competitor that was merely present decides nothing, and unknown stays unknown.
"""

from __future__ import annotations

import pandas as pd

from postmortem.book import Book
from postmortem.ground.fates import OPEN, SLIPPED
from postmortem.ground.schema import UNKNOWN


def lost_to(book: Book) -> pd.DataFrame:
    """Say for every lost deal to whom it was lost, and by which rule.

    Returns
    -------
    DataFrame
        One row a lost deal: ``deal_id``, ``lost_to`` (competitor, status_quo, disqualified, unknown),
        ``lost_to_source`` (lost_to field, loss reason, competitor marked as winner, nothing recorded),
        ``reason_code`` and ``reason`` (label of the rep's primary reason, where it maps).
    """
    deals = book.deals
    lost = deals.loc[deals["outcome"] == "lost", ["deal_id", "lost_to_recorded"]].set_index("deal_id")
    reasons = book.table("reasons")
    primary = reasons[(reasons["rater_type"] == "rep") & (reasons["rank"] == "primary")]
    primary = primary.sort_values("recorded_at", kind="stable", na_position="first")
    primary = primary.drop_duplicates("deal_id", keep="last").set_index("deal_id").reindex(lost.index)
    by_reason = _by_reasons(book).reindex(lost.index)
    rivals = book.table("competitors")
    winners = rivals[rivals["status"] == "won"].groupby("deal_id").size().reindex(lost.index)
    by_winner = pd.Series("competitor", index=lost.index, dtype="str").where(winners == 1)
    found = pd.DataFrame({"lost_to": UNKNOWN, "lost_to_source": "nothing recorded"}, index=lost.index)
    rules = (
        ("competitor marked as winner", by_winner),
        ("loss reason", by_reason),
        ("lost-to field", lost["lost_to_recorded"]),
    )
    for source, values in rules:
        known = values.notna() & (values != UNKNOWN)
        found.loc[known, "lost_to"] = values[known]
        found.loc[known, "lost_to_source"] = source
    found["reason_code"] = primary["code"].astype("str")
    found["reason"] = primary["code"].map(_labels(book)).astype("str")
    return found.reset_index()


def resolve(deals: pd.DataFrame, ends: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    """Say what had become of each deal at the end of its quarter.

    Parameters
    ----------
    deals : DataFrame
        ``outcome``, ``closed_at``, ``lost_to``.
    ends : Series of datetime64
        Last day of each row's quarter.
    as_of : Timestamp
        Last day that is known.

    Returns
    -------
    Series of str
        won, lost_*, slipped (open when the quarter ended), open (the quarter has not ended by `as_of`).
    """
    fate = ("lost_" + deals["lost_to"].fillna(UNKNOWN)).where(deals["outcome"] == "lost", deals["outcome"])
    in_time = deals["closed_at"].notna() & (deals["closed_at"] <= ends) & (deals["outcome"] != "open")
    unfinished = pd.Series(SLIPPED, index=deals.index, dtype="str").where(ends <= as_of, OPEN)
    return fate.where(in_time, unfinished).astype("str")


def _by_reasons(book: Book) -> pd.Series:
    """Say by deal to whom the rep's reasons imply it was lost: the primary one's word, else what all agree on."""
    reasons = book.table("reasons")
    reasons = reasons[reasons["rater_type"] == "rep"]
    has_primary = reasons["deal_id"].isin(reasons.loc[reasons["rank"] == "primary", "deal_id"])
    reasons = reasons[~has_primary | (reasons["rank"] == "primary")]
    defaults = {reason.code: reason.lost_to for reason in book.taxonomy.reasons if reason.lost_to}
    implied = reasons["lost_to"].fillna(reasons["code"].map(defaults)).fillna(UNKNOWN)
    by_deal = implied.groupby(reasons["deal_id"])
    return by_deal.first().where(by_deal.nunique() == 1).astype("str")


def _labels(book: Book) -> dict[str, str]:
    return {reason.code: reason.label for reason in book.taxonomy.reasons}
