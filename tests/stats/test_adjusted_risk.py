"""Adjusted risks: shares by hand where nothing is adjusted, a planted ratio, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from postmortem.stats import adjusted_risk, risk_ratio


def two_groups(with_it: tuple[int, int], without: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and exposures of (events, observations) on either side."""
    happened = [1] * with_it[0] + [0] * (with_it[1] - with_it[0]) + [1] * without[0] + [0] * (without[1] - without[0])
    return np.array(happened), np.repeat([1, 0], [with_it[1], without[1]])


def test_without_covariates_it_is_the_ratio_of_two_shares():
    happened, exposed = two_groups((30, 50), (15, 50))
    found = adjusted_risk(happened, exposed, np.arange(100))
    assert found.ratio.estimate == pytest.approx(2.0, abs=1e-6)
    assert found.difference.estimate == pytest.approx(0.3, abs=1e-6)
    assert (found.exposed_risk, found.other_risk) == pytest.approx((0.6, 0.3), abs=1e-6)
    # with every row a cluster it is the binomial variance of each side, n / (n - 1) times, Welch's degrees of freedom
    katz = risk_ratio(30, 50, 15, 50)
    parts = np.array([0.4 / 30, 0.7 / 15])
    welch = parts.sum() ** 2 / (parts**2 / 49).sum()
    wider = math.sqrt(50 / 49) * stats.t.ppf(0.975, welch) / 1.959964
    assert math.log(found.ratio.high / 2) == pytest.approx(math.log(katz.high / 2) * wider, rel=1e-4)


def test_standardised_by_hand_over_two_strata():
    # exposure is commoner in the stratum where everybody loses more: risks .2 and .1, and .6 and .5
    happened, exposed, stratum = [], [], []
    for place, (with_it, without) in enumerate((((10, 50), (20, 200)), ((120, 200), (25, 50)))):
        y, x = two_groups(with_it, without)
        happened, exposed = [*happened, *y], [*exposed, *x]
        stratum += [place] * len(y)
    interaction = np.column_stack([stratum])
    found = adjusted_risk(happened, exposed, np.arange(500) % 40, covariates=interaction)
    crude = (130 / 250) / (45 / 250)
    # The strata weigh alike: (.2 + .6) / (.1 + .5) = 1.33; one logit slope for both moves it a little.
    assert found.ratio.estimate == pytest.approx(4 / 3, abs=0.06)
    assert crude > 2.8


def test_too_little_is_refused_with_a_reason():
    happened, exposed = two_groups((3, 8), (20, 60))
    found = adjusted_risk(happened, exposed, np.arange(68))
    assert found.ratio.status == found.difference.status == "refused"
    assert "8 of the 10" in found.ratio.why and math.isnan(found.exposed_risk)
    happened, exposed = two_groups((30, 50), (15, 50))
    assert (
        adjusted_risk(happened, exposed, np.arange(100) % 9).ratio.why == "not enough data: 9 of the 10 groups needed"
    )
    # the exposed are two people's alone
    theirs = np.where(exposed == 1, np.arange(100) % 2, 2 + np.arange(100) % 20)
    found = adjusted_risk(happened, exposed, theirs)
    assert found.ratio.why == found.difference.why == "too few groups carry the comparison"
    assert math.isnan(found.exposed_risk)
