"""Which kinds are too rare to stand alone, and what they are counted with instead."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from postmortem.stats import checks
from postmortem.stats.checks import Codes, Labels

LEAST_IN_CELL = 3


def pooled_kinds(
    answers: pd.Series, least: int, keep: Collection[Hashable], pool: str
) -> tuple[tuple[Hashable, ...], tuple[Hashable, ...]]:
    """Return the kinds that stand, the pool among them where there is one, and the kinds that went into it.

    A kind stands with at least `least` answers, or where it is kept. The pool takes the rest, and the rarest
    standing ones as well until it holds as many; answers called like the pool belong to it.

    Parameters
    ----------
    answers : Series
        One answer a unit asked, none missing.
    least : int
        Answers a kind needs.
    keep : collection
        Kinds that always stand, even without an answer.
    pool : str
        Name of the pool.

    Returns
    -------
    tuple of tuples
        (standing, pooled), both in sorted order; the pool is last.
    """
    counts = answers.value_counts()
    ranked = sorted(counts.index, key=lambda kind: (-int(counts[kind]), str(kind)))
    standing = [kind for kind in ranked if kind != pool and (counts[kind] >= least or kind in keep)]
    rest = [kind for kind in ranked if kind not in standing]
    while rest and counts[rest].sum() < least:
        loose = [kind for kind in standing if kind not in keep]
        if not loose:
            break
        standing.remove(loose[-1])
        rest.append(loose[-1])
    kept = sorted({*standing, *(kind for kind in keep if kind != pool)}, key=str)
    pooled = tuple(sorted((kind for kind in rest if kind != pool), key=str))
    return (*kept, *((pool,) if rest else ())), pooled


def merged_cells(recorded: Labels, asked: NDArray[np.bool_]) -> tuple[Codes, tuple[Hashable, ...]]:
    """Return a cell for every unit, recorded values behind fewer than three answers in one cell, and those values.

    A value nobody was asked about has no answer to learn from: it is taken to be like the other rare values. Should
    the rare ones together hold no three answers, the value with the fewest joins them.

    Parameters
    ----------
    recorded : sequence, one label a unit
        No label missing.
    asked : array of bool
        Who was asked and answered.

    Returns
    -------
    tuple
        (cells, merged): cells 0 and up.
    """
    codes, labels = checks.codes("recorded", recorded)
    behind = np.bincount(codes[asked], minlength=len(labels))
    ranked = np.argsort(behind, kind="stable")
    rare = int((behind < LEAST_IN_CELL).sum())
    while 0 < rare < len(labels) and behind[ranked[:rare]].sum() < LEAST_IN_CELL:
        rare += 1
    if rare < 2:
        return codes, ()
    together = np.isin(codes, ranked[:rare])
    cells = np.where(together, len(labels), codes)
    merged = tuple(labels[place] for place in sorted(ranked[:rare]))
    return np.unique(cells, return_inverse=True)[1].astype(np.int64), merged
