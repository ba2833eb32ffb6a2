"""Promised and won: exact tails by hand, people with too few deals pooled, nobody named in the sentence."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from analysis_cases import Told, closed_of, cohort_of, forecast_of, told
from builders import FOCUS

from postmortem.analyses.wishful_thinking import wishful_thinking
from postmortem.frames import Cohort


def deals(stated: float | None, won: int, lost: int, *, person: str = "Ada Sample", start: int = 0) -> list[Told]:
    stories = []
    for number in range(won + lost):
        story = told(start + number + 1, "won" if number < won else "lost_competitor", FOCUS, owner_id=person)
        kept = [row for row in story.history if row["field"] != "probability"]
        said = [] if stated is None else [{**kept[0], "field": "probability", "new_value": str(stated)}]
        stories.append(Told(story.deal, [*kept, *said]))
    return stories


def people(sizes: list[int], share: float = 0.5, stated: float = 0.7) -> Cohort:
    stories = []
    for place, size in enumerate(sizes):
        won = round(size * share)
        stories += deals(stated, won, size - won, person=f"Person {place:02}", start=place * 100)
    return forecast_of(stories)


def test_tail_and_usual_range_by_enumeration() -> None:
    """Every one of 2¹⁰ outcomes, weighed by its probability."""
    stated = [0.9] * 4 + [0.6] * 6
    cohort = forecast_of([*deals(0.9, 2, 2), *deals(0.6, 2, 4, start=10)])
    chances = np.zeros(11)
    for outcome in itertools.product((0, 1), repeat=10):
        chances[sum(outcome)] += math.prod(p if came else 1 - p for p, came in zip(stated, outcome, strict=True))
    row = wishful_thinking(cohort).tables["overall"].first
    assert (row["deals"], row["won"], row["stated"], row["excess"]) == (10, 4, pytest.approx(7.2), pytest.approx(3.2))
    assert row["p_fewer"] == pytest.approx(chances[:5].sum())
    below = np.cumsum(chances)
    assert row["usual_low"] == np.argmax(below >= 0.025) and row["usual_high"] == np.argmax(below >= 0.975)
    assert row["low"] < 3.2 < row["high"]


def test_headline_names_nobody_and_ranks_nobody() -> None:
    result = wishful_thinking(people([30, 24, 24, 24, 24, 24]))
    assert result.headline == (
        "Over 150 deals the stated probabilities promised 105 wins by the quarter's end, and 75 came; were every one "
        "right, 94–116 would be usual. Of 6 sales people with enough deals, 6 promised more than came and 0 less, "
        "beyond a range that chance leaves once in twenty."
    )
    assert "Person" not in result.headline
    assert list(result.tables["people"].rows["deals"].iloc[:6]) == [30, 24, 24, 24, 24, 24], "in order of deals"


def test_people_with_fewer_than_eight_deals_are_taken_together() -> None:
    table = wishful_thinking(people([20, 20, 20, 20, 20, 8, 7, 6])).tables["people"]
    rows = [row for row in table.records if row["score"] == "by_quarter_end"]
    assert [row["deals"] for row in rows] == [20, 20, 20, 20, 20, 8, 13]
    last = rows[-1]
    assert (last["person"], last["others"], last["won"]) == ("2 others together", True, 7)
    assert last["gap"] == pytest.approx(0.7 - 7 / 13)
    assert table.column("person").role == "person"


def test_few_people_are_not_steadied() -> None:
    result = wishful_thinking(people([20, 20, 20, 20]))
    assert result.tables["people"].rows["gap"].isna().all()
    assert "sales people" not in result.headline


def test_a_gap_is_drawn_towards_what_is_common() -> None:
    stories = [s for place in range(8) for s in deals(0.7, 10, 10, person=f"Person {place}", start=place * 100)]
    stories += deals(0.7, 1, 9, person="Person 9", start=900)
    rows = wishful_thinking(forecast_of(stories)).tables["people"].keyed("person")
    low = next(row for row in wishful_thinking(forecast_of(stories)).tables["people"].records
               if row["person"] == "Person 9" and row["score"] == "by_quarter_end")  # fmt: skip
    assert 0.7 - 0.5 < low["gap"] < 0.7 - 0.1 and len(rows) == 9


def test_deals_without_an_owner_are_nobodys() -> None:
    stories = [
        Told({**story.deal, "owner_id": None}, story.history) for story in deals(0.7, 10, 10)
    ]  # fmt: skip
    rows = wishful_thinking(forecast_of(stories)).tables["people"].records
    assert [(row["person"], row["others"], row["deals"]) for row in rows if row["score"] == "by_quarter_end"] == [
        ("all others together", True, 20)
    ]


def test_both_scores_stand_apart() -> None:
    rows = wishful_thinking(people([20] * 6)).tables["overall"].records
    assert [row["when"] for row in rows] == ["by the quarter's end", "in the end"]
    late = wishful_thinking(cohort_of("late_stage"))
    assert late.status == "fallback"
    assert [row["when"] for row in late.tables["overall"].records] == ["in the end"]


def test_refused_below_ten_deals_and_where_nothing_is_stated() -> None:
    nine = wishful_thinking(forecast_of(deals(0.8, 5, 4)))
    assert nine.headline == "Not answered yet: 9 of the 10 deals with a stated probability needed in 2024Q4 to 2025Q3."
    assert "[categories]" in nine.unlock
    assert wishful_thinking(forecast_of(deals(None, 30, 30))).status == "refused"
    assert wishful_thinking(closed_of(deals(0.8, 30, 30))).status == "refused"


@pytest.mark.slow
def test_intervals_cover_the_gaps_of_people_who_differ() -> None:
    """24 people of 20 deals, their win rates spread by twelve points around a half."""
    shape, generator, covered, raw, steady = people([20] * 24), np.random.default_rng(3), [], [], []
    owners = shape.table["owner_id"].to_numpy()
    names = sorted(set(owners))
    for _ in range(60):
        rate = dict(zip(names, np.clip(generator.normal(0.5, 0.12, 24), 0.05, 0.95), strict=True))
        won = generator.random(len(owners)) < np.array([rate[name] for name in owners])
        table = shape.table.assign(resolution=np.where(won, "won", "lost_unknown"))
        rows = wishful_thinking(replace(shape, table=table)).tables["people"].rows
        rows = rows[rows["score"] == "by_quarter_end"].set_index("person")
        truth = 0.7 - pd.Series(rate)
        covered += list((rows["low"] <= truth) & (truth <= rows["high"]))
        raw += list(0.7 - rows["won"] / rows["deals"] - truth)
        steady += list(rows["gap"] - truth)
    assert np.mean(covered) >= 0.92
    assert np.std(steady) < 0.9 * np.std(raw)
