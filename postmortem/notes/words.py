"""The word file behind the suggestions: phrases by code, what denies them, what belongs to another customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import postmortem.taxonomies as taxonomies
from postmortem.notes.phrases import Phrase
from postmortem.taxonomies.model import LOST_TO, Taxonomy
from postmortem.taxonomies.structure import fold
from postmortem.taxonomies.tomlfile import Fields, raise_faults, read_toml

SHIPPED = Path(taxonomies.__file__).parent / "note_words"
HEADER = ("taxonomy", "version", "strong", "weak", "threshold", "reach", "scope", "short", "codes", "lost_to")
SCOPE = ("negations", "denials", "elsewhere", "here", "out", "fillers")


@dataclass(frozen=True)
class NoteWords:
    """What the reader of notes looks for.

    Parameters
    ----------
    version : str
        Of the word file.
    threshold : float
        Score from which a code is suggested, 0 to 1.
    reach : int
        Words over which a negation or a denial carries.
    strong : float
        Weight of a strong phrase, and of a weak one that makes up its whole clause.
    codes : mapping of str to tuple of Phrase
        By code, synonyms of the taxonomy included.
    lost_to : mapping of str to tuple of Phrase
        Phrases that say to whom, by `LOST_TO`.
    denials, elsewhere : tuple of Phrase
        What behind a reason denies it; what says that a sentence is about another customer.
    negations, here, out, fillers : frozenset of str
        Words that deny what follows, that come back to this customer, that say behind a competitor's name that it
        did not take the deal, and that carry no meaning in a clause.
    short : mapping of str to str
        Abbreviations and what they are spelt out to.
    """

    version: str
    threshold: float
    reach: int
    strong: float
    codes: Mapping[str, tuple[Phrase, ...]]
    lost_to: Mapping[str, tuple[Phrase, ...]]
    denials: tuple[Phrase, ...]
    elsewhere: tuple[Phrase, ...]
    negations: frozenset[str]
    here: frozenset[str]
    out: frozenset[str]
    fillers: frozenset[str]
    short: Mapping[str, str]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every whole word of its phrases, and the words that deny or mean nothing."""
        groups = (*self.codes.values(), *self.lost_to.values(), self.denials, self.elsewhere)
        of_phrases = {word for group in groups for phrase in group for word in phrase.whole_words}
        return frozenset(of_phrases) | self.negations | self.here | self.out | self.fillers


@lru_cache(maxsize=8)
def load_words(taxonomy: Taxonomy, path: Path = SHIPPED / "red_zone.toml") -> NoteWords:
    """Read the word file for a taxonomy.

    Parameters
    ----------
    taxonomy : Taxonomy
        Whose codes may be suggested. Phrases for a code it lacks are left out, those for a code it replaced
        go to the one that carries its meaning; its synonyms are added.
    path : Path
        The word file; the one that ships unless given.

    Raises
    ------
    ConfigError
        Once, with every fault of the file.
    """
    head = Fields("", read_toml(path))
    head.only(HEADER)
    strong, weak, threshold = (_number(head, key) for key in ("strong", "weak", "threshold"))
    scope = Fields("scope", _table(head, "scope"), head.faults)
    scope.only(SCOPE)
    codes: dict[str, tuple[Phrase, ...]] = {}
    for code, table in _table(head, "codes").items():
        given = Fields(f"codes.{code}", table if isinstance(table, Mapping) else {}, head.faults)
        given.only(("strong", "weak"))
        live = taxonomy.successor(code)
        phrases = (*_phrases(given, "strong", strong), *_phrases(given, "weak", weak))
        if live in taxonomy.assignable:
            codes[live] = (*codes.get(live, ()), *phrases)
    to_whom = Fields("lost_to", _table(head, "lost_to"), head.faults)
    to_whom.only(LOST_TO)
    words = NoteWords(
        version=head.text("version", required=True),
        threshold=threshold,
        reach=int(_number(head, "reach", most=10)),
        strong=strong,
        codes=_with_synonyms(codes, taxonomy, strong, weak),
        lost_to={key: _phrases(to_whom, key, strong) for key in LOST_TO},
        denials=_phrases(scope, "denials", strong),
        elsewhere=_phrases(scope, "elsewhere", strong),
        negations=frozenset(scope.texts("negations")),
        here=frozenset(scope.texts("here")),
        out=frozenset(scope.texts("out")),
        fillers=frozenset(scope.texts("fillers")),
        short={str(key): str(value) for key, value in _table(head, "short").items()},
    )
    raise_faults(path.name, head.faults, "correct these entries")
    return words


def _with_synonyms(
    codes: Mapping[str, tuple[Phrase, ...]], taxonomy: Taxonomy, strong: float, weak: float
) -> dict[str, tuple[Phrase, ...]]:
    """Add the taxonomy's own synonyms: several words are strong, a single one is weak."""
    found = dict(codes)
    for code in taxonomy.assignable:
        known = {phrase.text for phrase in codes.get(code, ())}
        synonyms = dict.fromkeys(fold(text) for text in taxonomy.reason(code).synonyms)
        more = [Phrase(text, strong if " " in text else weak) for text in synonyms if text and text not in known]
        if more:
            found[code] = (*codes.get(code, ()), *more)
    return found


def _phrases(given: Fields, key: str, weight: float) -> tuple[Phrase, ...]:
    phrases = tuple(Phrase(text, weight) for text in given.texts(key))
    for phrase in phrases:
        if not phrase.is_readable:
            given.fault(key, f"{phrase.text!r} is no phrase: words, stem*, a|b, ... between words and {{rival}}")
    return tuple(phrase for phrase in phrases if phrase.is_readable)


def _table(head: Fields, key: str) -> Mapping[str, object]:
    value = head.table.get(key, {})
    if isinstance(value, Mapping):
        return value
    head.fault(key, f"expected a table [{key}], got {value!r}")
    return {}


def _number(head: Fields, key: str, most: float = 1.0) -> float:
    value = head.table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        head.fault(key, f"expected a number above 0 and at most {most:g}, got {value!r}")
        return most
    return float(value)
