"""What an analysis cannot do without: how it is counted, how far the data are, and when there will be enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from postmortem.book import Book
from postmortem.frames.cohort import QUARTERS_BACK, Cohort
from postmortem.ground.fiscal import Quarter
from postmortem.ground.menus import source_of
from postmortem.result import Gap

Span = Literal["window", "focus", "earlier", "record"]
Count = Callable[[Cohort, pd.DataFrame], int]
# Further ahead than the quarters a cohort looks back on, nothing adds up any more.
QUARTERS_AHEAD = 8
# Under which a cohort carries what was counted in it, for as long as it lives.
KEPT = "_counted"
NOT_AT_THIS_PACE = "not at the present pace"
AT_ONCE = "at once by an export, if the CRM has it"


@dataclass(frozen=True)
class Need:
    """Something an analysis cannot do without; the function reads its refusal threshold from here.

    Attributes
    ----------
    table : str
        Canonical table.
    columns : tuple of str
        Columns of it that must be filled.
    least : int
        How many are needed.
    per : str
        Of what, in plain words and the plural: ``lost deals``.
    unlock : str
        Where to get it, in words the user can follow.
    source : str
        Kind of record in `ground/menus.toml`, for the CRM's own menu.
    count : callable
        Given a cohort and rows of it, how many there are; asked of the span and of each quarter alike. More rows never
        count fewer: where a span has none, none of its quarters is asked.
    over : {"window", "focus", "earlier", "record"}
        What is counted: the pooled quarters, the focus quarter, the quarters before it, or the whole record,
        of which a copy kept in a quarter's first days serves that quarter.
    """

    table: str
    columns: tuple[str, ...]
    least: int
    per: str
    unlock: str
    source: str
    count: Count
    over: Span = "window"

    def have(self, cohort: Cohort) -> int:
        """Count what there is."""
        return self._counted(cohort, self.over, self._rows)

    def met(self, cohort: Cohort) -> bool:
        """Whether there is enough."""
        return self.have(cohort) >= self.least

    def missing(self, have: int) -> str:
        """Say how far the data are: ``7 of the 25 interviews needed``, ``no interviews`` where one would do."""
        return f"no {self.per}" if self.least == 1 else f"{have} of the {self.least} {self.per} needed"

    def lacking(self, cohort: Cohort) -> str:
        """Say how far the data are, and in which quarters."""
        where = {"window": f" in {cohort.window_label}", "focus": f" in {cohort.focus.label}"}
        return self.missing(self.have(cohort)) + where.get(self.over, "")

    def gap(self, cohort: Cohort) -> Gap:
        """Say how far the data are, where the CRM keeps the rest, and by when it is there."""
        have, source = self.have(cohort), source_of(self.source, cohort.book.meta.source_systems)
        # The whole record has no pace: what would be counted quarter by quarter is the same each time.
        pace = None if self.over == "record" else self.pace(cohort)
        by = self._arrival(cohort, have, pace or 0.0)
        if source.kept or self._is_empty(cohort.book):
            by = f"{AT_ONCE}; else {by}"
        return Gap(by, source.where, have, self.least, pace)

    def pace(self, cohort: Cohort) -> float:
        """Return how many come a quarter, over the window."""
        if self.over == "window" and not self.have(cohort):
            return 0.0
        counted = [self._counted(cohort, quarter.label, _within((quarter,))) for quarter in cohort.window]
        return sum(counted) / len(counted)

    def _counted(self, cohort: Cohort, of: str | int, rows: Callable[[Cohort], pd.DataFrame]) -> int:
        """Count in the rows of a span, a quarter or a number of quarters, once a cohort for all that count alike."""
        # As a cached property would: a refusal asks again and again, and many questions need the same.
        kept: dict[tuple[Count, str | int], int] = vars(cohort).setdefault(KEPT, {})
        if (self.count, of) not in kept:
            kept[self.count, of] = self.count(cohort, rows(cohort))
        return kept[self.count, of]

    def _rows(self, cohort: Cohort) -> pd.DataFrame:
        if self.over == "window":
            return cohort.window_rows
        if self.over == "earlier":
            return cohort.table[cohort.table["quarter"] != cohort.focus.label]
        return cohort.focus_rows if self.over == "focus" else cohort.table

    def _arrival(self, cohort: Cohort, have: int, pace: float) -> str:
        """Return the quarter at whose end there is enough, should it go on as over the window."""
        if self.over == "record":
            following = cohort.focus.calendar.quarter_of(cohort.as_of) + 1
            return f"{following.label}, by a copy of the open deals kept in its first days"
        last = max(cohort.window[-1], cohort.focus) if self.over == "focus" else cohort.window[-1]
        coming = f"at {pace:.2g} a quarter" if pace else "none a quarter"
        told = f"{self.least - have} more: {{}}, {coming}"
        # Where no deal at all has it, no wider window holds any.
        if self.over == "window" and not (self.columns and self._is_empty(cohort.book)):
            for ahead in range(QUARTERS_AHEAD + 1):
                back = self._back_to(cohort, self.least - pace * ahead, QUARTERS_BACK - ahead)
                if back is not None:
                    wider = f"with a window of {ahead + back} quarters ([frame] window)"
                    return f"now, {wider}" if not ahead else f"{told.format((last + ahead).label)}, {wider}"
        elif self.over != "window" and pace:
            # A quarter of its own begins at nothing; earlier quarters add up.
            quarters = math.ceil((self.least - have if self.over == "earlier" else self.least) / pace)
            if quarters <= QUARTERS_AHEAD:
                return told.format((last + quarters).label)
        return f"{NOT_AT_THIS_PACE} ({coming})"

    def _back_to(self, cohort: Cohort, enough: float, most: int) -> int | None:
        """Return of how many quarters, at most `most`, the window that ends alike must be to hold enough; else None."""
        own, wider = len(cohort.window), cohort.wider_windows
        # The widest window holds most: mostly it is the only one to be counted.
        if own > most or (self.have(cohort) < enough and not (wider and self._held(cohort, wider[-1]) >= enough)):
            return None
        return next((back for back in (own, *wider) if back <= most and self._held(cohort, back) >= enough), None)

    def _held(self, cohort: Cohort, back: int) -> int:
        """Count what the window of so many quarters that ends alike would hold."""
        if back == len(cohort.window):
            return self.have(cohort)
        return self._counted(cohort, back, _within(cohort.window[-1].trailing(back)))

    def _is_empty(self, book: Book) -> bool:
        """Whether none of the columns holds anything: the field is not used, or was not exported."""
        return bool(book.table(self.table)[list(self.columns)].isna().all(axis=None))


def _within(quarters: Sequence[Quarter]) -> Callable[[Cohort], pd.DataFrame]:
    labels = [quarter.label for quarter in quarters]
    return lambda cohort: cohort.table[cohort.table["quarter"].isin(labels)]
