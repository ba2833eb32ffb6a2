"""What must hold for codes and their hierarchy before anything can be computed with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from postmortem.ground.errors import nearest
from postmortem.taxonomies.model import LOST_TO, Reason

_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one field of one code."""

    code: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}.{self.field}: {self.message}"


def is_snake_case(name: str) -> bool:
    """Tell whether `name` is lower-case words joined by single underscores."""
    return _SNAKE_CASE.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return `text` without its case, punctuation and spacing: "No Budget / Lost" -> "no budget lost"."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(letter if letter.isalnum() else " " for letter in plain).split())


def structural_faults(reasons: Sequence[Reason]) -> tuple[Fault, ...]:
    """Return the faults that would make codes or hierarchy ambiguous.

    Parameters
    ----------
    reasons : sequence of Reason
        A taxonomy's reasons, inherited ones included.

    Returns
    -------
    tuple of Fault
        Codes that are doubled or not snake_case, unknown parents, circles of parents, a `lost_to`
        outside `LOST_TO`, and `replaces` that name a live code or are claimed twice.
    """
    return (
        *_name_faults(reasons),
        *_parent_faults(reasons),
        *_lost_to_faults(reasons),
        *_replaces_faults(reasons),
    )


def _name_faults(reasons: Sequence[Reason]) -> Iterator[Fault]:
    seen: set[str] = set()
    for reason in reasons:
        if not is_snake_case(reason.code):
            yield Fault(reason.code, "code", "write it in snake_case: lower-case words joined by underscores")
        if reason.code in seen:
            yield Fault(reason.code, "code", "the same code is there twice")
        seen.add(reason.code)


def _parent_faults(reasons: Sequence[Reason]) -> Iterator[Fault]:
    parents = {reason.code: reason.parent for reason in reasons}
    for code, parent in parents.items():
        if parent is not None and parent not in parents:
            yield Fault(code, "parent", f"no code {parent!r}; {nearest(parent, tuple(parents))}")
        elif code in _ancestors(code, parents):
            yield Fault(code, "parent", "circle: the code is its own ancestor")


def _ancestors(code: str, parents: dict[str, str | None]) -> set[str]:
    found: set[str] = set()
    above = parents[code]
    while above is not None and above not in found:
        found.add(above)
        above = parents.get(above)
    return found


def _lost_to_faults(reasons: Iterable[Reason]) -> Iterator[Fault]:
    for reason in reasons:
        if reason.lost_to is not None and reason.lost_to not in LOST_TO:
            yield Fault(reason.code, "lost_to", f"{reason.lost_to!r} is unknown; {nearest(reason.lost_to, LOST_TO)}")


def _replaces_faults(reasons: Sequence[Reason]) -> Iterator[Fault]:
    live = {reason.code for reason in reasons}
    taken: dict[str, str] = {}
    for reason in reasons:
        for old in reason.replaces:
            if old in live:
                yield Fault(reason.code, "replaces", f"{old!r} is still a code of this taxonomy")
            if old in taken:
                yield Fault(
                    reason.code,
                    "replaces",
                    f"{old!r} is already replaced by {taken[old]!r}; a code that was split "
                    "belongs into a crosswalk, with both as candidates",
                )
            taken.setdefault(old, reason.code)
