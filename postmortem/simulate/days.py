"""Arithmetic on days, counted from 1970-01-01 as whole numbers: working days, ends of months and quarters."""

from __future__ import annotations

import datetime as dt

import numpy as np

from postmortem.simulate.randomness import Dates, Flags, Floats, Ints

EPOCH = dt.date(1970, 1, 1)
SECONDS = 86_400
FAR = 1_000_000  # more days than there are; keeps a day apart in a combined key
OFFICE_OPENS, OFFICE_SECONDS = 13 * 3600, 9 * 3600  # UTC; the same calendar day in New York


def number(day: dt.date) -> int:
    """Return the number of `day`."""
    return (day - EPOCH).days


def dates(days: Ints) -> Dates:
    """Return `days` as numpy dates."""
    return days.astype("datetime64[D]")


def workday_after(days: Ints) -> Ints:
    """Move Saturdays and Sundays to the Monday after."""
    weekday = (days + 3) % 7
    return days + np.where(weekday >= 5, 7 - weekday, 0)


def workday_before(days: Ints) -> Ints:
    """Move Saturdays and Sundays to the Friday before."""
    weekday = (days + 3) % 7
    return days - np.where(weekday >= 5, weekday - 4, 0)


def month_end(days: Ints) -> Ints:
    """Return the last working day of each day's month."""
    months = dates(days).astype("datetime64[M]").astype(np.int64)
    return workday_before(_month_start(months + 1) - 1)


def quarter_end(days: Ints) -> Ints:
    """Return the last working day of each day's calendar quarter."""
    months = dates(days).astype("datetime64[M]").astype(np.int64)
    return workday_before(_month_start(months // 3 * 3 + 3) - 1)


def in_last_month_of_quarter(days: Ints) -> Flags:
    """Whether each day lies in March, June, September or December."""
    months = dates(days).astype("datetime64[M]").astype(np.int64)
    last: Flags = months % 3 == 2
    return last


def moments(rng: np.random.Generator, days: Ints | Floats) -> Ints:
    """Return a second within office hours of each day (fractions of a day are dropped), as Unix time."""
    whole = np.floor(days).astype(np.int64)
    return whole * SECONDS + OFFICE_OPENS + rng.integers(0, OFFICE_SECONDS, size=whole.shape)


def _month_start(months: Ints) -> Ints:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
