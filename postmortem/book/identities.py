"""Whom a book names, by kind, how such names are found in any text, and what stands for them elsewhere.

A name is found as a run of words: case, punctuation, markup and line breaks between them make no difference.
Names that are also ordinary words of these pages cannot be told from them; they are counted, not looked for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from postmortem.book import Book
from postmortem.ground import resources

ACCOUNT, DEAL, PERSON, COMPETITOR, PRODUCT, NOTE, QUOTE = KINDS = (
    "account", "deal", "person", "competitor", "product", "note", "quote",
)  # fmt: skip
SOURCES: Final = (
    (ACCOUNT, "deals", ("account_name", "account_id")), (ACCOUNT, "accounts", ("account_name", "account_id")),
    (DEAL, "deals", ("deal_name", "deal_id")), (PERSON, "deals", ("owner_id", "manager_id")),
    (PERSON, "reps", ("rep_id", "manager_id")), (PERSON, "contacts", ("contact_id",)),
    (PERSON, "events", ("contact_id",)), (PERSON, "reasons", ("rater_id", "coder_id")),
    (PERSON, "reviews", ("rater_id",)), (PERSON, "guesses", ("rater_id",)), (PERSON, "quotas", ("rep_id",)),
    (COMPETITOR, "competitors", ("competitor",)), (PRODUCT, "deals", ("product",)),
    (NOTE, "deals", ("loss_notes",)), (NOTE, "reviews", ("evidence",)),
)  # fmt: skip
WORDS: Final = {
    ACCOUNT: "Customer", DEAL: "Deal", PERSON: "Person", COMPETITOR: "Competitor", PRODUCT: "Product",
    NOTE: "withheld", QUOTE: "withheld",
}  # fmt: skip
CODE_LETTERS = 7
LEAST_LETTERS, LEAST_DIGITS, LEAST_WORDS_OF_TEXT = 4, 8, 4
UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff]")
# What joins the words of a name in a text: anything that is no letter and no digit.
BETWEEN: Final = r"[\W_]+"
SEPARATOR: Final = "\x1e"
"""Between cells and elements: no name goes across it."""


def identities(book: Book) -> dict[str, list[str]]:
    """Return kind to the names of that kind in a book, sorted; buyers' words are quotes where they gave leave."""
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for kind, table, columns in SOURCES:
        rows = book.table(table)
        for column in columns:
            found[kind] |= set(rows[column].dropna().astype("str"))
    words = book.table("reasons")[["interview_id", "text"]].dropna(subset=["text"])
    held = book.table("interviews")
    free = words["interview_id"].isin(held.loc[held["consent"] != "none", "interview_id"])
    found[QUOTE] = set(words.loc[free, "text"].astype("str"))
    found[NOTE] |= set(words.loc[~free, "text"].astype("str"))
    return {kind: sorted(names) for kind, names in found.items()}


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded: letters and digits alone, characters of no width dropped, separators kept."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.findall(r"[^\W_]+|\x1e", "".join(mark for mark in plain if unicodedata.category(mark) != "Cf"))


@cache
def house_words() -> frozenset[str]:
    """Return every word that these pages may hold without any book: of sources, templates and notebooks."""
    root = resources.root()
    files = [*resources.PACKAGE.rglob("*.py"), *resources.PACKAGE.rglob("*.toml"), *resources.notebooks()]
    files = [path for path in files if not {"simulate", "bundled"} & set(path.parts[len(resources.PACKAGE.parts) :])]
    files += (root / "templates").rglob("*.j2")
    return frozenset(word for path in files for word in words_of(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Pseudonyms:
    """What stands for a name: the same for one recipient, another for the next, and no way back without the key."""

    key: bytes

    def of(self, kind: str, name: str) -> str:
        """Return the pseudonym of a name, such as ``Customer K7QM2XA``; words of people become ``withheld``."""
        if kind in (NOTE, QUOTE):
            return WORDS[kind]
        told = f"{kind}\0{' '.join(words_of(name)) or name}".encode()
        code = base64.b32encode(hmac.new(self.key, told, hashlib.sha256).digest()).decode()[:CODE_LETTERS]
        return f"{WORDS.get(kind, kind.capitalize())} {code}"


class Finder:
    """Finds names in texts.

    Parameters
    ----------
    names : mapping of str to iterable of str
        Kind to names.
    allowed : iterable of str
        Names that may stand there; a name found inside one of them is not a find.
    ordinary : frozenset of str, optional
        Words that say nothing when they stand alone; those of these pages unless told.
    """

    def __init__(
        self,
        names: Mapping[str, Iterable[str]],
        *,
        allowed: Iterable[str] = (),
        ordinary: frozenset[str] | None = None,
    ) -> None:
        known = house_words() if ordinary is None else ordinary
        self._starting: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        self._within: list[tuple[str, str, str]] = []
        self.passed_over: dict[str, int] = {}
        seen = {tuple(words_of(name)) for name in allowed}
        self._allowed: dict[str, list[str]] = defaultdict(list)
        for words in seen - {()}:
            self._allowed[words[0]].append(" ".join(words))
        for kind, each in names.items():
            for name in sorted(set(each)):
                words = tuple(words_of(name))
                if words in seen:
                    continue
                if not is_telling(words, kind, known):
                    self.passed_over[kind] = self.passed_over.get(kind, 0) + 1
                elif UNSPACED.search(name):
                    self._within.append(("".join(words), kind, name))
                else:
                    self._starting[words[0]].append((" ".join(words), kind, name))

    def find(self, text: str) -> list[tuple[str, str]]:
        """Return (kind, name) of every name that stands in `text`, sorted."""
        words = words_of(text)
        have = dict.fromkeys(words)
        line = f" {' '.join(words)} "
        hits = [
            (told, kind, name) for word in have for told, kind, name in self._starting.get(word, ())
            if f" {told} " in line
        ]  # fmt: skip
        if hits:
            hits = [hit for hit in hits if f" {hit[0]} " in self._blanked(line, have, hit[0])]
        if self._within:
            run = "".join(words)
            hits += [hit for hit in self._within if hit[0] in run]
        return sorted({(kind, name) for _, kind, name in hits})

    def hide(self, text: str, told: Callable[[str, str], str]) -> str:
        """Return `text` with every name found replaced by what `told` says of (kind, name), longest first."""
        for kind, name in sorted(self.find(text), key=lambda hit: (-len(hit[1]), hit)):
            words = re.findall(r"[^\W_]+", name)
            joined = BETWEEN.join(map(re.escape, words))
            edges = ("", "") if UNSPACED.search(name) else (r"(?<![^\W_])", r"(?![^\W_])")
            put = told(kind, name)
            text = re.sub(f"{edges[0]}{joined}{edges[1]}", put.replace("\\", r"\\"), text, flags=re.IGNORECASE)
        return text

    def _blanked(self, line: str, have: Iterable[str], told: str) -> str:
        """Return the line without the allowed names that contain `told`."""
        around = [name for word in have for name in self._allowed.get(word, ()) if f" {told} " in f" {name} "]
        for name in sorted(around, key=len, reverse=True):
            line = line.replace(f" {name} ", " \0 ")
        return line


def is_telling(words: tuple[str, ...], kind: str, known: frozenset[str]) -> bool:
    """Whether finding these words means that the name was meant, and no ordinary word or figure."""
    joined = "".join(words)
    if joined.isdigit():
        return len(joined) >= LEAST_DIGITS
    if UNSPACED.search(joined):
        return len(joined) > 1
    if kind in (NOTE, QUOTE):
        return len(words) >= LEAST_WORDS_OF_TEXT and not known.issuperset(words)
    return len(joined) >= LEAST_LETTERS and not (len(words) == 1 and words[0] in known)
