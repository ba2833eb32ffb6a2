"""Won, lost or open, from what a CRM calls a stage or a status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pandas as pd

from postmortem.intake.folding import Lookup, fold

WON_WORDS: Final = frozenset({
    "won", "closed won", "closed-won", "closedwon", "closed - won", "closed/won", "closed (won)", "win",
    "deal won", "order received",
})  # fmt: skip
LOST_WORDS: Final = frozenset({
    "lost", "closed lost", "closed-lost", "closedlost", "closed - lost", "closed/lost", "closed (lost)", "loss",
    "deal lost",
})  # fmt: skip
OPEN_WORDS: Final = frozenset({
    "open", "in progress", "active", "new", "prospecting", "prospect", "engaging", "qualification",
    "qualifying", "qualified", "discovery", "needs analysis", "value proposition", "id. decision makers",
    "perception analysis", "demo", "demonstration", "evaluation", "solution", "proposal",
    "proposal/price quote", "proposal sent", "quote", "quote sent", "negotiation", "negotiation/review",
    "negotiating", "contracting", "contract sent", "legal review", "procurement", "verbal", "verbal commit",
    "commit", "pilot", "poc", "appointmentscheduled", "appointment scheduled", "qualifiedtobuy",
    "qualified to buy", "presentationscheduled", "presentation scheduled", "decisionmakerboughtin",
    "decision maker bought-in", "contractsent",
})  # fmt: skip
"""Stages of the stock CRMs in which a deal is still open."""

_FINAL = re.compile(
    r"\bclosed?\b|\bwon\b|\bwin\b|lost|\bloss\b|\bdead\b|abandon|cancel|disqualif|unqualif|no decision|duplicate"
)
_OF_PIPELINE = re.compile(r"\s*\([^()]*\bpipeline\b[^()]*\)$")
_NUMBERED = re.compile(r"^\(?\d{1,2}(?:[.)]|\s*[-–:])\s*")


def outcome_of(word: str, probability: float | None = None) -> str | None:
    """Say what a stage or status means where it leaves no doubt.

    Parameters
    ----------
    word : str
        Such as ``"Closed Won"``, ``"Lost"``, ``"3 - Negotiation"``.
    probability : float, optional
        Stated probability that goes with it, 0 to 1: strictly between the two an unfamiliar stage is
        open, unless its name speaks of an end.

    Returns
    -------
    str or None
        open, won, lost; None where it has to be decided by someone who knows.
    """
    plain = _OF_PIPELINE.sub("", _NUMBERED.sub("", fold(word)))
    if plain in WON_WORDS:
        return "won"
    if plain in LOST_WORDS:
        return "lost"
    if plain in OPEN_WORDS:
        return "open"
    if probability is not None and 0 < probability < 1 and not _FINAL.search(plain):
        return "open"
    return None


def sounds_final(word: str) -> bool:
    """Tell whether the name of a stage speaks of an end, won or lost or neither."""
    return _FINAL.search(fold(word)) is not None


def decide_outcomes(
    words: pd.Series[str], probabilities: pd.Series[float] | None, known: Mapping[str, str] | None = None
) -> pd.Series[str]:
    """Replace every word that leaves no doubt by open, won or lost; keep the others as they are.

    Parameters
    ----------
    words : Series of str
        Stages or statuses.
    probabilities : Series of float, optional
        Stated probabilities, 0 to 1, on the same index. A stage is judged by all that go with it.
    known : mapping of str to str, optional
        Words of one CRM and what they stand for there; they come first.
    """
    of_this_crm = Lookup(known or {})
    judged: dict[str, str] = {}
    for word in words.dropna().unique():
        stated = None if probabilities is None else probabilities[(words == word) & probabilities.notna()]
        # One deal at 0 or 1 shows that the stage may be an end.
        open_ended = stated is not None and len(stated) > 0 and bool(((stated > 0) & (stated < 1)).all())
        judged[word] = of_this_crm.get(word) or outcome_of(word, 0.5 if open_ended else None) or word
    return words.map(judged).astype("str")
