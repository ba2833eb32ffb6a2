"""What an adapter is: how one CRM calls tables, columns and values, as data, with hooks for its habits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.ground.sources import Source
from postmortem.intake.folding import fold_header
from postmortem.intake.quarantine import Ledger
from postmortem.intake.stage_entries import entries_in, entry_columns

Prepare = Callable[[str, pd.DataFrame, Ledger], pd.DataFrame]
"""Takes the table's name, its cells under canonical and helper names, and its ledger; returns the cells."""

STANDS_IN: Final[Mapping[str, Mapping[str, tuple[tuple[str, ...], ...]]]] = {
    "deals": {"outcome": (("_is_won", "_is_closed"), ("_is_won",), ("stage",))},
    "history": {"field": (("_stage",), ("_amount",), ("_expected_close_date",), ("_forecast_category",))},
}
"""Columns that can be made of others, for every adapter: table, column, and the sets that will do."""

WITH_ENTRIES: Final = ("deals", "history")
"""Tables that read stage-entry columns: deals for close dates, history for everything."""


@dataclass(frozen=True)
class LookupKind:
    """How a CRM calls the columns of a table that says what ids mean.

    Attributes
    ----------
    column : str
        Canonical column whose ids the table explains.
    key : tuple of str
        Headers of the ids, best first.
    value : tuple of tuple of str
        Sets of headers whose words, joined, an id stands for; the best set that is there counts.
    flags : mapping of str to tuple of str
        What else the table says of a deal: a column or ``is_won``, ``is_closed``, and headers of it.
    tells : frozenset of str
        Headers of which one must be there, if any.
    rules_out : frozenset of str
        Headers of which one shows that a file is another table.
    """

    column: str
    key: tuple[str, ...]
    value: tuple[tuple[str, ...], ...]
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tells: frozenset[str] = frozenset()
    rules_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Adapter:
    """How one CRM, or none in particular, writes its exports.

    Attributes
    ----------
    name, title : str
        As in ``adapter = "..."``, and as people call it.
    synonyms : mapping
        Table to column to headers, best first. Columns that begin with ``_`` are helpers that hooks use
        up; canonical names are understood without being listed.
    values : mapping
        Column to raw value to what it stands for; compared without case and spacing.
    signature : frozenset of str
        Headers that hardly anyone else writes.
    signed_by : mapping
        Table to sets of plain headers that, all together, are as good as a signature for it.
    tells : mapping
        Table to headers of which one must be there for the table to be recognised.
    rules_out : mapping
        Table to headers of which one shows that a file is another table.
    stands_in : mapping
        As `STANDS_IN`, for this adapter alone.
    footers : tuple of pattern
        First cells of lines under a report that are no data.
    per_cent : frozenset of str
        Columns whose numbers count in per cent.
    entries : tuple of pattern
        Headers of columns that say when a deal entered a stage, best first; the group ``stage`` names it.
    called : mapping of str to str
        Table to what the CRM calls it, where that is another word.
    lookups : tuple of LookupKind
        Tables of ids that this CRM exports beside its deals.
    besides : tuple of str
        Tables that every file of deals of this kind holds as well.
    chronological : bool
        Whether the hook needs the rows in the order of their moments.
    decides : frozenset of str
        Columns that tell the hook who won: where one is there, no word of a stage has to be judged.
    prepare : callable, optional
        Hook over the text cells, before anything is read as number or date.
    """

    name: str
    title: str
    synonyms: Mapping[str, Mapping[str, tuple[str, ...]]]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    signature: frozenset[str] = frozenset()
    signed_by: Mapping[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    tells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rules_out: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stands_in: Mapping[str, Mapping[str, tuple[tuple[str, ...], ...]]] = field(default_factory=dict)
    footers: tuple[re.Pattern[str], ...] = ()
    per_cent: frozenset[str] = frozenset()
    entries: tuple[re.Pattern[str], ...] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    lookups: tuple[LookupKind, ...] = ()
    besides: tuple[str, ...] = ()
    chronological: bool = False
    decides: frozenset[str] = frozenset({"_is_won"})
    prepare: Prepare | None = None

    def match(self, table: str, headers: Sequence[str], settled: Iterable[str] = ()) -> dict[str, str]:
        """Return column to header for what this adapter recognises of `table`; each header once.

        Columns that are `settled` elsewhere are passed over, so that their second-best header is free for others.
        """
        done = set(settled)
        by_fold: dict[str, str] = {}
        for each in headers:
            by_fold.setdefault(fold_header(each), each)
        found: dict[str, str] = {}
        named = {name: (name,) for name in schema.table(table).names}
        # Canonical names come before any synonym, so that a canonical file reads as it is.
        for choices in (named, self.synonyms.get(table, {})):
            for column, words in choices.items():
                key = next((key for word in words if (key := fold_header(word)) in by_fold), None)
                if column not in found and column not in done and key is not None:
                    found[column] = by_fold.pop(key)
        if table in WITH_ENTRIES:
            found |= entry_columns(headers, self.entries)
        return found

    def calls(self, table: str) -> str:
        """Return what people call a table of this system, such as ``Salesforce opportunity history``."""
        word = self.called.get(table, table.replace("_", " "))
        return f"{self.title} {word}" if self.signature else f"{self.title} of {word}"

    def ways(self, table: str, column: str) -> tuple[tuple[str, ...], ...]:
        """Return the sets of other columns that `column` can be made of."""
        return (*self.stands_in.get(table, {}).get(column, ()), *STANDS_IN.get(table, {}).get(column, ()))

    def lacking(self, table: str, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the required columns that are neither in `columns` nor can be made of them."""
        have = set(columns)
        if table == "history" and entries_in(have):
            have |= {"field", "changed_at"}
        return tuple(
            name
            for name in schema.table(table).required
            if name not in have and not any(have.issuperset(way) for way in self.ways(table, name))
        )


@dataclass(frozen=True)
class Columns:
    """Which header each column of a table is read from."""

    mapped: Mapping[str, str]
    unread: tuple[str, ...]


def resolve_columns(table: str, headers: Sequence[str], adapter: Adapter, source: Source, file: str) -> Columns:
    """Decide which header each column is read from: the configuration first, then the adapter.

    Parameters
    ----------
    table : str
        Canonical table.
    headers : sequence of str
        As in the file.
    adapter : Adapter
        What recognises the rest.
    source : Source
        ``columns`` (an empty header leaves a column unread) and ``constants``.
    file : str
        For messages.

    Raises
    ------
    DataError
        Once, with every configured header that is not there and every required column without a source.
    """
    stated: dict[str, str] = {}
    faults: list[str] = []
    for column, wanted in source.columns.items():
        header = _header(wanted, headers) if wanted else None
        if header is not None:
            stated[column] = header
        elif wanted:
            close = get_close_matches(wanted, headers, n=1, cutoff=0.6)
            faults.append(f"{column} = {wanted!r}: no such column" + (f"; did you mean {close[0]!r}?" if close else ""))
    free = [header for header in headers if header not in stated.values()]
    shut = {*source.columns, *source.constants}
    found = adapter.match(table, free, shut)
    mapped = {**found, **stated}
    for column in adapter.lacking(table, {*mapped, *source.constants}):
        near = get_close_matches(column, headers, n=3, cutoff=0.4)
        hint = "nearest: " + ", ".join(repr(header) for header in near) if near else "nothing comes near"
        faults.append(f"{column}, {schema.table(table).column(column).meaning}: no column found; {hint}")
    if faults:
        raise DataError(
            f"{file} cannot be read as {table}: {len(faults)} column{'s' if len(faults) > 1 else ''} missing.",
            got="columns " + ", ".join(repr(header) for header in headers),
            rows=faults,
            do=f'name the columns in postmortem.toml under [tables.{table}.columns], as canonical = "header"',
        )
    used = set(mapped.values())
    return Columns(mapped, tuple(header for header in headers if header not in used))


def _header(wanted: str, headers: Sequence[str]) -> str | None:
    if wanted in headers:
        return wanted
    return next((header for header in headers if fold_header(header) == fold_header(wanted)), None)
