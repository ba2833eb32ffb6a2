"""How long each deal's buyer had been silent, week by week while the deal was open, as it stood some days before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.book.reductions import BUYER_SIDES
from postmortem.frames.cohort import Cohort
from postmortem.frames.entry import local_days
from postmortem.frames.followed import followed

LAG, WEEK, MOST_WEEKS = 3, 7, 8
NOT_RECORDED = "not recorded"
COMPETITOR, STATUS_QUO, OTHER, WON = 1, 2, 3, 4
CAUSES = {"lost_competitor": COMPETITOR, "lost_status_quo": STATUS_QUO, "lost_disqualified": OTHER,
          "lost_unknown": OTHER, "won": WON}  # fmt: skip


@dataclass(frozen=True)
class SilentWeeks:
    """Deals followed from the day they came into the cohort, cut where the weeks of silence change.

    Attributes
    ----------
    deals : DataFrame
        One row a deal: ``deal_id``, ``days`` (followed), ``cause`` (0 open), ``owner``.
    stretches : DataFrame
        One row a stretch: ``start``, ``stop`` (days since entry, start excluded), ``weeks`` (whole weeks since the
        buyer was last heard, as it stood three days before the start, eight and more as eight), ``cause`` (0
        unless the deal ended with it), ``owner``.
    unheard : int
        Deals left out, as their buyer had not been heard by the day they came in.
    """

    deals: pd.DataFrame
    stretches: pd.DataFrame
    unheard: int


def silent_weeks(cohort: Cohort) -> SilentWeeks:
    """Cut the days of each deal of the window into stretches of equal silence of the buyer.

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open.

    Returns
    -------
    SilentWeeks
        Without deals whose buyer was not on record by the day they came in: whether they are silent is not known.
        Silence is told with a lag, because a deal about to end falls silent.
    """
    rows = followed(cohort, from_entry=True).rows
    rows = rows.assign(cause=rows["ultimate"].map(CAUSES).fillna(0).astype("int64"))
    rows = rows.assign(owner=rows["owner_id"].fillna(NOT_RECORDED))[rows["days"] > 0]
    events = cohort.book.table("events")
    events = events.loc[events["side"].isin(BUYER_SIDES), ["deal_id", "occurred_at"]]
    heard = events.merge(rows[["deal_id", "entered_at", "days", "cause", "owner"]], on="deal_id")
    at = (local_days(cohort.book, heard["occurred_at"]) - heard["entered_at"]).dt.days
    heard = heard.assign(at=at).dropna(subset=["at"]).drop_duplicates(["deal_id", "at"])
    known = heard.loc[heard["at"] <= 0, "deal_id"].unique()
    deals = rows[rows["deal_id"].isin(known)][["deal_id", "days", "cause", "owner"]].reset_index(drop=True)
    stretches = _cut(heard[heard["deal_id"].isin(known)].sort_values(["deal_id", "at"], ignore_index=True))
    return SilentWeeks(deals, stretches, len(rows) - len(deals))


def _cut(heard: pd.DataFrame) -> pd.DataFrame:
    """Return stretches of equal silence from one row a deal and day on which its buyer was heard."""
    begin = heard["at"].astype("int64") + LAG
    following = begin.groupby(heard["deal_id"]).shift(-1)
    until = np.minimum(following.fillna(heard["days"]), heard["days"]).astype("int64")
    heard = heard.assign(begin=begin, until=until)[(begin < until) & (until > 0)].reset_index(drop=True)
    pieces = (-(-(heard["until"] - heard["begin"]) // WEEK)).clip(upper=MOST_WEEKS + 1)
    rows = heard.loc[heard.index.repeat(pieces)].reset_index()
    weeks = rows.groupby("index").cumcount()
    start = (rows["begin"] + WEEK * weeks).clip(lower=0)
    # Beyond the most weeks told apart the last stretch goes on until the buyer is heard again.
    stop = rows["until"].where(weeks == MOST_WEEKS, np.minimum(rows["begin"] + WEEK * (weeks + 1), rows["until"]))
    cause = rows["cause"].where(stop == rows["days"], 0)
    made = pd.DataFrame({"start": start, "stop": stop, "weeks": weeks, "cause": cause, "owner": rows["owner"]})
    return made[made["stop"] > made["start"]].reset_index(drop=True)
