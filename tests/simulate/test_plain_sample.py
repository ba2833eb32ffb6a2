"""What a reader of the plain sample finds when counting with pandas alone."""

from __future__ import annotations

import pandas as pd
import pytest

MEANING = {
    "Lost to Competitor": "competitor",
    "No Decision / Non-Responsive": "status_quo",
    "No Budget / Lost Funding": "status_quo",
    "Timing": "status_quo",
    "Poor Fit": "disqualified",
    "Duplicate": "disqualified",
}
FOCUS = "2025Q3"


@pytest.fixture(scope="module")
def closed(plain_report: pd.DataFrame) -> pd.DataFrame:
    """Return closed deals with their quarter of closing: a lost deal's stage changed last on that day."""
    report = plain_report[plain_report["Stage"].isin(["Closed Won", "Closed Lost"])].copy()
    report["quarter"] = report["Last Stage Change Date"].dt.to_period("Q").astype("str")
    return report[report["quarter"] != "2025Q4"]


def recorded(deals: pd.DataFrame) -> pd.Series:
    lost = deals[deals["Stage"] == "Closed Lost"]
    return lost["Loss Reason"].map(MEANING).fillna("unknown").value_counts()


def test_ten_quarters_close_about_180_deals_each(closed):
    a_quarter = closed.groupby("quarter").size()
    assert len(a_quarter) == 10 and a_quarter.index[-1] == FOCUS
    assert a_quarter.between(145, 225).all()
    assert 170 <= a_quarter.mean() <= 190


def test_about_a_third_is_lost(closed):
    stages = pd.crosstab(closed["quarter"], closed["Stage"])
    assert stages["Closed Lost"].between(40, 80).all()
    assert stages["Closed Won"].between(90, 155).all()
    assert 56 <= stages["Closed Lost"].mean() <= 64
    assert 112 <= stages["Closed Won"].mean() <= 128


def test_recorded_fates_of_the_lost_deals(closed):
    a_quarter = recorded(closed) / 10
    assert 16 <= a_quarter["competitor"] <= 20
    assert 13.5 <= a_quarter["status_quo"] <= 16.5
    assert 3.5 <= a_quarter["disqualified"] <= 6.5
    assert 20 <= a_quarter["unknown"] <= 25


def test_focus_quarter_holds_enough_of_every_fate(closed):
    focus = closed[closed["quarter"] == FOCUS]
    assert 45 <= (focus["Stage"] == "Closed Lost").sum() <= 75
    counts = recorded(focus)
    assert counts["competitor"] >= 10 and counts["status_quo"] >= 10
    assert counts["disqualified"] >= 2 and counts["unknown"] >= 14


def test_a_fifth_to_a_quarter_of_the_losses_have_no_reason(closed):
    lost = closed[closed["Stage"] == "Closed Lost"]
    assert 0.19 <= lost["Loss Reason"].isna().mean() <= 0.26


def test_price_is_recorded_more_often_than_it_was_the_cause(closed, plain_company):
    lost = closed[closed["Stage"] == "Closed Lost"]
    said = lost["Loss Reason"].str.contains("Price", na=False).mean()
    truth = pd.DataFrame(plain_company.truth["deals"]).set_index("deal_id")
    true = (truth.loc[lost["Opportunity ID"], "cause"] == "price_value").mean()
    assert said > 1.5 * true > 0


def test_some_reasons_hold_two_values_and_won_deals_none(closed):
    lost = closed[closed["Stage"] == "Closed Lost"]
    assert 0.005 <= lost["Loss Reason"].str.contains(";", na=False).mean() <= 0.06
    assert closed.loc[closed["Stage"] == "Closed Won", "Loss Reason"].isna().all()


def test_about_200_deals_are_open_and_say_so(plain_report):
    is_open = ~plain_report["Stage"].isin(["Closed Won", "Closed Lost"])
    assert 170 <= is_open.sum() <= 240
    assert plain_report.loc[is_open, "Loss Reason"].isna().all()
    assert set(plain_report.loc[is_open, "Forecast Category"]) == {"Pipeline", "Best Case", "Most Likely", "Commit"}
    final = plain_report[~is_open].groupby("Stage")["Forecast Category"].unique()
    assert list(final["Closed Won"]) == ["Closed"] and list(final["Closed Lost"]) == ["Omitted"]


def test_close_date_of_some_lost_deals_is_still_the_old_hope(closed):
    same = closed["Close Date"] == closed["Last Stage Change Date"]
    assert same[closed["Stage"] == "Closed Won"].all()
    assert 0.1 <= (~same[closed["Stage"] == "Closed Lost"]).mean() <= 0.25


def test_amounts_are_positive_with_a_heavy_tail(plain_report):
    amount = plain_report["Amount"]
    assert amount.gt(0).all()
    assert 34_000 <= amount.median() <= 48_000
    assert amount.mean() > 1.4 * amount.median()


def test_dates_run_forward_and_nothing_is_later_than_the_extraction(plain_report):
    extracted = pd.Timestamp("2025-10-06")
    assert (plain_report["Created Date"] <= plain_report["Last Stage Change Date"]).all()
    assert (plain_report[["Created Date", "Last Stage Change Date"]] <= extracted).all(axis=None)


def test_probability_belongs_to_the_stage(plain_report):
    stated = plain_report.groupby("Stage")["Probability (%)"].unique().map(list).to_dict()
    assert stated == {
        "Prospecting": ["10"], "Qualification": ["20"], "Needs Analysis": ["40"], "Proposal": ["60"],
        "Negotiation": ["80"], "Closed Won": ["100"], "Closed Lost": ["0"],
    }  # fmt: skip


def test_twenty_four_reps_under_five_managers_in_four_regions(plain_report):
    assert plain_report["Opportunity Owner"].nunique() == 24
    assert plain_report["Opportunity Owner: Manager"].nunique() == 5
    assert plain_report["Owner Role"].nunique() == plain_report["Sales Region"].nunique() == 4
    assert plain_report.groupby("Opportunity Owner")["Opportunity Owner: Manager"].nunique().eq(1).all()


def test_competitors_are_unequal_and_fifteen_accounts_buy_often(plain_report):
    named = plain_report["Main Competitor(s)"].dropna().str.split(";").explode().value_counts()
    assert len(named) == 12
    assert 0.55 <= named.iloc[:3].sum() / named.sum() <= 0.85
    bought = plain_report["Account Name"].value_counts()
    assert 14 <= bought.ge(7).sum() <= 16
    assert bought.iloc[20:].max() <= 9
