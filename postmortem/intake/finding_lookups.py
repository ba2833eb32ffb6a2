"""Files that say what ids mean, found beside an export: stages, pipelines, owners, and attributes of cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from postmortem.ground.sources import FLAGS_LOOKED_UP, LookupTable
from postmortem.intake.adapter import LookupKind
from postmortem.intake.choosing import Chosen
from postmortem.intake.event_log import CASE, EVENT_LOG
from postmortem.intake.folding import fold_header
from postmortem.intake.generic import GENERIC
from postmortem.intake.reading import RawTable

IN_HISTORY: Final = ("stage", "owner_id", "pipeline")
OF_PEOPLE: Final = {"owner_id": (("reps", "manager_id"), ("deals", "manager_id"))}
"""Other columns that hold the ids of the same people."""


@dataclass(frozen=True)
class FoundLookups:
    """Lookups that the files of an export allow.

    Attributes
    ----------
    tables : mapping of str to mapping of str to LookupTable
        Canonical table to column to where it is looked up.
    """

    tables: Mapping[str, Mapping[str, LookupTable]]

    def of_file(self, file: str) -> list[str]:
        """Return the columns that a file gives a meaning to."""
        return sorted({name for each in self.tables.values() for name, look in each.items() if look.file == file})


def find_lookups(chosen: Mapping[str, Chosen], raws: Mapping[str, RawTable]) -> FoundLookups:
    """Return which ids of the chosen tables can be looked up in other files of the export."""
    found: dict[str, dict[str, LookupTable]] = {}
    deals = chosen["deals"]
    others = {file: raw for file, raw in raws.items() if file not in deals.files}
    for kind in deals.looked.guess.adapter.lookups:
        for raw in others.values():
            lookups = _by(kind, raw)
            if lookups and _holds_ids(deals, kind.column, raw, lookups[kind.column].key):
                _add(found, chosen, kind, lookups)
                break
    if deals.looked.guess.adapter is EVENT_LOG:
        found.setdefault("deals", {}).update(_of_cases(deals, others))
    return FoundLookups(found)


def _by(kind: LookupKind, raw: RawTable) -> dict[str, LookupTable]:
    """Return the lookups of one kind that a file allows, by column."""
    headers = {fold_header(header): header for header in raw.headers}
    folded = {fold_header(word) for word in kind.tells}
    if (folded and not folded & set(headers)) or {fold_header(word) for word in kind.rules_out} & set(headers):
        return {}
    key = next((headers[fold_header(word)] for word in kind.key if fold_header(word) in headers), None)
    words = next((words for words in kind.value if all(fold_header(word) in headers for word in words)), None)
    if key is None or words is None:
        return {}
    value = tuple(headers[fold_header(word)] for word in words)
    result = {kind.column: LookupTable(file=raw.file, key=key, value=value)}
    for name, choices in kind.flags.items():
        header = next((headers[fold_header(word)] for word in choices if fold_header(word) in headers), None)
        if header is not None:
            result[name] = LookupTable(file=raw.file, key=key, value=(header,), by=kind.column)
    return result


def _holds_ids(deals: Chosen, column: str, raw: RawTable, key: str) -> bool:
    """Tell whether a column of the deals holds ids: by its header, or because the file knows some of them."""
    cells = deals.looked.column(column)
    if cells is None:
        return False
    header = fold_header(deals.headers.get(column, ""))
    return header.endswith("id") or bool(cells.isin(raw.frame[key].str.strip()).any())


def _add(
    found: dict[str, dict[str, LookupTable]],
    chosen: Mapping[str, Chosen],
    kind: LookupKind,
    lookups: Mapping[str, LookupTable],
) -> None:
    deals = found.setdefault("deals", {})
    known = chosen["deals"].looked.guess.mapped
    for name, lookup in lookups.items():
        stated = f"_{name}" if name in FLAGS_LOOKED_UP else name
        if name == kind.column or (stated not in known and "outcome" not in known):
            deals[name] = lookup
    if "history" in chosen and kind.column in IN_HISTORY:
        found.setdefault("history", {})[kind.column] = lookups[kind.column]
    for table, column in OF_PEOPLE.get(kind.column, ()):
        if table in chosen and fold_header(chosen[table].headers.get(column, "")).endswith("id"):
            found.setdefault(table, {})[column] = lookups[kind.column]


def _of_cases(deals: Chosen, others: Mapping[str, RawTable]) -> dict[str, LookupTable]:
    """Return what tables with one row a case say of the cases of an event log."""
    cases = deals.looked.column("deal_id")
    result: dict[str, LookupTable] = {}
    wanted = {fold_header(word) for word in (*CASE, deals.headers.get("deal_id", ""))}
    for file, raw in others.items():
        key = next((header for header in raw.headers if fold_header(header) in wanted), None)
        if key is None or cases is None or raw.frame[key].duplicated().any() or not raw.frame[key].isin(cases).any():
            continue
        rest = [header for header in raw.headers if header != key]
        for name, header in GENERIC.match("deals", rest, settled=("deal_id", "outcome", "stage", "closed_at")).items():
            result.setdefault(name, LookupTable(file=file, key=key, value=(header,), by="deal_id"))
    return result
