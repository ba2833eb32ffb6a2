"""The cohort: the deals a question is about, one row a deal and quarter, with what became of each."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from postmortem.book import Book
from postmortem.ground.errors import UsageError, nearest
from postmortem.ground.fiscal import Quarter

CohortKind = Literal["forecast", "late_stage", "first_forecast", "open_forecast", "closed"]
Measure = Literal["lost", "competitor", "status_quo"]
QUARTERS_BACK = 12
# What a cohort can be divided by; not by people, whose names would be part of every heading.
PARTS = ("segment", "region", "product", "team", "deal_type", "stage", "forecast_category")
# What the deals of a cohort are called, and how a quarter follows the word "deals".
NOUNS: Mapping[CohortKind, str] = {
    "forecast": "forecast deals", "late_stage": "late-stage deals", "first_forecast": "newly forecast deals",
    "open_forecast": "open forecast deals", "closed": "closed deals",
}  # fmt: skip
CHOSEN: Mapping[CohortKind, str] = {
    "forecast": "forecast for", "late_stage": "in a late stage in", "first_forecast": "first forecast in",
    "open_forecast": "open and forecast for", "closed": "closed in",
}  # fmt: skip

COLUMNS = (
    "deal_id", "quarter", "resolution", "ultimate", "amount", "lost_to", "lost_to_source", "reason_code",
    "reason", "account_name", "deal_name", "owner_id", "manager_id", "team", "segment", "region", "product",
    "deal_type", "stage", "forecast_category", "probability", "expected_close_date", "created_at", "entered_at",
    "closed_at",
)  # fmt: skip


@dataclass(frozen=True)
class Cohort:
    """Deals of a focus quarter and the quarters before it.

    Attributes
    ----------
    table : DataFrame
        One row a (deal_id, quarter), columns as in `COLUMNS`; up to twelve quarters, the focus last.
        `resolution` is what had become of the deal when its quarter ended, `ultimate` its fate by `as_of`;
        `amount` is in the book's currency, and like stage, category and expected close that of the day
        `entered_at` where there is one: the day from which the deal is observed, missing for closed deals.
        `probability` is the one stated on that day, 0 to 1, and missing where only today's is on record.
    kind : {"forecast", "late_stage", "first_forecast", "open_forecast", "closed"}
        Deals forecast to close in a quarter, deals that reached the red zone, deals forecast for the first
        time, open deals of the current forecast, or deals that closed in the quarter.
    focus : Quarter
        The quarter whose facts are told.
    window : tuple of Quarter
        The quarters pooled for rates and comparisons, the latest one that had ended by `as_of` last.
    provenance : mapping of str to str
        Field to where its values come from.
    book : Book
        Cut at `as_of`.
    as_of : datetime.date
        The last day known to the report.
    counted_apart : mapping of str to int
        Deals of the focus quarter that belong beside the cohort, not in it, by reason.
    remarks : tuple of str
        What a page must say about the choice of deals.
    part : str
        Which part of the deals these are, in words; empty for all of them.
    signal_files : tuple of Path
        The engagement's own signals, one file each, asked beside those of the package.
    """

    table: pd.DataFrame
    kind: CohortKind
    focus: Quarter
    window: tuple[Quarter, ...]
    provenance: Mapping[str, str]
    book: Book
    as_of: dt.date
    counted_apart: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    part: str = ""
    signal_files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        object.__setattr__(self, "counted_apart", MappingProxyType(dict(self.counted_apart)))

    def __getstate__(self) -> dict[str, Any]:
        # What was counted in it stays where it was counted: it is known there by the functions that count.
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    @property
    def currency(self) -> str:
        """Currency of all amounts; empty where the data do not say."""
        return self.book.meta.currency

    @property
    def focus_rows(self) -> pd.DataFrame:
        """The deals of the focus quarter."""
        return self._focus_rows.copy(deep=False)

    @property
    def window_rows(self) -> pd.DataFrame:
        """The deals of the window, all quarters pooled."""
        return self._window_rows.copy(deep=False)

    # Nearly every question begins with one of these two.
    @cached_property
    def _focus_rows(self) -> pd.DataFrame:
        return self.table[self.table["quarter"] == self.focus.label]

    @cached_property
    def _window_rows(self) -> pd.DataFrame:
        return self.table[self.table["quarter"].isin([quarter.label for quarter in self.window])]

    @cached_property
    def wider_windows(self) -> tuple[int, ...]:
        """Of how many quarters windows that end alike and hold more are; a quarter without deals would add none."""
        there = set(self.table["quarter"].unique())
        further = range(len(self.window) + 1, QUARTERS_BACK + 1)
        return tuple(back for back in further if (self.window[-1] - (back - 1)).label in there)

    @property
    def window_label(self) -> str:
        """The window as people say it: ``2024Q4 to 2025Q3``."""
        first, last = self.window[0].label, self.window[-1].label
        return last if first == last else f"{first} to {last}"

    @property
    def noun(self) -> str:
        """What the deals of this cohort are called in a sentence."""
        return NOUNS[self.kind]

    @property
    def chosen(self) -> str:
        """How the deals were chosen, in the words before the quarter: ``forecast for``."""
        return CHOSEN[self.kind]

    @property
    def is_complete(self) -> bool:
        """Whether the focus quarter had ended by `as_of`."""
        return self.focus.end <= self.as_of

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything an analysis can see: equal cohorts give equal answers."""
        parts = (
            self.book.fingerprint, self.kind, self.focus.label, [quarter.label for quarter in self.window],
            sorted(self.provenance.items()), sorted(self.counted_apart.items()), self.as_of, self.remarks,
            self.part, [(path.name, path.read_bytes()) for path in self.signal_files],
        )  # fmt: skip
        digest = hashlib.sha256(repr(parts).encode())
        digest.update(pd.util.hash_pandas_object(self.table, index=False).to_numpy().tobytes())
        return digest.hexdigest()


def part_of(cohort: Cohort, column: str, *values: str | None) -> Cohort:
    """Return the deals of a cohort with one of these values in a column, such as one region.

    Parameters
    ----------
    cohort : Cohort
        Any kind; not changed.
    column : str
        One of `PARTS`.
    *values : str or None
        Values to keep; None keeps the deals where it is not recorded.

    Returns
    -------
    Cohort
        With a remark that says which deals it holds. Its book is the whole one: what is said of the record
        is said of all of it.

    Raises
    ------
    UsageError
        When there is no such column or value, with the nearest one.
    """
    if column not in PARTS:
        raise UsageError("Deals cannot be divided by this.", got=column, do=nearest(column, PARTS))
    known = cohort.table[column]
    recorded = sorted({str(value) for value in known.dropna()})
    strange = [value for value in values if value is not None and value not in recorded]
    if strange or not values:
        said = ", ".join(str(value) for value in strange)
        raise UsageError(f"No deal has this {column}.", got=said, do=nearest(said, recorded))
    kept = known.isin([value for value in values if value is not None]) | (known.isna() & (None in values))
    words = " or ".join("not recorded" if value is None else value for value in values)
    part = f"{column.replace('_', ' ')} {words}"
    return replace(
        cohort,
        table=cohort.table[kept].reset_index(drop=True),
        counted_apart={},
        remarks=(*cohort.remarks, f"Only deals of {part}."),
        part=f"{cohort.part}, {part}" if cohort.part else part,
    )


def against_before(cohort: Cohort) -> tuple[Cohort, Cohort]:
    """Return the focus quarter of a cohort alone, and as many quarters before it as its window has."""
    before = (cohort.focus - 1).trailing(len(cohort.window))
    return replace(cohort, window=(cohort.focus,)), replace(cohort, focus=before[-1], window=before)


def pooled(focus: Quarter, count: int, as_of: dt.date) -> tuple[Quarter, ...]:
    """Return the `count` latest quarters up to `focus` that had ended by `as_of`.

    A quarter still running is left out: losses to the status quo close slowest, so its mix is not final.
    """
    return (focus if focus.end <= as_of else focus - 1).trailing(count)


def lost_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that were lost by the end of their quarter."""
    return rows[rows["resolution"].str.startswith("lost_")]


def won_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that were won by the end of their quarter."""
    return rows[rows["resolution"] == "won"]


def measured(rows: pd.DataFrame, measure: Measure) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows a share is taken over, and whether each one counts.

    ``lost`` is taken over all rows; ``competitor`` and ``status_quo`` over the losses whose taker is recorded.
    """
    lost = lost_rows(rows)
    if measure == "lost":
        return rows, rows["resolution"].str.startswith("lost_")
    recorded = lost[lost["lost_to"] != "unknown"]
    return recorded, recorded["lost_to"] == measure
