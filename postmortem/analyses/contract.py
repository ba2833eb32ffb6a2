"""The one shape of every analysis: what it needs, the function, its sentence and its picture."""

from __future__ import annotations

import inspect
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from postmortem.book import Book
from postmortem.frames.cohort import QUARTERS_BACK, Cohort, CohortKind
from postmortem.frames.figures import Figure
from postmortem.ground.fiscal import Quarter
from postmortem.ground.menus import source_of
from postmortem.result import Column, Draw, Gap, Headline, Result, Table, refused

Family = Literal["fact", "rate", "comparison"]
Span = Literal["window", "focus", "earlier", "record"]
Count = Callable[[Cohort, pd.DataFrame], int]
Frames = tuple[CohortKind, ...]
# In the open forecast nothing has become of any deal yet: an analysis has to be made for it.
EVERY_FRAME: Frames = ("forecast", "late_stage", "first_forecast", "closed")
WITHHELD = "The figures behind this answer are withheld in this edition."
SPOKEN_LETTERS = 60
# Further ahead than the quarters a cohort looks back on, nothing adds up any more.
QUARTERS_AHEAD = 8
NOT_AT_THIS_PACE = "not at the present pace"
AT_ONCE = "at once by an export, if the CRM has it"


def any_missing(*values: Any) -> bool:
    """Whether one of a sentence's figures is not there, as after figures were withheld."""
    return any(bool(pd.isna(value)) for value in values)


def spoken(name: object, unnamed: str) -> str:
    """Return a name as a sentence can carry it: one line, no control characters, sixty letters at most.

    Parameters
    ----------
    name : object
        As the CRM holds it.
    unnamed : str
        What stands for a name that is missing or has nothing to read.
    """
    if any_missing(name):
        return unnamed
    line = "".join(" " if mark.isspace() else mark for mark in str(name))
    line = " ".join("".join(mark for mark in line if unicodedata.category(mark)[0] != "C").split())
    return (line if len(line) <= SPOKEN_LETTERS else line[: SPOKEN_LETTERS - 1].rstrip() + "…") or unnamed


def tests_table(title: str, rows: Sequence[Mapping[str, Any]], *, group: Column | None = None) -> Table:
    """Return the table ``tests``: what was tested, for the gate of the whole report to name or not.

    Parameters
    ----------
    title : str
        In plain words.
    rows : sequence of mapping
        ``hypothesis`` (text), ``primary`` (whether it stands for itself; the others are looked at only once the
        primary is named), ``p`` (missing where it could not be tested) and, with `group`, the group's name.
    group : Column, optional
        Column for the group that a secondary row sets against all others; missing in the primary's row.

    Returns
    -------
    Table
        With ``named`` missing in every row.
    """
    frame = pd.DataFrame(
        {
            "hypothesis": pd.Series([row["hypothesis"] for row in rows], dtype="str"),
            "primary": pd.Series([row["primary"] for row in rows], dtype="bool"),
            "p": pd.Series([row["p"] for row in rows], dtype="float64"),
            "named": pd.Series([pd.NA] * len(rows), dtype="boolean"),
        }
    )
    columns = [
        Column("hypothesis", "text", "What was tested"),
        Column("primary", "label", "Primary"),
        Column("p", "estimate", "Chance of such shares if alike"),
        Column("named", "label", "Named"),
    ]
    if group is not None:
        frame.insert(1, group.name, pd.Series([row.get(group.name) for row in rows], dtype="str"))
        columns.insert(1, group)
    return Table(frame, tuple(columns), title, detail=True)


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
        Given a cohort and rows of it, how many there are; asked of the span and of each quarter alike.
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
        return self.count(cohort, self._rows(cohort))

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
        pace = self.pace(cohort)
        by = self._arrival(cohort, have, pace)
        if source.kept or self._is_empty(cohort.book):
            by = f"{AT_ONCE}; else {by}"
        return Gap(by, source.where, have, self.least, None if self.over == "record" else pace)

    def pace(self, cohort: Cohort) -> float:
        """Return how many come a quarter, over the window."""
        counted = [self.count(cohort, _of_quarters(cohort, (quarter,))) for quarter in cohort.window]
        return sum(counted) / len(counted)

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
        if self.over == "window":
            known = self._known(cohort, have)
            for ahead, back in ((ahead, back) for ahead in range(QUARTERS_AHEAD + 1) for back in known):
                if ahead + back <= QUARTERS_BACK and known[back] + pace * ahead >= self.least:
                    wider = f"with a window of {ahead + back} quarters ([frame] window)"
                    return f"now, {wider}" if not ahead else f"{told.format((last + ahead).label)}, {wider}"
        elif pace:
            # A quarter of its own begins at nothing; earlier quarters add up.
            quarters = math.ceil((self.least - have if self.over == "earlier" else self.least) / pace)
            if quarters <= QUARTERS_AHEAD:
                return told.format((last + quarters).label)
        return f"{NOT_AT_THIS_PACE} ({coming})"

    def _known(self, cohort: Cohort, have: int) -> dict[int, int]:
        """Return how many there would be in the window that ends alike, by each number of quarters it may have."""
        known, rows = {len(cohort.window): have}, cohort.window_rows
        for back in range(len(cohort.window) + 1, QUARTERS_BACK + 1):
            fewer, rows = len(rows), _of_quarters(cohort, cohort.window[-1].trailing(back))
            # Before the first quarter on record a wider window holds the same deals: they are counted once.
            known[back] = known[back - 1] if len(rows) == fewer else self.count(cohort, rows)
        return known

    def _is_empty(self, book: Book) -> bool:
        """Whether none of the columns holds anything: the field is not used, or was not exported."""
        return bool(book.table(self.table)[list(self.columns)].isna().all(axis=None))


def _of_quarters(cohort: Cohort, quarters: Sequence[Quarter]) -> pd.DataFrame:
    return cohort.table[cohort.table["quarter"].isin([quarter.label for quarter in quarters])]


@dataclass(frozen=True)
class Analysis:
    """One entry of `ANALYSES`.

    Attributes
    ----------
    function : callable
        Frame first, everything else keyword-only; its first docstring line is the question.
    headline, draw : callable
        Pure functions of the result's tables.
    needs : tuple of Need
        What it cannot do without.
    frames : tuple of str
        Kinds of cohort it can answer from.
    family : {"fact", "rate", "comparison"}
        Facts have a denominator; rates and comparisons have intervals as well.
    method : str
        One paragraph for the method box, in the terms of the field.
    comparable : tuple of Figure
        Shares among its figures that two cohorts can be compared by; read by `findings.compare`.
    """

    function: Callable[..., Result]
    headline: Headline
    draw: Draw | None
    family: Family
    method: str
    needs: tuple[Need, ...] = ()
    frames: Frames = field(default=EVERY_FRAME)
    comparable: tuple[Figure, ...] = ()

    @property
    def name(self) -> str:
        """Name of the analysis: its function's and its file's."""
        return self.function.__name__

    @property
    def question(self) -> str:
        """The question in one plain sentence."""
        return (inspect.getdoc(self.function) or self.name).splitlines()[0]

    def answer(
        self,
        tables: Mapping[str, Table],
        cohort: Cohort,
        *,
        n_used: int,
        caveats: tuple[str, ...] = (),
        fallback: bool = False,
        **params: Any,
    ) -> Result:
        """Return the answer made of `tables`; `params` are the keyword arguments of the call."""
        return Result(
            analysis=self.name,
            question=self.question,
            tables=tables,
            status="fallback" if fallback else "ok",
            caveats=caveats,
            n_in=len(cohort.table),
            n_used=n_used,
            params=params,
            method=self.method,
            headline_of=self.headline,
            draw_on=self.draw,
        )

    def lack(self, cohort: Cohort, need: Need, **params: Any) -> Result:
        """Return the refusal of a question of which one need is not met."""
        return self.refuse(cohort, need.lacking(cohort), unlock=need.unlock, gap=need.gap(cohort), **params)

    def refuse(
        self,
        cohort: Cohort,
        *missing: str,
        unlock: str = "",
        gap: Gap | None = None,
        caveats: tuple[str, ...] = (),
        **params: Any,
    ) -> Result:
        """Return the refusal that says what is missing and what unlocks it."""
        return refused(
            self.name,
            self.question,
            *missing,
            unlock=unlock,
            gap=gap,
            n_in=len(cohort.table),
            params=params,
            method=self.method,
            caveats=caveats,
        )

    def restore(self, data: Mapping[str, Any]) -> Result:
        """Read a result of this analysis from JSON and give it back its sentence and its picture."""
        return Result.from_dict(data, headline=self.headline, draw=self.draw)
