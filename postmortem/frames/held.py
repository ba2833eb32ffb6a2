"""A book and a cohort held in memory, for a process that hands on to its children what it has read and worked out.

They are found by content, as in the cache on disk. Only the program that forks kernels holds anything: each kernel
has what it forks from as its own, so that no notebook sees what another one does to it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from postmortem.book import Book
from postmortem.frames.cohort import Cohort
from postmortem.ground.errors import PostmortemError

Asked = tuple[str, str, str, int, tuple[str, ...], int, dt.date | None]
"""What a choice of deals depends on: the book's fingerprint, quarter, kind, window, categories, snapshot day, as-of."""


class Held:
    """What is held: nothing unless told to, and then the last book and the last cohort."""

    def __init__(self) -> None:
        self.is_open = False
        self._books: dict[str, Book] = {}
        self._cohorts: dict[Asked, Cohort] = {}

    def book(self, digest: str, read: Callable[[], Book]) -> Book:
        """Return the book of this content, which `read` reads where it is not held."""
        if digest in self._books:
            return self._books[digest]
        book = read()
        if self.is_open:
            self._books = {digest: book}
        return book

    def cohort(self, asked: Callable[[], Asked], choose: Callable[[], Cohort]) -> Cohort:
        """Return the cohort that was asked for, which `choose` works out where it is not held."""
        if not (self.is_open or self._cohorts):
            return choose()
        key = asked()
        if key not in self._cohorts:
            cohort = choose()
            if not self.is_open:
                return cohort
            self._cohorts = {key: cohort}
        return self._cohorts[key]


held = Held()


def hold(load: Callable[[], Cohort]) -> None:
    """Load a cohort and hold it with its book; where it cannot be loaded, whoever needs it will say why."""
    held.is_open = True
    try:
        load()
    except (PostmortemError, OSError, ValueError):
        return
    finally:
        held.is_open = False
