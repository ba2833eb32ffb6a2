"""Permutation tests: whether groups differ by more than shuffling their labels would make them differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from postmortem.ground.errors import UsageError

DRAWS = 2000
SEED = 20250101


def homogeneity_by_permutation(
    event: npt.ArrayLike,
    group: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
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
    draws : int
        Number of shuffles.
    seed : int
        Seed of the shuffles; the same inputs give the same p-value.

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
    happened = np.asarray(event, dtype=bool)
    groups, codes = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    _, strata = np.unique(np.asarray(stratum, dtype=str), return_inverse=True)
    if not len(happened) == len(codes) == len(strata):
        raise UsageError("The arrays differ in length.", got=f"{len(happened)}, {len(codes)}, {len(strata)}")
    if len(happened) == 0:
        raise UsageError("There is nothing to test.", got="no rows")
    pairs = pd.DataFrame({"stratum": strata, "group": codes, "event": happened})
    kinds = pairs.groupby("stratum")[["group", "event"]].nunique()
    if not ((kinds["group"] > 1) & (kinds["event"] > 1)).any():
        return float("nan")
    rate = np.bincount(strata, weights=happened) / np.bincount(strata)
    expected = np.bincount(codes, weights=rate[strata], minlength=len(groups))
    possible = expected > 0

    def statistic(events: npt.NDArray[np.bool_]) -> float:
        observed = np.bincount(codes, weights=events, minlength=len(groups))
        return float(((observed - expected)[possible] ** 2 / expected[possible]).sum())

    generator = np.random.default_rng(seed)
    places = np.argsort(strata, kind="stable")
    seen, extreme = statistic(happened), 0
    shuffled = np.empty_like(happened)
    for _ in range(draws):
        order = np.lexsort((generator.random(len(happened)), strata))
        shuffled[places] = happened[order]
        extreme += statistic(shuffled) >= seen - 1e-12
    return (1 + extreme) / (1 + draws)
