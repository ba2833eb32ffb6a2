"""Days and moments written as text: ISO, a stated format, or a form that leaves no doubt.

A column written with numbers is read month first or day first only where its own cells say which; where
every day and month is 12 or less it is refused, because both readings are possible days.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

Order = Literal["day", "month"]

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND: Final = dt.timedelta(microseconds=1)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CENTURY_TURNS_AT: Final = 69

_TIME = re.compile(
    r"(?:[T ,]\s*)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})([/.])(\d{1,2})\5(\d{1,2})|((?:19|20)\d{2})(\d{2})(\d{2})")
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_DAY_NAMED = re.compile(r"(\d{1,2})[-. /]+([A-Za-z]{3,9})\.?[-, /]+(\d{4}|\d{2})")
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})\.?[- ]+(\d{1,2}),? +(\d{4})")


class Unreadable(ValueError):
    """A cell that cannot be read; the message completes "this value ..."."""


@dataclass(frozen=True)
class DateStyle:
    """How one column writes days.

    Attributes
    ----------
    stated : str or None
        The configured `strptime` format.
    order : {"day", "month"} or None
        What comes first in numeric days, where that is known.
    zone : ZoneInfo
        Zone of moments without an offset, and of the business day.
    """

    stated: str | None
    order: Order | None
    zone: ZoneInfo

    @property
    def puts_year_first(self) -> bool:
        """Whether the stated format begins with the year, so that what looks like ISO may be none."""
        return self.stated is not None and self.stated.startswith("%Y")


def numeric_orders(cells: Iterable[str]) -> tuple[set[Order], str | None]:
    """Return which orders the numeric days of a column prove, and one such day as an example.

    Returns
    -------
    (set, str or None)
        Empty set with an example: ambiguous. Both orders: written in two ways. No example: nothing
        numeric is in the column.
    """
    proven: set[Order] = set()
    example = None
    for cell in cells:
        match = _NUMERIC.fullmatch(_split(cell)[0])
        if match is None:
            continue
        example = example or cell
        if int(match[1]) > 12:
            proven.add("day")
        if int(match[3]) > 12:
            proven.add("month")
    return proven, example


def formats_for(example: str) -> tuple[str, str]:
    """Return the two `strptime` formats, month first and day first, that fit a numeric day."""
    match = _NUMERIC.fullmatch(_split(example)[0])
    mark, year = (match[2], "%Y" if len(match[4]) == 4 else "%y") if match is not None else ("/", "%Y")
    return f"%m{mark}%d{mark}{year}", f"%d{mark}%m{mark}{year}"


def read_date(text: str, style: DateStyle) -> dt.date:
    """Read a day; a moment with an offset gives its day in the book's zone."""
    moment = _read(text, style)
    try:
        return moment.date() if moment.tzinfo is None else moment.astimezone(style.zone).date()
    except OverflowError:
        raise Unreadable("is no day of the calendar") from None


def read_moment(text: str, style: DateStyle) -> int:
    """Read a moment as microseconds since 1970 in UTC; without an offset it is local to the book's zone.

    A local time that a clock change makes happen twice is the first of the two.
    """
    moment = _read(text, style)
    try:
        return ((moment if moment.tzinfo is not None else moment.replace(tzinfo=style.zone)) - EPOCH) // MICROSECOND
    except OverflowError:
        raise Unreadable("is no moment of the calendar") from None


def _read(text: str, style: DateStyle) -> dt.datetime:
    text = text.strip()
    year_first = style.puts_year_first
    try:
        if text[4:5] == "-" and text[5:6].isdigit() and not year_first:
            return dt.datetime.fromisoformat(text)
    except ValueError:
        pass  # a form of ISO that Python does not read, such as a one-digit hour
    day_text, time = _split(text)
    try:
        day = None if year_first else _iso(day_text)
        if day is None and style.stated is not None:
            return _as_stated(text, day_text, time, style.stated)
        day = day or _named(day_text) or _numeric(day_text, style.order)
        if day is None:
            raise Unreadable("is no date")
        return _with_time(day, time)
    except Unreadable:
        raise
    except (ValueError, OverflowError):
        raise Unreadable("is no day of the calendar") from None


def _split(text: str) -> tuple[str, re.Match[str] | None]:
    time = _TIME.search(text)
    return (text, None) if time is None else (text[: time.start()].rstrip(" ,"), time)


def _iso(text: str) -> dt.datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None and part.isdigit())
    return dt.datetime(year, month, day)


def _named(text: str) -> dt.datetime | None:
    match = _DAY_NAMED.fullmatch(text)
    if match is not None:
        day, month, year = match.groups()
    else:
        match = _MONTH_NAMED.fullmatch(text)
        if match is None:
            return None
        month, day, year = match.groups()
    if month[:3].lower() not in MONTHS:
        return None
    return dt.datetime(_year(year), MONTHS.index(month[:3].lower()) + 1, int(day))


def _numeric(text: str, order: Order | None) -> dt.datetime | None:
    match = _NUMERIC.fullmatch(text)
    if match is None or order is None:
        return None
    first, second = int(match[1]), int(match[3])
    day, month = (first, second) if order == "day" else (second, first)
    return dt.datetime(_year(match[4]), month, day)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < CENTURY_TURNS_AT else 1900)


def _as_stated(text: str, day_text: str, time: re.Match[str] | None, stated: str) -> dt.datetime:
    for candidate, rest in ((text, None), (day_text, time)):
        try:
            moment = dt.datetime.strptime(candidate, stated)
        except ValueError:
            continue
        return moment if moment.tzinfo is not None else _with_time(moment, rest)
    raise Unreadable(f"does not have the stated form {stated}")


def _with_time(day: dt.datetime, time: re.Match[str] | None) -> dt.datetime:
    if time is None:
        return day
    hour, half = int(time["hour"]), time["half"]
    if hour > 23 or (half and not 1 <= hour <= 12):
        raise Unreadable("has no time of the day")
    if half:
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    moment = day.replace(
        hour=hour,
        minute=int(time["minute"]),
        second=int(time["second"] or 0),
        microsecond=int((time["fraction"] or "0")[:6].ljust(6, "0")),
    )
    return moment.replace(tzinfo=_offset(time["offset"])) if time["offset"] else moment


def _offset(text: str) -> dt.timezone:
    if text in ("Z", "UTC", "GMT"):
        return dt.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    shift = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-shift if text[0] == "-" else shift)
