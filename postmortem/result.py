"""What an analysis returns: tables with roles, a sentence and a picture made from them, or a refusal.

A `Result` is plain data. Its headline and its chart are pure functions of its tables, so a table that is
redacted takes the sentence and the picture with it, and a result read back from JSON shows the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from postmortem.display import written
from postmortem.ground import markup
from postmortem.table import Column, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Status = Literal["ok", "fallback", "refused"]
__all__ = ["MIME", "Column", "Draw", "Headline", "Result", "Status", "Table", "Tables", "refused"]
MIME = "application/vnd.postmortem.result+json"
FORMAT_VERSION = 2
ROWS_IN_NOTEBOOK = 20


Headline = Callable[[Tables], str]
Draw = Callable[[Tables, "Axes"], None]


@dataclass(frozen=True)
class Gap:
    """What a refused question lacks, in figures: how far the data are, where the rest is, and by when.

    Attributes
    ----------
    arrives : str
        When it is there at the present pace: a quarter, and what it takes.
    where : str
        Where the CRM keeps it.
    have, needed : int or None
        Counted and asked for; None where nothing is counted.
    pace : float or None
        How many come a quarter, over the window.
    """

    arrives: str
    where: str = ""
    have: int | None = None
    needed: int | None = None
    pace: float | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """The answer to one question, with everything needed to show, check and redact it.

    Attributes
    ----------
    analysis : str
        Name of the analysis.
    question : str
        The question in one plain sentence.
    tables : mapping of str to Table
        Named tables; the first is the one shown first.
    status : {"ok", "fallback", "refused"}
        ``refused`` is a proper answer: what is missing says what it would take.
    what_is_missing : tuple of str
        What would answer the question.
    unlock : str
        Where to get it, in words the user can follow; empty where that goes without saying.
    gap : Gap or None
        How far the data are, where the CRM keeps the rest, and by when it is there; of refusals only.
    caveats : tuple of str
        What a reader must know before repeating the figures.
    n_in, n_used : int
        Deals handed in and deals used.
    params : mapping
        Keyword arguments the analysis was called with.
    method : str
        One paragraph for the method box, in the terms of the field.
    """

    analysis: str
    question: str
    tables: Tables
    status: Status = "ok"
    what_is_missing: tuple[str, ...] = ()
    unlock: str = ""
    gap: Gap | None = None
    caveats: tuple[str, ...] = ()
    n_in: int = 0
    n_used: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)
    method: str = ""
    headline_of: Headline | None = field(default=None, compare=False, repr=False)
    draw_on: Draw | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    @cached_property
    def headline(self) -> str:
        """The answer in one plain sentence, made from the tables alone."""
        if self.status == "refused":
            return "Not answered yet: " + "; ".join(self.what_is_missing) + "."
        return self.headline_of(self.tables) if self.headline_of else self.question

    @property
    def has_picture(self) -> bool:
        """Whether there is something to draw."""
        return self.status != "refused" and self.draw_on is not None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the picture of the answer on `ax`, or on a new figure.

        A refused result draws its refusal, so a notebook run on any book ends well.
        """
        if ax is None:
            from matplotlib import pyplot as plt

            ax = plt.subplots(figsize=(8, 4), layout="constrained")[1]
        if self.has_picture and self.draw_on is not None:
            self.draw_on(self.tables, ax)
        else:
            ax.set_axis_off()
            said, at = self.headline, ax.transAxes
            ax.text(0.5, 0.5, said, ha="center", va="center", wrap=True, parse_math=False, transform=at)
        return ax

    def replace(self, **changes: Any) -> Result:
        """Return a copy with some attributes changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "version": FORMAT_VERSION,
            "analysis": self.analysis,
            "question": self.question,
            "status": self.status,
            "headline": self.headline,
            "what_is_missing": list(self.what_is_missing),
            "unlock": self.unlock,
            "gap": None if self.gap is None else asdict(self.gap),
            "caveats": list(self.caveats),
            "n_in": self.n_in,
            "n_used": self.n_used,
            "params": dict(self.params),
            "method": self.method,
            "order": list(self.tables),
            "tables": {name: table.to_dict() for name, table in self.tables.items()},
        }

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], *, headline: Headline | None = None, draw: Draw | None = None
    ) -> Result:
        """Read what `to_dict` wrote and give it back its sentence and its picture.

        Raises
        ------
        ValueError
            When `data` was written by another version of this format.
        """
        if data.get("version") != FORMAT_VERSION:
            raise ValueError(f"result of format {data.get('version')!r}, this is format {FORMAT_VERSION}")
        return cls(
            analysis=data["analysis"],
            question=data["question"],
            tables={name: Table.from_dict(data["tables"][name]) for name in data["order"]},
            status=data["status"],
            what_is_missing=tuple(data["what_is_missing"]),
            unlock=data["unlock"],
            gap=None if data["gap"] is None else Gap(**data["gap"]),
            caveats=tuple(data["caveats"]),
            n_in=data["n_in"],
            n_used=data["n_used"],
            params=data["params"],
            method=data["method"],
            headline_of=headline,
            draw_on=draw,
        )

    def _repr_html_(self) -> str:
        tables = [written(table, most=ROWS_IN_NOTEBOOK) for table in self.tables.values()]
        return str(markup.render("result.html.j2", result=self, tables=tables))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {
            "text/plain": self.headline,
            "text/html": self._repr_html_(),
            MIME: json.loads(json.dumps(self.to_dict(), allow_nan=False)),
        }


def refused(
    analysis: str,
    question: str,
    *missing: str,
    unlock: str = "",
    gap: Gap | None = None,
    n_in: int = 0,
    params: Mapping[str, Any] | None = None,
    tables: Tables | None = None,
    method: str = "",
    caveats: Sequence[str] = (),
) -> Result:
    """Return a refusal that says what is missing."""
    return Result(
        analysis=analysis,
        question=question,
        tables=tables or {},
        status="refused",
        what_is_missing=missing,
        unlock=unlock,
        gap=gap,
        caveats=tuple(caveats),
        n_in=n_in,
        params=params or {},
        method=method,
    )
