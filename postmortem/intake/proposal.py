"""Look at an export and propose a configuration: what each file is, and what the analyst must decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.ground.sources import FLAGS_LOOKED_UP, LookupTable
from postmortem.intake import evidence
from postmortem.intake.adapters import Guess, adapter_called, recognise, tables_besides
from postmortem.intake.choosing import Chosen, alone, choose
from postmortem.intake.endings import Endings, endings_of
from postmortem.intake.evidence import Looked, Meaning, Spelling
from postmortem.intake.finding_lookups import FoundLookups, find_lookups
from postmortem.intake.footers import drop_footers
from postmortem.intake.generic import GENERIC
from postmortem.intake.opening import stem_of, tables_in
from postmortem.intake.proposal_toml import Plan, PlannedTable, with_data_folder, write_toml
from postmortem.intake.questions import open_questions
from postmortem.intake.reading import RawTable, read_table
from postmortem.intake.wording import known_of, shortened

ENUMS_BESIDE: Final = ("outcome", "closed_at_source", "lost_to_recorded")
VALUES_AT_MOST: Final = 60
UNREAD_SHOWN: Final = 8


@dataclass(frozen=True)
class Recognised:
    """What one file was taken for.

    Attributes
    ----------
    file : str
        Relative to the export.
    table, adapter : str or None
        Canonical table and adapter; None where no table was recognised.
    confidence : float
        Share of the file's headers that the adapter knows for this table, 0 to 1.
    columns : mapping of str to str
        Column to header.
    unmapped : tuple of str
        Headers that are not read.
    rows : int
        Rows of data.
    """

    file: str
    table: str | None
    adapter: str | None
    confidence: float
    columns: Mapping[str, str]
    unmapped: tuple[str, ...]
    rows: int

    explains: tuple[str, ...] = ()
    """Columns of other tables whose ids are looked up in this file."""

    @property
    def line(self) -> str:
        """What the file was taken for, in a line."""
        looked_up = f"{', '.join(self.explains)} looked up in it" if self.explains else ""
        if self.table is None or self.adapter is None:
            return f"{self.file}: {looked_up or 'not recognised'}, {self.rows} rows"
        known, every = len(set(self.columns.values())), len(set(self.columns.values())) + len(self.unmapped)
        line = f"{known_of(self.file, adapter_called(self.adapter).calls(self.table), known, every)}, {self.rows} rows"
        shown = ", ".join(shortened(header) for header in self.unmapped[:UNREAD_SHOWN])
        more = f" and {len(self.unmapped) - UNREAD_SHOWN} more" if len(self.unmapped) > UNREAD_SHOWN else ""
        rest = f"; not read: {shown}{more}" if self.unmapped else ""
        return f"{line}{rest}{'; ' + looked_up if looked_up else ''}"


@dataclass(frozen=True)
class Proposal:
    """A configuration to correct, what it rests on, and what it cannot know.

    Attributes
    ----------
    toml : str
        Text of a `postmortem.toml` whose files are relative to the export.
    recognised : tuple of Recognised
        One a readable file.
    questions : tuple of str
        What the analyst must decide.
    """

    toml: str
    recognised: tuple[Recognised, ...]
    questions: tuple[str, ...]

    @property
    def summary(self) -> tuple[str, ...]:
        """One line a file: what it was taken for."""
        return tuple(each.line for each in self.recognised)

    def toml_for(self, folder: str) -> str:
        """Return the text with `folder` as the data folder, for a file that lies outside the export."""
        return with_data_folder(self.toml, folder)


def propose(export: Path) -> Proposal:
    """Look at a file or a folder of exports and propose a `postmortem.toml`.

    Parameters
    ----------
    export : Path
        A file, or a folder that is searched with all its subfolders.

    Returns
    -------
    Proposal
        Valid TOML even where questions are open; commented lines wait to be filled in.

    Raises
    ------
    DataError
        When there is no such file or folder, or nothing in it can be read as a table.
    """
    files = tables_in(export)
    raws: dict[str, RawTable] = {}
    faults: list[DataError] = []
    for file, path in files.items():
        try:
            raws[file] = read_table(path, file)
        except DataError as fault:
            faults.append(fault)
    if not raws:
        if len(faults) == 1:
            raise faults[0]
        raise DataError("None of these files can be read.", rows=[fault.what for fault in faults], do="export CSV")
    looked = {
        file: _looked(raw, guess)
        for file, raw in raws.items()
        if (guess := recognise(raw.headers, stem_of(file))) is not None
    }
    chosen, questions = choose(looked)
    if "deals" not in chosen:
        chosen["deals"] = alone(_likeliest_deals(raws))
        questions.append(
            f"No file was recognised as deals. {chosen['deals'].looked.raw.file} is proposed: name its columns under "
            "[tables.deals.columns]."
        )
    deals = chosen["deals"].looked
    for also in tables_besides(deals.raw.headers, deals.guess):
        chosen.setdefault(also.table, alone(Looked(deals.raw, also)))
    lookups = find_lookups(chosen, raws)
    plan, asked = _plan(chosen, raws, lookups)
    questions += [*asked, *open_questions(plan, [each.looked for each in chosen.values()])]
    questions += [f"{fault.what} It is left out." for fault in faults]
    named = {file for each in chosen.values() for file in each.files}
    unused = [file for file in raws if file not in named and file not in looked and not lookups.of_file(file)]
    questions += [f"{file} was not recognised as a table of a book and is left out." for file in unused]
    recognised = tuple(_recognised(raw, looked.get(file), tuple(lookups.of_file(file))) for file, raw in raws.items())
    return Proposal(write_toml(plan), recognised, tuple(questions))


def _looked(raw: RawTable, guess: Guess) -> Looked:
    return Looked(drop_footers(raw, guess.table, guess.mapped, guess.adapter.footers), guess)


def _likeliest_deals(raws: Mapping[str, RawTable]) -> Looked:
    known = {file: GENERIC.match("deals", raw.headers) for file, raw in raws.items()}
    file = max(raws, key=lambda name: (len(known[name]), len(raws[name].frame)))
    return Looked(raws[file], Guess("deals", GENERIC, known[file], 0.0))


def _plan(chosen: Mapping[str, Chosen], raws: Mapping[str, RawTable], lookups: FoundLookups) -> tuple[Plan, list[str]]:
    """Return what the file will say, and what the ends of an event log leave open."""
    tables = [each.looked for each in chosen.values()]
    decimal = evidence.decimal_of(tables)
    deals = chosen["deals"]
    elsewhere = {file: raw.frame for file, raw in raws.items() if file not in deals.files}
    spellings = evidence.spellings_in(deals.looked, elsewhere)
    endings = endings_of(deals.looked) if deals.looked.guess.adapter.chronological else None
    plan = Plan(
        tables=tuple(
            _planned(each, decimal, spellings, lookups.tables.get(name, {}), endings) for name, each in chosen.items()
        ),
        dates=evidence.dates_of(tables),
        decimal=decimal,
        currencies=tuple(evidence.currencies_of(deals.looked)),
        reasons=evidence.reasons_in(deals.looked),
    )
    return plan, [endings.question] if endings is not None else []


def _planned(
    chosen: Chosen,
    decimal: str,
    spellings: Sequence[Spelling],
    lookups: Mapping[str, LookupTable],
    endings: Endings | None,
) -> PlannedTable:
    looked = chosen.looked
    guess, table = looked.guess, schema.table(looked.guess.table)
    columns = dict(chosen.headers)
    values: dict[str, Sequence[Meaning]] = {}
    if table.name == "deals":
        name, meanings = ("stage", endings.meanings) if endings else evidence.outcomes_of(looked, decimal)
        if name and name in columns and not set(lookups) & set(FLAGS_LOOKED_UP):
            columns["outcome"] = columns[name]
            values["outcome"] = meanings[:VALUES_AT_MOST]
    for column in table.columns:
        if column.kind in ("enum", "flag") and column.name not in ENUMS_BESIDE and column.name in guess.mapped:
            values[column.name] = evidence.values_of(looked, column)[:VALUES_AT_MOST]
    return PlannedTable(
        table=table.name,
        files=chosen.files,
        adapter=guess.adapter.name,
        columns=columns,
        lacking=guess.adapter.lacking(table.name, {*guess.mapped, *columns}),
        unread=_unmapped(looked.raw, guess) if len(chosen.files) == 1 else (),
        values={name: meanings for name, meanings in values.items() if meanings},
        spellings=tuple(each for each in spellings if each.table == table.name),
        lookups=lookups,
    )


def _unmapped(raw: RawTable, guess: Guess) -> tuple[str, ...]:
    used = set(guess.mapped.values())
    return tuple(header for header in raw.headers if header not in used)


def _recognised(raw: RawTable, looked: Looked | None, explains: tuple[str, ...]) -> Recognised:
    if looked is None:
        return Recognised(raw.file, None, None, 0.0, {}, raw.headers, len(raw.frame), explains)
    guess, rows = looked.guess, len(looked.raw.frame)
    unmapped = _unmapped(raw, guess)
    name = guess.adapter.name
    return Recognised(raw.file, guess.table, name, guess.confidence, dict(guess.mapped), unmapped, rows, explains)
