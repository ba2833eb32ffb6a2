"""The ledger of a table: which rows are set aside and why, what was repaired, and whether it adds up.

A row counts as read when it is a row of data: blank lines, report footers, exact repeats and unchanged
values of a wide history are counted in notes instead. From then on rows in = rows used + rows set aside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from postmortem.book import Note
from postmortem.book.book import QUARANTINE_COLUMNS
from postmortem.ground.errors import DataError

VALUE_SHOWN: Final = 200
REASONS_SHOWN: Final = 5


@dataclass
class Entry:
    """One row set aside: where the first fault is, and all reasons."""

    file: str
    line: int
    column: str
    value: str
    reasons: list[str]


class Ledger:
    """What became of the rows of one table.

    Parameters
    ----------
    table, file : str
        Which table, from which file.
    lines : Series of int
        Line of each row, on the index the frames of this table keep while they are cleaned. `files` says
        on the same index which file each row is from: `absorb` adds those of further ones.
    """

    def __init__(self, table: str, file: str, lines: pd.Series[int]) -> None:
        self.table = table
        self.file = file
        self.lines = lines
        self.files = pd.Series(file, index=lines.index, dtype="str")
        self.rows_in = len(lines)
        self.notes: list[Note] = []
        self._entries: dict[int, Entry] = {}
        self._outside: list[Entry] = []

    def note(self, column: str, rows: float, what: str) -> None:
        """Write down a repair or an observation; numpy's counts are taken too."""
        self.notes.append(Note(self.table, column, int(rows), what))

    def adopt(self, notes: Iterable[Note]) -> None:
        """Take over what was noted before it was known which table this is."""
        self.notes += [replace(note, table=self.table) for note in notes]

    def absorb(self, other: Ledger) -> dict[int, int]:
        """Account for the rows of another file of the same table as well; return their new labels."""
        first = int(self.lines.index.max()) + 1 if len(self.lines) else 0
        labels = {label: first + place for place, label in enumerate(other.lines.index.tolist())}
        self.lines = pd.concat([self.lines, other.lines.set_axis(list(labels.values()))])
        self.files = pd.concat([self.files, other.files.set_axis(list(labels.values()))])
        self._entries |= {labels[label]: entry for label, entry in other._entries.items()}
        self._outside += other._outside
        self.rows_in += other.rows_in
        self.notes += other.notes
        self.file = f"{self.file}, {other.file}"
        return labels

    def set_aside(
        self, rows: pd.Index | pd.Series, column: str, values: pd.Series | None, why: str | pd.Series
    ) -> None:
        """Set rows aside.

        Parameters
        ----------
        rows : Index, or Series of bool
            Which rows.
        column : str
            Where the fault is.
        values : Series, optional
            What stands there; empty unless given.
        why : str or Series of str
            The reason, or one for each row.
        """
        labels = rows.index[rows.to_numpy(dtype=bool)] if isinstance(rows, pd.Series) else rows
        lines, files = self.lines.reindex(labels).tolist(), self.files.reindex(labels).tolist()
        shown = [""] * len(labels) if values is None else [_shown(each) for each in values.reindex(labels)]
        reasons = [why] * len(labels) if isinstance(why, str) else why.reindex(labels).tolist()
        for label, file, line, value, reason in zip(labels.tolist(), files, lines, shown, reasons, strict=True):
            entry = self._entries.setdefault(label, Entry(file, line, column, value, []))
            text = reason if entry.column == column else f"{column}: {reason}"
            if text not in entry.reasons:
                entry.reasons.append(text)

    def set_aside_line(self, line: int, value: str, reason: str) -> None:
        """Set a row aside that never became a row of the frame."""
        self.rows_in += 1
        self._outside.append(Entry(self.file, line, "", _shown(value), [reason]))

    def merged(self, rows: int, column: str, what: str) -> None:
        """Count rows that are no rows of their own, such as exact repeats, and say so."""
        if rows:
            self.rows_in -= rows
            self.note(column, rows, what)

    def unfold(self, origins: pd.Series[int], column: str, what: str) -> None:
        """Go on with other rows made of those not set aside so far.

        Parameters
        ----------
        origins : Series of int
            For each new row, on its index, the label of the old one it is made of.
        """
        self.note(column, self.rows_in - self.quarantined, what)
        self._outside += self._entries.values()
        self._entries = {}
        self.rows_in = len(origins) + self.quarantined
        self.lines = self.lines.loc[origins].set_axis(origins.index)
        self.files = self.files.loc[origins].set_axis(origins.index)

    def keep(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` without the rows set aside so far."""
        return frame.loc[~frame.index.isin(list(self._entries))]

    @property
    def quarantined(self) -> int:
        """How many rows are set aside."""
        return len(self._entries) + len(self._outside)

    @property
    def entries(self) -> list[Entry]:
        """Rows set aside, by file and line."""
        order = {file: place for place, file in enumerate(self.files.unique())}
        entries = [*self._entries.values(), *self._outside]
        return sorted(entries, key=lambda entry: (order.get(entry.file, len(order)), entry.line))

    def settle(self, used: int) -> None:
        """Check that every row read is used or set aside.

        Raises
        ------
        DataError
            When rows went missing: a fault of this program, never of the data.
        """
        if self.rows_in != used + self.quarantined:
            raise DataError(
                f"Rows of {self.table} went missing on the way in: this is our fault, not your data's.",
                got=f"{self.rows_in} read, {used} used, {self.quarantined} set aside",
                expected="rows read = rows used + rows set aside",
                do="please report it with the first lines of the file",
            )

    def refuse_above(self, share: float) -> None:
        """Refuse a table of which more than `share` was set aside.

        Raises
        ------
        DataError
            With the commonest reasons.
        """
        if self.rows_in and self.quarantined / self.rows_in > share:
            raise DataError(
                f"{self.quarantined} of {self.rows_in} rows of {self.file} ({self.table}) cannot be used.",
                expected=f"at most {share:.0%} ([data] max_quarantined_share)",
                rows=self.commonest_reasons(),
                do="correct the export or the mapping in postmortem.toml, or allow a larger share",
            )

    def commonest_reasons(self) -> list[str]:
        """Return the commonest reasons with their counts and the first line of each."""
        counts: Counter[str] = Counter()
        first: dict[str, int] = {}
        for entry in self.entries:
            reason = f"{entry.column} {entry.reasons[0]}".strip()
            counts[reason] += 1
            first.setdefault(reason, entry.line)
        return [
            f"{count} rows: {reason} (first: line {first[reason]})"
            for reason, count in counts.most_common(REASONS_SHOWN)
        ]


def quarantine_frame(ledgers: Sequence[Ledger]) -> pd.DataFrame:
    """Return all rows set aside: table, file, line, column, value, reason; one row each."""
    rows = [
        (ledger.table, entry.file, entry.line, entry.column, entry.value, "; ".join(entry.reasons))
        for ledger in ledgers
        for entry in ledger.entries
    ]
    frame = pd.DataFrame(rows, columns=list(QUARANTINE_COLUMNS))
    return frame.astype({name: "int64" if name == "line" else "str" for name in QUARANTINE_COLUMNS})


def _shown(value: Any) -> str:
    text = "" if pd.isna(value) else str(value)
    return text if len(text) <= VALUE_SHOWN else text[:VALUE_SHOWN] + "…"
