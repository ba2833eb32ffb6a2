"""Ridge models against scikit-learn's, one set of weights at a time, and against what must hold at the minimum."""

import numpy as np
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression

from postmortem.stats.ridge import logit_fits, softmax_fits, softmax_of


def rows(seed=1, n=150, columns=5, kinds=4):
    rng = np.random.default_rng(seed)
    x, kind = rng.normal(size=(n, columns)), rng.integers(kinds, size=n)
    weights = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), size=70)]).astype(float)
    return x, np.column_stack([np.ones(n), x]), kind, weights


@pytest.mark.parametrize("ridge", [0.2, 1.0, 5.0])
def test_both_models_equal_those_of_scikit_learn_under_every_weight(ridge):
    x, design, kind, weights = rows()
    chances = softmax_of(design, softmax_fits(design, kind, 4, weights, ridge=ridge))
    binary = logit_fits(design, (kind == 0).astype(float), weights, ridge=ridge)
    for place in (0, 3, 70):
        fit = LogisticRegression(C=1 / ridge, tol=1e-9, max_iter=5000)
        theirs = fit.fit(x, kind, sample_weight=weights[place]).predict_proba(x)
        assert chances[place] == pytest.approx(theirs, abs=2e-5)
        theirs = fit.fit(x, kind == 0, sample_weight=weights[place]).predict_proba(x)[:, 1]
        assert binary[place] == pytest.approx(theirs, abs=2e-5)


def test_without_a_penalty_cells_get_their_own_shares():
    cell = np.repeat([0, 1], 40)
    kind = np.array([0] * 10 + [1] * 30 + [0] * 28 + [1] * 12)
    design = np.column_stack([np.ones(80), np.eye(2)[cell]])
    found = softmax_of(design, softmax_fits(design, kind, 2, np.ones((1, 80)), ridge=1e-7))[0, :, 1]
    assert found[[0, 79]] == pytest.approx([0.75, 0.3], abs=1e-4)


def test_a_class_without_a_row_and_a_separable_one_stay_finite():
    x, design, _, weights = rows()
    kind = (x[:, 0] > 0).astype(np.int64)
    found = softmax_fits(design, kind, 3, weights[:3])
    assert np.isfinite(found).all()
    assert softmax_of(design, found)[:, :, 2].max() < 1e-3


def test_the_penalised_score_is_zero_at_the_minimum():
    _, design, kind, weights = rows(2)
    found = softmax_fits(design, kind, 4, weights[:2], ridge=2.0)[1]
    chances = special.softmax(design @ found, axis=1)
    score = design.T @ (weights[1][:, None] * (chances - np.eye(4)[kind])) + 2.0 * found
    assert score[1:] == pytest.approx(0, abs=1e-3)
    assert score[0] - 2.0 * found[0] == pytest.approx(0, abs=1e-3)


def test_many_coefficients_are_fitted_roughly_and_near_enough():
    """The first row of weights stands for the sample; drawn ones differ from it as bootstrap samples do."""
    x, design, kind, weights = rows(3, n=400, columns=11, kinds=18)
    found = softmax_of(design, softmax_fits(design, kind, 18, weights))
    for place in (0, 5, 70):
        fit = LogisticRegression(C=1.0, tol=1e-9, max_iter=5000)
        theirs = fit.fit(x, kind, sample_weight=weights[place]).predict_proba(x)
        assert found[place] == pytest.approx(theirs, abs=1e-2)
        assert found[place].mean(axis=0) == pytest.approx(theirs.mean(axis=0), abs=3e-4)
