"""The share of an amount: against a survey textbook's formula by hand, the jackknife, and simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from r_values import r_values, uneven_rows
from scipy import special, stats

from postmortem.ground.errors import UsageError
from postmortem.stats import clustered_ratio


def book(seed=5, groups=24, each=8, spread=0.6, share=0.45, correlation=0.05):
    """Amounts, amounts won and groups, winning independent of the amount, so the true share is known."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), each)
    worth = 1 / correlation - 1
    chance = rng.beta(share * worth, (1 - share) * worth, groups)[group]
    amount = np.round(np.exp(rng.normal(10, spread, group.size)))
    return np.where(rng.random(group.size) < chance, amount, 0), amount, group


def test_the_arithmetic_written_out():
    won, amount, group = book()
    found = clustered_ratio(won, amount, group)
    frame = pd.DataFrame({"y": won, "x": amount, "g": group})
    share = frame.y.sum() / frame.x.sum()
    residual = (frame.y - share * frame.x).groupby(frame.g).sum()
    held = frame.x.groupby(frame.g).sum() / frame.x.sum()
    variance = (residual**2 / (1 - held)).sum() / frame.x.sum() ** 2
    # covariance of the sums where every amount has a variance in proportion, each sum inflated as above
    likeness = np.diag(held) - np.outer(held, held)
    inflated = likeness / np.sqrt(np.outer(1 - held, 1 - held))
    freedom = np.trace(inflated) ** 2 / (inflated**2).sum()
    assert 18 < freedom < 23
    half = stats.t.ppf(0.975, freedom) * math.sqrt(variance) / (share * (1 - share))
    odds = share / (1 - share)
    low, high = (odds * math.exp(sign * half) for sign in (-1, 1))
    assert found.share == found.interval.estimate == pytest.approx(share)
    assert (found.interval.low, found.interval.high) == pytest.approx((low / (1 + low), high / (1 + high)), rel=1e-6)
    assert found.largest_share == pytest.approx(amount.max() / amount.sum())
    assert (found.interval.n, found.interval.clusters) == (192, 24)
    assert found.interval.events == int((won > 0).sum())


def test_ratio_error_and_degrees_of_freedom_are_rs():
    rows, told = uneven_rows(), r_values("ratio", "uneven_clusters")
    weight = np.exp(rows["x2"])
    found = clustered_ratio((rows["cause"] == 1) * weight, weight, rows["rep"])
    share = told["coefficient"]
    assert found.share == pytest.approx(share, rel=1e-10)
    half = stats.t.ppf(0.975, told["freedom"]) * told["error"] / (share * (1 - share))
    limits = [special.expit(special.logit(share) + side * half) for side in (-1, 1)]
    assert (found.interval.low, found.interval.high) == pytest.approx(limits, rel=1e-9)


def test_the_variance_agrees_with_leaving_out_one_group_at_a_time():
    won, amount, group = book(groups=60, each=6)
    found = clustered_ratio(won, amount, group).interval
    left_out = np.array([won[group != g].sum() / amount[group != g].sum() for g in range(60)])
    jackknife = math.sqrt(59 / 60 * ((left_out - left_out.mean()) ** 2).sum())
    # the width on the logit scale gives the standard error back
    logit_width = np.subtract(*[math.log(v / (1 - v)) for v in (found.high, found.low)])
    error = logit_width / 2 / stats.t.ppf(0.975, 59) * found.estimate * (1 - found.estimate)
    assert error == pytest.approx(jackknife, rel=0.03)


def test_equal_amounts_each_its_own_group_give_the_share_of_a_count():
    won = np.array([1.0] * 30 + [0.0] * 50)
    found = clustered_ratio(won, np.ones(80), np.arange(80)).interval
    error = math.sqrt(0.375 * 0.625 / 79)
    half = stats.t.ppf(0.975, 79) * error / (0.375 * 0.625)
    assert math.log(found.high / (1 - found.high)) - math.log(0.375 / 0.625) == pytest.approx(half)


def test_order_labels_and_currency_unit_do_not_matter():
    won, amount, group = book()
    found = clustered_ratio(won, amount, group).interval
    order = np.random.default_rng(1).permutation(won.size)
    names = pd.Series([f"rep {g}" for g in group[order]], index=order)
    other = clustered_ratio(pd.Series(won[order] * 100), amount[order] * 100, names).interval
    assert (other.low, other.high) == pytest.approx((found.low, found.high), rel=1e-9)


def test_amount_lost_mirrors_amount_won():
    won, amount, group = book()
    found, lost = (clustered_ratio(part, amount, group).interval for part in (won, amount - won))
    assert (lost.low, lost.high) == pytest.approx((1 - found.high, 1 - found.low), rel=1e-9)


def test_the_interval_widens_with_confidence_and_with_likeness_inside_groups():
    won, amount, group = book(correlation=0.4)
    widths = [
        found.high - found.low
        for level in (0.5, 0.9, 0.99)
        for found in [clustered_ratio(won, amount, group, confidence=level).interval]
    ]
    assert widths == sorted(widths)
    alone = clustered_ratio(won, amount, np.arange(won.size), confidence=0.9).interval
    assert alone.high - alone.low < widths[1]


def test_one_unit_above_a_quarter_leaves_the_share_and_takes_the_interval():
    won, amount, group = book()
    amount[0] = won[0] = amount[1:].sum() / 3 + 2
    found = clustered_ratio(won, amount, group)
    assert found.interval.status == "refused" and "one unit holds 25%" in found.interval.why
    assert found.share == pytest.approx(won.sum() / amount.sum()) and found.largest_share > 0.25
    amount[0] = won[0] = amount[1:].sum() / 3
    assert clustered_ratio(won, amount, group).interval.status == "ok"


def test_few_groups_or_events_leave_the_share_and_take_the_interval():
    won, amount, group = book()
    few = clustered_ratio(won, amount, group % 9)
    assert few.interval.why == "not enough data: 9 of the 10 groups needed"
    assert few.share == pytest.approx(won.sum() / amount.sum())
    assert clustered_ratio(won, amount, group % 9, least_clusters=9).interval.status == "ok"
    none = clustered_ratio(won * 0, amount, group)
    assert none.share == 0 and none.interval.why == "not enough data: 0 of the 5 events needed"
    everything = clustered_ratio(amount, amount, group)
    assert everything.share == 1 and everything.interval.status == "refused"


def test_an_amount_that_few_groups_hold_has_no_interval():
    won, amount, group = book(spread=0.0)
    few = np.where(np.isin(group, (0, 1)), 40.0, 1.0) * amount
    found = clustered_ratio(won / amount * few, few, group)
    assert found.interval.why == "too few groups carry the comparison: they hold most of the amount"
    assert found.share == pytest.approx((won / amount * few).sum() / few.sum())


def test_units_of_nothing_change_nothing():
    won, amount, group = book()
    found, more = (
        clustered_ratio(won, amount, group),
        clustered_ratio(np.r_[won, np.zeros(30)], np.r_[amount, np.zeros(30)], np.r_[group, np.repeat([24, 0, 3], 10)]),
    )
    assert (more.interval.low, more.interval.high) == pytest.approx((found.interval.low, found.interval.high), rel=1e-9)


def test_lopsided_amounts_have_no_interval():
    amount = np.array([1e-12] * 10 + [1e9] * 10)
    won = np.array([0.0] * 10 + [1e9] * 10)
    assert clustered_ratio(won, amount, np.arange(20)).interval.status == "refused"


def test_amounts_of_nothing_have_no_share():
    found = clustered_ratio([0.0] * 12, [0.0] * 12, list("abcdefghijkl"))
    assert math.isnan(found.share) and math.isnan(found.largest_share)
    assert "sum to nothing" in found.interval.why


@pytest.mark.parametrize(
    ("won", "amount", "group", "what"),
    [
        ([], [], [], "numerator is empty"),
        ([1, 2], [3, 4], ["a"], "differ in length"),
        ([1], [3, 4], ["a", "b"], "differ in length"),
        ([5, 2], [3, 4], ["a", "b"], "numerator exceeds denominator"),
        ([-1, 2], [3, 4], ["a", "b"], "numerator is negative"),
        ([0, 2], [-3, 4], ["a", "b"], "numerator exceeds denominator"),
        ([1, math.nan], [3, 4], ["a", "b"], "numerator has missing"),
        ([1, 2], [3, math.nan], ["a", "b"], "denominator has missing"),
        ([1, 2], [3, 4], ["a", None], "without a label"),
        ([1, 2], [3, 4], pd.Series(["a", None], dtype="str"), "without a label"),
    ],
)
def test_impossible_input_is_an_error(won, amount, group, what):
    with pytest.raises(UsageError, match=what):
        clustered_ratio(won, amount, group)


def test_inputs_are_left_as_they_were():
    won, amount, group = book()
    before = won.copy(), amount.copy(), group.copy()
    clustered_ratio(won, amount, group)
    assert all((a == b).all() for a, b in zip(before, (won, amount, group), strict=True))


@pytest.mark.thorough
def test_the_interval_covers_as_often_as_stated():
    covered = [
        found.low <= 0.45 <= found.high for seed in range(600) for found in [clustered_ratio(*book(seed=seed)).interval]
    ]
    # 600 books: a standard error of nine tenths of a point
    assert 0.92 <= np.mean(covered) <= 0.975
