"""Near misses: the known word that a misspelt one misses by one letter."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

LEAST_LETTERS = 6


class Spelling:
    """Words that are known, and which of them a word is nearest to.

    Parameters
    ----------
    known : iterable of str
        Words that stay as they are. Those of six letters or more are what others are put right to: shorter
        ones have too many neighbours that mean something else (teams, terms).
    """

    def __init__(self, known: Iterable[str]) -> None:
        self.known = frozenset(known)

    @cached_property
    def _by_shorter(self) -> dict[str, str]:
        long = sorted(word for word in self.known if len(word) >= LEAST_LETTERS)
        found: dict[str, str] = {}
        for word in long:
            for shorter in _shorter(word):
                found.setdefault(shorter, word)
        return found

    def right(self, word: str) -> str:
        """Return `word`, or the known one it misses by a letter too many, too few, wrong or swapped."""
        if word in self.known or len(word) < LEAST_LETTERS - 1 or not word.isalpha():
            return word
        near = (self._by_shorter.get(shorter, "") for shorter in sorted(_shorter(word)))
        # The first letter is the one that is hardly ever wrong.
        return next((meant for meant in near if meant[:1] == word[0]), word)


def _shorter(word: str) -> set[str]:
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}
