"""The word file: its faults all at once, and what it does for another taxonomy."""

from __future__ import annotations

from pathlib import Path

import pytest

from postmortem.ground.errors import ConfigError
from postmortem.notes import load_words
from postmortem.notes.phrases import Phrase
from postmortem.notes.words import SHIPPED
from postmortem.taxonomies import Reason, Taxonomy, load_taxonomy


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("too expensiv*", "way too expensive for us", "too expensive"),
        ("price|quote ... high", "quote was much too high", "quote was much too high"),
        ("price ... high", "price was not seen as too high", None),
        ("lost to {rival}", "lost to xrival", "lost to xrival"),
        ("cost", "costs", None),
    ],
)
def test_phrases_find_whole_words(phrase: str, text: str, found: str | None) -> None:
    match = Phrase(phrase).pattern.search(text)
    assert (match and match.group()) == found


@pytest.mark.parametrize("text", ["", "...", "... price", "price ...", "a+b", "pri*ce", "a||b", "{customer} won"])
def test_what_is_no_phrase_is_told(text: str) -> None:
    assert not Phrase(text).is_readable


def test_every_phrase_that_ships_is_readable_and_every_code_a_deal_can_be_given_is_known() -> None:
    words = load_words(load_taxonomy("red_zone"))
    assert set(words.codes) <= set(load_taxonomy("red_zone").assignable)
    assert min(len(phrases) for phrases in words.codes.values()) >= 3


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = (SHIPPED / "red_zone.toml").read_text(encoding="utf-8")
    text = text.replace("threshold = 0.6", "threshold = 7").replace('"too dear|costly|pricey"', '"... costly"')
    path = tmp_path / "words.toml"
    path.write_text(text.replace("[scope]", "[scope]\nmood = []"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_words(load_taxonomy("red_zone"), path)
    for part in ("threshold: expected a number", "codes.price_value.strong: '... costly'", "scope.mood: unknown field"):
        assert part in str(caught.value)


def test_another_taxonomy_keeps_what_it_has_and_follows_what_it_replaced() -> None:
    own = Reason("cost_again", "Money", "Money.", replaces=("price_value",), synonyms=("sticker price",))
    words = load_words(Taxonomy("ours", "1", "Ours", (own,)))
    texts = {phrase.text: phrase.weight for phrase in words.codes["cost_again"]}
    assert list(words.codes) == ["cost_again"]
    assert texts["undercut*"] == texts["sticker price"] == words.strong
