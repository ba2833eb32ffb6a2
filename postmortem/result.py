"""What an analysis returns: tables with roles, a sentence and a picture made from them, or a refusal.

A `Result` is plain data. Its headline and its chart are pure functions of its tables, so a table that is
redacted takes the sentence and the picture with it, and a result read back from JSON shows the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from postmortem.ground import markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Role = Literal[
    "estimate", "count", "money", "date", "deal", "account", "person", "competitor", "text", "quote", "label"
]
Unit = Literal["", "share", "points", "days", "quarters"]
Status = Literal["ok", "fallback", "refused"]
MIME = "application/vnd.postmortem.result+json"
FORMAT_VERSION = 1
ROWS_IN_NOTEBOOK = 20


@dataclass(frozen=True)
class Column:
    """One column of a result's table.

    Attributes
    ----------
    name : str
        Column of the frame.
    role : Role
        What the values are, which decides how they are shown and what is taken out before sharing.
    label : str
        Heading in plain words.
    unit : str
        ``share`` (0 to 1, shown in per cent), ``points`` (difference of shares), ``days``, a currency code for
        money, or empty.
    low, high : str
        Columns holding the interval of an estimate, shown beside it.
    shown : bool
        False for columns that only serve the chart or the sentence.
    """

    name: str
    role: Role
    label: str
    unit: str = ""
    low: str = ""
    high: str = ""
    shown: bool = True


@dataclass(frozen=True)
class Table:
    """A tidy frame, what its columns are, and its title in plain words.

    `detail` marks a table behind a picture, which a page keeps folded.
    """

    rows: pd.DataFrame
    columns: tuple[Column, ...]
    title: str
    detail: bool = False

    def __post_init__(self) -> None:
        declared = [column.name for column in self.columns]
        if list(self.rows.columns) != declared:
            raise ValueError(f"columns declared {declared} differ from the frame's {list(self.rows.columns)}")
        loose = [name for name, dtype in self.rows.dtypes.items() if dtype == "object"]
        if loose:
            raise ValueError(f"columns {loose} have no dtype of their own and would not survive JSON")

    def column(self, name: str) -> Column:
        """Return the declaration of one column."""
        return next(column for column in self.columns if column.name == name)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for sentences."""
        return [{str(name): value for name, value in row.items()} for row in self.rows.to_dict("records")]

    @property
    def first(self) -> dict[str, Any]:
        """The first row as a dictionary."""
        return self.records[0]

    def keyed(self, name: str) -> dict[str, dict[str, Any]]:
        """The rows as dictionaries under the values of one column."""
        return {str(record[name]): record for record in self.records}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; dates become ISO text, missing values None."""
        return {
            "title": self.title,
            "detail": self.detail,
            "columns": [{f.name: getattr(column, f.name) for f in fields(column)} for column in self.columns],
            "dtypes": {name: str(dtype) for name, dtype in self.rows.dtypes.items()},
            "rows": {name: _plain(self.rows[name]) for name in self.rows.columns},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Table:
        """Read what `to_dict` wrote."""
        columns = tuple(Column(**column) for column in data["columns"])
        rows = pd.DataFrame(
            {c.name: pd.Series(data["rows"][c.name], dtype=data["dtypes"][c.name]) for c in columns}
        )
        return cls(rows=rows, columns=columns, title=data["title"], detail=data["detail"])


Tables = Mapping[str, Table]
Headline = Callable[[Tables], str]
Draw = Callable[[Tables, "Axes"], None]


@dataclass(frozen=True)
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

    @property
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
            ax.text(0.5, 0.5, self.headline, ha="center", va="center", wrap=True, transform=ax.transAxes)
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
            caveats=tuple(data["caveats"]),
            n_in=data["n_in"],
            n_used=data["n_used"],
            params=data["params"],
            method=data["method"],
            headline_of=headline,
            draw_on=draw,
        )

    def _repr_html_(self) -> str:
        from postmortem.display import written

        tables = [written(table, most=ROWS_IN_NOTEBOOK) for table in self.tables.values()]
        return str(markup.render("result.html.j2", result=self, tables=tables))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        data = self.to_dict()
        return {
            "text/plain": self.headline,
            "text/html": self._repr_html_(),
            MIME: json.loads(json.dumps(data, allow_nan=False)),
        }


def refused(
    analysis: str,
    question: str,
    *missing: str,
    unlock: str = "",
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
        caveats=tuple(caveats),
        n_in=n_in,
        params=params or {},
        method=method,
    )


def _plain(values: pd.Series) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [None if pd.isna(value) else value.isoformat() for value in values]
    return [None if pd.isna(value) else getattr(value, "item", lambda value=value: value)() for value in values]
