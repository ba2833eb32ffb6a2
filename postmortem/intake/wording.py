"""How values from a file are written into messages and TOML: on one line, quoted, and never too many."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

SHOWN: Final = 10
LONGEST: Final = 120
UNREAD: Final = "columns not read: "
# How the notes begin that tell of columns and values without a meaning, which an answer of its own lists one by one.
_WITHOUT_MEANING: Final = (UNREAD, "the reason ", "lost to whom cannot be told ", "values read as unknown: ")

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def toml_string(text: str) -> str:
    """Write `text` as a TOML string on one line; invisible characters are escaped, so a comment holds it too."""
    return '"' + "".join(_ESCAPES.get(each) or (each if each.isprintable() else _code(each)) for each in text) + '"'


def listed(values: pd.Series[Any]) -> str:
    """Return the distinct values with their counts, commonest first: ``"Price" (14), "Timing" (3)``."""
    counts = values.value_counts()
    shown = ", ".join(f"{shortened(str(value))} ({count})" for value, count in counts.head(SHOWN).items())
    return shown + (f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else "")


def is_without_meaning(what: str) -> bool:
    """Whether a note tells of columns or values that mean nothing yet, rather than of something seen or repaired."""
    return what.startswith(_WITHOUT_MEANING)


def shortened(text: str) -> str:
    """Return `text` as a TOML string, cut where it is long."""
    return toml_string(text) if len(text) <= LONGEST else toml_string(text[:LONGEST] + "…")


def known_of(file: str, called: str, known: int, columns: int) -> str:
    """Say what a file is read as, and how many of its columns are known."""
    return f"{file}: recognised as {called}, {known} of {columns} columns known"


def _code(letter: str) -> str:
    return f"\\u{ord(letter):04X}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08X}"
