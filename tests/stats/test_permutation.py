"""The permutation test of alike groups against exact distributions, and what no shuffle could tell."""

import math

import numpy as np
import pytest
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats.permutation import chance_distance, homogeneity_by_permutation


def cells(*told):
    """Return event, group and stratum of cells told as (stratum, group, events, others)."""
    rows = [(place < events, group, stratum) for stratum, group, events, others in told
            for place in range(events + others)]  # fmt: skip
    return [list(column) for column in zip(*rows, strict=True)]


def monte_carlo(exact, draws=2000):
    return pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / draws))


def test_two_groups_in_one_stratum_against_the_hypergeometric():
    columns = cells(("A", "x", 9, 3), ("A", "y", 4, 8))
    # the statistic grows with the distance of the events in x from their mean, 6.5
    exact = sum(stats.hypergeom.pmf(k, 24, 13, 12) for k in range(13) if abs(k - 6.5) >= 2.5)
    assert homogeneity_by_permutation(*columns) == monte_carlo(exact)


def test_three_groups_against_every_table_of_the_same_margins():
    columns = cells(("A", "x", 5, 1), ("A", "y", 2, 4), ("A", "z", 1, 6))
    sizes, events = np.array([6, 6, 7]), 8
    expected = sizes * events / 19

    def statistic(table):
        return ((np.array(table) - expected) ** 2 / expected).sum()

    tables = [(x, y, events - x - y) for x in range(7) for y in range(7) if 0 <= events - x - y <= 7]
    chances = [math.prod(math.comb(n, k) for n, k in zip(sizes, table, strict=True)) for table in tables]
    seen = statistic((5, 2, 1))
    exact = sum(c for c, table in zip(chances, tables, strict=True) if statistic(table) >= seen - 1e-9) / sum(chances)
    assert homogeneity_by_permutation(*columns) == monte_carlo(exact)


def test_strata_that_tell_nothing_change_nothing():
    telling = (("A", "x", 9, 3), ("A", "y", 4, 8), ("B", "x", 5, 5), ("B", "y", 3, 7))
    one_group, alike = ("C", "x", 6, 2), (("D", "x", 4, 0), ("D", "y", 6, 0))
    p = homogeneity_by_permutation(*cells(*telling))
    more = homogeneity_by_permutation(*cells(*telling, one_group, *alike))
    # expected counts grow and the statistic with them, so p stays what it was up to the draws
    assert more == pytest.approx(p, abs=0.02)


@pytest.mark.parametrize(
    "told",
    [
        (("A", "x", 30, 2), ("B", "y", 2, 30)),
        (("A", "x", 5, 5),),
        (("A", "x", 5, 0), ("A", "y", 7, 0)),
        (("A", "x", 0, 5), ("A", "y", 0, 7)),
        (("A", "x", 5, 0), ("A", "y", 7, 0), ("B", "x", 0, 5), ("B", "y", 0, 5)),
    ],
    ids=["groups are strata", "one group", "all", "none", "outcomes are strata"],
)
def test_where_no_shuffle_could_change_anything_there_is_no_p_value(told):
    assert math.isnan(homogeneity_by_permutation(*cells(*told)))


def test_the_order_of_the_rows_and_the_names_decide_nothing():
    event, group, stratum = (np.array(column) for column in cells(
        ("A", "x", 9, 3), ("A", "y", 4, 8), ("B", "x", 5, 5), ("B", "z", 3, 7)))  # fmt: skip
    p = homogeneity_by_permutation(event, group, stratum)
    order = np.random.default_rng(1).permutation(event.size)
    assert homogeneity_by_permutation(event[order], group[order], stratum[order]) == p
    assert homogeneity_by_permutation(event, group, stratum, seed=2) != p
    assert homogeneity_by_permutation(event, group, stratum, draws=9) * 10 == pytest.approx(
        round(homogeneity_by_permutation(event, group, stratum, draws=9) * 10)
    )


def test_impossible_input_is_an_error():
    with pytest.raises(UsageError, match="differ in length"):
        homogeneity_by_permutation([True], ["a", "b"], ["A"])
    with pytest.raises(UsageError, match="nothing to test"):
        homogeneity_by_permutation([], [], [])


def test_size_when_groups_go_with_the_habits_of_strata():
    """Sales people of very unlike habits sell mostly in one segment each: at .05, no more than chance allows."""
    rng = np.random.default_rng(3)
    rejected = []
    for _ in range(300):
        rep = np.repeat(np.arange(20), 12)
        habit = rng.beta(2, 3, 20)
        mostly = rng.integers(3, size=20)
        group = np.where(rng.random(240) < 0.6, mostly[rep], rng.integers(3, size=240))
        event = rng.random(240) < habit[rep]
        rejected.append(homogeneity_by_permutation(event, group, rep, draws=199) <= 0.05)
    assert np.mean(rejected) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_squares_over_variance_against_every_table_of_the_same_margins():
    columns = cells(("A", "x", 4, 0), ("A", "y", 2, 4), ("A", "z", 1, 8))
    sizes, events, n = np.array([4, 6, 9]), 7, 19
    expected = sizes * events / n
    variance = [stats.hypergeom(n, int(size), events).var() for size in sizes]

    def statistic(table):
        return ((np.array(table) - expected) ** 2 / variance).sum()

    tables = [(x, y, events - x - y) for x in range(5) for y in range(7) if 0 <= events - x - y <= 9]
    chances = [math.prod(math.comb(m, k) for m, k in zip(sizes, table, strict=True)) for table in tables]
    seen = statistic((4, 2, 1))
    exact = sum(c for t, c in zip(tables, chances, strict=True) if statistic(t) >= seen - 1e-12) / sum(chances)
    assert homogeneity_by_permutation(*columns, scale="variance") == monte_carlo(exact)


def test_the_distance_that_chance_makes_is_that_of_plain_shuffles():
    event, group, stratum = cells(("A", "x", 9, 3), ("A", "y", 4, 8), ("B", "x", 5, 15), ("B", "z", 6, 6))
    low, high = chance_distance(event, group, stratum)
    happened, groups, strata = (np.asarray(column) for column in (event, group, stratum))
    rng, off = np.random.default_rng(7), []
    expected = np.array([happened[strata == each].mean() for each in strata])
    for _ in range(4000):
        dealt = happened.copy()
        for each in ("A", "B"):
            dealt[strata == each] = rng.permutation(happened[strata == each])
        gaps = [(dealt - expected)[groups == name].mean() for name in ("x", "y", "z")]
        off.append(math.sqrt(np.mean(np.square(gaps))))
    assert (low, high) == pytest.approx(tuple(np.quantile(off, (0.025, 0.975))), abs=0.02)
    assert 0 < low < high
