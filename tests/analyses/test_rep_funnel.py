"""Who lies outside the expected range is counted, never named."""

from __future__ import annotations

from analysis_cases import cohort_of
from test_rep_variation import company

from postmortem.analyses.rep_funnel import rep_funnel


def test_dots_are_the_shares_of_sales_people_with_enough_deals_unnamed() -> None:
    cohort = company({f"Rep {n}": 0.5 for n in range(16)})
    result = rep_funnel(cohort)
    won = cohort.window_rows["resolution"].eq("won").groupby(cohort.window_rows["owner_id"]).mean()
    assert sorted(result.tables["dots"].rows["share"]) == sorted(won)
    assert all(column.role != "person" for table in result.tables.values() for column in table.columns)


def test_one_who_wins_everything_lies_outside() -> None:
    chance = {f"Rep {n}": 0.3 for n in range(16)} | {"Rep 3": 1.0}
    result = rep_funnel(company(chance, seed=2, each=12))
    rows = result.tables["dots"].rows
    assert rows.loc[rows["share"] == 1, "outside"].tolist() == [True]
    outside = int(rows["outside"].sum())
    assert result.headline.startswith(f"Outside the expected range: {outside} of 16 sales people, where chance alone")


def test_all_won_is_no_funnel() -> None:
    assert "deals both won and not won" in rep_funnel(company({f"Rep {n}": 1.0 for n in range(16)})).headline
    assert "of the 15 sales people with 8 deals needed" in rep_funnel(cohort_of("one deal")).headline
