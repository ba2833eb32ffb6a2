"""How words are compared: headers, values and spellings, without what people do not mean to say."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

MISSING_WORDS: Final = frozenset({
    "none", "--none--", "-none-", "null", "nat", "<na>", "<null>", "n/a", "#n/a", "#n/a n/a", "(blank)",
"(empty)", "-", "--", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!",
})  # fmt: skip
"""Words that stand for an empty field in any column; "Other" and "Unknown" are values."""

NOT_A_NUMBER: Final = "nan"
"""An empty field of a text or date column; in a column of numbers it is refused."""

_APART = re.compile(r"[\s\-_\u2010-\u2015\u200b-\u200f\u2060\ufeff]+")
_CUSTOM = re.compile(r"_+c$", re.IGNORECASE)


def fold(text: str) -> str:
    """Return `text` without case and doubled or outer spaces: how values are compared."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=10_000)
def fold_header(text: str) -> str:
    """Return a header's letters and digits: ``"Close Date"``, ``"CloseDate"`` and ``close_date`` are one.

    The ending of custom fields (``Loss_Reason__c``) is left out.
    """
    plain = unicodedata.normalize("NFKC", _CUSTOM.sub("", text.strip())).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def fold_spelling(text: str) -> str:
    """Return `text` without case, spaces, hyphens and invisible marks: ``GTX Pro`` and ``GTXPro`` are one."""
    return _APART.sub("", unicodedata.normalize("NFKC", text).casefold())


def spellings(values: Iterable[str]) -> list[list[str]]:
    """Return groups of two and more values that differ in case, spaces or hyphens alone, sorted."""
    groups: dict[str, set[str]] = defaultdict(set)
    for value in values:
        groups[fold_spelling(value)].add(value)
    return sorted(sorted(group) for key, group in groups.items() if key and len(group) > 1)


class Lookup:
    """Values by exact spelling and, where that is unique, by folded spelling.

    Parameters
    ----------
    mapping : mapping of str to str
        Raw value to what it stands for.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._exact = dict(mapping)
        folded: dict[str, set[str]] = defaultdict(set)
        for value, meaning in mapping.items():
            folded[fold(value)].add(meaning)
        self._folded = {key: found.pop() for key, found in folded.items() if len(found) == 1}

    def __bool__(self) -> bool:
        return bool(self._exact)

    def get(self, value: str) -> str | None:
        """Return what `value` stands for, None where the mapping does not say."""
        found = self._exact.get(value)
        return self._folded.get(fold(value)) if found is None else found
