"""Read everything a configuration names into a book: cleaned, dated, in one currency, and accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from postmortem.book import Book, BookMeta
from postmortem.book.snapshot_store import Stored
from postmortem.ground.config import Config, ReasonMap
from postmortem.ground.errors import ConfigError, DataError
from postmortem.ground.sources import Source
from postmortem.intake import currencies, deal_rules, deriving, histories, periods, rules
from postmortem.intake.cells import read_cells
from postmortem.intake.checked import check_table
from postmortem.intake.columns import Reader, Refusal
from postmortem.intake.dates import DateStyle
from postmortem.intake.files import Files
from postmortem.intake.quarantine import Ledger, quarantine_frame
from postmortem.intake.reason_versions import in_one_version
from postmortem.intake.stages import process_of
from postmortem.intake.stored_fieldwork import read_fieldwork, without_replaced
from postmortem.intake.stored_snapshots import read_stored, refuse_other_currency, stored_rows
from postmortem.taxonomies import Mapped, Taxonomy, load_crosswalks, load_taxonomy, map_values
from postmortem.taxonomies.own_map import OwnTarget


@dataclass
class Loaded:
    """One table on its way into the book."""

    frame: pd.DataFrame
    ledger: Ledger
    adapter: str


def load_book(config: Config) -> Book:
    """Read `config.tables` into a book.

    Parameters
    ----------
    config : Config
        Where tables lie and what their columns and values are called; files are relative to the data
        folder, which is relative to the folder of the configuration unless it is absolute.

    Returns
    -------
    Book
        With every configured table, the engagement's own snapshots and fieldwork, reps' reasons and
        competitors derived from the deals, all rows set aside in `quarantine`, and every repair in `notes`.

    Raises
    ------
    ConfigError
        When no deals are configured, or adapter, taxonomy, process or encoding do not exist.
    DataError
        When a file cannot be read, a column is missing or ambiguous, no deal can be used, currencies
        cannot be converted, or more rows were set aside than allowed.
    """
    if "deals" not in config.tables:
        raise ConfigError(
            "No deals are configured.",
            expected='a section [tables.deals] with file = "..."',
            do="make one with: postmortem init DIR --from EXPORT",
        )
    zone = ZoneInfo(config.company.time_zone)
    folder = None if config.taxonomy.folder is None else config.folder / config.taxonomy.folder
    taxonomy = load_taxonomy(config.taxonomy.id, folder=folder)
    files = Files(config)
    loaded = {name: _load(name, source, files, zone) for name, source in config.tables.items()}
    stored = read_stored(config)
    own = _stored(stored, loaded.get("snapshots"), config.data.snapshots)
    filled_in = {name: Loaded(*rows, "") for name, rows in read_fieldwork(config).items()}
    every = [*loaded.values(), *own, *filled_in.values()]
    deals = loaded["deals"]
    deals.frame = deals.ledger.keep(deal_rules.settle_close_dates(deals.frame, deals.ledger))
    taken = _settle_dates(every, deals, config, zone)
    for name, each in filled_in.items():
        if name in loaded:
            export = loaded[name]
            export.frame = without_replaced(name, export.frame, export.ledger, each.frame)
    for each in every:
        rules.report_strangers(each.ledger.table, each.frame, deals.frame, each.ledger)
        each.ledger.settle(len(each.frame))
        each.ledger.refuse_above(config.data.max_quarantined_share)
    _refuse_no_deals(deals)
    tables = {name: deriving.canonical(name, each.frame) for name, each in loaded.items()}
    tables, currency = _in_one_currency(tables, config, deals.ledger)
    refuse_other_currency(stored, currency)
    if own:
        # These amounts were in the currency of the report when they were stored: nothing is converted twice.
        tables["snapshots"] = _together([*(tables[name] for name in ("snapshots",) if name in tables), own[0].frame])
    for name, each in filled_in.items():
        rows = deriving.canonical(name, each.frame)
        tables[name] = _together([*(tables[name] for _ in range(name in tables)), rows])
    if "reasons" in tables:
        ledger = {**filled_in, **loaded}["reasons"].ledger
        tables["reasons"] = in_one_version(tables["reasons"], taxonomy, own_map(config), ledger)
    tables = _with_derived(tables, config, taxonomy, folder, deals.ledger)
    for name, frame in tables.items():
        check_table(name, frame)
    ledgers = [each.ledger for each in every]
    rows_in: Counter[str] = Counter()
    for ledger in ledgers:
        rows_in[ledger.table] += ledger.rows_in
    meta = BookMeta(
        company=config.company.name,
        currency=currency,
        time_zone=config.company.time_zone,
        calendar=config.fiscal.calendar,
        extracted_on=taken.day,
        extracted_on_source=taken.source,
        source_systems=tuple(dict.fromkeys(each.adapter for each in loaded.values())),
    )
    return Book(
        meta=meta,
        tables=tables,
        taxonomy=taxonomy,
        process=process_of(config, tables),
        quarantine=quarantine_frame(ledgers),
        notes=tuple(note for ledger in ledgers for note in ledger.notes),
        rows_in=dict(rows_in),
    )


def _load(name: str, source: Source, files: Files, zone: ZoneInfo) -> Loaded:
    """Read one table and apply the rules that need no other table."""
    config = files.config
    cells = read_cells(name, source, files)
    ledger = cells.ledger
    frame = cells.frame
    wide = False
    if name == "history":
        frame = histories.unfold(ledger.keep(frame), ledger)
        wide = histories.MARK in frame
    style = DateStyle(config.data.date_format, None, zone)
    reader = Reader(name, style, config.data.decimal, cells.adapter, cells.columns.mapped)
    typed, refusals = reader.read(frame, ledger)
    _refuse_columns(ledger.file, refusals)
    rules.require_values(name, typed, ledger)
    if name == "deals":
        deal_rules.report_nameless(typed, ledger)
    typed = ledger.keep(typed)
    if name == "history":
        typed, refusals = histories.write_canonically(typed, reader, cells.adapter, ledger)
        _refuse_columns(ledger.file, refusals)
        typed = ledger.keep(typed)
        typed = histories.number_changes(histories.keep_changes(typed, ledger) if wide else typed)
    if name == "fx_rates":
        typed = typed.assign(currency=typed["currency"].str.upper())
        ledger.set_aside(~(typed["rate"] > 0), "rate", typed["rate"], "is not above 0")
    rules.settle_keys(name, ledger.keep(typed), ledger)
    typed = ledger.keep(typed)
    rules.report_names(name, typed, ledger)
    return Loaded(typed, ledger, cells.adapter.name)


def _refuse_columns(file: str, refusals: list[Refusal]) -> None:
    if refusals:
        raise DataError(
            f"{file} has {len(refusals)} column{'s' if len(refusals) > 1 else ''} that cannot be read.",
            rows=[refusal.what for refusal in refusals],
            do="; ".join(dict.fromkeys(refusal.do for refusal in refusals)),
        )


def _stored(stored: tuple[Stored, ...], configured: Loaded | None, folder: str) -> list[Loaded]:
    """Return the engagement's own snapshots as one more table on its way, or nothing."""
    if not stored:
        return []
    rows, ledger = stored_rows(stored, None if configured is None else configured.frame, folder)
    return [Loaded(rows, ledger, "")]


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _settle_dates(every: Sequence[Loaded], deals: Loaded, config: Config, zone: ZoneInfo) -> periods.Extraction:
    """Set impossible dates aside, find the extraction date, and set aside what came after it."""
    stated = config.data.extracted_on
    limit = None if stated is not None else periods.latest_plausible(_frames(every))
    for each in every:
        periods.refuse_impossible(each.ledger.table, each.frame, each.ledger, limit)
        each.frame = each.ledger.keep(each.frame)
    _refuse_no_deals(deals)
    taken = periods.extraction(_frames(every), stated, zone)
    deals.frame = deal_rules.settle_expectations(deals.frame, deals.ledger, taken)
    for each in every:
        periods.refuse_later(each.ledger.table, each.frame, each.ledger, taken, zone)
        each.frame = each.ledger.keep(each.frame)
    deals.frame = deal_rules.settle_zero_amounts(deals.frame, deals.ledger, config.data.zero_amounts)
    deal_rules.report_losses(deals.frame, deals.ledger)
    return taken


def _frames(every: Sequence[Loaded]) -> dict[str, pd.DataFrame]:
    """Return the rows by table, those of a table that comes from two places together."""
    tables = dict.fromkeys(each.ledger.table for each in every)
    return {name: _together([each.frame for each in every if each.ledger.table == name]) for name in tables}


def _refuse_no_deals(deals: Loaded) -> None:
    if deals.frame.empty:
        raise DataError(
            f"None of {deals.ledger.rows_in} deals in {deals.ledger.file} can be used.",
            rows=deals.ledger.commonest_reasons(),
            do="correct the mapping in postmortem.toml, or the export",
        )


def _in_one_currency(
    tables: dict[str, pd.DataFrame], config: Config, ledger: Ledger
) -> tuple[dict[str, pd.DataFrame], str]:
    deals = currencies.fill_currency(tables["deals"], ledger)
    stated = config.company.currency.strip().upper() if config.company.currency else None
    target = currencies.reporting_currency(deals, stated, tables.get("fx_rates"))
    return currencies.converted_book({**tables, "deals": deals}, target, ledger), target


def _with_derived(
    tables: dict[str, pd.DataFrame], config: Config, taxonomy: Taxonomy, folder: Path | None, ledger: Ledger
) -> dict[str, pd.DataFrame]:
    deals = tables["deals"]
    if "reps" in tables:
        deals = deriving.fill_from(deals, tables["reps"], ("owner_id", "rep_id"), deriving.FROM_REPS, ledger)
    if "accounts" in tables:
        by_id = tables["accounts"]["account_id"].notna().any() and deals["account_id"].notna().any()
        key = "account_id" if by_id else "account_name"
        wanted = (*deriving.FROM_ACCOUNTS, ("account_name", "account_name")) if by_id else deriving.FROM_ACCOUNTS
        deals = deriving.fill_from(deals, tables["accounts"], (key, key), wanted, ledger)
    deals = deriving.fill_existing_customers(deals, ledger)
    deals = deriving.record_lost_to(deals, config.taxonomy.lost_to, ledger)
    texts = pd.concat([deriving.reasons_of(deals, outcome)["text"] for outcome in deriving.REASON_FIELDS])
    mapped = map_reasons(texts, config, taxonomy, folder)
    reasons = deriving.derive_reasons(deals, mapped, taxonomy, ledger)
    rivals = deriving.derive_competitors(deals, reasons)
    result = {**tables, "deals": deals}
    for name, derived, keys in (
        ("reasons", reasons, ("deal_id", "rater_type")),
        ("competitors", rivals, ("deal_id", "competitor")),
    ):
        if name in tables or not derived.empty:
            result[name] = deriving.with_derived(tables.get(name), derived, keys)
    return result


def map_reasons(texts: pd.Series[str], config: Config, taxonomy: Taxonomy, folder: Path | None) -> dict[str, Mapped]:
    """Say what each reason stands for, by the own map first, then named crosswalks, then all."""
    own = own_map(config)
    named = load_crosswalks(config.taxonomy.crosswalks, folder=folder)
    others = [each for each in load_crosswalks(folder=folder) if not each.only_when_named and each not in named]
    crosswalks = (*named, *others)
    return {each.value: each for each in map_values(texts.dropna().unique(), taxonomy, own=own, crosswalks=crosswalks)}


def own_map(config: Config) -> dict[str, OwnTarget]:
    """Return the engagement's own decisions on values, as `map_values` takes them."""
    return {
        value: meaning.model_dump(exclude_none=True) if isinstance(meaning, ReasonMap) else meaning
        for value, meaning in config.taxonomy.reasons.items()
    }
