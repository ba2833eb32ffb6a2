"""The crosswalks that ship: whole, consistent with each other, and saying what was decided by hand."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from postmortem.ground.errors import ConfigError
from postmortem.taxonomies import fold, load_crosswalks, load_taxonomy, map_values

RED_ZONE = load_taxonomy("red_zone")
SHIPPED = load_crosswalks()

# vocabulary, value, code, lost_to: decided by hand from what each vocabulary means.
CERTAIN = [
    ("salesforce", "Lost to Competitor", None, "competitor"),
    ("salesforce", "Price", "price_value", None),
    ("salesforce", "Other", "other", None),
    ("frappe", "Pricing", "price_value", None),
    ("frappe", "Competition", None, "competitor"),
    ("frappe", "Missing Features", "missing_capability", None),
    ("frappe", "No Decision-Maker", "true_buyer_not_engaged", None),
    ("frappe", "Poor Fit", "poor_fit", None),
    ("frappe", "Other", "other", None),
    ("odoo", "Too expensive", "price_value", None),
    ("odoo", "We don't have people/skills", "missing_capability", None),
    ("odoo", "Not enough stock", "missing_capability", None),
    ("insightsquared", "Price", "price_value", None),
    ("insightsquared", "Competition", None, "competitor"),
    ("insightsquared", "Feature", "missing_capability", None),
    ("dynamics", "5", None, "competitor"),
    ("dynamics", "Out-Sold", None, "competitor"),
    ("stage_names", "Closed – Lost Product Deficiency", "missing_capability", None),
    ("stage_names", "Closed - Lost to Competitor", None, "competitor"),
    ("generic", "not target", "poor_fit", None),
    ("generic", "competitor", None, "competitor"),
    ("generic", "Unknown", "not_recorded", "unknown"),
    ("generic", "None", "not_recorded", None),
    ("generic", "--None--", "not_recorded", None),
]
# vocabulary, value, candidates it must offer, lost_to that is certain all the same.
AMBIGUOUS = [
    ("salesforce", "No Budget / Lost Funding", {"not_an_opportunity", "budget_lost"}, None),
    (
        "salesforce",
        "No Decision / Non-Responsive",
        {"prefers_status_quo", "indecision", "true_buyer_not_engaged"},
        None,
    ),
    ("frappe", "Budget Constraints", {"not_an_opportunity", "budget_lost"}, None),
    ("frappe", "Long Sales Cycle", {"slow_response", "no_urgency"}, None),
    ("frappe", "Unresponsive Prospect", {"true_buyer_not_engaged", "not_an_opportunity"}, None),
    ("insightsquared", "Need", {"not_an_opportunity", "needs_not_uncovered"}, None),
    ("insightsquared", "Timing", {"no_urgency", "priorities_changed"}, None),
    ("insightsquared", "Poor qualification", {"not_an_opportunity", "not_qualified_continuously"}, None),
    ("dynamics", "4", {"prefers_status_quo", "indecision"}, None),
    ("stage_names", "Closed – Lost No Resources / Budget", {"budget_lost", "not_an_opportunity"}, None),
    ("stage_names", "Closed – Lost Not Ready / No Decision", {"no_urgency", "indecision"}, "status_quo"),
    ("generic", "no decision", {"prefers_status_quo", "indecision"}, "status_quo"),
    ("generic", "no product fit", {"missing_capability", "poor_fit"}, None),
    ("generic", "no response", {"true_buyer_not_engaged"}, None),
]
MEDDICC_GAPS = [
    "Metrics",
    "Economic buyer",
    "Decision criteria",
    "Decision process",
    "Identified pain",
    "Champion",
]


def test_which_crosswalks_ship():
    expected = ["dynamics", "frappe", "generic", "insightsquared", "odoo", "salesforce", "stage_names"]
    assert [crosswalk.id for crosswalk in SHIPPED] == expected


@pytest.mark.parametrize(("name", "value", "code", "lost_to"), CERTAIN)
@pytest.mark.parametrize("alone", [True, False], ids=["its crosswalk alone", "all crosswalks"])
def test_a_certain_value(name, value, code, lost_to, alone):
    crosswalks = load_crosswalks([name]) if alone else SHIPPED
    (mapped,) = map_values([value], RED_ZONE, crosswalks=crosswalks)
    assert (mapped.code, mapped.lost_to, mapped.candidates) == (code, lost_to, ())
    assert mapped.source == "label" or mapped.source.startswith("crosswalk:")


@pytest.mark.parametrize(("name", "value", "candidates", "lost_to"), AMBIGUOUS)
@pytest.mark.parametrize("alone", [True, False], ids=["its crosswalk alone", "all crosswalks"])
def test_an_ambiguous_value(name, value, candidates, lost_to, alone):
    crosswalks = load_crosswalks([name]) if alone else SHIPPED
    (mapped,) = map_values([value], RED_ZONE, crosswalks=crosswalks)
    assert (mapped.source, mapped.code, mapped.lost_to) == ("ambiguous", None, lost_to)
    assert candidates <= set(mapped.candidates)
    assert mapped.note


def test_an_evidence_field_is_not_a_reason():
    assert {mapped.source for mapped in map_values(MEDDICC_GAPS, RED_ZONE)} == {"unmapped"}


@pytest.mark.parametrize(
    ("crosswalk", "entry"),
    [pytest.param(walk, entry, id=f"{walk.id}: {entry.values[0]}") for walk in SHIPPED for entry in walk.entries],
)
def test_an_entry_is_hidden_neither_by_a_label_nor_by_another_crosswalk(crosswalk, entry):
    for crosswalks in ([crosswalk], SHIPPED):
        for mapped in map_values(entry.values, RED_ZONE, crosswalks=crosswalks):
            found = mapped.candidates or ((mapped.code,) if mapped.code else ())
            assert (set(found), mapped.lost_to) == (set(entry.codes), entry.lost_to), mapped


def test_no_synonym_decides_what_a_crosswalk_leaves_open():
    open_values = {fold(v) for walk in SHIPPED for entry in walk.entries if len(entry.codes) != 1 for v in entry.values}
    for name in ("red_zone", "follow_through"):
        synonyms = {fold(word) for reason in load_taxonomy(name).reasons for word in reason.synonyms}
        assert not synonyms & open_values


def test_numbers_are_read_only_when_their_crm_is_named():
    assert map_values(["5"], RED_ZONE)[0].source == "unmapped"
    assert map_values(["5"], RED_ZONE, crosswalks=load_crosswalks(["dynamics"]))[0].lost_to == "competitor"


def test_every_value_of_the_public_vocabularies_is_accounted_for():
    folder = os.environ.get("DEALS_REAL_DATA")
    if folder is None:
        pytest.skip("DEALS_REAL_DATA is not set: it names the folder of public data sets")
    with (Path(folder) / "lost_reason_vocab" / "lost_reason_vocab.csv").open(encoding="utf-8", newline="") as lines:
        values = [row["reason"] for row in csv.DictReader(lines)]
    mapped = map_values(values, RED_ZONE)
    assert [item.value for item in mapped] == list(dict.fromkeys(values))
    for item in mapped:
        if item.source == "ambiguous":
            assert item.code is None and len(item.candidates) > 1 and item.note
        elif item.source == "unmapped":
            assert item.code is None and item.lost_to is None
        else:
            assert item.code in RED_ZONE.assignable or item.lost_to is not None
    assert not [item.value for item in mapped if item.source == "unmapped"]
    decided = {fold(value): (code, to) for _, value, code, to in CERTAIN}
    decided |= {fold(value): (None, to) for _, value, _, to in AMBIGUOUS}
    for item in mapped:
        if fold(item.value) in decided:
            assert (item.code, item.lost_to) == decided[fold(item.value)], item


def own_file(tmp_path, name, body):
    folder = tmp_path / "crosswalks"
    folder.mkdir(exist_ok=True)
    head = f'id = "{name}"\nversion = "1"\ntitle = "T"\ntaxonomy = "red_zone"\n'
    (folder / f"{name}.toml").write_text(head + body, encoding="utf-8")


def test_a_folder_of_ones_own_adds_and_takes_the_place_of(tmp_path):
    own_file(tmp_path, "ours", '[[entry]]\nvalues = ["Z1"]\ncodes = ["terms"]\n')
    own_file(tmp_path, "odoo", '[[entry]]\nvalues = ["Z2"]\ncodes = ["terms"]\n')
    names = [crosswalk.id for crosswalk in load_crosswalks(folder=tmp_path)]
    assert names == sorted([*(crosswalk.id for crosswalk in SHIPPED), "ours"])
    mapped = map_values(["z1", "Z2", "Not enough stock"], RED_ZONE, crosswalks=load_crosswalks(folder=tmp_path))
    assert [(item.code, item.source) for item in mapped[:2]] == [
        ("terms", "crosswalk:ours"),
        ("terms", "crosswalk:odoo"),
    ]
    assert mapped[2].source == "unmapped"


def test_crosswalks_come_in_the_order_named():
    assert [crosswalk.id for crosswalk in load_crosswalks(["odoo", "frappe"])] == ["odoo", "frappe"]
    with pytest.raises(ConfigError, match="did you mean 'salesforce'"):
        load_crosswalks(["sales_force"])


def test_all_faults_of_the_files_come_in_one_error(tmp_path):
    own_file(
        tmp_path,
        "bad",
        '[[entry]]\nvalues = ["A"]\ncodes = ["price_valu"]\n'
        '[[entry]]\nvalues = ["a!"]\ncodes = ["terms"]\n'
        '[[entry]]\nvalues = ["B"]\ncodes = ["terms", "other"]\n'
        '[[entry]]\nvalues = ["C"]\nnote = "x"\n'
        '[[entry]]\nvalues = ["D"]\nlost_to = "rival"\nnote = "x"\n'
        '[[entry]]\nvalues = ["?"]\ncodes = ["competitor_side"]\n'
        '[[entry]]\nvalue = "E"\ncodes = ["terms"]\n',
    )
    own_file(tmp_path, "worse", "")
    with pytest.raises(ConfigError) as caught:
        load_crosswalks(folder=tmp_path)
    rows = caught.value.rows
    expected = [
        ("bad.toml: entry 1.codes", "did you mean 'price_value'?"),
        ("bad.toml: entry 2.values", "mapped by entry 1 already"),
        ("bad.toml: entry 3.note", "is missing"),
        ("bad.toml: entry 4.codes", "neither why nor to whom"),
        ("bad.toml: entry 5.lost_to", "'rival' is unknown"),
        ("bad.toml: entry 6.values", "a letter or a digit"),
        ("bad.toml: entry 6.codes", "not a code a deal can be given"),
        ("bad.toml: entry 7.value", "did you mean 'values'?"),
        ("bad.toml: entry 7.values", "one value or more"),
        ("worse.toml: entry", "at least one table"),
    ]
    for place, words in expected:
        assert any(row.startswith(f"{place}: ") and words in row for row in rows), (place, rows)
    assert len(rows) == len(expected)
