"""Look at an export and propose a configuration: what each file is, and what the analyst must decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.intake import evidence
from postmortem.intake.adapters import Guess, recognise, stage_history
from postmortem.intake.evidence import Looked, Meaning, Spelling
from postmortem.intake.footers import drop_footers
from postmortem.intake.generic import GENERIC
from postmortem.intake.opening import stem_of, tables_in
from postmortem.intake.proposal_toml import Plan, PlannedTable, with_data_folder, write_toml
from postmortem.intake.questions import open_questions
from postmortem.intake.reading import RawTable, read_table

ENUMS_BESIDE: Final = ("outcome", "closed_at_source", "lost_to_recorded")
VALUES_AT_MOST: Final = 60


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

    @property
    def line(self) -> str:
        """What the file was taken for, in a line."""
        if self.table is None:
            return f"{self.file}: not recognised, {self.rows} rows"
        left = len(self.unmapped)
        rest = f", {left} column{'s' if left > 1 else ''} not read" if left else ""
        return f"{self.file}: {self.table}, read as {self.adapter}, {self.rows} rows{rest}"


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
    chosen, questions = _choose(looked)
    if "deals" not in chosen:
        chosen["deals"] = _likeliest_deals(raws)
        questions.append(
            f"No file was recognised as deals. {chosen['deals'].raw.file} is proposed: name its columns under "
            "[tables.deals.columns]."
        )
    entries = stage_history(chosen["deals"].raw.headers, chosen["deals"].guess)
    if entries is not None and "history" not in chosen:
        chosen["history"] = Looked(chosen["deals"].raw, entries)
    plan = _plan(chosen, raws)
    questions += open_questions(plan, list(chosen.values()))
    questions += [f"{fault.what} It is left out." for fault in faults]
    named = {each.raw.file for each in chosen.values()}
    unused = [file for file in raws if file not in named and file not in looked]
    questions += [f"{file} was not recognised as a table of a book and is left out." for file in unused]
    recognised = tuple(_recognised(raw, looked.get(file)) for file, raw in raws.items())
    return Proposal(write_toml(plan), recognised, tuple(questions))


def _looked(raw: RawTable, guess: Guess) -> Looked:
    return Looked(drop_footers(raw, guess.table, guess.mapped, guess.adapter.footers), guess)


def _choose(looked: Mapping[str, Looked]) -> tuple[dict[str, Looked], list[str]]:
    """Take for each table the file of which most is known, then the one with most rows."""
    chosen: dict[str, Looked] = {}
    questions = []
    for table in schema.TABLES:
        rivals = [each for each in looked.values() if each.guess.table == table.name]
        if rivals:
            best = max(rivals, key=_likelihood)
            chosen[table.name] = best
            questions += [
                f"{each.raw.file} looks like {table.name} too; {best.raw.file} is proposed. Which one is right?"
                for each in rivals
                if each is not best
            ]
    return chosen, questions


def _likelihood(looked: Looked) -> tuple[int, bool, float, int]:
    guess = looked.guess
    is_history = "history" in looked.raw.file.lower()
    return len(guess.mapped), not is_history, guess.confidence, len(looked.raw.frame)


def _likeliest_deals(raws: Mapping[str, RawTable]) -> Looked:
    known = {file: GENERIC.match("deals", raw.headers) for file, raw in raws.items()}
    file = max(raws, key=lambda name: (len(known[name]), len(raws[name].frame)))
    return Looked(raws[file], Guess("deals", GENERIC, known[file], 0.0))


def _plan(chosen: Mapping[str, Looked], raws: Mapping[str, RawTable]) -> Plan:
    tables = list(chosen.values())
    decimal = evidence.decimal_of(tables)
    spellings = evidence.spellings_in(chosen["deals"], {file: raw.frame for file, raw in raws.items()})
    return Plan(
        tables=tuple(_planned(looked, decimal, spellings) for looked in tables),
        dates=evidence.dates_of(tables),
        decimal=decimal,
        currencies=tuple(evidence.currencies_of(chosen["deals"])),
        reasons=evidence.reasons_in(chosen["deals"]),
    )


def _planned(looked: Looked, decimal: str, spellings: Sequence[Spelling]) -> PlannedTable:
    guess, table = looked.guess, schema.table(looked.guess.table)
    columns = dict(guess.mapped)
    values: dict[str, Sequence[Meaning]] = {}
    if table.name == "deals":
        header, meanings = evidence.outcomes_of(looked, decimal)
        if header:
            columns["outcome"] = header
            values["outcome"] = meanings[:VALUES_AT_MOST]
    for column in table.columns:
        if column.kind in ("enum", "flag") and column.name not in ENUMS_BESIDE and column.name in columns:
            values[column.name] = evidence.values_of(looked, column)[:VALUES_AT_MOST]
    return PlannedTable(
        table=table.name,
        file=looked.raw.file,
        adapter=guess.adapter.name,
        columns=columns,
        lacking=guess.adapter.lacking(table.name, columns),
        unread=_unmapped(looked.raw, guess),
        values={name: meanings for name, meanings in values.items() if meanings},
        spellings=tuple(each for each in spellings if each.table == table.name),
    )


def _unmapped(raw: RawTable, guess: Guess) -> tuple[str, ...]:
    used = set(guess.mapped.values())
    return tuple(header for header in raw.headers if header not in used)


def _recognised(raw: RawTable, looked: Looked | None) -> Recognised:
    if looked is None:
        return Recognised(raw.file, None, None, 0.0, {}, raw.headers, len(raw.frame))
    guess, rows = looked.guess, len(looked.raw.frame)
    mapped = dict(guess.mapped)
    unmapped = _unmapped(raw, guess)
    return Recognised(raw.file, guess.table, guess.adapter.name, guess.confidence, mapped, unmapped, rows)
