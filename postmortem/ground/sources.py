"""Where one canonical table comes from: its files, how they call columns and values, and what ids in them mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from postmortem.ground import schema
from postmortem.ground.errors import nearest

FLAGS_LOOKED_UP: Final = ("is_won", "is_closed")
"""What a table of stages may say of a deal that is no column of a book."""


class Section(BaseModel):
    """A section of the file: frozen, and no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LookupTable(Section):
    """A file with one row an id, and which of its columns stands for what.

    Attributes
    ----------
    file : str
        Relative to the data folder.
    key : str
        Header of the ids.
    value : tuple of str
        Header of what they stand for; several are joined by a space, such as first and last name.
    by : str
        Column of the table whose cells are looked up; the column that is filled unless told.
    """

    file: str
    key: str
    value: tuple[str, ...]
    by: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_or_several(cls, data: Any) -> Any:
        one = isinstance(data, Mapping) and isinstance(data.get("value"), str)
        return {**data, "value": (data["value"],)} if one else data


class Source(Section):
    """Where one canonical table comes from, and how its columns and values are called there.

    Attributes
    ----------
    file : str
        The export, relative to the data folder.
    files : tuple of str
        Instead of `file`: several exports of the table, from the oldest to the newest.
    lookups : mapping of str to LookupTable
        Column to the file that says what its ids mean.
    """

    file: str = ""
    files: tuple[str, ...] = ()
    adapter: str = "generic"
    sheet: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    lookups: dict[str, LookupTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named_once(self) -> Source:
        if bool(self.file) == bool(self.files):
            raise ValueError('either file = "..." or files = ["...", "..."] is needed, and not both')
        repeated = sorted({name for name in self.files if self.files.count(name) > 1})
        if repeated:
            raise ValueError(f"files names {', '.join(map(repr, repeated))} more than once")
        return self

    @property
    def exports(self) -> tuple[str, ...]:
        """Files of the table, from the oldest to the newest."""
        return self.files or (self.file,)

    @property
    def every_file(self) -> tuple[str, ...]:
        """Exports and the files that say what ids mean, each once."""
        return tuple(dict.fromkeys((*self.exports, *(each.file for each in self.lookups.values()))))


def table_faults(tables: Any) -> list[str]:
    """Name the tables and columns that no book has; what is no mapping is left to the model."""
    faults: list[str] = []
    canonical = [candidate.name for candidate in schema.TABLES]
    for name, source in tables.items() if isinstance(tables, Mapping) else ():
        if name not in canonical:
            faults.append(f"tables.{name}: no table of a book, {nearest(name, canonical)}")
            continue
        for part in ("columns", "values", "constants", "lookups"):
            told = source.get(part) if isinstance(source, Mapping) else None
            known = _looked_up_in(name) if part == "lookups" else schema.table(name).names
            unknown = [column for column in told if column not in known] if isinstance(told, Mapping) else []
            faults += [
                f"tables.{name}.{part}.{column}: no column of {name}, {nearest(column, known)}" for column in unknown
            ]
    return faults


def _looked_up_in(table: str) -> tuple[str, ...]:
    """Return what lookups may fill: of a history, the fields of a deal."""
    if table == "history":
        return schema.DEALS.names
    return (*schema.table(table).names, *(FLAGS_LOOKED_UP if table == "deals" else ()))
