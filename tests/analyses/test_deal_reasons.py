"""What each rater said of a deal is shown apart, and a buyer's words only with consent."""

from __future__ import annotations

from typing import Any

import pytest
from builders import closed, deal, make_book

from postmortem.analyses.deal_reasons import deal_reasons
from postmortem.result import Result


def said(rater: str, code: str | None, rank: str = "primary", **more: Any) -> dict[str, Any]:
    return {"deal_id": "D0001", "rater_type": rater, "code": code, "rank": rank, **more}


def asked(reasons: list[dict[str, Any]], consent: str = "anonymous") -> Result:
    interviews = [{"interview_id": "I1", "deal_id": "D0001", "consent": consent, "status": "held"}]
    return deal_reasons(closed(make_book([deal(1, "lost", "2025-08-01")], reasons=reasons, interviews=interviews)))


BUYER = said("buyer", "no_trust_in_delivery", rater_id="Ms Buyer", interview_id="I1", text="We feared delays")


@pytest.mark.parametrize(
    "consent, words", [("none", None), ("anonymous", "We feared delays"), ("named", "We feared delays")]
)
def test_a_buyers_words_need_consent_and_never_carry_a_name(consent: str, words: str | None) -> None:
    row = asked([BUYER], consent).tables["said"].records[0]
    assert row["reason"] == "Promise not believed"
    assert (row["words"] if isinstance(row["words"], str) else None) == words
    assert row["who"] != row["who"]


def test_words_of_an_interview_that_is_not_on_record_are_not_shown() -> None:
    (row,) = asked([{**BUYER, "interview_id": "I9"}]).tables["said"].records
    assert row["words"] != row["words"]


def test_sides_that_differ_and_sides_that_agree_are_told() -> None:
    rep = said("rep", "price_value", rater_id="Kim", text="Price")
    differ = asked([BUYER, rep, said("rep", "terms", "contributing")])
    assert differ.headline.startswith("2 sides do not agree. Sales person: ")
    assert differ.tables["said"].rows["rater"].tolist() == ["Sales person", "Sales person", "Buyer"]
    # Two coders of one interview are one side; one of them reads what the rep wrote.
    agree = asked([BUYER, {**BUYER, "code": "price_value", "coder_id": "B"}, rep])
    assert agree.headline.startswith("2 sides name the same main reason.")
    assert asked([rep]).headline.startswith("One side alone named a main reason. Sales person: ")


def test_a_deal_nobody_spoke_of_is_refused() -> None:
    assert asked([]).status == "refused"


def test_answers_of_a_review_stand_beside_the_reasons_and_are_enough_alone() -> None:
    answers = [
        {"deal_id": "D0001", "rater_id": "Lee", "question": "risk_not_understood", "answer": "unknown"},
        {
            "deal_id": "D0001",
            "rater_id": "Lee",
            "question": "no_trust_in_delivery",
            "answer": "yes",
            "evidence": "none",
        },
    ]
    result = deal_reasons(closed(make_book([deal(1, "lost", "2025-08-01")], reviews=answers)))
    assert result.headline == "Nobody named a main reason for this deal."
    assert result.tables["reviewed"].rows[["asked", "answer"]].values.tolist() == [
        ["Promise not believed", "yes"], ["Buyer's risk not understood", "not known"],
    ]  # fmt: skip
