"""Two groups in clusters: the sandwich by hand, the permutations by listing them all, and simulation."""

import itertools
import math

import numpy as np
import pytest
from sandwich_by_hand import interval, sandwich
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import mean_difference


def book(seed=0, clusters=24, each=10, effect=0.0, whole=False, spread=0.5):
    """Values, labels and clusters; labels by cluster or drawn row by row."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(clusters), each)
    held = rng.permutation(clusters) < clusters // 2
    label = held[group] if whole else rng.random(group.size) < 0.5
    values = rng.normal(0, spread, clusters)[group] + effect * label + rng.normal(size=group.size)
    return values, label, group


def test_the_interval_is_the_sandwich_written_out():
    values, label, group = book(effect=0.4)
    found = mean_difference(values, label, group)
    gap = values[label].mean() - values[~label].mean()
    told = found.difference
    assert told.estimate == pytest.approx(gap)
    design = np.column_stack([label, np.ones(240)]).astype(float)
    assert (told.low, told.high) == pytest.approx(interval(values, design, group))
    assert (told.n, told.clusters, told.status) == (240, 24, "ok")


def test_labels_that_vary_within_clusters_are_judged_within_them():
    values, label, group = book(effect=0.2)
    # by permutation moments, cluster by cluster
    off, variance = 0.0, 0.0
    for g in range(24):
        x, y = label[group == g].astype(float), values[group == g]
        off += x @ (y - y.mean())
        variance += len(x) * x.var() * y.var(ddof=1)
    assert mean_difference(values, label, group).p == pytest.approx(math.erfc(abs(off) / math.sqrt(2 * variance)))


def test_whole_clusters_are_judged_by_the_sandwich():
    values, label, group = book(effect=0.4, whole=True)
    middle, error, freedom = sandwich(values, np.column_stack([label, np.ones(240)]).astype(float), group)
    p = 2 * stats.t.sf(abs(middle) / error, freedom)
    assert mean_difference(values, label, group).p == pytest.approx(p)


def test_a_comparison_that_few_clusters_carry_is_permuted():
    values, _, group = book(clusters=24)
    few = np.isin(group, [3, 9])
    found = mean_difference(values, few, group)
    assert found.difference.status == "fallback" and "too few of the 24 groups carry" in found.difference.why
    adjusted = mean_difference(values, few, group, covariates=np.random.default_rng(4).normal(size=(240, 1)))
    assert adjusted.difference.status == "refused" and "to adjust it" in adjusted.difference.why


def test_nineteen_clusters_are_permuted_and_twenty_are_not():
    nineteen, twenty = (mean_difference(*book(clusters=clusters)).difference for clusters in (19, 20))
    assert (nineteen.status, twenty.status) == ("fallback", "ok")
    assert nineteen.why.startswith("19 of the 20 groups") and "permuted" in nineteen.method


def test_covariates_take_out_what_goes_with_them():
    values, label, group = book()
    confounder = label * 2.0 + np.random.default_rng(1).normal(size=label.size)
    raw, adjusted = (
        mean_difference(values + confounder, label, group, covariates=x) for x in (None, confounder[:, None])
    )
    assert raw.difference.estimate > 1.5 and abs(adjusted.difference.estimate) < 0.4
    design = np.column_stack([label, np.ones(label.size), confounder])
    assert (adjusted.difference.low, adjusted.difference.high) == pytest.approx(
        interval(values + confounder, design, group), rel=1e-9
    )


def test_few_clusters_permute_whole_clusters_where_none_is_mixed():
    values, label, group = book(clusters=8, whole=True)
    found = mean_difference(values, label, group, draws=9999)
    of_cluster = np.array([label[group == g][0] for g in range(8)])
    gaps = []
    for chosen in itertools.combinations(range(8), int(of_cluster.sum())):
        ours = np.isin(group, chosen)
        gaps.append(values[ours].mean() - values[~ours].mean())
    seen = values[label].mean() - values[~label].mean()
    exact = np.mean(np.abs(gaps) >= abs(seen) - 1e-12)
    assert found.p == pytest.approx(exact, abs=0.015)
    assert found.difference.status == "fallback" and "8 of the 20 groups" in found.difference.why


@pytest.mark.parametrize("whole", [False, True])
def test_the_interval_holds_what_the_permutations_do_not_reject(whole):
    values, label, group = book(clusters=10, each=12, effect=0.5, whole=whole)
    told = mean_difference(values, label, group).difference
    edge = 0.02
    for limit, inwards in ((told.low, edge), (told.high, -edge)):
        inside, outside = (
            mean_difference(values - (limit + sign * inwards) * label, label, group).p for sign in (1, -1)
        )
        assert inside > 0.05 >= outside
    assert told.low <= told.estimate <= told.high


def test_shuffling_within_clusters_ignores_differences_between_them():
    # clusters with high values have more exposed rows; within clusters there is no difference
    values, label, group = book(clusters=12, each=20, spread=3)
    high = np.array([values[group == g].mean() > 0 for g in range(12)])
    label = np.random.default_rng(3).random(label.size) < np.where(high[group], 0.8, 0.2)
    found = mean_difference(values, label, group)
    assert values[label].mean() - values[~label].mean() > 2
    assert abs(found.difference.estimate) < 0.5 and found.p > 0.05


def test_the_same_inputs_give_the_same_answer_in_any_order():
    values, label, group = book(clusters=24)
    order = np.random.default_rng(1).permutation(values.size)
    one, other = mean_difference(values, label, group), mean_difference(values[order], label[order], group[order] + 7)
    assert other.difference.low == pytest.approx(one.difference.low) and other.p == pytest.approx(one.p)
    values, label, group = book(clusters=9)
    assert mean_difference(values, label, group) == mean_difference(values, label, group)
    assert mean_difference(values, label, group).p != mean_difference(values, label, group, seed=1).p


@pytest.mark.parametrize("effect", [0.0, 0.4])
@pytest.mark.parametrize(("clusters", "whole"), [(24, False), (24, True), (12, False), (12, True)])
@pytest.mark.slow
def test_the_interval_covers_as_often_as_stated(clusters, whole, effect):
    held = []
    for seed in range(400):
        told = mean_difference(*book(seed, clusters, effect=effect, whole=whole), draws=399).difference
        held.append(told.low <= effect <= told.high)
    # 400 books: a standard error of a good point
    assert 0.915 <= np.mean(held) <= 0.985


def test_too_little_is_refused():
    values, label, group = book()
    few = mean_difference(values, np.arange(values.size) < 9, group)
    assert few.difference.why == "not enough data: 9 of the 10 observations needed in the smaller group"
    assert math.isnan(few.p)
    assert "do not vary" in mean_difference(values * 0, label, group).difference.why
    assert "do not vary within" in mean_difference(label * 1.0, label, group).difference.why
    six = mean_difference(*book(clusters=6, whole=True))
    assert "6 groups, whose labels can be permuted in too few ways" in six.difference.why
    assert mean_difference(values, label, group * 0).difference.status == "fallback"
    few_clusters = mean_difference(values, label, group % 12, covariates=values[:, None])
    assert "12 of the 20 groups needed to adjust" in few_clusters.difference.why
    repeated = mean_difference(values, label, group, covariates=label[:, None] * 3.0)
    assert "repeat each other" in repeated.difference.why


def test_one_group_label_for_all_cannot_be_permuted():
    values, label, _ = book(clusters=2, each=10, whole=True)
    assert "too few ways" in mean_difference(values, label, label).difference.why


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"exposed": [0, 2] * 120}, "other than 0 and 1"),
        ({"exposed": [0, math.nan] * 120}, "exposed has missing"),
        ({"values": [math.nan] * 240}, "values has missing"),
        ({"clusters": [None] * 240}, "without a label"),
        ({"clusters": [1] * 239}, "differ in length"),
        ({"covariates": np.zeros(240)}, "one row a row"),
        ({"covariates": np.full((240, 1), math.nan)}, "covariate 0 has missing"),
        ({"confidence": 95}, "confidence"),
    ],
)
def test_impossible_input_is_an_error(change, what):
    values, label, group = book()
    with pytest.raises(UsageError, match=what):
        mean_difference(**{"values": values, "exposed": label, "clusters": group, **change})
