"""Moments of a whole column at once, where they are written plainly; all others go cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from postmortem.intake.values import Parsed, parse

DTYPE: Final = "datetime64[us, UTC]"
# Years in which no placeholder lies; offsets that are in use.
_LOCAL: Final = r"(?:19[89]|20[0-9])[0-9]-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3}|\.[0-9]{6})?"
_STATED: Final = _LOCAL + r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"


def parse_moments(cells: pd.Series[str], reader: Callable[[str], Any], zone: ZoneInfo) -> Parsed:
    """Read a column of moments, those in the plain form of ISO all at once.

    Parameters
    ----------
    cells : Series of str
        Text without outer spaces; missing cells stay missing.
    reader : callable
        Reads one of the other cells: takes a text, returns microseconds since 1970, or raises `Unreadable`.
    zone : ZoneInfo
        Zone of moments without an offset.

    Returns
    -------
    Parsed
        As if `reader` had read every cell. Days that no calendar has, and local times that a clock change leaves out
        or makes happen twice, are its to decide.
    """
    plain = _together(cells, _STATED).fillna(_together(cells, _LOCAL, zone))
    parsed = parse(cells.where(plain.isna()), reader, DTYPE)
    return Parsed(parsed.values.fillna(plain), parsed.why)


def _together(cells: pd.Series[str], form: str, zone: ZoneInfo | None = None) -> pd.Series[Any]:
    """Return the moments of the cells in one form; missing where a cell has another, or cannot be one."""
    moments = pd.to_datetime(cells.where(cells.str.fullmatch(form, na=False)), format="ISO8601", utc=zone is None,
                             errors="coerce")  # fmt: skip
    if zone is not None:
        moments = moments.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    return moments.astype(DTYPE)
