"""Each fault that is planted is found, under its code and field, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from postmortem.taxonomies import Reason, Taxonomy, lint, load_taxonomy

GOOD = Reason(
    code="price",
    label="Price",
    definition="It cost more than it was worth to the buyer.",
    ecosystem="marketing",
    remedy="Agree on the value before the price.",
    interview_question="What did you compare it with?",
    signals=("pushed_twice",),
    synonyms=("too dear",),
)
OTHER = replace(GOOD, code="terms", label="Terms", synonyms=("payment terms",))
HEADING = replace(GOOD, code="money", label="Money", synonyms=(), group=True)


def faults(*reasons: Reason, **options):
    return {(fault.code, fault.field): fault.message for fault in lint(Taxonomy("t", "1", "T", reasons), **options)}


def test_a_good_taxonomy_has_no_fault():
    assert faults(GOOD, OTHER) == {}
    assert faults(HEADING, replace(GOOD, parent="money")) == {}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"code": "Price"}, "code", "snake_case"),
        ({"code": "price__value"}, "code", "snake_case"),
        ({"label": " "}, "label", "is missing"),
        ({"definition": ""}, "definition", "is missing"),
        ({"definition": "PRICE."}, "definition", "only repeats the label"),
        ({"remedy": ""}, "remedy", "is missing"),
        ({"interview_question": ""}, "interview_question", "is missing"),
        ({"interview_question": "Tell me."}, "interview_question", "no question mark"),
        ({"ecosystem": None}, "ecosystem", "is missing"),
        ({"ecosystem": "marketting"}, "ecosystem", "did you mean 'marketing'?"),
        ({"ecosystem": "ecosystem_parts"}, "ecosystem", "is not a place"),
        ({"parent": "termz"}, "parent", "did you mean 'terms'?"),
        ({"lost_to": "nobody"}, "lost_to", "is unknown"),
        ({"signals": ("Pushed Twice",)}, "signals", "not snake_case"),
        ({"signals": ("pushed_twice", "pushed_twice")}, "signals", "listed twice"),
        ({"defining": ("pushed_twise",)}, "defining", "not among its signals"),
        ({"signals": (), "defining": ("pushed_twice",)}, "defining", "not among its signals"),
        ({"synonyms": ("Too Dear",)}, "synonyms", "not lower-case"),
        ({"synonyms": ("--",)}, "synonyms", "holds no word"),
        ({"synonyms": ("too dear", "too-dear")}, "synonyms", "listed twice"),
        ({"synonyms": ("terms",)}, "synonyms", "also leads to 'terms'"),
        ({"replaces": ("terms",)}, "replaces", "still a code"),
        ({"group": True, "synonyms": ()}, "group", "no code below it"),
    ],
)
def test_a_planted_fault_is_the_only_one_found(change, field, words):
    planted = replace(GOOD, **change)
    found = faults(planted, OTHER)
    assert list(found) == [(planted.code, field)]
    assert words in found[planted.code, field]


def test_a_synonym_shared_by_two_codes_is_named_with_the_other_code():
    assert faults(GOOD, replace(OTHER, synonyms=("Too  Dear".lower(),))) == {
        ("terms", "synonyms"): "'too  dear' also leads to 'price'"
    }


def test_a_label_shared_by_two_codes():
    assert faults(GOOD, replace(OTHER, label="price")) == {("terms", "label"): "'price' is also the label of 'price'"}


def test_a_circle_is_found_on_every_code_in_it_and_nowhere_else():
    circle = (replace(GOOD, parent="terms"), replace(OTHER, parent="price"))
    below = replace(GOOD, code="below", label="Below", synonyms=(), parent="price")
    assert set(faults(*circle, below)) == {("price", "parent"), ("terms", "parent")}


def test_a_code_that_is_its_own_parent():
    assert set(faults(replace(GOOD, parent="price"))) == {("price", "parent")}


def test_an_old_code_claimed_by_two():
    found = faults(replace(GOOD, replaces=("old",)), replace(OTHER, replaces=("old",)))
    assert "already replaced by 'price'" in found["terms", "replaces"]


def test_a_code_that_is_there_twice():
    found = lint(Taxonomy("t", "1", "T", (GOOD, GOOD)))
    assert [(fault.code, fault.field) for fault in found] == [("price", "code")]


def test_a_heading_with_synonyms():
    found = faults(replace(HEADING, synonyms=("cash",)), replace(GOOD, parent="money"))
    assert list(found) == [("money", "synonyms")]


def test_other_places_can_be_allowed_and_the_places_themselves_need_none():
    assert faults(replace(GOOD, ecosystem="somewhere"), buckets=("somewhere",)) == {}
    assert lint(Taxonomy("ecosystem", "1", "E", (replace(GOOD, ecosystem=None),))) == ()


def test_what_the_loader_lets_pass_is_found_in_a_file(tmp_path):
    path = tmp_path / "bare.toml"
    path.write_text('id = "bare"\nversion = "1"\ntitle = "Bare"\n[codes.bare]\nlabel = "Bare"\n', encoding="utf-8")
    found = {fault.field for fault in lint(load_taxonomy(path))}
    assert found == {"definition", "remedy", "interview_question", "ecosystem"}


def test_a_fault_reads_as_place_and_message():
    (fault,) = lint(Taxonomy("t", "1", "T", (replace(GOOD, remedy=""),)))
    assert str(fault) == "price.remedy: is missing"
