"""Marks for the sales person and the product, in books whose marks are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from analysis_cases import Told, closed_of, counted
from builders import FOCUS

from postmortem.analyses.experience_and_product import experience_and_product, verdict_of
from postmortem.findings.claims import claims, judge
from postmortem.frames import Cohort
from postmortem.result import Result

CLAIM = next(claim for claim in claims() if claim.analysis == "experience_and_product")


def rated(apart: list[float], *, product: float = 6.0, won: int = 0) -> Cohort:
    """Return interviews whose marks for the sales person lie so far above those for the product; the last ones won."""
    stories: list[Told] = counted({"lost_competitor": len(apart) - won, "won": won}, FOCUS)
    tables: dict[str, list[dict[str, Any]]] = {"interviews": [], "ratings": []}
    for place, (story, more) in enumerate(zip(stories, apart, strict=True)):
        name = f"I{place}"
        tables["interviews"].append(
            {"interview_id": name, "deal_id": story.deal["deal_id"], "status": "held", "consent": "none",
             "held_at": str(FOCUS.day(80))}
        )  # fmt: skip
        scores = {"sales_experience": product + more, "product": product}
        tables["ratings"] += [{"interview_id": name, "dimension": key, "score": mark} for key, mark in scores.items()]
    return closed_of(stories, **tables)


@pytest.mark.parametrize(
    ("apart", "said", "verdict"),
    [
        ([1.0, -1.0, 0.0] * 40, "alike", "supported"),
        ([2.0, 1.0, 3.0] * 20, "unlike", "contradicted"),
        ([3.0, -3.0, 0.0, 1.0] * 6, "cannot tell", "inconclusive"),
    ],
)
def test_alike_unlike_and_not_to_be_told(apart: list[float], said: str, verdict: str) -> None:
    result = experience_and_product(rated(apart))
    row = result.tables["pairs"].first
    assert (row["verdict"], row["n"], row["difference"]) == (said, len(apart), pytest.approx(np.mean(apart)))
    assert judge(CLAIM, result).verdict == verdict


def test_lost_and_won_are_told_apart_and_together() -> None:
    result = experience_and_product(rated([1.0] * 30 + [0.0] * 30, won=30))
    rows = result.tables["pairs"].keyed("side")
    assert [row["n"] for row in rows.values()] == [60, 30, 30]
    assert [row["difference"] for row in rows.values()] == pytest.approx([0.5, 1.0, 0.0])
    ends = result.tables["ends"].keyed("rated")
    assert ends["Experience with the sales person"]["apart"] == pytest.approx(-1.0)


def test_marks_of_one_thing_alone_do_not_count() -> None:
    cohort = rated([0.0] * 25)
    ratings = cohort.book.table("ratings")
    kept = ratings[(ratings["dimension"] == "product") | (ratings["interview_id"] < "I2")]
    book = replace(cohort.book, tables={**cohort.book.tables, "ratings": kept})
    result = experience_and_product(replace(cohort, book=book))
    both = kept["interview_id"].value_counts().eq(2).sum()
    assert result.status == "refused" and result.what_is_missing[0].startswith(f"{both} of the 20 interviews")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-0.5, 0.2, "cannot tell"), (-0.49, 0.49, "alike"), (0.5, 0.9, "cannot tell"), (0.51, 0.9, "unlike")],
)
def test_an_interval_that_touches_the_margin_decides_nothing(low: float, high: float, said: str) -> None:
    assert verdict_of(low, high) == said


def test_the_sentence_says_which_is_rated_higher() -> None:
    told: Result = experience_and_product(rated([-2.0, -1.0, -3.0] * 20))
    assert "rate the product at least half a point higher than the sales person" in told.headline
