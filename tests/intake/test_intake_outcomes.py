"""Won, lost or open from the words CRMs use: read where they leave no doubt, else left to someone who knows."""

from __future__ import annotations

import pandas as pd
import pytest

from postmortem.intake.outcomes import decide_outcomes, outcome_of, sounds_final


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("Closed Won", "won"), ("closedwon", "won"), ("6 - Closed Won", "won"), ("WON", "won"), ("Closed-Lost", "lost"),
        ("(7) Lost", "lost"), ("03. Proposal/Price Quote", "open"), ("Negotiation", "open"), ("Verbal Yes", None),
        ("Closed - Duplicate", None), ("Dead", None), ("", None), ("100", None),
    ],
)  # fmt: skip
def test_familiar_words_are_read(word: str, outcome: str | None) -> None:
    assert outcome_of(word) == outcome


@pytest.mark.parametrize(
    ("word", "probability", "outcome"),
    [("Verbal Yes", 0.9, "open"), ("Verbal Yes", 0.0, None), ("Verbal Yes", 1.0, None), ("Closed - Pending", 0.5, None),
     ("Closing", 0.95, "open"), ("Closed Won", 0.5, "won")],
)  # fmt: skip
def test_a_probability_between_makes_an_unfamiliar_stage_open_unless_it_sounds_final(
    word: str, probability: float, outcome: str | None
) -> None:
    assert outcome_of(word, probability) == outcome


@pytest.mark.parametrize(
    ("shares", "outcome"),
    [([0.5, 0.6], "open"), ([0.5, 0.0], "Ablage"), ([0.5, None], "open"), ([None, None], "Ablage")],
)
def test_a_stage_is_judged_by_all_its_deals(shares: list[float | None], outcome: str) -> None:
    words = pd.Series(["Ablage", "Won", "Ablage", None], dtype="str")
    stated = pd.Series([shares[0], 1.0, shares[1], 0.3], dtype="float64")
    decided = decide_outcomes(words, stated)
    assert decided[:3].tolist() == [outcome, "won", outcome] and pd.isna(decided[3])


def test_final_words() -> None:
    assert [sounds_final(word) for word in ("Closed - Merged", "Lost to X", "Closing", "Wonder")] == [
        True,
        True,
        False,
        False,
    ]
