"""The six, lead time, flagged forecast, joint share, commitments, playbook and mistakes, recomputed from the deals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from analysis_cases import answer_of, cohort_of

from postmortem.analyses.five_mistakes import MISTAKES
from postmortem.signals import NAMES, SIGNALS
from postmortem.signals.matrix import fired

FRAME = "forecast"


@pytest.fixture(scope="module")
def wide() -> pd.DataFrame:
    """One row a deal and quarter: what every sign said, and what became of the deal."""
    cohort = cohort_of(FRAME)
    table = fired(cohort)
    flags = table.assign(fired=table["fired"].astype("float64")).pivot(
        index=["deal_id", "quarter"], columns="signal", values="fired"
    )
    days = table.pivot(index=["deal_id", "quarter"], columns="signal", values="first_fired_at").add_prefix("day_")
    return cohort.table.set_index(["deal_id", "quarter"]).join([flags, days]).reset_index()


@pytest.fixture(scope="module")
def ended(wide) -> pd.DataFrame:
    window = {quarter.label for quarter in cohort_of(FRAME).window}
    rows = wide[wide["quarter"].isin(window)].sort_values(["quarter", "deal_id"]).drop_duplicates("deal_id")
    return rows[(rows["ultimate"] == "won") | rows["ultimate"].str.startswith("lost_")]


def test_one_of_the_six_shows_when_any_of_its_signs_does(ended):
    rows = answer_of("six_causes", FRAME).tables["causes"].rows
    row = rows[rows["cause"] == "Only ever a lead"].iloc[0]
    names = ["no_qualification_commitment", "forecast_soon_after_creation", "stage_skipped_or_back", "no_buyer_contact"]
    shows = ended[names].max(axis=1).dropna()
    lost = ended.loc[shows.index, "ultimate"] != "won"
    assert (row["lost_n"], row["lost_seen"]) == (lost.sum(), shows[lost].sum())
    assert (row["won_n"], row["won_seen"]) == ((~lost).sum(), shows[~lost].sum())


def test_lead_time_is_from_the_first_sign_to_the_close(ended):
    first = ended[[f"day_{name}" for name in NAMES]].min(axis=1)
    days = (ended["closed_at"] - first).dt.days[(ended["ultimate"] != "won") & first.notna()]
    row = answer_of("warning_lead_time", FRAME).tables["fates"].keyed("fate")["Lost"]
    assert row["warned"] == len(days) and row["days"] == days.median()
    assert row["early"] == (days >= 30).sum()
    assert row["share"] == pytest.approx((days >= 30).sum() / row["n"])


def test_the_flagged_amount_divides_into_what_became_of_it(wide):
    result = answer_of("flagged_forecast", FRAME)
    focus = wide[wide["quarter"] == cohort_of(FRAME).focus.label]
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


def test_the_mistakes_are_rates_of_all_deals_of_the_quarter_whatever_became_of_them(wide):
    rows = answer_of("five_mistakes", FRAME).tables["mistakes"].keyed("mistake")
    focus = wide[wide["quarter"] == cohort_of(FRAME).focus.label]
    for mistake, names in MISTAKES.items():
        known = focus[list(names)].max(axis=1).dropna()
        assert (rows[mistake]["seen"], rows[mistake]["n"]) == (known.sum(), len(known))
    assert {name for names in MISTAKES.values() for name in names} <= set(NAMES)


def test_commitments_left_behind_and_kept_are_those_told(ended):
    # Every deal named a date, two of three a budget; all had left Qualification.
    overall = answer_of("unmet_commitments", FRAME).tables["overall"].first
    missing = ended["exit_commitment_unmet"] == 1
    lost = ended["ultimate"] != "won"
    assert (overall["lost_seen"], overall["lost_n"]) == ((missing & lost).sum(), lost.sum())
    risk_met = lost[~missing].mean()
    assert overall["attributable"] == pytest.approx(1 - risk_met / lost.mean())
    stages = answer_of("unmet_commitments", FRAME).tables["stages"].rows
    assert stages["stage"].tolist() == ["Qualification"]
    assert stages.iloc[0]["lost_seen"] == overall["lost_seen"]
    kept = answer_of("playbook", FRAME).tables["commitments"].keyed("commitment")
    assert kept["Date named"]["window_share"] == 1.0
    assert kept["Budget named"]["window_share"] == pytest.approx(2 / 3, abs=0.05)
    assert kept["Date named"]["window_left"] == kept["Budget named"]["window_left"] > 0


def test_the_joint_share_is_of_all_losses_and_told_with_its_condition():
    results = [answer_of("joint_attributable_share", frame) for frame in (FRAME, "late_stage", "first_forecast")]
    for result in results:
        row = result.tables["joint"].first
        assert row["low"] <= row["share"] <= row["high"] <= 1
        assert row["expected"] == pytest.approx(row["lost"] * (1 - row["share"]))
        showing = result.tables["showing"].rows
        assert (showing["deals"].sum(), showing["lost"].sum()) == (row["deals"], row["lost"])
        assert "entirely causal" in result.headline or "cannot be told" in result.headline
