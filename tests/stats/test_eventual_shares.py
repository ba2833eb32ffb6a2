"""How those still open will end: conditional incidence by hand, horizon, refusal, and the spread of the draws."""

from __future__ import annotations

import numpy as np
import pytest

from postmortem.stats.eventual_shares import eventual_shares


def of(time, cause, ages, **options):
    labels = {"rep": [f"R{place % 12}" for place in range(len(time))]}
    return eventual_shares(time, cause, options.pop("clusterings", labels), ages=ages, causes=2, **options)


def test_all_earlier_ones_ended_is_a_matter_of_counting() -> None:
    """Open at day 50: of 40 earlier ones that lasted longer, 30 ended by cause 2."""
    time = [10] * 60 + [60] * 30 + [70] * 10
    cause = [1] * 60 + [2] * 30 + [1] * 10
    found = of(time, cause, [50] * 8)
    assert found.expected == pytest.approx([2, 6, 0])
    assert (found.horizon, found.ended) == (70, 40)
    assert (found.draws.sum(axis=1) == 8).all()
    assert found.draws.mean(axis=0) == pytest.approx([2, 6, 0], abs=0.4)


def test_censored_ones_leave_by_hand() -> None:
    """At day 60 of 40 at risk 10 end by 1; ten are censored at 65; of 20 at risk on 70 all end by 2."""
    time = [60] * 10 + [65] * 10 + [70] * 20
    cause = [1] * 10 + [0] * 10 + [2] * 20
    assert of(time, cause, [0] * 4).expected == pytest.approx([1, 3, 0])


def test_ages_differ_from_one_to_another() -> None:
    time, cause = [10] * 20 + [100] * 20, [1] * 20 + [2] * 20
    assert of(time, cause, [5, 50]).expected == pytest.approx([0.5, 1.5, 0])


def test_past_the_horizon_they_stay_open() -> None:
    time, cause = [10] * 20 + [200] * 5, [1] * 20 + [2] * 5
    found = of(time, cause, [5] * 5)
    assert found.horizon == 10 and found.expected == pytest.approx([4, 0, 1])


def test_too_few_endings_at_such_an_age_are_refused() -> None:
    found = of([10] * 50 + [60] * 9, [1] * 50 + [2] * 9, [50], least_at_risk=1)
    assert found.status == "refused" and found.ended == 9 and "9 of the 10" in found.why
    assert of([10] * 50, [1] * 50, [50]).status == "refused"


def test_the_same_seed_gives_the_same_draws() -> None:
    time, cause = list(range(10, 110)), [1 + place % 2 for place in range(100)]
    first, second, other = of(time, cause, [20] * 9), of(time, cause, [20] * 9), of(time, cause, [20] * 9, seed=1)
    assert np.array_equal(first.draws, second.draws) and not np.array_equal(first.draws, other.draws)


def test_clusters_that_differ_widen_the_draws() -> None:
    time, cause = [10.0] * 200, [1] * 100 + [2] * 100
    mixed = of(time, cause, [5] * 100, clusterings={"rep": [place % 20 for place in range(200)]})
    apart = of(time, cause, [5] * 100, clusterings={"rep": [place // 10 for place in range(200)]})
    assert apart.draws[:, 0].std() > 1.5 * mixed.draws[:, 0].std()
