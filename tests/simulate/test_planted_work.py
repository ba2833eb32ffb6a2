"""What is planted in events, contacts, milestones, interviews, reviews and quotas, counted again with pandas alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from postmortem.simulate import Company, build, preset_parameters, simulate
from postmortem.simulate.practice import BLINDSIDES, COMMITMENTS, Practice

DAY = pd.Timedelta(days=1)


def truth_of(company: Company) -> pd.DataFrame:
    """Return the truth by deal, with the days of creation and real loss, and whether it is over and logged."""
    truth = pd.DataFrame(company.truth["deals"]).set_index("deal_id")
    truth["closes_on"], truth["died_on"] = pd.to_datetime(truth["closes_on"]), pd.to_datetime(truth["died_on"])
    truth["created"] = company.tables["deals"].set_index("deal_id")["created_at"]
    truth["won"] = truth["fate"] == "won"
    return truth.assign(logged=truth["closes_on"] + 61 * DAY <= pd.Timestamp(company.as_of))


def practice_of(company: Company) -> Practice:
    practice = company.parameters.practice
    assert practice is not None
    return practice


def near(seen: pd.Series, share: float, errors: float = 4.0) -> bool:
    return abs(seen.mean() - share) < errors * np.sqrt(share * (1 - share) / len(seen))


@pytest.fixture(scope="module")
def truth(full_company: Company) -> pd.DataFrame:
    return truth_of(full_company)


@pytest.fixture(scope="module")
def events(full_company: Company, truth: pd.DataFrame) -> pd.DataFrame:
    events = full_company.tables["events"].join(truth, on="deal_id")
    return events.assign(day=events["occurred_at"].dt.tz_localize(None).dt.normalize())


def have(truth: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    return pd.Series(truth.index.isin(rows["deal_id"]), index=truth.index)


def test_marks_have_the_planted_prevalence_in_won_and_in_lost_deals(full_company, truth):
    for cause, (of_won, of_lost) in practice_of(full_company).marking.prevalence.items():
        marked = truth[f"has_{cause}"]
        assert near(marked[truth["won"]], of_won) and near(marked[~truth["won"]], of_lost), cause
        assert marked[truth["cause"] == cause].all(), cause


@pytest.mark.thorough
@pytest.mark.parametrize("cause", BLINDSIDES)
def test_one_cause_marks_a_quarter_of_wins_and_nearly_half_of_losses_and_the_others_all_alike(cause):
    truth = truth_of(simulate("one-cause", cause=cause, quarters=4, deals_per_quarter=200, seed=3))
    for other in BLINDSIDES:
        planted = 0.45 if other == cause else 0.25
        marked = truth[f"has_{other}"]
        assert near(marked[truth["won"]], 0.25) and near(marked[~truth["won"]], planted), other


def test_a_mark_shows_nearly_always_and_its_absence_seldom(full_company, truth):
    marking = practice_of(full_company).marking
    for cause in BLINDSIDES:
        marked = truth[f"has_{cause}"] == 1
        shown = truth[f"shows_{cause}"]
        assert near(shown[marked], marking.shown) and near(shown[~marked], marking.by_chance), cause


def test_a_true_buyer_not_engaged_shows_in_the_contact_roles(full_company, truth):
    contacts = full_company.tables["contacts"].join(truth["created"], on="deal_id")
    decides = have(truth, contacts[contacts["role"] == "Economic Buyer"])
    shows = truth["shows_true_buyer_not_engaged"] == 1
    lived = (truth["closes_on"] >= truth["created"] + 30 * DAY) & truth["logged"]
    assert not decides[shows].any() and decides[~shows & lived].all()
    number = contacts.groupby("deal_id").size().reindex(truth.index)
    # A single contact in 55 of 100, unless somebody new comes late, which happens in 35.
    assert near((number == 1)[shows & lived], 0.55 * 0.65) and (number == 1)[~shows & lived].sum() == 0
    new = contacts[contacts["role"] == "Decision Maker"].set_index("deal_id")["first_seen_at"]
    alive = (truth["died_on"] - truth["created"]).loc[new.index]
    assert shows.loc[new.index].all() and len(new) > 300
    assert ((new - truth["created"].loc[new.index]) >= 0.8 * alive - 1 * DAY).all()


def test_no_trust_shows_in_missing_proof_and_late_risk_in_late_reviews(events, truth):
    lived = (truth["died_on"] >= truth["created"] + 50 * DAY) & truth["logged"]
    proven = have(truth, events[events["kind"].isin(["reference", "pilot"])])
    shows = truth["shows_no_trust_in_delivery"] == 1
    assert not proven[shows].any() and proven[~shows & lived].all()
    reviews = events[events["kind"].isin(["security_review", "legal_review", "procurement"])]
    share = (reviews["day"] - reviews["created"]) / (reviews["closes_on"] - reviews["created"])
    late = reviews["shows_risk_not_understood"] == 1
    long = reviews["closes_on"] >= reviews["created"] + 60 * DAY
    assert share[late & long].min() > 0.75
    early = reviews[~late]
    assert (early["day"] <= early["created"] + 51 * DAY).all()
    assert have(truth, early)[(truth["shows_risk_not_understood"] == 0) & lived].all()


def test_needs_not_uncovered_show_in_proposals_before_discovery(events, truth):
    sent = events[events["kind"] == "proposal_sent"].groupby("deal_id")["occurred_at"].min().reindex(truth.index)
    found = events[events["kind"] == "discovery"].groupby("deal_id")["occurred_at"].min().reindex(truth.index)
    shows = truth["shows_needs_not_uncovered"] == 1
    in_time = sent >= (truth["created"] + 20 * DAY).dt.tz_localize("UTC")
    alive = sent < truth["died_on"].dt.tz_localize("UTC")
    rows = truth["logged"] & in_time & alive
    assert not (found < sent)[shows].any()
    assert rows.sum() > 2_000 and (found < sent)[rows & ~shows].all()


def test_no_opportunity_and_no_qualification_show_in_commitments_and_next_steps(full_company, events, truth):
    met = full_company.tables["milestones"].join(truth, on="deal_id")
    qualified = have(truth, met[met["stage"] == "Qualification"])
    assert not qualified[truth["shows_not_an_opportunity"] == 1].any()
    shows = truth["shows_not_qualified_continuously"] == 1
    agreed = have(truth, events[events["next_step_agreed"].fillna(False).astype(bool)])
    needs = have(truth, met[met["milestone"] == COMMITMENTS[2][0]])
    assert not agreed[shows].any() and not needs[shows].any()
    won = truth["won"] & truth["logged"] & ~shows
    assert near(needs[won], 1 - practice_of(full_company).activity.unmet)
    asked = events[
        (events["side"] == "both") & events["next_step_agreed"].notna() & ~events["deal_id"].isin(truth.index[shows])
    ]
    assert near(asked["next_step_agreed"].astype(bool), practice_of(full_company).activity.next_step_share)


def test_commitments_are_met_in_their_stage_and_never_after_the_buyer_left(full_company, truth):
    met = full_company.tables["milestones"].join(truth, on="deal_id")
    assert (met["met_at"] >= met["created"]).all() and (met["met_at"] <= met["died_on"]).all()
    assert (met["recorded_at"].dt.tz_localize(None) >= met["met_at"]).all()
    late = met["recorded_at"].dt.tz_localize(None) > met["met_at"] + 5 * DAY
    old = met["met_at"] < pd.Timestamp(full_company.as_of) - 90 * DAY
    assert near(late[old], practice_of(full_company).activity.logged_late)


def test_no_buyer_acts_after_the_deal_died_and_sellers_go_on_for_a_while(events, full_company):
    lost = events[~events["won"]]
    buyer = lost["side"].isin(["buyer", "both"])
    assert set(events["side"]) == {"buyer", "both", "seller"}
    assert (lost.loc[buyer, "day"] <= lost.loc[buyer, "died_on"]).all()
    after = (lost.loc[~buyer, "day"] - lost.loc[~buyer, "died_on"]).dt.days
    assert (after > 0).sum() > 1_000 and after.max() <= 41
    assert (events["day"] <= events["closes_on"]).all() and (events["day"] >= events["created"]).all()
    assert events["recorded_at"].max() < pd.Timestamp(full_company.as_of, tz="UTC") + DAY


def test_the_buyers_of_won_deals_act_at_the_declared_rate(events, truth, full_company):
    rows = truth[truth["won"] & truth["logged"] & (truth["shows_not_an_opportunity"] == 0)]
    days = (rows["closes_on"] - rows["created"]).dt.days.sum()
    acts = ((events["side"] == "buyer") & events["deal_id"].isin(rows.index)).sum()
    rate = practice_of(full_company).activity.buyer_rate
    # Counts are Poisson; what a proposal left alone moves beyond the close is lost, which is little.
    assert abs(acts - rate * days) < 0.03 * rate * days


def test_some_events_are_logged_late(events, full_company):
    old = events[events["day"] < pd.Timestamp(full_company.as_of) - 61 * DAY]
    delay = old["recorded_at"] - old["occurred_at"]
    late = delay > pd.Timedelta(0)
    assert near(late, practice_of(full_company).activity.logged_late)
    assert delay[late].min() >= 7 * DAY and delay.max() <= 60 * DAY


def test_proposals_are_followed_up_within_the_week_or_left_alone(events, truth, full_company):
    sent = events[events["kind"] == "proposal_sent"].groupby("deal_id")["occurred_at"].min()
    rows = truth.loc[sent.index].assign(sent=sent)
    rows = rows[rows["logged"] & (rows["died_on"].dt.tz_localize("UTC") > rows["sent"] + 8 * DAY)]
    acts = events[events["side"].isin(["buyer", "both"])].join(sent.rename("sent"), on="deal_id")
    since = acts["occurred_at"] - acts["sent"]
    within = acts[(since > pd.Timedelta(0)) & (since <= 7 * DAY)]
    followed = have(rows, within)
    assert (followed == (rows["left_alone"] == 0)).all()
    of_won, of_lost = practice_of(full_company).activity.left_alone
    assert near(rows.loc[rows["won"], "left_alone"], of_won) and near(rows.loc[~rows["won"], "left_alone"], of_lost)


def test_contacts_of_events_are_known_people_of_the_deal(events, full_company):
    people = full_company.tables["contacts"]
    known = events.merge(people, on=["deal_id", "contact_id"], how="left")
    named = known["contact_id"].notna()
    assert named.mean() > 0.99 and (known.loc[named, "first_seen_at"] <= known.loc[named, "day"]).all()


def test_prices_show_the_planted_gap_and_the_gap_takes_deals(full_company, truth):
    rivals, history = full_company.tables["competitors"], full_company.tables["history"]
    first = history[(history["field"] == "amount") & history["old_value"].isna()].set_index("deal_id")["new_value"]
    rows = rivals.join(truth["price_gap"], on="deal_id").join(first.astype("float64").rename("quoted"), on="deal_id")
    rows = rows[rows["price"].notna()]
    assert near(rivals["price"].notna(), practice_of(full_company).influences.price_known)
    assert (rows["currency"] == "USD").all() and (rivals.loc[rivals["price"].isna(), "currency"].isna()).all()
    alone = rows.groupby("deal_id").filter(lambda some: len(some) == 1)
    seen = np.log(alone["quoted"] / alone["price"])
    near_gap = (seen - alone["price_gap"]).abs() < 0.02
    assert near_gap.mean() > 0.5 and (seen <= alone["price_gap"] + 0.1).dropna().mean() > 0.95
    known = truth[truth["price_gap"].notna() & (truth["won"] | (truth["lost_to"] == "competitor"))]
    slope, error = log_odds(~known["won"], known[["price_gap"]])
    planted = practice_of(full_company).influences.price / 0.1
    assert abs(slope - planted) < 4 * error and slope > 4 * error


def test_the_rollout_raises_the_odds_of_winning_by_what_is_planted(full_company, truth):
    plan = practice_of(full_company).influences
    rollouts = full_company.tables["rollouts"]
    started = pd.Timestamp("2024-07-01")
    assert (rollouts["started_at"] == started).all() and len(rollouts) == len(plan.rollout_teams)
    team = full_company.tables["history"].query("field == 'owner_id' and old_value.isna()").set_index("deal_id")
    team = team["new_value"].map(full_company.tables["reps"].set_index("rep_id")["team"]).reindex(truth.index)
    exposed = team.isin(rollouts["team"]) & (truth["created"] >= started)
    assert (exposed == (truth["rolled_out"] == 1)).all()
    columns = pd.get_dummies(team, drop_first=True).assign(after=truth["created"] >= started)
    estimate, error = log_odds(truth["won"], pd.concat([truth["rolled_out"], columns], axis=1))
    assert abs(estimate - plan.rollout) < 4 * error


def test_accounts_whose_rep_left_lose_more_to_competitors():
    base = preset_parameters("full")
    practice = base.practice
    assert practice is not None
    loud = replace(practice, influences=replace(practice.influences, turnover=2.0))
    truth = truth_of(build(replace(base, practice=loud, deals_per_quarter=300)))
    taken = truth["lost_to"] == "competitor"
    left = truth["rep_left"] == 1
    assert left.sum() > 100 and taken[left].mean() > taken[~left].mean() + 0.15


def log_odds(outcome: pd.Series, columns: pd.DataFrame) -> tuple[float, float]:
    """Return the first coefficient of a logistic regression and its error, by Newton steps written out here."""
    matrix = np.column_stack([columns.to_numpy(dtype=float), np.ones(len(columns))])
    wanted, found = outcome.to_numpy(dtype=float), np.zeros(matrix.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-matrix @ found))
        information = (matrix * (chance * (1 - chance))[:, None]).T @ matrix
        found = found + np.linalg.solve(information, matrix.T @ (wanted - chance))
    return float(found[0]), float(np.sqrt(np.linalg.inv(information)[0, 0]))


def test_reps_write_what_the_misreporting_matrix_says():
    base = preset_parameters("full")
    company = build(replace(base, recording=replace(base.recording, blank_sd=0.0, price_sd=0.0), deals_per_quarter=300))
    truth = truth_of(company)
    said = company.tables["deals"].set_index("deal_id")
    said = said.loc[said["outcome"] == "lost", "loss_reason_raw"].fillna("")
    rows = truth.loc[said.index].assign(said=said)
    tails = []
    for (lost_to, cause), some in rows.groupby(["lost_to", "cause"]):
        told = pd.Series(company.truth["misreporting"][lost_to][cause])
        assert told.sum() == pytest.approx(1, abs=0.005)
        expected = told / told.sum() * len(some)
        seen = some["said"].value_counts().reindex(told.index, fill_value=0)
        small = expected < 5
        seen = pd.concat([seen[~small], pd.Series([seen[small].sum()])])
        expected = pd.concat([expected[~small], pd.Series([expected[small].sum()])])
        if len(seen) > 2 and expected.iloc[-1] > 0:
            tails.append(stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue)
    assert len(tails) > 15 and min(tails) > 0.05 / len(tails) / 10
    assert stats.kstest(tails, "uniform").pvalue > 0.001


def test_interviews_are_drawn_with_the_probability_on_record(full_company, truth):
    interviews, deals = full_company.tables["interviews"], full_company.tables["deals"]
    plan = practice_of(full_company).interviewing
    closed = deals[(deals["outcome"] != "open") & (deals["closed_at"] < pd.Timestamp(full_company.as_of) - 14 * DAY)]
    reason = closed["loss_reason_raw"].fillna("")
    stratum = np.select(
        [closed["outcome"] == "won", reason.str.contains("Price"), reason == ""],
        ["won", "lost, price", "lost, no reason"],
        "lost, other reason",
    )
    drawn = closed["deal_id"].isin(interviews["deal_id"])
    for name, share in plan.drawn.items():
        assert near(drawn[stratum == name], share), name
    assert (interviews["stratum"].map(dict(plan.drawn)) == interviews["inclusion_probability"]).all()
    assert interviews["deal_id"].is_unique
    # By lot: among lost deals whose reason is another one, the true cause makes no difference.
    some = closed["deal_id"][stratum == "lost, other reason"]
    table = pd.crosstab(truth.loc[some, "cause"].to_numpy(), drawn[stratum == "lost, other reason"].to_numpy())
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_interviews_go_their_way_in_order_and_none_is_ahead_of_the_extraction(full_company):
    rows = full_company.tables["interviews"]
    as_of = pd.Timestamp(full_company.as_of)
    for name in ("drawn_at", "invited_at", "held_at"):
        assert (rows[name].dropna() <= as_of).all()
    assert (rows["drawn_at"] < rows["invited_at"])[rows["invited_at"].notna()].all()
    assert (rows["held_at"].notna() == (rows["status"] == "held")).all()
    assert (rows["consent"] == "none")[rows["status"] != "held"].all()
    assert set(rows["status"]) == {"drawn", "invited", "declined", "no_answer", "held"}
    order = rows.groupby(rows["drawn_at"].dt.to_period("Q"))["draw_order"].agg(["min", "max", "size"])
    assert (order["min"] == 1).all() and (order["max"] == order["size"]).all()
    asked = rows[rows["status"].isin(["held", "declined", "no_answer"])]
    lost = truth_of(full_company).loc[asked["deal_id"], "lost_to"].fillna("won").to_numpy()
    answers = (asked["status"] == "held")[lost != "competitor"]
    assert near(answers, practice_of(full_company).interviewing.response)
    odds = 0.6 / 0.4 * np.exp(practice_of(full_company).interviewing.response_competitor)
    assert near((asked["status"] == "held")[lost == "competitor"], odds / (1 + odds))


def test_interviews_that_are_selected_have_no_probability_and_reach_other_deals():
    base = preset_parameters("full")
    practice = base.practice
    assert practice is not None
    chosen = replace(practice, interviewing=replace(practice.interviewing, selection=2.5))
    company = build(replace(base, practice=chosen, quarters=8, deals_per_quarter=400))
    truth, rows = truth_of(company), company.tables["interviews"]
    assert rows["inclusion_probability"].isna().all()
    lost = truth[(truth["lost_to"] == "competitor") & (truth["closes_on"] < pd.Timestamp(company.as_of) - 14 * DAY)]
    drawn = pd.Series(lost.index.isin(rows["deal_id"]), index=lost.index)
    price = lost["cause"] == "price_value"
    assert drawn[price].mean() > drawn[~price].mean() + 0.2


def test_buyers_name_the_true_cause_with_the_planted_candour_and_coders_mostly_agree(full_company, truth):
    reasons = full_company.tables["reasons"]
    words = reasons[reasons["rater_type"] == "buyer"]
    plan = practice_of(full_company).interviewing
    first = words[(words["coder_id"] == "Coder 1") & (words["rank"] == "primary")].set_index("deal_id")
    assert first.index.is_unique and near(first["code"] == truth.loc[first.index, "cause"], plan.candour)
    assert near(first["lost_to"] == truth.loc[first.index, "lost_to"], plan.lost_to_right)
    second = words[(words["coder_id"] == "Coder 2")].set_index("deal_id")
    assert near(pd.Series(first.index.isin(second.index)), plan.double_coded)
    assert near(second["code"] == first.loc[second.index, "code"], plan.coder_agreement)
    held = full_company.tables["interviews"].query("status == 'held'").set_index("interview_id")
    assert set(words["interview_id"]) <= set(held.index)
    assert (words["recorded_at"].dt.tz_localize(None) > held["held_at"].loc[words["interview_id"]].to_numpy()).all()
    # The rep's word is another one far more often than not, which is what the interviews are for.
    rep = reasons[(reasons["rater_type"] == "rep") & (reasons["rank"] == "primary")].set_index("deal_id")["code"]
    both = first["code"].to_frame("buyer").join(rep.rename("rep"), how="inner")
    assert (both["buyer"] == both["rep"]).mean() < 0.35


def test_ratings_have_the_planted_means(full_company, truth):
    ratings = full_company.tables["ratings"].merge(full_company.tables["interviews"], on="interview_id")
    won = truth.loc[ratings["deal_id"], "won"].to_numpy()
    for name, (of_won, of_lost) in practice_of(full_company).interviewing.ratings.items():
        for outcome, planted in ((True, of_won), (False, of_lost)):
            scores = ratings["score"][(ratings["dimension"] == name) & (won == outcome)]
            assert abs(scores.mean() - planted) < 4 * scores.std() / np.sqrt(len(scores)) + 0.1, name
    assert ratings["score"].between(1, 10).all() and (ratings["status"] == "held").all()


def test_managers_see_marks_as_well_as_planted(full_company, truth):
    reviews = full_company.tables["reviews"]
    plan = practice_of(full_company).reviewing
    rows = truth.loc[reviews["deal_id"]].reset_index()
    marked = np.zeros(len(rows), dtype=bool)
    for cause in BLINDSIDES:
        marked |= (reviews["question"].to_numpy() == cause) & (rows[f"has_{cause}"] == 1).to_numpy()
    assert near(reviews["answer"] == "unknown", plan.not_known)
    yes, told = (reviews["answer"] == "yes").to_numpy(), (reviews["answer"] != "unknown").to_numpy()
    assert near(pd.Series(yes[told & marked]), plan.sees)
    won = rows["won"].to_numpy()
    assert near(pd.Series(yes[told & ~marked & won]), plan.wrong_yes)
    assert near(pd.Series(yes[told & ~marked & ~won]), plan.wrong_yes + plan.hindsight)
    assert (reviews["evidence"].notna().to_numpy() == yes).all()
    deals = full_company.tables["deals"]
    lost = deals[deals["outcome"] == "lost"]["deal_id"]
    assert near(lost.isin(reviews["deal_id"]), plan.lost_share)
    closed = deals.set_index("deal_id").loc[reviews["deal_id"].unique()]
    number = closed.groupby(closed["closed_at"].dt.to_period("Q"))["outcome"].value_counts().unstack()
    assert (number["won"] < number["lost"]).all() and (number["won"] > 0.3 * number["lost"]).all()


def test_what_was_attained_is_what_was_won(full_company):
    deals, quotas = full_company.tables["deals"], full_company.tables["quotas"]
    won = deals[deals["outcome"] == "won"]
    quarter = won["closed_at"].dt.to_period("Q").astype("str")
    attained = won.groupby([won["owner_id"], quarter])["amount"].sum()
    keys = pd.MultiIndex.from_frame(quotas[["rep_id", "quarter"]])
    assert np.allclose(quotas["attained"], attained.reindex(keys).fillna(0.0), atol=0.005)
    over = quarter[quarter <= "2025Q3"]
    assert attained.loc[(slice(None), sorted(set(over)))].sum() == pytest.approx(quotas["attained"].sum())
    assert quotas["quota"].gt(0).all() and (quotas["quota"] % 5_000 == 0).all()
    assert 0.2 < (quotas["attained"] >= quotas["quota"]).mean() < 0.7


def test_guesses_are_sealed_after_the_quarter_and_before_the_extraction(full_company):
    guesses = full_company.tables["guesses"]
    end = pd.PeriodIndex(guesses["quarter"], freq="Q").end_time
    sealed = guesses["sealed_at"].dt.tz_localize(None)
    assert (sealed > end).all() and (sealed < pd.Timestamp(full_company.as_of)).all()
    assert guesses["value"].astype("float64").between(0, 1).all() and guesses["quarter"].nunique() == 4
