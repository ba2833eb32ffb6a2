"""Lead time: from the first sign to the close, recomputed from the made deals."""

from __future__ import annotations

import pytest
from analysis_cases import FORECAST, answer_of

from postmortem.signals import NAMES


def test_lead_time_is_from_the_first_sign_to_the_close(ended):
    first = ended[[f"day_{name}" for name in NAMES]].min(axis=1)
    days = (ended["closed_at"] - first).dt.days[(ended["ultimate"] != "won") & first.notna()]
    row = answer_of("warning_lead_time", FORECAST).tables["fates"].keyed("fate")["Lost"]
    assert row["warned"] == len(days) and row["days"] == days.median()
    assert row["early"] == (days >= 30).sum()
    assert row["share"] == pytest.approx((days >= 30).sum() / row["n"])
