"""An engagement: one client's `postmortem.toml`, its book read once per content, its frames."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from postmortem.book import Book
from postmortem.book.snapshot_store import snapshot_files
from postmortem.book.store import read_book, save_book
from postmortem.frames.choose import Choice, choose_cohort
from postmortem.frames.cohort import Cohort
from postmortem.frames.held import held
from postmortem.frames.parts import Part, cut
from postmortem.ground import resources
from postmortem.ground.code import code_hash
from postmortem.ground.config import FILE_NAME, Config, load_config
from postmortem.ground.errors import UsageError
from postmortem.ground.fiscal import Quarter
from postmortem.intake import load_book
from postmortem.intake.stored_fieldwork import fieldwork_files
from postmortem.intake.stored_snapshots import store_of
from postmortem.taxonomies import load_taxonomy

CACHE_VARIABLE = "POSTMORTEM_CACHE"
OWN_SIGNALS = "signals"
INVENTED = "No postmortem.toml was found: these are the deals of the bundled sample, an invented company."


@dataclass(frozen=True)
class Engagement:
    """One client's folder and its configuration, and the part of its deals that is asked about; all unless told."""

    config: Config
    part: Part | None = None

    @classmethod
    def open(cls, folder: Path | None = None, flags: Mapping[str, Any] | None = None) -> Engagement:
        """Open the engagement in `folder`, or the nearest one at or above the working folder.

        Raises
        ------
        ConfigError
            When there is none, or its configuration cannot be used.
        """
        place = folder or nearest_engagement(Path.cwd()) or Path.cwd()
        return cls(load_config(place.resolve(), flags))

    def of(self, part: str | None) -> Engagement:
        """Return the same engagement asked about one part of its deals, such as ``segment=Enterprise``."""
        return replace(self, part=Part.read(part)) if part else self

    @property
    def folder(self) -> Path:
        """Where `postmortem.toml` lies."""
        return self.config.folder

    @property
    def cache(self) -> Path | None:
        """Where books and results are kept between runs; None for a bundled sample outside a run."""
        told = os.environ.get(CACHE_VARIABLE)
        if told:
            return Path(told)
        return None if resources.root() in self.folder.resolve().parents else self.folder / ".postmortem" / "cache"

    def signal_files(self) -> tuple[Path, ...]:
        """Return the files of the engagement's own signals; those whose name begins with an underscore are none."""
        return signal_files(self.folder)

    def input_files(self) -> tuple[Path, ...]:
        """Return every file that a report stands on: those of the book, and the engagement's own signals."""
        return (*self.book_files(), *self.signal_files())

    def book_files(self) -> tuple[Path, ...]:
        """Return every file that the book is read from, the configuration first, the engagement's own included."""
        data = self.folder / self.config.data.folder
        named = [self.config.process.file] if self.config.process.file else []
        taxonomy = self.folder / self.config.taxonomy.folder if self.config.taxonomy.folder else None
        files = [data / name for source in self.config.tables.values() for name in source.every_file]
        files += [self.folder / name for name in named] + (sorted(taxonomy.rglob("*.toml")) if taxonomy else [])
        files += [*snapshot_files(store_of(self.config)), *fieldwork_files(self.config)]
        return (self.folder / FILE_NAME, *(path for path in dict.fromkeys(files) if path.is_file()))

    def book(self) -> Book:
        """Read the book, from the cache where the same content was read before."""
        digest = hashlib.sha256(f"{code_hash()} {self.config.model_dump_json()}".encode())
        for path in self.book_files()[1:]:
            digest.update(path.read_bytes())
        return held.book(digest.hexdigest(), lambda: self._book(digest.hexdigest()[:32]))

    def _book(self, name: str) -> Book:
        """Read the book of this content."""
        if self.cache is None:
            return load_book(self.config)
        place = self.cache / "books" / name
        folder = self.folder / self.config.taxonomy.folder if self.config.taxonomy.folder else None
        book = read_book(place, load_taxonomy(self.config.taxonomy.id, folder=folder))
        if book is None:
            book = load_book(self.config)
            # A cache that cannot be written, the disk being full or not ours, costs time and no answer.
            with suppress(OSError):
                save_book(book, place)
        return book

    def quarter(self, text: str, book: Book, as_of: dt.date | None = None) -> Quarter:
        """Read one quarter from text; ``last`` is the latest that had ended by `as_of`."""
        calendar = self.config.fiscal.calendar
        quarters = calendar.parse_range(text, last=calendar.last_ended(as_of or book.meta.extracted_on))
        if len(quarters) != 1:
            raise UsageError("One quarter is needed here.", got=text, expected="such as " + quarters[0].label)
        return quarters[0]

    def frame(
        self,
        quarter: str = "last",
        *,
        kind: Choice | None = None,
        window: int | None = None,
        as_of: dt.date | None = None,
        book: Book | None = None,
    ) -> Cohort:
        """Return the cohort of one quarter, cut to the part; what is not given comes from the configuration."""
        book = book or self.book()
        settings = self.config.frame
        focus = self.quarter(quarter, book, as_of)
        kind, window, categories = kind or settings.kind, window or settings.window, settings.categories
        cohort = held.cohort(
            lambda: (
                book.fingerprint, focus.label, kind, window, tuple(categories), settings.snapshot_day,
                as_of or book.meta.extracted_on,
            ),
            lambda: choose_cohort(
                book, focus, kind=kind, window=window, categories=categories, snapshot_day=settings.snapshot_day,
                as_of=as_of,
            ),
        )  # fmt: skip
        cohort = replace(cohort, signal_files=self.signal_files())
        return cohort if self.part is None else cut(cohort, self.part)


def signal_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of an engagement folder that hold signals of its own, by name."""
    return tuple(path for path in sorted((folder / OWN_SIGNALS).glob("*.py")) if not path.name.startswith("_"))


def nearest_engagement(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that holds a `postmortem.toml`; None where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / FILE_NAME).is_file()), None)


def load_frame(
    quarter: str = "last",
    *,
    kind: Choice | None = None,
    window: int | None = None,
    as_of: str | None = None,
    folder: str | None = None,
    part: str | None = None,
) -> Cohort:
    """Load the deals of one quarter from the nearest engagement.

    Parameters
    ----------
    quarter : str
        Such as ``2025Q3`` or ``FY26Q1``; ``last`` is the latest quarter that had ended.
    kind : {"auto", "forecast", "late_stage", "first_forecast", "open_forecast", "closed"}, optional
        Which deals; the configuration decides unless told. ``open_forecast`` is that of the day `as_of`.
    window : int, optional
        Quarters pooled for rates and comparisons.
    as_of : str, optional
        Last day known, ``YYYY-MM-DD``; the book's own date unless told.
    folder : str, optional
        The engagement; the nearest `postmortem.toml` at or above the working folder unless told, and the
        bundled sample, which then says so, where there is none.
    part : str, optional
        One part of the deals, such as ``segment=Enterprise``; all of them unless told.

    Returns
    -------
    Cohort
        See `postmortem.frames.cohort.Cohort`.

    Examples
    --------
    >>> frame = load_frame("2025Q3")
    >>> frame.focus.label
    '2025Q3'
    """
    own = Path(folder) if folder else nearest_engagement(Path.cwd())
    engagement = Engagement.open(own or resources.sample("plain")).of(part)
    cohort = engagement.frame(quarter, kind=kind, window=window, as_of=read_day(as_of))
    return cohort if own else replace(cohort, remarks=(*cohort.remarks, INVENTED))


def read_day(text: str | None) -> dt.date | None:
    """Read ``YYYY-MM-DD``; None stays None."""
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError("This is not a day.", got=text, expected="YYYY-MM-DD, such as 2025-09-30") from None
