"""Several files of one table: exports of different days, of half-years, or of two kinds of activities.

The files are in order, the oldest first. Of rows with one key the newest file's counts, as a later export knows
more. Tables without a key are put together; a row that a later file of the same columns repeats is one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from postmortem.ground import schema
from postmortem.intake.adapter import Adapter, Columns
from postmortem.intake.quarantine import Ledger
from postmortem.intake.stage_entries import entries_in


@dataclass(frozen=True)
class Cells:
    """One table as text under canonical names.

    Attributes
    ----------
    frame : DataFrame
        Canonical columns (and an adapter's helpers, which begin with ``_``), all str.
    ledger : Ledger
        What became of its rows so far.
    adapter : Adapter
        What read it.
    columns : Columns
        Which header each column came from.
    """

    frame: pd.DataFrame
    ledger: Ledger
    adapter: Adapter
    columns: Columns

    @property
    def headers(self) -> frozenset[str]:
        """Every header of the file."""
        return frozenset((*self.columns.mapped.values(), *self.columns.unread))


def join_files(table: str, parts: Sequence[Cells]) -> Cells:
    """Put the files of one table together.

    Parameters
    ----------
    table : str
        Canonical table.
    parts : sequence of Cells
        One a file, from the oldest to the newest.

    Returns
    -------
    Cells
        Every row that is not superseded; superseded and repeated rows are counted in notes, with how many
        of them differ from the row that counts.
    """
    if len(parts) == 1:
        return parts[0]
    ledger = parts[0].ledger
    frames = [parts[0].frame]
    mapped = dict(parts[0].columns.mapped)
    for part in parts[1:]:
        labels = ledger.absorb(part.ledger)
        frames.append(part.frame.rename(index=labels))
        mapped |= part.columns.mapped
    frame = pd.concat([ledger.keep(each) for each in frames])
    file_of = pd.Series(
        [place for place, each in enumerate(frames) for _ in range(len(ledger.keep(each)))], index=frame.index
    )
    key = list(schema.table(table).key)
    by_key = bool(key) and set(key) <= set(frame)
    kept = _newest(frame, file_of, key, ledger) if by_key else _once(frame, file_of, parts, ledger)
    return Cells(kept, ledger, parts[-1].adapter, Columns(mapped, parts[-1].columns.unread))


def _newest(frame: pd.DataFrame, file_of: pd.Series[int], key: list[str], ledger: Ledger) -> pd.DataFrame:
    """Leave out rows whose key a later file has, and say how many of them say something else."""
    names = frame[key].apply(lambda cells: cells.str.strip())
    whole = names.notna().all(axis=1)
    groups = file_of[whole].groupby([names.loc[whole, name] for name in key])
    newest = groups.transform("max")
    older = newest.index[file_of[newest.index] < newest]
    if older.empty:
        ledger.note(key[0], 0, f"no row of {ledger.file} has the key of a row in another of them")
        return frame
    last = frame.assign(**names).loc[newest.index].drop_duplicates(key, keep="last").set_index(key)
    told = names.loc[older]
    matching = last.reindex(pd.MultiIndex.from_frame(told) if len(key) > 1 else pd.Index(told[key[0]]))
    shown: list[str] = []
    differs = pd.Series(False, index=older)
    for column in schema.table(ledger.table).names:
        if column in last:
            before, after = frame.loc[older, column].fillna(""), matching[column].fillna("")
            other = before.str.strip().to_numpy() != after.str.strip().to_numpy()
            differs |= other
            shown += [f"{column} {int(other.sum())}"] if other.any() else []
    rest = f"; {int(differs.sum())} of them say something else ({', '.join(shown)})" if shown else ""
    what = f"rows of older exports were left out, as a newer one has their {' and '.join(key)}{rest}"
    ledger.merged(len(older), key[0], what)
    only = int(((file_of[newest.index] == newest) & (newest < int(file_of.max()))).sum())
    if only:
        ledger.note(key[0], only, "rows are in older exports only and are kept as they stood there")
    kept: pd.DataFrame = frame.drop(index=older)
    return kept


def _once(frame: pd.DataFrame, file_of: pd.Series[int], parts: Sequence[Cells], ledger: Ledger) -> pd.DataFrame:
    """Leave out rows that a later file of the same columns repeats cell by cell."""
    repeated = pd.Series(False, index=frame.index)
    for place, part in enumerate(parts[:-1]):
        later = [other for other in range(place + 1, len(parts)) if parts[other].headers == part.headers]
        columns = [name for name in part.frame if name not in entries_in([name])]
        rows = file_of == place
        if later and rows.any() and columns:
            texts = frame[columns].fillna("").agg("\x1f".join, axis=1)
            repeated |= rows & texts.isin(set(texts[file_of.isin(later)]))
    ledger.merged(int(repeated.sum()), "", "rows that a newer file of the same columns repeats were counted once")
    kept: pd.DataFrame = frame.loc[~repeated]
    return kept
