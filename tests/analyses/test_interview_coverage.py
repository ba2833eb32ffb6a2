"""Who was interviewed, counted again by hand."""

from __future__ import annotations

from typing import Any

import pytest
from analysis_cases import closed_of, counted
from by_hand import wilson

from postmortem.analyses.interview_coverage import interview_coverage
from postmortem.result import Result


def asked(number: int, status: str, **more: Any) -> dict[str, Any]:
    return {"interview_id": f"I{number:03d}", "deal_id": f"D{number:04d}", "status": status, "consent": "none",
            "stratum": "lost, Price" if number % 2 else "lost, other", "inclusion_probability": 0.4,
            **more}  # fmt: skip


def answer(interviews: list[dict[str, Any]], **fates: int) -> Result:
    return interview_coverage(closed_of(counted(fates), interviews=interviews))


def column(result: Result, table: str, key: str, side: str = "lost") -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in result.tables[table].records if row.get("side", side) == side}


MIXED = [asked(number, "held", consent="named" if number < 5 else "none") for number in range(1, 12)]
MIXED += [asked(12, "declined"), asked(13, "no_answer"), asked(14, "invited"), asked(15, "drawn"),
          asked(16, "no_answer")]  # fmt: skip


def test_the_funnel_counts_deals_step_by_step() -> None:
    rows = column(answer(MIXED, lost_competitor=15, lost_status_quo=15), "funnel", "step")
    # A buyer who declines has answered, one who never replied has not.
    assert [row["lost"] for row in rows.values()] == [30, 16, 15, 12, 11, 4]


def test_the_share_of_a_group_stands_beside_that_of_all_deals() -> None:
    rows = column(answer(MIXED, lost_competitor=15, lost_status_quo=15), "coverage", "label")
    row = rows["Taker: competitor"]
    assert (row["deals"], row["share"], row["held"], row["share_held"]) == (15, 0.5, 11, 1.0)
    low, high = wilson(11, 11)
    assert (row["gap"], row["standardised"]) == (pytest.approx(0.5), pytest.approx(1.0))
    assert (row["low"], row["high"]) == (pytest.approx(low - 0.5), pytest.approx(high - 0.5))
    assert rows["Taker: status quo"]["gap"] == pytest.approx(-0.5)


def test_responses_are_of_those_whose_answer_is_in() -> None:
    result = answer(MIXED, lost_competitor=15, lost_status_quo=15)
    rows = column(result, "response", "stratum")
    whole = rows["all lost deals"]
    assert (whole["asked"], whole["held"], whole["rate"]) == (14, 11, pytest.approx(11 / 14))
    assert (whole["low"], whole["high"]) == (pytest.approx(wilson(11, 14)[0]), pytest.approx(wilson(11, 14)[1]))
    # Seven and seven: under ten there are counts and no rate.
    assert {name: (row["asked"], row["held"]) for name, row in rows.items() if name != "all lost deals"} == {
        "lost, Price": (7, 6), "lost, other": (7, 5)
    }  # fmt: skip
    assert result.headline == (
        "Buyers of 11 of 30 lost deals were interviewed (37%), all of them drawn at random; of 14 whose answer is in, "
        "79% agreed (52–92%)."
    )


def test_competitors_met_are_counted_apart() -> None:
    rivals = [{"deal_id": f"D{number:04d}", "competitor": "Kestrel"} for number in (1, 2, 20)]
    result = interview_coverage(closed_of(counted({"lost_competitor": 30}), interviews=MIXED, competitors=rivals))
    (row,) = result.tables["rivals"].records
    assert (row["competitor"], row["deals"], row["held"]) == ("Kestrel", 3, 2)
    assert row["share_held"] == pytest.approx(2 / 11)


@pytest.mark.parametrize(
    ("chances", "told", "warned"),
    [((0.4, 0.4), "all of them drawn at random", False), ((None, None), "all of them chosen by hand", True),
     ((0.4, None), "1 of the 2 asked for chosen by hand", True)],
)  # fmt: skip
def test_deals_chosen_by_hand_are_told(chances: tuple[Any, Any], told: str, warned: bool) -> None:
    words = [asked(n, "held", inclusion_probability=chance) for n, chance in zip((1, 2), chances, strict=True)]
    result = answer(words, lost_competitor=4)
    assert result.headline == f"Buyers of 2 of 4 lost deals were interviewed (50%), {told}."
    assert any("no correction is certain" in caveat for caveat in result.caveats) is warned


@pytest.mark.parametrize(
    ("interviews", "fates", "headline"),
    [([asked(1, "drawn")], {"lost_competitor": 4},
      "Of 4 lost deals, 1 are to be asked for an interview, all of them drawn at random; none has been held."),
     ([asked(5, "held")], {"lost_competitor": 4, "won": 2},
      "No buyer of the 4 lost deals was drawn for an interview, only buyers of won deals."),
     ([asked(1, "held")], {"won": 2}, "No deal was lost; only buyers of won deals could be asked."),
     ([asked(9, "held")], {"lost_competitor": 4},
      "Not answered yet: no lost or won deals drawn for an interview in 2024Q4 to 2025Q3.")],
    ids=["none held", "won only", "nothing lost", "other deals"],
)  # fmt: skip
def test_other_headlines(interviews: list[dict[str, Any]], fates: dict[str, int], headline: str) -> None:
    assert answer(interviews, **fates).headline == headline


def test_the_later_interview_of_a_deal_counts_once() -> None:
    twice = [asked(1, "declined"), asked(1, "held") | {"interview_id": "I900"}]
    rows = column(answer(twice, lost_competitor=4), "funnel", "step")
    assert (rows["Drawn or chosen"]["lost"], rows["Held"]["lost"]) == (1, 1)
