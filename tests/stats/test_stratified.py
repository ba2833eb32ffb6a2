"""The stratified test and its ratios against R on the admissions at Berkeley, and what strata are for."""

import math

import numpy as np
import pytest
from reference_values import admissions, after
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from postmortem.ground.errors import UsageError
from postmortem.stats import stratified_association


def columns(*strata):
    """Return exposed, happened and stratum of strata told as (a, b, c, d)."""
    rows = [
        (exposed, came, place)
        for place, cells in enumerate(strata)
        for (exposed, came), number in zip(((1, 1), (1, 0), (0, 1), (0, 0)), cells, strict=True)
        for _ in range(number)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def test_admissions_at_berkeley_against_r():
    found = stratified_association(*admissions())
    assert found.odds_ratio.estimate == pytest.approx(after("common odds ratio", which=1)[0], rel=1e-10)
    assert (found.odds_ratio.low, found.odds_ratio.high) == pytest.approx(
        after("95 percent confidence interval:"), rel=1e-10
    )
    corrected, _, p = after("Mantel-Haenszel X-squared =")
    assert (found.statistic_corrected, found.p_corrected) == pytest.approx((corrected, p), rel=1e-8)
    plain, _, p = after("Mantel-Haenszel X-squared =", which=1)
    assert (found.statistic, found.p) == pytest.approx((plain, p), rel=1e-8)
    unlike, p = after("breslow_day")
    assert (found.homogeneity, found.p_homogeneity) == pytest.approx((unlike, p), rel=1e-8)
    ratio, low, high = after("risk_ratio")
    assert (found.risk_ratio.estimate, found.risk_ratio.low, found.risk_ratio.high) == pytest.approx(
        (ratio, low, high), rel=1e-8
    )
    assert (found.n, found.events, found.exposed, found.strata, found.dropped) == (4526, 1755, 2691, 6, 0)


def test_published_figures():
    found = stratified_association(*admissions())
    assert (found.odds_ratio.estimate, found.odds_ratio.low, found.odds_ratio.high) == pytest.approx(
        (0.9046968, 0.7719074, 1.0603298), abs=5e-8
    )
    assert found.statistic_corrected == pytest.approx(1.4269, abs=5e-5)
    assert found.homogeneity == pytest.approx(18.8255, abs=5e-5)
    assert (found.risk_ratio.estimate, found.risk_ratio.low, found.risk_ratio.high) == pytest.approx(
        (0.944905, 0.866452, 1.030461), abs=5e-7
    )


@pytest.mark.parametrize("seed", range(6))
def test_any_strata_against_the_library(seed):
    rng = np.random.default_rng(seed)
    strata = rng.integers(1, 12, size=(8, 4))
    found = stratified_association(*columns(*strata.tolist()))
    library = StratifiedTable([cells.reshape(2, 2) for cells in strata.astype(float)])
    assert found.statistic == pytest.approx(library.test_null_odds().statistic, rel=1e-9)
    assert found.odds_ratio.estimate == pytest.approx(library.oddsratio_pooled, rel=1e-9)
    assert (found.odds_ratio.low, found.odds_ratio.high) == pytest.approx(library.oddsratio_pooled_confint(), rel=1e-9)
    assert found.risk_ratio.estimate == pytest.approx(library.riskratio_pooled, rel=1e-9)
    assert found.homogeneity == pytest.approx(library.test_equal_odds().statistic, rel=1e-7)


def test_strata_without_evidence_are_dropped_and_change_nothing():
    telling = ((8, 4, 5, 9), (6, 6, 3, 8))
    found = stratified_association(*columns(*telling))
    more = stratified_association(*columns(*telling, (9, 3, 0, 0), (0, 0, 5, 5), (7, 0, 4, 0), (0, 6, 0, 2)))
    assert (more.strata, more.dropped, found.dropped) == (2, 4, 0)
    for name in ("p", "p_corrected", "homogeneity", "n", "events", "exposed", "odds_ratio", "risk_ratio"):
        assert getattr(more, name) == getattr(found, name)


def test_what_strata_differ_by_is_no_evidence():
    # one stratum is exposed and loses, the other is neither; within them exposure makes no difference
    exposed, came, stratum = columns((54, 6, 9, 1), (1, 9, 6, 54))
    assert stratified_association(exposed, came, ["all"] * len(came)).p < 1e-6
    within = stratified_association(exposed, came, stratum)
    assert within.p == pytest.approx(1.0) and within.odds_ratio.estimate == pytest.approx(1.0)


def test_sides_and_outcomes_may_be_turned_over_and_rows_shuffled():
    exposed, came, stratum = (np.array(column) for column in columns((8, 4, 5, 9), (6, 6, 3, 8), (12, 3, 9, 4)))
    found = stratified_association(exposed, came, stratum)
    turned = stratified_association(1 - exposed, came, stratum)
    assert turned.p == pytest.approx(found.p)
    assert turned.odds_ratio.high == pytest.approx(1 / found.odds_ratio.low)
    assert stratified_association(exposed, 1 - came, stratum).p == pytest.approx(found.p)
    order = np.random.default_rng(1).permutation(came.size)
    assert stratified_association(exposed[order], came[order] == 1, stratum[order]) == found


def test_one_stratum_is_the_plain_test():
    found = stratified_association(*columns((18, 12, 9, 21)))
    # the plain chi-squared statistic, times (n − 1) / n
    plain = stats.chi2_contingency([[18, 12], [9, 21]], correction=False).statistic
    assert found.statistic == pytest.approx(plain * 59 / 60)
    assert math.isnan(found.homogeneity) and math.isnan(found.p_homogeneity)


def test_outcomes_that_do_not_overlap_have_a_test_and_no_ratio():
    found = stratified_association(*columns((12, 0, 0, 12), (9, 0, 0, 9)))
    assert found.status == "ok" and found.p < 1e-6
    assert {found.odds_ratio.status, found.risk_ratio.status} == {"refused"}
    assert math.isnan(found.homogeneity)


@pytest.mark.parametrize(
    ("strata", "why"),
    [
        (((5, 4, 20, 20),), "not enough data: 9 of the 10 observations needed"),
        (((2, 18, 2, 18),), "not enough data: 4 of the 5 events needed"),
        (((20, 20, 0, 0), (0, 0, 20, 20)), "not enough data: 0 of the 10 observations and 0 of the 5 events needed"),
    ],
)
def test_too_little_data_is_refused(strata, why):
    found = stratified_association(*columns(*strata))
    assert (found.status, found.why) == ("refused", why)
    assert math.isnan(found.p) and found.odds_ratio.why == why


def test_impossible_input_is_an_error():
    for wrong, what in (
        (([1, 2], [0, 1], "ab"), "exposed holds values that are not outcomes"),
        (([1, 0], [0, 1], ["a", math.nan]), "strata has units without a label"),
        (([1, 0], [0, 1], "a"), "differ in length"),
    ):
        with pytest.raises(UsageError, match=what):
            stratified_association(*wrong)


@pytest.mark.slow
def test_size_when_nothing_is_there_and_outcomes_cluster():
    """24 reps of very unlike habits, exposure more common with some of them: at .05 no more than chance allows."""
    rng = np.random.default_rng(11)
    rejected = []
    for _ in range(1000):
        rep = np.repeat(np.arange(24), 12)
        habit = rng.normal(0, 1, 24)
        exposed = rng.random(288) < stats.norm.cdf(habit + rng.normal(0, 0.5, 24))[rep]
        came = rng.random(288) < stats.norm.cdf(habit)[rep]
        rejected.append(stratified_association(exposed, came, rep).p < 0.05)
    assert np.mean(rejected) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)
