"""The tilt that makes two kinds change places, put back into the shares it was solved from."""

import math

import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import corrected_shares, reordering_of, reordering_tilt


def test_the_two_are_equal_at_the_tilt():
    found = reordering_tilt(0.30, 0.20, 0.25, 0.22, 0.15)
    first, second = (0.30 - 0.15 * 0.25) / 0.85, (0.20 - 0.15 * 0.22) / 0.85
    scale = 1 + second * (math.exp(found.delta) - 1)
    assert found.share == pytest.approx(second)
    assert found.needed == pytest.approx(second * math.exp(found.delta) / scale)
    assert 0.15 * 0.25 + 0.85 * first / scale == pytest.approx(0.15 * 0.22 + 0.85 * found.needed)
    assert found.delta > 0


def test_by_hand_where_the_asked_are_alike():
    """Both named by a quarter of those asked: those not asked, .3 and .2, are equal once 1.5 times as likely."""
    found = reordering_tilt(0.29, 0.21, 0.25, 0.25, 0.2)
    assert math.exp(found.delta) == pytest.approx(1.5)
    assert found.needed == pytest.approx(0.2 * 1.5 / 1.1)


def test_a_tie_needs_no_tilt_and_some_orders_nothing_changes():
    assert reordering_tilt(0.2, 0.2, 0.2, 0.2, 0.1).delta == 0
    never = reordering_tilt(0.7, 0.1, 0.9, 0.05, 0.7)
    assert math.isinf(never.delta) and math.isnan(never.needed)
    assert math.isnan(reordering_tilt(0.5, 0.2, 0.5, 0.2, 1.0).delta)


@pytest.mark.parametrize("wrong", [(0.2, 0.3, 0.2, 0.3, 0.5), (0.3, 0.2, 0.2, 0.3, 0.0), (30, 20, 0.2, 0.3, 0.5)])
def test_what_cannot_be_is_told(wrong):
    with pytest.raises(UsageError):
        reordering_tilt(*wrong)


def test_how_often_chance_alone_changes_the_order_is_counted_in_the_draws():
    answers = ["a"] * 24 + ["b"] * 20 + ["c"] * 16 + [None] * 60
    found = corrected_shares(answers, ["x"] * 120, draws=200)
    tilt = reordering_of(found, "a", "b")
    assert tilt.same_order == sum(draw[0] > draw[1] for draw in found.draws) / 200
    assert 0.5 < tilt.same_order < 0.9
    assert tilt.needed == pytest.approx(reordering_tilt(24 / 60, 20 / 60, 24 / 60, 20 / 60, 0.5).needed, abs=1e-6)
