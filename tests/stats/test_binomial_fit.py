"""Logistic fits against the library, on any scale of the columns, and data that only look like a fit."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from r_values import r_values, uneven_rows
from sandwich_by_hand import sandwich
from scipy import special

from postmortem.ground.errors import UsageError
from postmortem.stats.binomial_fit import SEPARATED, fit_binomial, logit_clipped


def made(seed=2, n=300):
    rng = np.random.default_rng(seed)
    x, unit = rng.normal(size=n), rng.integers(20, size=n)
    y = (rng.random(n) < special.expit(-0.4 + 0.8 * x)).astype(float)
    return y, np.column_stack([np.ones(n), x]), unit


def test_coefficients_errors_and_p_value_equal_the_librarys():
    y, design, _ = made()
    fit, logit = fit_binomial(y, design), sm.Logit(y, design).fit(disp=0)
    assert fit.coefficients == pytest.approx(logit.params, abs=1e-7)
    for place, weights in enumerate(np.eye(2)):
        found = fit.weighted_sum(weights)
        assert (found.error, found.freedom) == (pytest.approx(logit.bse[place], rel=1e-5), math.inf)
        assert found.p_value() == pytest.approx(logit.pvalues[place], rel=1e-4)
    both = np.array([1.0, -2.0])
    assert fit.weighted_sum(both).error == pytest.approx(math.sqrt(both @ logit.cov_params() @ both), rel=1e-5)


def test_clustered_errors_are_those_of_the_last_step_written_out():
    y, design, unit = made()
    logit = sm.Logit(y, design).fit(disp=0, tol=1e-12)
    chance = logit.predict(design)
    scale = np.sqrt(chance * (1 - chance))
    weighted = design * scale[:, None]
    values = weighted @ logit.params + (y - chance) / scale
    fit = fit_binomial(y, design, clusters=unit)
    for place in (0, 1):
        found = fit.weighted_sum(np.eye(2)[place])
        told = (found.coefficient, found.error, found.freedom)
        assert told == pytest.approx(sandwich(values, weighted, unit, at=place), rel=1e-5)
    # a sum of coefficients is a coefficient of other columns: a(1 − x) + b x has a and b = a + slope
    summed = fit.weighted_sum(np.array([1.0, 1.0]))
    swapped = np.column_stack([weighted[:, 1], weighted[:, 0] - weighted[:, 1]])
    assert (summed.coefficient, summed.error, summed.freedom) == pytest.approx(
        sandwich(values, swapped, unit), rel=1e-5
    )


def test_clustered_errors_are_near_rs():
    """R's clubSandwich takes the root of another of the matrices that are right in expectation: .2% apart here."""
    rows = uneven_rows()
    y, unit = (rows["cause"] == 1).to_numpy(float), np.unique(rows["rep"], return_inverse=True)[1]
    one = np.ones((y.size, 1))
    slope = fit_binomial(y, np.column_stack([one, rows["x1"]]), clusters=unit).weighted_sum(np.array([0.0, 1.0]))
    large = fit_binomial(y, one, clusters=unit, offset=rows["x2"].to_numpy() / 2 - 0.3).weighted_sum(np.array([1.0]))
    for found, case in ((slope, "slope"), (large, "in the large")):
        told = r_values(case, "uneven_clusters")
        assert found.coefficient == pytest.approx(told["coefficient"], rel=1e-6)
        assert found.error == pytest.approx(told["error"], rel=0.003)
        assert found.freedom == pytest.approx(told["freedom"], rel=1e-4)


@pytest.mark.parametrize(("shift", "factor"), [(2025, 1), (0, 1e6), (1e4, 1e-3)])
def test_the_scale_of_a_column_is_no_separation(shift, factor):
    y, design, unit = made()
    fit = fit_binomial(y, design, clusters=unit)
    other = fit_binomial(y, np.column_stack([design[:, 0], shift + factor * design[:, 1]]), clusters=unit)
    assert other.why == ""
    assert other.coefficients[1] * factor == pytest.approx(fit.coefficients[1], rel=1e-4)
    slope = np.array([0.0, 1.0])
    assert other.weighted_sum(slope).p_value() == pytest.approx(fit.weighted_sum(slope).p_value(), rel=1e-3)


def test_an_offset_is_the_known_part():
    y, design, _ = made()
    free = fit_binomial(y, design)
    known = fit_binomial(y, design[:, :1], offset=free.coefficients[1] * design[:, 1])
    assert known.coefficients[0] == pytest.approx(free.coefficients[0], abs=1e-6)


def test_complete_and_quasi_separation_are_seen():
    x = np.linspace(-1, 1, 80)
    one = np.ones(80)
    assert fit_binomial((x > 0).astype(float), np.column_stack([one, x])).why == SEPARATED
    # one side holds nothing but events: the fit "converges" with a coefficient on its way to infinity
    y = np.array([0.0, 1.0] * 30 + [1.0] * 20)
    side = np.array([0.0] * 60 + [1.0] * 20)
    assert fit_binomial(y, np.column_stack([one, side])).why == SEPARATED


def test_columns_that_say_the_same_are_refused():
    assert "say the same" in fit_binomial(np.array([0.0, 1.0] * 30), np.ones((60, 2))).why


def test_too_few_events_a_coefficient_are_refused():
    y, design, _ = made(n=60)
    y = np.r_[np.ones(19), np.zeros(41)]
    assert fit_binomial(y, design).why == "not enough data: 19 of the 20 events needed"
    assert fit_binomial(y, design[:, :1]).why == ""


def test_clipped_logits_are_finite():
    assert logit_clipped([0, 0.5, 1]) == pytest.approx([-math.log(99), 0, math.log(99)])
    with pytest.raises(UsageError, match="no shares"):
        logit_clipped([50])
