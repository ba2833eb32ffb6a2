"""Which deals are alike: of one segment, in one stage when the cohort was taken, and of about the same amount."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from postmortem.frames.cohort import Cohort

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR: Final = 2.0
"""Amounts are near one another where neither is more than this many times the other."""

LIMIT: Final = round(float(np.log(NEAR)), 9)


def compared_on(cohort: Cohort) -> tuple[str, ...]:
    """Return the columns in which deals alike agree; of closed deals the stage says only that they are closed."""
    return ("segment",) if cohort.kind == "closed" else ("segment", "stage")


def alike(cohort: Cohort, deal: Mapping[Hashable, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of deals like one deal, the nearest amount first.

    Parameters
    ----------
    cohort : Cohort
        Whose deals these are.
    deal : mapping
        The cohort's columns of one deal.
    rows : DataFrame
        Rows of the cohort to choose from; the deal itself is left out.

    Returns
    -------
    DataFrame
        Nothing where segment, stage or amount of the deal is not on record: what is unknown is like nothing.
    """
    told = [deal.get(name) for name in compared_on(cohort)]
    if any(pd.isna(value) for value in (*told, deal.get("amount"))):
        return rows.iloc[:0]
    same = (rows["deal_id"] != deal["deal_id"]).to_numpy(dtype=bool)
    for name, value in zip(compared_on(cohort), told, strict=True):
        same = same & (rows[name] == value).to_numpy(dtype=bool, na_value=False)
    apart = _apart(rows["amount"].to_numpy(dtype=np.float64), float(deal["amount"]))
    places = np.flatnonzero(same & (apart <= LIMIT))
    near = rows.iloc[places]
    order = np.lexsort((near["quarter"].astype("str"), near["deal_id"].astype("str"), apart[places]))
    return near.iloc[order]


def twins(cohort: Cohort, losses: pd.DataFrame, wins: pd.DataFrame) -> dict[str, str]:
    """Find for each lost deal the won one most like it; each win is taken once, the costliest loss choosing first.

    Parameters
    ----------
    cohort : Cohort
        Whose deals these are.
    losses, wins : DataFrame
        Rows of it.

    Returns
    -------
    dict of str to str
        The won deal's id by the lost one's; losses without one near enough are not in it.
    """
    found: dict[str, str] = {}
    free = wins.drop_duplicates("deal_id")
    by_group = dict(list(free.groupby(list(compared_on(cohort)))))
    taken: set[str] = set()
    for loss in losses.sort_values(["amount", "deal_id"], ascending=[False, True]).to_dict("records"):
        group = by_group.get(tuple(loss[name] for name in compared_on(cohort)))
        near = [] if group is None else alike(cohort, loss, group)["deal_id"].tolist()
        twin = next((each for each in near if each not in taken), None)
        if twin is not None:
            taken.add(twin)
            found[loss["deal_id"]] = twin
    return found


def _apart(amounts: NDArray[np.float64], amount: float) -> NDArray[np.float64]:
    """Return how many times one amount is the other, as a logarithm; missing where one is not above 0."""
    known = np.where(amounts > 0, amounts, np.nan)
    ratio = known / (amount if amount > 0 else np.nan)
    return np.asarray(np.abs(np.log(ratio)).round(9), dtype=np.float64)
