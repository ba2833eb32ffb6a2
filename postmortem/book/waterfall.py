"""From the pipeline of one day to that of another: every deal in exactly one movement, every cent in one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import numpy as np
import pandas as pd

from postmortem.book.book import Book
from postmortem.book.history import states_at_moments, tracked_fields
from postmortem.ground.errors import UsageError

CREATED, PULLED_IN, PUSHED_OUT, STAYED, WON, LOST = "created", "pulled_in", "pushed_out", "stayed", "won", "lost"
CALLED_IN, CALLED_OUT = "called_in", "called_out"
CENTS = 100


def deal_movements(
    book: Book, opening: dt.date, closing: dt.date, due: tuple[dt.date, dt.date], categories: Collection[str] = ()
) -> pd.DataFrame:
    """Say of every deal how it came into the pipeline of some days, and how it left it.

    Parameters
    ----------
    book : Book
        With a history of expected closes and amounts; what it does not track is as today throughout.
    opening, closing : datetime.date
        Ends of two local days; the states compared are those at the end of them.
    due : (datetime.date, datetime.date)
        First and last day: an open deal is in the pipeline if its expected close lies within.
    categories : collection of str
        Forecast categories that count; all of them unless told.

    Returns
    -------
    DataFrame
        One row a deal that was in the pipeline at either end or was closed within `due` between them:
        ``deal_id``; ``came`` (``opening``: in it at the opening; else ``created``, ``pulled_in`` or
        ``called_in``); ``went`` (``won``, ``lost``, ``pushed_out``, ``called_out``, ``stayed``);
        ``opening_cents``, ``came_cents``, ``change_cents``, ``went_cents``, ``closing_cents``, whole cents,
        missing where an amount the row needs is not known. In every row opening + came + change = went + closing.

    Raises
    ------
    UsageError
        When the closing is not after the opening.

    Notes
    -----
    A deal that was not there at the opening comes with the amount it has at the closing, so that changes are
    those of deals that were. The amount of a deal that was closed is the one it was closed with. Deals both
    created and closed between the two days come as ``created`` and go as ``won`` or ``lost``.
    """
    if not opening < closing:
        raise UsageError("A waterfall needs two days.", got=f"{opening} and {closing}", expected="the later one last")
    moments = [book.meta.end_of_day(day) for day in (opening, closing)]
    before, after = states_at_moments(book, moments, tracked_fields(book))
    was, now = (_standing(book, *pair, due, categories) for pair in ((before, opening), (after, closing)))
    deals = book.deals
    ended_on = deals["closed_at"]
    ended = now["is_closed"] & ~was["is_closed"]
    in_time = ended & (ended_on >= pd.Timestamp(due[0])) & (ended_on <= pd.Timestamp(due[1]))
    # A deal closed elsewhere than where it was due left the pipeline by its outcome all the same.
    taken = ended & (was["is_in"] | in_time)
    here = was["is_in"] | now["is_in"] | taken
    is_new = ~was["exists"]
    came = np.select([was["is_in"], is_new, ~was["is_due"]], ["opening", CREATED, PULLED_IN], CALLED_IN)
    went = np.select(
        [taken & (deals["outcome"] == "won"), taken, now["is_in"], ~now["is_due"]],
        [WON, LOST, STAYED, PUSHED_OUT],
        CALLED_OUT,
    )
    first, last = whole_cents(was["amount"]), whole_cents(now["amount"])
    opened, remains = was["is_in"], now["is_in"]
    nothing = pd.Series(0, index=deals.index, dtype="Int64")
    rows = pd.DataFrame(
        {
            "deal_id": deals["deal_id"],
            "came": pd.Series(came, index=deals.index, dtype="str"),
            "went": pd.Series(went, index=deals.index, dtype="str"),
            "opening_cents": nothing.mask(opened, first),
            "came_cents": nothing.mask(~opened, last),
            "change_cents": nothing.mask(opened, last - first),
            "went_cents": nothing.mask(~remains, last),
            "closing_cents": nothing.mask(remains, last),
        }
    )
    return rows[here].reset_index(drop=True)


def whole_cents(amounts: pd.Series[float]) -> pd.Series[int]:
    """Return amounts as whole cents, missing where they are: sums of them are exact in any order."""
    cents: pd.Series[int] = (amounts * CENTS).round().astype("Int64")
    return cents


def _standing(
    book: Book, states: pd.DataFrame, day: dt.date, due: tuple[dt.date, dt.date], categories: Collection[str]
) -> pd.DataFrame:
    """Say of every deal whether it existed, was closed, was due and was in the pipeline at the end of a day."""
    deals = book.deals.assign(**{str(name): states[name] for name in tracked_fields(book)})
    exists = ~(deals["created_at"] > pd.Timestamp(day))
    is_closed = (deals["outcome"] != "open") & (deals["closed_at"] <= pd.Timestamp(day))
    expected = deals["expected_close_date"]
    is_due = (expected >= pd.Timestamp(due[0])) & (expected <= pd.Timestamp(due[1]))
    called = deals["forecast_category"].isin(categories) if categories else pd.Series(True, index=deals.index)
    return pd.DataFrame(
        {
            "exists": exists,
            "is_closed": is_closed,
            "is_due": is_due,
            "is_in": exists & ~is_closed & is_due & called,
            "amount": deals["amount"],
        }
    )
