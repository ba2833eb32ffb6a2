"""The flagged forecast: amounts and what became of them, recomputed from the made deals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from analysis_cases import FORECAST, answer_of, cohort_of

from postmortem.analyses import find
from postmortem.analyses import flagged_forecast as module
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


def test_a_sign_that_went_with_winning_is_no_warning_and_is_named(monkeypatch):
    before = answer_of("flagged_forecast", FORECAST).tables["signals"].rows
    against = next(signal for signal in SIGNALS if signal.label == before["signal"].iloc[0])
    monkeypatch.setattr(module, "stood_with_wins", lambda cohort: (against,))
    result = find("flagged_forecast").function(cohort_of(FORECAST))
    left = before[before["signal"] != against.label].reset_index(drop=True)
    pd.testing.assert_frame_equal(result.tables["signals"].rows, left)
    assert result.tables["forecast"].first["signs"] == len(left)
    assert against.label not in result.headline
    told = [caveat for caveat in result.caveats if caveat.startswith(f"“{against.label}” is left out: it stood more")]
    assert len(told) == 1 and told[0] == told[0].rstrip()
