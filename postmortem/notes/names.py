"""Names in a note: which words name a competitor, which its customer, and which could be either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from postmortem.notes.phrases import RIVAL
from postmortem.taxonomies.structure import fold

CUSTOMER, EITHER = "xcustomer", "xeither"


@dataclass(frozen=True)
class Names:
    """Folded names and what each of them is.

    Notes
    -----
    The full name of a competitor is the competitor, unless it is also how the customer is called. A name that
    may be both ("Apex" where Apex Manufacturing buys and Apex Industrial competes) is neither: it says nothing
    about to whom the deal went. A picklist's "Other" or a customer called Price is no name but the word it is.
    """

    kinds: dict[str, str]
    rivals: dict[str, str]

    @classmethod
    def of(cls, account: str | None, competitors: Iterable[str], ordinary: frozenset[str] = frozenset()) -> Names:
        """Sort out the names of a deal.

        Parameters
        ----------
        account : str, optional
            The customer; its first word alone counts as its name too.
        competitors : iterable of str
            Every competitor the book knows.
        ordinary : frozenset of str
            Words that mean something in a note, and so are no name by themselves.
        """
        rivals = {fold(name): name for name in competitors if not ordinary.issuperset(fold(name).split())}
        kinds = dict.fromkeys(rivals, RIVAL)
        own = fold(account or "")
        if own:
            first = own.split()[0]
            shared = any(name.split()[0] == first for name in rivals)
            if first not in ordinary:
                kinds[first] = EITHER if shared else CUSTOMER
            if own != first:
                kinds[own] = CUSTOMER
        return cls(kinds, rivals)

    def marked(self, words: Sequence[str], written: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return words and what was written, each name in one piece and the word replaced by what it is."""
        longest = max((name.count(" ") + 1 for name in self.kinds), default=0)
        marked: list[str] = []
        kept: list[str] = []
        place = 0
        while place < len(words):
            widths = range(min(longest, len(words) - place), 0, -1)
            width = next((width for width in widths if " ".join(words[place : place + width]) in self.kinds), 0)
            name = " ".join(words[place : place + width])
            marked.append(self.kinds[name] if width else words[place])
            kept.append(" ".join(text for text in written[place : place + max(width, 1)] if text))
            place += max(width, 1)
        return tuple(marked), tuple(kept)
