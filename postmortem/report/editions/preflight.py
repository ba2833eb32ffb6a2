"""Before the notebooks run: whether the data are fresh, as good as demanded, and like those of the last report.

What only differs is said and written down. What looks like a broken export (a table or half of its rows gone,
the newest record older than last time) stops the run until somebody accepts it; so does what the configuration
demands and the data do not hold. The last good report then stays where it is.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from postmortem.book import Book
from postmortem.frames.cohort import Cohort
from postmortem.ground.config import FILE_NAME, Config, Preflight
from postmortem.ground.errors import DataError
from postmortem.ground.formats import count, per_cent
from postmortem.intake.wording import shortened, toml_string
from postmortem.report.editions.book_record import FORMAT, LOST_TO, REASON, STAGE, TIERS, describe_book, tier_of

Grade = Literal["change", "suspicious", "demand"]
FEW: Final = 20
FELL_SUSPICIOUSLY, FELL = 0.5, 0.95
FILL_DROP: Final = 0.1
VALUES_SHOWN: Final = 10
TAKERS: Final = '"unknown"  # or competitor, status_quo, disqualified'
KEPT_BY_US: Final = ("snapshots", "forecast_sheet")


@dataclass(frozen=True)
class Finding:
    """One thing a pre-flight found.

    Attributes
    ----------
    grade : {"change", "suspicious", "demand"}
        A difference from the last report; one that looks like a broken export; a demand that is not met.
    what : str
        In one sentence.
    do : str
        What the user can do about it, such as the TOML line to add; may be empty.
    """

    grade: Grade
    what: str
    do: str = ""

    @property
    def line(self) -> str:
        """The finding as one line of progress."""
        return f"{self.what} {self.do}".strip()


def book_findings(last: Mapping[str, Any] | None, config: Config, book: Book, day: dt.date) -> tuple[Finding, ...]:
    """Compare a book with that of the last report, and its age with what the configuration allows.

    Parameters
    ----------
    last : mapping, optional
        Manifest of the last report, from `last_manifest`.
    config : Config
        The engagement.
    book : Book
        Everything that was read, not cut at any day.
    day : datetime.date
        Day the age of the data is counted to: today, or the `as_of` that was asked for.
    """
    now = describe_book(book)
    found = list(too_old(config.preflight, now, day))
    if last is not None:
        found += changes(last["book"], now)
        found += new_values(last["book"]["values"], now["values"], book, config.process.file)
    return tuple(found)


def frame_findings(last: Mapping[str, Any] | None, settings: Preflight, cohort: Cohort) -> tuple[Finding, ...]:
    """Compare where the deals of a report are known from with the last report, and with what is demanded.

    Parameters
    ----------
    last : mapping, optional
        Manifest of the last report. Where it is of a later quarter its source says nothing of this one.
    settings : Preflight
        The demands.
    cohort : Cohort
        The frame of the report to be made.
    """
    tier = tier_of(cohort)
    found = list(too_poor(settings, tier))
    if last is not None and last["quarter"] <= cohort.focus.label:
        found += _tier_dropped(str(last.get("tier")), tier)
    return tuple(found)


def refuse(found: tuple[Finding, ...], settings: Preflight, *, accept_changes: bool) -> None:
    """Stop a run whose data are stale, not good enough or suspicious.

    Raises
    ------
    DataError
        With every finding that stops the run.
    """
    graver = ("suspicious", "change") if settings.fail_on_change else ("suspicious",)
    unmet = [each for each in found if each.grade == "demand"]
    strange = [] if accept_changes else [each for each in found if each.grade in graver]
    if not (unmet or strange):
        return
    ways = [f"change [preflight] in {FILE_NAME}"] if unmet else []
    ways += ["run once with --accept-changes if the change is meant"] if strange else []
    raise DataError(
        "The data are not what this run demands." if unmet else "The data look unlike those of the last report.",
        rows=[each.what for each in (*unmet, *strange)],
        expected="; ".join(dict.fromkeys(each.do for each in unmet if each.do)) or None,
        do=f"export again, or {', or '.join(ways)}; the last report was left as it is",
    )


def last_manifest(output: Path, company: str) -> dict[str, Any] | None:
    """Return the manifest of the report of this company that was written last; None where there is none."""
    found = []
    for path in output.glob("*/manifest.json"):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        # A report of another format of this record is nothing to compare with: the next one will be.
        is_ours = isinstance(told, dict) and told.get("company") == company
        if is_ours and not path.parent.name.startswith(".") and told.get("book", {}).get("format") == FORMAT:
            found.append(told)
    return max(found, key=lambda told: str(told["written_at"]), default=None)


def too_old(settings: Preflight, now: Mapping[str, Any], day: dt.date) -> Iterator[Finding]:
    """Yield a finding where the newest record of the CRM is older than `[preflight] max_age_days` allows.

    Parameters
    ----------
    settings : Preflight
        The demands.
    now : mapping
        As from `describe_book`.
    day : datetime.date
        Day the age is counted to.

    Notes
    -----
    What this program stamped itself, snapshots and forecast sheets, does not make an export fresh.
    """
    if settings.max_age_days is None:
        return
    newest = max((each for name, each in now["newest"].items() if name not in KEPT_BY_US), default=None)
    age = None if newest is None else (day - dt.date.fromisoformat(newest)).days
    if age is None or age > settings.max_age_days:
        said = "has no date" if age is None else f"is of {newest}, {count(age, 'day')} before {day}"
        expected = f"at most {count(settings.max_age_days, 'day')} old ([preflight] max_age_days)"
        yield Finding("demand", f"The newest record {said}.", expected)


def too_poor(settings: Preflight, tier: str) -> Iterator[Finding]:
    """Yield a finding where the deals are known from a less good source than `[preflight] require_tier`."""
    if settings.require_tier is not None and TIERS.index(tier) > TIERS.index(settings.require_tier):
        expected = f"{settings.require_tier} or better ([preflight] require_tier)"
        yield Finding("demand", f"The deals of this report are known from {_source(tier)} only.", expected)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what differs between two books in days, rows, columns and fill rates; both as from `describe_book`."""
    for name, day in before["newest"].items():
        newest = now["newest"].get(name)
        if newest is not None and newest < day:
            yield Finding("suspicious", f"The newest record of {name} is of {newest}; it was {day} in the last report.")
    for name, rows in before["rows"].items():
        yield from _fewer(f"Rows of {name}", rows, now["rows"].get(name, 0), is_table=True)
    for name, deals in before["regions"].items():
        yield from _fewer(f"Deals of the region {shortened(name)}", deals, now["regions"].get(name, 0))
    for table, columns in before["columns"].items():
        for column in columns if now["rows"].get(table) else ():
            if column not in now["columns"].get(table, ()):
                yield Finding("change", f"{table}.{column} holds no value any more.")
    for column, share in before["filled"].items():
        today = now["filled"].get(column)
        if share and today and today < share - FILL_DROP:
            yield Finding("change", f"deals.{column} is filled in {per_cent(today)}; it was {per_cent(share)}.")


def new_values(
    before: Mapping[str, Any], now: Mapping[str, Any], book: Book, process_file: str | None
) -> Iterator[Finding]:
    """Yield stages, loss reasons and words for whom a deal was lost to that the last report did not know.

    Parameters
    ----------
    before, now : mapping of str to mapping of str to int
        Counts by field and value, as ``values`` of `describe_book`.
    book : Book
        Says how a new value was read.
    process_file : str, optional
        Name of the engagement's process file.
    """
    reasons, deals = book.table("reasons"), book.deals
    codes = reasons.dropna(subset=["code"]).drop_duplicates("text").set_index("text")["code"]
    takers = deals.dropna(subset=["lost_to_recorded"]).drop_duplicates("lost_to_raw").set_index("lost_to_raw")
    for field, label in ((STAGE, "stage"), (REASON, "loss reason"), (LOST_TO, "word in the lost-to field")):
        if field not in now or field not in before:
            continue
        new = {value: number for value, number in now[field].items() if value not in before[field]}
        shown = sorted(new.items(), key=lambda pair: (-pair[1], pair[0]))
        for value, deals_with in shown[:VALUES_SHOWN]:
            what, word = f"New {label} {shortened(value)} on {count(deals_with, 'deal')}", toml_string(value)
            if field == STAGE and process_file:
                yield Finding("change", f"{what}.", f"Add to {process_file}: [[stages]] stage = {word}")
            elif field == STAGE:
                way = f'If it is an old one renamed, add under [tables.deals.values.stage]: {word} = "old name"'
                yield Finding("change", f"{what}.", way)
            elif field == REASON:
                read = f"is read as {codes[value]}" if value in codes.index else "stands for no code yet"
                yield Finding(
                    "change", f"{what}: it {read}.", f'Under [taxonomy.reasons]: {word} = "a code of the taxonomy"'
                )
            else:
                read = (
                    f"is read as {takers['lost_to_recorded'][value]}" if value in takers.index else "is not understood"
                )
                yield Finding("change", f"{what}: it {read}.", f"Under [taxonomy.lost_to]: {word} = {TAKERS}")
        if len(shown) > VALUES_SHOWN:
            yield Finding("change", f"{count(len(shown) - VALUES_SHOWN, 'more new value')} of deals.{field}.")


def _fewer(what: str, before: int, now: int, *, is_table: bool = False) -> Iterator[Finding]:
    """Yield a fall in rows; that of a table that is gone, or by more than half of some, is suspicious."""
    gone = is_table and before > 0 and now == 0
    if gone or (before >= FEW and now < before * FELL_SUSPICIOUSLY):
        yield Finding("suspicious", f"{what}: {now:,}; the last report had {before:,}.")
    elif now < before * FELL:
        yield Finding("change", f"{what}: {now:,}; the last report had {before:,}.")


def _tier_dropped(before: str, now: str) -> Iterator[Finding]:
    if before in TIERS and TIERS.index(now) > TIERS.index(before):
        what = f"The deals of this report are known from {_source(now)}; those of the last one from {_source(before)}."
        yield Finding("change", what)


def _source(tier: str) -> str:
    """Return how a tier is called in a sentence."""
    return {
        "snapshots": "snapshots", "history": "the field history", "sheet": "the sheet of the forecast call",
        "stage entries": "the history of stages", "current": "today's values",
    }[tier]  # fmt: skip
