"""Phrases of a word file: words that follow each other, with stems, alternatives, gaps and names of competitors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

GAP = "..."
RIVAL = "xrival"
_GAP_OF_WORDS = r"(?: \w+){0,3}"
_PIECE = re.compile(r"[^\W_]+\*?|\{rival\}")


@dataclass(frozen=True)
class Phrase:
    """One phrase and what it weighs.

    Parameters
    ----------
    text : str
        As the word file gives it: ``stem*`` is any word that begins so, ``a|b`` either word, ``...`` up to
        three words between, ``{rival}`` the name of a competitor.
    weight : float
        0 to 1.
    """

    text: str
    weight: float = 1.0

    @property
    def is_readable(self) -> bool:
        """Whether it is words and gaps, with a word at either end."""
        parts = self.text.split()
        pieces = [piece for part in parts if part != GAP for piece in part.split("|")]
        return bool(pieces) and GAP not in (parts[0], parts[-1]) and all(map(_PIECE.fullmatch, pieces))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression that finds it in folded words joined by single spaces."""
        found = ""
        for part in self.text.split():
            if part == GAP:
                found += _GAP_OF_WORDS
                continue
            pieces = [piece.replace("{rival}", RIVAL) for piece in part.split("|")]
            either = "|".join(rf"{piece[:-1]}\w*" if piece.endswith("*") else piece for piece in pieces)
            found += f"{' ' if found else ''}(?:{either})"
        return re.compile(rf"(?<!\w){found}(?!\w)")

    @cached_property
    def _begins(self) -> tuple[frozenset[str], tuple[str, ...]]:
        pieces = [piece.replace("{rival}", RIVAL) for piece in self.text.split()[0].split("|")]
        stems = tuple(piece[:-1] for piece in pieces if piece.endswith("*"))
        return frozenset(piece for piece in pieces if not piece.endswith("*")), stems

    def may_stand_in(self, words: frozenset[str], text: str) -> bool:
        """Whether these words of a text hold one it can begin with: quick, and rarely so."""
        whole, stems = self._begins
        return not whole.isdisjoint(words) or any(stem in text for stem in stems)

    @property
    def whole_words(self) -> tuple[str, ...]:
        """Its words that are given in full: what a misspelt word is compared with."""
        pieces = [piece for part in self.text.split() for piece in part.split("|")]
        return tuple(piece for piece in pieces if piece.isalpha())
