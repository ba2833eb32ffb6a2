"""Ridge logistic models, binary and multinomial, fitted to many reweightings of the same rows at once."""

from __future__ import annotations

import numpy as np
from scipy import special

from postmortem.stats.checks import Codes, Floats

MOST_STEPS = 40
# Newton steps square their error: after a step this small the next one would change nothing seen.
TOLERANCE = 1e-3
# The constants of the classes are free, but a class without a row would send its own to −∞.
CONSTANT_RIDGE = 1e-4
# Draws fitted together: enough to let one matrix product do the work, few enough to stay in memory.
TOGETHER = 64


def softmax_fits(design: Floats, kind: Codes, classes: int, weights: Floats, *, ridge: float = 1.0) -> Floats:
    """Return the coefficients of a ridge multinomial logit under each set of weights.

    Minimises Σ_i w_i · (−log P(kind_i)) + ridge/2 · Σ slopes², P ∝ exp(design · coefficients), by Newton steps with
    step halving; every class has its own coefficients, as the penalty makes them unique. Bootstrap draws are
    weights (how often each row was drawn), so that one matrix product serves all of them.

    Parameters
    ----------
    design : array, (n, p)
        Columns, the constant first; the others of about unit size, as one penalty serves them all.
    kind : array of int, (n,)
        Class of every row, 0 and up.
    classes : int
        Number of classes.
    weights : array, (sets, n)
        At least 0.
    ridge : float
        Strength of the penalty, as 1/C of scikit-learn's `LogisticRegression`.

    Returns
    -------
    array, (sets, p, classes)
        Coefficients.

    Notes
    -----
    scikit-learn fits one set of weights at a time, 4 to 7 ms each at 600 rows: three seconds for a bootstrap that
    takes a part of one here. The tests hold both to the same coefficients.
    """
    every = np.ones((1, len(design)))
    start = _fits(design, kind, every * weights.mean(), ridge, np.zeros((1, design.shape[1], classes)))
    parts = [
        _fits(design, kind, some, ridge, np.repeat(start, len(some), axis=0))
        for some in (weights[at : at + TOGETHER] for at in range(0, len(weights), TOGETHER))
    ]
    return np.concatenate(parts)


def softmax_of(design: Floats, coefficients: Floats) -> Floats:
    """Return the chance of every class, (sets, rows, classes), under each set of coefficients."""
    return np.asarray(special.softmax(design @ coefficients, axis=2))


def logit_fits(design: Floats, happened: Floats, weights: Floats, *, ridge: float = 1.0) -> Floats:
    """Return the fitted chances of a ridge logistic model under each set of weights, one row a set.

    Parameters
    ----------
    design, weights, ridge
        As for `softmax_fits`.
    happened : array of 0 and 1, (n,)
        Outcome of every row.

    Returns
    -------
    array, (sets, n)
        Chances.
    """
    # Two classes share one slope between them, half each, and so pay half the penalty of the one.
    found = softmax_fits(design, happened.astype(np.int64), 2, weights, ridge=2 * ridge)
    chances: Floats = softmax_of(design, found)[:, :, 1]
    return chances


def _fits(design: Floats, kind: Codes, weights: Floats, ridge: float, start: Floats) -> Floats:
    rows, columns = design.shape
    classes = start.shape[2]
    penalty = np.full(columns, ridge)
    penalty[0] = CONSTANT_RIDGE
    target = np.eye(classes)[kind]
    products = (design[:, :, None] * design[:, None, :]).reshape(rows, columns * columns)
    found: Floats = start.copy()
    open_ = np.arange(len(weights))
    for _ in range(MOST_STEPS):
        own, now = weights[open_], found[open_]
        chances = softmax_of(design, now)
        slope = design.T @ (own[:, :, None] * (chances - target)) + penalty[:, None] * now
        step = _step(products, own, chances, slope, penalty)
        size, before = np.ones(len(open_)), _loss(design, target, own, now, penalty)
        for _ in range(MOST_STEPS):
            worse = _loss(design, target, own, now - size[:, None, None] * step, penalty) > before + 1e-9 * abs(before)
            if not worse.any():
                break
            size[worse] /= 2
        moved = size[:, None, None] * step
        found[open_] = now - moved
        open_ = open_[np.abs(moved).max(axis=(1, 2)) > TOLERANCE]
        if not len(open_):
            break
    return found


def _step(products: Floats, weights: Floats, chances: Floats, slope: Floats, penalty: Floats) -> Floats:
    """Return Newton's step for each set: the Hessian, class by class, solved for the slope of the loss."""
    sets, columns, classes = slope.shape
    hessian = np.empty((sets, classes, columns, classes, columns))
    for a in range(classes):
        for b in range(a, classes):
            shared = weights * chances[:, :, a] * ((a == b) - chances[:, :, b])
            block = (shared @ products).reshape(sets, columns, columns)
            hessian[:, a, :, b, :] = block
            hessian[:, b, :, a, :] = block
    size = classes * columns
    flat = hessian.reshape(sets, size, size)
    flat[:, np.arange(size), np.arange(size)] += np.tile(penalty, classes)
    solved = np.linalg.solve(flat, slope.transpose(0, 2, 1).reshape(sets, size, 1))
    return np.asarray(solved.reshape(sets, classes, columns).transpose(0, 2, 1), dtype=np.float64)


def _loss(design: Floats, target: Floats, weights: Floats, coefficients: Floats, penalty: Floats) -> Floats:
    chances = special.log_softmax(design @ coefficients, axis=2)
    misfit = -(weights * (chances * target).sum(axis=2)).sum(axis=1)
    return np.asarray(misfit + 0.5 * (penalty[:, None] * coefficients**2).sum(axis=(1, 2)))
