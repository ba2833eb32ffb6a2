"""A logistic model of several outcomes whose weights are drawn towards none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from postmortem.ground.errors import UsageError
from postmortem.stats import fit_multinomial_ridge


def drawn(n: int = 400, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = (rng.random((n, 4)) < 0.4).astype(float)
    scores = np.column_stack([np.zeros(n), 1.2 * design[:, 0], -0.8 * design[:, 1] + 0.3])
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return design, (rng.random(n)[:, None] > chances.cumsum(axis=1)).sum(axis=1)


def test_it_is_the_greatest_penalised_likelihood():
    design, kind = drawn()
    centred, spread = design - design.mean(axis=0), 0.5

    def loss(flat: np.ndarray) -> float:
        levels, weights = flat[:3], flat[3:].reshape(3, 4)
        scores = centred @ weights.T + levels
        told = scores[np.arange(kind.size), kind] - np.log(np.exp(scores).sum(axis=1))
        return float(-told.sum() + (weights**2).sum() / (2 * spread**2))

    best = minimize(loss, np.zeros(15), method="BFGS", options={"gtol": 1e-6}).x
    scores = centred @ best[3:].reshape(3, 4).T + best[:3]
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert fit_multinomial_ridge(design, kind, spread=spread).chances(design) == pytest.approx(expected, abs=1e-4)


def test_mean_chances_are_the_shares_and_rows_add_up():
    design, kind = drawn()
    chances = fit_multinomial_ridge(design, kind).chances(design)
    assert chances.mean(axis=0) == pytest.approx(np.bincount(kind) / kind.size, abs=1e-6)
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(design)))


def test_little_spread_gives_everybody_the_shares_and_much_tells_apart():
    design, kind = drawn()
    timid, bold = (fit_multinomial_ridge(design, kind, spread=spread).chances(design) for spread in (0.001, 2.0))
    assert np.ptp(timid, axis=0).max() < 1e-3
    assert np.ptp(bold, axis=0).max() > 0.2


def test_order_of_rows_does_not_matter_and_two_outcomes_do():
    design, kind = drawn()
    order = np.random.default_rng(0).permutation(len(kind))
    again = fit_multinomial_ridge(design[order], kind[order]).chances(design)
    assert again == pytest.approx(fit_multinomial_ridge(design, kind).chances(design), abs=1e-7)
    two = (kind == 1).astype(int)
    chances = fit_multinomial_ridge(design, two).chances(design)
    assert chances.mean(axis=0) == pytest.approx([1 - two.mean(), two.mean()], abs=1e-6)
    assert chances[design[:, 0] == 1, 1].mean() > chances[design[:, 0] == 0, 1].mean()


@pytest.mark.parametrize(
    ("design", "kind", "spread"),
    [([[0.0], [1.0]], [0, 0], 0.3), ([[0.0], [1.0]], [0, 2], 0.3), ([[0.0], [np.nan]], [0, 1], 0.3),
     ([[0.0], [1.0]], [0, 1], 0.0), ([[0.0]], [0, 1], 0.3)],
)  # fmt: skip
def test_what_cannot_be_fitted_raises(design, kind, spread):
    with pytest.raises(UsageError):
        fit_multinomial_ridge(np.array(design), kind, spread=spread)


def test_hints_that_never_vary_give_everybody_the_shares():
    kind = np.array([0, 0, 0, 1, 2, 2])
    for design in (np.ones((6, 3)), np.zeros((6, 1))):
        chances = fit_multinomial_ridge(design, kind).chances(design)
        assert chances == pytest.approx(np.tile([1 / 2, 1 / 6, 1 / 3], (6, 1)))
