"""Commitments left behind, recomputed from what the buyers of the made deals did."""

from __future__ import annotations

import pytest
from analysis_cases import FORECAST, answer_of


def test_commitments_left_behind_are_those_told(ended):
    # Every deal named a date, two of three a budget; all had left Qualification.
    overall = answer_of("unmet_commitments", FORECAST).tables["overall"].first
    missing = ended["exit_commitment_unmet"] == 1
    lost = ended["ultimate"] != "won"
    assert (overall["lost_seen"], overall["lost_n"]) == ((missing & lost).sum(), lost.sum())
    risk_met = lost[~missing].mean()
    assert overall["attributable"] == pytest.approx(1 - risk_met / lost.mean())
    stages = answer_of("unmet_commitments", FORECAST).tables["stages"].rows
    assert stages["stage"].tolist() == ["Qualification"]
    assert stages.iloc[0]["lost_seen"] == overall["lost_seen"]
    column = answer_of("unmet_commitments", FORECAST).tables["overall"].column("attributable")
    assert column.unit == "part"
