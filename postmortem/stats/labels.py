"""Labels of groups, strata and clusters turned into codes; none may be missing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from postmortem.ground.errors import UsageError

Labels: TypeAlias = Sequence[Hashable] | NDArray[np.generic] | pd.Series
Codes: TypeAlias = NDArray[np.int64]


def label_codes(name: str, labels: Labels) -> tuple[Codes, tuple[Hashable, ...]]:
    """Return codes for the labels of a column, in sorted order or as they come where they have no order.

    Parameters
    ----------
    name : str
        The argument, for the message.
    labels : sequence, one label a row
        Anything hashable; none missing.

    Returns
    -------
    tuple
        The code of every row, from 0, and the distinct labels in the order of their codes.

    Raises
    ------
    UsageError
        When a label is missing (rows named).
    """
    column = pd.Series(list(labels), dtype="object")
    missing = np.flatnonzero(column.isna().to_numpy())
    if missing.size:
        raise UsageError(
            f"{name} has rows without a label",
            got=f"{missing.size} of {len(column)}",
            expected="a label for every row",
            do="give rows without one a label of their own, or leave them out and say so",
            rows=[f"row {row}" for row in missing],
        )
    try:
        codes, distinct = pd.factorize(column, sort=True)
    except TypeError:
        codes, distinct = pd.factorize(column)
    return np.asarray(codes, dtype=np.int64), tuple(distinct)
