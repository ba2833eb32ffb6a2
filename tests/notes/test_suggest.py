"""What notes suggest: negation, other customers, names that are both, misspelling, and when nothing is suggested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from postmortem.notes import Reader, Suggestion, load_words, suggest
from postmortem.taxonomies import Taxonomy, load_taxonomy

RIVALS = ("Apex Industrial", "Norvik", "Helmstad")
Read = Callable[..., Suggestion]


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy("red_zone")


@pytest.fixture(scope="module")
def read(taxonomy: Taxonomy) -> Read:
    reader = Reader(load_words(taxonomy), RIVALS)
    return lambda note, account="Kestrel Logistics": suggest(note, reader, taxonomy, account=account)


def codes(suggestion: Suggestion) -> tuple[str, ...]:
    return tuple(each.code for each in suggestion.codes)


def test_the_words_that_speak_for_a_code_are_quoted_as_written(read: Read) -> None:
    (only,) = read("They said we are TOO Expensiv, sorry").codes
    assert (only.code, only.words) == ("price_value", ("TOO Expensiv",))
    assert only.score == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("the price was too high", ("price_value",)),
        ("not too expensive", ()),
        ("price was fine, budget frozen", ("budget_lost",)),
        ("no budget left", ("budget_lost",)),
        ("the liability clause was accepted", ()),
        ("they wanted 5 things, price", ("price_value",)),
        ("we sent the price list after the call", ()),
        ("Price.", ("price_value",)),
    ],
)
def test_a_reason_that_is_denied_is_none(read: Read, note: str, expected: tuple[str, ...]) -> None:
    assert codes(read(note)) == expected


def test_what_happened_at_another_customer_is_set_aside_up_to_here(read: Read) -> None:
    assert codes(read("same as Dunmore: they were too expensive")) == ()
    assert codes(read("unlike Dunmore, where budget was frozen, here it was too expensive")) == ("price_value",)
    assert codes(read("Too expensive. Same as Dunmore, budget frozen")) == ("price_value",)


def test_a_competitors_name_alone_is_no_loss_to_it(read: Read) -> None:
    for note in ("Norvik", "Norvik was also there", "they met Norvik and Helmstad on Monday", "did not lose to Norvik"):
        suggestion = read(note)
        assert (suggestion.lost_to, suggestion.competitor, suggestion.codes) == (None, None, ()), note
    assert (read("lost to norvik").lost_to, read("lost to norvik").competitor) == ("competitor", "Norvik")


def test_two_competitors_of_whom_one_is_out(read: Read) -> None:
    suggestion = read("Helmstad lost too, the incumbent is Norvik and stays")
    assert (suggestion.lost_to, suggestion.competitor) == ("competitor", "Norvik")
    assert read("incumbent again. Norvik and Helmstad were there").competitor is None


@pytest.mark.parametrize(
    ("account", "note", "competitor"),
    [
        ("Apex Manufacturing", "lost to Apex Industrial", "Apex Industrial"),
        ("Apex Manufacturing", "Apex won, they say", None),
        ("Apex Manufacturing", "lost to Apex", None),
        ("Helmstad Water", "Helmstad won the budget back", None),
        ("Helmstad", "went with Helmstad", None),
        ("Bramley", "went with Helmstad", "Helmstad"),
        (None, "went with Helmstad", "Helmstad"),
    ],
)
def test_a_name_may_be_customer_and_competitor(
    read: Read, account: str | None, note: str, competitor: str | None
) -> None:
    assert read(note, account).competitor == competitor


def test_to_whom_follows_from_the_codes_where_the_note_is_silent_and_they_agree(read: Read) -> None:
    assert read("budget frozen").lost_to == "status_quo"
    assert read("duplicate of another one").lost_to == "disqualified"
    assert read("too expensive").lost_to is None
    assert read("budget frozen. duplicate opportunity").lost_to is None


@pytest.mark.parametrize(
    "note", [None, "", "  ", "\x00", "?!", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "🙂" * 50]
)
def test_nothing_readable_suggests_nothing(read: Read, note: str | None) -> None:
    assert read(note) == Suggestion((), None, None)


def test_a_letter_off_is_put_right_but_no_short_word(read: Read) -> None:
    assert codes(read("duplciate")) == ("duplicate",)
    assert codes(read("incumbant stays")) == ("incumbent_relationship",)
    assert codes(read("teams no good")) == ()  # not "terms"


def test_three_codes_at_most_the_best_first(read: Read) -> None:
    note = "champion left and resigned. too expensive. liability. duplicate opp. reorg"
    suggestion = read(note)
    assert len(suggestion.codes) == 3
    assert [each.score for each in suggestion.codes] == sorted((each.score for each in suggestion.codes), reverse=True)


def test_a_very_long_note_is_read_in_part(read: Read) -> None:
    assert codes(read("x " * 3000 + "too expensive")) == ()
    assert codes(read("too expensive " + "x " * 30000)) == ("price_value",)


def test_names_that_are_ordinary_words_are_read_as_words(taxonomy: Taxonomy) -> None:
    reader = Reader(load_words(taxonomy), ("Other", "In-house", "None", "Budget", "?", ""))
    assert codes(suggest("no budget left", reader, taxonomy, account="Price")) == ("budget_lost",)
    assert codes(suggest("price too high", reader, taxonomy, account="Price Brothers")) == ("price_value",)
    assert suggest("went with other things", reader, taxonomy).competitor is None
