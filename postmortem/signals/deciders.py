"""Which roles of contacts are those of people who decide."""

from __future__ import annotations

import pandas as pd

WORDS = r"economic|decision[\s_-]*mak|decider|budget|signatory|sponsor.*executive|executive.*sponsor|entscheid"


def decides(roles: pd.Series) -> pd.Series[bool]:
    """Say of each role whether it names one who decides: economic buyer, decision maker, budget holder, signatory."""
    found: pd.Series[bool] = roles.astype("str").str.contains(WORDS, case=False, regex=True, na=False).astype(bool)
    return found
