"""Several groups at a horizon: each comparison is `risk_difference`'s, and p pays for their number."""

from __future__ import annotations

import numpy as np
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import risk_difference
from postmortem.stats.grouped_risk import grouped_risk


def rows(seed: int = 1, n: int = 300) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    time, cause = rng.integers(1, 120, n), rng.integers(0, 3, n)
    return time, cause, rng.integers(0, 3, n), rng.integers(0, 25, n)


def test_each_group_is_set_against_all_others() -> None:
    time, cause, group, owner = rows()
    found = grouped_risk(time, cause, group, owner, of=1, horizon=60)
    for each in found.groups:
        alone = risk_difference(time, cause, group == each.group, owner, of=1, horizon=60)
        assert each.against_others == alone
        assert each.n == (group == each.group).sum()
    assert [each.n for each in found.groups] == sorted((each.n for each in found.groups), reverse=True)
    assert found.p == pytest.approx(min(1, 3 * min(each.against_others.p for each in found.groups)))


def test_two_groups_are_one_comparison() -> None:
    time, cause, group, owner = rows()
    found = grouped_risk(time, cause, group > 0, owner, of=1, horizon=60)
    assert found.p == pytest.approx(found.groups[0].against_others.p)
    assert found.groups[0].against_others.difference.estimate == pytest.approx(
        -found.groups[1].against_others.difference.estimate
    )


def test_without_open_rows_before_the_horizon_shares_are_plain() -> None:
    time, cause, group, owner = rows()
    known = np.where(cause == 0, 119, time)
    for each in grouped_risk(known, cause, group, owner, of=1, horizon=100).groups:
        own = group == each.group
        assert each.share.estimate == pytest.approx(((cause == 1) & (time <= 100))[own].mean())
        assert each.events == ((cause == 1) & (time <= 100))[own].sum()


def test_one_group_is_refused_and_a_small_one_stays_in_the_list() -> None:
    time, cause, group, owner = rows()
    alone = grouped_risk(time, cause, np.zeros(300), owner, of=1, horizon=60)
    assert (alone.status, alone.why) == ("refused", "there is only one group")
    tiny = np.where(np.arange(300) < 4, 9, group)
    smallest = grouped_risk(time, cause, tiny, owner, of=1, horizon=60).groups[-1]
    assert smallest.group == 9 and smallest.share.status == "refused"
    assert smallest.against_others.difference.status == "refused"


def test_still_open_is_no_cause() -> None:
    time, cause, group, owner = rows()
    with pytest.raises(UsageError, match="of is not a cause"):
        grouped_risk(time, cause, group, owner, of=0, horizon=60)
