"""A note as clauses of plain words: names known, abbreviations spelt out, near misses put right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from postmortem.notes.names import Names
from postmortem.notes.phrases import RIVAL
from postmortem.notes.spelling import Spelling
from postmortem.notes.words import NoteWords
from postmortem.taxonomies.structure import fold

MOST_LETTERS = 4000
_TOKEN = re.compile(r"\w&\w+|[^\W_]+(?:['\u2019`][^\W_]+)*|%|\n| [-\u2013\u2014] |[^\w\s]")
_ENDS_SENTENCE = frozenset(".!?;\n")
_ENDS_CLAUSE = _ENDS_SENTENCE | frozenset(",:()+") | {" - ", " \u2013 ", " \u2014 "}
_BREAKS = frozenset({"but", "however", "though", "although"})


@dataclass(frozen=True)
class Clause:
    """Words that stand together.

    Parameters
    ----------
    words, written : tuple of str
        Plain words, names replaced by what they are; and the same as the note has them.
    sentence : int
        Which sentence of the note it belongs to.
    """

    words: tuple[str, ...]
    written: tuple[str, ...]
    sentence: int

    @cached_property
    def text(self) -> str:
        """The plain words, joined by single spaces."""
        return " ".join(self.words)

    def places(self, found: re.Match[str]) -> tuple[int, int]:
        """Return the first and the next-to-last word of what was found in `text`."""
        return self.text[: found.start()].count(" "), self.text[: found.end()].count(" ") + 1

    def quoted(self, first: int, end: int) -> str:
        """Return these words as they were written."""
        return " ".join(text for text in self.written[first:end] if text)


class Reader:
    """Reads the notes of one book.

    Parameters
    ----------
    words : NoteWords
        The word file.
    competitors : iterable of str
        Every competitor the book knows.
    """

    def __init__(self, words: NoteWords, competitors: Iterable[str] = ()) -> None:
        self.words = words
        self.competitors = tuple(dict.fromkeys(competitors))
        self._folded = {fold(name): name for name in self.competitors}
        self._spelling = Spelling((*words.vocabulary, *(word for name in self._folded for word in name.split())))

    def clauses(self, note: str, account: str | None = None) -> tuple[Clause, ...]:
        """Cut a note into clauses: at punctuation, at brackets and at "but".

        Parameters
        ----------
        note : str
            As the CRM holds it; read up to 4,000 letters.
        account : str, optional
            The customer it is about.
        """
        names = Names.of(account, self.competitors, self.words.vocabulary)
        clauses: list[Clause] = []
        words: list[str] = []
        written: list[str] = []
        sentence = 0
        for token in (*_TOKEN.findall(unicodedata.normalize("NFKC", note[:MOST_LETTERS])), "\n"):
            plain = "percent" if token == "%" else "".join(mark for mark in token.casefold() if mark.isalnum())
            if token in _ENDS_CLAUSE or plain in _BREAKS:
                if words:
                    clauses.append(Clause(*names.marked(words, written), sentence))
                    words, written = [], []
                sentence += token in _ENDS_SENTENCE
            elif plain:
                spelt = self._right(plain, names).split()
                words += spelt
                written += [token, *[""] * (len(spelt) - 1)]
        return tuple(clauses)

    def competitor(self, clause: Clause, place: int) -> str | None:
        """Return the competitor this word names, as the book writes it; None where it names none."""
        if clause.words[place] != RIVAL:
            return None
        return self._folded.get(" ".join(map(self._spelling.right, fold(clause.written[place]).split())))

    def _right(self, word: str, names: Names) -> str:
        spelt = self.words.short.get(word, word)
        return spelt if " " in spelt or spelt in names.kinds else self._spelling.right(spelt)
