"""The score within strata: the Cochran–Mantel–Haenszel test, permutations, R, and its size where few are exposed."""

import math

import numpy as np
import pytest
from r_values import r_values, tied_rows
from statsmodels.stats.contingency_tables import StratifiedTable

from postmortem.stats import pseudo_values
from postmortem.stats.stratified_score import stratified_score


def made(seed=0, rows=300, clusters=22, lost=0.2, exposed=0.25, likeness=0.5, effect=0.0):
    """Outcome, exposure, sales person and four covariates; both go with sales person and covariates, not together."""
    rng = np.random.default_rng(seed)
    size = rng.gamma(2.2, 1, clusters)
    rep = rng.choice(clusters, rows, p=size / size.sum())
    known = rng.normal(size=(rows, 4))

    def chance(share, own):
        return 1 / (1 + np.exp(-(math.log(share / (1 - share)) + own[rep] + 0.4 * known[:, 0])))

    x = (rng.random(rows) < chance(exposed, rng.normal(0, likeness, clusters))).astype(float)
    y = (rng.random(rows) < np.clip(chance(lost, rng.normal(0, likeness, clusters)) + effect * x, 0, 1)).astype(float)
    return y, x, rep, known


def test_for_yes_and_no_it_is_the_librarys_test():
    y, x, rep, _ = made()
    tables = [
        np.array([[np.sum((x == a) & (y == b) & (rep == r)) for b in (1, 0)] for a in (1, 0)]) for r in np.unique(rep)
    ]
    told = StratifiedTable([each for each in tables if each.sum() > 1]).test_null_odds(correction=False)
    assert stratified_score(y, x, rep) == pytest.approx(told.pvalue, rel=1e-9)


def test_for_values_of_any_size_it_is_rs():
    rows, told = tied_rows(), r_values("within reps at 20")
    theta = pseudo_values(rows["exit"], rows["cause"], of=1, horizon=20)
    x = (rows["group"] == "b").to_numpy(dtype=float)
    assert stratified_score(theta, x, rows["rep"].to_numpy()) == pytest.approx(told["p"], abs=1e-9)


def test_shuffling_within_strata_says_the_same():
    y, x, rep, _ = made(effect=0.08)
    values = y + np.random.default_rng(9).normal(0, 0.2, y.size)
    rng = np.random.default_rng(1)

    def apart(column):
        return sum((x[rep == r] - x[rep == r].mean()) @ column[rep == r] for r in np.unique(rep))

    order = np.argsort(rep, kind="stable")
    drawn = []
    for _ in range(2000):
        dealt = np.empty_like(values)
        dealt[order] = values[np.lexsort((rng.random(rep.size), rep))]
        drawn.append(abs(apart(dealt)))
    assert stratified_score(values, x, rep) == pytest.approx(np.mean(np.array(drawn) >= abs(apart(values))), abs=0.03)


def test_what_strata_and_covariates_differ_by_is_no_evidence():
    y, x, rep, known = made()
    plain = stratified_score(y, x, rep, known)
    assert stratified_score(y + 5.0 * rep + known @ [3, 0, -2, 1], x, rep, known) == pytest.approx(plain)
    assert stratified_score(y + 3 * known[:, 0], x, rep) < 0.05 < plain
    assert stratified_score(y, x, rep, np.column_stack([known, known[:, 0], rep])) == pytest.approx(plain)


def test_without_a_stratum_that_holds_both_there_is_nothing_to_tell():
    assert math.isnan(stratified_score(np.arange(6.0), np.array([0.0, 0, 1, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 3])))
    assert math.isnan(stratified_score(np.ones(4), np.array([0.0, 1, 0, 1]), np.zeros(4, dtype=int)))


def test_chance_is_told_from_an_effect():
    """A fixed run of the long simulation below: small p-values as often as they say, and far more with an effect."""
    null = np.array([stratified_score(*made(seed)) for seed in range(300)])
    assert 0.02 <= np.mean(null < 0.05) <= 0.085
    assert np.mean([stratified_score(*made(seed, effect=0.2)) < 0.05 for seed in range(60)]) > 0.7


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "lost"), [(990, 0.23), (300, 0.25), (200, 0.2)])
def test_it_rejects_what_is_true_as_often_as_stated_far_out_too(rows, lost):
    found = np.array([stratified_score(*made(seed, rows=rows, lost=lost)) for seed in range(4000)])
    # 4,000 books: standard errors of .0034, .0016 and .0005
    assert 0.04 <= np.mean(found < 0.05) <= 0.06
    assert np.mean(found < 0.01) <= 0.014
    assert np.mean(found < 0.001) <= 0.0025
