"""The attributable share against companies whose truth is known, and everything that refuses it."""

import math

import numpy as np
import pytest
from sandwich_by_hand import sandwich
from scipy import special, stats

from postmortem.ground.errors import UsageError
from postmortem.stats import share_attributable


def company(seed, n=600, effect=4.0, level=-0.9, reps=24):
    """Return losses, gaps, reps, the true share, and how many of the losses the reps put down to the price.

    Only a gap above 0 raises the chance of a loss; reps cite the price on most losses with a gap, and on a good
    part of the others, because it is the easy thing to say.
    """
    rng = np.random.default_rng(seed)
    gap, rep = rng.normal(0.02, 0.15, n), rng.integers(reps, size=n)
    habit = rng.normal(0, 0.3, reps)[rep]
    chance, even = (special.expit(level + habit + effect * np.maximum(g, 0)) for g in (gap, np.minimum(gap, 0)))
    lost = rng.random(n) < chance
    cited = lost & (rng.random(n) < np.where(gap > 0, 0.58, 0.3))
    return lost, gap, rep, (chance - even).sum() / chance.sum(), cited.sum() / lost.sum()


def test_what_reps_cite_is_several_times_what_goes_with_the_gap():
    """The constructed example in spirit: the price is cited on nearly half of the losses and accounts for an eighth."""
    lost, gap, rep, truth, cited = company(3, n=3000, effect=2.5)
    found = share_attributable(lost, gap, rep, draws=60)
    assert cited == pytest.approx(0.46, abs=0.03) and truth == pytest.approx(0.12, abs=0.02)
    assert found.share.estimate == pytest.approx(truth, abs=0.05)
    assert found.share.low < truth < found.share.high < cited
    assert found.expected_losses == pytest.approx(lost.sum() * (1 - found.share.estimate))


def test_no_effect_gives_about_nothing():
    found = share_attributable(*company(5, effect=0.0)[:3], draws=60)
    assert found.share.low < 0 < found.share.high
    assert found.share.estimate == pytest.approx(0, abs=0.1)


def test_a_straight_line_equals_the_fit_by_hand():
    lost, gap, rep, _, _ = company(1, n=70)
    found = share_attributable(lost, gap, rep, draws=40)
    assert (found.status, found.share.status) == ("fallback", "fallback") and "straight line" in found.why
    design, beta = np.column_stack([np.ones(70), gap]), np.zeros(2)
    for _ in range(30):
        p = special.expit(design @ beta)
        beta = beta + np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]), design.T @ (lost - p))
    without = special.expit(beta[0] + beta[1] * np.minimum(gap, 0)).sum()
    assert found.expected_losses == pytest.approx(without, rel=1e-6)
    assert found.share.estimate == pytest.approx(1 - without / lost.sum(), rel=1e-6)


def test_the_interval_reaches_as_far_as_the_sandwich_by_hand():
    """Two draws alone have no spread to speak of: then the limits are those of the delta method."""
    lost, gap, rep, _, _ = company(1, n=70)
    found = share_attributable(lost, gap, rep, draws=2)
    design, closed = (np.column_stack([np.ones(70), each]) for each in (gap, np.minimum(gap, 0)))
    beta = np.zeros(2)
    for _ in range(30):
        p = special.expit(design @ beta)
        beta = beta + np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]), design.T @ (lost - p))

    def share(at):
        return (special.expit(design @ at) - special.expit(closed @ at)).sum() / lost.sum()

    slope = np.array([(share(beta + step) - share(beta - step)) / 2e-6 for step in 1e-6 * np.eye(2)])
    p = special.expit(design @ beta)
    scale = np.sqrt(p * (1 - p))
    turned = design @ np.column_stack([slope / (slope @ slope), [-slope[1], slope[0]]]) * scale[:, None]
    _, error, freedom = sandwich(scale * (design @ beta) + (lost - p) / scale, turned, rep)
    half = stats.t.ppf(0.975, freedom) * error
    off = np.array([found.share.high - share(beta) - half, share(beta) - half - found.share.low])
    assert (off > -1e-5).all() and off.min() < 1e-5


def test_what_few_people_carry_is_refused():
    lost, gap, rep, _, _ = company(2, n=300)
    rep = np.where(gap > 0, rep % 2, 2 + rep % 20)
    assert share_attributable(lost, gap, rep, draws=20).why == "too few groups carry the comparison"


def test_units_order_and_flags_do_not_matter():
    lost, gap, rep, _, _ = company(2, n=300)
    found = share_attributable(lost, gap, rep, draws=20)
    per_cent = share_attributable(lost.astype(int), gap * 100, rep, draws=20)
    assert per_cent.share.low == pytest.approx(found.share.low, abs=1e-5)
    order = np.random.default_rng(1).permutation(300)
    again = share_attributable(lost[order], gap[order], rep[order], draws=20)
    assert (again.share.low, again.share.high) == pytest.approx((found.share.low, found.share.high), abs=1e-9)


def test_a_covariate_takes_what_is_its_own():
    """Large deals are lost more often and get the larger gaps; the gap itself does nothing."""
    rng = np.random.default_rng(7)
    large = rng.random(800) < 0.5
    gap = rng.normal(0.15, 0.1, 800) * large + rng.normal(-0.02, 0.1, 800) * ~large
    lost, rep = rng.random(800) < np.where(large, 0.6, 0.2), rng.integers(24, size=800)
    plain = share_attributable(lost, gap, rep, draws=40).share
    fair = share_attributable(lost, gap, rep, covariates={"large": large}, draws=40).share
    assert plain.low > 0.1
    assert fair.low < 0 < fair.high


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"n": 59}, "59 of the 60 known gaps needed"),
        ({"shift": 1.0}, "0 of the 10 observations needed on either side of a gap of 0"),
        ({"reps": 9}, "9 of the 10 groups needed"),
        ({"level": -3.4}, "of the 20 events needed"),
    ],
)
def test_too_little_data_is_refused(change, why):
    shift = change.pop("shift", 0.0)
    lost, gap, rep, _, _ = company(1, **{"n": 200, "effect": 1.0, **change})
    found = share_attributable(lost, np.abs(gap) + shift if shift else gap, rep)
    assert found.status == "refused" and found.why.startswith("not enough data: ") and found.why.endswith(why)
    assert math.isnan(found.expected_losses) and found.share.status == "refused"


def test_a_gap_that_decides_everything_is_refused():
    gap = np.linspace(-0.5, 0.5, 200)
    assert "do not overlap" in share_attributable(gap > 0, gap, np.arange(200) % 20).why


def test_impossible_input_is_an_error():
    for wrong, what in (
        (([1, 0], [0.1, math.nan], "ab"), "gap has missing"),
        (([1, 5], [0.1, 0.2], "ab"), "lost holds values that are not outcomes"),
        (([1, 0], [0.1, 0.2], ["a", None]), "without a label"),
    ):
        with pytest.raises(UsageError, match=what):
            share_attributable(*wrong)
    with pytest.raises(UsageError, match="size does not hold numbers"):
        share_attributable([1, 0], [0.1, 0.2], "ab", covariates={"size": ["large", "small"]})


@pytest.mark.slow
def test_the_interval_covers_the_truth():
    covered = []
    for seed in range(80):
        lost, gap, rep, truth, _ = company(1000 + seed, n=500)
        found = share_attributable(lost, gap, rep, draws=100)
        covered.append(found.share.low <= truth <= found.share.high)
    assert np.mean(covered) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 80)
