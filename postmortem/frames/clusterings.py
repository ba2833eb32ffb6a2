"""Within what the deals of a cohort hang together: the same sales person, the same customer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.stats.checks import Codes

NOT_RECORDED = "not recorded"


def clusterings(rows: pd.DataFrame) -> dict[str, Codes]:
    """Return the groups whose deals are no independent evidence, under the two ways of grouping them.

    Parameters
    ----------
    rows : DataFrame
        Rows of a cohort.

    Returns
    -------
    dict of str to ndarray of int
        ``rep`` and ``account``: one number a row, the same for deals of one group, in the order of their names. Deals
        without an owner are one group, as they may all be one person's; a deal without a customer is a group of its
        own.
    """
    named = {
        "rep": rows["owner_id"].fillna(NOT_RECORDED),
        "account": rows["account_name"].fillna(rows["deal_id"]),
    }
    return {name: np.unique(labels.astype("str").to_numpy(dtype=object), return_inverse=True)[1]
            for name, labels in named.items()}  # fmt: skip
