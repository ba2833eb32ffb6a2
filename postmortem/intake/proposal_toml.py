"""Write a proposed `postmortem.toml`: everything that is taken for granted, and lines to fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import tomlkit
from tomlkit.items import Table
from tomlkit.toml_document import TOMLDocument

from postmortem.ground import schema
from postmortem.ground.sources import LookupTable
from postmortem.intake.evidence import DateEvidence, Meaning, Reasons, Spelling
from postmortem.intake.stage_entries import ENTERED
from postmortem.intake.wording import shortened, toml_string

CHOICES_AT_MOST = 8
RULES = {
    "_close_date": "is the close date of won deals, the expected one of open deals, and of lost deals the last resort",
    "_stage_changed": "is the close date of lost deals",
    "_is_won": "tells, with the next one, which deals are won, lost and open",
    "_is_closed": "tells which deals are closed",
    "_is_lost": "tells which deals are lost",
    "_closed_on": "is the close date of won and lost deals",
    "_won_on": "is the close date of won deals",
    "_lost_on": "is the close date of lost deals",
    "_status_reason": "tells, of lost deals, which were out-sold and which were cancelled",
    "_actual_amount": "is the amount of won deals",
    "_won_status": "tells which deals are won, lost and open",
    "_won_stage": "tells which deals are won",
    "_active": "tells, with the probability, which deals are lost",
    "_stage_now": "gives the spelling of stages",
    "_is_deleted": "sets deals aside that are in the recycle bin",
    "_moment": "tells when a case began and ended",
    "_lifecycle": "tells which activities were done and not only begun",
    "_seq": "is the order within one moment",
    "_date_entered": "is when a deal entered a stage",
}


@dataclass(frozen=True)
class PlannedTable:
    """One table as it will be read.

    Attributes
    ----------
    table : str
        Canonical table.
    files : tuple of str
        Relative to the export, from the oldest to the newest.
    adapter : str
        What reads them.
    columns : mapping of str to str
        Column (helpers begin with ``_``) to header.
    lacking : tuple of str
        Required columns that nobody recognised.
    unread : tuple of str
        Headers that are left out.
    values : mapping
        Column to what its values are taken for.
    spellings : tuple of Spelling
        Values that are written another way elsewhere.
    lookups : mapping of str to LookupTable
        Column to where its ids are looked up.
    """

    table: str
    files: tuple[str, ...]
    adapter: str
    columns: Mapping[str, str]
    lacking: tuple[str, ...]
    unread: tuple[str, ...]
    values: Mapping[str, Sequence[Meaning]]
    spellings: tuple[Spelling, ...] = ()
    lookups: Mapping[str, LookupTable] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Its files, as messages call them."""
        return ", ".join(self.files)


@dataclass(frozen=True)
class Plan:
    """Everything the proposed file says."""

    tables: tuple[PlannedTable, ...]
    dates: DateEvidence
    decimal: str
    currencies: tuple[str, ...]
    reasons: Reasons


def write_toml(plan: Plan) -> str:
    """Return the file's text: valid TOML whatever the export calls its columns and values."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Proposed from the export. Read it through: lines that begin with # wait for you."))
    document.add("company", _company(plan))
    fiscal = tomlkit.table()
    fiscal.add("start_month", 1)
    fiscal.add(
        tomlkit.comment('named_by = "ending"   # a fiscal year is called after the year it ends in, or "starting"')
    )
    document.add("fiscal", fiscal)
    document.add("data", _data(plan))
    tables = tomlkit.table(is_super_table=True)
    for planned in plan.tables:
        tables.add(planned.table, _table(planned))
    document.add("tables", tables)
    _add_taxonomy(document, plan.reasons)
    return tomlkit.dumps(document)


def with_data_folder(text: str, folder: str) -> str:
    """Return the file's text with another data folder; comments stay."""
    document = tomlkit.parse(text)
    data = document["data"]
    if isinstance(data, Table):
        data["folder"] = folder
    return tomlkit.dumps(document)


def _company(plan: Plan) -> Table:
    company = tomlkit.table()
    company.add("name", "Your company")
    if len(plan.currencies) == 1:
        company.add("currency", plan.currencies[0])
    else:
        found = f"; found: {', '.join(shortened(name) for name in plan.currencies)}" if plan.currencies else ""
        company.add(tomlkit.comment(f'currency = "USD"   # the currency of the report{found}'))
    company.add(
        tomlkit.comment('time_zone = "Europe/Berlin"   # where a business day begins and ends; UTC until stated')
    )
    return company


def _data(plan: Plan) -> Table:
    data = tomlkit.table()
    data.add("folder", ".")
    data.add(tomlkit.comment("extracted_on = 2025-10-05   # day of the export; the newest recorded date until stated"))
    if plan.dates.proven is not None:
        data.add("date_format", plan.dates.proven)
        data["date_format"].comment(f"such as {shortened(plan.dates.example)}")
    for possible in plan.dates.possible:
        data.add(
            tomlkit.comment(f"date_format = {toml_string(possible)}   # how is {shortened(plan.dates.example)} meant?")
        )
    if plan.decimal != ".":
        data.add("decimal", plan.decimal)
    return data


def _table(planned: PlannedTable) -> Table:
    table = tomlkit.table()
    if len(planned.files) == 1:
        table.add("file", planned.files[0])
    else:
        table.add("files", list(planned.files))
        table["files"].comment("from the oldest to the newest: of rows with one key the last file's counts")
    table.add("adapter", planned.adapter)
    if planned.unread:
        shown = ", ".join(shortened(header) for header in planned.unread)
        table.add(tomlkit.comment(f"columns not read: {shown}"))
    columns = tomlkit.table()
    for name in schema.table(planned.table).names:
        if name in planned.columns:
            columns.add(name, planned.columns[name])
        elif name in planned.lacking:
            columns.add(
                tomlkit.comment(f'{name} = ""   # {schema.table(planned.table).column(name).meaning}: which column?')
            )
    for name, header in planned.columns.items():
        if name.startswith("_"):
            kind = "tells when a deal entered that stage" if name.startswith(ENTERED) else None
            rule = kind or RULES.get(name, f"gives the values of {name.removeprefix('_')}")
            columns.add(tomlkit.comment(f"{shortened(header)} {rule}"))
    table.add("columns", columns)
    values = _values(planned)
    if values is not None:
        table.add("values", values)
    if planned.lookups:
        lookups = tomlkit.table(is_super_table=True)
        for name, each in planned.lookups.items():
            lookups.add(name, _lookup(each))
        table.add("lookups", lookups)
    return table


def _lookup(lookup: LookupTable) -> Table:
    section = tomlkit.table()
    section.add("file", lookup.file)
    section.add("key", lookup.key)
    section.add("value", lookup.value[0] if len(lookup.value) == 1 else list(lookup.value))
    if lookup.by is not None:
        section.add("by", lookup.by)
    return section


def _values(planned: PlannedTable) -> Table | None:
    named = {*planned.values, *(each.column for each in planned.spellings)}
    if not named:
        return None
    values = tomlkit.table(is_super_table=True)
    for name in schema.table(planned.table).names:
        if name not in named:
            continue
        section = tomlkit.table()
        choices = schema.table(planned.table).column(name).values or ("true", "false")
        allowed = "; which?" if len(choices) > CHOICES_AT_MOST else f"; {' or '.join(choices)}?"
        if len(choices) > CHOICES_AT_MOST and any(each.taken_for is None for each in planned.values.get(name, ())):
            section.add(tomlkit.comment(f"One of {', '.join(choices)}; what stays open is unknown."))
        for each in planned.values.get(name, ()):
            why = f"{each.rows} rows" + (f"; {each.why}" if each.why else "")
            if each.taken_for is None:
                section.add(tomlkit.comment(f'{toml_string(each.value)} = ""   # {why}{allowed}'))
            elif each.value not in section:
                section.add(each.value, each.taken_for)
                section[each.value].comment(why)
        for spelling in planned.spellings:
            if spelling.column == name:
                line = f"{toml_string(spelling.value)} = {toml_string(spelling.other)}"
                section.add(tomlkit.comment(f"{line}   # {shortened(spelling.where)} writes it this way: the same?"))
        values.add(name, section)
    return values


def _add_taxonomy(document: TOMLDocument, reasons: Reasons) -> None:
    taxonomy = tomlkit.table()
    taxonomy.add("id", "red_zone")
    section = tomlkit.table()
    section.add(
        tomlkit.comment('What your loss reasons mean: "value" = "code". Codes: postmortem taxonomy show red_zone')
    )
    for each in reasons.reasons:
        if each.taken_for is not None:
            section.add(tomlkit.comment(f"{shortened(each.value)} is read as {each.taken_for} ({each.rows} deals)"))
    for each in reasons.reasons:
        if each.taken_for is None:
            hint = f"; {each.why}" if each.why else ""
            section.add(tomlkit.comment(f'{toml_string(each.value)} = ""   # {each.rows} deals{hint}'))
    taxonomy.add("reasons", section)
    if reasons.lost_to:
        lost_to = tomlkit.table()
        for each in reasons.lost_to:
            if each.taken_for is None:
                allowed = ", ".join(schema.LOST_TO)
                lost_to.add(tomlkit.comment(f'{toml_string(each.value)} = ""   # {each.rows} deals; {allowed}?'))
            else:
                lost_to.add(tomlkit.comment(f"{shortened(each.value)} is read as {each.taken_for} ({each.rows} deals)"))
        taxonomy.add("lost_to", lost_to)
    document.add("taxonomy", taxonomy)
