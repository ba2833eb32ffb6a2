"""The tables of a result: a tidy frame, and what each of its columns is.

The role of a column decides how its values are written for people and what is taken out before sharing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import pandas as pd

Role = Literal[
    "estimate", "count", "money", "date", "deal", "account", "person", "competitor", "text", "quote", "label"
]
Unit = Literal["", "share", "part", "points", "days", "quarters"]


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
        ``share`` (0 to 1, shown in per cent), ``part`` (of a whole, likewise, but may lie below 0), ``points``
        (difference of shares), ``days``, a currency code for money, or empty.
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


@dataclass(frozen=True, eq=False)
class Table:
    """A tidy frame, what its columns are, and its title in plain words.

    `detail` marks a table behind a picture, which a page keeps folded. `most` is how many rows a page shows, the rest
    being counted there and left to the file beside it; 0 is as many as pages show of any table.
    """

    rows: pd.DataFrame
    columns: tuple[Column, ...]
    title: str
    detail: bool = False
    most: int = 0

    def __post_init__(self) -> None:
        declared = [column.name for column in self.columns]
        if list(self.rows.columns) != declared:
            raise ValueError(f"columns declared {declared} differ from the frame's {list(self.rows.columns)}")
        loose = [name for name in declared if not _survives_json(self.rows[name])]
        if loose:
            raise ValueError(f"columns {loose} hold what would not survive JSON")

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
        """Return the rows as dictionaries under the values of one column."""
        return {str(record[name]): record for record in self.records}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; dates become ISO text, missing values None."""
        return {
            "title": self.title,
            "detail": self.detail,
            "most": self.most,
            "columns": [{f.name: getattr(column, f.name) for f in fields(column)} for column in self.columns],
            "dtypes": {name: str(dtype) for name, dtype in self.rows.dtypes.items()},
            "rows": {name: _plain(self.rows[name]) for name in self.rows.columns},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Table:
        """Read what `to_dict` wrote."""
        columns = tuple(Column(**column) for column in data["columns"])
        rows = {c.name: pd.Series(data["rows"][c.name], dtype=data["dtypes"][c.name]) for c in columns}
        told = {"title": data["title"], "detail": data["detail"], "most": data.get("most", 0)}
        return cls(rows=pd.DataFrame(rows), columns=columns, **told)


Tables = Mapping[str, Table]


def _plain(values: pd.Series) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [None if pd.isna(value) else value.isoformat() for value in values]
    return [None if pd.isna(value) else getattr(value, "item", lambda value=value: value)() for value in values]


def _survives_json(values: pd.Series) -> bool:
    if values.dtype.kind != "f":
        return values.dtype.kind in "biuM" or isinstance(values.dtype, pd.StringDtype)
    return not np.isinf(values.to_numpy(dtype="float64", na_value=np.nan)).any()
