"""Guesses beside the facts, both counted by hand."""

from __future__ import annotations

from typing import Any

import pytest
from analysis_cases import closed_of, counted, reason
from builders import FOCUS

from postmortem.findings.guesses_against_facts import guesses_against_facts
from postmortem.result import Result

FATES = {"lost_competitor": 5, "lost_status_quo": 3, "lost_unknown": 2}


def guess(question: str, value: str | None, who: str = "CEO", sealed: str | None = "2025-08-01T09:00:00Z",
          quarter: str = "2025Q3") -> dict[str, Any]:  # fmt: skip
    return {"quarter": quarter, "rater_id": who, "question": question, "value": value, "sealed_at": sealed}


def answer(*guesses: dict[str, Any], fates: dict[str, int] = FATES, **tables: Any) -> Result:
    return guesses_against_facts(closed_of(counted(fates), guesses=list(guesses), **tables))


def test_shares_are_held_against_the_range_that_the_record_leaves() -> None:
    """Of ten losses 5 went to competitors and 2 are unknown: 50 to 70%; 78% is 8 points beyond, 72% is near."""
    result = answer(
        guess("share_lost_to_competitor", "0.78"), guess("share_lost_to_competitor", "72%", "Sales"),
        guess("share_lost_to_competitor", "0.3", "Marketing"), guess("share_lost_to_status_quo", "0.3"),
    )  # fmt: skip
    rows = {(row["question"], row["person"]): row for row in result.tables["guesses"].records}
    off = {who: row["off"] for (asked, who), row in rows.items() if asked == "Lost to a competitor"}
    assert off == {"CEO": pytest.approx(0.08), "Sales": pytest.approx(0.02), "Marketing": pytest.approx(-0.2)}
    assert [rows["Lost to a competitor", who]["is_right"] for who in ("CEO", "Sales", "Marketing")] == [
        "no",
        "yes",
        "no",
    ]
    summary = result.tables["summary"].keyed("question")["Lost to a competitor"]
    told = {
        name: summary[name] for name in ("guesses", "lowest", "highest", "fact", "low", "high", "deals", "of", "right")
    }
    assert told == {"guesses": 3, "lowest": 0.3, "highest": 0.78, "fact": 0.5, "low": 0.5, "high": 0.7, "deals": 5,
                    "of": 10, "right": 1}  # fmt: skip
    assert result.headline == (
        "Lost to the status quo: guessed 30%, on record 30–50%; lost to a competitor: guessed 30–78%, on record 50–70%."
    )


def test_names_are_right_when_nothing_is_named_more_often() -> None:
    words = [reason(f"D{number:04d}", "price_value" if number < 3 else "no_urgency") for number in range(1, 5)]
    rivals = [{"deal_id": "D0001", "competitor": "Kestrel"}, {"deal_id": "D0002", "competitor": "Osprey"},
              {"deal_id": "D0002", "competitor": "Kestrel", "status": "won"},
              # Two were met and none is marked: it cannot be told which of them took the deal.
              {"deal_id": "D0003", "competitor": "Osprey"}, {"deal_id": "D0003", "competitor": "Merlin"},
              # Lost to the status quo: nobody took it.
              {"deal_id": "D0006", "competitor": "Osprey"}, {"deal_id": "D0007", "competitor": "Osprey"},
              {"deal_id": "D0008", "competitor": "Osprey"}]  # fmt: skip
    result = answer(
        guess("top_reason", "no_urgency"), guess("top_reason", "budget_lost", "Sales"),
        guess("worst_competitor", "kestrel"), guess("worst_competitor", "Osprey", "Sales"),
        reasons=words, competitors=rivals,
    )  # fmt: skip
    summary = result.tables["summary"].keyed("question")
    assert summary["Reason given most often"]["answer"] == "No reason to act now and Price against value"
    assert summary["Competitor that took most"]["answer"] == "Kestrel"
    assert (summary["Competitor that took most"]["deals"], summary["Competitor that took most"]["of"]) == (
        2,
        10,
    )
    assert [row["right"] for row in summary.values()] == [1, 1]
    assert result.headline == "2 of 4 guesses about the quarter named what is on record."


@pytest.mark.parametrize(
    ("sealed", "timing", "late"),
    [("2025-09-30T23:30:00Z", "before the quarter ended", 0), ("2025-10-01T00:30:00Z", "after the quarter ended", 1),
     ("2025-10-07T09:00:00Z", "after these data were taken", 1), (None, "after the quarter ended", 1)],
)  # fmt: skip
def test_what_was_sealed_late_is_marked(sealed: str | None, timing: str, late: int) -> None:
    result = answer(guess("share_lost_to_competitor", "0.4", sealed=sealed))
    assert (result.tables["guesses"].first["timing"], result.tables["summary"].first["late"]) == (timing, late)
    assert bool(result.caveats) is bool(late)


def test_guesses_about_other_quarters_and_questions_do_not_count() -> None:
    result = answer(
        guess("share_lost_to_competitor", "0.4", quarter=(FOCUS - 1).label), guess("favourite_colour", "blue"),
        guess("share_lost_to_competitor", "0.5"), guess("share_lost_to_status_quo", "about half"),
    )  # fmt: skip
    assert result.tables["summary"].first["guesses"] == 1
    assert result.caveats == ("1 guess could not be read.",)


@pytest.mark.parametrize(
    ("guesses", "fates", "headline"),
    [([], FATES, "Not answered yet: no guesses sealed in 2025Q3."),
     ([guess("share_lost_to_competitor", "x")], FATES, "Not answered yet: no guesses that can be read."),
     ([guess("share_lost_to_competitor", "0.4")], {"won": 3}, "Not answered yet: no lost deals in 2025Q3.")],
)  # fmt: skip
def test_refusals(guesses: list[dict[str, Any]], fates: dict[str, int], headline: str) -> None:
    assert answer(*guesses, fates=fates).headline == headline
