"""Map the values a CRM holds to codes: certain, ambiguous or unmapped, and never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from postmortem.ground.errors import UsageError
from postmortem.taxonomies.crosswalk_file import Crosswalk, Entry, load_crosswalks
from postmortem.taxonomies.model import Taxonomy
from postmortem.taxonomies.own_map import OwnMap, OwnTarget, read_own
from postmortem.taxonomies.structure import fold

__all__ = ["Crosswalk", "Entry", "Mapped", "load_crosswalks", "map_values"]


@dataclass(frozen=True)
class Mapped:
    """What became of one value.

    Parameters
    ----------
    value : str
        As the CRM holds it.
    code : str, optional
        The one code it stands for; None when it has none, several or is unmapped.
    lost_to : str, optional
        To whom, where the value itself says so. The default of its code is left to the reader of the
        code, so that what was recorded can be told from what follows from it.
    candidates : tuple of str
        The codes it may stand for, when it is ambiguous.
    source : str
        own, code, label, crosswalk:<id>, synonym, ambiguous or unmapped: which rule decided.
    note : str
        What the value merges or leaves open.
    """

    value: str
    code: str | None
    lost_to: str | None
    candidates: tuple[str, ...]
    source: str
    note: str = ""


def map_values(
    values: Iterable[str | None],
    taxonomy: Taxonomy,
    *,
    own: Mapping[str, OwnTarget] | None = None,
    crosswalks: Sequence[Crosswalk] | None = None,
) -> tuple[Mapped, ...]:
    """Say what each distinct value means.

    Parameters
    ----------
    values : iterable of str
        Values of one field. None, NaN and blank strings are not values and are passed over.
    taxonomy : Taxonomy
        Where codes come from.
    own : mapping, optional
        The engagement's own decisions: value -> code, or value -> a mapping with `codes` (one or a
        list), `lost_to` and `note`.
    crosswalks : sequence of Crosswalk, optional
        Those to ask; unless given, all that ship and are not marked `only_when_named`. Their codes
        apply by name to every taxonomy that has them.

    Returns
    -------
    tuple of Mapped
        One a distinct value, in the order of first appearance.

    Raises
    ------
    ConfigError
        If `own` names an unknown code or field, once with all such faults.
    UsageError
        If a value is not a string.

    Notes
    -----
    Rules, first that applies: own map, exact code, label, crosswalks, synonym. All but the exact code
    compare without case, punctuation and spacing, and nothing is matched by likeness. Crosswalks that
    contradict each other make a value ambiguous.
    """
    decided = read_own(own or {}, taxonomy)
    if crosswalks is None:
        crosswalks = tuple(item for item in load_crosswalks() if not item.only_when_named)
    words = _Words.of(taxonomy)
    return tuple(_map_one(value, taxonomy, decided, words, crosswalks) for value in _distinct(values))


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise UsageError("expected several values, got one string", got=values, do="pass a list of values")
    found: dict[str, None] = {}
    for value in values:
        # NaN, which pandas puts for a missing string, is the only value that differs from itself.
        if value is None or value != value:
            continue
        if not isinstance(value, str):
            raise UsageError("a value is not a string", got=repr(value), do="read the column as text")
        if value.strip():
            found[value] = None
    return tuple(found)


@dataclass(frozen=True)
class _Words:
    """Codes by label and by synonym, both folded."""

    labels: Mapping[str, tuple[str, ...]]
    synonyms: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, taxonomy: Taxonomy) -> _Words:
        labels: dict[str, tuple[str, ...]] = {}
        synonyms: dict[str, tuple[str, ...]] = {}
        for reason in taxonomy.reasons:
            if reason.group:
                continue
            labels[fold(reason.label)] = (*labels.get(fold(reason.label), ()), reason.code)
            for word in {fold(synonym) for synonym in reason.synonyms}:
                synonyms[word] = (*synonyms.get(word, ()), reason.code)
        return cls(labels, synonyms)


def _map_one(value: str, taxonomy: Taxonomy, own: OwnMap, words: _Words, crosswalks: Sequence[Crosswalk]) -> Mapped:
    entry = own.find(value)
    if entry is not None:
        return _resolve(value, entry, "own", taxonomy)
    named = _current(value.strip(), taxonomy)
    if named is not None:
        return _resolve(value, Entry((value,), (named,)), "code", taxonomy)
    word = fold(value)
    if word and word in words.labels:
        return _resolve(value, Entry((value,), words.labels[word]), "label", taxonomy)
    mapped = _from_crosswalks(value, taxonomy, crosswalks) if word else None
    if mapped is not None:
        return mapped
    if word and word in words.synonyms:
        return _resolve(value, Entry((value,), words.synonyms[word]), "synonym", taxonomy)
    return Mapped(value, None, None, (), "unmapped")


def _from_crosswalks(value: str, taxonomy: Taxonomy, crosswalks: Sequence[Crosswalk]) -> Mapped | None:
    hits = [(crosswalk.id, entry) for crosswalk in crosswalks if (entry := crosswalk.find(value)) is not None]
    if not hits:
        return None
    first, entry = hits[0]
    if all((set(other.codes), other.lost_to) == (set(entry.codes), entry.lost_to) for _, other in hits):
        known = any(_current(code, taxonomy) for code in entry.codes)
        if not known and entry.lost_to is None:
            return None
        return _resolve(value, entry, f"crosswalk:{first}", taxonomy)
    codes = [_current(code, taxonomy) for _, other in hits for code in other.codes]
    to_whom = {other.lost_to for _, other in hits}
    return Mapped(
        value,
        None,
        to_whom.pop() if len(to_whom) == 1 else None,
        tuple(dict.fromkeys(code for code in codes if code is not None)),
        "ambiguous",
        "Crosswalks disagree: " + ", ".join(name for name, _ in hits) + ".",
    )


def _resolve(value: str, entry: Entry, source: str, taxonomy: Taxonomy) -> Mapped:
    """Turn an entry into a result: a candidate this taxonomy lacks still keeps the value ambiguous."""
    current = [_current(code, taxonomy) for code in entry.codes]
    known = tuple(dict.fromkeys(code for code in current if code is not None))
    if len(known) == 1 and None not in current:
        return Mapped(value, known[0], entry.lost_to, (), source, entry.note)
    if known:
        origin = "" if source == "own" else f" ({source})"
        return Mapped(value, None, entry.lost_to, known, "ambiguous", f"{entry.note}{origin}".strip())
    return Mapped(value, None, entry.lost_to, (), source, entry.note)


def _current(code: str, taxonomy: Taxonomy) -> str | None:
    """Return the code a deal can be given for `code` today, None when there is none."""
    return taxonomy.successor(code) if taxonomy.successor(code) in taxonomy.assignable else None
