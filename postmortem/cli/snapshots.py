"""The command `snapshot`: keep how the deals stand today, so that a later quarter can be held against it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postmortem.cli.console import AsJson, emit
from postmortem.ground.errors import DataError, UsageError

if TYPE_CHECKING:
    from postmortem.book import Book
    from postmortem.ground.config import Config


def snapshot(
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Day of the export, YYYY-MM-DD or today; the extraction date.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in place of another one of that day.")] = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on where more than half of the deals are gone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep how open and just closed deals stand in today's export; run it after every export."""
    from postmortem.book.snapshot_store import append_snapshot, days_stored, read_snapshot
    from postmortem.book.snapshots import moved_since, take_snapshot
    from postmortem.frames.engagement import Engagement
    from postmortem.ground.formats import count
    from postmortem.intake.stored_snapshots import store_of

    engagement = Engagement.open(folder)
    book, store = engagement.book(), store_of(engagement.config)
    day = _day(as_of, book, engagement.config)
    before = max((each for each in days_stored(store) if each < day), default=None)
    rows = take_snapshot(book, day, before)
    if not (book.deals["outcome"] == "open").any():
        raise DataError(
            "No deal is open in these data, so there is no pipeline to keep.",
            got=f"{count(len(book.deals), 'deal')}, all closed",
            do="export the open deals as well",
        )
    earlier = None if before is None else read_snapshot(store / f"{before}.parquet").rows
    if earlier is not None and not accept_changes:
        _refuse_half(len(earlier), len(rows), before)
    file, outcome = append_snapshot(store, rows, day, book.meta.currency, replace=replace)
    lines = [f"{file}: {count(len(rows), 'deal')} of {day}, {outcome}."]
    moved = None
    if earlier is not None:
        moved = moved_since(earlier, rows, book.meta.time_zone)
        told = ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in moved.items() if number)
        lines.append(f"Since {before}: {told or 'nothing changed'}.")
    data = {"written": str(file), "as_of": day, "deals": len(rows), "outcome": outcome, "before": before}
    emit({**data, "moved": moved}, "\n".join(lines), as_json)


def _refuse_half(before: int, now: int, day: dt.date | None) -> None:
    """Refuse what looks like half an export: a snapshot cannot be taken again, and the next ones follow on it."""
    from postmortem.report.editions.preflight import FELL_SUSPICIOUSLY, FEW

    if before >= FEW and now < before * FELL_SUSPICIOUSLY:
        raise DataError(
            "More than half of the deals are gone since the last snapshot.",
            got=f"{now:,} deals, {before:,} on {day}",
            do="export again, or go on with --accept-changes if it is meant",
        )


def _day(text: str | None, book: Book, config: Config) -> dt.date:
    """Return the day a snapshot speaks for: the extraction date unless told, and never one before it."""
    from zoneinfo import ZoneInfo

    from postmortem.frames.engagement import read_day

    taken = book.meta.extracted_on
    today = dt.datetime.now(ZoneInfo(config.company.time_zone)).date()
    day = today if text == "today" else read_day(text) or taken
    if day < taken:
        raise UsageError(
            "Today's state of the deals is no evidence of an earlier day.",
            got=f"--as-of {day}, data as of {taken} ({book.meta.extracted_on_source})",
            do="leave --as-of out, or name the day of the export",
        )
    if config.data.extracted_on is not None and day > config.data.extracted_on:
        raise UsageError(
            "The snapshot would be later than the data.",
            got=f"--as-of {day}, [data] extracted_on = {config.data.extracted_on}",
            do="correct [data] extracted_on to the day of the export, or leave it out",
        )
    return day
