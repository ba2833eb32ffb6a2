"""Is a taxonomy fit to be used? Every fault of it, named by code and field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from postmortem.ground.errors import nearest
from postmortem.taxonomies.loader import load_taxonomy
from postmortem.taxonomies.model import Reason, Taxonomy
from postmortem.taxonomies.structure import Fault, fold, is_snake_case, structural_faults

__all__ = ["Fault", "lint"]

ECOSYSTEM = "ecosystem"
_REQUIRED = ("label", "definition", "remedy", "interview_question")


def lint(taxonomy: Taxonomy, *, buckets: Collection[str] | None = None) -> tuple[Fault, ...]:
    """Return every fault of a taxonomy, an empty tuple when there is none.

    Parameters
    ----------
    taxonomy : Taxonomy
        One that was loaded, or built in memory.
    buckets : collection of str, optional
        The codes that `ecosystem` may name; those of the `ecosystem` taxonomy that ships unless given.

    Returns
    -------
    tuple of Fault
        What `load_taxonomy` refuses too (hierarchy, names, `replaces`), and what it lets pass:
        empty fields, a definition that repeats the label, unknown ecosystem codes, headings without
        codes, and labels, synonyms or signals that are shared or badly written.
    """
    return (
        *structural_faults(taxonomy.reasons),
        *(fault for reason in taxonomy.reasons for fault in _text_faults(reason)),
        *_ecosystem_faults(taxonomy, buckets),
        *_group_faults(taxonomy.reasons),
        *(fault for reason in taxonomy.reasons for fault in _word_faults(reason)),
        *_shared_words(taxonomy.reasons),
    )


def _text_faults(reason: Reason) -> Iterator[Fault]:
    texts = {
        "label": reason.label,
        "definition": reason.definition,
        "remedy": reason.remedy,
        "interview_question": reason.interview_question,
    }
    for field in _REQUIRED:
        if not texts[field].strip():
            yield Fault(reason.code, field, "is missing")
    if reason.definition.strip() and fold(reason.definition) == fold(reason.label):
        yield Fault(reason.code, "definition", "only repeats the label")
    if reason.interview_question.strip() and "?" not in reason.interview_question:
        yield Fault(reason.code, "interview_question", "asks nothing: there is no question mark")


def _ecosystem_faults(taxonomy: Taxonomy, buckets: Collection[str] | None) -> Iterator[Fault]:
    # The buckets themselves are what the others point at.
    if taxonomy.id == ECOSYSTEM:
        return
    known = tuple(load_taxonomy(ECOSYSTEM).assignable if buckets is None else buckets)
    for reason in taxonomy.reasons:
        if reason.ecosystem is None:
            yield Fault(reason.code, "ecosystem", "is missing")
        elif reason.ecosystem not in known:
            message = f"{reason.ecosystem!r} is not a place in the ecosystem; {nearest(reason.ecosystem, known)}"
            yield Fault(reason.code, "ecosystem", message)


def _group_faults(reasons: Sequence[Reason]) -> Iterator[Fault]:
    parents = {reason.parent for reason in reasons}
    for reason in reasons:
        if reason.group and reason.code not in parents:
            yield Fault(reason.code, "group", "is a heading with no code below it")
        if reason.group and reason.synonyms:
            yield Fault(reason.code, "synonyms", "a heading is never given to a deal; move them to a code below it")


def _word_faults(reason: Reason) -> Iterator[Fault]:
    for signal in reason.signals:
        if not is_snake_case(signal):
            yield Fault(reason.code, "signals", f"{signal!r} is not snake_case")
    for signal in reason.defining:
        if signal not in reason.signals:
            message = f"{signal!r} is not among its signals; {nearest(signal, reason.signals)}"
            yield Fault(reason.code, "defining", message)
    for synonym in reason.synonyms:
        if not fold(synonym):
            yield Fault(reason.code, "synonyms", f"{synonym!r} holds no word")
        elif synonym != synonym.lower():
            yield Fault(reason.code, "synonyms", f"{synonym!r} is not lower-case")
    for field, words in (("signals", reason.signals), ("synonyms", reason.synonyms)):
        folded = [fold(word) for word in words]
        for word in sorted({word for word in folded if folded.count(word) > 1}):
            yield Fault(reason.code, field, f"{word!r} is listed twice")


def _shared_words(reasons: Sequence[Reason]) -> Iterator[Fault]:
    """Find words that would lead to two codes: labels and synonyms of different codes that read the same."""
    owners: dict[str, str] = {}
    for reason in reasons:
        label = fold(reason.label)
        if label and owners.setdefault(label, reason.code) != reason.code:
            yield Fault(reason.code, "label", f"{reason.label!r} is also the label of {owners[label]!r}")
    for reason in reasons:
        for synonym in reason.synonyms:
            word = fold(synonym)
            if word and owners.setdefault(word, reason.code) != reason.code:
                yield Fault(reason.code, "synonyms", f"{synonym!r} also leads to {owners[word]!r}")
