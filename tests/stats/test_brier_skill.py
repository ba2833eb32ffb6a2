"""Brier scores of several outcomes compared observation by observation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import brier_score, brier_skill, squared_misses


def test_misses_by_hand():
    chances = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    # (.5² + .7² + .2²), foretold for certain, its contrary
    assert squared_misses(chances, [1, 0, 2]) == pytest.approx([0.78, 0.0, 2.0])


def test_of_two_outcomes_the_mean_is_twice_the_usual_score():
    p, y = np.array([0.9, 0.9, 0.6, 0.3, 0.3, 0.1] * 2), np.array([1, 0, 1, 0, 1, 0] * 2)
    misses = squared_misses(np.column_stack([1 - p, p]), y)
    assert misses.mean() == pytest.approx(2 * brier_score(p, y).score)


def test_interval_of_clusters_of_one_is_that_of_the_linearised_ratio():
    rng = np.random.default_rng(3)
    own, other = rng.uniform(0, 1, 60), rng.uniform(0.2, 1.2, 60)
    found = brier_skill(own, other, range(60))
    skill = 1 - own.sum() / other.sum()
    pull = (other - own - skill * other) / other.mean()
    half = stats.t.ppf(0.975, 59) * pull.std(ddof=1) / np.sqrt(60)
    assert found.skill.estimate == pytest.approx(skill)
    assert (found.skill.low, found.skill.high) == pytest.approx((skill - half, skill + half))
    assert (found.score, found.reference) == pytest.approx((own.mean(), other.mean()))


def test_rows_that_repeat_within_a_cluster_are_no_new_evidence():
    rng = np.random.default_rng(4)
    own, other = rng.uniform(0, 1, 30), rng.uniform(0.2, 1.2, 30)
    once = brier_skill(own, other, range(30)).skill
    five = brier_skill(np.repeat(own, 5), np.repeat(other, 5), np.repeat(range(30), 5)).skill
    assert five.high - five.low == pytest.approx(once.high - once.low)


def test_chances_that_miss_by_more_have_a_skill_below_none():
    rng = np.random.default_rng(5)
    other = rng.uniform(0.2, 0.4, 100)
    assert brier_skill(other + 0.2, other, np.arange(100) % 20).skill.high < 0


def test_little_is_refused_and_nonsense_raises():
    few = np.full(9, 0.5)
    assert "9 of the 10" in brier_skill(few, few, range(9)).skill.why
    many = np.linspace(0, 1, 90)
    assert "9 of the 10" in brier_skill(many, many, np.arange(90) % 9).skill.why
    assert "no chance was missed" in brier_skill(many, 0 * many, np.arange(90) % 30).skill.why
    for chances, kind in (([[0.5, 0.4]], [0]), ([[1.2, -0.2]], [0]), ([[0.5, 0.5]], [2]), ([[0.5, 0.5]], [0, 1])):
        with pytest.raises(UsageError):
            squared_misses(np.array(chances), kind)
    with pytest.raises(UsageError, match="not negative"):
        brier_skill([-0.1] * 20, [0.1] * 20, range(20))
