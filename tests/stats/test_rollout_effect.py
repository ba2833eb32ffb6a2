"""Randomisation inference by walking through every way of dealing out the starts, and intervals that invert it."""

import itertools
import math

import numpy as np
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import rollout_effect

CHANGES = np.array([0.14, 0.09, 0.11, 0.05, -0.02, 0.06, 0.01, -0.04, 0.03])
START = np.array([0, 0, 0, 0, -1, -1, -1, -1, -1])


def by_hand(changes, treated, effect=0.0):
    """Return the share of ways as extreme as the one seen, once `effect` is taken out of the treated."""
    taken = changes - effect * np.isin(np.arange(len(changes)), treated)

    def apart(side):
        chosen = np.isin(np.arange(len(changes)), side)
        return abs(taken[chosen].mean() - taken[~chosen].mean())

    ways = [apart(side) for side in itertools.combinations(range(len(changes)), len(treated))]
    return float(np.mean(np.array(ways) >= apart(treated) - 1e-12))


def test_effect_and_p_against_every_way():
    found = rollout_effect(CHANGES[None], START)
    assert found.effect.estimate == pytest.approx(CHANGES[:4].mean() - CHANGES[4:].mean())
    assert found.p == pytest.approx(by_hand(CHANGES, (0, 1, 2, 3)))
    assert (found.ways, found.treated, found.others) == (math.comb(9, 4), 4, 5)
    assert found.floor == pytest.approx(1 / 126)


@pytest.mark.parametrize("seed", range(5))
def test_interval_holds_what_the_test_does_not_reject(seed):
    changes = np.random.default_rng(seed).normal(size=9)
    found = rollout_effect(changes[None], START)
    for limit, outwards in ((found.effect.low, -1), (found.effect.high, 1)):
        assert by_hand(changes, (0, 1, 2, 3), limit - outwards * 1e-6) > 0.05
        assert by_hand(changes, (0, 1, 2, 3), limit + outwards * 1e-6) <= 0.05


def test_halves_can_change_places_so_the_floor_is_twice_as_high():
    changes = np.array([5.0, 6.0, 7.0, 0.0, 1.0, 2.0])
    found = rollout_effect(changes[None], np.array([0, 0, 0, -1, -1, -1]))
    assert found.p == found.floor == pytest.approx(2 / 20)
    # p cannot fall to .05, so no interval of 95% has an end
    assert found.effect.status == "refused" and "with 6 teams" in found.effect.why


def test_two_starts_use_only_teams_that_have_not_started():
    changes = np.array([[4.0, 6.0, 1.0, 2.0, 0.0, 3.0, 1.0, 1.0], [9.0, 9.0, 5.0, 7.0, 1.0, 2.0, 0.0, 1.0]])
    start = np.array([0, 0, 1, 1, -1, -1, -1, -1])
    found = rollout_effect(changes, start, later=((1,), ()))
    first = 5.0 - np.mean([1, 2, 0, 3, 1, 1])
    second = 6.0 - np.mean([1, 2, 0, 1])
    assert found.effect.estimate == pytest.approx((2 * first + 2 * second) / 4)
    assert found.ways == math.comb(8, 2) * math.comb(6, 2)

    def apart(one, two):
        never = [place for place in range(8) if place not in (*one, *two)]
        return (
            changes[0][list(one)].mean() - changes[0][[*two, *never]].mean()
            + changes[1][list(two)].mean() - changes[1][never].mean()
        ) / 2  # fmt: skip

    ways = [
        apart(one, two)
        for one in itertools.combinations(range(8), 2)
        for two in itertools.combinations([place for place in range(8) if place not in one], 2)
    ]
    extreme = np.abs(ways) >= abs(found.effect.estimate) - 1e-12
    assert found.p == pytest.approx(extreme.mean())


def test_many_teams_are_drawn_and_repeatable():
    changes = np.random.default_rng(4).normal(size=40)[None]
    start = np.where(np.arange(40) < 20, 0, -1)
    one, two = rollout_effect(changes, start, draws=500), rollout_effect(changes, start, draws=500)
    assert one == two
    assert one.ways == 501 and 1 / 501 <= one.p <= 1


def test_what_cannot_be_told_is_refused_or_raised():
    few = rollout_effect(np.zeros((1, 3)), np.array([0, 0, -1]))
    assert few.why == "not enough data: 3 of the 4 teams and 1 of the 2 teams that did not needed"
    assert math.isnan(few.p) and few.effect.status == "refused"
    with pytest.raises(UsageError, match="do not fit"):
        rollout_effect(np.zeros((1, 3)), np.array([0, -1]))
    with pytest.raises(UsageError, match="missing or infinite"):
        rollout_effect(np.array([[math.nan, 1.0, 2.0, 3.0]]), np.array([0, 0, -1, -1]))
    with pytest.raises(UsageError, match="names no row"):
        rollout_effect(np.zeros((1, 4)), np.array([0, 1, -1, -1]))
