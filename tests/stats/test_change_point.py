"""One break in weekly counts: the likelihood by brute force, the null by listing, and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import change_point, change_points

SERIES = st.lists(st.integers(0, 6), min_size=8, max_size=20).filter(lambda weekly: sum(weekly) >= 8)


def log_likelihood(weekly):
    weekly = np.array(weekly)
    return stats.poisson.logpmf(weekly, weekly.mean()).sum()


@settings(max_examples=40)
@given(SERIES)
def test_the_break_is_where_the_poisson_likelihood_is_greatest(weekly):
    gains = [
        2 * (log_likelihood(weekly[:k]) + log_likelihood(weekly[k:]) - log_likelihood(weekly))
        for k in range(1, len(weekly))
    ]
    found = change_point(weekly, draws=9)
    assert found.statistic == pytest.approx(max(gains), abs=1e-8)
    assert gains[found.week - 1] == pytest.approx(max(gains), abs=1e-8)
    assert found.before == pytest.approx(np.mean(weekly[: found.week]))
    assert found.after == pytest.approx(np.mean(weekly[found.week :]))
    # P(both of two exponential excesses below d) = .95
    drop = -2 * math.log(1 - math.sqrt(0.95))
    likely = [k for k, gain in enumerate(gains, 1) if gain >= max(gains) - drop + 1e-7]
    assert found.earliest <= min(likely) <= found.week <= max(likely) <= found.latest


@settings(max_examples=40)
@given(SERIES)
def test_time_may_run_backwards(weekly):
    found, mirrored = change_point(weekly, draws=19), change_point(weekly[::-1], draws=19)
    assert mirrored.statistic == pytest.approx(found.statistic)
    assert (len(weekly) - mirrored.latest, len(weekly) - mirrored.earliest) == (found.earliest, found.latest)
    assert mirrored.p == found.p


def test_silence_after_five_weeks():
    found = change_point([3, 2, 4, 3, 2, 0, 0, 0, 1, 0])
    assert (found.week, found.before, found.after) == (5, 2.8, 0.2)
    assert found.p < 0.02 and found.earliest <= 5 <= found.latest
    assert (found.weeks, found.events, found.status) == (10, 15, "ok")


def test_the_p_value_is_the_share_of_all_series_as_extreme():
    # 8 events in 8 weeks: the number of events before each break decides, so draw the weeks of single events
    weekly = [3, 3, 1, 0, 1, 0, 0, 0]
    rng = np.random.default_rng(99)
    weeks = rng.integers(0, 8, (40000, 8))
    k = np.arange(1, 8)
    before = (weeks[:, :, None] < k).sum(axis=1)

    def gain(n):
        with np.errstate(divide="ignore", invalid="ignore"):
            left, right = n * np.log(n / k), (8 - n) * np.log((8 - n) / (8 - k))
        return 2 * (np.nan_to_num(left) + np.nan_to_num(right)).max(axis=-1)

    seen = gain(np.cumsum(weekly)[:-1])
    expected = (gain(before) >= seen - 1e-9).mean()
    assert change_point(weekly, draws=20000).p == pytest.approx(expected, abs=0.006)


def test_a_series_has_the_same_answer_whatever_stands_beside_it():
    rng = np.random.default_rng(5)
    many = [rng.poisson(1.5, rng.integers(8, 30)) for _ in range(40)]
    together = change_points(many, draws=99)
    assert together[::-1] == change_points(many[::-1], draws=99)
    assert together[7] == change_point(many[7], draws=99)
    assert change_points([]) == ()


def test_a_true_null_is_rejected_as_often_as_stated():
    rng = np.random.default_rng(6)
    found = change_points([rng.poisson(1.2, 16) for _ in range(1500)], draws=199)
    ps = np.array([each.p for each in found if each.status == "ok"])
    assert len(ps) > 1400
    # about 1,500 series: a standard error of half a point
    assert 0.03 <= np.mean(ps < 0.05) <= 0.065


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(2, 0.3), (3, 1), (1.5, 0.5), (0.5, 2)])
def test_the_likely_breaks_hold_the_true_one(before, after):
    rng = np.random.default_rng(7)
    held = []
    for _ in range(1000):
        weeks = int(rng.integers(12, 30))
        k = int(rng.integers(3, weeks - 3))
        found = change_point(np.r_[rng.poisson(before, k), rng.poisson(after, weeks - k)], draws=99)
        if found.status == "ok":
            held.append(found.earliest <= k <= found.latest)
    assert np.mean(held) >= 0.93


@pytest.mark.parametrize(
    ("weekly", "why"),
    [
        ([9] * 7, "not enough data: 7 of the 8 weeks needed"),
        ([1] * 7 + [0] * 9, "not enough data: 7 of the 8 events needed"),
        ([1, 1], "not enough data: 2 of the 8 weeks and 2 of the 8 events needed"),
        ([0] * 30, "not enough data: 0 of the 8 events needed"),
    ],
)
def test_too_little_is_refused(weekly, why):
    found = change_point(weekly)
    assert (found.status, found.why, found.week) == ("refused", why, None)
    assert math.isnan(found.p) and found.weeks == len(weekly)


@pytest.mark.parametrize("weekly", [[], [1.5] * 9, [-1] * 9, [math.nan] * 9, ["2"] * 9])
def test_impossible_counts_are_an_error(weekly):
    with pytest.raises(UsageError, match="weekly"):
        change_point(weekly)
