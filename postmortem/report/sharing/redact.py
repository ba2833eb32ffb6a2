"""Take out of results what an audience must not see, by the roles of their columns; nothing is computed again.

Sentences and pictures are functions of the tables and follow them, so that the figures left are those of the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD as ANSWER_WITHHELD
from postmortem.book.identities import (
    ACCOUNT,
    COMPETITOR,
    DEAL,
    NOTE,
    PERSON,
    PRODUCT,
    QUOTE,
    Finder,
    Pseudonyms,
    house_words,
    words_of,
)  # fmt: skip
from postmortem.report.sharing.small_cells import LEAST, withhold_small
from postmortem.result import Result
from postmortem.table import Column, Table

Audience = Literal["team", "client", "outside"]
LISTED: Final = (DEAL, ACCOUNT)
# Values of lists are nobody's words; buyers' words are chosen by consent where they are taken.
QUOTED_TO_CLIENTS: Final = ("verbatims", "not_understood", "unused_categories", "first_in_list")
NOT_OUTSIDE: Final = ("readiness", "guesses_against_facts")
# Answers that are nothing without their deals, and pictures that show them one by one.
ABOUT_DEALS: Final = ("costliest_losses", "similar_deals", "deal_timeline", "deal_reasons", "open_questions")
DRAWN_FROM_DEALS: Final = ("quarter_outcome",)
FIGURES_KEPT = 2
FEW, WITHHELD = "few", "withheld"
# Whole numbers of a sentence, but no shares, dates, versions or decimals.
WHOLE: Final = re.compile(r"(?<![\w.,/\u2013-])(\d{1,3}(?:,\d{3})+|\d+)(?![\w%/\u2013-]|[.,]\d)")
# A number after one of these is a place in time or in a list, not a count.
PLACES: Final = re.compile(r"\b(?:days?|weeks?|quarters?|months?|stages?|top|first|last|page)\s$", re.IGNORECASE)


@dataclass(frozen=True)
class Terms:
    """What an edition may show.

    Attributes
    ----------
    audience : {"team", "client", "outside"}
        Everything; no people and no words without consent; nothing that names anyone, and no small counts.
    pseudonyms : Pseudonyms
        Of this recipient.
    names : mapping of str to sequence of str
        Every name the book knows, by kind; see `identities`.
    show_people : bool
        Show a client its own sales people and managers.
    show_deals : bool
        Show an outsider deals one by one, under pseudonyms, their amounts rounded and their days cut to months.
    """

    audience: Audience
    pseudonyms: Pseudonyms
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    show_people: bool = False
    show_deals: bool = False

    @property
    def hidden(self) -> tuple[str, ...]:
        """Kinds of names that must not be read in this edition."""
        if self.audience == "team":
            return ()
        if self.audience == "client":
            return (NOTE,) if self.show_people else (PERSON, NOTE)
        return (ACCOUNT, DEAL, PERSON, COMPETITOR, PRODUCT, NOTE, QUOTE)

    @cached_property
    def known(self) -> Mapping[str, frozenset[str]]:
        """The names by kind, as sets."""
        return {kind: frozenset(names) for kind, names in self.names.items()}

    @cached_property
    def finder(self) -> Finder:
        """Finds the hidden names."""
        shown = [name for kind, names in self.names.items() if kind not in self.hidden for name in names]
        return Finder({kind: self.names.get(kind, ()) for kind in self.hidden}, allowed=shown)

    @cached_property
    def _told(self) -> dict[str, str]:
        """Texts replaced before: the same few stand in many tables."""
        return {}

    def plain(self, text: str) -> str:
        """Return a text with the hidden names in it replaced."""
        if self.hidden and text not in self._told:
            self._told[text] = self.finder.hide(text, self.pseudonyms.of)
        return self._told.get(text, text)

    def prose(self, text: str) -> str:
        """Return a text about the report as a whole: as `plain`, and for outsiders without small counts."""
        return _counts_hidden(self.plain(text), frozenset()) if self.audience == "outside" else self.plain(text)


def redact(results: Sequence[Result], terms: Terms) -> list[Result | None]:
    """Return each result as the audience may see it; None where nothing of it may be seen.

    Parameters
    ----------
    results : sequence of Result
        All that one reader will get: small counts are withheld across them.
    terms : Terms
        For whom.

    Notes
    -----
    A client keeps the names of accounts, deals and competitors. People are missing where a row is about one deal, as
    the client knows whose it was, and stand under pseudonyms elsewhere. Outside, refusals (which say how little there
    is), answers that quote, about fewer than five deals or with no figure left are not shared; nor are single deals.
    """
    if terms.audience == "team":
        return list(results)
    if terms.audience == "client":
        return [_named(result, terms, frozenset()) for result in results]
    kept = {at: _unlisted(result, terms) for at, result in enumerate(results) if _may_leave(result, terms)}
    # An answer that nobody sees gives nothing away, so that others need not be silent for it.
    kept = {at: result for at, result in kept.items() if _says_something(result)}
    tables, masks = withhold_small(_counted(kept))
    redacted: list[Result | None] = [None] * len(results)
    for at, result in kept.items():
        mine = {name: tables.get((at, name), table) for name, table in result.tables.items()}
        withheld = frozenset().union(
            *(_counts(result.tables[name], mask) for (which, name), mask in masks.items() if which == at)
        )
        seen = _named(result.replace(tables=mine), terms, withheld)
        redacted[at] = None if seen.headline == ANSWER_WITHHELD else seen
    return redacted


def _counted(kept: Mapping[int, Result]) -> dict[tuple[int, str], Table]:
    """Return the tables that count deals, by result and name."""
    return {
        (at, name): table
        for at, result in kept.items()
        for name, table in result.tables.items()
        if not _is_listing(table)
    }


def _says_something(result: Result) -> bool:
    """Whether an answer has a figure left once its own small counts are withheld."""
    tables, _ = withhold_small(_counted({0: result}))
    mine = {name: tables.get((0, name), table) for name, table in result.tables.items()}
    return result.replace(tables=mine).headline != ANSWER_WITHHELD


def _may_leave(result: Result, terms: Terms) -> bool:
    """Whether an outsider may see an answer at all."""
    if result.analysis in NOT_OUTSIDE or (result.analysis in ABOUT_DEALS and not terms.show_deals):
        return False
    if result.status == "refused" or 0 < result.n_used < LEAST:
        return False
    return not any(column.role == QUOTE for table in result.tables.values() for column in table.columns)


def _is_listing(table: Table) -> bool:
    """Whether a table has a row a deal or a customer: a count of one, whatever its figures."""
    return any(column.role in LISTED for column in table.columns)


def _unlisted(result: Result, terms: Terms) -> Result:
    """Take single deals out, or make their amounts and days coarse where they are asked for."""
    made = _coarse if terms.show_deals else _without_rows
    if result.analysis in DRAWN_FROM_DEALS and not terms.show_deals:
        result = result.replace(draw_on=None)
    return result.replace(
        tables={name: made(table) if _is_listing(table) else table for name, table in result.tables.items()}
    )


def _without_rows(table: Table) -> Table:
    return replace(table, rows=table.rows.iloc[:0])


def _coarse(table: Table) -> Table:
    rows = table.rows.copy()
    for column in table.columns:
        values = rows[column.name]
        if column.role == "money":
            rows[column.name] = values.map(_rounded, na_action="ignore").astype("float64")
        elif column.role == "date":
            rows[column.name] = values.dt.to_period("M").dt.to_timestamp().astype(values.dtype)
    return replace(table, rows=rows)


def _rounded(value: float) -> float:
    """Return an amount with two figures that matter."""
    return float(f"{value:.{FIGURES_KEPT}g}") if np.isfinite(value) else value


def _counts(table: Table, mask: np.ndarray) -> set[int]:
    """Return the counts of the withheld rows."""
    names = [column.name for column in table.columns if column.role == "count"]
    return {int(value) for name in names for value in table.rows.loc[mask, name].dropna()}


def _named(result: Result, terms: Terms, withheld: frozenset[int]) -> Result:
    """Replace names in every column, heading and sentence, and counts that are withheld wherever they are written."""

    def said(text: str) -> str:
        text = terms.plain(text)
        return _counts_hidden(text, withheld) if terms.audience == "outside" else text

    quoted = terms.audience == "client" and result.analysis in QUOTED_TO_CLIENTS
    tables = {}
    for name, table in result.tables.items():
        columns = tuple(replace(column, label=said(column.label)) for column in table.columns)
        rows, columns = _columns(table, columns, terms, quoted)
        tables[name] = replace(table, rows=rows, columns=columns, title=said(table.title))
    return result.replace(
        tables=tables,
        caveats=tuple(map(said, result.caveats)),
        what_is_missing=tuple(map(said, result.what_is_missing)),
        unlock=said(result.unlock),
        params={key: said(value) if isinstance(value, str) else value for key, value in result.params.items()},
    )


def _columns(
    table: Table, columns: Iterable[Column], terms: Terms, quoted: bool
) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Return rows and columns with names hidden by role, and by sight wherever else they stand."""
    rows, made = table.rows.copy(), []
    about_deals = _is_listing(table)
    for column in columns:
        values = rows[column.name]
        if column.role in terms.hidden or (column.role == QUOTE and not quoted):
            if column.role == QUOTE or (column.role == PERSON and about_deals):
                rows[column.name] = pd.Series(pd.NA, index=rows.index, dtype="str")
                column = replace(column, shown=False)
            else:
                rows[column.name] = _mapped(values, lambda text, kind=column.role: _pseudonym(text, kind, terms))
        elif isinstance(values.dtype, pd.StringDtype):
            counts = terms.audience == "outside" and column.role == "text"
            rows[column.name] = _mapped(values, terms.prose if counts else terms.plain)
        made.append(column)
    return rows, tuple(made)


def _mapped(values: pd.Series, change: Any) -> pd.Series:
    told = {value: change(value) for value in values.dropna().unique()}
    return values.map(told, na_action="ignore").astype("str")


def _pseudonym(text: str, kind: str, terms: Terms) -> str:
    """Return what stands for a value of an identifying column; what these pages wrote there themselves stays."""
    known = terms.known.get(kind)
    ours = (
        known is not None
        and text not in known
        and all(word.isdigit() or word in house_words() for word in words_of(text))
    )
    return text if ours else terms.pseudonyms.of(kind, text)


def _counts_hidden(text: str, withheld: frozenset[int]) -> str:
    """Return a text in which small counts read ``few``, and counts withheld from a table are withheld here too."""

    def told(found: re.Match[str]) -> str:
        if PLACES.search(text[: found.start()]):
            return found[0]
        value = int(found[0].replace(",", ""))
        if value in withheld and value >= LEAST:
            return WITHHELD
        return FEW if 0 < value < LEAST else found[0]

    return WHOLE.sub(told, text)
