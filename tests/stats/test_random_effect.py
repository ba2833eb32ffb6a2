"""The random-effect logistic model against R's lme4 and R's own integration, and what it must do at the edges."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from postmortem.ground.errors import UsageError
from postmortem.stats import random_effect
from postmortem.stats.random_effect import LARGEST_SPREAD, odds_of, share_of

PRINTED = (Path(__file__).parent / "reference" / "random_effect.txt").read_text(encoding="utf-8")
TWENTY = (
    [9, 4, 7, 12, 3, 8, 11, 5, 6, 10, 2, 9, 7, 8, 13, 6, 4, 9, 5, 7],
    [14, 12, 15, 18, 12, 16, 15, 13, 14, 17, 11, 20, 14, 15, 16, 12, 13, 15, 12, 16],
)


def printed(label):
    """Return the numbers R printed behind a label."""
    (line,) = re.findall(rf"^{label} (.*)$", PRINTED, re.MULTILINE)
    return [float(number) for number in line.split() if number != "of"]


def herds():
    numbers = [int(number) for number in printed("herds")]
    return numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]


@pytest.mark.parametrize(("case", "counts"), [("cbpp", herds()), ("twenty", TWENTY)])
def test_fit_interval_and_test_against_r(case, counts):
    found = random_effect(*counts)
    spread, low, high, typical = printed(case)
    assert found.spread.estimate == pytest.approx(spread, rel=2e-5)
    # lme4 finds the limits by a spline through its profile
    assert (found.spread.low, found.spread.high) == pytest.approx((low, high), abs=2e-5)
    assert found.typical == pytest.approx(typical, rel=1e-5)
    log_likelihood, _, p = printed(f"{case}_test")
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=1e-6)
    assert found.p == pytest.approx(p, rel=1e-4)


def test_share_and_odds_at_a_quarter():
    assert share_of(0.5) == pytest.approx(0.0706241, abs=5e-8)
    assert odds_of(0.5) == pytest.approx(1.611131, abs=5e-7)


def test_median_odds_ratio_is_the_median_over_pairs_of_units():
    rng = np.random.default_rng(3)
    pairs = np.exp(np.abs(0.7 * (rng.normal(size=200_001) - rng.normal(size=200_001))))
    assert odds_of(0.7) == pytest.approx(np.median(pairs), rel=0.01)


def test_likelihood_against_plain_integration():
    events, n = [3, 9, 5, 0], [10, 10, 12, 4]
    found = random_effect(events, n)
    centre, spread = special.logit(found.typical), found.spread.estimate

    def unit(y, m):
        def inside(u):
            chance = special.expit(centre + spread * u)
            return chance**y * (1 - chance) ** (m - y) * stats.norm.pdf(u)

        return math.log(integrate.quad(inside, -9, 9, epsabs=1e-14)[0])

    direct = sum(unit(y, m) for y, m in zip(events, n, strict=True))
    assert found.log_likelihood == pytest.approx(direct, abs=1e-7)


def test_units_that_are_alike_have_no_spread():
    found = random_effect([5] * 12, [10] * 12)
    assert (found.spread.estimate, found.spread.low, found.p) == (0, 0, 1)
    assert found.typical == pytest.approx(0.5)
    assert (found.share.estimate, found.odds.estimate) == (0, 1)
    assert 0 < found.share.high < 0.2


def test_units_that_share_nothing_reach_the_end_of_the_scale():
    found = random_effect([20, 0, 20, 0], [20, 20, 20, 20])
    assert found.spread.high == LARGEST_SPREAD
    assert found.p < 1e-10


def test_empty_units_and_order_do_not_matter():
    found = random_effect(*TWENTY)
    again = random_effect([0, *TWENTY[0][::-1]], [0, *TWENTY[1][::-1]])
    assert again.units == found.units == 20
    assert again.spread.estimate == pytest.approx(found.spread.estimate, abs=1e-6)


def test_too_little_is_refused_with_a_reason():
    found = random_effect([2, 3], [9, 9])
    assert (found.status, found.why) == ("refused", "not enough data: 2 of the 3 groups needed")
    assert math.isnan(found.p)
    with pytest.raises(UsageError, match="exceeds"):
        random_effect([4], [3])


@pytest.mark.slow
def test_interval_covers_a_planted_spread():
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(100):
        events = rng.binomial(15, special.expit(-0.3 + 0.5 * rng.normal(size=24)))
        found = random_effect(events, [15] * 24)
        held += found.spread.low <= 0.5 <= found.spread.high
    assert held >= 89


def test_limits_of_large_units_against_a_profile_on_a_fine_grid():
    # Where the spread is large, little that hundreds of events say is left of the mean, which lies far from all pooled.
    events, n = np.array([60, 160, 180, 190]), np.array([2000, 240, 230, 250])
    found = random_effect(events, n)
    logits = np.linspace(-6, 6, 60_001)
    inside = events[:, None] * logits - n[:, None] * np.logaddexp(0, logits)

    def profile(spread):
        def less(centre):
            terms = inside + stats.norm.logpdf(logits, centre, spread)
            return -(special.logsumexp(terms, axis=1) + np.log(logits[1] - logits[0])).sum()

        return -optimize.minimize_scalar(less, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}).fun

    best = profile(found.spread.estimate)
    assert found.log_likelihood == pytest.approx(best, abs=1e-6)
    assert best > max(profile(found.spread.estimate * factor) for factor in (0.998, 1.002))
    for limit in (found.spread.low, found.spread.high):
        assert best - profile(limit) == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, abs=1e-4)
