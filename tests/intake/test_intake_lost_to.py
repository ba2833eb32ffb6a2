"""Whom a deal was lost to, in the CRM's words: read where they leave no doubt."""

from __future__ import annotations

import pytest

from postmortem.ground.lost_to import LOST_TO_WORDS, read_lost_to
from postmortem.ground.schema import LOST_TO


@pytest.mark.parametrize(
    ("raw", "meaning"),
    [
        ("Competitor", "competitor"),
        ("LOST TO COMPETITOR", "competitor"),
        ("status_quo", "status_quo"),
        ("No  Decision ", "status_quo"),
        ("no-decision", "status_quo"),
        ("Disqualified", "disqualified"),
        ("Unknown", "unknown"),
        ("Price", None),
        ("Other", None),
        ("No Decision / Non-Responsive", None),
        ("Acme Inc", None),
        ("", None),
        ("???", None),
    ],
)
def test_plain_words_are_read_and_doubtful_ones_are_not(raw: str, meaning: str | None) -> None:
    assert read_lost_to(raw, {}) == meaning


def test_the_engagements_own_map_wins_and_its_exact_spelling_first() -> None:
    own = {"Competitor": "unknown", "acme inc": "competitor", "ACME INC": "disqualified"}
    assert read_lost_to("competitor", own) == "unknown"
    assert read_lost_to("acme inc", own) == "competitor"
    assert read_lost_to("ACME INC", own) == "disqualified"
    assert read_lost_to("Acme Inc", own) is None


def test_a_word_without_letters_matches_no_other_such_word() -> None:
    assert read_lost_to("???", {"!!!": "competitor"}) is None


def test_every_word_stands_for_an_allowed_value_and_is_found_by_itself() -> None:
    assert set(LOST_TO_WORDS.values()) <= set(LOST_TO)
    assert {word for word in LOST_TO_WORDS if read_lost_to(word, {}) != LOST_TO_WORDS[word]} == set()
