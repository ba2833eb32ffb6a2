"""Quotas by hand, and a scenario that is called one."""

from __future__ import annotations

import pytest
from analysis_cases import closed_of, told
from builders import FOCUS
from scipy import stats

from postmortem.analyses.quota_scenario import quota_scenario
from postmortem.frames import Cohort


def company(reached: int, people: int = 12) -> Cohort:
    quotas = [
        {"rep_id": f"Rep {number}", "quarter": "Q3 2025" if number % 2 else FOCUS.label, "quota": 100.0,
         "attained": 100.0 if number < reached else 100.0 - number}
        for number in range(people)
    ]  # fmt: skip
    # neither a missing figure nor another quarter counts
    quotas += [{"rep_id": "Rep 50", "quarter": FOCUS.label, "quota": 100.0, "attained": None},
               {"rep_id": "Rep 51", "quarter": (FOCUS - 8).label, "quota": 100.0, "attained": 500.0},
               {"rep_id": "Rep 52", "quarter": "soon", "quota": 100.0, "attained": 500.0}]  # fmt: skip
    quotas = [{**row, "quarter": FOCUS.label if row["quarter"] == "Q3 2025" else row["quarter"]} for row in quotas]
    return closed_of([told(1, "won"), told(2, "lost_competitor")], quotas=quotas)


def test_share_and_interval_by_the_beta_distribution() -> None:
    row = quota_scenario(company(5)).tables["attainment"].first
    assert (row["people"], row["reached"], row["share"]) == (12, 5, pytest.approx(5 / 12))
    low, high = stats.beta.ppf(0.025, 5, 8), stats.beta.ppf(0.975, 6, 7)
    assert (row["low"], row["high"]) == pytest.approx((low, high))


def test_scenario_counts_people_and_what_the_nearest_lack() -> None:
    result = quota_scenario(company(5))
    row = result.tables["scenario"].first
    assert (row["would_reach"], row["more"]) == (9, 4)
    assert row["amount"] == 5 + 6 + 7 + 8
    assert "it would be 9: a scenario, not a finding." in result.headline


def test_more_than_the_scenario_lack_nothing() -> None:
    row = quota_scenario(company(12)).tables["scenario"].first
    assert (row["more"], row["amount"], row["inside"]) == (0, 0, True)


def test_few_people_are_refused() -> None:
    assert "9 of the 10 sales people with a quota" in quota_scenario(company(5, people=9)).headline
