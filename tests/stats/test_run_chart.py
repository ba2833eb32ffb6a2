"""The usual range: its arithmetic step by step, its coverage by simulation, and when it is refused."""

import math
from itertools import pairwise

import numpy as np
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import usual_range

EVENTS, TRIALS = [18, 25, 20, 31, 22, 19, 27], [60, 66, 58, 71, 64, 55, 62]
# two-sided 95% quantile of Student's t at 6 degrees of freedom, and of the normal, from printed tables
T_6, Z = 2.446912, 1.959964


def test_the_arithmetic_written_out():
    centre = sum(EVENTS) / sum(TRIALS)
    scores = [(x / n - centre) / math.sqrt(centre * (1 - centre) / n) for x, n in zip(EVENTS, TRIALS, strict=True)]
    moves = [abs(b - a) for a, b in pairwise(scores)]
    spread = sum(moves) / len(moves) / 1.128379
    chance = math.sqrt(centre * (1 - centre) * (1 / 50 + 1 / sum(TRIALS)))
    half = max(T_6 * spread, Z) * chance
    found = usual_range(EVENTS, TRIALS, new_trials=50)
    assert (found.centre, found.sigma_z) == pytest.approx((centre, spread), rel=1e-6)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half), rel=1e-6)
    assert (found.periods, found.events, found.n, found.status) == (7, 162, 436, "ok")


def test_periods_more_alike_than_chance_get_the_range_of_chance():
    found = usual_range([20] * 8, [60] * 8, new_trials=60)
    assert found.sigma_z == 0
    assert found.high - found.centre == pytest.approx(Z * math.sqrt(2 / 9 * (1 / 60 + 1 / 480)), rel=1e-6)


def test_periods_less_alike_than_chance_widen_the_range():
    calm = usual_range([20, 21, 19, 20, 22, 18], [60] * 6, new_trials=60)
    wild = usual_range([10, 30, 12, 28, 9, 31], [60] * 6, new_trials=60)
    assert wild.sigma_z > 1 > calm.sigma_z
    assert wild.low < calm.low and wild.high > calm.high


def test_order_matters_only_up_to_reversal_and_empty_periods_not_at_all():
    found = usual_range(EVENTS, TRIALS, new_trials=50)
    backwards = usual_range(EVENTS[::-1], TRIALS[::-1], new_trials=50)
    with_gap = usual_range([*EVENTS[:3], 0, *EVENTS[3:]], [*TRIALS[:3], 0, *TRIALS[3:]], new_trials=50)
    assert (backwards.low, backwards.high) == pytest.approx((found.low, found.high), rel=1e-12)
    assert with_gap == found


def test_failures_mirror_events():
    found = usual_range(EVENTS, TRIALS, new_trials=50)
    failures = usual_range(np.subtract(TRIALS, EVENTS), TRIALS, new_trials=50)
    assert (failures.low, failures.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-12)


def test_the_range_widens_with_confidence_and_stays_a_share():
    widths = [
        found.high - found.low
        for level in (0.5, 0.8, 0.95, 0.999)
        for found in [usual_range(EVENTS, TRIALS, new_trials=50, confidence=level)]
    ]
    assert widths == sorted(widths) and widths[0] < widths[-1]
    rare = usual_range([1, 0, 5, 0, 1, 0, 4], [12] * 7, new_trials=12)
    assert rare.low == 0.0 and rare.placement(0) == "within"
    common = usual_range([11, 12, 7, 12, 11, 12, 8], [12] * 7, new_trials=12)
    assert common.high == 1.0 and common.placement(12) == "within"


def test_the_new_period_is_placed():
    found = usual_range([20] * 8, [60] * 8, new_trials=60)
    assert [found.placement(events) for events in (12, 13, 20, 27, 28)] == [
        "below",
        "within",
        "within",
        "within",
        "above",
    ]
    with pytest.raises(UsageError, match="exceeds new_trials"):
        found.placement(61)


@pytest.mark.parametrize(
    ("events", "trials", "new_trials", "why"),
    [
        (EVENTS[:5], TRIALS[:5], 50, "5 of the 6 earlier periods needed"),
        ([*EVENTS[:5], 0], [*TRIALS[:5], 0], 50, "5 of the 6 earlier periods needed"),
        ([0] * 6, [0] * 6, 50, "0 of the 6 earlier periods needed"),
        (EVENTS, TRIALS, 9, "9 of the 10 observations needed in the new period"),
        (EVENTS, TRIALS, 0, "0 of the 10 observations needed in the new period"),
        ([0, 1, 0, 1, 1, 1], [30] * 6, 50, "4 of the 5 events needed"),
        ([30, 29, 30, 29, 29, 29], [30] * 6, 50, "4 of the 5 events needed"),
        ([30] * 6, [30] * 6, 50, "0 of the 5 events needed"),
    ],
)
def test_too_little_data_is_refused(events, trials, new_trials, why):
    found = usual_range(events, trials, new_trials=new_trials)
    assert found.status == "refused" and found.why == f"not enough data: {why}"
    assert all(math.isnan(number) for number in (found.centre, found.low, found.high, found.sigma_z))
    assert found.placement(0) == "cannot tell"


@pytest.mark.parametrize(
    ("events", "trials", "what"),
    [
        ([], [], "empty"),
        ([1, 2], [3], "differ in length"),
        ([61, *EVENTS[1:]], TRIALS, "events exceeds trials"),
        ([-1, *EVENTS[1:]], TRIALS, "not counts"),
        ([math.nan, *EVENTS[1:]], TRIALS, "missing"),
    ],
)
def test_impossible_input_is_an_error(events, trials, what):
    with pytest.raises(UsageError, match=what):
        usual_range(events, trials, new_trials=50)


def coverage(charts, periods, share, correlation, *, size=60, seed=20240707):
    """Share of charts whose next period, drawn like the others, lies within the range."""
    rng = np.random.default_rng(seed)
    within = []
    for _ in range(charts):
        trials = rng.integers(int(0.7 * size), int(1.3 * size) + 1, periods + 1)
        if correlation:
            worth = 1 / correlation - 1
            shares = rng.beta(share * worth, (1 - share) * worth, periods + 1)
        else:
            shares = share
        events = rng.binomial(trials, shares)
        found = usual_range(events[:-1], trials[:-1], new_trials=int(trials[-1]))
        if found.status == "ok":
            within.append(found.placement(int(events[-1])) == "within")
    return sum(within) / len(within)


@pytest.mark.thorough
@pytest.mark.parametrize("periods", [6, 8])
@pytest.mark.parametrize(("correlation", "least", "most"), [(0, 0.955, 0.99), (0.05, 0.93, 0.97)])
def test_the_next_period_falls_inside_as_often_as_stated(periods, correlation, least, most):
    # 1,500 charts: a standard error of half a point
    assert least <= coverage(1500, periods, 0.35, correlation) <= most


@pytest.mark.slow
@pytest.mark.parametrize("periods", [6, 8, 12])
@pytest.mark.parametrize("size", [20, 60, 180])
@pytest.mark.parametrize("correlation", [0, 0.02, 0.08])
def test_coverage_over_sizes_and_spreads(periods, size, correlation):
    floor = 0.96 if correlation == 0 else 0.935
    assert floor <= coverage(8000, periods, 0.3, correlation, size=size) <= 0.985
