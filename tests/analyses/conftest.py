"""What every sign said of the made forecast deals, worked out once for all who recompute from it."""

from __future__ import annotations

import pandas as pd
import pytest
from analysis_cases import FORECAST, cohort_of

from postmortem.signals.decided import signs_of


@pytest.fixture(scope="session")
def wide() -> pd.DataFrame:
    """One row a deal and quarter: what every sign said, and what became of the deal."""
    cohort = cohort_of(FORECAST)
    # The answers ask the same cohort, which keeps what its signs said: they are worked out once for both.
    signs = signs_of(cohort)
    return pd.concat([signs.rows, signs.fired, signs.first.add_prefix("day_")], axis=1)


@pytest.fixture(scope="session")
def ended(wide: pd.DataFrame) -> pd.DataFrame:
    """The won and lost deals of the window, each at its first appearance."""
    window = {quarter.label for quarter in cohort_of(FORECAST).window}
    rows = wide[wide["quarter"].isin(window)].sort_values(["quarter", "deal_id"]).drop_duplicates("deal_id")
    return rows[(rows["ultimate"] == "won") | rows["ultimate"].str.startswith("lost_")]
