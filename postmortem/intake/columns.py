"""Text columns to typed columns: each cell read by its kind, faults to the ledger, hopeless columns refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.schema import UNKNOWN, Column
from postmortem.intake.adapter import Adapter
from postmortem.intake.dates import DateStyle, Order, formats_for, numeric_orders, read_date, read_moment
from postmortem.intake.folding import Lookup, fold
from postmortem.intake.moments import parse_moments
from postmortem.intake.quarantine import Ledger
from postmortem.intake.values import Parsed, parse, read_flag, read_integer, read_money, read_number, read_share
from postmortem.intake.wording import listed, toml_string

SHARES: Final = ("probability", "inclusion_probability")
PLACEHOLDERS: Final = frozenset(
    dt.date.fromisoformat(day)
    for day in ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2999-12-31",
                "9999-12-31")
)  # fmt: skip
"""Days that systems write for "no date"."""

PLACEHOLDER_WORDS: Final = frozenset(day.isoformat() for day in PLACEHOLDERS)
HOPELESS_FROM: Final = 3
NOT_VITAL: Final = {"deals": ("amount", "probability")}
"""Figures without which a deal still counts as won or lost: unreadable ones are unknown, and noted."""

LINES_SHOWN: Final = 5
OTHER_DECIMAL: Final = {".": ",", ",": "."}


@dataclass(frozen=True)
class Refusal:
    """A column that cannot be read as a whole, and what the user can do."""

    what: str
    do: str


@dataclass(frozen=True)
class Reader:
    """How the columns of one table are read.

    Attributes
    ----------
    table : str
        Canonical table.
    style : DateStyle
        Stated date format and zone.
    decimal : str
        Decimal mark.
    adapter : Adapter
        Its words for values, and which columns count in per cent.
    headers : mapping of str to str
        Column to header, for messages and per-cent signs.
    """

    table: str
    style: DateStyle
    decimal: str
    adapter: Adapter
    headers: Mapping[str, str]

    def read(self, cells: pd.DataFrame, ledger: Ledger) -> tuple[pd.DataFrame, list[Refusal]]:
        """Read every canonical column in `cells`; unreadable cells set their rows aside, or are unknown."""
        typed: dict[str, pd.Series[Any]] = {}
        refusals: list[Refusal] = []
        for column in schema.table(self.table).columns:
            if column.name not in cells:
                continue
            text = cells[column.name].str.strip()
            outcome = self.read_column(column, text, ledger)
            if isinstance(outcome, Refusal):
                refusals.append(outcome)
                continue
            typed[column.name] = outcome.values
            if outcome.unreadable and column.name in NOT_VITAL.get(self.table, ()):
                _note_unknown(column.name, text, outcome.why, ledger)
            elif outcome.unreadable:
                ledger.set_aside(outcome.why.notna(), column.name, text, outcome.why)
        return pd.DataFrame(typed, index=cells.index), refusals

    def read_column(self, column: Column, text: pd.Series[str], ledger: Ledger) -> Parsed | Refusal:
        """Read one column of text; a column that cannot be read at all is refused."""
        if column.kind == "enum":
            return self._enum(column, text, ledger)
        if column.kind in ("id", "text", "category"):
            words = Lookup(self.adapter.values.get(column.name, {}))
            plain = text.map(lambda word: words.get(word) or word, na_action="ignore") if words else text
            return Parsed(plain.astype("str"), _no_fault(text))
        if column.kind in ("date", "timestamp"):
            return self._dates(column, text, ledger)
        if column.kind == "flag":
            return parse(text, read_flag, "boolean")
        if column.kind == "integer":
            return parse(text, read_integer, "Int64")
        return self._numbers(column, text, ledger)

    def _enum(self, column: Column, text: pd.Series[str], ledger: Ledger) -> Parsed:
        read = {word: enum_meaning(word, column, self.adapter) for word in text.dropna().unique()}
        values = text.map(read).astype("str")
        strange = text.notna() & values.isna()
        if column.may_be_unknown:
            if strange.any():
                shown = listed(text[strange])
                what = f"values read as unknown: {shown}; map them under [tables.{self.table}.values.{column.name}]"
                ledger.note(column.name, strange.sum(), what)
            return Parsed(values.fillna(UNKNOWN), _no_fault(text))
        choices = " or ".join(f'"{value}"' for value in column.values)
        why = text.map(
            lambda word: (
                f"is none of {', '.join(column.values)}; add under [tables.{self.table}.values."
                f"{column.name}] the line {toml_string(word)} = {choices}"
            ),
            na_action="ignore",
        )
        return Parsed(values, why.where(strange).astype("str"))

    def _dates(self, column: Column, text: pd.Series[str], ledger: Ledger) -> Parsed | Refusal:
        place = self._place(column)
        order: Order | None = None
        if self.style.stated is None:
            # A year that stands first settles the order: next to nothing is left to look at.
            proven, example = numeric_orders(text[~text.str.match(r"[0-9]{4}-", na=True)].unique())
            if example is not None and len(proven) != 1:
                month_first, day_first = formats_for(example)
                what = (
                    "every day and month is 12 or less" if not proven else "days come first in some, months in others"
                )
                do = f'state under [data] date_format = "{month_first}" (month first) or "{day_first}" (day first)'
                return Refusal(f"{place}: {what}, such as {example!r}", do)
            order = next(iter(proven), None)
        style = DateStyle(self.style.stated, order, self.style.zone)
        if column.kind == "timestamp" and not style.puts_year_first:
            parsed = parse_moments(text, partial(_moment, style=style), style.zone)
        else:
            reader = _moment if column.kind == "timestamp" else _day
            parsed = parse(text, partial(reader, style=style), schema.DTYPES[column.kind])
        placeholders = int((text.notna() & parsed.why.isna() & parsed.values.isna()).sum())
        if placeholders:
            ledger.note(column.name, placeholders, "placeholder days such as 9999-12-31 are read as missing")
        if self._hopeless(text, parsed):
            first = text.dropna().iloc[0]
            return Refusal(
                f"{place}: none of {text.notna().sum()} cells is a date, such as {first!r}",
                'state under [data] date_format how days are written, such as "%d.%m.%Y", or name another column',
            )
        return parsed

    def _numbers(self, column: Column, text: pd.Series[str], ledger: Ledger) -> Parsed | Refusal:
        dtype = schema.DTYPES[column.kind]
        if column.name in SHARES:
            hundred = self._in_per_cent(column, text)
            if hundred and column.name not in self.adapter.per_cent:
                ledger.note(column.name, text.notna().sum(), "counts in per cent and was divided by 100")
            return parse(text, partial(read_share, decimal=self.decimal, hundred=hundred), dtype)
        reader = read_money if column.kind == "money" else read_number
        parsed = parse(text, partial(reader, decimal=self.decimal), dtype)
        if self._hopeless(text, parsed):
            other = OTHER_DECIMAL[self.decimal]
            fits = parse(text, partial(reader, decimal=other), dtype).unreadable < parsed.unreadable
            do = f'state under [data] decimal = "{other}"' if fits else "name another column, or correct the export"
            what = f"none of {text.notna().sum()} cells is a number, such as {text.dropna().iloc[0]!r}"
            return Refusal(f"{self._place(column)}: {what}", do)
        self._note_thousands(column, text, ledger)
        return parsed

    def _in_per_cent(self, column: Column, text: pd.Series[str]) -> bool:
        if column.name in self.adapter.per_cent or "%" in self.headers.get(column.name, ""):
            return True
        numbers = parse(text[~text.str.endswith("%", na=False)], partial(read_number, decimal=self.decimal), "float64")
        return bool((numbers.values > 1).any())

    def _note_thousands(self, column: Column, text: pd.Series[str], ledger: Ledger) -> None:
        marked = text[text.str.contains(self.decimal, regex=False, na=False)]
        if column.kind == "money" and len(marked) >= HOPELESS_FROM:
            grouped = marked.str.fullmatch(r"\d{1,3}" + f"[{self.decimal}]" + r"\d{3}")
            if grouped.all():
                other = OTHER_DECIMAL[self.decimal]
                what = (
                    f"all have exactly three digits after {self.decimal!r}, such as {marked.iloc[0]!r}: "
                    f'if these are thousands, state under [data] decimal = "{other}"'
                )
                ledger.note(column.name, len(marked), what)

    def _place(self, column: Column) -> str:
        header = self.headers.get(column.name)
        return column.name if header in (None, column.name) else f"{column.name} ({header!r})"

    @staticmethod
    def _hopeless(text: pd.Series[str], parsed: Parsed) -> bool:
        """Whether no cell has the form: a fault of the mapping or the format, not of single rows."""
        present = int(text.notna().sum())
        formal = parsed.why.str.startswith(("is no ", "does not have"), na=False)
        return present >= HOPELESS_FROM and int(formal.sum()) == present


def enum_meaning(word: str, column: Column, adapter: Adapter) -> str | None:
    """Return the allowed value a word stands for: as the adapter says, else spelled like one."""
    known = Lookup(adapter.values.get(column.name, {})).get(word)
    plain = fold(word).replace(" ", "_").replace("-", "_")
    return known or (plain if plain in column.values else None)


def _day(text: str, style: DateStyle) -> dt.date | None:
    day = read_date(text, style)
    return None if day in PLACEHOLDERS else day


def _moment(text: str, style: DateStyle) -> int | None:
    moment = read_moment(text, style)
    return None if text[:10] in PLACEHOLDER_WORDS else moment


def _note_unknown(column: str, text: pd.Series[str], why: pd.Series[str], ledger: Ledger) -> None:
    wrong = why.notna()
    lines = [str(line) for line in ledger.lines.loc[text.index[wrong]].head(LINES_SHOWN)]
    shown = listed(text[wrong] + " " + why[wrong])
    where = f"{'line' if len(lines) == 1 else 'lines'} {', '.join(lines)}{' …' if wrong.sum() > LINES_SHOWN else ''}"
    ledger.note(column, wrong.sum(), f"cells that cannot be read are unknown, their deals count: {shown}; {where}")


def _no_fault(text: pd.Series[str]) -> pd.Series[str]:
    return pd.Series(pd.NA, index=text.index, dtype="str")
