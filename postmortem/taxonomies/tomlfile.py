"""Read a TOML file and its fields, noting every fault on the way."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from postmortem.ground.errors import ConfigError, nearest


def read_toml(path: Path) -> dict[str, object]:
    """Return the content of a TOML file.

    Raises
    ------
    ConfigError
        If the file is missing, is not UTF-8 or is not TOML.
    """
    try:
        # Some editors put a byte order mark in front, which TOML itself does not allow.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError("cannot read the file", got=str(path), do=error.strerror or "check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text", do="save it with the encoding UTF-8") from error
    try:
        return deepcopy(_parsed(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML", got=str(error), do="correct that line") from error


@lru_cache(maxsize=64)
def _parsed(text: str) -> dict[str, object]:
    """Parse each content once: the taxonomies that ship are read several times for every book."""
    return tomllib.loads(text)


@dataclass(frozen=True)
class Fields:
    """The fields of one table, read with their types; faults are added to `faults`.

    Parameters
    ----------
    name : str
        Where the table stands, for messages ("codes.price_value").
    table : mapping
        The table itself.
    faults : list of str
        Shared by all tables of a file; grows.
    """

    name: str
    table: Mapping[str, object]
    faults: list[str] = field(default_factory=list)

    def fault(self, key: str, message: str) -> None:
        """Note a fault of one field."""
        self.faults.append(f"{self.name}.{key}: {message}" if self.name else f"{key}: {message}")

    def only(self, known: Sequence[str]) -> None:
        """Note every field that is not among `known`."""
        for key in self.table:
            if key not in known:
                self.fault(key, f"unknown field; {nearest(key, known)}")

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """Return a text field, stripped; `default` where it is absent."""
        value = self.table.get(key, default)
        if not isinstance(value, str):
            self.fault(key, f"expected text in quotes, got {value!r}")
            return default
        if required and not value.strip():
            self.fault(key, "is missing")
        return value.strip()

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts as a tuple, each stripped; `default` where it is absent."""
        if key not in self.table:
            return default
        value = self.table[key]
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            self.fault(key, f"expected a list of texts in quotes, got {value!r}")
            return default
        return tuple(item.strip() for item in value)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a yes-or-no field; `default` where it is absent."""
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            self.fault(key, f"expected true or false, got {value!r}")
            return default
        return value


def raise_faults(what: str, faults: Sequence[str], do: str) -> None:
    """Raise one ConfigError that holds all `faults`, or return when there are none."""
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ConfigError(f"{what}: {count}", rows=tuple(faults), do=do)
