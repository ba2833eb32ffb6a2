"""Whether sales people differ: planted differences are found, those of managers are none, distances by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from analysis_cases import Told, closed_of, told

from postmortem.analyses.rep_variation import rep_variation
from postmortem.frames import Cohort
from postmortem.result import Result, Table


def company(chance: dict[str, float], *, seed: int = 1, each: int = 8, team: int = 2) -> Cohort:
    """Return the closed deals of sales people, `team` under each manager: `chance` of winning by sales person."""
    rng = np.random.default_rng(seed)
    stories: list[Told] = []
    for place in range(len(chance)):
        for number in range(each):
            person = f"Rep {place}"
            fate = "won" if rng.random() < chance[person] else "lost_competitor"
            owned: dict[str, Any] = {"owner_id": person, "manager_id": f"Lead {place // team}", "segment": "Industry"}
            stories.append(told(place * 100 + number, fate, **owned))
    return closed_of(stories)


def p_of(result: Result) -> float:
    return float(result.tables["tests"].first["p"])


def test_sales_people_who_differ_under_one_manager_are_told_apart() -> None:
    result = rep_variation(company({f"Rep {n}": 0.15 + 0.7 * (n % 2) for n in range(16)}))
    assert p_of(result) < 0.001
    assert result.headline.startswith("Worth a look: 16 sales people differ in the share they win, ")


def test_managers_who_differ_are_no_evidence_about_sales_people() -> None:
    result = rep_variation(company({f"Rep {n}": 0.15 + 0.7 * (n // 2 % 2) for n in range(16)}, seed=4))
    assert p_of(result) > 0.05
    assert result.headline.startswith("Differences between 16 sales people cannot be told from chance")


def test_distances_are_root_mean_squares_by_hand() -> None:
    cohort = company({f"Rep {n}": 0.5 for n in range(16)}, seed=9)
    row = rep_variation(cohort).tables["compared"].first
    rows = cohort.window_rows.assign(won=cohort.window_rows["resolution"] == "won")
    off, usual = [], []
    for _, group in rows.groupby("manager_id"):
        n, wins = len(group), int(group["won"].sum())
        for _, own in group.groupby("owner_id"):
            m = len(own)
            off.append((own["won"].sum() - m * wins / n) / m)
            usual.append(m * (wins / n) * (1 - wins / n) * (n - m) / (n - 1) / m**2)
    assert row["seen"] == pytest.approx(100 * np.sqrt(np.mean(np.square(off))))
    assert row["usual"] == pytest.approx(100 * np.sqrt(np.mean(usual)))
    assert (row["people"], row["managers"], row["deals"]) == (16, 8, 128)


def test_sales_people_with_few_deals_are_left_out_and_too_few_people_refuse() -> None:
    refused = rep_variation(company({f"Rep {n}": 0.5 for n in range(16)}, each=7))
    assert "0 of the 15 sales people with 8 deals under a known manager needed" in refused.headline
    few = rep_variation(company({f"Rep {n}": 0.5 for n in range(14)}))
    assert "14 of the 15 sales people with 8 deals under a known manager needed" in few.headline
    assert rep_variation(company({f"Rep {n}": 0.5 for n in range(15)})).status == "ok"


def test_four_managers_are_too_few_and_five_are_read() -> None:
    people = {f"Rep {n}": 0.5 for n in range(16)}
    assert "4 of the 5 managers with two such sales people needed" in rep_variation(company(people, team=4)).headline
    assert rep_variation(company(people, team=3)).status == "ok"


@pytest.mark.parametrize("named", [True, False])
def test_a_direction_is_only_told_once_named(named: bool) -> None:
    result = rep_variation(company({f"Rep {n}": 0.15 + 0.7 * (n % 2) for n in range(16)}))
    tests = result.tables["tests"]
    rows = tests.rows.assign(named=np.array([named], dtype=object)).astype({"named": "boolean"})
    decided = result.replace(tables={**result.tables, "tests": Table(rows, tests.columns, tests.title, tests.detail)})
    assert decided.headline.startswith("16 sales people differ") == named
