"""Calibration figures against a fit by hand, what they mean, and data that only look like a fit."""

import math

import numpy as np
import pytest
from sandwich_by_hand import sandwich
from scipy import special, stats

from postmortem.ground.errors import UsageError
from postmortem.stats import calibration_of
from postmortem.stats.binomial_fit import SEPARATED

STATED = np.array([0.1, 0.3, 0.5, 0.7, 0.9])


def made(seed=1, n=400, shift=0.0, slope=1.0):
    rng = np.random.default_rng(seed)
    stated = rng.choice(STATED, n)
    came = rng.random(n) < special.expit(shift + slope * special.logit(stated))
    return stated, came, rng.integers(20, size=n)


def by_hand(y, design, offset, clusters):
    """Newton's steps and the sandwich, written out."""
    beta = np.zeros(design.shape[1])
    for _ in range(40):
        p = special.expit(offset + design @ beta)
        beta = beta + np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]), design.T @ (y - p))
    p = special.expit(offset + design @ beta)
    scale = np.sqrt(p * (1 - p))
    weighted = design * scale[:, None]
    return sandwich(weighted @ beta + (y - p) / scale, weighted, clusters, at=design.shape[1] - 1)


def test_both_figures_equal_the_fit_by_hand():
    stated, came, reps = made()
    found = calibration_of(stated, came, reps)
    logit, one = special.logit(stated), np.ones((400, 1))
    alpha, error, freedom = by_hand(came, one, logit, reps)
    assert found.in_the_large.estimate == pytest.approx(alpha, abs=1e-8)
    assert found.in_the_large.high - alpha == pytest.approx(stats.t.ppf(0.975, freedom) * error, rel=1e-6)
    assert found.p_in_the_large == pytest.approx(2 * stats.t.sf(abs(alpha / error), freedom), rel=1e-5)
    slope, error, freedom = by_hand(came, np.column_stack([one, logit]), 0.0, reps)
    assert found.slope.estimate == pytest.approx(slope, abs=1e-8)
    assert found.slope.high - slope == pytest.approx(stats.t.ppf(0.975, freedom) * error, rel=1e-6)
    assert found.p_slope == pytest.approx(2 * stats.t.sf(abs((slope - 1) / error), freedom), rel=1e-5)
    assert (found.slope.n, found.slope.events, found.slope.clusters) == (400, int(came.sum()), 20)


def test_flags_and_numbers_say_the_same_and_not_the_opposite():
    stated, came, reps = made()
    assert calibration_of(stated, came, reps) == calibration_of(stated, came.astype(int), reps)
    assert calibration_of(stated, np.ones(400) * (stated > 0.4) * came, reps).in_the_large.estimate < 0


def test_what_the_figures_mean():
    wishful = calibration_of(*made(shift=-1.5))
    assert wishful.in_the_large.high < 0 and wishful.p_in_the_large < 0.001
    bold = calibration_of(*made(n=1000, slope=0.3))
    assert bold.slope.high < 1 and bold.p_slope < 0.001
    right = calibration_of(*made())
    assert right.in_the_large.low < 0 < right.in_the_large.high
    assert right.slope.low < 1 < right.slope.high


def test_rows_in_another_order_say_the_same():
    stated, came, reps = made()
    order = np.random.default_rng(5).permutation(400)
    found, again = calibration_of(stated, came, reps), calibration_of(stated[order], came[order], reps[order])
    assert again.slope.low == pytest.approx(found.slope.low, abs=1e-9)
    assert again.p_in_the_large == pytest.approx(found.p_in_the_large, abs=1e-9)


def test_probabilities_that_separate_the_outcomes_are_refused():
    found = calibration_of([0.1] * 50 + [0.9] * 50, [0] * 50 + [1] * 50, list(range(20)) * 5)
    assert (found.slope.status, found.slope.why) == ("refused", SEPARATED)
    assert math.isnan(found.p_slope)
    assert found.in_the_large.status == "ok"


@pytest.mark.parametrize(
    ("came", "reps", "large", "slope"),
    [
        ([0, 1] * 4 + [0], 9, "9 of the 10 observations and 4 of the 10 events and 9 of the 10 groups",
         "9 of the 10 observations and 4 of the 20 events and 9 of the 10 groups"),
        ([0, 0, 1, 1] * 25, 9, "9 of the 10 groups", "9 of the 10 groups"),
        ([0, 1, 1, 0, 0, 1] * 5, 10, None, "15 of the 20 events"),
    ],
)  # fmt: skip
def test_too_little_data_is_refused_figure_by_figure(came, reps, large, slope):
    stated = [(0.3, 0.6)[row % 2] for row in range(len(came))]
    found = calibration_of(stated, came, [row % reps for row in range(len(came))])
    assert found.in_the_large.why == (f"not enough data: {large} needed" if large else "")
    assert found.slope.why == f"not enough data: {slope} needed"


def test_what_few_people_carry_is_refused():
    """Two people state everything and nine a deal each: their outcomes tell nothing of how people differ."""
    reps = [0, 1] * 60 + list(range(2, 11))
    found = calibration_of([0.3, 0.3, 0.6, 0.6] * 30 + [0.3] * 9, [0, 1, 1] * 43, reps)
    assert found.in_the_large.why == found.slope.why == "too few groups carry the comparison"
    assert math.isnan(found.p_in_the_large) and found.in_the_large.clusters == 11


def test_one_probability_has_no_slope():
    found = calibration_of([0.6] * 60, [0, 1] * 30, list(range(12)) * 5)
    assert found.in_the_large.status == "ok"
    assert found.slope.why == "only one probability was ever stated"


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (([0.5, 0.5], [1, 3], "ab"), "not outcomes"),
        (([50, 0.5], [1, 0], "ab"), "no shares"),
        (([0.5, 0.5], [1, 0], ["a", None]), "without a label"),
        (([0.5, 0.5], [1, 0], "abc"), "differ in length"),
    ],
)
def test_impossible_input_is_an_error(columns, what):
    with pytest.raises(UsageError, match=what):
        calibration_of(*columns)
