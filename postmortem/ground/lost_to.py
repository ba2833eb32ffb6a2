"""What a CRM's own words for "lost to whom" mean, where they leave no doubt.

Only plain words are read. A competitor's name is not known here, a reason such as "price" says nothing
about to whom, and "other" stays unread: such values are mapped in ``[taxonomy.lost_to]``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LOST_TO_WORDS: Final[Mapping[str, str]] = MappingProxyType({
    "competitor": "competitor",
    "competitors": "competitor",
    "competition": "competitor",
    "a competitor": "competitor",
    "lost to competitor": "competitor",
    "lost to a competitor": "competitor",
    "lost to competition": "competitor",
    "competitive loss": "competitor",
    "went with competitor": "competitor",
    "chose competitor": "competitor",
    "out sold": "competitor",
    "outsold": "competitor",
    "closed lost to competition": "competitor",
    "status quo": "status_quo",
    "the status quo": "status_quo",
    "lost to status quo": "status_quo",
    "no decision": "status_quo",
    "lost to no decision": "status_quo",
    "no decision made": "status_quo",
    "do nothing": "status_quo",
    "did nothing": "status_quo",
    "no change": "status_quo",
    "in house": "status_quo",
    "built in house": "status_quo",
    "internal solution": "status_quo",
    "disqualified": "disqualified",
    "unqualified": "disqualified",
    "not qualified": "disqualified",
    "not an opportunity": "disqualified",
    "never an opportunity": "disqualified",
    "no opportunity": "disqualified",
    "duplicate": "disqualified",
    "duplicate deal": "disqualified",
    "test": "disqualified",
    "unknown": "unknown",
    "not known": "unknown",
    "don t know": "unknown",
    "not recorded": "unknown",
})  # fmt: skip
"""Folded word to one of competitor, status_quo, disqualified, unknown."""


def read_lost_to(raw: str, own: Mapping[str, str]) -> str | None:
    """Say to whom a deal was lost, as its CRM puts it.

    Parameters
    ----------
    raw : str
        The CRM's word, such as ``"Lost to Competitor"`` or ``"no_decision"``.
    own : mapping of str to str
        The engagement's own decisions, ``[taxonomy.lost_to]``; they win, spelled exactly first.

    Returns
    -------
    str or None
        One of competitor, status_quo, disqualified, unknown; None where the word leaves a doubt.
    """
    if raw in own:
        return own[raw]
    word = _fold(raw)
    decided = {meaning for value, meaning in own.items() if word and _fold(value) == word}
    if len(decided) == 1:
        return decided.pop()
    return LOST_TO_WORDS.get(word)


def _fold(text: str) -> str:
    """Return `text` without case, punctuation and spacing: ``"No-Decision "`` is ``"no decision"``."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(letter if letter.isalnum() else " " for letter in plain).split())
