"""Random numbers: one stream an aspect, so that a new aspect leaves the draws of the others alone."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.signedinteger]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Texts = NDArray[np.object_]


def stream(seed: int, aspect: str) -> np.random.Generator:
    """Return the generator of one `aspect` of the company made from `seed` (0 or more)."""
    return np.random.default_rng([seed, zlib.crc32(aspect.encode())])


def pick(rng: np.random.Generator, weights: Floats) -> Ints:
    """Draw one column per row.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    weights : array of float, shape (rows, columns)
        Not negative; each row has a positive sum and need not sum to 1.

    Returns
    -------
    array of int, shape (rows,)
        Drawn column numbers.
    """
    edges = weights.cumsum(axis=1)
    drawn = rng.random(len(weights)) * edges[:, -1]
    passed = (drawn[:, None] >= edges).sum(axis=1)
    chosen: Ints = np.minimum(passed, weights.shape[1] - 1).astype(np.int64)
    return chosen


def pick_same(rng: np.random.Generator, weights: tuple[float, ...] | Floats, size: int) -> Ints:
    """Draw `size` positions, all from the same `weights`."""
    return pick(rng, np.broadcast_to(np.asarray(weights, dtype=np.float64), (size, len(weights))))


def lognormal(rng: np.random.Generator, sigma: float, size: int) -> Floats:
    """Draw `size` log-normal factors with median 1 and the standard deviation `sigma` of their logarithm."""
    return np.exp(sigma * rng.standard_normal(size))
