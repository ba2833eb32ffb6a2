"""Where deals stood when they were lost, told by hand, and against a plain walk through a simulated history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from analysis_cases import FOCUS, Told, cohort_of, counted, forecast_of
from simulated_books import cohort_of as simulated
from simulated_books import company

from postmortem.analyses.stage_at_loss import NO_ZONE, stage_at_loss
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort, closed_cohort
from postmortem.ground.process import Process, Stage

SALES = Process(
    name="by hand",
    stages=(
        Stage("Qualification", 1), Stage("Proposal", 2), Stage("Negotiation", 3, red_zone=True),
        Stage("Closed Lost", 4, is_closed=True),
    ),
    categories={},
)  # fmt: skip


def through(each: Told, *steps: tuple[str, int]) -> Told:
    """Return the deal with stages from days of the focus on, and the end the CRM writes on the 60th."""
    stages = [*steps, ("Closed Lost", 60)]
    others = [row for row in each.history if row["field"] != "stage"]
    before: str | None = "Qualification"
    for stage, day in stages:
        others.append({"deal_id": each.deal["deal_id"], "field": "stage", "seq": 1, "old_value": before,
                       "new_value": stage, "changed_at": f"{FOCUS.day(day)}T09:00:00Z"})  # fmt: skip
        before = stage
    return each._replace(history=others)


def of(process: Process, made: list[Told], **options: Any) -> Cohort:
    cohort = forecast_of([*made, *counted({"won": 1}, FOCUS - 3, start=900)], window=1, **options)
    return replace(cohort, book=replace(cohort.book, process=process))


def lost_from(cells: dict[tuple[str, str], int], reps: int = 24) -> list[Told]:
    made = []
    for (fate, stage), number in cells.items():
        steps = (("Proposal", -10),) if stage == "Proposal" else (("Proposal", -10), ("Negotiation", 20))
        made += [through(each, *steps) for each in counted({fate: number}, start=len(made))]
    for place, each in enumerate(made):
        each.deal["owner_id"] = f"Rep {place % reps}"
    return made


CELLS = {("lost_competitor", "Negotiation"): 40, ("lost_competitor", "Proposal"): 10,
         ("lost_status_quo", "Negotiation"): 15, ("lost_status_quo", "Proposal"): 35,
         ("lost_unknown", "Proposal"): 4}  # fmt: skip


def test_deals_are_counted_where_they_stood_and_the_unknown_taker_is_its_own() -> None:
    result = stage_at_loss(of(SALES, lost_from(CELLS)))
    cells = {(row["lost_to"], row["stage"]): row["deals"] for row in result.tables["stages"].records}
    assert cells["unknown", "Negotiation"] == 0
    assert {(f"lost_{taker}", stage): number for (taker, stage), number in cells.items() if number} == CELLS


def test_competitors_and_the_status_quo_are_set_side_by_side() -> None:
    result = stage_at_loss(of(SALES, lost_from(CELLS)))
    zone, apart = result.tables["zone"].keyed("lost_to"), result.tables["difference"].first
    assert (zone["competitor"]["share"], zone["status_quo"]["share"]) == pytest.approx((0.8, 0.3))
    assert apart["difference"] == pytest.approx(0.5)
    assert 0.3 < apart["low"] < 0.5 < apart["high"] < 0.7
    assert "Worth a look: 80% (" in result.headline
    named = through_the_gate([result])[0].headline
    assert "Worth a look" not in named and "80% (" in named


def test_a_difference_like_chance_is_called_so() -> None:
    cells = {("lost_competitor", "Negotiation"): 10, ("lost_competitor", "Proposal"): 9,
             ("lost_status_quo", "Negotiation"): 9, ("lost_status_quo", "Proposal"): 10}  # fmt: skip
    assert stage_at_loss(of(SALES, lost_from(cells))).headline.endswith("cannot be told from chance.")


def test_the_stage_is_the_last_open_one_and_days_count_from_its_last_entry() -> None:
    back = [through(each, ("Proposal", -20), ("Negotiation", 0), ("Proposal", 25)) for each in
            counted({"lost_competitor": 12})]  # fmt: skip
    result = stage_at_loss(of(SALES, back))
    row = result.tables["standing"].first
    assert (row["stage"], row["deals"], row["days"]) == ("Proposal", 12, 60 - 25)


def test_days_are_set_beside_won_deals_closed_before_and_only_with_enough_of_them() -> None:
    lost = lost_from({("lost_competitor", "Negotiation"): 12})
    won = [Told({**each.deal, "closed_at": str((FOCUS - 1).day(60 + number % 20))}, each.history)
           for number, each in enumerate(counted({"won": 40}, FOCUS - 1, start=200))]  # fmt: skip
    late = {"field": "stage", "seq": 1, "old_value": "Proposal", "new_value": "Negotiation",
            "changed_at": f"{(FOCUS - 1).day(50)}T09:00:00Z"}  # fmt: skip
    won = [Told(each.deal, [*[row for row in each.history if row["field"] != "stage"],
                            {**late, "deal_id": each.deal["deal_id"]}]) for each in won]  # fmt: skip
    row = stage_at_loss(of(SALES, [*lost, *won])).tables["standing"].keyed("stage")["Negotiation"]
    took = sorted(10 + number % 20 for number in range(40))
    assert (row["won"], row["slow"]) == (40, took[35])
    assert row["longer"] == 12, "they stood there for 40 days"
    few = stage_at_loss(of(SALES, [*lost, *won[:20]])).tables["standing"].keyed("stage")["Negotiation"]
    assert np.isnan(few["slow"])


def test_without_a_red_zone_the_counts_stand_and_the_page_says_so() -> None:
    plain = replace(SALES, stages=tuple(replace(stage, red_zone=False) for stage in SALES.stages))
    result = stage_at_loss(of(plain, lost_from(CELLS)))
    assert result.caveats == (NO_ZONE,)
    assert np.isnan(result.tables["difference"].first["difference"])
    assert result.headline == "55 of the 104 lost deals of 2025Q3 stood in Negotiation when they were lost."


def test_without_a_history_of_stages_and_below_ten_losses_it_is_refused() -> None:
    assert "0 of the 10 lost deals whose stages are on record" in stage_at_loss(cohort_of("closed")).headline
    few = stage_at_loss(of(SALES, lost_from({("lost_competitor", "Proposal"): 9})))
    assert few.status == "refused" and "9 of the 10" in few.headline and few.gap is not None


def test_closed_deals_with_a_history_are_answered_and_agree_with_a_plain_walk() -> None:
    cohort = simulated(company("full"), closed_cohort)
    history = cohort.book.table("history")
    changes = history[history["field"] == "stage"].sort_values(["changed_at", "seq"])
    last: dict[str, str] = {}
    for row in changes.itertuples():
        for value in (row.old_value if row.deal_id not in last else None, row.new_value):
            if isinstance(value, str) and not value.startswith("Closed"):
                last[row.deal_id] = value
    lost = cohort.focus_rows[cohort.focus_rows["resolution"].str.startswith("lost_")]
    expected = lost["deal_id"].map(last).value_counts()
    rows = stage_at_loss(cohort).tables["stages"].rows.groupby("stage")["deals"].sum()
    assert rows[rows > 0].to_dict() == expected.to_dict()
