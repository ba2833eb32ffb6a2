"""The area under the curve by its definition over all pairs, and its interval against R."""

import itertools

import pytest
from test_random_effect import printed

from postmortem.ground.errors import UsageError
from postmortem.stats import area_under_curve

GOOD = [3.1, 4.0, 2.2, 5.5, 4.0, 3.3, 6.1, 2.9, 4.4]
POOR = [2.0, 3.3, 1.1, 2.9, 4.0, 0.7, 2.5, 3.0, 1.9, 2.2, 3.6]


def area(good, poor, **options):
    return area_under_curve([*good, *poor], [1] * len(good) + [0] * len(poor), **options)


def test_area_and_interval_against_r():
    found = area(GOOD, POOR)
    assert (found.estimate, found.low, found.high) == pytest.approx(printed("area"), rel=1e-8)
    assert (found.n, found.events, found.status) == (20, 9, "ok")


def test_area_is_the_share_of_pairs_in_order():
    pairs = [(g > p) + 0.5 * (g == p) for g, p in itertools.product(GOOD, POOR)]
    assert area(GOOD, POOR).estimate == pytest.approx(sum(pairs) / len(pairs), rel=1e-12)


def test_turning_the_score_round_mirrors_area_and_interval():
    one, other = area(GOOD, POOR), area([-g for g in GOOD], [-p for p in POOR])
    assert other.estimate == pytest.approx(1 - one.estimate)
    assert other.low < 1 - one.estimate < other.high


def test_classes_that_do_not_overlap_are_no_certainty():
    found = area(range(10, 20), range(10))
    assert found.status == "fallback" and found.why
    assert found.estimate == pytest.approx(1 - 0.5 / 100)
    assert found.low < found.estimate < found.high < 1


def test_a_score_without_variation_tells_nothing():
    found = area([1] * 9, [1] * 9)
    assert found.estimate == 0.5 and found.low < 0.5 < found.high


def test_small_classes_are_refused():
    found = area(GOOD[:7], POOR)
    assert found.why == "not enough data: 7 of the 8 observations needed in the smaller class"
    with pytest.raises(UsageError, match="differ in length"):
        area_under_curve([1.0, 2.0], [1])
