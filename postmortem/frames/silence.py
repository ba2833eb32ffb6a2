"""When the buyer of each closed deal was last heard, and how long a live buyer of its segment stays silent at most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.book.reductions import BUYER_SIDES
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.frames.entry import local_days
from postmortem.stats import Estimate, percentile

LIVE = 0.95
# Below 72 gaps not even the longest one is an upper limit of their 95th percentile.
LEAST_GAPS = 72
EVERYWHERE = "All segments"


@dataclass(frozen=True)
class Silence:
    """The closed deals of a window beside what their buyers did.

    Attributes
    ----------
    deals : DataFrame
        One row a closed deal whose buyer is on record before its close: the cohort's columns, ``outcome`` (lost,
        won), ``last_heard`` (day), ``dead_days`` (days from then to the close), ``contacts`` (days with a contact),
        ``first_heard``, ``limit`` (days a live buyer stays silent at most, in 95 of 100 gaps of won deals),
        ``is_dead`` (silent longer than that before the close).
    days : DataFrame
        One row a deal of these and day on which its buyer did something: ``deal_id``, ``day``.
    limits : mapping of str to Estimate
        The limit of each segment with enough gaps, and of all of them together under `EVERYWHERE`.
    closed : mapping of str to int
        Closed deals of the window by outcome, those without any buyer on record included.
    """

    deals: pd.DataFrame
    days: pd.DataFrame
    limits: dict[str, Estimate]
    closed: dict[str, int]


def buyer_days(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the distinct days, up to its close, on which the buyer of each closed deal did something.

    Parameters
    ----------
    cohort : Cohort
        Whose book holds the events; sides ``buyer`` and ``both`` count, ``unknown`` is no evidence of a buyer.
    rows : DataFrame
        Closed rows of it.

    Returns
    -------
    DataFrame
        One row a deal and day: ``deal_id``, ``day``, in order.
    """
    events = cohort.book.table("events")
    events = events.loc[events["side"].isin(BUYER_SIDES), ["deal_id", "occurred_at"]]
    events = events.merge(rows[["deal_id", "closed_at"]].dropna(), on="deal_id")
    events = events.assign(day=local_days(cohort.book, events["occurred_at"]))
    days = events.loc[events["day"] <= events["closed_at"], ["deal_id", "day"]].drop_duplicates()
    return days.sort_values(["deal_id", "day"], ignore_index=True)


def silence(cohort: Cohort) -> Silence:
    """Work out when the buyers of the window's closed deals were last heard.

    Parameters
    ----------
    cohort : Cohort
        Any kind; lost and won by the end of their quarter.

    Returns
    -------
    Silence
        Empty of deals where the book has no events. Without 72 gaps of won deals there is no limit, and no deal is
        called dead.
    """
    window = cohort.window_rows
    closed = pd.concat([lost_rows(window).assign(outcome="lost"), won_rows(window).assign(outcome="won")])
    closed = closed.sort_values("deal_id").drop_duplicates("deal_id")
    days = buyer_days(cohort, closed)
    heard = days.groupby("deal_id")["day"].agg(first_heard="min", last_heard="max", contacts="count").reset_index()
    deals = closed.merge(heard, on="deal_id")
    deals["dead_days"] = (deals["closed_at"] - deals["last_heard"]).dt.days
    limits = _limits(deals, days)
    every = limits[EVERYWHERE].estimate if EVERYWHERE in limits else np.nan
    own = {name: found.estimate for name, found in limits.items() if name != EVERYWHERE}
    deals["limit"] = deals["segment"].map(own).astype("float64").fillna(every)
    deals["is_dead"] = deals["dead_days"] > deals["limit"]
    counted = {outcome: int((closed["outcome"] == outcome).sum()) for outcome in ("lost", "won")}
    return Silence(deals, days, limits, counted)


def _limits(deals: pd.DataFrame, days: pd.DataFrame) -> dict[str, Estimate]:
    """Return the 95th percentile of the gaps between two contacts of won deals, by segment and together."""
    gap = days["day"].diff().dt.days.where(days["deal_id"] == days["deal_id"].shift())
    gaps = days.assign(gap=gap).dropna(subset=["gap"])
    gaps = gaps.merge(deals.loc[deals["outcome"] == "won", ["deal_id", "segment"]], on="deal_id")
    if len(gaps) < LEAST_GAPS:
        return {}
    found = {EVERYWHERE: percentile(gaps["gap"].to_numpy(), LIVE)}
    for segment, own in gaps.groupby("segment"):
        if len(own) >= LEAST_GAPS:
            found[str(segment)] = percentile(own["gap"].to_numpy(), LIVE)
    return found
