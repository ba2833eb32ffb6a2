"""The truth says what was planted, and the books show it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from postmortem.simulate import build, preset_parameters, simulate


@pytest.fixture(scope="module")
def many() -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Return deals and truth of six companies, both indexed by deal."""
    pairs = []
    for seed in range(6):
        company = simulate("full", seed=seed, quarters=8, deals_per_quarter=300)
        deals = company.tables["deals"].set_index("deal_id")
        pairs.append((deals, pd.DataFrame(company.truth["deals"]).set_index("deal_id")))
    return pairs


def test_truth_is_plain_json(full_company, full_truth):
    assert json.loads(json.dumps(full_company.truth)) == full_company.truth == full_truth


def test_truth_keeps_every_parameter(full_truth):
    parameters = preset_parameters("full")
    kept = full_truth["parameters"]
    assert kept["seed"] == parameters.seed and kept["first"] == "2022-10-01"
    assert kept["outcomes"]["shares"] == list(parameters.outcomes.shares)
    assert set(kept["organisation"]) == {"regions", "reps", "managers", "replaced", "win_effect_sd", "optimism_sd",
                                         "hand_over_share", "manager_effect_sd", "teams_by"}  # fmt: skip
    assert [rival["name"] for rival in kept["market"]["rivals"]] == [rival.name for rival in parameters.market.rivals]


def test_stated_shares_are_those_of_the_lost_deals(full_deals, full_truth):
    truth = pd.DataFrame(full_truth["deals"]).set_index("deal_id")
    lost = full_deals.loc[full_deals["outcome"] == "lost", "deal_id"]
    counted = truth.loc[lost, "lost_to"].value_counts(normalize=True).round(4).to_dict()
    assert counted == full_truth["lost_to_shares"]


def test_outcome_agrees_with_the_fate(full_deals, full_truth):
    truth = pd.DataFrame(full_truth["deals"]).set_index("deal_id").loc[full_deals["deal_id"]]
    outcome = full_deals.set_index("deal_id")["outcome"]
    closed = outcome != "open"
    assert (outcome[closed] == truth.loc[closed, "fate"]).all()
    assert (truth.loc[closed, "closes_on"] <= "2025-10-06").all()
    assert (truth.loc[~closed, "closes_on"] > "2025-10-06").all()
    assert (truth["died_on"] <= truth["closes_on"]).all()
    lost = truth["fate"] == "lost"
    assert truth["lost_to"].notna().equals(lost) and truth["cause"].notna().equals(lost)
    assert truth["competitor"].notna().equals(truth["lost_to"] == "competitor")


@pytest.mark.thorough
def test_planted_shares_come_back_over_many_books(many):
    # Deals created in the middle of the book are all of those made then: none closed before it, few are open.
    fates = pd.concat([
        truth["lost_to"].fillna("won")[deals["created_at"].between("2023-01-01", "2024-06-30")]
        for deals, truth in many
    ])  # fmt: skip
    shares = fates.value_counts(normalize=True)
    planted = dict(
        zip(("won", "competitor", "status_quo", "disqualified"), preset_parameters("full").outcomes.shares, strict=True)
    )
    assert len(fates) > 8_000
    for fate, share in planted.items():
        assert abs(shares[fate] - share) < 4 * np.sqrt(share * (1 - share) / len(fates)), fate


@pytest.mark.thorough
def test_planted_causes_come_back_over_many_books(many):
    truth = pd.concat([truth for _, truth in many])
    for lost_to, planted in preset_parameters("full").outcomes.causes.items():
        seen = truth.loc[truth["lost_to"] == lost_to, "cause"]
        shares = seen.value_counts(normalize=True)
        assert sum(planted.values()) == pytest.approx(1.0)
        for cause, share in planted.items():
            assert abs(shares[cause] - share) < 4 * np.sqrt(share * (1 - share) / len(seen)), cause


@pytest.mark.thorough
def test_reps_who_win_more_were_planted_to():
    effects, rates = [], []
    for seed in range(4):
        company = build(replace(preset_parameters("full"), seed=seed, deals_per_quarter=300, practice=None))
        deals = company.tables["deals"]
        closed = deals[deals["outcome"] != "open"]
        planted = pd.Series({rep: values["win_effect"] for rep, values in company.truth["reps"].items()})
        won = closed.groupby("owner_id")["outcome"].agg(lambda outcome: (outcome == "won").mean())
        effects.append(planted), rates.append(won.reindex(planted.index))
    assert pd.concat(effects).corr(pd.concat(rates)) > 0.6


def test_optimistic_reps_forecast_higher(half_company):
    deals, history = half_company.tables["deals"], half_company.tables["history"]
    owner = deals.set_index("deal_id")["owner_id"]
    calls = history[(history["field"] == "forecast_category") & ~history["new_value"].isin(["closed", "omitted"])]
    steps = calls["new_value"].map({"pipeline": 0, "best_case": 1, "most_likely": 2, "commit": 3})
    mean = steps.groupby(calls["deal_id"].map(owner)).mean()
    planted = pd.Series({rep: values["optimism"] for rep, values in half_company.truth["reps"].items()})
    assert mean.corr(planted.reindex(mean.index)) > 0.6


def test_recorded_lost_to_is_blank_for_a_fifth_and_mostly_right(full_deals, full_truth):
    truth = pd.DataFrame(full_truth["deals"]).set_index("deal_id")["lost_to"]
    lost = full_deals[full_deals["outcome"] == "lost"].set_index("deal_id")
    assert 0.17 <= lost["lost_to_raw"].isna().mean() <= 0.23
    said = lost["lost_to_raw"].dropna().str.lower().str.replace(" ", "_")
    right = said == truth.loc[said.index]
    assert 0.78 <= right.mean() <= 0.92
    assert full_deals.loc[full_deals["outcome"] != "lost", ["lost_to_raw", "loss_reason_raw"]].isna().all(axis=None)


def test_a_competitor_recorded_as_winner_took_the_deal(half_company):
    rivals = half_company.tables["competitors"]
    winners = rivals[rivals["status"] == "won"].set_index("deal_id")["competitor"]
    truth = pd.DataFrame(half_company.truth["deals"]).set_index("deal_id")
    assert len(winners) > 50
    assert (truth.loc[winners.index, "competitor"] == winners).all()


@pytest.mark.thorough
def test_big_competitors_take_more_deals(many):
    taken = pd.concat([truth["competitor"] for _, truth in many]).value_counts()
    assert set(taken.index[:3]) == {"Brackwald Systems", "Ortellan", "Quorvane Controls"}
    assert len(taken) == 12


def test_existing_customers_bought_before(half_company):
    deals = half_company.tables["deals"]
    won = deals[deals["outcome"] == "won"].groupby("account_id")["closed_at"].min()
    earlier = deals["account_id"].map(won) < deals["created_at"]
    assert deals.loc[earlier, "is_existing_customer"].all()
    assert (deals["deal_type"] == "Expansion").equals(deals["is_existing_customer"].astype(bool))
    assert 0.3 < deals["is_existing_customer"].mean() < 0.8
