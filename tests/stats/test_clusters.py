"""Clustered means against the library and closed forms, and the ways observations can hang together."""

import math
from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from sandwich_by_hand import interval
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import clustered_difference, design_effect, newcombe, permutation_of_clusters
from postmortem.stats.clusters import wider_difference


def made(seed=1, n=240, reps=20):
    rng = np.random.default_rng(seed)
    rep = rng.integers(reps, size=n)
    values = rng.normal(size=n) + rng.normal(size=reps)[rep]
    return values, rng.random(n) < 0.4, rep, rng.integers(90, size=n)


def test_the_interval_is_the_sandwich_written_out():
    values, second, rep, _ = made()
    found = clustered_difference(values, second, {"rep": rep})
    design = np.column_stack([second, np.ones(240)]).astype(float)
    assert found.estimate == pytest.approx(values[second].mean() - values[~second].mean())
    assert (found.low, found.high) == pytest.approx(interval(values, design, rep))
    assert (found.n, found.clusters) == (240, 20) and found.method.endswith("clustered by rep")


def test_a_group_that_lies_in_few_clusters_alone_is_refused():
    values, _, rep, account = made()
    found = clustered_difference(values, rep < 2, {"account": account, "rep": rep})
    assert (found.status, found.why) == ("refused", "too few groups carry the comparison, clustered by rep")


def test_the_wider_clustering_is_the_one_reported():
    values, second, rep, account = made()
    each = {name: clustered_difference(values, second, {name: labels})
            for name, labels in (("rep", rep), ("account", account))}  # fmt: skip
    found = clustered_difference(values, second, {"rep": rep, "account": account})
    widest = max(each.values(), key=lambda estimate: estimate.high - estimate.low)
    assert found == widest
    assert found == clustered_difference(values, second, {"account": account, "rep": rep})


def test_observations_of_their_own_cluster_give_the_plain_errors():
    values, second, _, _ = made()
    found = clustered_difference(values, second, {"deal": np.arange(240)})
    # HC2 standard errors, another name for clusters of one, whose degrees of freedom are Welch's in the main
    fitted = sm.OLS(values, sm.add_constant(second.astype(float))).fit(cov_type="HC2")
    welch = stats.ttest_ind(values[second], values[~second], equal_var=False).confidence_interval()
    assert found.high - found.estimate == pytest.approx(stats.t.ppf(0.975, 200) * fitted.bse[1], rel=0.01)
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high), abs=0.01)


def test_doubling_every_row_within_its_cluster_is_no_new_evidence():
    values, second, rep, _ = made()
    once = clustered_difference(values, second, {"rep": rep})
    twice = clustered_difference(np.repeat(values, 2), np.repeat(second, 2), {"rep": np.repeat(rep, 2)})
    assert twice.estimate == pytest.approx(once.estimate)
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))


@pytest.mark.parametrize(
    ("n_second", "clusters", "why"),
    [
        (9, 20, "9 of the 10 observations needed in the smaller group"),
        (30, 9, "9 of the 10 groups needed"),
    ],
)
def test_too_little_data_is_refused(n_second, clusters, why):
    labels = [number % clusters for number in range(60)]
    found = clustered_difference(
        np.arange(60.0), [1] * n_second + [0] * (60 - n_second), {"rep": labels, "account": list(range(60))}
    )
    assert (found.status, found.why) == ("refused", f"not enough data: {why}")


def test_whole_clusters_against_every_way_to_deal_them_out():
    values = [3.0, 4, 5, 1, 2, 6, 7, 2, 1, 3, 8, 2]
    cluster, second = list("aabbccddeeff"), [1] * 6 + [0] * 6
    means = {name: np.mean([v for v, c in zip(values, cluster, strict=True) if c == name]) for name in "abcdef"}
    gaps = [
        abs(sum(means[name] for name in chosen) / 3 - sum(means[name] for name in "abcdef" if name not in chosen) / 3)
        for chosen in combinations("abcdef", 3)
    ]
    exact = np.mean([gap >= gaps[0] - 1e-9 for gap in gaps])
    p = permutation_of_clusters(values, second, cluster)
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 2000))
    order = np.random.default_rng(1).permutation(12)
    assert permutation_of_clusters(*(np.array(column)[order] for column in (values, second, cluster))) == p


def test_a_habit_of_one_cluster_is_little_evidence():
    # every event in one of eight clusters: observations would say p < .001, clusters say one in four or so
    values, second = [1.0] * 20 + [0.0] * 140, [1] * 40 + [0] * 120
    cluster = np.repeat(np.arange(8), 20)
    assert permutation_of_clusters(values, second, cluster) == pytest.approx(2 / 8, abs=0.05)


def test_permutation_needs_two_clusters_a_side_and_no_cluster_on_both():
    assert math.isnan(permutation_of_clusters([1, 2, 3, 4], [1, 1, 0, 0], list("aabc")))
    with pytest.raises(UsageError, match="both sides"):
        permutation_of_clusters([1, 2, 3, 4], [1, 0, 0, 1], list("aabb"))


def test_the_design_effect_at_its_ends():
    alike = design_effect([1.0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0], np.repeat(np.arange(4), 3))
    assert (alike.correlation, alike.effect, alike.effective_n) == pytest.approx((1, 3, 4))
    alone = design_effect([1.0, 0, 1, 0], list("abcd"))
    assert (alone.correlation, alone.effect) == (0.0, 1.0)
    mixed = design_effect([1.0, 0, 1, 0, 1, 0, 1, 0], np.repeat(np.arange(4), 2))
    assert (mixed.correlation, mixed.effect) == (0.0, 1.0)
    assert design_effect([1.0] * 6, list("aabbcc")).effect == 1.0


def test_the_correlation_is_the_one_planted():
    rng = np.random.default_rng(3)
    size = rng.integers(5, 25, size=400)
    cluster = np.repeat(np.arange(400), size)
    values = rng.normal(0, 1, 400)[cluster] * 0.5 + rng.normal(0, math.sqrt(0.75), cluster.size)
    found = design_effect(values, cluster)
    assert found.correlation == pytest.approx(0.25, abs=0.03)
    assert found.effect == pytest.approx(1 + ((size**2).sum() / size.sum() - 1) * found.correlation)


def test_impossible_input_is_an_error():
    with pytest.raises(UsageError, match="names none"):
        clustered_difference([1.0, 2], [0, 1], {})
    with pytest.raises(UsageError, match="second holds values that are not outcomes"):
        clustered_difference([1.0, 2], [0, 2], {"rep": "ab"})
    with pytest.raises(UsageError, match="only one cluster"):
        design_effect([1.0, 2], "aa")


def test_of_two_intervals_of_a_difference_the_wider_one_is_told():
    rng = np.random.default_rng(3)
    there = np.repeat([1, 0], 120)
    alone = {"rep": [f"R{n}" for n in range(240)]}
    event = (rng.random(240) < np.where(there == 1, 0.5, 0.3)).astype(int)
    counts = int(event[there == 1].sum()), 120, int(event[there == 0].sum()), 120
    plain, clustered = newcombe(*counts), clustered_difference(event, there, alone)
    widest = max((plain, clustered), key=lambda each: each.high - each.low)
    told = wider_difference(event, there, alone)
    assert (told.low, told.high) == (widest.low, widest.high)
    # Whole sales people who win everything or nothing are few, whatever the number of their deals.
    people = np.repeat([f"R{n}" for n in range(24)], 10)
    alike = np.repeat(rng.random(24) < 0.5, 10).astype(int)
    wide, few = wider_difference(alike, there, {"rep": people}), clustered_difference(alike, there, {"rep": people})
    assert (wide.low, wide.high) == (few.low, few.high)
    # Below ten sales people nothing clustered can be told, below ten deals nothing at all.
    assert wider_difference(event, there, {"rep": ["A"] * 240}).method == plain.method
    assert wider_difference(event[:125], there[:125], alone | {"rep": ["A"] * 125}).status == "refused"
