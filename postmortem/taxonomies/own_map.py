"""The engagement's own map: decisions of the people who know what a value meant in their CRM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postmortem.ground.errors import nearest
from postmortem.taxonomies.crosswalk_file import Entry
from postmortem.taxonomies.model import LOST_TO, Taxonomy
from postmortem.taxonomies.structure import fold
from postmortem.taxonomies.tomlfile import Fields, raise_faults

OwnTarget = str | Mapping[str, str | Sequence[str] | None]
"""A code, or a table with `codes` (one or a list), `lost_to` and `note`; None counts as absent."""

TARGET_FIELDS = ("codes", "lost_to", "note")


@dataclass(frozen=True)
class OwnMap:
    """Entries by exact value and, where that is unique, by folded value."""

    exact: Mapping[str, Entry]
    folded: Mapping[str, Entry]

    def find(self, value: str) -> Entry | None:
        """Return the entry for `value`; its exact spelling counts first."""
        return self.exact.get(value) or self.folded.get(fold(value))


def read_own(own: Mapping[str, OwnTarget], taxonomy: Taxonomy) -> OwnMap:
    """Check an engagement's own map and make it ready for look-up.

    Parameters
    ----------
    own : mapping
        Value -> code, or value -> a table with `codes`, `lost_to` and `note`.
    taxonomy : Taxonomy
        Whose codes it may name; codes that were replaced are followed.

    Raises
    ------
    ConfigError
        Once, with every unknown code, field or `lost_to`.
    """
    faults: list[str] = []
    exact = {value: _entry(value, target, taxonomy, faults) for value, target in own.items()}
    raise_faults("the map of your own loss reasons", faults, "correct these lines")
    folded: dict[str, list[Entry]] = {}
    for value, entry in exact.items():
        folded.setdefault(fold(value), []).append(entry)
    # Two spellings with different meanings ("A+", "A") are told apart only by their exact spelling.
    certain = {
        word: entries[0]
        for word, entries in folded.items()
        if word and len({(entry.codes, entry.lost_to) for entry in entries}) == 1
    }
    return OwnMap(exact, certain)


def _entry(value: str, target: object, taxonomy: Taxonomy, faults: list[str]) -> Entry:
    table = {"codes": target} if isinstance(target, str) else target
    if not isinstance(table, Mapping):
        faults.append(f"{value!r}: expected a code or a table with `codes` and `lost_to`, got {target!r}")
        return Entry((value,))
    given = Fields(repr(value), {key: item for key, item in table.items() if item is not None}, faults)
    given.only(TARGET_FIELDS)
    codes = (given.text("codes"),) if isinstance(table.get("codes"), str) else given.texts("codes")
    entry = Entry((value,), codes, given.text("lost_to") or None, given.text("note"))
    for code in codes:
        if taxonomy.successor(code) not in taxonomy.assignable:
            hint = nearest(code, taxonomy.assignable)
            given.fault("codes", f"{code!r} is not a code a deal can be given; {hint}")
    if entry.lost_to is not None and entry.lost_to not in LOST_TO:
        given.fault("lost_to", f"{entry.lost_to!r} is unknown; {nearest(entry.lost_to, LOST_TO)}")
    if not codes and entry.lost_to is None:
        given.fault("codes", "says neither why nor to whom")
    return entry
