"""Trends of the share won against a competitor, on deals whose chances are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from analysis_cases import closed_of, counted, told
from builders import FOCUS

from postmortem.analyses.competitor_trend import competitor_trend
from postmortem.findings.gate import through_the_gate


def record(first: float, last: float, *, quarters: int = 8, each: int = 40, seed: int = 1) -> Any:
    """Return deals against one competitor, won with a chance that moves evenly from first to last."""
    generator = np.random.default_rng(seed)
    deals, rivals = [], []
    for back in range(quarters):
        chance = last + (first - last) * back / max(quarters - 1, 1)
        for place in range(each):
            number = back * 200 + place + 1
            owner = f"Rep {generator.integers(20)}"
            won = generator.random() < chance
            deals.append(told(number, "won" if won else "lost_competitor", FOCUS - back, owner_id=owner))
            rivals.append({"deal_id": f"D{number:04d}", "competitor": "Kestrel"})
        deals += counted({"won": 10, "lost_status_quo": 10}, FOCUS - back, start=back * 200 + 100)
    return closed_of(deals, competitors=rivals)


def test_a_planted_fall_is_recovered_and_named_only_through_the_gate() -> None:
    cohort = record(0.7, 0.3)
    result = competitor_trend(cohort)
    row = result.tables["trends"].first
    assert row["low"] <= -0.4 <= row["high"]
    assert result.headline.startswith("Worth a look: the share of deals won against Kestrel has moved ")
    assert through_the_gate([result])[0].headline.startswith("The share of deals won against Kestrel fell from ")


def test_fitted_shares_are_those_of_a_logistic_regression() -> None:
    cohort = record(0.7, 0.3)
    rows = cohort.table[cohort.table["deal_id"].str[-3:].astype(int) % 200 <= 40]
    rows = rows[rows["deal_id"].str[1:].astype(int).mod(200).between(1, 40)]
    when = rows["quarter"].map({label: place for place, label in enumerate(sorted(rows["quarter"].unique()))})
    fit = sm.Logit((rows["resolution"] == "won").astype(int), sm.add_constant(when)).fit(disp=0)
    expected = fit.predict(np.array([[1.0, 0.0], [1.0, 7.0]]))
    row = competitor_trend(cohort).tables["trends"].first
    assert (row["won_first"], row["won_last"]) == pytest.approx(tuple(expected), abs=1e-6)
    assert row["met_first"] == pytest.approx(40 / 60) and row["met_change"] == pytest.approx(0, abs=1e-9)


def test_nothing_planted_is_nothing_told() -> None:
    result = competitor_trend(record(0.5, 0.5))
    assert result.headline.startswith("No change of the share of deals won against Kestrel can be told from chance")
    row = result.tables["trends"].first
    assert row["low"] <= 0 <= row["high"]


def test_refused_below_six_quarters_and_below_forty_deals() -> None:
    assert competitor_trend(record(0.5, 0.5, quarters=5)).headline == (
        "Not answered yet: 5 of the 6 quarters in which one and the same competitor was met needed."
    )
    assert competitor_trend(record(0.5, 0.5, each=4)).headline == (
        "Not answered yet: 32 of the 40 won or lost deals with one and the same competitor needed."
    )


def test_quarters_with_few_deals_are_counted_only() -> None:
    rows = competitor_trend(record(0.5, 0.5, each=9)).tables["quarters"].rows
    assert list(rows["n"]) == [9] * 8 and rows["share"].isna().all()
