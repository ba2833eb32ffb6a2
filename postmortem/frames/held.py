"""A book and a cohort held in memory, so that what a run has read and worked out is in its kernels from their start.

They are found by content, as in the cache on disk. A run holds what it reads and hands it on, packed, to the program
that forks its kernels: each kernel has what it is forked from as its own, so that no notebook sees what another one
does to it.
"""

from __future__ import annotations

import copyreg
import datetime as dt
import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from postmortem.book import Book
from postmortem.frames.cohort import Cohort

Asked = tuple[str, str, str, int, tuple[str, ...], int, dt.date]
"""What a choice of deals depends on: the book's fingerprint, quarter, kind, window, categories, snapshot day, as-of."""


NOTHING: Final = b""


class Held:
    """What is held: nothing unless told to, and then the last book and the last cohort."""

    def __init__(self) -> None:
        self.is_open = False
        self._books: dict[str, Book] = {}
        self._cohorts: dict[Asked, Cohort] = {}
        self._expected: Callable[[], bytes] | None = None

    def book(self, digest: str, read: Callable[[], Book]) -> Book:
        """Return the book of this content, which `read` reads where it is not held."""
        self._receive()
        if digest in self._books:
            return self._books[digest]
        book = read()
        if self.is_open:
            self._books = {digest: book}
        return book

    def cohort(self, asked: Callable[[], Asked], choose: Callable[[], Cohort]) -> Cohort:
        """Return the cohort that was asked for, which `choose` works out where it is not held."""
        self._receive()
        if not (self.is_open or self._cohorts):
            return choose()
        key = asked()
        if key not in self._cohorts:
            cohort = choose()
            if not self.is_open:
                return cohort
            self._cohorts = {key: cohort}
        return self._cohorts[key]

    def packed(self) -> bytes:
        """Return what is held, for a process of the same program to `take`.

        Raises
        ------
        pickle.PicklingError, TypeError, AttributeError
            When something of it cannot be packed.
        """
        return packed((self._books, self._cohorts))

    def take(self, packed: bytes) -> None:
        """Hold what another process has `packed`, in place of what was held; `NOTHING` is an end to it."""
        self._expected = None
        self._books, self._cohorts = pickle.loads(packed) if packed else ({}, {})

    def expect(self, packed: Callable[[], bytes]) -> None:
        """Hold what another process is still packing: whoever looks for something waits until it is there."""
        self._expected = packed

    def _receive(self) -> None:
        if self._expected is not None:
            self.take(self._expected())


held = Held()


@contextmanager
def holding() -> Iterator[None]:
    """Hold the last book and the last cohort that are read in this block; forget them after it."""
    held.is_open = True
    try:
        yield
    finally:
        held.is_open = False
        held.take(NOTHING)


def packed(what: object) -> bytes:
    """Return a book, a cohort, or what holds some, for `pickle.loads` in another process of the same program.

    Raises
    ------
    pickle.PicklingError, TypeError, AttributeError
        When something of it cannot be packed.
    """
    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(what)
    return written.getvalue()


class _Pickler(pickle.Pickler):
    """Packs views of mappings as well, which a book is made of."""

    dispatch_table: Mapping[type, Callable[[Any], Any]] = {
        **copyreg.dispatch_table,
        MappingProxyType: lambda view: (_view, (dict(view),)),
    }


def _view(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)
