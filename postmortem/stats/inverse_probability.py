"""The arithmetic of augmented inverse-probability weighting: design, chances of having been asked, weighted answers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.ridge import TOGETHER, logit_fits, softmax_fits, softmax_of

SMALLEST_CHANCE = 0.03
# What rounding leaves of a share that is 0.
NOTHING = 1e-12


def design_of(cells: Codes, covariates: Mapping[str, checks.Numbers]) -> Floats:
    """Return the constant, a column a cell and the standardised covariates; ridge needs no reference cell."""
    columns = [np.ones((len(cells), 1)), np.eye(int(cells.max()) + 1)[cells]]
    for name, values in covariates.items():
        column = checks.finite(name, values)
        spread = float(column.std())
        columns.append(((column - column.mean()) / spread if spread else np.zeros(len(column)))[:, None])
    return np.concatenate(columns, axis=1)


def drawn_chance(inclusion: checks.Numbers | None, asked: NDArray[np.bool_]) -> Floats | None:
    """Return the known probability of every unit, NaN where it was not drawn."""
    if inclusion is None:
        return None
    chance = np.asarray(pd.Series(inclusion).to_numpy(dtype="float64", na_value=math.nan))
    checks.same_length(answers=asked, inclusion=chance)
    wrong = np.flatnonzero((asked & np.isnan(chance)) | (chance <= 0) | (chance > 1))
    if wrong.size:
        raise UsageError(
            "inclusion is no probability of a draw",
            got=f"{wrong.size} units that answered undrawn, or with a probability of 0 or below or above 1",
            expected="above 0 and up to 1 for every unit drawn, missing for the others",
            do="leave inclusion out where the draw was not by lot",
            rows=[f"row {row}" for row in wrong],
        )
    return chance


def weighted_shares(
    design: Floats,
    code: Codes,
    kinds: int,
    asked: NDArray[np.bool_],
    chance: Floats | None,
    sets: Floats,
    ridge: float,
) -> tuple[Floats, Floats]:
    """Return the corrected shares under every set of weights, and the weights of those asked in the sample itself."""
    from threadpoolctl import threadpool_limits

    # thousands of small systems: threads would wait for each other twenty times as long as they work
    with threadpool_limits(limits=1):
        return _weighted(design, code, kinds, asked, chance, sets, ridge)


def _weighted(
    design: Floats,
    code: Codes,
    kinds: int,
    asked: NDArray[np.bool_],
    chance: Floats | None,
    sets: Floats,
    ridge: float,
) -> tuple[Floats, Floats]:
    inverse = 1 / np.maximum(_asked_chance(design, asked, chance, sets, ridge), SMALLEST_CHANCE)
    weights = sets[:, asked] * inverse
    weights *= sets.sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    fits = softmax_fits(design[asked], code, kinds, sets[:, asked], ridge=ridge)
    target = np.eye(kinds)[code]
    found = np.empty((len(sets), kinds))
    for at in range(0, len(sets), TOGETHER):
        part = slice(at, at + TOGETHER)
        expected = softmax_of(design, fits[part])
        modelled = np.einsum("sn,snk->sk", sets[part], expected)
        missed = np.einsum("sa,sak->sk", weights[part], target - expected[:, asked])
        found[part] = (modelled + missed) / sets[part].sum(axis=1, keepdims=True)
    found = np.where(found > NOTHING, found, 0.0)
    return found / found.sum(axis=1, keepdims=True), weights[0]


def _asked_chance(
    design: Floats, asked: NDArray[np.bool_], chance: Floats | None, sets: Floats, ridge: float
) -> Floats:
    """Return for those asked the chance of having been asked and answered, one row a set."""
    if chance is None:
        return logit_fits(design, asked.astype(np.float64), sets, ridge=ridge)[:, asked]
    drawn = ~np.isnan(chance)
    if asked[drawn].all():
        return np.repeat(chance[asked][None, :], len(sets), axis=0)
    responded = logit_fits(design[drawn], asked[drawn].astype(np.float64), sets[:, drawn], ridge=ridge)
    return responded[:, asked[drawn]] * chance[asked]
