"""The sheet of interviews as it comes back: every fault of it at once, or the rows that the store keeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.ground.formats import count
from postmortem.ground.spreadsheets import as_written
from postmortem.intake.interview_rules import COLUMNS, NEEDED, RATING, Fault, Known, Line, checked
from postmortem.intake.reading import Settings, read_table

INTAKE: Final = "intake.csv"
CLOSED: Final = ("status", "consent", "lost_to")
STEPS: Final = ("drawn", "invited", "declined", "no_answer", "held")


@dataclass(frozen=True)
class Filled:
    """What a sheet says, as rows of the canonical tables.

    Attributes
    ----------
    interviews, ratings, reasons : DataFrame
        Canonical columns. Of an interview without consent no word is in `reasons`.
    statuses : mapping of str to int
        How many interviews stand where.
    coded, double_coded : int
        Interviews with codes, and with those of two coders or more.
    words_left_out : int
        Interviews whose words were given without consent.
    by_hand : int
        Interviews of deals that no plan drew.
    """

    interviews: pd.DataFrame
    ratings: pd.DataFrame
    reasons: pd.DataFrame
    statuses: Mapping[str, int]
    coded: int
    double_coded: int
    words_left_out: int
    by_hand: int


def read_filled(path: Path, known: Known, recorded_at: dt.datetime) -> Filled:
    """Read and check a filled-in sheet of interviews.

    Parameters
    ----------
    path : Path
        The sheet, CSV or XLSX, or the folder it lies in as ``intake.csv``.
    known : Known
        What is on record of deals and interviews, the taxonomy, the scale of the ratings and the day.
    recorded_at : datetime
        When it is written down.

    Raises
    ------
    DataError
        With every fault of the sheet: file, line, column, what is there and what would be right.
    """
    file = path / INTAKE if path.is_dir() else path
    lines, faults = _lines(file)
    interviews, more = checked(lines, known)
    faults = sorted([*faults, *more], key=lambda fault: (fault.line, fault.column))
    if faults:
        raise DataError(
            f"{file.name} has {count(len(faults), 'fault')}, so nothing of it was taken.",
            rows=[f"{file.name} {fault}" for fault in faults],
            do="correct these cells and check again; README.md beside the sheet says what each may hold",
        )
    return Filled(
        interviews=_frame("interviews", [each.row for each in interviews]),
        ratings=_frame("ratings", [row for each in interviews for row in each.ratings]),
        reasons=_frame("reasons", [{**row, "recorded_at": recorded_at} for each in interviews for row in each.reasons]),
        statuses={step: sum(each.row["status"] == step for each in interviews) for step in STEPS},
        coded=sum(each.coders > 0 for each in interviews),
        double_coded=sum(each.coders > 1 for each in interviews),
        words_left_out=sum(each.words_left_out for each in interviews),
        by_hand=sum(pd.isna(each.row["inclusion_probability"]) for each in interviews),
    )


def _lines(file: Path) -> tuple[list[Line], list[Fault]]:
    """Read the sheet as text, and say what of its shape cannot be used."""
    raw = read_table(file, file.name, Settings())
    named = {header: header.strip().lower().replace(" ", "_") for header in raw.headers}
    lacking = [name for name in NEEDED if name not in named.values()]
    strange = [header for header, name in named.items() if name not in COLUMNS and not name.startswith(RATING)]
    twice = sorted({name for name in named.values() if list(named.values()).count(name) > 1})
    if lacking or strange or twice:
        raise DataError(
            f"{file.name} does not have the columns of a sheet of interviews.",
            got=", ".join(raw.headers),
            expected=", ".join(COLUMNS) + f", and further {RATING}… columns",
            rows=[*(f"{name}: is missing" for name in lacking), *(f"{name}: is no column of it" for name in strange),
                  *(f"{name}: stands twice" for name in twice)],
            do="name its columns this way",
        )  # fmt: skip
    faults = [
        Fault(row.line, "", " | ".join(row.cells)[:80], f"one row; it {raw.reason_for(row)}") for row in raw.ragged
    ]
    cells = raw.frame.rename(columns=named)
    lines = [
        Line(int(line), {str(name): _cell(str(name), cell) for name, cell in row.items()})
        for line, row in zip(raw.lines, cells.to_dict("records"), strict=True)
    ]
    return [line for line in lines if any(line.cells.values())], faults


def _cell(column: str, cell: Any) -> str:
    """Return a cell as it was meant: without the mark against formulas, and words of a closed set in their spelling."""
    text = "" if pd.isna(cell) else as_written(str(cell).strip())
    return text.lower().replace(" ", "_") if column in CLOSED else text


def _frame(table: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([dict(row) for row in rows], columns=list(schema.table(table).names))
