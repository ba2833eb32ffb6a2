"""Whom a plan asks: strata merged by rule, earlier draws kept, and widths recomputed by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from builders import FOCUS, closed, deal, make_book

from postmortem.fieldwork.interview_plan import plan_interviews, rows_to_keep
from postmortem.fieldwork.strata import least_of, strata_of
from postmortem.frames import Cohort
from postmortem.ground.errors import EmptyFrame, UsageError

PRICE, URGENCY = "price_value", "no_urgency"


def cohort(lost: int = 40, won: int = 20, interviews: list[dict[str, Any]] | None = None, **tables: Any) -> Cohort:
    deals = [deal(number, "lost", "2025-08-10") for number in range(1, lost + 1)]
    deals += [deal(100 + number, "won", "2025-08-20") for number in range(1, won + 1)]
    reasons = [
        {"deal_id": f"D{number:04d}", "rater_type": "rep", "rank": "primary", "code": PRICE if number % 2 else URGENCY}
        for number in range(1, lost + 1)
        if number % 4
    ]
    return closed(make_book(deals, reasons=reasons, interviews=interviews or [], **tables))


def asked(number: int, **more: Any) -> dict[str, Any]:
    return {"interview_id": f"I{number}", "deal_id": f"D{number:04d}", "status": "drawn", "consent": "none",
            "drawn_at": "2025-09-01", "draw_order": number, "inclusion_probability": 0.2, **more}  # fmt: skip


def test_strata_are_reason_by_half_of_the_amounts_and_small_ones_merge() -> None:
    rows = pd.DataFrame(
        {
            "reason": ["Price"] * 8 + ["Terms"] * 5 + ["Timing"] * 2 + [None] * 3,
            "amount": [1.0, 9.0] * 4 + [9.0] * 5 + [1.0] * 2 + [1.0, 9.0, None],
        }
    )
    found = strata_of(rows, "lost", 4)
    assert found.value_counts().to_dict() == {
        "lost, Price, larger half": 4, "lost, Price, smaller half": 4, "lost, Terms": 5, "lost, other reasons": 2,
        "lost, no reason recorded": 3,
    }  # fmt: skip
    assert (least_of(0.25), least_of(0.4)) == (8, 5)


def test_won_deals_without_reasons_are_divided_by_amount_alone() -> None:
    rows = pd.DataFrame({"reason": [None] * 4, "amount": [1.0, 2.0, 3.0, None]})
    assert strata_of(rows, "won", 1).tolist() == [
        "won, smaller half", "won, larger half", "won, larger half", "won, smaller half"
    ]  # fmt: skip


def test_as_many_are_drawn_as_give_the_interviews_wanted() -> None:
    plan = plan_interviews(cohort(), budget=5, wins=4)
    assert (plan.lost.drawn, plan.won.drawn) == (20, 10)
    assert (plan.lost.expected, plan.won.expected) == (5.0, 4.0)
    assert plan.sample["draw_order"].tolist() == list(range(1, 31))
    assert plan.sample["interview_id"].tolist()[:2] == ["2025Q3-001", "2025Q3-002"]
    sizes = plan.rows.groupby("stratum")["is_drawn"].agg(["size", "sum"])
    told = plan.sample.drop_duplicates("stratum").set_index("stratum")["inclusion_probability"]
    assert (sizes["sum"] / sizes["size"]).to_dict() == told.to_dict()
    # Every deal of the quarter is either drawn or stands by.
    assert len(plan.rows) == 60 and plan.rows["deal_id"].is_unique


def test_more_than_there_are_asks_everybody() -> None:
    plan = plan_interviews(cohort(), budget=500, wins=0)
    assert (plan.lost.drawn, plan.won.drawn, plan.lost.expected, plan.lost.more) == (40, 0, 10.0, None)
    assert set(plan.sample["inclusion_probability"]) == {1.0}


def test_the_same_deals_give_the_same_plan_and_a_larger_one_keeps_it() -> None:
    first = plan_interviews(cohort(), budget=3)
    stored = rows_to_keep(first, cohort(), pd.Timestamp("2025-10-10").date())
    again = cohort(interviews=stored.to_dict("records"))
    same = plan_interviews(again, budget=3)
    assert (same.lost.new, same.won.new) == (0, 0)
    unchanged = rows_to_keep(same, again, pd.Timestamp("2026-01-01").date())
    assert (
        unchanged.astype("str").fillna("").replace("NaT", "").equals(stored.astype("str").fillna("").replace("NaT", ""))
    )
    larger = plan_interviews(again, budget=6, seed=99)
    kept = larger.sample[~larger.sample["is_new"]]
    assert set(kept["deal_id"]) == set(first.sample["deal_id"])
    assert kept["interview_id"].tolist() == first.sample["interview_id"].tolist()
    assert larger.sample.loc[larger.sample["is_new"], "draw_order"].min() == len(first.sample) + 1
    assert larger.lost.drawn == 24


def test_interviews_held_already_count_and_refusals_do_not() -> None:
    known = [asked(1, status="held"), asked(2, status="declined"), asked(3, status="invited")]
    plan = plan_interviews(cohort(interviews=known), budget=5)
    # One held, a quarter of one invited: 3.75 are lacking, so fifteen more are asked.
    assert (plan.lost.held, plan.lost.new, plan.lost.drawn, plan.lost.expected) == (1, 15, 18, 5.0)


def test_a_deal_chosen_by_hand_is_not_drawn_from() -> None:
    plan = plan_interviews(cohort(interviews=[asked(1, inclusion_probability=None, status="held")]), budget=100)
    assert (plan.lost.by_hand, plan.lost.deals, plan.lost.held) == (1, 39, 0)
    assert "D0001" not in set(plan.rows["deal_id"])


def test_the_width_is_wilsons_for_a_finite_whole_with_sales_people_alike() -> None:
    plan = plan_interviews(cohort(lost=60), budget=12)
    level = plan.lost.levels[0]
    owners = plan.sample.loc[plan.sample["side"] == "lost", "owner_id"].nunique()
    m = 12 / (1 + (max(1, 12 / owners) - 1) * 0.05) * 59 / 48
    z = 1.959963984540054
    half = z * math.sqrt(0.35 * 0.65 / m + z * z / (4 * m * m)) / (1 + z * z / m)
    assert (level.interviews, level.asked) == (12, 48)
    assert level.half_width == pytest.approx(half)
    # Twelve more would take 96 buyers: there are 60, so the last step is asking all of them.
    assert plan.lost.more is not None and (plan.lost.more.interviews, plan.lost.more.asked) == (15, 60)


def test_order_of_the_rows_does_not_matter() -> None:
    made = cohort()
    turned = closed(make_book(made.book.deals.iloc[::-1].to_dict("records"),
                              reasons=made.book.table("reasons").to_dict("records")))  # fmt: skip
    columns = ["deal_id", "interview_id", "draw_order", "stratum", "inclusion_probability"]
    assert plan_interviews(made).rows[columns].equals(plan_interviews(turned).rows[columns])


@pytest.mark.parametrize("asked_for", [{"response": 0.0}, {"response_won": 1.2}, {"budget": -1}, {"wins": -1}])
def test_numbers_that_cannot_be(asked_for: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        plan_interviews(cohort(), **asked_for)


def test_a_quarter_without_endings_has_nobody_to_ask() -> None:
    with pytest.raises(EmptyFrame):
        plan_interviews(closed(make_book([deal(1, "open", None), deal(2, "won", "2025-02-01")]), FOCUS))
