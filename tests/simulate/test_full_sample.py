"""What the full sample's history says, replayed row by row without the package's own history."""

from __future__ import annotations

import pandas as pd
import pytest

FORECAST = ["commit", "most_likely", "best_case"]
CLOSED = ["Closed Won", "Closed Lost"]
QUARTERS = pd.period_range("2022Q4", "2025Q3", freq="Q")


def states(history: pd.DataFrame, before: pd.Timestamp) -> pd.DataFrame:
    """Return the last value of every field of every deal written before a moment."""
    seen = history[history["changed_at"] < before].sort_values(["changed_at", "seq"])
    return seen.groupby(["deal_id", "field"])["new_value"].last().unstack()


@pytest.fixture(scope="module")
def forecast(full_deals: pd.DataFrame, full_history: pd.DataFrame) -> pd.DataFrame:
    """Return forecast deals of every quarter at the end of its day 5, with what became of them by its end."""
    parts = []
    for quarter in QUARTERS:
        state = states(full_history, (quarter.start_time + pd.Timedelta(days=5)).tz_localize("UTC"))
        state = state[~state["stage"].isin(CLOSED) & state["forecast_category"].isin(FORECAST)]
        expected = pd.to_datetime(state["expected_close_date"])
        state = state[expected.between(quarter.start_time, quarter.end_time)]
        parts.append(state.assign(quarter=str(quarter), quarter_end=quarter.end_time))
    table = pd.concat(parts).join(full_deals.set_index("deal_id")[["outcome", "closed_at"]])
    in_time = table["closed_at"] <= table["quarter_end"]
    return table.assign(fate=table["outcome"].where(in_time, "slipped"))


def test_about_400_deals_are_forecast_a_quarter(forecast):
    a_quarter = forecast.groupby("quarter").size()
    assert len(a_quarter) == 12
    assert a_quarter.between(345, 455).all()
    assert 385 <= a_quarter.mean() <= 420


def test_a_third_is_lost_and_a_fifth_slips(forecast):
    shares = forecast["fate"].value_counts(normalize=True)
    assert 0.29 <= shares["lost"] <= 0.36
    assert 0.42 <= shares["won"] <= 0.49
    assert 0.18 <= shares["slipped"] <= 0.26


def test_better_categories_win_more_and_commit_is_still_wishful(forecast):
    won = forecast.groupby("forecast_category")["fate"].agg(lambda fate: (fate == "won").mean())
    assert won["commit"] > won["most_likely"] > won["best_case"]
    assert won["commit"] < 0.85


def test_history_replays_to_the_current_values_of_open_deals(full_deals, full_history):
    state = states(full_history, pd.Timestamp("2100-01-01", tz="UTC"))
    is_open = full_deals[full_deals["outcome"] == "open"].set_index("deal_id")
    now = state.loc[is_open.index]
    assert len(is_open) > 300
    for field in ("stage", "forecast_category", "owner_id"):
        assert (now[field] == is_open[field]).all(), field
    assert (pd.to_datetime(now["expected_close_date"]) == is_open["expected_close_date"]).all()
    assert (now["amount"].astype("float64") == is_open["amount"]).all()


def test_closed_deals_end_as_closed_or_omitted_on_their_closing_day(full_deals, full_history):
    last = full_history[full_history["field"] == "stage"].groupby("deal_id")[["changed_at", "new_value"]].last()
    closed = full_deals[full_deals["outcome"] != "open"].set_index("deal_id")
    ends = {"won": ("Closed Won", "closed"), "lost": ("Closed Lost", "omitted")}
    for outcome, (stage, category) in ends.items():
        some = closed[closed["outcome"] == outcome]
        assert (some["stage"] == stage).all() and (some["forecast_category"] == category).all()
        assert (last.loc[some.index, "new_value"] == stage).all()
        assert (last.loc[some.index, "changed_at"].dt.tz_localize(None).dt.normalize() == some["closed_at"]).all()


def test_no_row_is_before_creation_or_after_extraction(full_deals, full_history):
    created = full_history["deal_id"].map(full_deals.set_index("deal_id")["created_at"]).dt.tz_localize("UTC")
    assert created.notna().all()
    assert (full_history["changed_at"] >= created).all()
    assert (full_history["changed_at"] < pd.Timestamp("2025-10-07", tz="UTC")).all()


def test_history_follows_on_from_value_to_value(full_history):
    rows = full_history.sort_values(["deal_id", "field", "changed_at", "seq"])
    before = rows.groupby(["deal_id", "field"])["new_value"].shift()
    assert (rows["old_value"].isna() == before.isna()).all()
    assert (rows["old_value"].dropna() == before.dropna()).all()
    assert (rows["old_value"] != rows["new_value"]).all()
    assert not full_history.duplicated(["deal_id", "changed_at", "seq"]).any()
    assert full_history["seq"].min() == 1 and full_history["seq"].max() >= 5


def test_expected_closes_are_pushed_and_pulled(full_history):
    moves = full_history[(full_history["field"] == "expected_close_date") & full_history["old_value"].notna()]
    later = pd.to_datetime(moves["new_value"]) > pd.to_datetime(moves["old_value"])
    assert later.sum() > 3_000
    assert (~later).sum() > 1_000
    assert moves[later].groupby("deal_id").size().ge(2).sum() > 1_000


def test_some_dates_are_past_when_the_quarter_opens(full_history):
    state = states(full_history, pd.Timestamp("2025-07-06", tz="UTC"))
    state = state[~state["stage"].isin(CLOSED) & state["forecast_category"].isin(FORECAST)]
    assert 5 <= (pd.to_datetime(state["expected_close_date"]) < pd.Timestamp("2025-07-01")).sum() <= 50


def test_stages_are_skipped_and_gone_back(full_history):
    order = {name: place for place, name in enumerate(
        ["Prospecting", "Qualification", "Needs Analysis", "Proposal", "Negotiation"]
    )}  # fmt: skip
    stages = full_history[full_history["field"] == "stage"]
    step = (stages["new_value"].map(order) - stages["old_value"].map(order)).dropna()
    assert (step < 0).sum() > 100 and (step == -1).sum() == (step < 0).sum()
    assert (step > 1).sum() > 100
    assert (step == 1).mean() > 0.8


def test_owners_change_and_leavers_keep_no_open_deal(full_deals, full_history, full_folder):
    reps = pd.read_csv(full_folder / "reps.csv.gz", parse_dates=["hired_at", "left_at"]).set_index("rep_id")
    assert len(reps) == 24 and reps["manager_id"].nunique() == 9 and reps["team"].nunique() == 9
    gone = reps[reps["left_at"].notna()]
    assert len(gone) == 4
    assert (reps["hired_at"] > "2022-10-01").sum() == 4
    is_open = full_deals["outcome"] == "open"
    assert not full_deals.loc[is_open, "owner_id"].isin(gone.index).any()
    handed = full_history[(full_history["field"] == "owner_id") & full_history["old_value"].notna()]
    assert handed["old_value"].isin(gone.index).any() and (~handed["old_value"].isin(gone.index)).any()
    first = full_history[(full_history["field"] == "owner_id") & full_history["old_value"].isna()]
    day = first["changed_at"].dt.tz_localize(None).dt.normalize()
    assert (first["new_value"].map(reps["hired_at"]) <= day).all()
    assert not (first["new_value"].map(reps["left_at"]) < day).any()


def test_amounts_are_positive_and_larger_for_enterprises(full_deals, full_history):
    assert full_deals["amount"].gt(0).all()
    assert full_history.loc[full_history["field"] == "amount", "new_value"].astype("float64").gt(0).all()
    median = full_deals.groupby("segment")["amount"].median()
    assert median["Enterprise"] > 1.5 * median["Mid-Market"] > 2.0 * median["Small Business"]


def test_status_quo_losses_close_slowest(full_deals, full_truth):
    truth = pd.DataFrame(full_truth["deals"]).set_index("deal_id")["lost_to"]
    closed = full_deals[full_deals["outcome"] != "open"].set_index("deal_id")
    days = (closed["closed_at"] - closed["created_at"]).dt.days
    assert days.min() >= 3
    median = days.groupby(truth.loc[closed.index].fillna("won")).median()
    assert median.idxmax() == "status_quo"
    assert 80 <= days.median() <= 130


def test_closings_heap_at_the_ends_of_months_and_quarters(full_deals):
    closed = full_deals["closed_at"].dropna()
    left = (closed + pd.offsets.MonthEnd(0) - closed).dt.days
    last_month = closed.dt.month % 3 == 0
    assert closed.dt.day_of_week.max() <= 4
    assert (left <= 5).mean() > 1.5 * 6 / 30.4
    assert (left[last_month] <= 5).mean() > (left[~last_month] <= 5).mean()


def test_competitors_written_before_the_closing_do_not_know_the_end(full_folder, full_deals):
    rivals = pd.read_csv(full_folder / "opportunity_competitors.csv.gz", parse_dates=["CreatedDate"])
    assert not rivals.duplicated(["OpportunityId", "CompetitorName"]).any()
    deals = full_deals.set_index("deal_id").loc[rivals["OpportunityId"]]
    day = rivals["CreatedDate"].dt.tz_localize(None).dt.normalize().to_numpy()
    knows = rivals["Status__c"].isin(["Won", "Lost"]).to_numpy()
    assert knows.sum() > 100
    assert (day[knows] == deals["closed_at"].to_numpy()[knows]).all()
    assert (day >= deals["created_at"].to_numpy()).all()
    assert (day < deals["closed_at"].to_numpy()).sum() > 300
