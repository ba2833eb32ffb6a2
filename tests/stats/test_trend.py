"""Trends against R and a fit by the library, what a clustered trend is worth, and refusals."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from reference_values import after
from sandwich_by_hand import sandwich
from scipy import special, stats

from postmortem.ground.errors import UsageError
from postmortem.stats import cochran_armitage, trend_of_share


def made(seed=1, slope=0.25, quarters=8, habit=0.0):
    rng = np.random.default_rng(seed)
    period, rep = np.repeat(np.arange(quarters), 60), rng.integers(20, size=60 * quarters)
    came = rng.random(period.size) < special.expit(-0.6 + slope * period + rng.normal(0, habit, 20)[rep])
    return came, period, rep


def test_cochran_armitage_against_r():
    _, _, p = after("X-squared =", which=2)
    assert cochran_armitage([83, 90, 129, 70], [86, 93, 136, 82]) == pytest.approx(p, rel=1e-7)


def test_cochran_armitage_has_no_direction_and_needs_something_to_tell():
    p = cochran_armitage([5, 8, 14], [40, 40, 40])
    assert cochran_armitage([14, 8, 5], [40, 40, 40]) == pytest.approx(p)
    assert cochran_armitage([35, 32, 26], [40, 40, 40]) == pytest.approx(p)
    assert math.isnan(cochran_armitage([0, 0], [4, 5]))
    assert math.isnan(cochran_armitage([3, 0], [9, 0]))
    assert math.isnan(cochran_armitage([0, 0], [0, 0]))


def test_a_quarter_without_deals_keeps_its_place():
    assert cochran_armitage([5, 0, 14], [40, 0, 40]) == pytest.approx(cochran_armitage([5, 14], [40, 40]))
    assert cochran_armitage([5, 8, 0, 14], [40, 40, 0, 40]) != pytest.approx(
        cochran_armitage([5, 8, 14], [40, 40, 40]), rel=1e-3
    )


def test_the_fit_equals_the_librarys():
    came, period, rep = made()
    found = trend_of_share(came, period, rep)
    design = sm.add_constant(period.astype(float))
    logit = sm.Logit(came.astype(float), design).fit(disp=0, tol=1e-12)
    first, last = logit.predict([[1, 0], [1, 7]])
    assert (found.first, found.last, found.change.estimate) == pytest.approx((first, last, last - first), abs=1e-7)
    # the delta method by a numeric derivative
    steps = 1e-6 * np.eye(2)
    change = [np.diff(special.expit(np.array([[1, 0], [1, 7]]) @ (logit.params + step)))[0] for step in steps]
    slope = (np.array(change) - (last - first)) / 1e-6
    # the change is the first coefficient of columns turned so, and the last step of the fit a least-squares one
    chance = logit.predict(design)
    scale = np.sqrt(chance * (1 - chance))
    turned = design @ np.column_stack([slope / (slope @ slope), [-slope[1], slope[0]]]) * scale[:, None]
    values = scale * (design @ logit.params) + (came - chance) / scale
    _, error, freedom = sandwich(values, turned, rep)
    assert found.change.high - found.change.estimate == pytest.approx(stats.t.ppf(0.975, freedom) * error, rel=1e-4)
    middle, error, freedom = sandwich(values, design * scale[:, None], rep, at=1)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(middle) / error, freedom), rel=1e-4)
    assert found.periods == 8


def test_a_rise_is_found_and_a_level_is_not():
    rising, level = trend_of_share(*made()), trend_of_share(*made(slope=0.0))
    assert rising.change.low > 0 and rising.p < 0.05
    assert level.change.low < 0 < level.change.high and level.p > 0.05


def test_any_numbers_of_consecutive_quarters_will_do():
    came, period, rep = made()
    found, later = trend_of_share(came, period, rep), trend_of_share(came, period + 8100, rep)
    assert later.change.low == pytest.approx(found.change.low, abs=1e-6)
    assert later.p == pytest.approx(found.p, rel=1e-4)


@pytest.mark.parametrize(
    ("quarters", "each", "share", "reps", "why"),
    [
        (5, 60, 2, 20, "5 of the 6 periods needed"),
        (6, 6, 2, 20, "36 of the 40 observations needed"),
        (8, 60, 30, 20, "16 of the 20 events needed"),
        (8, 60, 2, 9, "9 of the 10 groups needed"),
    ],
)
def test_too_little_data_is_refused(quarters, each, share, reps, why):
    rows = np.arange(quarters * each)
    found = trend_of_share(rows % share == 0, rows // each, rows % reps)
    assert (found.status, found.why) == ("refused", f"not enough data: {why}")
    assert math.isnan(found.p) and found.change.status == "refused"


def test_a_trend_that_few_clusters_carry_is_refused():
    """Two people are there from the first quarter to the last, ten others in the middle two quarters alone."""
    period = np.r_[np.tile(np.arange(8), 40), np.tile([3, 4], 100)]
    rep = np.r_[np.repeat([0, 1], 160), np.arange(200) % 10 + 2]
    came = np.random.default_rng(2).random(period.size) < 0.4
    found = trend_of_share(came, period, rep)
    assert (found.status, found.why) == ("refused", "too few groups carry the comparison")
    assert math.isnan(found.p) and found.change.clusters == 12


def test_a_clean_break_is_refused_as_separation():
    rows = np.arange(480)
    assert "do not overlap" in trend_of_share(rows >= 240, rows // 60, rows % 20).why


def test_impossible_input_is_an_error():
    with pytest.raises(UsageError, match="period does not hold numbers"):
        trend_of_share([1, 0], ["2025Q1", "2025Q2"], [1, 2])
    with pytest.raises(UsageError, match="events exceeds trials"):
        cochran_armitage([3], [2])
