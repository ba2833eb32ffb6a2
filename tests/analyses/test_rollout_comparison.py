"""A roll-out by hand: which deals count on which side, what the comparison is, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from analysis_cases import closed_of
from builders import deal

from postmortem.analyses.rollout_comparison import rollout_comparison
from postmortem.frames import Cohort
from postmortem.frames.rollouts import followed_deals, largest_rollout
from postmortem.result import Result

START = dt.date(2024, 7, 1)


def company(before: list[int], after: list[int], treated: int = 4, **more: Any) -> Cohort:
    """Return ten deals before and after the start in every team, of which so many were won."""
    rows, number = [], 0
    for team, counts in enumerate(zip(before, after, strict=True)):
        for side, won in enumerate(counts):
            for place in range(10):
                number += 1
                day = START + dt.timedelta(days=30 * place + 4 if side else -30 * place - 5)
                closed = str(day + dt.timedelta(days=100))
                rows.append(
                    deal(number, "won" if place < won else "lost", closed, created_at=str(day), team=f"T{team}")
                )
    rollouts = [{"name": "Plan", "team": f"T{team}", "started_at": str(START)} for team in range(treated)]
    made = {"rollouts": rollouts, **more}
    return closed_of([type("Told", (), {"deal": row, "history": []})() for row in rows], **made)


def effect(result: Result) -> dict[str, Any]:
    return dict(result.tables["effect"].first)


def test_difference_of_the_changes_by_hand() -> None:
    before, after = [4, 5, 3, 4, 4, 5, 3, 4, 5], [7, 8, 6, 8, 4, 5, 4, 3, 5]
    result = rollout_comparison(company(before, after))
    row = effect(result)
    change = (np.array(after) - np.array(before)) / 10
    assert row["difference"] == pytest.approx(change[:4].mean() - change[4:].mean())
    assert (row["ways"], row["floor"]) == (126, pytest.approx(1 / 126))
    assert result.tables["tests"].first["p"] == pytest.approx(1 / 126)
    assert result.headline.startswith("Worth a look: after the roll-out")
    sides = result.tables["sides"].rows
    assert sides[["teams", "before", "after"]].to_numpy().tolist() == [[4, 40, 40], [5, 50, 50]]
    assert sides["before_share"].tolist() == pytest.approx([0.4, 0.42])


def test_a_trend_shared_by_all_teams_is_no_effect() -> None:
    result = rollout_comparison(company([3] * 9, [6, 7, 5, 6, 6, 7, 6, 5, 6]))
    assert abs(effect(result)["difference"]) < 0.02
    assert result.headline.startswith("Whether the roll-out went with more wins cannot be told")


def test_few_teams_say_what_they_cannot_show() -> None:
    result = rollout_comparison(company([3, 3, 3, 3], [9, 9, 3, 3], treated=2))
    assert effect(result)["floor"] == pytest.approx(2 / 6)
    assert "too few teams for an interval" in result.headline
    assert "so few teams can show no chance below" in result.headline


def test_too_few_teams_and_no_rollout_are_refused() -> None:
    assert "3 of the 4 teams" in rollout_comparison(company([3] * 3, [6] * 3, treated=2)).headline
    assert (
        "0 of the 2 teams whose start with a new process is on record needed."
        in rollout_comparison(company([3] * 6, [6] * 6, 0)).headline
    )


def test_deals_are_followed_equally_long_and_teams_come_from_sales_people_where_deals_have_none() -> None:
    rows = [
        deal(1, "won", "2024-09-01", created_at="2024-07-01", team="A"),
        deal(2, "won", "2025-03-01", created_at="2024-07-01", team="A"),
        deal(3, "won", "2025-07-01", created_at="2025-06-01", team="A"),
        deal(4, "lost", "2024-09-01", created_at="2024-07-01", owner_id="Ann"),
        deal(5, "lost", "2024-09-01", created_at="2024-07-01", owner_id="Bea"),
    ]
    cohort = closed_of([type("Told", (), {"deal": row, "history": []})() for row in rows],
                       reps=[{"rep_id": "Ann", "team": "B"}])  # fmt: skip
    found = followed_deals(cohort.book, cohort.as_of)
    assert found[["deal_id", "team", "won"]].to_numpy().tolist() == [
        ["D0001", "A", True], ["D0002", "A", False], ["D0004", "B", False],
    ]  # fmt: skip
    assert largest_rollout(cohort.book, cohort.as_of) is None
