"""Suggest codes for a note: every code with the words that speak for it and a score, or nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from postmortem.notes.phrases import Phrase
from postmortem.notes.reading import Clause, Reader
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

    Notes
    -----
    A phrase counts unless a negation stands up to three words before it in its clause ("not about price"), a
    denial begins within that many words behind it ("price was fine"), or its sentence is about another customer
    ("same as ..."). Phrases that hold their negation ("no budget left") are not denied by it. Irony is not
    recognised, and no language but English.
    """
    clauses = reader.clauses(note or "", account)
    aside = _set_aside(clauses, reader)
    scored: list[tuple[float, int, int, Suggested]] = []
    for code, phrases in reader.words.codes.items():
        matches = _counted(clauses, phrases, reader, aside)
        score = 1 - math.prod(1 - match.weight for match in matches)
        if score >= reader.words.threshold:
            said = dict.fromkeys(clauses[match.clause].quoted(match.first, match.end) for match in matches)
            scored.append((-score, matches[0].clause, matches[0].first, Suggested(code, score, tuple(said))))
    scored.sort(key=lambda entry: entry[:3])
    codes = tuple(entry[3] for entry in scored[:SUGGESTED_AT_MOST])
    return Suggestion(codes, *_to_whom(clauses, reader, aside, codes, taxonomy))


def _to_whom(
    clauses: tuple[Clause, ...],
    reader: Reader,
    aside: Mapping[int, range],
    codes: tuple[Suggested, ...],
    taxonomy: Taxonomy,
) -> tuple[str | None, str | None]:
    """Return to whom and which competitor: the note's own words first, then what the codes say by definition."""
    said = {
        party: matches
        for party, phrases in reader.words.lost_to.items()
        if (matches := _counted(clauses, phrases, reader, aside))
    }
    defaults = {taxonomy.reason(each.code).lost_to for each in codes} - {None}
    parties = set(said) or defaults
    party = parties.pop() if len(parties) == 1 else None
    if party != "competitor":
        return party, None
    # The name in the words that say so; failing that, the only competitor the note names, unless it is said to be out.
    told = [(match.clause, place) for match in said.get(party, ()) for place in range(match.first, match.end)]
    anywhere = [
        (number, place)
        for number, clause in enumerate(clauses)
        for place in range(len(clause.words))
        if place not in aside.get(number, ()) and not reader.words.out & set(clause.words[place + 1 : place + 4])
    ]
    for places in (told, anywhere):
        named = {reader.competitor(clauses[number], place) for number, place in places} - {None}
        if named:
            return party, named.pop() if len(named) == 1 else None
    return party, None


def _counted(
    clauses: tuple[Clause, ...], phrases: Iterable[Phrase], reader: Reader, aside: Mapping[int, range]
) -> tuple[_Match, ...]:
    """Return what counts of these phrases, in the order of the note; of two that overlap the longer one."""
    found = {
        (match.clause, match.first, match.end): match
        for phrase in sorted(phrases, key=lambda phrase: phrase.weight)
        for match in _matches(clauses, phrase, reader, aside)
    }
    kept = [match for match in found.values() if not any(match.within(other) for other in found.values())]
    return tuple(sorted(kept, key=lambda match: (match.clause, match.first, match.end)))


def _matches(
    clauses: tuple[Clause, ...], phrase: Phrase, reader: Reader, aside: Mapping[int, range]
) -> Iterator[_Match]:
    for number, clause in enumerate(clauses):
        for found in phrase.pattern.finditer(clause.text):
            first, end = clause.places(found)
            if first in aside.get(number, ()) or _denied(clause, first, end, reader):
                continue
            rest = [*clause.words[:first], *clause.words[end:]]
            alone = all(word in reader.words.fillers or word.isdigit() for word in rest)
            yield _Match(reader.words.strong if alone else phrase.weight, number, first, end)


def _denied(clause: Clause, first: int, end: int, reader: Reader) -> bool:
    words, reach = clause.words, reader.words.reach
    if words[first] not in reader.words.negations and reader.words.negations & set(
        words[max(0, first - reach) : first]
    ):
        return True
    behind = " ".join(words[end:])
    for denial in reader.words.denials:
        found = denial.pattern.search(behind)
        if found is None:
            continue
        start = behind[: found.start()].count(" ")
        negated = bool(reader.words.negations & set(words[end : end + start]))
        if start < reach and not negated:
            return True
    return False


def _set_aside(clauses: tuple[Clause, ...], reader: Reader) -> dict[int, range]:
    """Return the words, clause by clause, that are about another customer or about a talk."""
    aside: dict[int, range] = {}
    elsewhere: int | None = None
    for number, clause in enumerate(clauses):
        if clause.sentence != elsewhere and any(
            phrase.pattern.search(clause.text) for phrase in reader.words.elsewhere
        ):
            elsewhere = clause.sentence
        if clause.sentence == elsewhere:
            back = next((place for place, word in enumerate(clause.words) if word in reader.words.here), None)
            aside[number] = range(len(clause.words) if back is None else back)
            elsewhere = elsewhere if back is None else None
    return aside
