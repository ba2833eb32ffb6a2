"""Grouped reports: a group's value stands on its first row only, and is filled in on the rows under it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from postmortem.book import Note
from postmortem.ground.errors import DataError
from postmortem.intake.reading import RawTable


def fill_groups(raw: RawTable) -> RawTable:
    """Return a report with every row's groups filled in; other tables stay as they are.

    A column is a grouping where it stands at the left, is marked as sorted or has subtotals, is filled on
    the first row, leaves rows blank, and never says the same twice within the group around it: a sorted
    column of an ungrouped report repeats its values.

    Raises
    ------
    DataError
        When a marked column is blank below a first run of single rows only: whether these blanks belong
        to the last value or to none cannot be told.
    """
    filled: dict[str, pd.Series[str]] = {}
    outer = pd.Series(0, index=raw.frame.index)
    for header in raw.headers:
        cells = raw.frame[header]
        marked = header in raw.sorted_by or header in raw.subtotalled
        starts = cells.notna()
        if not marked or starts.empty or not starts[outer != outer.shift()].all():
            break
        before = cells.ffill().shift().mask(outer != outer.shift())
        if (starts & (cells == before)).any():
            break
        if not starts.all():
            _refuse_doubtful(raw, header, starts)
        filled[header] = cells.ffill().astype("str")
        outer = (starts | (outer != outer.shift())).astype("int64").cumsum()
    filled = {header: cells for header, cells in filled.items() if raw.frame[header].isna().any()}
    if not filled:
        return raw
    rows = int(raw.frame[list(filled)].isna().any(axis=1).sum())
    what = f"{raw.file}: rows of a grouped report take {', '.join(map(repr, filled))} from the first row of their group"
    return replace(raw, frame=raw.frame.assign(**filled), notes=(*raw.notes, Note("", "", rows, what)))


def _refuse_doubtful(raw: RawTable, header: str, starts: pd.Series[bool]) -> None:
    """Refuse a column whose blanks all stand at the end, where no subtotal shows that it is a grouping."""
    first_blank = int((~starts).to_numpy().argmax())
    if header not in raw.subtotalled and first_blank > 1 and not starts.iloc[first_blank:].any():
        raise DataError(
            f"{raw.file} leaves {header!r} blank from line {raw.lines.iloc[first_blank]} on.",
            expected="one full row a deal, or a grouped report with its subtotals",
            do="in Salesforce export the report as 'Details Only' (CSV), or remove its groupings",
        )
