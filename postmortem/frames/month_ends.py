"""The last working days of months, the deals that were closed on them, and whether lost deals bunch there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.stats import LEAST_EVENTS, LEAST_N, Estimate, clustered_difference, clustered_ratio

LAST_DAYS = 2
LOST, WON = "lost", "won"


def dated(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose close date was recorded, not only expected."""
    deals = cohort.book.deals
    expected = deals.loc[deals["closed_at_source"] == "expected_proxy", "deal_id"]
    return rows[rows["closed_at"].notna() & ~rows["deal_id"].isin(expected)]


def left_in_month(days: pd.Series) -> pd.Series:
    """Return how many working days of the month come after each day."""
    after = (days + pd.Timedelta(days=1)).to_numpy().astype("datetime64[D]")
    following = (days.dt.to_period("M") + 1).dt.start_time.to_numpy().astype("datetime64[D]")
    return pd.Series(np.busday_count(after, following), index=days.index)


def working_days(cohort: Cohort) -> pd.Series:
    """Return the working days of the window, Monday to Friday."""
    return pd.Series(pd.bdate_range(cohort.window[0].start, cohort.window[-1].end))


def owners_months(rows: pd.DataFrame) -> pd.Series:
    """Return whose month each deal was closed in."""
    months: pd.Series = rows["closed_at"].dt.strftime("%Y-%m")
    return rows["owner_id"].fillna("nobody").str.cat(months, sep=" ")


def share_closed_then(rows: pd.DataFrame, then: pd.Series) -> Estimate:
    """Return the share of deals closed on such days; what one owner closes in one month hangs together.

    Parameters
    ----------
    rows : DataFrame
        Deals with ``closed_at`` and ``owner_id``.
    then : Series of bool
        Of each of them, whether it was closed on such a day.

    Returns
    -------
    Estimate
        Refused as `stats.clustered_ratio` is.
    """
    return clustered_ratio(then.to_numpy(dtype=np.float64), np.ones(len(rows)), owners_months(rows)).interval


def lost_less_won(rows: pd.DataFrame, then: pd.Series) -> Estimate:
    """Return by how much more of the lost deals than of the won ones was closed on such days.

    Parameters
    ----------
    rows : DataFrame
        Deals with ``closed_at``, ``owner_id`` and ``outcome`` (lost or won).
    then : Series of bool
        Of each of them, whether it was closed on such a day.

    Returns
    -------
    Estimate
        Refused where fewer than five deals were closed on such days, or on others, and as `stats.clustered_difference`
        is.
    """
    events = int(then.sum())
    if min(events, len(then) - events) < LEAST_EVENTS:
        return Estimate.refused("too few such closes", n=len(then), events=events, method="difference of shares")
    is_lost = (rows["outcome"] == LOST).astype("int64")
    return clustered_difference(then.astype("int64"), is_lost, {"owners' months": owners_months(rows)})


def lost_and_won(cohort: Cohort) -> pd.DataFrame:
    """Return the deals of the window closed on a recorded day: the cohort's columns and ``outcome`` (lost or won)."""
    parts = ((LOST, lost_rows(cohort.window_rows)), (WON, won_rows(cohort.window_rows)))
    return pd.concat([dated(cohort, rows).assign(outcome=outcome) for outcome, rows in parts], ignore_index=True)


def losses_bunch(cohort: Cohort) -> bool:
    """Say whether lost deals were closed at month ends more often than even days would have it, and than won ones.

    Deals that are won are closed towards month ends too; that lost ones are alone says nothing of the record. Where
    the deals are too few to tell, they are not said to bunch.
    """
    both = lost_and_won(cohort)
    lost = both[both["outcome"] == LOST]
    if len(lost) < LEAST_N:
        return False
    even = float((left_in_month(working_days(cohort)) < LAST_DAYS).mean())
    then = left_in_month(both["closed_at"]) < LAST_DAYS
    return bool(share_closed_then(lost, then[lost.index]).low > even and lost_less_won(both, then).low > 0)
