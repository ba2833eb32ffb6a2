"""Chances that are all different, put into groups of fixed limits."""

from __future__ import annotations

import numpy as np
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import calibration_groups, wilson


def test_groups_by_hand():
    p = [0.05, 0.1, 0.12, 0.14, 0.16, 0.19, 0.2, 1.0]
    first, second, third, last = calibration_groups(p, [0, 1, 0, 0, 1, 0, 1, 1])
    assert [(each.begins, each.ends, each.n, each.events) for each in (first, second, third, last)] == [
        (0.0, 0.1, 1, 0), (0.1, 0.2, 5, 2), (0.2, 0.3, 1, 1), (0.9, 1.0, 1, 1),
    ]  # fmt: skip
    assert second.stated == pytest.approx(0.142)
    assert second.share.low == wilson(2, 5, least_n=1).low
    assert first.share.status == "refused"


def test_every_observation_is_in_one_group_and_chances_in_their_own():
    rng = np.random.default_rng(1)
    p = rng.random(500)
    groups = calibration_groups(p, rng.random(500) < p)
    assert sum(each.n for each in groups) == 500
    assert all(each.begins <= each.stated < each.ends for each in groups)


def test_what_is_no_chance_raises():
    with pytest.raises(UsageError):
        calibration_groups([1.2], [1])
