"""Fiscal calendars and quarters: which days a quarter has, and how people write it.

A quarter is written ``2025Q3`` where the fiscal year is the calendar year and ``FY26Q1`` elsewhere. Both
forms, ``2025-Q3``, ``2025 q3`` and ranges (``2025Q1..2025Q3``, ``2025Q1-2025Q3``) are understood.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Literal

from postmortem.ground.errors import ConfigError, UsageError

QUARTER = re.compile(r"^\s*(?:FY\s*)?(?P<year>\d{4}|\d{2})\s*[-_ ]?\s*Q(?P<number>[1-4])\s*$", re.IGNORECASE)
RANGE = re.compile(r"^(?P<first>.+?Q[1-4])\s*(?:\.\.|:|–|-|to)\s*(?P<last>.+Q[1-4]|last)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class FiscalCalendar:
    """When fiscal years start and which calendar year gives them their name.

    Parameters
    ----------
    start_month : int
        First month of the fiscal year, 1 to 12.
    named_by : {"ending", "starting"}
        Whether a fiscal year carries the number of the calendar year it ends or starts in.
    """

    start_month: int = 1
    named_by: Literal["ending", "starting"] = "ending"

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            raise ConfigError("The fiscal year cannot start there.", got=self.start_month, expected="a month, 1 to 12")

    @property
    def is_calendar_year(self) -> bool:
        """Whether fiscal and calendar years are the same."""
        return self.start_month == 1

    def quarter(self, year: int, number: int) -> Quarter:
        """Return quarter `number` (1 to 4) of fiscal year `year` (four digits)."""
        return Quarter(year, number, self)

    def quarter_of(self, day: dt.date) -> Quarter:
        """Return the quarter that `day` lies in."""
        months = (day.year * 12 + day.month - 1) - (self.start_month - 1)
        starting, month = divmod(months, 12)
        name = starting + (1 if self.named_by == "ending" and not self.is_calendar_year else 0)
        return Quarter(name, month // 3 + 1, self)

    def parse(self, text: str) -> Quarter:
        """Read one quarter from text.

        Raises
        ------
        UsageError
            When the text is no quarter.
        """
        match = QUARTER.match(text)
        if match is None:
            raise UsageError(
                "This is not a quarter.",
                got=text,
                expected=f"a form such as {self.quarter(2025, 3).label} or 2025-Q3",
            )
        year = int(match["year"])
        return Quarter(year + 2000 if year < 100 else year, int(match["number"]), self)

    def parse_range(self, text: str, *, last: Quarter) -> tuple[Quarter, ...]:
        """Read one quarter, ``last`` or a range such as ``2025Q1..2025Q3`` or ``2025Q1..last``.

        Parameters
        ----------
        text : str
            What the user wrote.
        last : Quarter
            What ``last`` stands for: the latest quarter that ended by the book's date.
        """
        text = text.strip()
        if text.lower() == "last":
            return (last,)
        match = RANGE.match(text)
        if match is None:
            return (self.parse(text),)
        first = self.parse(match["first"])
        final = last if match["last"].lower() == "last" else self.parse(match["last"])
        if final < first:
            raise UsageError("This range of quarters runs backwards.", got=text, expected="the earlier quarter first")
        return tuple(first + step for step in range(final.ordinal - first.ordinal + 1))

    def last_ended(self, day: dt.date) -> Quarter:
        """Return the latest quarter whose last day is `day` or earlier."""
        current = self.quarter_of(day)
        return current if current.end <= day else current - 1


@dataclass(frozen=True, order=False)
class Quarter:
    """One fiscal quarter.

    Attributes
    ----------
    year, number : int
        Fiscal year (four digits) and quarter of it (1 to 4).
    calendar : FiscalCalendar
        The calendar that says which days these are.
    """

    year: int
    number: int
    calendar: FiscalCalendar = field(default=FiscalCalendar(), repr=False)

    def __post_init__(self) -> None:
        if self.number not in (1, 2, 3, 4) or not 1900 <= self.year <= 2200:
            raise UsageError(
                "There is no such quarter.", got=f"{self.year}Q{self.number}", expected="Q1 to Q4 of a year"
            )

    @property
    def ordinal(self) -> int:
        """Quarters since year 0, for differences."""
        return self.year * 4 + self.number - 1

    @property
    def start(self) -> dt.date:
        """First day."""
        back = 1 if self.calendar.named_by == "ending" and not self.calendar.is_calendar_year else 0
        months = (self.year - back) * 12 + (self.calendar.start_month - 1) + 3 * (self.number - 1)
        return dt.date(months // 12, months % 12 + 1, 1)

    @property
    def end(self) -> dt.date:
        """Last day, inclusive."""
        return (self + 1).start - dt.timedelta(days=1)

    @property
    def label(self) -> str:
        """How the quarter is written: ``2025Q3``, or ``FY26Q1`` where the fiscal year is its own."""
        if self.calendar.is_calendar_year:
            return f"{self.year}Q{self.number}"
        return f"FY{self.year % 100:02d}Q{self.number}"

    def day(self, number: int) -> dt.date:
        """Return day `number` of the quarter; day 1 is its first day."""
        return self.start + dt.timedelta(days=number - 1)

    def trailing(self, count: int) -> tuple[Quarter, ...]:
        """Return `count` quarters up to and including this one, oldest first."""
        return tuple(self - back for back in range(count - 1, -1, -1))

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day <= self.end

    def __add__(self, quarters: int) -> Quarter:
        year, number = divmod(self.ordinal + quarters, 4)
        return Quarter(year, number + 1, self.calendar)

    def __sub__(self, quarters: int) -> Quarter:
        return self + (-quarters)

    def __lt__(self, other: Quarter) -> bool:
        return self.ordinal < other.ordinal

    def __le__(self, other: Quarter) -> bool:
        return self.ordinal <= other.ordinal

    def __str__(self) -> str:
        return self.label
