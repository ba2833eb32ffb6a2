"""Within what the deals of a cohort hang together: the same sales person, the same customer."""

from __future__ import annotations

import pandas as pd

NOT_RECORDED = "not recorded"


def clusterings(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the groups whose deals are no independent evidence, under the two ways of grouping them.

    Parameters
    ----------
    rows : DataFrame
        Rows of a cohort.

    Returns
    -------
    dict of str to list of str
        ``rep`` and ``account``, one label a row. Deals without an owner are one group, as they may all be one
        person's; a deal without a customer is a group of its own.
    """
    account = rows["account_name"].fillna(rows["deal_id"])
    return {
        "rep": [str(owner) for owner in rows["owner_id"].fillna(NOT_RECORDED)],
        "account": [str(name) for name in account],
    }
