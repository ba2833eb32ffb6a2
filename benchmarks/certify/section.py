"""A section: books drawn one a seed, what each of them showed, kept so that a run can be taken up again."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.certify.imports import files_under
from postmortem.stats import wilson, z_value

FIRST_SEED = 1
Shown = Mapping[str, float | bool | None]


@dataclass(frozen=True)
class Line:
    """One line of a table: which of the values a book shows, what they are, and what was promised of them.

    `kind` is ``rate`` for yes and no, of which the share of yes is shown, and ``mean`` for a figure. `stated` is
    what it ought to be.
    """

    key: str
    what: str
    stated: str
    kind: Literal["rate", "mean"] = "rate"


@dataclass(frozen=True)
class Section:
    """One promise and the books it is tried on.

    Attributes
    ----------
    name : str
        On the command line and in the name of its file.
    title : str
        In plain words.
    books_are : str
        What one book is.
    trial : callable
        Given a seed, what the book of this seed showed by key; None where the method refused.
    lines : tuple of Line
        What is shown of it.
    most : int
        Books at most: fewer where a book takes more than five seconds.
    """

    name: str
    title: str
    books_are: str
    trial: Callable[[int], Shown]
    lines: tuple[Line, ...]
    most: int = 1000

    def run(self, books: int, folder: Path, minutes: float = math.inf) -> Iterator[tuple[Shown, float]]:
        """Yield what each book showed and the seconds it took, those of earlier runs first.

        After so many `minutes` no further book is begun.
        """
        begun = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        place, code = folder / f"{self.name}.jsonl", self.code()
        known = [json.loads(line) for line in _whole_lines(place)]
        if any(row["code"] != code for row in known):
            # seen with other code: nothing of it may stand beside what is seen now
            place.unlink()
            known = []
        for row in known[: min(books, self.most)]:
            yield row["shown"], row["seconds"]
        with place.open("a", encoding="utf-8") as kept:
            for seed in range(FIRST_SEED + len(known), FIRST_SEED + min(books, self.most)):
                if time.monotonic() - begun >= minutes * 60:
                    return
                started = time.process_time()
                shown = {key: _plain(value) for key, value in self.trial(seed).items()}
                seconds = time.process_time() - started
                kept.write(json.dumps({"code": code, "seed": seed, "shown": shown, "seconds": seconds}) + "\n")
                kept.flush()
                yield shown, seconds

    def code(self) -> str:
        """Return a hash of every file this section's answers stand on: a change of another throws no book away."""
        digest = hashlib.sha256()
        for path in files_under(Path(inspect.getfile(self.trial))):
            digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()[:16]

    def table(self, seen: list[tuple[Shown, float]]) -> str:
        """Return the section in Markdown: what the books were, how long they took, and a row a line."""
        if not seen:
            return f"## {self.title}\n\n{self.books_are} None of them was run (`--section {self.name}`).\n"
        minutes = sum(seconds for _, seconds in seen) / 60
        last = FIRST_SEED + len(seen) - 1
        head = (
            f"## {self.title}\n\n{self.books_are} {len(seen):,} of them, seeds {FIRST_SEED} to {last}; "
            f"{minutes:.1f} minutes of one core (`--section {self.name}`).\n\n"
            "| what | stated | seen | Monte-Carlo interval | books |\n|---|---|---|---|---|\n"
        )
        return head + "".join(row(line, [shown[line.key] for shown, _ in seen]) for line in self.lines)


def row(line: Line, values: list[float | bool | None]) -> str:
    """Return one line of the table; books in which the method refused are counted, not judged."""
    known = [value for value in values if value is not None]
    refused = f" ({len(values) - len(known)} refused)" if len(known) < len(values) else ""
    if not known:
        return f"| {line.what} | {line.stated} | refused in every book | | 0{refused} |\n"
    if line.kind == "rate":
        rate = wilson(sum(bool(value) for value in known), len(known), least_n=1)
        seen, low, high = (f"{value:.3f}" for value in (rate.estimate, rate.low, rate.high))
    else:
        figures = np.array(known, dtype=np.float64)
        error = figures.std(ddof=1) / math.sqrt(figures.size) if figures.size > 1 else math.nan
        middle, half = float(figures.mean()), z_value(0.95) * float(error)
        seen, low, high = (f"{value:+.4f}" for value in (middle, middle - half, middle + half))
    return f"| {line.what} | {line.stated} | {seen} | {low} to {high} | {len(known):,}{refused} |\n"


def _plain(value: float | bool | None) -> float | bool | None:
    """Return a number or flag of numpy as Python's own, which JSON can hold."""
    return value.item() if isinstance(value, np.generic) else value


def _whole_lines(place: Path) -> list[str]:
    """Return the lines that were written whole: a run may have been stopped inside one."""
    if not place.is_file():
        return []
    text = place.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        place.write_text(whole, encoding="utf-8")
    return whole.splitlines()
