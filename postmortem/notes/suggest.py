"""Suggest codes for a note: every code with the words that speak for it and a score, or nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from postmortem.notes.phrases import Phrase
from postmortem.notes.reading import Clause, Reader
from postmortem.notes.words import NoteWords
from postmortem.taxonomies.model import Taxonomy

SUGGESTED_AT_MOST = 3


@dataclass(frozen=True)
class Suggested:
    """A code that a note speaks of.

    Parameters
    ----------
    code : str
        Of the taxonomy.
    score : float
        0 to 1; how much speaks for it, no probability.
    words : tuple of str
        What speaks for it, as the note has it.
    """

    code: str
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """What a note suggests.

    Parameters
    ----------
    codes : tuple of Suggested
        The best first, three at most; empty where the reader abstains.
    lost_to : str, optional
        To whom, where words or the definition of the suggested codes agree on it.
    competitor : str, optional
        Who took the deal, where the note says so: never a name that is only there.
    """

    codes: tuple[Suggested, ...]
    lost_to: str | None
    competitor: str | None


@dataclass(frozen=True)
class _Match:
    weight: float
    clause: int
    first: int
    end: int

    def within(self, other: _Match) -> bool:
        """Whether the other one spans these words and more."""
        inside = self.clause == other.clause and other.first <= self.first and self.end <= other.end
        return inside and (self.first, self.end) != (other.first, other.end)


@dataclass(frozen=True)
class _Note:
    """A note that was read: its clauses, and the words of them that are about something else."""

    clauses: tuple[Clause, ...]
    aside: Mapping[int, range]
    words: NoteWords

    @cached_property
    def whole(self) -> str:
        """All clauses in one text that no phrase reaches across."""
        return " | ".join(clause.text for clause in self.clauses)

    @cached_property
    def every_word(self) -> frozenset[str]:
        """The words of all clauses."""
        return frozenset(word for clause in self.clauses for word in clause.words)

    def counted(self, phrases: Iterable[Phrase]) -> tuple[_Match, ...]:
        """Return what counts of these phrases, in the order of the note; of two that overlap the longer one."""
        there = [phrase for phrase in phrases if phrase.may_stand_in(self.every_word, self.whole)]
        found = {
            (match.clause, match.first, match.end): match
            for phrase in sorted(there, key=lambda phrase: phrase.weight)
            if phrase.pattern.search(self.whole)
            for match in self._matches(phrase)
        }
        kept = [match for match in found.values() if not any(match.within(other) for other in found.values())]
        return tuple(sorted(kept, key=lambda match: (match.clause, match.first, match.end)))

    def _matches(self, phrase: Phrase) -> Iterator[_Match]:
        for number, clause in enumerate(self.clauses):
            for found in phrase.pattern.finditer(clause.text):
                first, end = clause.places(found)
                if first in self.aside.get(number, ()) or _denied(clause, first, end, self.words):
                    continue
                rest = [*clause.words[:first], *clause.words[end:]]
                alone = all(word in self.words.fillers or word.isdigit() for word in rest)
                yield _Match(self.words.strong if alone else phrase.weight, number, first, end)


def suggest(note: str | None, reader: Reader, taxonomy: Taxonomy, *, account: str | None = None) -> Suggestion:
    """Say which codes a note speaks of.

    Parameters
    ----------
    note : str, optional
        As the CRM holds it; none suggests nothing.
    reader : Reader
        With the words and the competitors' names.
    taxonomy : Taxonomy
        The one the words were loaded for.
    account : str, optional
        The customer the note is about.

    Returns
    -------
    Suggestion
        Codes whose score reaches the threshold of the words, and to whom.

    Notes
    -----
    A phrase counts unless a negation stands up to three words before it in its clause ("not about price"), a
    denial begins within that many words behind it ("price was fine"), or its sentence is about another customer
    ("same as ..."). Phrases that hold their negation ("no budget left") are not denied by it. Irony is not
    recognised, and no language but English.
    """
    clauses = reader.clauses(note or "", account)
    read = _Note(clauses, _set_aside(clauses, reader.words), reader.words)
    scored: list[tuple[float, int, int, Suggested]] = []
    for code, phrases in reader.words.codes.items():
        matches = read.counted(phrases)
        score = 1 - math.prod(1 - match.weight for match in matches)
        if score >= reader.words.threshold:
            said = dict.fromkeys(clauses[match.clause].quoted(match.first, match.end) for match in matches)
            scored.append((-score, matches[0].clause, matches[0].first, Suggested(code, score, tuple(said))))
    scored.sort(key=lambda entry: entry[:3])
    codes = tuple(entry[3] for entry in scored[:SUGGESTED_AT_MOST])
    return Suggestion(codes, *_to_whom(read, reader, codes, taxonomy))


def _to_whom(
    read: _Note, reader: Reader, codes: tuple[Suggested, ...], taxonomy: Taxonomy
) -> tuple[str | None, str | None]:
    """Return to whom and which competitor: the note's own words first, then what the codes say by definition."""
    said = {party: matches for party, phrases in read.words.lost_to.items() if (matches := read.counted(phrases))}
    defaults = {taxonomy.reason(each.code).lost_to for each in codes} - {None}
    parties = set(said) or defaults
    party = parties.pop() if len(parties) == 1 else None
    if party != "competitor":
        return party, None
    # The name in the words that say so; failing that, the only competitor the note names, unless it is said to be out.
    told = [(match.clause, place) for match in said.get(party, ()) for place in range(match.first, match.end)]
    anywhere = [
        (number, place)
        for number, clause in enumerate(read.clauses)
        for place in range(len(clause.words))
        if place not in read.aside.get(number, ())
        and not read.words.out & set(clause.words[place + 1 : place + 1 + read.words.reach])
    ]
    for places in (told, anywhere):
        named = {reader.competitor(read.clauses[number], place) for number, place in places} - {None}
        if named:
            return party, named.pop() if len(named) == 1 else None
    return party, None


def _denied(clause: Clause, first: int, end: int, words: NoteWords) -> bool:
    before = set(clause.words[max(0, first - words.reach) : first])
    if clause.words[first] not in words.negations and words.negations & before:
        return True
    behind = " ".join(clause.words[end:])
    for denial in words.denials:
        found = denial.pattern.search(behind)
        if found is None:
            continue
        start = behind[: found.start()].count(" ")
        negated = bool(words.negations & set(clause.words[end : end + start]))
        if start < words.reach and not negated:
            return True
    return False


def _set_aside(clauses: tuple[Clause, ...], words: NoteWords) -> dict[int, range]:
    """Return the words, clause by clause, that are about another customer or about a talk."""
    aside: dict[int, range] = {}
    elsewhere: int | None = None
    for number, clause in enumerate(clauses):
        if clause.sentence != elsewhere and any(phrase.pattern.search(clause.text) for phrase in words.elsewhere):
            elsewhere = clause.sentence
        if clause.sentence == elsewhere:
            back = next((place for place, word in enumerate(clause.words) if word in words.here), None)
            aside[number] = range(len(clause.words) if back is None else back)
            elsewhere = elsewhere if back is None else None
    return aside
