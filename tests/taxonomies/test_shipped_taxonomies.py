"""Every taxonomy that ships loads, is free of faults and holds what the field needs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

import postmortem.taxonomies as taxonomies

FOLDER = Path(taxonomies.__file__).parent
LOSS_TAXONOMIES = ("red_zone", "follow_through")

SIX_CAUSES = {
    "not_an_opportunity",
    "not_qualified_continuously",
    "no_trust_in_delivery",
    "true_buyer_not_engaged",
    "risk_not_understood",
    "needs_not_uncovered",
}
REP = {"rep_effort", "rep_skill", "rep_rapport"}
COMPETITOR_SIDE = {
    "price_value",
    "missing_capability",
    "incumbent_relationship",
    "brand_reference",
    "terms",
    "late_criteria",
    "slow_response",
    "adaptability",
    "relationship",
}
INDECISION = {"cannot_choose", "not_enough_information", "outcome_uncertain"}
STATUS_QUO_SIDE = {
    "no_urgency",
    "priorities_changed",
    "budget_lost",
    "champion_lost",
    "reorganisation",
    "prefers_status_quo",
    "indecision",
    "built_in_house",
}
DISQUALIFIED = {"duplicate", "poor_fit", "no_project", "wrong_channel"}
FOLLOW_THROUGH = {
    "assumed_known_customer",
    "change_since_last_purchase_not_probed",
    "request_taken_literally",
    "no_closing_questions",
    "no_next_step",
    "proposal_left_alone",
    "no_follow_up",
}
SIGNALS = {
    "no_qualification_commitment",
    "forecast_soon_after_creation",
    "stage_skipped_or_back",
    "exit_commitment_unmet",
    "no_agreed_next_step",
    "pushed_twice",
    "no_buyer_contact",
    "proposal_left_alone",
    "single_contact",
    "no_economic_buyer",
    "new_decision_maker_late",
    "competitor_named_late",
    "proposal_before_discovery",
    "existing_customer_without_discovery",
    "no_proof_of_value",
    "stalled_in_stage",
    "late_review_contact",
    "scope_changed_late",
    "owner_changed",
    "expected_close_passed",
    "committed_while_silent",
}


def test_every_file_beside_the_code_is_available():
    assert set(taxonomies.available()) == {path.stem for path in FOLDER.glob("*.toml")}
    assert {"red_zone", "ecosystem", "follow_through"} <= set(taxonomies.available())


@pytest.mark.parametrize("name", taxonomies.available())
def test_it_loads_under_the_name_of_its_file_and_has_no_fault(name):
    taxonomy = taxonomies.load_taxonomy(name)
    assert taxonomy.id == name
    assert [str(fault) for fault in taxonomies.lint(taxonomy)] == []


@pytest.mark.parametrize("name", taxonomies.available())
def test_it_holds_exactly_what_its_file_says(name):
    written = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["codes"]
    taxonomy = taxonomies.load_taxonomy(name)
    for code, fields in written.items():
        reason = taxonomy.reason(code)
        for field, value in fields.items():
            assert getattr(reason, field) == (tuple(value) if isinstance(value, list) else value), (
                code,
                field,
            )


@pytest.mark.parametrize("name", taxonomies.available())
def test_its_texts_are_sentences(name):
    for reason in taxonomies.load_taxonomy(name).reasons:
        assert reason.definition.endswith("."), reason.code
        assert reason.definition.count(". ") <= 1, f"{reason.code}: more than two sentences"
        assert reason.remedy.endswith("."), reason.code
        assert reason.interview_question.endswith(("?", ".")), reason.code
        assert len(reason.label) <= 50, reason.code


@pytest.mark.parametrize("name", taxonomies.available())
def test_no_text_is_used_twice(name):
    reasons = taxonomies.load_taxonomy(name).reasons
    for field in ("label", "definition", "remedy", "interview_question"):
        texts = [getattr(reason, field) for reason in reasons]
        assert len(texts) == len(set(texts)), field


@pytest.mark.parametrize("name", taxonomies.available())
def test_it_round_trips_through_json(name):
    taxonomy = taxonomies.load_taxonomy(name)
    data = json.loads(json.dumps(taxonomy.to_dict()))
    assert [row["code"] for row in data["reasons"]] == list(taxonomy.codes)
    assert data["reasons"][1]["signals"] == list(taxonomy.reasons[1].signals)


def test_red_zone_holds_all_codes_under_their_heading():
    taxonomy = taxonomies.load_taxonomy("red_zone")
    assert set(taxonomy.children("blindside_causes")) == SIX_CAUSES
    assert set(taxonomy.children("rep_causes")) == REP
    assert set(taxonomy.children("competitor_side")) == COMPETITOR_SIDE
    assert set(taxonomy.children("status_quo_side")) == STATUS_QUO_SIDE
    assert set(taxonomy.children("indecision")) == INDECISION
    assert set(taxonomy.children("disqualified_side")) == DISQUALIFIED
    everything = SIX_CAUSES | REP | COMPETITOR_SIDE | STATUS_QUO_SIDE | INDECISION | DISQUALIFIED
    assert set(taxonomy.assignable) == everything | {"other", "not_recorded"}


def test_follow_through_adds_its_lapses_to_red_zone():
    base, taxonomy = taxonomies.load_taxonomy("red_zone"), taxonomies.load_taxonomy("follow_through")
    assert set(taxonomy.assignable) == set(base.assignable) | FOLLOW_THROUGH
    assert taxonomy.reasons[: len(base.reasons)] == base.reasons
    assert taxonomy.based_on == (f"red_zone@{base.version}",)


def test_the_ecosystem_holds_five_parts_and_five_culprits():
    taxonomy = taxonomies.load_taxonomy("ecosystem")
    assert set(taxonomy.children("ecosystem_parts")) == {
        "target_market_strategy",
        "sales_force_effectiveness",
        "sales_operations",
        "talent_management",
        "marketing",
    }
    assert set(taxonomy.children("macro_culprits")) == {
        "dysfunctional_culture",
        "lack_of_vision_and_values",
        "wrong_sales_manager",
        "selling_time_lost",
        "handoffs",
    }


@pytest.mark.parametrize("name", LOSS_TAXONOMIES)
def test_every_reason_points_into_the_ecosystem_and_at_known_signals(name):
    places = set(taxonomies.load_taxonomy("ecosystem").assignable)
    for reason in taxonomies.load_taxonomy(name).reasons:
        assert reason.ecosystem in places, reason.code
        assert set(reason.signals) <= SIGNALS, reason.code


def test_every_signal_is_evidence_for_one_of_the_reasons():
    used = {signal for reason in taxonomies.load_taxonomy("red_zone").reasons for signal in reason.signals}
    assert used == SIGNALS


def test_each_of_the_six_causes_has_a_sign_that_settles_it():
    taxonomy = taxonomies.load_taxonomy("red_zone")
    assert {reason.code for reason in taxonomy.reasons if reason.defining} == set(SIX_CAUSES)


def test_to_whom_is_given_only_where_the_definition_answers_it():
    taxonomy = taxonomies.load_taxonomy("red_zone")
    given = {code: taxonomy.reason(code).lost_to for code in taxonomy.assignable}
    expected = dict.fromkeys(STATUS_QUO_SIDE | INDECISION, "status_quo")
    expected |= dict.fromkeys(DISQUALIFIED | {"not_an_opportunity"}, "disqualified")
    expected |= dict.fromkeys(("incumbent_relationship", "brand_reference", "relationship"), "competitor")
    assert {code: value for code, value in given.items() if value is not None} == expected
    assert given["price_value"] is None


@pytest.mark.parametrize("name", LOSS_TAXONOMIES)
def test_no_reason_is_called_after_the_one_who_took_the_deal(name):
    for reason in taxonomies.load_taxonomy(name).reasons:
        names = {taxonomies.fold(word) for word in (reason.code, reason.label, *reason.synonyms)}
        assert not names & {"competitor", "competition", "lost to competitor", "status quo", "no decision"}


@pytest.mark.parametrize("name", taxonomies.available())
def test_a_definition_points_at_other_codes_by_the_label_people_read(name):
    taxonomy = taxonomies.load_taxonomy(name)
    labels = {reason.label for reason in taxonomy.reasons}
    for reason in taxonomy.reasons:
        assert "_" not in reason.definition, reason.code
        assert set(re.findall(r"(?:coded|use) '([^']+)'", reason.definition)) <= labels, reason.code
