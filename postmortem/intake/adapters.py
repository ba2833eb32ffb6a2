"""The adapters there are, and which of them, and which table, a file's headers speak for.

To add a CRM, write one module with an `Adapter` and name it in `ADAPTERS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from postmortem.ground import schema
from postmortem.ground.errors import ConfigError, nearest
from postmortem.intake.adapter import Adapter
from postmortem.intake.dynamics import DYNAMICS
from postmortem.intake.event_log import EVENT_LOG
from postmortem.intake.folding import fold_header
from postmortem.intake.generic import GENERIC
from postmortem.intake.hubspot import HUBSPOT
from postmortem.intake.odoo import ODOO
from postmortem.intake.pipedrive import PIPEDRIVE
from postmortem.intake.salesforce import SALESFORCE
from postmortem.intake.stage_entries import entries_in, entry_columns
from postmortem.intake.zoho import ZOHO

ADAPTERS: Final[tuple[Adapter, ...]] = (GENERIC, SALESFORCE, HUBSPOT, PIPEDRIVE, DYNAMICS, ODOO, ZOHO, EVENT_LOG)
SIGNED: Final = 2
LEAST_KNOWN: Final = 2
LEAST_CONFIDENCE: Final = 0.3
"""Below it, plain words such as "type" and "name" are no evidence; headers of a known CRM are."""


@dataclass(frozen=True)
class Guess:
    """What a file seems to be.

    Attributes
    ----------
    table : str
        Canonical table.
    adapter : Adapter
        Which one knows its headers best.
    mapped : mapping of str to str
        Column (helpers begin with ``_``) to header.
    confidence : float
        Share of the file's headers that the adapter knows for this table, 0 to 1.
    """

    table: str
    adapter: Adapter
    mapped: Mapping[str, str]
    confidence: float
    told: bool = False
    """Whether a header is there that tells this table from the others."""


def adapter_called(name: str) -> Adapter:
    """Return the adapter called `name`, or raise `ConfigError`."""
    for adapter in ADAPTERS:
        if adapter.name == name:
            return adapter
    raise ConfigError("There is no such adapter.", got=name, do=nearest(name, [each.name for each in ADAPTERS]))


def recognise(headers: Sequence[str], stem: str = "") -> Guess | None:
    """Say which table of which system a file holds.

    Parameters
    ----------
    headers : sequence of str
        As in the file.
    stem : str, optional
        The file's name without endings; it decides only between tables the headers allow.

    Returns
    -------
    Guess or None
        The table that has all its required columns, its tell-tale headers if it has any, and most of
        the headers known; None when no table has.
    """
    guesses = [
        guess
        for adapter in ADAPTERS
        for table in schema.TABLES
        # What every file of deals holds besides is no table of its own.
        if table.name not in adapter.besides
        if (guess := _guess(headers, adapter, table.name, stem)) is not None
    ]
    order = {table.name: position for position, table in enumerate(schema.TABLES)}
    return max(
        guesses,
        key=lambda guess: (
            guess.table == stem,
            len(guess.mapped) + guess.told,
            guess.adapter is not GENERIC,
            -order[guess.table],
        ),
        default=None,
    )


def tables_besides(headers: Sequence[str], guess: Guess) -> list[Guess]:
    """Return what a file of deals holds besides: a history of stages, and of an event log its events."""
    if guess.table != "deals" or "deal_id" not in guess.mapped:
        return []
    tables = (*guess.adapter.besides, *(("history",) if entries_in(guess.mapped) else ()))
    matches = {table: guess.adapter.match(table, headers) for table in tables}
    return [
        Guess(table, guess.adapter, mapped, round(len(mapped) / len(headers), 2), told=True)
        for table, mapped in matches.items()
        if not guess.adapter.lacking(table, mapped)
    ]


def _signed(headers: Sequence[str], folded: set[str], adapter: Adapter, table: str) -> bool:
    hits = len(folded & {fold_header(word) for word in adapter.signature})
    if hits + len(entry_columns(headers, adapter.entries)) >= SIGNED:
        return True
    return any({fold_header(word) for word in words} <= folded for words in adapter.signed_by.get(table, ()))


def _guess(headers: Sequence[str], adapter: Adapter, table: str, stem: str) -> Guess | None:
    folded = {fold_header(header) for header in headers}
    if adapter.signature and not _signed(headers, folded, adapter, table):
        return None
    if {fold_header(word) for word in adapter.rules_out.get(table, ())} & folded:
        return None
    tells = {fold_header(word) for word in adapter.tells.get(table, ())}
    if tells and not tells & folded and table != stem:
        return None
    mapped = adapter.match(table, headers)
    if len(mapped) < LEAST_KNOWN or adapter.lacking(table, mapped):
        return None
    confidence = round(len(mapped) / len(headers), 2)
    if not adapter.signature and confidence < LEAST_CONFIDENCE and table != stem:
        return None
    return Guess(table, adapter, mapped, confidence, bool(tells & folded))
