"""Codes that a value may stand for, by likeness: offered to people who decide, never taken by itself."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from postmortem.taxonomies.model import Reason, Taxonomy
from postmortem.taxonomies.structure import fold

LEAST = 0.5
BEHIND = 0.2
OFFERED = 5


def alike(value: str, taxonomy: Taxonomy, *, most: int = OFFERED) -> tuple[str, ...]:
    """Return the codes whose name, label or synonyms read most like `value`.

    Parameters
    ----------
    value : str
        As the CRM holds it.
    taxonomy : Taxonomy
        Whose codes are offered.
    most : int
        How many at most.

    Returns
    -------
    tuple of str
        Codes a deal can be given, the likest first; empty where nothing is like it.

    Notes
    -----
    Likeness is the larger of two: the share of letters in common runs, and the share of words in common, each
    without case and punctuation. What is far behind the likest is not offered. It is good enough to offer and too
    poor to decide by.
    """
    word = fold(value)
    if not word:
        return ()
    scored = [
        (max(_likeness(word, text) for text in _texts(reason)), place, reason.code)
        for place, reason in enumerate(taxonomy.reasons)
        if not reason.group
    ]
    least = max(LEAST, max(scored, default=(0.0,))[0] - BEHIND)
    close = sorted((-score, place, code) for score, place, code in scored if score >= least)
    return tuple(code for _, _, code in close[:most])


def _texts(reason: Reason) -> Iterator[str]:
    yield fold(reason.code.replace("_", " "))
    yield fold(reason.label)
    yield from (fold(synonym) for synonym in reason.synonyms)


def _likeness(word: str, text: str) -> float:
    mine, theirs = set(word.split()), set(text.split())
    common = len(mine & theirs) / max(len(mine | theirs), 1)
    letters = SequenceMatcher(None, word, text)
    # Two quick upper bounds spare the slow ratio for nearly every text.
    near = letters.real_quick_ratio() >= LEAST and letters.quick_ratio() >= LEAST
    return max(common, letters.ratio() if near else 0.0)
