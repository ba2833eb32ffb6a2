"""The decomposition against a worked example, its identity, its rule for new groups, and its interval by redrawing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandwich_by_hand import interval as written_out

from postmortem.ground.errors import UsageError
from postmortem.stats import mix_and_rate


def columns(cells, reps=40):
    """Return happened, group, later, rep of cells told as {(group, later): (events, n)}."""
    rows = [
        (place < events, group, later, place % reps)
        for (group, later), (events, n) in cells.items()
        for place in range(n)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


WORKED = {("a", 0): (100, 500), ("b", 0): (120, 300), ("c", 0): (120, 200),
          ("a", 1): (75, 300), ("b", 1): (140, 400), ("c", 1): (180, 300)}  # fmt: skip
CELL = st.integers(1, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_reference_values():
    found = mix_and_rate(*columns(WORKED))
    assert (found.difference, found.mix, found.rate) == pytest.approx((0.055, 0.0525, 0.0025), abs=1e-12)
    parts = {part.group: (part.mix, part.rate) for part in found.groups}
    assert parts["a"] == pytest.approx((-0.045, 0.02)) and parts["c"] == pytest.approx((0.06, 0))
    assert (found.groups[0].n_before, found.groups[0].rate_after) == (500, 0.25)


@given(st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from((0, 1))), CELL, min_size=2))
def test_the_parts_add_up_to_the_plain_difference(cells):
    happened, group, later, rep = columns(cells)
    if len(set(later)) < 2:
        return
    found = mix_and_rate(happened, group, later, rep)
    rates = [np.mean([y for y, t in zip(happened, later, strict=True) if t == side]) for side in (0, 1)]
    assert found.mix + found.rate == pytest.approx(rates[1] - rates[0], abs=1e-12)
    assert sum(part.mix for part in found.groups) == pytest.approx(found.mix, abs=1e-12)
    assert sum(part.rate for part in found.groups) == pytest.approx(found.rate, abs=1e-12)
    back = mix_and_rate(happened, group, [1 - side for side in later], rep)
    assert (back.mix, back.rate) == pytest.approx((-found.mix, -found.rate), abs=1e-12)


def test_the_same_mix_leaves_rates_alone_and_the_same_rates_leave_the_mix():
    other_rates = {("a", 0): (10, 50), ("b", 0): (20, 50), ("a", 1): (30, 100), ("b", 1): (50, 100)}
    assert mix_and_rate(*columns(other_rates)).mix == pytest.approx(0)
    other_mix = {("a", 0): (10, 50), ("b", 0): (20, 50), ("a", 1): (4, 20), ("b", 1): (32, 80)}
    assert mix_and_rate(*columns(other_mix)).rate == pytest.approx(0)


def test_a_group_of_one_period_only_is_mix():
    cells = {("a", 0): (20, 100), ("gone", 0): (10, 20), ("a", 1): (20, 100), ("new", 1): (40, 50)}
    found = mix_and_rate(*columns(cells))
    assert found.only_one_period == ("gone", "new")
    assert found.rate == pytest.approx(0)
    parts = {part.group: part for part in found.groups}
    assert parts["new"].mix == pytest.approx(50 / 150 * 0.8) and parts["new"].rate == 0
    assert parts["gone"].mix == pytest.approx(-20 / 120 * 0.5)
    assert np.isnan(parts["new"].rate_before) and np.isnan(parts["gone"].rate_after)


def clustered(seed):
    rng = np.random.default_rng(seed)
    rep = np.repeat(np.arange(60), 12)
    later = rng.random(720) < 0.5
    group = rng.choice(list("abcd"), 720, p=[0.4, 0.3, 0.2, 0.1])
    group[later & (group == "d")] = "e"  # one group leaves, one arrives
    habit = rng.normal(0, 0.12, 60)
    happened = rng.random(720) < np.clip(0.35 + habit[rep] + 0.1 * later + 0.1 * (group == "a"), 0, 1)
    return happened, group, later, rep


@pytest.mark.thorough
def test_the_interval_is_the_one_of_redrawn_clusters():
    happened, group, later, rep = clustered(4)
    found = mix_and_rate(happened, group, later, rep)
    rng = np.random.default_rng(5)
    draws = []
    members = [np.flatnonzero(rep == each) for each in range(60)]
    for _ in range(300):
        rows = np.concatenate([members[pick] for pick in rng.integers(60, size=60)])
        one = mix_and_rate(happened[rows], group[rows], later[rows], rep[rows], least_clusters=2)
        draws.append((one.difference, one.mix, one.rate))
    for spread, interval in zip(
        np.std(draws, axis=0),
        (found.difference_interval, found.mix_interval, found.rate_interval),
        strict=True,
    ):
        assert (interval.high - interval.low) / 2 == pytest.approx(2.001 * spread, rel=0.15)
        assert interval.clusters == 60


def test_the_whole_difference_is_that_of_two_means_in_clusters():
    happened, group, later, rep = clustered(4)
    # sixteen sales people instead of sixty, some with many deals and some with few
    rep = np.floor(np.sqrt(4 * rep)).astype(int)
    found = mix_and_rate(happened, group, later, rep).difference_interval
    low, high = written_out(happened.astype(float), np.column_stack([later, np.ones(720)]).astype(float), rep)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_one_mix_of_many_groups_has_the_interval_of_standardised_rates():
    """With the mix as it is in both periods the part by rate is the difference, and so is its interval."""
    rng = np.random.default_rng(3)
    later, group = np.tile([0, 1], 240), np.repeat(list("abcd"), 120)
    rep, happened = rng.integers(0, 14, 480), rng.random(480) < 0.4
    found = mix_and_rate(happened, group, later, rep)
    assert found.mix == pytest.approx(0) and found.rate == pytest.approx(found.difference)
    assert found.rate_interval.low == pytest.approx(found.difference_interval.low, rel=0.05)


def test_a_period_that_few_clusters_hold_has_parts_and_no_interval():
    happened, group, later, rep = clustered(4)
    found = mix_and_rate(happened, group, later, np.where(later, rep % 2, 2 + rep % 30))
    assert found.difference_interval.why == found.mix_interval.why == "too few groups carry the comparison"
    assert np.isfinite([found.difference, found.mix, found.rate]).all()


def test_rows_in_another_order_say_the_same():
    data = clustered(4)
    order = np.random.default_rng(1).permutation(720)
    found, again = mix_and_rate(*data), mix_and_rate(*(column[order] for column in data))
    assert again.mix_interval.low == pytest.approx(found.mix_interval.low, abs=1e-12)
    assert repr(again.groups) == repr(found.groups)  # missing rates are not equal to themselves


@pytest.mark.parametrize(
    ("cells", "reps", "why"),
    [
        ({("a", 0): (4, 9), ("a", 1): (10, 40)}, 12, "9 of the 10 observations needed in the smaller period"),
        ({("a", 0): (2, 30), ("a", 1): (2, 40)}, 12, "4 of the 5 events needed"),
        ({("a", 0): (12, 30), ("a", 1): (12, 40)}, 9, "9 of the 10 groups needed"),
        ({("a", 0): (12, 30)}, 12, "0 of the 10 observations needed in the smaller period"),
    ],
)
def test_too_little_data_keeps_the_parts_and_loses_the_intervals(cells, reps, why):
    found = mix_and_rate(*columns(cells, reps))
    assert found.mix_interval.why == f"not enough data: {why}"
    assert {found.difference_interval.status, found.rate_interval.status} == {"refused"}
    assert np.isnan(found.difference) == (len(cells) == 1)


def test_impossible_input_is_an_error():
    with pytest.raises(UsageError, match="later holds values that are not outcomes"):
        mix_and_rate([1, 0], ["a", "b"], [2024, 2025], [1, 2])
    with pytest.raises(UsageError, match="group has units without a label"):
        mix_and_rate([1, 0], ["a", None], [0, 1], [1, 2])
