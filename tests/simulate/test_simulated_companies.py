"""Any company that can be simulated: reproducible, canonical, and refused with every fault at once."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from postmortem.cli.app import start
from postmortem.ground import schema
from postmortem.ground.errors import OutputBusy, UsageError
from postmortem.simulate import build, preset_parameters, simulate, write_files
from postmortem.simulate.days import dates, month_end, number, quarter_end, workday_after, workday_before
from postmortem.simulate.randomness import pick, pick_same, stream
from postmortem.simulate.world import Organisation
from postmortem.simulate.writers import files_of, salesforce_report

TABLES = {"deals", "history", "competitors", "reasons", "reps", "accounts"}
WORKED = {"events", "milestones", "contacts", "interviews", "ratings", "reviews", "rollouts", "quotas", "guesses"}


@pytest.mark.parametrize("preset", ["plain", "full"])
def test_tables_are_canonical(preset, request):
    company = request.getfixturevalue(f"{preset}_company")
    assert set(company.tables) == (TABLES if preset == "plain" else TABLES | WORKED)
    for name, frame in company.tables.items():
        table = schema.table(name)
        assert tuple(frame.columns) == table.names
        for column in table.columns:
            assert str(frame[column.name].dtype) == schema.DTYPES[column.kind], (name, column.name)
            if column.required:
                assert frame[column.name].notna().all(), (name, column.name)
            if column.values:
                assert set(frame[column.name].dropna()) <= set(column.values), (name, column.name)
        if table.key:
            assert not frame.duplicated(list(table.key)).any(), name


def test_equal_seeds_give_equal_files_and_others_do_not():
    first, again, other = (simulate("plain", seed=seed, quarters=3) for seed in (5, 5, 6))
    assert salesforce_report(first) == salesforce_report(again) != salesforce_report(other)
    full, other = (simulate("full", seed=seed, quarters=2, deals_per_quarter=25) for seed in (5, 6))
    again = files_of(simulate("full", seed=5, quarters=2, deals_per_quarter=25))
    one, two = files_of(full), files_of(other)
    assert one == again
    same = {name for name in one if one[name] == two[name]}
    assert same == {"process.toml", "postmortem.toml", "rollouts.csv.gz"}


def test_streams_do_not_depend_on_each_other():
    one, two, other = stream(1, "pipeline"), stream(1, "outcomes"), stream(2, "pipeline")
    drawn = one.random(4)
    assert not np.array_equal(drawn, two.random(4)) and not np.array_equal(drawn, other.random(4))
    assert np.array_equal(drawn, stream(1, "pipeline").random(4))


def test_what_reps_write_down_changes_no_deal():
    base = preset_parameters("plain")
    silent = build(replace(base, recording=preset_parameters("full").recording))
    loud = build(base)
    facts = ["deal_id", "account_name", "owner_id", "created_at", "outcome", "closed_at", "amount", "stage"]
    pd.testing.assert_frame_equal(silent.tables["deals"][facts], loud.tables["deals"][facts])
    assert not silent.tables["deals"]["loss_reason_raw"].equals(loud.tables["deals"]["loss_reason_raw"])


@pytest.mark.parametrize("preset", ["plain", pytest.param("full", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("deals_per_quarter", [1, 3])
def test_tiny_companies_are_whole(preset, deals_per_quarter, tmp_path):
    for seed in range(3):
        company = simulate(preset, quarters=1, deals_per_quarter=deals_per_quarter, seed=seed)
        assert all(path.is_file() for path in write_files(company, tmp_path))
        assert set(company.tables["history"]["deal_id"]) == set(company.tables["deals"]["deal_id"])


def test_extraction_is_on_the_sixth_day_of_the_next_quarter():
    company = simulate("plain", quarters=3, deals_per_quarter=20, first=dt.date(2024, 7, 1), seed=1)
    assert company.as_of == dt.date(2025, 4, 6)
    deals = company.tables["deals"]
    assert deals["created_at"].max() <= pd.Timestamp("2025-04-06")
    assert deals["closed_at"].min() >= pd.Timestamp("2024-07-01")


def test_reps_words_keep_two_reasons_apart(plain_company):
    reasons, deals = plain_company.tables["reasons"], plain_company.tables["deals"].set_index("deal_id")
    texts = deals["loss_reason_raw"].dropna()
    assert set(reasons["deal_id"]) == set(texts.index)
    both = reasons[reasons["text"].str.contains(";")]
    assert len(both) > 5
    assert (both["rank"] == "contributing").all() and both.groupby("deal_id").size().eq(2).all()
    taken = reasons[reasons["text"] == "Lost to Competitor"]
    assert taken["code"].isna().all() and (taken["lost_to"] == "competitor").all()


def test_names_differ_and_some_have_accents(full_company):
    accounts = full_company.tables["accounts"]
    assert accounts["account_name"].is_unique and accounts["account_id"].is_unique
    accented = accounts["account_name"].map(str.isascii).eq(False).mean()
    assert 0.03 < accented < 0.2
    assert accounts["account_name"].str.contains("'").any()
    people = set(full_company.tables["reps"]["rep_id"]) | set(full_company.tables["reps"]["manager_id"])
    assert len(people) == 24 + 9


def test_two_thousand_deals_take_well_under_five_seconds():
    started = time.process_time()
    company = simulate("plain", seed=3)
    assert len(company.tables["deals"]) > 1_900
    assert time.process_time() - started < 4.0


def test_every_unusable_value_is_named_at_once():
    with pytest.raises(UsageError) as caught:
        simulate("plain", quarters=0, deals_per_quarter=-1, seed=-3, first=dt.date(2024, 2, 1))
    assert [row.split(" ")[0] for row in caught.value.rows] == ["seed", "quarters", "deals_per_quarter", "first"]


def test_what_cannot_be_planted_is_named_at_once():
    base = preset_parameters("full")
    practice = base.practice
    assert practice is not None
    wrong = replace(
        practice,
        marking=replace(practice.marking, prevalence={"no_trust_in_delivery": (0.2, 1.2)}),
        influences=replace(practice.influences, rollout_teams=(1, 9)),
        interviewing=replace(practice.interviewing, drawn={"won": 1.0}),
    )
    with pytest.raises(UsageError) as caught:
        replace(base, practice=wrong)
    rows = "\n".join(caught.value.rows)
    assert len(caught.value.rows) == 5 + 1 + 1 + 1
    for said in (
        "true_buyer_not_engaged is missing",
        "(0.2, 1.2)",
        "'won' is 1.0",
        "rollout_teams has 9, expected 0 to 8",
    ):
        assert said in rows
    few = {**practice.marking.prevalence, "true_buyer_not_engaged": (0.2, 0.05)}
    with pytest.raises(UsageError, match="cannot mark so few"):
        build(replace(base, quarters=1, practice=replace(practice, marking=replace(practice.marking, prevalence=few))))


def test_unknown_preset_suggests_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'plain'"):
        simulate("plane")


def test_sales_force_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="fewer than 3 reps"):
        Organisation(reps=(9, 1, 5, 5))
    with pytest.raises(UsageError, match="names for"):
        Organisation(reps=(90, 5, 5, 5))


def test_command_says_what_is_wrong(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        start(["simulate", "plain", str(tmp_path / "x"), "--seed=-1"])
    assert left.value.code == 2
    assert "seed is -1, expected 0 or more" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(OutputBusy):
        write_files(simulate("plain", quarters=1, deals_per_quarter=5), tmp_path / "taken")


def test_workdays_and_ends_agree_with_pandas():
    days = np.arange(number(dt.date(2023, 1, 1)), number(dt.date(2025, 1, 1)))
    stamps = pd.DatetimeIndex(dates(days))
    assert (dates(workday_after(days)) == (stamps + pd.offsets.BDay(0)).to_numpy()).all()
    assert (dates(workday_before(days)) == stamps.map(pd.offsets.BDay().rollback)).all()
    assert (
        dates(month_end(days)) == (stamps.normalize() + pd.offsets.MonthEnd(0)).map(pd.offsets.BDay().rollback)
    ).all()
    ends = (stamps + pd.offsets.QuarterEnd(0)).map(pd.offsets.BDay().rollback)
    assert (dates(quarter_end(days)) == ends).all()


def test_draws_follow_their_weights():
    rng = stream(0, "test")
    drawn = pick_same(rng, (0.2, 0.0, 0.8), 20_000)
    assert np.bincount(drawn, minlength=3) / 20_000 == pytest.approx([0.2, 0.0, 0.8], abs=0.01)
    rows = pick(rng, np.eye(5))
    assert rows.tolist() == [0, 1, 2, 3, 4]
