"""How well the commitments of the playbook were kept, by what the buyers of the made deals did."""

from __future__ import annotations

import pytest
from analysis_cases import FORECAST, answer_of


def test_commitments_kept_are_those_told():
    # Every deal named a date, two of three a budget.
    kept = answer_of("playbook", FORECAST).tables["commitments"].keyed("commitment")
    assert kept["Date named"]["window_share"] == 1.0
    assert kept["Budget named"]["window_share"] == pytest.approx(2 / 3, abs=0.05)
    assert kept["Date named"]["window_left"] == kept["Budget named"]["window_left"] > 0
