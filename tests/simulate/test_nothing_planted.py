"""In a company with nothing planted, nothing known before the end sets lost deals apart from won ones beyond chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from postmortem.simulate import Company, preset_parameters, simulate

AGE = pd.Timedelta(days=60)


def known_at_sixty_days(company: Company) -> tuple[pd.DataFrame, pd.Series]:
    """Return what was known of deals still open 60 days after their creation, and whether they were lost."""
    tables = company.tables
    deals = tables["deals"].set_index("deal_id")
    rows = deals[(deals["outcome"] != "open") & (deals["closed_at"] > deals["created_at"] + AGE)]
    landmark = (rows["created_at"] + AGE).dt.tz_localize("UTC")

    def seen(name: str, column: str) -> pd.DataFrame:
        frame = tables[name].join(landmark.rename("landmark"), on="deal_id", how="inner")
        moments = frame[column] if frame[column].dt.tz is not None else frame[column].dt.tz_localize("UTC")
        return frame[moments < frame["landmark"]]

    def any_of(frame: pd.DataFrame) -> np.ndarray:
        return rows.index.isin(frame["deal_id"])

    events, contacts = seen("events", "recorded_at"), seen("contacts", "first_seen_at")
    met, rivals, history = (
        seen("milestones", "recorded_at"),
        seen("competitors", "recorded_at"),
        seen("history", "changed_at"),
    )
    buyer = events[events["side"] != "seller"]
    found = events[events["kind"] == "discovery"].groupby("deal_id")["occurred_at"].min().reindex(rows.index)
    sent = events[events["kind"] == "proposal_sent"].groupby("deal_id")["occurred_at"].min().reindex(rows.index)
    last = buyer.groupby("deal_id")["occurred_at"].max().reindex(rows.index)
    pushes = history[(history["field"] == "expected_close_date") & history["old_value"].notna()]
    state = history.groupby(["deal_id", "field"])["new_value"].last().unstack().reindex(rows.index)
    known = {
        "decides": any_of(contacts[contacts["role"] == "Economic Buyer"]),
        "contacts": contacts.groupby("deal_id").size().reindex(rows.index).fillna(0).clip(upper=4).to_numpy(),
        "proof": any_of(events[events["kind"].isin(["reference", "pilot"])]),
        "review": any_of(events[events["kind"].isin(["security_review", "legal_review", "procurement"])]),
        "discovery": any_of(events[events["kind"] == "discovery"]),
        "proposal first": (sent.notna() & ~(found < sent)).to_numpy(),
        "next step": any_of(events[events["next_step_agreed"].fillna(False).astype(bool)]),
        "qualified": any_of(met[met["stage"] == "Qualification"]),
        "needs": any_of(met[met["stage"] == "Needs Analysis"]),
        "silent": (last < landmark - pd.Timedelta(days=30)).to_numpy(),
        "competitors": rivals.groupby("deal_id").size().reindex(rows.index).fillna(0).clip(upper=2).to_numpy(),
        "pushed": any_of(pushes),
        "stage": state["stage"].to_numpy(),
        "category": state["forecast_category"].to_numpy(),
        "amount": pd.qcut(state["amount"].astype("float64"), 4, labels=False).to_numpy(),
        "existing": rows["is_existing_customer"].astype(bool).to_numpy(),
        "segment": rows["segment"].to_numpy(),
        "product": rows["product"].to_numpy(),
        "owner": state["owner_id"].to_numpy(),
        "quarter": rows["created_at"].dt.quarter.to_numpy(),
    }
    return pd.DataFrame(known, index=rows.index), rows["outcome"] == "lost"


def associations(known: pd.DataFrame, lost: pd.Series) -> pd.DataFrame:
    found = {}
    for name in known:
        statistic, p, freedom, _ = stats.chi2_contingency(pd.crosstab(known[name], lost), correction=False)
        found[name] = (statistic, freedom, p)
    return pd.DataFrame(found, index=["statistic", "freedom", "p"]).T


def test_nothing_known_before_the_end_goes_with_losing_in_the_null_company(null_company):
    found = associations(*known_at_sixty_days(null_company))
    # The variables hang together, so their sum is no exact chi-square; Bonferroni holds for the smallest p.
    assert len(found) == 20 and found["p"].min() > 0.01 / len(found)
    assert found["statistic"].sum() < stats.chi2.ppf(0.999, found["freedom"].sum())


def test_the_same_check_finds_what_is_planted(full_company):
    found = associations(*known_at_sixty_days(full_company))
    for name in ("decides", "next step", "proof", "discovery", "qualified"):
        assert found.loc[name, "p"] < 1e-4, name
    assert found["statistic"].sum() > 3 * stats.chi2.ppf(0.999, found["freedom"].sum())


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("cause", "shows"),
    [
        ("not_an_opportunity", {"qualified"}),
        ("not_qualified_continuously", {"next step", "needs"}),
        ("no_trust_in_delivery", {"proof"}),
        ("true_buyer_not_engaged", {"decides"}),
        ("risk_not_understood", {"review"}),
        ("needs_not_uncovered", {"discovery", "proposal first"}),
    ],
)
def test_one_cause_shows_where_it_should(cause, shows):
    company = simulate("one-cause", cause=cause, seed=7, quarters=6, deals_per_quarter=200)
    found = associations(*known_at_sixty_days(company))
    assert found["p"].idxmin() in shows and found["p"].min() < 1e-3


def test_one_cause_draws_everything_else_as_the_null_company_does():
    small = {"quarters": 2, "deals_per_quarter": 60, "seed": 4}
    null, one = simulate("null", **small), simulate("one-cause", cause="no_trust_in_delivery", **small)
    for name in ("deals", "history", "contacts", "milestones", "competitors", "quotas"):
        pd.testing.assert_frame_equal(null.tables[name], one.tables[name])
    proofs = [company.tables["events"]["kind"].isin(["reference", "pilot"]).sum() for company in (null, one)]
    assert proofs[0] > proofs[1]


def test_reps_differ_in_nothing_and_everyone_lives_to_the_close(null_company):
    truth = null_company.truth
    assert {value for planted in truth["reps"].values() for name, value in planted.items()} == {0.0}
    assert truth["deals"]["died_on"] == truth["deals"]["closes_on"]
    deals = null_company.tables["deals"]
    days = (deals["closed_at"] - deals["created_at"]).dt.days
    by_outcome = [days[deals["outcome"] == outcome] for outcome in ("won", "lost")]
    assert stats.ks_2samp(*by_outcome).pvalue > 0.01


def test_interviews_are_drawn_and_answered_by_lot(null_company):
    rows = null_company.tables["interviews"]
    truth = pd.DataFrame(null_company.truth["deals"]).set_index("deal_id").loc[rows["deal_id"]]
    asked = rows["status"].isin(["held", "declined", "no_answer"]).to_numpy()
    answers = pd.crosstab(
        truth["lost_to"].fillna("won")[asked].to_numpy(), (rows["status"] == "held")[asked].to_numpy()
    )
    assert stats.chi2_contingency(answers).pvalue > 0.01


def test_the_null_company_still_has_a_rollout_that_changes_nothing(null_company):
    practice = preset_parameters("null").practice
    assert practice is not None and practice.influences.rollout == practice.influences.price == 0
    truth = pd.DataFrame(null_company.truth["deals"])
    assert truth["rolled_out"].sum() > 250 and len(null_company.tables["rollouts"]) == 4
    assert stats.chi2_contingency(pd.crosstab(truth["rolled_out"], truth["fate"])).pvalue > 0.01
