"""The one shape of every analysis: what it needs, the function, its sentence and its picture."""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from postmortem.analyses.asked import guarded
from postmortem.analyses.needs import AT_ONCE as AT_ONCE
from postmortem.analyses.needs import Need as Need
from postmortem.frames.cohort import Cohort, CohortKind
from postmortem.frames.figures import Figure
from postmortem.result import Column, Draw, Gap, Headline, Result, Table, refused

Family = Literal["fact", "rate", "comparison"]
Frames = tuple[CohortKind, ...]
# In the open forecast nothing has become of any deal yet: an analysis has to be made for it.
EVERY_FRAME: Frames = ("forecast", "late_stage", "first_forecast", "closed")
WITHHELD = "The figures behind this answer are withheld in this edition."
SPOKEN_LETTERS = 60


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
class Analysis:
    """One entry of `ANALYSES`.

    Attributes
    ----------
    function : callable
        Frame first, everything else keyword-only; its first docstring line is the question. Asked with what it does
        not list, it raises `UsageError`.
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

    def __post_init__(self) -> None:
        """Guard the function against what it does not list, in one place for all of them."""
        object.__setattr__(self, "function", guarded(self.function))

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
