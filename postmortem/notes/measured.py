"""How often suggestions were right where that was measured: on invented notes, counted by `benchmarks/notes.py`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from postmortem.ground.errors import ConfigError
from postmortem.notes.words import SHIPPED
from postmortem.taxonomies.tomlfile import read_toml

COUNTS = ("notes", "abstained", "right", "made", "wanted")


@dataclass(frozen=True)
class Measured:
    """Counts on the invented notes that were held out.

    Parameters
    ----------
    notes, abstained : int
        Notes read, and those without a suggestion.
    right, made, wanted : int
        Codes suggested that the label holds, codes suggested, codes in labels.
    """

    notes: int
    abstained: int
    right: int
    made: int
    wanted: int


@cache
def measured() -> Measured:
    """Return the counts that ship, written by ``python -m benchmarks notes --write``.

    Raises
    ------
    ConfigError
        If one of them is not a whole number.
    """
    table = read_toml(SHIPPED / "measured" / "red_zone.toml")
    counts = {name: value for name in COUNTS if isinstance(value := table.get(name), int)}
    if len(counts) < len(COUNTS):
        raise ConfigError("the figures measured on notes are not whole", do="run: python -m benchmarks notes --write")
    return Measured(**counts)
