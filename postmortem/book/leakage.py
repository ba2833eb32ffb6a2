"""How a forecast leaks away: where the deals forecast for a quarter stand at each week's end, and in which category."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from postmortem.book.book import Book
from postmortem.book.history import states_at_moments, tracked_fields
from postmortem.ground.fiscal import Quarter
from postmortem.ground.schema import FORECAST_DEFAULT, UNKNOWN

IN_FORECAST, LEFT, WON, LOST = "in_forecast", "left", "won", "lost"
WEEK = 7


def week_ends(quarter: Quarter, *, until: dt.date) -> tuple[dt.date, ...]:
    """Return the last day of each week of a quarter up to `until`: days 7, 14 and so on, the last one its end.

    A quarter has as many weeks as come closest, thirteen as a rule, so that the last one has six to eight days
    and the weeks of one quarter can be set beside those of another.
    """
    length = (quarter.end - quarter.start).days + 1
    whole = range(WEEK, WEEK * round(length / WEEK), WEEK)
    days = [quarter.day(number) for number in (*whole, length)]
    return tuple(day for day in days if day <= until)


def standing_by_day(
    book: Book,
    deal_ids: Collection[str],
    days: Sequence[dt.date],
    last: dt.date,
    *,
    categories: Collection[str] = FORECAST_DEFAULT,
) -> pd.DataFrame:
    """Say where each of some deals stood at the end of each of some local days.

    Parameters
    ----------
    book : Book
        With a history of forecast categories and expected closes.
    deal_ids : collection of str
        Deals of the forecast, such as those of a cohort's focus quarter.
    days : sequence of datetime.date
        Days asked for, such as `week_ends`.
    last : datetime.date
        Last day of the quarter that was forecast.
    categories : collection of str
        Forecast categories that count as forecast.

    Returns
    -------
    DataFrame
        One row a day and deal, by day and in the order of the book's deals: ``day``, ``deal_id``,
        ``standing``: ``won`` or ``lost`` if closed by then; ``in_forecast`` if open, called and expected by
        `last`, however overdue; else ``left``; and ``forecast_category`` (that day's; unknown where a deal
        was closed, for then it is the closing that wrote it).
    """
    states = states_at_moments(book, [book.meta.end_of_day(day) for day in days], tracked_fields(book))
    wanted = book.deals["deal_id"].isin(list(deal_ids))
    told = [book.deals.assign(**{str(name): frame[name] for name in tracked_fields(book)}) for frame in states]
    parts = [standing_on(then[wanted], day, last, categories) for day, then in zip(days, told, strict=True)]
    return pd.concat(parts, ignore_index=True)


def standing_on(then: pd.DataFrame, day: dt.date, last: dt.date, categories: Collection[str]) -> pd.DataFrame:
    """Say where deals stood at the end of one day.

    Parameters
    ----------
    then : DataFrame
        Columns of `deals`, the tracked fields as they were at the end of `day`.
    day, last, categories
        As for `standing_by_day`.

    Returns
    -------
    DataFrame
        On the index of `then`, the columns of `standing_by_day`.
    """
    is_closed = (then["outcome"] != "open") & (then["closed_at"] <= pd.Timestamp(day))
    called = then["forecast_category"].isin(list(categories)) & (then["expected_close_date"] <= pd.Timestamp(last))
    standing = np.select([is_closed & (then["outcome"] == "won"), is_closed, called], [WON, LOST, IN_FORECAST], LEFT)
    return pd.DataFrame(
        {
            "day": pd.Series(pd.Timestamp(day), index=then.index, dtype="datetime64[us]"),
            "deal_id": then["deal_id"],
            "standing": pd.Series(standing, index=then.index, dtype="str"),
            "forecast_category": then["forecast_category"].fillna(UNKNOWN).mask(is_closed, UNKNOWN).astype("str"),
        }
    )


def category_moves(standings: pd.DataFrame, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Count the deals by the category they were in on one day and where they were on another.

    Parameters
    ----------
    standings : DataFrame
        From `standing_by_day`, both days among its days.
    first, last : datetime.date
        The days compared.

    Returns
    -------
    DataFrame
        One row a pair that occurs: ``was`` and ``now`` (a forecast category, or ``won`` or ``lost``),
        ``deals``; the counts add up to the deals.
    """
    closed = standings["standing"].isin((WON, LOST))
    place = standings["forecast_category"].mask(closed, standings["standing"])
    told = standings.assign(place=place).pivot(index="deal_id", columns="day", values="place")
    pairs = pd.DataFrame({"was": told[pd.Timestamp(first)], "now": told[pd.Timestamp(last)]})
    return pairs.groupby(["was", "now"]).size().rename("deals").reset_index()
