"""One sign and the outcome: the test within sales people, and the risk of a loss, like with like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from postmortem.frames.proposals import numbers_before
from postmortem.signals.contrast import ADJUSTED_FOR, HELD, comparable
from postmortem.signals.decided import Decided
from postmortem.stats import adjusted_risk, e_value, e_value_of_interval, stratified_association
from postmortem.stats.estimate import p_beside


def _of_known(deals: Decided, name: str, chosen: np.ndarray | None = None) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the deals of which a sign is known, and whether it stood on each."""
    known = deals.fired[name].notna().to_numpy()
    known = known if chosen is None else known & chosen
    return deals.rows[known], deals.fired.loc[known, name].to_numpy()


def p_of(deals: Decided, name: str, told: dict[str, Any], chosen: np.ndarray | None = None) -> float:
    """Return the p-value of one sign within sales people, at least .05 where the interval beside it holds none.

    Parameters
    ----------
    deals : Decided
        Won and lost deals, and what their signs said.
    name : str
        Of the sign.
    told : dict
        Its row of contrasts, as `postmortem.signals.contrast.contrast` returns it.
    chosen : ndarray of bool, optional
        Which of the deals; all unless told.

    Returns
    -------
    float
        Missing where the row is counts only.
    """
    if not comparable(told):
        return np.nan
    rows, stood = _of_known(deals, name, chosen)
    p = stratified_association(stood, rows["is_lost"].to_numpy(), rows["owner"].to_numpy()).p
    return p_beside(p, told["low"], told["high"])


def risk_of(deals: Decided, name: str, told: dict[str, Any]) -> dict[str, Any]:
    """Return the risk ratio of a sign with its E-values, and what was held alike (``like``).

    Parameters
    ----------
    deals, name, told
        As for `p_of`.
    """
    empty = dict.fromkeys(("ratio", "ratio_low", "ratio_high", "e_value", "e_limit"), np.nan)
    if not comparable(told):
        return {**empty, "like": ""}
    rows, stood = _of_known(deals, name)
    lost, owner = rows["is_lost"].to_numpy(), rows["owner"].to_numpy()
    known = numbers_before(rows, stood == 1, groups=ADJUSTED_FOR, amount="amount")
    ratio, like = adjusted_risk(lost, stood, owner, covariates=known).ratio, HELD
    if ratio.status == "refused":
        ratio, like = stratified_association(stood, lost, owner).risk_ratio, "sales person"
    if ratio.status == "refused":
        return {**empty, "like": ""}
    return {
        "ratio": ratio.estimate, "ratio_low": ratio.low, "ratio_high": ratio.high, "like": like,
        "e_value": e_value(ratio.estimate), "e_limit": e_value_of_interval(ratio.low, ratio.high),
    }  # fmt: skip
