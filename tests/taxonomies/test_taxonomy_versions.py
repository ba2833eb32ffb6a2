"""Two versions of a taxonomy: what changed, and whether their quarters may be compared."""

from __future__ import annotations

import pytest

from postmortem.ground.errors import DataError
from postmortem.taxonomies import FieldChange, Reason, Taxonomy, comparable, compare_versions, load_taxonomy

OLD = Taxonomy(
    "ours",
    "1.0",
    "Ours",
    (
        Reason("price", "Price", "Too high."),
        Reason("discount", "Discount", "Too small."),
        Reason("timing", "Timing", "Not now."),
        Reason("feature", "Feature", "Missing."),
        Reason("legal", "Legal", "Stuck in legal."),
        Reason("kept", "Kept", "As it was.", lost_to="status_quo"),
    ),
)
NEW = Taxonomy(
    "ours",
    "2.0",
    "Ours",
    (
        Reason("price", "Price", "Too high for its value.", replaces=("discount",)),
        Reason("no_urgency", "No urgency", "Not now.", replaces=("timing",)),
        Reason("missing_capability", "Capability", "Missing.", replaces=("feature",)),
        Reason("kept", "Kept", "As it was."),
        Reason("brand", "Brand", "Better known."),
    ),
)


def test_every_old_code_is_accounted_for():
    change = compare_versions(OLD, NEW)
    assert (change.old, change.new) == ("ours@1.0", "ours@2.0")
    assert change.added == ("brand",)
    assert change.removed == ("legal",)
    assert change.renamed == (("timing", "no_urgency"), ("feature", "missing_capability"))
    assert change.merged == ((("price", "discount"), "price"),)
    assert change.changed == (
        FieldChange("price", "definition", "Too high.", "Too high for its value."),
        FieldChange("kept", "lost_to", "status_quo", None),
    )
    assert change.redefined == ("price",)


def test_two_codes_merged_into_a_new_one():
    merged = Taxonomy("ours", "2", "Ours", (Reason("money", "Money", "x", replaces=("price", "discount")),))
    change = compare_versions(OLD, merged)
    assert change.merged == ((("price", "discount"), "money"),)
    assert (change.renamed, change.added) == ((), ())
    assert change.removed == ("timing", "feature", "legal", "kept")


def test_a_version_equals_itself():
    change = compare_versions(OLD, OLD)
    assert not (change.added or change.removed or change.renamed or change.merged or change.changed)


def test_an_extension_only_adds():
    base, child = load_taxonomy("red_zone"), load_taxonomy("follow_through")
    change = compare_versions(base, child)
    assert set(change.added) == set(child.codes) - set(base.codes)
    assert not (change.removed or change.renamed or change.merged or change.changed)


def test_comparable_codes_are_translated():
    assert comparable(["timing", "price", "discount", "timing"], NEW) == {
        "timing": "no_urgency",
        "price": "price",
        "discount": "price",
    }
    assert comparable([], NEW) == {}


def test_a_code_without_meaning_refuses_the_comparison():
    with pytest.raises(DataError, match=r"2 of 3 codes used have no meaning in ours@2\.0") as caught:
        comparable(["legal", "price", "gone"], NEW)
    assert caught.value.rows == ("legal", "gone")


def test_a_crosswalk_bridges_it_only_into_codes_that_exist():
    assert comparable(["legal"], NEW, crosswalk={"legal": "brand"}) == {"legal": "brand"}
    assert comparable(["legal"], NEW, crosswalk={"legal": "feature"}) == {"legal": "missing_capability"}
    with pytest.raises(DataError, match="no meaning"):
        comparable(["legal"], NEW, crosswalk={"legal": "nowhere"})
