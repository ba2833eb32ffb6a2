"""Ratios of shares and what they would amount to, against published values and simulated samples."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from postmortem.ground.errors import UsageError
from postmortem.stats import attributable_fraction, risk_ratio

SOME = st.integers(20, 300).flatmap(lambda n: st.tuples(st.integers(5, n - 1), st.just(n)))


def limits(found):
    return found.low, found.high


def test_reference_values():
    found = risk_ratio(30, 50, 15, 50)
    assert found.estimate == pytest.approx(2.0)
    assert limits(found) == pytest.approx((1.237454, 3.232443), abs=5e-7)
    assert (found.n, found.events) == (100, 45)
    assert attributable_fraction(30, 50, 15, 50).estimate == pytest.approx(1 / 3)


@given(SOME, SOME)
def test_the_ratio_agrees_with_the_library_and_turns_over(a, b):
    found, over = risk_ratio(*a, *b), risk_ratio(*b, *a)
    library = confint_proportions_2indep(*a, *b, method="log", compare="ratio")
    # the library adds one half to counts for "log-adjusted" only
    assert limits(found) == pytest.approx(library, rel=1e-9)
    assert limits(over) == pytest.approx((1 / found.high, 1 / found.low), rel=1e-9)
    assert found.low <= found.estimate <= found.high


@given(SOME, SOME)
def test_the_fraction_holds_its_estimate_and_has_the_sign_of_the_difference(a, b):
    found = attributable_fraction(*a, *b)
    assert found.low <= found.estimate <= found.high < 1
    assert np.sign(round(found.estimate, 12)) == np.sign(round(a[0] / a[1] - b[0] / b[1], 12))


def test_the_fractions_interval_is_as_wide_as_samples_vary():
    rng = np.random.default_rng(1)
    a, _, c, d = rng.multinomial(1000, [0.3, 0.2, 0.15, 0.35], size=20_000).T
    log_left = np.log((c / (c + d)) / ((a + c) / 1000))
    found = attributable_fraction(300, 500, 150, 500)
    half = (math.log(1 - found.low) - math.log(1 - found.high)) / 2 / 1.959964
    assert half == pytest.approx(log_left.std(), rel=0.03)


def test_everyone_has_an_error_of_nothing():
    assert limits(risk_ratio(20, 20, 20, 20)) == (1.0, 1.0)


@pytest.mark.parametrize("function", [risk_ratio, attributable_fraction])
@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((3, 9, 30, 60), "not enough data: 9 of the 10 observations needed in the smaller group"),
        ((1, 30, 2, 40), "not enough data: 3 of the 5 events needed"),
        ((9, 30, 0, 40), "one of the groups has no event, so there is no ratio"),
    ],
)
def test_too_little_data_is_refused(function, counts, why):
    found = function(*counts)
    assert (found.status, found.why) == ("refused", why)


@pytest.mark.parametrize("function", [risk_ratio, attributable_fraction])
def test_impossible_counts_are_an_error(function):
    with pytest.raises(UsageError, match="second events exceeds the second n"):
        function(3, 20, 21, 20)
