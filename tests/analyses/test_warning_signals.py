"""Warning signs: counts recomputed from the matrix, tests inside their primary, and what the sentence may say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from analysis_cases import answer_of, cohort_of

from postmortem.analyses.warning_signals import compared, headline
from postmortem.findings.gate import through_the_gate
from postmortem.result import Result
from postmortem.signals import SIGNALS
from postmortem.signals.decided import Decided
from postmortem.signals.matrix import fired
from postmortem.stats import stratified_association
from postmortem.taxonomies import load_taxonomy


def deals(on_lost: float, on_won: float, other: float = 0.3, n: int = 400) -> Decided:
    """Return deals of 20 sales people, 40% lost; the first sign stands on these shares, all others on `other`."""
    place = np.arange(n)
    is_lost = place % 5 < 2
    rng, flags = np.random.default_rng(1), {}
    for number, signal in enumerate(SIGNALS):
        # Exactly these shares, on deals drawn at random.
        stands = np.zeros(n)
        for own, share in ((is_lost, on_lost), (~is_lost, on_won)):
            size = round((share if number == 0 else other) * own.sum())
            stands[rng.permutation(np.flatnonzero(own))[:size]] = 1.0
        flags[signal.name] = stands
    rows = pd.DataFrame(
        {
            "deal_id": [f"D{n:04d}" for n in place], "is_lost": is_lost.astype(int), "amount": 1000.0 + place % 13,
            "owner": [f"Rep {n // 5 % 20}" for n in place], "account_name": None, "segment": "A", "deal_type": "New",
            "ultimate": np.where(is_lost, np.where(place % 2, "lost_competitor", "lost_status_quo"), "won"),
        }
    )  # fmt: skip
    return Decided(rows, pd.DataFrame(flags), pd.DataFrame(index=rows.index), SIGNALS)


def gated(found: Decided) -> Result:
    result = Result("warning_signals", "", compared(found, load_taxonomy("red_zone")), headline_of=headline)
    return through_the_gate([result])[0]


@pytest.mark.thorough
def test_counts_and_test_are_those_of_the_deals():
    cohort, result = cohort_of("forecast"), answer_of("warning_signals", "forecast")
    rows = cohort.window_rows.sort_values(["quarter", "deal_id"]).drop_duplicates("deal_id")
    late = [signal for signal in SIGNALS if signal.comes_late]
    early = [signal for signal in SIGNALS if not signal.comes_late]
    asked = [fired(cohort, signals=early), fired(cohort, signals=late, landmark="before_close")]
    table = pd.concat(asked).merge(rows[["deal_id", "quarter", "ultimate", "owner_id"]], on=["deal_id", "quarter"])
    table = table[(table["ultimate"] == "won") | table["ultimate"].str.startswith("lost_")]
    for row in result.tables["signals"].records:
        own = table[(table["signal"] == row["name"]) & table["fired"].notna()]
        lost = own["ultimate"] != "won"
        assert (row["lost_n"], row["won_n"]) == (int(lost.sum()), int((~lost).sum()))
        assert row["lost_seen"] == int(own.loc[lost, "fired"].sum())
        (test,) = (t for t in result.tables["tests"].records if t["primary"] and t["name"] == row["name"])
        if pd.notna(test["p"]):
            x = own["fired"].astype(int)
            p = stratified_association(x, lost.astype(int), own["owner_id"]).p
            assert test["p"] == pytest.approx(max(p, 0.05) if row["low"] <= 0 <= row["high"] else p)
    assert any(pd.notna(test["p"]) for test in result.tables["tests"].records)


def test_a_sign_on_more_lost_deals_is_named_first_and_with_its_direction():
    result = gated(deals(0.6, 0.25))
    assert result.tables["signals"].first["name"] == SIGNALS[0].name
    assert result.headline.startswith(
        f"“{SIGNALS[0].label}” stood more often on lost deals (60% against 25%, +35 points"
    )
    row = result.tables["signals"].first
    assert row["ratio_low"] > 1.3 and row["e_value"] > row["e_limit"] > 1 and row["remedy"]


def test_a_sign_on_more_won_deals_is_no_loss_sign_and_points_to_nothing():
    result = gated(deals(0.2, 0.6))
    row = result.tables["signals"].first
    assert result.headline.startswith(
        f"“{SIGNALS[0].label}” stood more often on won deals (60% against 20%, +40 points"
    )
    assert result.headline.endswith("no warning on these deals, and no reason to do it more.")
    assert row["ratio"] < 1 and row["remedy"] == row["points_to"] == ""
    assert row["sentence"].endswith("stood more often on won deals than on lost ones: on 60% against 20%.")


def test_signs_that_warn_are_told_first_and_never_counted_with_those_that_go_with_winning():
    found = deals(0.2, 0.6)
    warned, others = (deals(0.6, 0.25).fired.iloc[:, 0] for _ in range(2))
    found.fired.iloc[:, 1], found.fired.iloc[:, 2] = warned, others
    headline_ = gated(found).headline
    assert headline_.startswith(f"“{SIGNALS[1].label}” stood more often on lost deals (60% against 25%")
    assert f"; so did 1 other sign. “{SIGNALS[0].label}” stood more often on won deals: no warning" in headline_


@pytest.mark.thorough
def test_a_sign_that_a_few_customers_carry_is_not_named_beside_an_interval_that_holds_none():
    spread, found = deals(0.5, 0.3), deals(0.5, 0.3)
    sign = SIGNALS[0].name
    place = np.arange(len(found.rows))
    carried = (found.fired[sign] == 1).to_numpy() & found.is_lost
    found.rows["account_name"] = np.where(carried, "Large", [f"Small {n % 40}" for n in place])
    spread.rows["account_name"] = [f"Customer {n}" for n in place]
    told = {}
    for name, of in (("spread", spread), ("carried", found)):
        result = gated(of)
        row = result.tables["signals"].keyed("name")[sign]
        (test,) = (test for test in result.tables["tests"].records if test["primary"] and test["name"] == sign)
        told[name] = (row["low"] <= 0 <= row["high"], test["p"], test["named"])
    assert told["spread"][0] is False
    assert told["spread"][1] < 0.001
    assert told["spread"][2] is True
    assert told["carried"] == (True, 0.05, False)


def test_where_nothing_differs_nothing_is_named():
    result = gated(deals(0.3, 0.3))
    assert not any(test["named"] is True for test in result.tables["tests"].records)
    assert "none can be told" in result.headline


def test_one_primary_a_sign_and_takers_inside_it():
    tests = compared(deals(0.6, 0.25), load_taxonomy("red_zone"))["tests"].rows
    primary = tests[tests["primary"]]
    assert len(primary) == len(SIGNALS) and primary["hypothesis"].is_unique
    assert set(tests.loc[~tests["primary"], "within"]) == set(primary["hypothesis"])


def test_fewer_than_ten_in_an_arm_are_counts_only():
    found = deals(0.6, 0.25)
    lost = np.flatnonzero(found.is_lost & (found.fired[SIGNALS[0].name] == 1).to_numpy())
    found.fired.iloc[lost[9:], 0] = np.nan
    row = compared(found, load_taxonomy("red_zone"))["signals"].keyed("name")[SIGNALS[0].name]
    assert row["lost_seen"] == 9
    assert all(pd.isna(row[name]) for name in ("difference", "low", "high", "ratio", "e_value"))
