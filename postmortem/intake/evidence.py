"""What a first look at an export shows: its tables, how it writes days and numbers, what its values mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.lost_to import read_lost_to
from postmortem.intake.adapter import Adapter
from postmortem.intake.adapters import Guess
from postmortem.intake.cells import split_values
from postmortem.intake.columns import enum_meaning
from postmortem.intake.dates import DateStyle, Unreadable, formats_for, numeric_orders
from postmortem.intake.folding import MISSING_WORDS, NOT_A_NUMBER, Lookup, fold_spelling
from postmortem.intake.outcomes import decide_outcomes, outcome_of, sounds_final
from postmortem.intake.reading import RawTable
from postmortem.intake.stage_entries import entries_in
from postmortem.intake.values import currency_in, parse, read_flag, read_number, read_share
from postmortem.taxonomies import load_crosswalks, load_taxonomy, map_values

LISTED_AT_MOST: Final = 200
NAMES_AT_MOST: Final = 2000
OUTCOMES: Final = schema.OUTCOMES
UTC_DAYS: Final = DateStyle(None, None, ZoneInfo("UTC"))
"""How days are read for a first look, which no configuration guides yet."""

DAY_HELPERS: Final = ("_close_date", "_stage_changed", "_closed_on", "_won_on", "_lost_on")


@dataclass(frozen=True)
class Meaning:
    """One value of a column and what it is taken for; None where someone has to decide."""

    value: str
    rows: int
    taken_for: str | None
    why: str = ""


@dataclass(frozen=True)
class Looked:
    """One file that was recognised, as it was read."""

    raw: RawTable
    guess: Guess

    def column(self, name: str) -> pd.Series[str] | None:
        """Return the filled cells of a canonical column, without words for an empty field; None if absent."""
        header = self.guess.mapped.get(name)
        if header is None:
            return None
        cells = self.raw.frame[header].str.strip()
        return cells[cells.notna() & ~cells.str.lower().isin(MISSING_WORDS | {NOT_A_NUMBER})]


@dataclass(frozen=True)
class DateEvidence:
    """How numeric days are written: the format that is proven, else the two that are possible."""

    proven: str | None = None
    possible: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Spelling:
    """A value that another file, or the same column, writes another way."""

    table: str
    column: str
    value: str
    other: str
    where: str


@dataclass(frozen=True)
class Reasons:
    """What loss reasons and lost-to words stand for."""

    reasons: tuple[Meaning, ...] = ()
    lost_to: tuple[Meaning, ...] = field(default=())


def dates_of(tables: Sequence[Looked]) -> DateEvidence:
    """Pool the numeric days of all tables and say which order they prove."""
    cells: list[str] = []
    for looked in tables:
        for name in looked.guess.mapped:
            if _is_day(looked.guess.table, name) and (column := looked.column(name)) is not None:
                cells += column.unique().tolist()
    proven, example = numeric_orders(cells)
    if example is None:
        return DateEvidence()
    month_first, day_first = formats_for(example)
    if len(proven) == 1:
        return DateEvidence(month_first if proven == {"month"} else day_first, (), example)
    return DateEvidence(None, (month_first, day_first), example)


def decimal_of(tables: Sequence[Looked]) -> str:
    """Return the decimal mark under which more amounts can be read."""
    unreadable = {".": 0, ",": 0}
    for looked in tables:
        for column in schema.table(looked.guess.table).columns:
            cells = looked.column(column.name)
            if column.kind in ("money", "number") and cells is not None:
                for mark in unreadable:
                    unreadable[mark] += parse(cells, partial(read_number, decimal=mark), "float64").unreadable
    return "," if unreadable[","] < unreadable["."] else "."


def currencies_of(deals: Looked) -> list[str]:
    """Return the currencies the deals name, in a column of their own or beside their amounts."""
    named = deals.column("currency")
    if named is not None:
        return sorted(named.str.upper().unique())
    amounts = deals.column("amount")
    found = {currency_in(text) for text in amounts.unique()} if amounts is not None else set()
    return sorted(name for name in found if name is not None)


def outcomes_of(deals: Looked, decimal: str) -> tuple[str, list[Meaning]]:
    """Return the column that tells the outcome, and what each of its values is taken for.

    A stage that no rule knows is open where none of its deals has a close date although the won ones do.
    Empty where the CRM has flags for won and closed.
    """
    mapped = deals.guess.mapped
    if "outcome" not in mapped and deals.guess.adapter.decides & set(mapped):
        return "", []
    name = "outcome" if "outcome" in mapped else "stage"
    words = deals.column(name)
    if words is None:
        return "", []
    hundred = "probability" in deals.guess.adapter.per_cent
    stated = deals.column("probability")
    shares = None
    if stated is not None:
        shares = parse(stated, lambda text: read_share(text, decimal, hundred), "float64").values.reindex(words.index)
    known = deals.guess.adapter.values.get("outcome", {})
    decided = decide_outcomes(words, shares, known)
    closed = deals.column("closed_at")
    won_closed = closed is not None and bool(decided[decided == "won"].index.isin(closed.index).any())
    meanings = []
    for word, rows in words.value_counts().items():
        members = words.index[words == word]
        taken, why = decided[members[0]], ""
        if taken not in OUTCOMES:
            undated = closed is not None and won_closed and not members.isin(closed.index).any()
            taken = "open" if undated and not sounds_final(str(word)) else None
            why = "none of them has a close date" if taken else ""
        elif taken == "open" and outcome_of(str(word)) is None and not Lookup(known).get(str(word)):
            why = "stated probabilities lie between 0 and 100%"
        meanings.append(Meaning(str(word), int(rows), taken, why))
    return name, meanings


def values_of(looked: Looked, column: schema.Column) -> list[Meaning]:
    """Return what each value of an enum or flag is taken for."""
    cells = looked.column(column.name)
    if cells is None:
        return []
    counts = cells.value_counts()
    return [
        Meaning(str(word), int(rows), _meaning(str(word), column, looked.guess.adapter))
        for word, rows in counts.items()
    ]


def reasons_in(deals: Looked) -> Reasons:
    """Return what loss reasons and lost-to words stand for under the default taxonomy and all crosswalks."""
    lost_to: list[Meaning] = []
    cells = deals.column("lost_to_raw")
    if cells is not None:
        for word, rows in cells.value_counts().head(LISTED_AT_MOST).items():
            lost_to.append(Meaning(str(word), int(rows), read_lost_to(str(word), {})))
    cells = deals.column("loss_reason_raw")
    if cells is None:
        return Reasons((), tuple(lost_to))
    counts = cells.map(split_values).explode().dropna().value_counts()
    crosswalks = [each for each in load_crosswalks() if not each.only_when_named]
    mapped = map_values(counts.index[:LISTED_AT_MOST], load_taxonomy("red_zone"), crosswalks=crosswalks)
    reasons = []
    for each in mapped:
        known = ", ".join(part for part in (each.code, f"lost to {each.lost_to}" if each.lost_to else None) if part)
        why = "may stand for " + ", ".join(each.candidates) if each.candidates else ""
        reasons.append(Meaning(each.value, int(counts[each.value]), known if each.code or not why else None, why))
    return Reasons(tuple(each if each.taken_for else _open(each) for each in reasons), tuple(lost_to))


def spellings_in(deals: Looked, others: Mapping[str, pd.DataFrame]) -> list[Spelling]:
    """Return names of deals that another file, or the same column, writes differently in case, space or hyphen.

    Parameters
    ----------
    deals : Looked
        The deals.
    others : mapping of str to DataFrame
        Every file that could be read, recognised or not; columns of many values are free text or ids.
    """
    elsewhere: dict[str, dict[str, str]] = {}
    for file, frame in others.items():
        for header in frame if file != deals.raw.file else ():
            distinct = frame[header].dropna().unique()
            for value in distinct if len(distinct) <= NAMES_AT_MOST else ():
                elsewhere.setdefault(fold_spelling(value), {}).setdefault(value.strip(), file)
    found: list[Spelling] = []
    for column in schema.DEALS.columns:
        cells = deals.column(column.name) if column.kind == "category" or column.name == "account_name" else None
        if cells is not None:
            found += _spelled_otherwise(column.name, cells.value_counts(), deals.raw.file, elsewhere)
    return found


def _spelled_otherwise(
    column: str, counts: pd.Series[int], file: str, elsewhere: Mapping[str, Mapping[str, str]]
) -> list[Spelling]:
    names = [str(name) for name in counts.index]
    commonest: dict[str, str] = {}
    found = []
    for name in names:
        first = commonest.setdefault(fold_spelling(name), name)
        if first != name:
            found.append(Spelling("deals", column, name, first, file))
    for key, name in commonest.items():
        for other, where in elsewhere.get(key, {}).items() if key else ():
            if other not in names:
                found.append(Spelling("deals", column, name, other, where))
    return found


def _is_day(table: str, name: str) -> bool:
    kinds = {each.name: each.kind for each in (*schema.DEALS.columns, *schema.table(table).columns)}
    kind = kinds.get(name.removeprefix("_"))
    return kind in ("date", "timestamp") or name in DAY_HELPERS or bool(entries_in([name]))


def _meaning(word: str, column: schema.Column, adapter: Adapter) -> str | None:
    if column.kind == "flag":
        try:
            return "true" if read_flag(word) else "false"
        except Unreadable:
            return None
    return enum_meaning(word, column, adapter)


def _open(meaning: Meaning) -> Meaning:
    return Meaning(meaning.value, meaning.rows, None, meaning.why)
