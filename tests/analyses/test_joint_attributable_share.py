"""The joint share: of all losses, and told with its condition."""

from __future__ import annotations

import pytest
from analysis_cases import FORECAST, answer_of

from postmortem.display import value_of

OTHERS = ("late_stage", "first_forecast")


@pytest.mark.parametrize("frame", [FORECAST, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_the_joint_share_is_of_all_losses_and_told_with_its_condition(frame):
    result = answer_of("joint_attributable_share", frame)
    row = result.tables["joint"].first
    assert row["low"] <= row["share"] <= row["high"] <= 1
    assert row["expected"] == pytest.approx(row["lost"] * (1 - row["share"]))
    showing = result.tables["showing"].rows
    assert (showing["deals"].sum(), showing["lost"].sum()) == (row["deals"], row["lost"])
    assert "entirely causal" in result.headline or "cannot be told" in result.headline


def test_it_is_told_in_one_unit_in_the_sentence_and_in_the_table_and_a_share_has_no_sign():
    result = answer_of("joint_attributable_share", FORECAST)
    table = result.tables["joint"]
    written = value_of(table.first["share"], table.column("share"))
    assert "+" not in written and "point" not in written
    assert f"{written} of " in result.headline
