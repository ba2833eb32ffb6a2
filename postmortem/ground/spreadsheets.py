"""CSV files that people open in a spreadsheet: no cell is a formula, no old file is half overwritten."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: Any) -> str:
    """Return a cell as text that no spreadsheet takes for a formula; a missing one is empty."""
    text = "" if cell is None or pd.isna(cell) else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA_STARTS) else text


def as_written(text: str) -> str:
    """Return the text that `harmless` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def write_sheet(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a CSV file whole or not at all, with the mark by which spreadsheets know UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.writing")
    aside.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    os.replace(aside, path)
