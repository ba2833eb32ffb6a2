"""Takers corrected: the record's unknowns filled in by what buyers of such losses say, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from analysis_cases import closed_of, counted, reason
from builders import FOCUS

from postmortem.analyses.corrected_lost_to import corrected_lost_to
from postmortem.result import Result

# By what the record says: losses, buyers drawn by lot (all of whom talk), and to whom they say it went.
CELLS: dict[str, tuple[int, int, dict[str, int]]] = {
    "lost_competitor": (50, 20, {"competitor": 16, "status_quo": 4}),
    "lost_status_quo": (70, 14, {"status_quo": 9, "competitor": 4, "disqualified": 1}),
    "lost_unknown": (80, 20, {"competitor": 5, "status_quo": 15}),
}


def drawn(part: float = 1.0, **more: Any) -> Result:
    stories, words, talks, number = [], [], [], 0
    for fate, (losses, asked, said) in CELLS.items():
        answers = [taker for taker, many in said.items() for _ in range(many)][: round(asked * part)]
        for place in range(losses):
            number += 1
            stories += counted({fate: 1}, FOCUS - place % 4, start=number - 1, amount=100.0, segment="One")
            if place < len(answers):
                deal_id = f"D{number:04d}"
                words.append(reason(deal_id, None, rater="buyer", lost_to=answers[place]))
                talks.append({"interview_id": f"I{number}", "deal_id": deal_id, "status": "held", "consent": "none",
                              "inclusion_probability": len(answers) / losses})  # fmt: skip
    return corrected_lost_to(closed_of(stories, reasons=words, interviews=talks, **more))


def by_post_stratification(taker: str) -> float:
    return sum(losses / 200 * said.get(taker, 0) / asked for losses, asked, said in CELLS.values())


def test_the_silent_losses_go_where_buyers_of_silent_losses_say() -> None:
    result = drawn()
    rows = result.tables["takers"].keyed("code")
    assert result.status == "ok"
    for taker in ("competitor", "status_quo", "disqualified"):
        assert rows[taker]["share"] == pytest.approx(by_post_stratification(taker), abs=1e-9)
    assert (rows["competitor"]["recorded"], rows["competitor"]["recorded_share"]) == (50, pytest.approx(50 / 120))
    assert "competitors took 40% (" in result.headline and "on record it is 42% and 58%" in result.headline


def test_the_bounds_of_the_record_stand_beside_it() -> None:
    record = drawn().tables["record"].keyed("taker")
    bounds = {taker: (row["at_least"], row["at_most"]) for taker, row in record.items()}
    assert bounds["competitor"] == pytest.approx((50 / 200, 130 / 200))
    assert bounds["disqualified"] == pytest.approx((0, 80 / 200))


def test_one_buyer_in_a_party_makes_an_interval_no_bootstrap_would() -> None:
    rare = drawn().tables["takers"].keyed("code")["disqualified"]
    assert rare["asked"] == 1 and rare["low"] < 0.01 and rare["high"] > 0.08


def test_too_few_interviews_give_counts_and_bounds() -> None:
    result = drawn(0.4)
    assert result.status == "fallback" and result.tables["takers"].rows["share"].isna().all()
    assert result.headline == (
        "22 of the 25 interviews needed to speak for 200 losses; of 22 buyers asked, 13 gave the deal to a competitor "
        "and 9 kept things as they were; 80 losses have no taker on record."
    )


def test_without_a_buyers_word_it_is_refused() -> None:
    result = corrected_lost_to(closed_of(counted({"lost_competitor": 30})))
    assert result.status == "refused" and "0 of the 25 losses whose buyer says" in result.headline
