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
# More coefficients than these, and the draws share the curvature of the whole sample: more steps, each far cheaper.
LARGE = 200
# Such steps only halve their error or so; a chance ends within a hundredth, a mean of chances far nearer.
ROUGH = 5e-3
# Draws fitted together: enough to let one matrix product do the work, few enough to stay in memory.
TOGETHER = 64


def softmax_fits(design: Floats, kind: Codes, classes: int, weights: Floats, *, ridge: float = 1.0) -> Floats:
    """Return the coefficients of a ridge multinomial logit under each set of weights.

    Minimises Σ_i w_i · (−log P(kind_i)) + ridge/2 · Σ slopes², P ∝ exp(design · coefficients), by Newton steps with
    step halving (above 200 coefficients, steps of shared curvature); every class has its own coefficients, as the
    penalty makes them unique. Bootstrap draws are weights (how often each row was drawn), so that
    one matrix product serves all of them.

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
    large = classes * design.shape[1] > LARGE
    start = _fits(design, kind, every * weights.mean(), ridge, np.zeros((1, design.shape[1], classes)))
    chances, penalty = softmax_of(design, start), _penalty(design, ridge)
    inverse = np.linalg.inv(_hessian(design, every * weights.mean(axis=0), chances, penalty)[0]) if large else None
    parts = [
        _fits(design, kind, some, ridge, np.repeat(start, len(some), axis=0), inverse)
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


def _penalty(design: Floats, ridge: float) -> Floats:
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = CONSTANT_RIDGE
    return penalty


def _fits(
    design: Floats, kind: Codes, weights: Floats, ridge: float, start: Floats, inverse: Floats | None = None
) -> Floats:
    classes, penalty = start.shape[2], _penalty(design, ridge)
    target = np.eye(classes)[kind]
    found: Floats = start.copy()
    open_ = np.arange(len(weights))
    for _ in range(MOST_STEPS):
        own, now = weights[open_], found[open_]
        chances = softmax_of(design, now)
        slope = design.T @ (own[:, :, None] * (chances - target)) + penalty[:, None] * now
        flat = slope.transpose(0, 2, 1).reshape(len(open_), -1, 1)
        if inverse is None:
            solved = np.linalg.solve(_hessian(design, own, chances, penalty), flat)
        else:
            solved = (flat[:, :, 0] @ inverse)[:, :, None]
        step = solved.reshape(len(open_), classes, -1).transpose(0, 2, 1)
        size, before = np.ones(len(open_)), _loss(design, target, own, now, penalty)
        for _ in range(MOST_STEPS):
            worse = _loss(design, target, own, now - size[:, None, None] * step, penalty) > before + 1e-9 * abs(before)
            if not worse.any():
                break
            size[worse] /= 2
        moved = size[:, None, None] * step
        found[open_] = now - moved
        open_ = open_[np.abs(moved).max(axis=(1, 2)) > (TOLERANCE if inverse is None else ROUGH)]
        if not len(open_):
            break
    return found


def _hessian(design: Floats, weights: Floats, chances: Floats, penalty: Floats) -> Floats:
    """Return the curvature of the loss for each set of weights, class by class."""
    (rows, columns), (sets, _, classes) = design.shape, chances.shape
    products = (design[:, :, None] * design[:, None, :]).reshape(rows, columns * columns)
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
    return flat


def _loss(design: Floats, target: Floats, weights: Floats, coefficients: Floats, penalty: Floats) -> Floats:
    chances = special.log_softmax(design @ coefficients, axis=2)
    misfit = -(weights * (chances * target).sum(axis=2)).sum(axis=1)
    return np.asarray(misfit + 0.5 * (penalty[:, None] * coefficients**2).sum(axis=(1, 2)))
