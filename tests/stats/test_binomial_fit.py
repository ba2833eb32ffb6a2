"""Logistic fits against the library, on any scale of the columns, and data that only look like a fit."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special, stats

from postmortem.ground.errors import UsageError
from postmortem.stats.binomial_fit import SEPARATED, fit_binomial, logit_clipped


def made(seed=2, n=300):
    rng = np.random.default_rng(seed)
    x, unit = rng.normal(size=n), rng.integers(20, size=n)
    y = (rng.random(n) < special.expit(-0.4 + 0.8 * x)).astype(float)
    return y, np.column_stack([np.ones(n), x]), unit


def test_coefficients_errors_and_p_value_equal_the_librarys():
    y, design, unit = made()
    fit = fit_binomial(y, design, clusters=unit)
    logit = sm.Logit(y, design).fit(disp=0, cov_type="cluster", cov_kwds={"groups": unit})
    assert fit.coefficients == pytest.approx(logit.params, abs=1e-7)
    assert fit.error(np.array([0.0, 1.0])) == pytest.approx(logit.bse[1], rel=1e-5)
    assert fit.p_value(1) == pytest.approx(2 * stats.t.sf(abs(logit.params[1] / logit.bse[1]), 19), rel=1e-4)
    plain = fit_binomial(y, design)
    assert plain.error(np.array([1.0, 0.0])) == pytest.approx(sm.Logit(y, design).fit(disp=0).bse[0], rel=1e-5)
    assert (plain.quantile, plain.degrees) == (pytest.approx(1.959964), math.inf)


@pytest.mark.parametrize(("shift", "factor"), [(2025, 1), (0, 1e6), (1e4, 1e-3)])
def test_the_scale_of_a_column_is_no_separation(shift, factor):
    y, design, unit = made()
    fit = fit_binomial(y, design, clusters=unit)
    other = fit_binomial(y, np.column_stack([design[:, 0], shift + factor * design[:, 1]]), clusters=unit)
    assert other.why == ""
    assert other.coefficients[1] * factor == pytest.approx(fit.coefficients[1], rel=1e-4)
    assert other.p_value(1) == pytest.approx(fit.p_value(1), rel=1e-3)


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
