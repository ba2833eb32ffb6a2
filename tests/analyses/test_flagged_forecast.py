"""The flagged forecast: amounts and what became of them, recomputed from the made deals."""

from __future__ import annotations

import numpy as np
from analysis_cases import FORECAST, answer_of, cohort_of

from postmortem.signals import SIGNALS


def test_the_flagged_amount_divides_into_what_became_of_it(wide):
    result = answer_of("flagged_forecast", FORECAST)
    focus = wide[wide["quarter"] == cohort_of(FORECAST).focus.label]
    rows = result.tables["signals"].rows
    assert rows["amount"].is_monotonic_decreasing
    np.testing.assert_allclose(rows["amount"], rows[["lost_amount", "won_amount", "open_amount"]].sum(axis=1))
    np.testing.assert_array_equal(rows["deals"], rows[["lost_deals", "won_deals", "open_deals"]].sum(axis=1))
    row = rows.iloc[0]
    (name,) = (signal.name for signal in SIGNALS if signal.label == row["signal"])
    own = focus[focus[name] == 1]
    assert (row["deals"], row["amount"]) == (len(own), own["amount"].sum())
    assert row["lost_amount"] == own.loc[own["resolution"].str.startswith("lost_"), "amount"].sum()
    assert result.tables["forecast"].first["amount"] == focus["amount"].sum()
