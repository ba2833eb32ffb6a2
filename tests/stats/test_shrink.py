"""Shrunken rates: another route to fit and limits, what must hold for any book, coverage by simulation."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from postmortem.ground.errors import UsageError
from postmortem.stats import beta_binomial_shrink

WON = [2, 9, 4, 7, 0, 11, 5, 3, 8, 6, 1, 10]
DEALS = [12, 14, 9, 15, 8, 13, 16, 11, 10, 20, 9, 14]


def limits(found):
    return np.array([[rate.low, rate.high] for rate in found.rates])


def estimates(found):
    return np.array([rate.estimate for rate in found.rates])


def log_likelihood(mean, worth):
    return stats.betabinom.logpmf(WON, DEALS, mean * worth, (1 - mean) * worth).sum()


def test_the_fit_is_the_most_likely_one():
    found = beta_binomial_shrink(WON, DEALS)
    best = log_likelihood(found.mean, found.concentration)
    for mean in np.linspace(0.3, 0.55, 26):
        for worth in np.geomspace(1, 60, 40):
            assert log_likelihood(mean, worth) <= best + 1e-7
    for change in (0.99, 1.01):
        assert log_likelihood(found.mean * change, found.concentration) < best
        assert log_likelihood(found.mean, found.concentration * change) < best


def test_every_rate_lies_between_its_own_and_the_mean():
    found = beta_binomial_shrink(WON, DEALS)
    for won, deals, rate in zip(WON, DEALS, found.rates, strict=True):
        raw = won / deals
        assert min(raw, found.mean) < rate.estimate < max(raw, found.mean)
        pull = (rate.estimate - raw) / (found.mean - raw)
        assert pull == pytest.approx(found.concentration / (found.concentration + deals))
        assert (rate.events, rate.n, rate.status) == (won, deals, "ok")


@pytest.fixture(scope="module")
def brute_grid():
    """Return the prior's (a, b) and weights on 70,000 cells in plain (mean, correlation), where the prior is flat."""
    mean, correlation = np.meshgrid(np.linspace(0.1, 0.85, 251), (np.arange(280) + 0.5) / 280)
    worth = 1 / correlation - 1
    a, b = mean * worth, (1 - mean) * worth
    log_weight = sum(stats.betabinom.logpmf(w, d, a, b) for w, d in zip(WON, DEALS, strict=True))
    weight = np.exp(log_weight - log_weight.max())
    some = weight > 1e-5
    return a[some], b[some], weight[some] / weight[some].sum()


@pytest.mark.parametrize("unit", [0, 4, 9])
def test_the_limits_are_quantiles_of_the_mixture_over_a_brute_grid(unit, brute_grid):
    # Against the adaptive grid of the code.
    a, b, weight = brute_grid
    posterior = stats.beta(a + WON[unit], b + DEALS[unit] - WON[unit])
    found = beta_binomial_shrink(WON, DEALS).rates[unit]
    for limit, tail in ((found.low, 0.025), (found.high, 0.975)):
        exact = optimize.brentq(lambda s, tail=tail: float(weight @ posterior.cdf(s)) - tail, 1e-9, 1 - 1e-9, xtol=1e-6)
        assert limit == pytest.approx(exact, abs=0.001)


def test_the_interval_is_wider_than_with_the_fit_taken_for_certain():
    found = beta_binomial_shrink(WON, DEALS)
    a, b = found.mean * found.concentration, (1 - found.mean) * found.concentration
    naive = [np.subtract(*stats.beta.ppf([0.975, 0.025], a + w, b + d - w)) for w, d in zip(WON, DEALS, strict=True)]
    assert np.diff(limits(found), axis=1).mean() > np.mean(naive)


def test_rates_that_vary_no_more_than_chance_all_become_the_mean():
    won, deals = [4, 5, 4, 5, 4, 5, 4, 5], [12] * 8
    found = beta_binomial_shrink(won, deals)
    assert math.isinf(found.concentration) and found.mean == pytest.approx(36 / 96)
    assert estimates(found) == pytest.approx([36 / 96] * 8)
    assert found.status == "ok" and "no more than chance" in found.why
    # certain of the mean, but not that nobody differs from it
    assert (np.diff(limits(found), axis=1) > 0.1).all()


def test_many_observations_speak_for_themselves():
    found = beta_binomial_shrink([2000, 5000, 8000, 4000, 6000], [10000] * 5)
    assert estimates(found) == pytest.approx([0.2, 0.5, 0.8, 0.4, 0.6], abs=0.001)
    half = 1.96 * math.sqrt(0.25 / 10000)
    assert limits(found)[1] == pytest.approx([0.5 - half, 0.5 + half], abs=0.0005)


@pytest.mark.thorough
def test_hundreds_of_units_are_fitted_as_well():
    rng = np.random.default_rng(3)
    found = beta_binomial_shrink(rng.binomial(40, rng.beta(6, 14, 400)), np.full(400, 40))
    assert found.mean == pytest.approx(0.3, abs=0.02)
    assert found.concentration == pytest.approx(20, rel=0.25)


def test_units_keep_their_answers_in_any_order_and_failures_mirror():
    found = beta_binomial_shrink(WON, DEALS)
    order = np.random.default_rng(2).permutation(len(WON))
    shuffled = beta_binomial_shrink(np.array(WON)[order], np.array(DEALS)[order])
    assert estimates(shuffled) == pytest.approx(estimates(found)[order], abs=1e-5)
    assert limits(shuffled) == pytest.approx(limits(found)[order], abs=1e-6)
    failures = beta_binomial_shrink(np.subtract(DEALS, WON), DEALS)
    assert estimates(failures) == pytest.approx(1 - estimates(found), abs=1e-5)
    assert limits(failures) == pytest.approx(1 - limits(found)[:, ::-1], abs=1e-6)


def test_intervals_hold_their_estimate_and_widen_with_confidence():
    narrow, wide = (limits(beta_binomial_shrink(WON, DEALS, confidence=c)) for c in (0.8, 0.95))
    found = beta_binomial_shrink(WON, DEALS)
    assert ((limits(found)[:, 0] < estimates(found)) & (estimates(found) < limits(found)[:, 1])).all()
    assert (wide[:, 0] < narrow[:, 0]).all() and (wide[:, 1] > narrow[:, 1]).all()


def test_a_unit_without_observations_gets_the_mean_and_the_whole_spread():
    found = beta_binomial_shrink([*WON, 0], [*DEALS, 0])
    assert found.rates[-1].estimate == pytest.approx(found.mean)
    widths = np.diff(limits(found), axis=1).ravel()
    assert widths[-1] == widths.max()
    assert estimates(found)[:-1] == pytest.approx(estimates(beta_binomial_shrink(WON, DEALS)), abs=1e-5)


def test_rare_events_in_very_many_observations_are_fitted():
    found = beta_binomial_shrink([9, 14, 8, 12, 11], [100_000] * 5)
    assert found.mean == pytest.approx(54 / 500_000, rel=0.05)
    exact = stats.chi2.ppf([0.025, 0.975], [2 * 54, 2 * 55]) / 2 / 500_000  # Poisson limits of the pooled rate
    assert (limits(found)[:, 0] < exact[0]).all() and (limits(found)[:, 1] > exact[1]).all()


def test_all_or_nothing_units_stay_what_they_are():
    found = beta_binomial_shrink([12, 0, 12, 0, 12, 0], [12] * 6)
    assert estimates(found) == pytest.approx([1, 0] * 3, abs=0.01)
    assert ((limits(found) >= 0) & (limits(found) <= 1)).all()


@pytest.mark.parametrize(
    ("won", "deals", "why"),
    [
        ([3, 4, 5, 6], [12] * 4, "4 of the 5 units needed"),
        ([3, 4, 5, 6, 0], [12, 12, 12, 12, 0], "4 of the 5 units needed"),
        ([1, 1, 1, 0, 1], [12] * 5, "4 of the 5 events needed"),
        ([12, 12, 12, 12, 12], [12] * 5, "0 of the 5 events needed"),
        ([1, 0, 1, 1, 1], [1, 1, 2, 2, 2], "8 of the 10 observations and 4 of the 5 events needed"),
    ],
)
def test_too_little_data_is_refused_for_all_units(won, deals, why):
    found = beta_binomial_shrink(won, deals)
    assert found.status == "refused" and found.why == f"not enough data: {why}"
    assert [(rate.events, rate.n, rate.status) for rate in found.rates] == [
        (w, d, "refused") for w, d in zip(won, deals, strict=True)
    ]
    assert math.isnan(found.mean) and math.isnan(found.concentration)


@pytest.mark.parametrize(
    ("won", "deals", "what"),
    [
        ([], [], "events is empty"),
        ([1], [2, 3], "differ in length"),
        ([3, 1], [2, 3], "events exceeds n"),
        ([-1, 1], [2, 3], "not counts"),
        ([math.nan, 1], [2, 3], "missing"),
        ([0.5, 1], [2, 3], "not counts"),
    ],
)
def test_impossible_input_is_an_error(won, deals, what):
    with pytest.raises(UsageError, match=what):
        beta_binomial_shrink(won, deals)


def simulate(books, units, size, mean, spread, seed=11):
    """Coverage of the true rates, and root mean square errors of shrunken and raw rates."""
    rng = np.random.default_rng(seed)
    covered, shrunken, raw = [], [], []
    for _ in range(books):
        deals = rng.integers(max(1, size // 2), size * 3 // 2 + 1, units)
        worth = mean * (1 - mean) / spread**2 - 1 if spread else 0
        truth = rng.beta(mean * worth, (1 - mean) * worth, units) if spread else np.full(units, mean)
        won = rng.binomial(deals, truth)
        found = beta_binomial_shrink(won, deals)
        if found.status == "ok":
            low, high = limits(found).T
            covered.append(((low <= truth) & (truth <= high)).mean())
            shrunken.append(((estimates(found) - truth) ** 2).mean())
            raw.append(((won / deals - truth) ** 2).mean())
    return np.mean(covered), math.sqrt(np.mean(shrunken)), math.sqrt(np.mean(raw))


@pytest.mark.slow
def test_taking_mean_and_concentration_for_known_covers_too_little_and_ours_enough():
    """Sales people of 8 to 18 deals: raw shares miss by about .136; quantiles of the fitted beta cover under .92."""
    rng = np.random.default_rng(5)
    known, ours, raw, drawn = [], [], [], []
    for _ in range(30):
        deals = rng.integers(8, 19, 24)
        truth = rng.beta(0.35 * 21.75, 0.65 * 21.75, 24)
        won = rng.binomial(deals, truth)
        found = beta_binomial_shrink(won, deals)
        a, b = won + found.mean * found.concentration, deals - won + (1 - found.mean) * found.concentration
        if math.isinf(found.concentration):
            known.append(np.zeros(24, dtype=bool))
        else:
            known.append((stats.beta.ppf(0.025, a, b) <= truth) & (truth <= stats.beta.ppf(0.975, a, b)))
        low, high = limits(found).T
        ours.append((low <= truth) & (truth <= high))
        raw.append((won / deals - truth) ** 2)
        drawn.append((estimates(found) - truth) ** 2)
    assert 0.70 < np.mean(known) < 0.92 <= np.mean(ours)
    assert math.sqrt(np.mean(raw)) == pytest.approx(0.136, abs=0.01)
    assert math.sqrt(np.mean(drawn)) == pytest.approx(0.095, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_shrunken_rates_are_nearer_the_truth_and_their_intervals_hold_it(spread):
    covered, shrunken, raw = simulate(20, 24, 12, 0.35, spread)
    assert covered >= 0.92
    assert shrunken < 0.8 * raw


@pytest.mark.slow
@pytest.mark.parametrize(("units", "size"), [(5, 15), (8, 12), (24, 12), (24, 40), (60, 10)])
@pytest.mark.parametrize(("mean", "spread"), [(0.35, 0.0), (0.35, 0.05), (0.35, 0.1), (0.35, 0.2), (0.15, 0.05)])
def test_coverage_over_sizes_and_spreads(units, size, mean, spread):
    covered, shrunken, raw = simulate(200, units, size, mean, spread)
    # 200 books: a standard error of under one point
    assert covered >= 0.92
    assert shrunken < raw
