"""The funnel against its formula by hand, its coverage by simulation, and when the lines are widened."""

import math

import numpy as np
import pytest

from postmortem.stats.funnel import INNER, OUTER, funnel_line, funnel_of


def test_z_by_hand():
    found = funnel_of([12, 5, 9, 8, 6], [20, 10, 20, 15, 15])
    share = 40 / 80
    by_hand = 2 * math.sqrt(20) * (math.asin(math.sqrt(12 / 20)) - math.asin(math.sqrt(share)))
    assert found.share == share
    assert found.z[0] == pytest.approx(by_hand)
    assert found.z[1] == pytest.approx(0, abs=1e-12)
    assert found.dispersion == 1


def test_a_unit_on_a_line_has_the_z_of_the_line():
    n = np.array([25.0, 100.0, 400.0])
    for z in (-OUTER, -INNER, INNER, OUTER):
        share = funnel_line(0.4, n, z, dispersion=2.0)
        back = 2 * np.sqrt(n / 2) * (np.arcsin(np.sqrt(share)) - math.asin(math.sqrt(0.4)))
        assert back == pytest.approx(z)


def test_lines_end_at_none_and_all():
    assert funnel_line(0.1, np.array([2.0]), -OUTER) == pytest.approx(0)
    assert funnel_line(0.9, np.array([2.0]), OUTER) == pytest.approx(1)


def test_alike_units_lie_outside_as_often_as_stated():
    rng = np.random.default_rng(5)
    z = np.concatenate([funnel_of(rng.binomial(60, 0.4, 30), [60] * 30).z for _ in range(200)])
    assert 0.035 < np.mean(np.abs(z) > INNER) < 0.06
    assert np.mean(np.abs(z) > OUTER) < 0.006


def test_units_that_differ_widen_the_lines():
    events = [20, 80] * 10
    found = funnel_of(events, [100] * 20)
    plain = 2 * 10 * (math.asin(math.sqrt(0.8)) - math.asin(math.sqrt(0.5)))
    assert found.dispersion == pytest.approx(plain**2)
    assert np.abs(found.z) == pytest.approx(1)


def test_few_units_are_refused_and_empty_ones_have_no_z():
    assert funnel_of([1, 2], [3, 4]).why == "not enough data: 2 of the 5 units needed"
    assert math.isnan(funnel_of([0, 3, 3, 4, 5, 6], [0, 9, 9, 9, 9, 9]).z[0])
