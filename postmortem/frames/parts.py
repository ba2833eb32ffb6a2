"""A part of the deals as a report of its own is asked for: one value of one column, in words and as a folder's name."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

import pandas as pd

from postmortem.book import Book
from postmortem.frames.cohort import Cohort, part_of
from postmortem.ground.errors import EmptyFrame, UsageError, nearest

# Not by stage or forecast category, which change: a deal would be in several parts, by the day.
COLUMNS = ("segment", "region", "product", "team", "deal_type")
# What was guessed was guessed of all deals.
OF_ALL_DEALS = ("guesses",)
LONGEST_NAME = 40
NOT_RECORDED = "not-recorded"


@dataclass(frozen=True)
class Part:
    """One value of a column that deals can be divided by.

    Attributes
    ----------
    column : str
        One of `COLUMNS`.
    value : str
        As the CRM holds it; empty for the deals where it is not recorded.
    """

    column: str
    value: str

    @classmethod
    def read(cls, text: str) -> Part:
        """Read ``segment=Enterprise``; ``segment=`` are the deals whose segment is not recorded.

        Raises
        ------
        UsageError
            When it is not of this form, or deals cannot be divided by the column.
        """
        column, sign, value = text.partition("=")
        if not sign:
            raise UsageError("This names no part of the deals.", got=text, expected="such as segment=Enterprise")
        return cls(known_column(column), value)

    @property
    def text(self) -> str:
        """As `read` reads it: ``segment=Enterprise``."""
        return f"{self.column}={self.value}"

    @property
    def label(self) -> str:
        """In words: ``segment Enterprise``."""
        return f"{self.column.replace('_', ' ')} {self.value or 'not recorded'}"

    @property
    def folder(self) -> str:
        """Where its reports lie below those of all deals: ``by-segment/Enterprise``, of letters and digits alone."""
        return f"by-{self.column.replace('_', '-')}/{self._name}"

    @property
    def name(self) -> str:
        """As part of a file's name: ``segment-Enterprise``."""
        return f"{self.column.replace('_', '-')}-{self._name}"

    @property
    def _name(self) -> str:
        """The value in letters and digits; where this loses something, a hash keeps it apart from others."""
        if not self.value:
            return NOT_RECORDED
        plain = re.sub(r"[^A-Za-z0-9]+", "-", self.value).strip("-")[:LONGEST_NAME].strip("-")
        if plain == self.value and plain != NOT_RECORDED:
            return plain
        mark = hashlib.sha256(self.value.encode()).hexdigest()[:6]
        return f"{plain}-{mark}" if plain else mark


def known_column(name: str) -> str:
    """Return the name of a column that deals can be divided by.

    Raises
    ------
    UsageError
        With the nearest one, when they cannot.
    """
    if name not in COLUMNS:
        raise UsageError("Reports cannot be divided by this.", got=name, do=nearest(name, COLUMNS))
    return name


def parts_by(cohort: Cohort, column: str) -> tuple[Part, ...]:
    """Return the parts that the focus quarter and the window of a cohort fall into, those not recorded last."""
    rows = pd.concat([cohort.focus_rows, cohort.window_rows])[known_column(column)]
    values = sorted({str(value) for value in rows.dropna() if str(value)})
    return tuple(Part(column, value) for value in (*values, *([""] if rows.isna().any() else [])))


def cut(cohort: Cohort, part: Part) -> Cohort:
    """Return the part of a cohort's deals, with a book that holds nothing of other deals.

    What was read, set aside and repaired, and what is known of people, stays that of the whole record.

    Raises
    ------
    EmptyFrame
        When no deal of the focus quarter is of it; an open forecast may be without deals.
    """
    known = cohort.table[part.column]
    there = known.isna().any() if not part.value else (known == part.value).any()
    if there:
        mine = part_of(cohort, part.column, part.value or None)
    else:
        remarks = (*cohort.remarks, f"Only deals of {part.label}.")
        mine = replace(cohort, table=cohort.table.iloc[:0], counted_apart={}, remarks=remarks, part=part.label)
    if mine.focus_rows.empty and cohort.kind != "open_forecast":
        raise EmptyFrame(
            f"No deal of {cohort.focus.label} is of this part.", got=part.label,
            do=nearest(part.value, [other.value for other in parts_by(cohort, part.column)]),
        )  # fmt: skip
    return replace(mine, book=_book_of(cohort.book, part, mine))


def _book_of(book: Book, part: Part, cohort: Cohort) -> Book:
    """Return a book with the deals of a part alone, as some answers ask the book for deals beside the cohort."""
    now = book.deals[part.column]
    is_mine = (now.isna() if not part.value else now == part.value) | book.deals["deal_id"].isin(
        cohort.table["deal_id"]
    )
    ids = book.deals.loc[is_mine.fillna(False), "deal_id"]
    tables = {name: frame[frame["deal_id"].isin(ids)] if "deal_id" in frame else frame
              for name, frame in book.tables.items() if name not in OF_ALL_DEALS}  # fmt: skip
    if "ratings" in tables and "interviews" in tables:
        ratings = tables["ratings"]
        tables["ratings"] = ratings[ratings["interview_id"].isin(tables["interviews"]["interview_id"])]
    return replace(book, tables=tables)
