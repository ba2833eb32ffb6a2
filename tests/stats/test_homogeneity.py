"""Tables of counts against R and exact distributions, strata, and differences adjusted for having looked at all."""

import math
from itertools import permutations

import numpy as np
import pytest
from reference_values import after, hair_and_eyes
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import benjamini_hochberg, compared_shares, homogeneity_of, newcombe, pairwise_shares


def test_hair_and_eyes_against_r():
    hair, eyes = hair_and_eyes()
    statistic, degrees, p = after("X-squared =", which=3)
    found = homogeneity_of(eyes, hair)
    assert (found.statistic, found.degrees, found.n) == (pytest.approx(statistic, rel=1e-8), degrees, 279)
    # one expected count is below 5 (R warns), so the p-value is a permutation's
    assert (found.status, found.p) == ("fallback", 1 / 2001)
    assert "as small as 4.0" in found.why
    brown_or_black = np.isin(hair, ("Black", "Brown"))
    large = homogeneity_of(np.array(eyes)[brown_or_black], np.array(hair)[brown_or_black])
    table = [[32, 11, 10, 3], [53, 50, 25, 15]]
    assert (large.status, large.p) == ("ok", pytest.approx(stats.chi2_contingency(table, correction=False).pvalue))
    assert p < 1e-5


def test_small_tables_against_the_exact_distribution():
    """Every order of ten labels, counted."""
    kind, group = list("aaabbbbcbc"), list("xxxxyyyyyy")
    expected = {k: kind.count(k) * 0.4 for k in "abc"}

    def statistic(order):
        first = {k: order[:4].count(k) for k in "abc"}
        return sum((first[k] - expected[k]) ** 2 * (1 / expected[k] + 1 / (kind.count(k) * 0.6)) for k in "abc")

    seen = statistic(kind)
    every = [statistic(order) for order in set(permutations(kind))]  # each distinct order is as likely as any other
    exact = np.mean([each >= seen - 1e-9 for each in every])
    found = homogeneity_of(kind, group)
    assert found.statistic == pytest.approx(seen)
    assert found.p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 2000))


def test_what_strata_differ_by_is_no_evidence():
    kind, group, rep = list("a" * 30 + "b" * 30), list("x" * 27 + "y" * 3 + "x" * 3 + "y" * 27), []
    assert homogeneity_of(kind, group).p < 1e-6
    assert homogeneity_of(kind, group, within=kind).p == 1.0
    rep = [f"rep {number % 10}" for number in range(60)]
    assert homogeneity_of(kind, group, within=rep).p == 1 / 2001


def test_two_by_two_within_strata_against_the_exact_distribution():
    kind = list("aaab" + "abbb" + "aabb")
    group, rep = list("xxyy" * 3), [1] * 4 + [2] * 4 + [3] * 4
    # events of kind a among the two of group x, stratum by stratum, are hypergeometric
    sizes = {1: 3, 2: 1, 3: 2}
    chances = {0: 1.0}
    for events in sizes.values():
        one = stats.hypergeom.pmf(range(3), 4, events, 2)
        chances = {
            total: sum(chances.get(total - k, 0) * one[k] for k in range(3)) for total in range(max(chances) + 3)
        }
    seen = 2 + 1 + 2
    exact = sum(chance for total, chance in chances.items() if abs(total - 3) >= abs(seen - 3))
    found = homogeneity_of(kind, group, within=rep)
    assert found.p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 2000))
    assert found.status == "ok"


def test_rows_in_another_order_draw_the_same():
    hair, eyes = (np.array(column) for column in hair_and_eyes())
    rep = np.arange(279) % 7
    order = np.random.default_rng(1).permutation(279)
    assert homogeneity_of(eyes[order], hair[order]) == homogeneity_of(eyes, hair)
    again, found = (homogeneity_of(eyes[rows], hair[rows], within=rep[rows]) for rows in (order, slice(None)))
    assert again.p == found.p and again.statistic == pytest.approx(found.statistic, abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "group", "why"),
    [
        ("ab" * 4, "xxxxyyyy", "not enough data: 8 of the 10 observations needed"),
        ("ab" * 6, "x" * 12, "there is only one group"),
        ("a" * 12, "xy" * 6, "there is only one kind"),
    ],
)
def test_nothing_to_test_is_refused(kind, group, why):
    found = homogeneity_of(list(kind), list(group))
    assert (found.status, found.why) == ("refused", why)
    assert math.isnan(found.p)


def test_differences_carry_newcombes_interval_and_both_p_values():
    found = compared_shares([56, 30, 12, 3], [70, 80, 60, 9], [48, 31, 25, 8], [80, 80, 60, 60])
    for each, counts in zip(found[:3], ((56, 70, 48, 80), (30, 80, 31, 80), (12, 60, 25, 60)), strict=True):
        assert each.difference == newcombe(*counts)
        table = [[counts[0], counts[1] - counts[0]], [counts[2], counts[3] - counts[2]]]
        assert each.p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert found[3].difference.status == "refused" and math.isnan(found[3].p) and math.isnan(found[3].adjusted)
    assert [each.adjusted for each in found[:3]] == pytest.approx(benjamini_hochberg([each.p for each in found[:3]]))


def test_every_pair_of_groups_once():
    found = pairwise_shares([20, 8, 15, 2], [40, 40, 40, 5])
    assert list(found) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert found[1, 2].difference == newcombe(8, 40, 15, 40)
    assert found[0, 1].adjusted == pytest.approx(3 * found[0, 1].p)  # the smallest of three that could be tested


def test_nobody_and_everybody_do_not_differ():
    assert compared_shares([20], [20], [30], [30], least_events=0)[0].p == 1.0


def test_impossible_input_is_an_error():
    for wrong, what in (
        ((["a", None], ["x", "y"]), "kind has units without a label"),
        ((["a"], ["x", "y"]), "differ in length"),
    ):
        with pytest.raises(UsageError, match=what):
            homogeneity_of(*wrong)
    with pytest.raises(UsageError, match="events_b exceeds n_b"):
        compared_shares([1], [20], [21], [20])
    with pytest.raises(UsageError, match="only one group"):
        pairwise_shares([1], [20])
