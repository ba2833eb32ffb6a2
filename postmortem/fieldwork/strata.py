"""Strata for a draw of interviews: what the CRM says of the reason, by the larger and the smaller half of the amounts.

Small strata are merged by two rules, so that whoever runs them again gets the same strata. Reasons with too few
deals go together as other reasons; a reason is divided by amount only where both halves have enough.
"""

from __future__ import annotations

import math

import pandas as pd

NO_REASON, OTHER = "no reason recorded", "other reasons"
INTERVIEWS_EXPECTED = 2


def least_of(response: float) -> int:
    """Return the deals a stratum needs so that two interviews can be expected if all its buyers are asked."""
    return math.ceil(INTERVIEWS_EXPECTED / response)


def strata_of(rows: pd.DataFrame, side: str, least: int) -> pd.Series[str]:
    """Return the stratum of each deal.

    Parameters
    ----------
    rows : DataFrame
        Deals of one side, with ``reason`` (the CRM's, in words; missing where none is recorded) and ``amount``
        (missing where unknown).
    side : str
        What all of them are, ``lost`` or ``won``: strata never hold both.
    least : int
        Deals a stratum needs; fewer are merged. Won deals without any reason are divided by amount alone.

    Returns
    -------
    Series of str
        Such as ``lost, Price against value, larger half``; halves are those of the side's known amounts, and a deal
        whose amount is not known stands with the smaller half.
    """
    if rows["reason"].isna().all():
        reason = pd.Series("", index=rows.index, dtype="str")
    else:
        named = rows["reason"].fillna(NO_REASON).astype("str")
        size = named.map(named.value_counts())
        reason = ", " + named.where((size >= least) | (named == NO_REASON), OTHER)
    is_larger = (rows["amount"] >= rows["amount"].median()).astype("bool")
    sizes = pd.DataFrame({"reason": reason, "larger": is_larger}).groupby(["reason", "larger"]).size()
    smaller_size = reason.map(lambda name: min(sizes.get((name, True), 0), sizes.get((name, False), 0)))
    half = is_larger.map({True: ", larger half", False: ", smaller half"}).where(smaller_size >= least, "")
    return (side + reason + half).astype("str")
