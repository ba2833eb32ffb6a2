"""Groups at a horizon: planted differences, none planted, and what stands beside the comparison."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_cases import Told, cohort_of, counted, forecast_of
from simulated_books import cohort_of as simulated
from simulated_books import company

from postmortem.analyses.time_to_loss_by_group import time_to_loss_by_group
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort, first_forecast_cohort


def told_by(cells: dict[str | None, dict[str, int]], reps: int = 24) -> Cohort:
    """Return deals of each segment by fate, closed 55 days after the freeze, spread over sales people."""
    made: list[Told] = []
    for segment, fates in cells.items():
        made += counted(fates, start=len(made), segment=segment)
    for place, each in enumerate(made):
        each.deal["owner_id"] = f"Rep {place % reps}"
    return forecast_of(made, window=1)


APART = {"Health": {"lost_competitor": 40, "won": 20}, "Industry": {"lost_status_quo": 15, "won": 45}}


@pytest.mark.parametrize("reps", [24, 12])
def test_a_difference_is_found_with_many_sales_people_and_with_few(reps: int) -> None:
    result = time_to_loss_by_group(told_by(APART, reps))
    groups = result.tables["groups"].keyed("group")
    assert groups["Health"]["share"] == pytest.approx(40 / 60)
    assert groups["Industry"]["events"] == 15
    assert groups["Health"]["diff_low"] < groups["Health"]["difference"] < groups["Health"]["diff_high"]
    if reps == 24:
        assert groups["Health"]["difference"] == pytest.approx(40 / 60 - 15 / 60)
    assert result.tables["tests"].first["p"] < 0.01
    assert result.headline.startswith("Worth a look: ")
    assert "Health" in result.headline and "Industry" in result.headline


def test_a_named_group_is_said_with_its_direction() -> None:
    result = through_the_gate([time_to_loss_by_group(told_by({**APART, "Public": {"won": 30, "lost_unknown": 20}}))])[0]
    assert result.tables["tests"].first["named"] is True
    assert "more in Health than in the others" in result.headline
    assert "fewer in Industry than in the others" in result.headline


def test_deals_of_one_owner_are_no_evidence_of_their_segment() -> None:
    """Two owners sell in one segment each and lose differently: two clusters, however many deals."""
    made = counted({"lost_unknown": 40, "won": 10}, segment="Health", owner_id="A")
    made += counted({"lost_unknown": 10, "won": 40}, start=100, segment="Industry", owner_id="B")
    result = time_to_loss_by_group(forecast_of(made, window=1))
    assert np.isnan(result.tables["tests"].first["p"])
    assert result.headline.startswith("There is too little to compare")


def test_more_than_two_groups_pay_for_their_number() -> None:
    cells = {**APART, "Public": {"won": 25, "lost_unknown": 25}}
    tests = time_to_loss_by_group(told_by(cells)).tables["tests"].rows
    assert list(tests["primary"]) == [True, False, False, False]
    assert tests["p"][0] == pytest.approx(min(1, 3 * tests["p"][1:].min()))


def test_customary_tests_say_what_they_ask() -> None:
    rows = time_to_loss_by_group(told_by(APART)).tables["customary"].keyed("test")
    assert rows["Gray"]["p"] < 0.05
    assert "another question" in rows["Log-rank, one end only"]["asks"]


@pytest.mark.parametrize(
    ("fate", "events"), [("lost", 40), ("won", 20), ("competitor", 40), ("status_quo", 0)]
)  # fmt: skip
def test_each_end_can_be_compared(fate, events) -> None:
    result = time_to_loss_by_group(told_by(APART), fate=fate)
    assert result.tables["groups"].keyed("group")["Health"]["events"] == events


def test_a_small_group_gets_counts_only_and_one_group_is_not_compared() -> None:
    result = time_to_loss_by_group(told_by({**APART, "Public": {"won": 3, "lost_unknown": 3}}))
    small = result.tables["groups"].keyed("group")["Public"]
    assert (small["n"], small["events"]) == (6, 3) and np.isnan(small["share"]) and np.isnan(small["difference"])
    alone = time_to_loss_by_group(told_by({"Health": APART["Health"]}))
    assert alone.headline.startswith("There is only one segment to look at; there 67% (")


def test_deals_without_a_segment_are_left_out_and_none_at_all_is_refused() -> None:
    assert time_to_loss_by_group(told_by({**APART, None: {"won": 10}})).n_used == 120
    result = time_to_loss_by_group(told_by({None: {"won": 12, "lost_unknown": 12}}))
    assert result.status == "refused" and "segment of the deals, which the data do not have" in result.headline


def test_closed_deals_and_too_few_ended_ones_are_refused() -> None:
    assert "closed deals alone do not tell it" in time_to_loss_by_group(cohort_of("closed")).headline
    few = forecast_of(counted({"won": 5, "lost_unknown": 4, "slipped": 30}), window=1)
    assert "9 of the 10" in time_to_loss_by_group(few).headline


def test_segments_that_are_alike_by_construction_are_not_told_apart() -> None:
    result = time_to_loss_by_group(simulated(company("null"), first_forecast_cohort), by="region")
    assert result.headline.endswith("differences by region cannot be told from chance.")
