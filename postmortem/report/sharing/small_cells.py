"""Small counts withheld, and as many others with them as it takes that no total gives them back.

A row with a count of one to four loses all its figures; none is nobody and stays. So do, in every line that adds up
(the whole table, and all rows that share a word), as many rows more as make two with five deals or more between
them; and every row elsewhere that tells the same. Whatever total of a line a reader knows, from a title or another
table, no withheld row can then be worked out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from postmortem.table import Column, Table

LEAST = 5
SMALL_WORDS: Final = frozenset(("a", "an", "the", "to", "of", "by", "in", "it", "lost", "deals", "nobody"))
FIGURES: Final = ("count", "estimate", "money", "date")
NAMING: Final = ("label", "competitor", "person", "account", "deal")
MARK: Final = Column("suppressed", "label", "Withheld", shown=False)

Place = tuple[int, str]
"""Which result, and which of its tables."""


def withhold_small(tables: Mapping[Place, Table]) -> tuple[dict[Place, Table], dict[Place, np.ndarray]]:
    """Return the tables of a whole report with small cells withheld, and which rows of each were.

    Parameters
    ----------
    tables : mapping of (result, name) to Table
        All tables that one reader will see: what one of them tells cannot be withheld in another.

    Returns
    -------
    tables : dict
        With a column ``suppressed`` where a row was emptied.
    masks : dict
        One boolean a row.
    """
    masks = withheld_rows(tables)
    return {place: _emptied(table, masks[place]) for place, table in tables.items()}, masks


def withheld_rows(tables: Mapping[Place, Table]) -> dict[Place, np.ndarray]:
    """Return which rows of each table are withheld."""
    counts = {place: smallest_counts(table) for place, table in tables.items()}
    lines = {place: lines_of(table) for place, table in tables.items()}
    ranks = _ranks(tables, counts)
    masks = {place: (count < LEAST) for place, count in counts.items()}
    while True:
        before = sum(int(mask.sum()) for mask in masks.values())
        for place, mask in masks.items():
            _complete(mask, lines[place], counts[place], ranks[place])
        _spread(tables, masks)
        if sum(int(mask.sum()) for mask in masks.values()) == before:
            return masks


def smallest_counts(table: Table) -> np.ndarray:
    """Return the smallest count of each row that is not nought; infinite where a row counts nothing."""
    names = [column.name for column in table.columns if column.role == "count"]
    if not names:
        return np.full(len(table.rows), np.inf)
    counts = table.rows[names].astype("float64")
    return counts.where(counts > 0).min(axis=1).fillna(np.inf).to_numpy()


def lines_of(table: Table) -> list[np.ndarray]:
    """Return the rows of every line that may add up: the whole table, and all rows that share a word.

    A row that is the sum of the others is no part of a line: its count is a total, which anyone may know.
    """
    rows = table.rows
    found = {tuple(range(len(rows)))}
    for column in table.columns:
        if column.role in NAMING and isinstance(rows[column.name].dtype, pd.StringDtype):
            for _, group in rows.groupby(column.name, dropna=False):
                found.add(tuple(rows.index.get_indexer(group.index)))
    counts = [rows[column.name].astype("float64").to_numpy() for column in table.columns if column.role == "count"]
    parts = {tuple(sorted(set(line) - _totals(np.array(line), counts))) for line in found if line}
    return [np.array(line) for line in sorted(parts) if len(line) > 1]


def _totals(line: np.ndarray, counts: list[np.ndarray]) -> set[int]:
    """Return the row of a line that is the sum of all others, by any count; none for two rows that are alike."""
    sums = (values[line] for values in counts if len(line) > 2 and not np.isnan(values[line]).any())
    return {int(line[values.argmax()]) for values in sums if values.max() > 0 and 2 * values.max() == values.sum()}


def _ranks(tables: Mapping[Place, Table], counts: Mapping[Place, np.ndarray]) -> dict[Place, np.ndarray]:
    """Return in what order rows are withheld beside small ones: those told in few other places, then small ones."""
    rows = {place: _rows(table) for place, table in tables.items()}
    places: dict[tuple[int, str], set[tuple[Place, int]]] = defaultdict(set)
    for place, each in rows.items():
        for at, row in enumerate(each):
            for count, label in row.counts:
                for core in (*row.cores, label):
                    places[count, core].add((place, at))
    ranks = {}
    for place, each in rows.items():
        told = [
            len(set().union(*(places[count, core] for count, _ in row.counts for core in row.cores)))
            for row in each
        ]  # fmt: skip
        order = np.empty(len(each), dtype="int64")
        order[np.lexsort((counts[place], np.array(told, dtype="int64")))] = np.arange(len(each))
        ranks[place] = order
    return ranks


def _complete(mask: np.ndarray, lines: list[np.ndarray], counts: np.ndarray, ranks: np.ndarray) -> None:
    """Withhold further rows until no withheld one can be worked out from the sums of lines."""
    while mask.any():
        alone = next((line for line in lines if _gives_away(mask[line], counts[line])), None)
        if alone is None:
            known = computable(mask, lines)
            if not known.any():
                return
            # Sums over several lines at once give it back: one line of it gets another withheld row.
            cell = int(np.flatnonzero(known)[0])
            alone = next((line for line in lines if cell in line and not mask[line].all()), None)
            if alone is None:
                return
        free = alone[~mask[alone]]
        mask[free[np.argmin(ranks[free])]] = True


def _gives_away(mask: np.ndarray, counts: np.ndarray) -> bool:
    """Whether the sum of a line tells what is withheld in it, and there is something left to withhold."""
    if not mask.any() or mask.all():
        return False
    return bool(mask.sum() == 1 or counts[mask].sum() < LEAST)


def computable(mask: np.ndarray, lines: list[np.ndarray]) -> np.ndarray:
    """Return which withheld rows follow from the shown ones and the sums of all lines.

    Notes
    -----
    Sums are linear equations in the withheld cells; a cell follows where its unit vector lies in their row space.
    """
    hidden = np.flatnonzero(mask)
    follows = np.zeros(len(mask), dtype=bool)
    system = np.array([np.isin(hidden, line) for line in lines], dtype="float64")
    system = system[system.any(axis=1)] if len(system) else system
    if not len(system):
        return follows
    _, sizes, basis = np.linalg.svd(system, full_matrices=False)
    basis = basis[sizes > 1e-9]
    # The projection of a unit vector onto the row space has length one exactly where it lies in it.
    follows[hidden] = np.isclose((basis**2).sum(axis=0), 1)
    return follows


def _spread(tables: Mapping[Place, Table], masks: dict[Place, np.ndarray]) -> None:
    """Withhold every row that tells what a withheld row would: the same count of the same thing, wherever it stands.

    Within one result a row without counts, such as a share, tells it by its words alone.
    """
    pairs: set[tuple[int, str]] = set()
    words: set[tuple[int, str]] = set()
    for place, mask in masks.items():
        if mask.any():
            alone = _words_alone(tables[place], mask)
            words |= {(place[0], word) for word in alone}
            pairs |= _told_by(tables[place], mask, alone)
    if not words:
        return
    for place, table in tables.items():
        for at, row in enumerate(_rows(table)):
            if row.counts:
                tells = any((count, core) in pairs for count, label in row.counts for core in (*row.cores, label))
            else:
                tells = any((place[0], word) in words for word in row.words)
            if tells:
                masks[place][at] = True


@dataclass(frozen=True)
class _Row:
    """What a row tells: its words, what they are about, and its counts with what their headings are about."""

    words: frozenset[str]
    cores: frozenset[str]
    counts: tuple[tuple[int, str], ...]


def _rows(table: Table) -> list[_Row]:
    naming = [
        column.name
        for column in table.columns
        if column.role in NAMING and isinstance(table.rows[column.name].dtype, pd.StringDtype)
    ]
    counts = [(column.name, _core(column.label)) for column in table.columns if column.role == "count"]
    made = []
    for row in table.records:
        words = frozenset(row[name] for name in naming if isinstance(row[name], str))
        cores = frozenset(filter(None, map(_core, words)))
        counted = tuple((int(row[name]), label) for name, label in counts if not pd.isna(row[name]))
        made.append(_Row(words, cores, counted))
    return made


def _core(text: str) -> str:
    """Return what a word of a table is about, so that a code, ``A competitor`` and ``Lost to a competitor`` agree."""
    return " ".join(sorted(set(re.findall(r"[^\W_]+", text.casefold())) - SMALL_WORDS))


def _words_alone(table: Table, mask: np.ndarray) -> set[str]:
    """Return the words that stand in withheld rows and in no other row of a table."""
    rows = _rows(table)
    shown = {word for row, hidden in zip(rows, mask, strict=True) if not hidden for word in row.words}
    return {word for row, hidden in zip(rows, mask, strict=True) if hidden for word in row.words} - shown


def _told_by(table: Table, mask: np.ndarray, alone: set[str]) -> set[tuple[int, str]]:
    """Return the withheld counts with what they count; one of several rows is a denominator, unless its row's least."""
    rows = _rows(table)
    often = Counter((at, count) for row in rows for at, (count, _) in enumerate(row.counts))
    told = set()
    for row, hidden in zip(rows, mask, strict=True):
        cores = {core for word in row.words & alone if (core := _core(word))}
        counts = [(at, count) for at, (count, _) in enumerate(row.counts) if count]
        if hidden and counts:
            least = min(count for _, count in counts)
            told |= {(n, core) for at, n in counts if n == least or often[at, n] == 1 for core in cores}
    return told


def _emptied(table: Table, mask: np.ndarray) -> Table:
    if not mask.any():
        return table
    rows = table.rows.copy()
    for column in table.columns:
        if column.role in FIGURES:
            values = rows[column.name].astype("Int64") if column.role == "count" else rows[column.name]
            rows[column.name] = values.mask(mask)
    columns = tuple(column for column in table.columns if column.name != MARK.name)
    rows = rows.drop(columns=MARK.name, errors="ignore").assign(suppressed=mask)
    return replace(table, rows=rows, columns=(*columns, MARK))
