"""Steps between categories: weeks walked by hand, and the history of a simulated company replayed deal by deal."""

from __future__ import annotations

import itertools
from collections import Counter

import pandas as pd
import pytest
from analysis_cases import Told, cohort_of, counted, forecast_of, told
from builders import FOCUS, change, forecast, make_book
from simulated_books import cohort_of as simulated
from simulated_books import company

from postmortem.analyses.weekly_moves import weekly_moves
from postmortem.frames import forecast_cohort
from postmortem.result import Result
from postmortem.stats import clustered_ratio

STEPS = ("commit", "most_likely", "best_case", "pipeline", "omitted")


def moved(number: int, fate: str, *moves: tuple[int, str], first: str = "commit") -> Told:
    """Return a deal called `first` at the opening, and otherwise from some days of the quarter on."""
    story = told(number, fate)
    history = [{**row, "new_value": first} if row["field"] == "forecast_category" else row for row in story.history]
    was = first
    for seq, (day, now) in enumerate(moves, start=2):
        history.append(change(number, "forecast_category", str(FOCUS.day(day)), was, now, seq))
        was = now
    return Told(story.deal, history)


# All are closed on day 60, in the ninth week: weeks 1 to 8 see them open.
QUARTER = [
    *(moved(number, "won") for number in range(1, 9)),
    moved(11, "lost_competitor", (20, "best_case")),
    moved(12, "lost_status_quo", (8, "best_case"), (30, "commit")),
    *(moved(number, "lost_competitor") for number in range(13, 16)),
    moved(21, "won", (40, "commit"), first="best_case"),
]


def grid(result: Result) -> dict[tuple[str, str], int]:
    return {(row.was, row.now): row.deals for row in result.tables["moves"].rows.itertuples()}


def test_every_week_a_deal_was_open_is_in_the_cell_its_history_says() -> None:
    result = weekly_moves(forecast_of(QUARTER, window=1))
    # 14 deals, each by 7 pairs of weeks in which it stayed open, and by the one in which it closed.
    assert grid(result) == {
        ("commit", "commit"): 8 * 7 + 3 * 7 + 1 + 3 + 2, ("commit", "best_case"): 2, ("commit", "won"): 9,
        ("commit", "lost"): 4, ("best_case", "best_case"): 5 + 2 + 4, ("best_case", "commit"): 2,
        ("best_case", "lost"): 1,
    }  # fmt: skip
    assert sum(grid(result).values()) == 14 * 8
    assert result.headline == (
        "From week to week of 2025Q3, forecast deals were called lower twice ($11k) and higher twice; of 5 deals lost "
        "after the first week, 2 had been called lower."
    )


def test_weeks_tell_when_steps_were_taken() -> None:
    weeks = weekly_moves(forecast_of(QUARTER, window=1)).tables["weeks"].keyed("week")
    assert list(weeks) == [str(week) for week in range(2, 10)]
    amounts = {each.deal["deal_id"]: each.deal["amount"] for each in QUARTER}
    assert [week for week, row in weeks.items() if row["lower"]] == ["2", "3"]
    assert [week for week, row in weeks.items() if row["higher"]] == ["5", "6"]
    assert weeks["2"]["amount_lower"] == amounts[QUARTER[9].deal["deal_id"]]
    assert (weeks["9"]["won"], weeks["9"]["lost"], weeks["9"]["deals"]) == (9, 5, 14)


def test_shares_are_those_of_the_window_with_the_weeks_of_one_person_together() -> None:
    cohort = cohort_of("forecast")
    row = weekly_moves(cohort).tables["moves"].rows.set_index(["was", "now"]).loc[("commit", "lost")]
    window = cohort.window_rows
    # Every deal of these stands in commit; it is open for eight week ends, or for thirteen where it stayed open.
    steps = window["resolution"].map(lambda fate: 12 if fate in ("slipped", "pushed_early") else 8)
    hits = window["resolution"].str.startswith("lost_").astype(float)
    assert (row["events"], row["n"]) == (hits.sum(), steps.sum())
    expected = clustered_ratio(hits, steps.astype(float), window["owner_id"].fillna("nobody")).interval
    assert (row["share"], row["low"], row["high"]) == pytest.approx((expected.estimate, expected.low, expected.high))


@pytest.mark.thorough
def test_a_simulated_history_walked_deal_by_deal_gives_the_same_grid() -> None:
    cohort = simulated(company("full"), forecast_cohort)
    book, quarter = cohort.book, cohort.focus
    days = [quarter.day(7 * week) for week in range(1, 13)] + [quarter.end]
    history = book.table("history").sort_values(["changed_at", "seq"], kind="stable")
    history = history[history["field"] == "forecast_category"]
    deals = book.deals.set_index("deal_id")
    found: Counter[tuple[str, str]] = Counter()
    for deal_id in cohort.focus_rows["deal_id"]:
        own, deal = history[history["deal_id"] == deal_id], deals.loc[deal_id]
        places = []
        for day in days:
            past = own[own["changed_at"] < book.meta.end_of_day(day)]
            closed = deal["outcome"] != "open" and deal["closed_at"] <= pd.Timestamp(day)
            places.append(deal["outcome"] if closed else past["new_value"].iloc[-1])
        found.update(pair for pair in itertools.pairwise(places) if pair[0] in STEPS)
    assert +Counter(grid(weekly_moves(cohort))) == found


def test_weeks_of_which_nothing_tells_are_no_steps() -> None:
    days = (4, 7, 14)
    snapshots = [
        {"as_of": str(FOCUS.day(day)), "deal_id": each.deal["deal_id"], "expected_close_date": str(FOCUS.day(80)),
         "forecast_category": "commit" if day < 14 else "best_case"}
        for each in QUARTER for day in days
    ]  # fmt: skip
    result = weekly_moves(forecast(make_book([each.deal for each in QUARTER], snapshots=snapshots), window=1))
    assert result.tables["total"].first["lower"] == len(QUARTER)
    assert result.tables["total"].first["higher"] == 0
    assert result.caveats == (
        "In 6 of 8 weeks the category of some of the open deals is not on record, so steps may be missing.",
    )


def test_refusals_say_what_is_missing() -> None:
    assert "no records of the forecast as it was" in weekly_moves(cohort_of("closed")).headline
    early = forecast_of(counted({"open": 20}), window=1, as_of=str(FOCUS.day(10)))
    assert "the end of the second week of 2025Q3" in weekly_moves(early).headline
    sheet = [
        {"as_of": str(FOCUS.day(-2)), "deal_id": each.deal["deal_id"], "category": "commit",
         "expected_close_date": str(FOCUS.day(80))}
        for each in QUARTER
    ]  # fmt: skip
    silent = forecast(make_book([each.deal for each in QUARTER], forecast_sheet=sheet), window=1)
    assert "the categories of the weeks of 2025Q3" in weekly_moves(silent).headline
