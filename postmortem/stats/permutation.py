"""Permutation tests: whether groups differ by more than shuffling their labels would make them differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from postmortem.ground.errors import UsageError

DRAWS = 2000
SEED = 20250101


def homogeneity_by_permutation(
    event: npt.ArrayLike,
    group: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
    scale: Literal["expected", "variance"] = "expected",
    draws: int = DRAWS,
    seed: int = SEED,
) -> float:
    """Test whether the share of events is the same in all groups, within strata.

    The statistic is sum over groups of (O - E)^2 / E with E the events expected when every stratum has one
    common share; its reference distribution shuffles events within strata, so clusters of like cases (one
    sales person's deals) do not count as evidence.

    Parameters
    ----------
    event : array_like of bool, shape (n,)
        Whether the event happened.
    group : array_like of str, shape (n,)
        Groups compared.
    stratum : array_like of str, shape (n,)
        Within which the labels are exchangeable.
    scale : {"expected", "variance"}
        What the squares are divided by: E, or the variance V of O under the shuffles, which gives groups of every
        size the same say and suits many small ones.
    draws : int
        Number of shuffles.
    seed : int
        Seed of the shuffles; the same inputs give the same p-value, in whatever order the rows come.

    Returns
    -------
    float
        (1 + shuffles at least as extreme) / (1 + draws); NaN where there is nothing to tell: no stratum holds two
        groups and both outcomes, so that no shuffle could change anything.

    Raises
    ------
    UsageError
        When the arrays differ in length or are empty.

    References
    ----------
    Good, P. (2005). Permutation, Parametric and Bootstrap Tests of Hypotheses, 3rd ed., chapter 3.
    Phipson, B. & Smyth, G. (2010). Permutation P-values should never be zero. SAGMB 9(1).
    """
    sizes, n, events, codes, _, happened = _counted(event, group, stratum)
    telling = ((sizes > 0).sum(axis=1) > 1) & (events > 0) & (events < n)
    if not telling.any():
        return float("nan")
    expected = (sizes * (events / n)[:, None]).sum(axis=0)
    unit = expected if scale == "expected" else _variance(sizes, n, events)
    possible = unit > 0

    def statistic(observed: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        off = (observed - expected)[..., possible]
        return np.asarray((off**2 / unit[possible]).sum(axis=-1))

    seen = np.bincount(codes, weights=happened, minlength=sizes.shape[1]).astype(np.int64)
    shuffled = _shuffled(event, group, stratum, draws, seed)
    extreme = int((statistic(shuffled) >= statistic(seen) - 1e-12).sum())
    return (1 + extreme) / (1 + draws)


def chance_distance(
    event: npt.ArrayLike, group: npt.ArrayLike, stratum: npt.ArrayLike, *, draws: int = DRAWS, seed: int = SEED
) -> tuple[float, float]:
    """Return how far shuffles within strata put groups from the shares expected of them, 95 times of 100.

    Parameters
    ----------
    event, group, stratum, draws, seed
        As for `homogeneity_by_permutation`, whose shuffles these are.

    Returns
    -------
    tuple of float
        The 2.5th and the 97.5th percentile of the root mean square, over groups, of observed less expected share.

    Raises
    ------
    UsageError
        When the arrays differ in length or are empty.
    """
    told = within_strata(event, group, stratum)
    off = (_shuffled(event, group, stratum, draws, seed) - told.expected) / told.n
    low, high = np.quantile(np.sqrt((off**2).mean(axis=1)), (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True, kw_only=True)
class WithinStrata:
    """What groups show against what shuffles within strata would give them, one value a group in sorted order.

    Attributes
    ----------
    observed, expected, variance : ndarray of float
        Events, and their mean and variance under the shuffles.
    n : ndarray of float
        Observations.
    """

    observed: npt.NDArray[np.float64]
    expected: npt.NDArray[np.float64]
    variance: npt.NDArray[np.float64]
    n: npt.NDArray[np.float64]


def within_strata(event: npt.ArrayLike, group: npt.ArrayLike, stratum: npt.ArrayLike) -> WithinStrata:
    """Return each group's events beside what its strata would lead one to expect.

    Parameters
    ----------
    event, group, stratum : array_like, shape (n,)
        As for `homogeneity_by_permutation`.

    Returns
    -------
    WithinStrata
        One value a group.

    Raises
    ------
    UsageError
        When the arrays differ in length or are empty.
    """
    sizes, n, events, codes, _, happened = _counted(event, group, stratum)
    return WithinStrata(
        observed=np.bincount(codes, weights=happened, minlength=sizes.shape[1]).astype(np.float64),
        expected=np.asarray((sizes * (events / n)[:, None]).sum(axis=0), dtype=np.float64),
        variance=_variance(sizes, n, events),
        n=sizes.sum(axis=0).astype(np.float64),
    )


def _shuffled(
    event: npt.ArrayLike, group: npt.ArrayLike, stratum: npt.ArrayLike, draws: int, seed: int
) -> npt.NDArray[np.int64]:
    """Return the events of each group, shape (draws, groups), were they dealt out anew within strata."""
    sizes, n, events, codes, strata, happened = _counted(event, group, stratum)
    telling = ((sizes > 0).sum(axis=1) > 1) & (events > 0) & (events < n)
    # the events of a stratum fall on its groups as balls drawn from an urn; strata that tell nothing stay as they are
    generator = np.random.default_rng(seed)
    fixed = np.bincount(codes, weights=happened & ~telling[strata], minlength=sizes.shape[1]).astype(np.int64)
    shuffled = np.tile(fixed, (draws, 1))
    for place in np.flatnonzero(telling):
        shuffled += generator.multivariate_hypergeometric(sizes[place], int(events[place]), size=draws)
    return shuffled


def _counted(event: npt.ArrayLike, group: npt.ArrayLike, stratum: npt.ArrayLike) -> tuple[npt.NDArray[Any], ...]:
    """Return observations by stratum and group, of each stratum, its events; codes of groups and strata; events."""
    happened = np.asarray(event, dtype=bool)
    groups, codes = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    owners, strata = np.unique(np.asarray(stratum, dtype=str), return_inverse=True)
    if not len(happened) == len(codes) == len(strata):
        raise UsageError("The arrays differ in length.", got=f"{len(happened)}, {len(codes)}, {len(strata)}")
    if len(happened) == 0:
        raise UsageError("There is nothing to test.", got="no rows")
    sizes = np.zeros((len(owners), len(groups)), dtype=np.int64)
    np.add.at(sizes, (strata, codes), 1)
    events = np.bincount(strata, weights=happened).astype(np.int64)
    return sizes, sizes.sum(axis=1), events, codes, strata, happened


def _variance(
    sizes: npt.NDArray[np.int64], n: npt.NDArray[np.int64], events: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the variance of each group's events when every stratum deals out its own, from strata of two or more."""
    held = n > 1
    many, of = sizes[held], n[held][:, None]
    spread = (events[held] * (n[held] - events[held]))[:, None] / (of**2 * (of - 1.0))
    return np.asarray((spread * many * (of - many)).sum(axis=0), dtype=np.float64)
