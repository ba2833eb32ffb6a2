"""Values become codes by fixed rules in a fixed order; what no rule decides is listed."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.ground.errors import ConfigError, UsageError
from postmortem.taxonomies import (
    Crosswalk,
    Entry,
    Reason,
    Taxonomy,
    fold,
    load_crosswalks,
    load_taxonomy,
    map_values,
)

TAXONOMY = Taxonomy(
    "small",
    "1.0",
    "Small",
    (
        Reason("money", "Money matters", "A heading.", group=True),
        Reason(
            "price",
            "Price too high",
            "x",
            parent="money",
            synonyms=("too dear", "shared"),
            replaces=("cost_old",),
        ),
        Reason("budget", "No money", "x", parent="money", lost_to="status_quo", synonyms=("skint", "shared")),
    ),
)
WALK = Crosswalk(
    "walk",
    "1",
    "Walk",
    "small",
    (
        Entry(("Cost",), ("price",)),
        Entry(("Rival",), (), "competitor", "only to whom"),
        Entry(("Money",), ("price", "budget"), "status_quo", "merges two"),
        Entry(("Gone",), ("price", "not_here"), None, "one candidate is foreign"),
        Entry(("Foreign",), ("not_here",)),
        Entry(("Foreign rival",), ("not_here",), "competitor"),
        Entry(("Old",), ("cost_old",)),
        Entry(("Twice",), ("cost_old", "price"), None, "merged since"),
        Entry(("too dear",), ("budget",)),
        Entry(("No money",), ("price",)),
    ),
)


def one(value, *, own=None, crosswalks=(WALK,)):
    (mapped,) = map_values([value], TAXONOMY, own=own, crosswalks=crosswalks)
    return mapped


@pytest.mark.parametrize(
    ("value", "code", "lost_to", "candidates", "source"),
    [
        ("price", "price", None, (), "code"),
        (" price ", "price", None, (), "code"),
        ("cost_old", "price", None, (), "code"),
        ("PRICE, too high!", "price", None, (), "label"),
        ("No money", "budget", None, (), "label"),
        ("cost", "price", None, (), "crosswalk:walk"),
        ("RIVAL", None, "competitor", (), "crosswalk:walk"),
        ("Money", None, "status_quo", ("price", "budget"), "ambiguous"),
        ("Gone", None, None, ("price",), "ambiguous"),
        ("Foreign", None, None, (), "unmapped"),
        ("Foreign rival", None, "competitor", (), "crosswalk:walk"),
        ("Old", "price", None, (), "crosswalk:walk"),
        ("Twice", "price", None, (), "crosswalk:walk"),
        ("Too-Dear", "budget", None, (), "crosswalk:walk"),
        ("Skint.", "budget", None, (), "synonym"),
        ("shared", None, None, ("price", "budget"), "ambiguous"),
        ("money", None, "status_quo", ("price", "budget"), "ambiguous"),
        ("Money matters", None, None, (), "unmapped"),
        ("pricey", None, None, (), "unmapped"),
        ("price too hihg", None, None, (), "unmapped"),
        ("too dear; skint", None, None, (), "unmapped"),
        ("???", None, None, (), "unmapped"),
        ("–", None, None, (), "unmapped"),
    ],
)
def test_each_rule(value, code, lost_to, candidates, source):
    mapped = one(value)
    assert (mapped.value, mapped.code, mapped.lost_to) == (value, code, lost_to)
    assert (mapped.candidates, mapped.source) == (candidates, source)


def test_the_order_of_rules():
    """The same value is decided by a later rule each time the earlier one is taken away."""
    assert one("Too dear", own={"too dear": "price"}).source == "own"
    assert one("Too dear").source == "crosswalk:walk"
    assert one("Too dear", crosswalks=()).source == "synonym"
    assert one("price", own={"price": "budget"}).code == "budget"
    assert one("No money", own={"no money": "price"}).code == "price"


def test_notes_reach_the_reader():
    assert one("Rival").note == "only to whom"
    assert one("Money").note == "merges two (crosswalk:walk)"


def test_an_own_map_may_say_code_codes_or_only_to_whom():
    own = {
        "A": "price",
        "B": {"codes": "cost_old", "lost_to": "competitor", "note": "checked"},
        "C": {"codes": ["price", "budget"], "lost_to": None},
        "D": {"codes": [], "lost_to": "disqualified"},
    }
    found = [
        (item.code, item.lost_to, item.candidates, item.source)
        for item in map_values(["a", "B", "C", "D"], TAXONOMY, own=own)
    ]
    assert found == [
        ("price", None, (), "own"),
        ("price", "competitor", (), "own"),
        (None, None, ("price", "budget"), "ambiguous"),
        (None, "disqualified", (), "own"),
    ]


def test_own_spellings_that_differ_only_in_punctuation_are_told_apart():
    own = {"A": "price", "A+": "budget"}
    assert one("A", own=own).code == "price"
    assert one("A+", own=own).code == "budget"
    assert one("a", own=own).source == "unmapped"


def test_all_faults_of_an_own_map_come_in_one_error():
    own = {
        "A": "prise",
        "B": {"codes": ["price"], "lost_too": "competitor"},
        "C": {"lost_to": "rival"},
        "D": {},
        "E": "money",
        "F": 3,
    }
    with pytest.raises(ConfigError) as caught:
        map_values(["x"], TAXONOMY, own=own)
    rows = caught.value.rows
    expected = [
        ("'A'.codes", "did you mean 'price'?"),
        ("'B'.lost_too", "did you mean 'lost_to'?"),
        ("'C'.lost_to", "'rival' is unknown"),
        ("'D'.codes", "neither why nor to whom"),
        ("'E'.codes", "not a code a deal can be given"),
        ("'F'", "expected a code or a table"),
    ]
    assert len(rows) == len(expected)
    for row, (place, words) in zip(rows, expected, strict=True):
        assert row.startswith(f"{place}: ") and words in row


def test_crosswalks_that_disagree_make_a_value_ambiguous():
    second = Crosswalk(
        "second",
        "1",
        "S",
        "small",
        (Entry(("Cost",), ("budget",), "status_quo"), Entry(("Rival",), ("price",), "competitor")),
    )
    mapped = one("Cost", crosswalks=(WALK, second))
    assert (mapped.code, mapped.lost_to, mapped.candidates, mapped.source) == (
        None,
        None,
        ("price", "budget"),
        "ambiguous",
    )
    assert "walk, second" in mapped.note
    agreed = one("Rival", crosswalks=(WALK, second))
    assert (agreed.code, agreed.lost_to, agreed.source) == (None, "competitor", "ambiguous")


def test_empty_is_not_a_value_and_each_value_comes_once():
    values = ["b", None, "", "  ", float("nan"), "a", "b", "B"]
    assert [item.value for item in map_values(values, TAXONOMY)] == ["b", "a", "B"]
    assert map_values([], TAXONOMY) == ()


@pytest.mark.parametrize("values", ["price", [3], [1.5], [b"price"]])
def test_values_must_be_strings(values):
    with pytest.raises(UsageError, match=r"string"):
        map_values(values, TAXONOMY)


def test_inputs_stay_as_they_are():
    own, values = {"A": {"codes": ["price"]}}, ["A", "b"]
    map_values(values, TAXONOMY, own=own)
    assert (own, values) == ({"A": {"codes": ["price"]}}, ["A", "b"])


@cache
def shipped():
    return load_taxonomy("red_zone"), load_crosswalks(["generic"])


@given(st.lists(st.text(max_size=20) | st.sampled_from(["Price", "Timing", "no decision", "Skint", "terms"])))
def test_nothing_is_dropped_and_nothing_is_guessed(values):
    taxonomy, crosswalks = shipped()
    mapped = map_values(values, taxonomy, crosswalks=crosswalks)
    assert [item.value for item in mapped] == [value for value in dict.fromkeys(values) if value.strip()]
    for item in mapped:
        assert item.code is None or item.code in taxonomy.assignable
        assert item.code is None or item.candidates == ()
        assert bool(item.candidates) == (item.source == "ambiguous")
        assert item.source != "unmapped" or (item.code, item.lost_to) == (None, None)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("No Budget / Lost Funding", "no budget lost funding"),
        ("  Closed – Lost\tto  Competitor ", "closed lost to competitor"),
        ("We don’t have people/skills", "we don t have people skills"),
        ("price_value", "price value"),
        ("ＰＲＩＣＥ", "price"),
        ("GRÖSSE", "grösse"),
        ("Große", "grosse"),
        ("-- ?! --", ""),
        ("価格", "価格"),
    ],
)
def test_folding(text, folded):
    assert fold(text) == folded
    assert fold(folded) == folded
