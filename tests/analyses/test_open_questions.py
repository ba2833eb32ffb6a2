"""A question is open where the record is silent or says unknown, and closed once it is answered."""

from __future__ import annotations

from typing import Any

from builders import closed, deal, make_book

from postmortem.analyses.open_questions import open_questions


def questions(row: dict[str, Any], **tables: Any) -> list[str]:
    result = open_questions(closed(make_book([row], **tables)))
    return list(result.tables["questions"].rows["question"])


ONE = {"deal_id": "D0001"}
LOST = deal(1, "lost", "2025-08-01", lost_to_recorded="competitor", expected_close_date="2025-08-01")
SPOKEN = [{**ONE, "rater_type": rater, "code": "terms", "rank": "primary", "interview_id": None}
          for rater in ("rep", "buyer")]  # fmt: skip
TOLD: dict[str, Any] = {
    "reasons": SPOKEN,
    "events": [{**ONE, "kind": "call", "side": "buyer", "occurred_at": "2025-07-01T10:00Z"}],
    "contacts": [{**ONE, "contact_id": "P", "role": "Economic Buyer"}],
    "competitors": [{**ONE, "competitor": "Kestrel", "status": "won", "price": 10.0}],
    "reviews": [{**ONE, "rater_id": "Lee", "question": "no_trust_in_delivery", "answer": "no"}],
}


def test_a_deal_of_which_all_is_told_leaves_none_open():
    assert questions(LOST, **TOLD) == ["None"]


def test_each_silence_opens_its_question_and_no_other():
    def without(name: str, *rows: dict[str, Any]) -> list[str]:
        return questions(LOST, **{**TOLD, name: list(rows)})

    assert without("events") == ["Who was in touch with whom, and when?"]
    assert without("events", {**TOLD["events"][0], "side": "seller"}) == ["Did the buyer ever act?"]
    assert without("contacts") == ["Who decided on the buyer's side?"]
    assert without("competitors") == ["Which competitor won it?"]
    assert without("reviews") == ["Which of the six causes were there?"]
    assert without("reviews", {**TOLD["reviews"][0], "answer": "unknown"}) == ["Were the other causes there?"]
    assert without("reasons", SPOKEN[0]) == ["What does the buyer say?"]
    assert without("reasons", SPOKEN[0], {**SPOKEN[1], "code": "price_value"}) == ["What was the main reason?"]
    assert without("reasons", SPOKEN[0], {**SPOKEN[1], "lost_to": "status_quo"}) == ["Who or what took it?"]


def test_fields_that_are_empty_and_a_taker_nobody_wrote_down_are_asked_for():
    told = questions({**LOST, "amount": None, "lost_to_recorded": None, "owner_id": None})
    assert told[:3] == ["What was it worth?", "Who sold it?",
                        "Who or what took it: a competitor, or the status quo?"]  # fmt: skip
