"""Waterfall and leakage: GitLab's pipeline of day five, deal by deal, and sums that are exact to the cent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest
from builders import FOCUS, change, deal, forecast, make_book
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.book.file_states import forecast_in_files, forecasts_in_files
from postmortem.book.leakage import category_moves, standing_by_day, week_ends
from postmortem.book.store import save_book
from postmortem.book.waterfall import deal_movements
from postmortem.ground.errors import FrameRefused, UsageError

# The third quarter of 2025: day 5 is July 5th, day 75 September 13th.
OPENING, CLOSING, DUE = FOCUS.day(5), FOCUS.end, (FOCUS.start, FOCUS.end)
LATER = "2025-11-15"


def story(number, outcome="open", closed=None, *, created="2025-06-02", closes=(), amounts=(), to=None, called=()):
    """Return a deal and its history; steps are (day, value), and CRMs overwrite category and close at closing."""
    steps = {
        "expected_close_date": [(created, "2025-09-15"), *closes],
        "forecast_category": [(created, "commit"), *called],
        "amount": [(created, "1000.00"), *amounts],
    }
    if closed:
        steps["expected_close_date"].append((closed, closed))
        steps["forecast_category"].append((closed, "closed" if outcome == "won" else "omitted"))
    rows = [
        change(number, name, day, old, new)
        for name, values in steps.items()
        for (_, old), (day, new) in zip([("", None), *values[:-1]], values, strict=True)
    ]
    now = {name: values[-1][1] for name, values in steps.items()}
    now["amount"] = float(now["amount"])
    return deal(number, outcome, closed, created_at=created, lost_to_recorded=to, **now), rows


# The public handbook's day-5 analysis: what the pipeline of day five became, and what came to it afterwards.
DAY_FIVE = {
    # name: (story, what came and went, fate in the cohort or None where the deal was not in the forecast of day five)
    "won": (story(1, "won", "2025-08-20"), ("opening", "won"), "won"),
    "won for more": (story(2, "won", "2025-08-20", amounts=[("2025-08-01", "1500.50")]), ("opening", "won"), "won"),
    "slipped on day 75": (story(3, closes=[("2025-09-13", LATER)]), ("opening", "pushed_out"), "slipped"),
    "pushed out on day 74": (story(4, closes=[("2025-09-12", LATER)]), ("opening", "pushed_out"), "pushed_early"),
    "lost": (story(5, "lost", "2025-08-20", to="competitor"), ("opening", "lost"), "lost_competitor"),
    "open": (story(6), ("opening", "stayed"), "slipped"),
    "a duplicate": (story(7, "lost", "2025-07-20", to="disqualified"), ("opening", "lost"), "lost_disqualified"),
    "smaller": (story(8, amounts=[("2025-08-01", "400.10")]), ("opening", "stayed"), "slipped"),
    "created and landed": (story(9, "won", "2025-09-01", created="2025-07-20"), ("created", "won"), None),
    "created and lost": (story(10, "lost", "2025-09-01", created="2025-07-20"), ("created", "lost"), None),
    "created, open": (story(11, created="2025-07-20"), ("created", "stayed"), None),
    "pulled in": (
        story(12, closes=[("2025-06-03", LATER), ("2025-08-01", "2025-09-20")]), ("pulled_in", "stayed"), None,
    ),
    "pulled in and landed": (
        story(13, "won", "2025-09-01", closes=[("2025-06-03", LATER)]), ("pulled_in", "won"), None,
    ),
    "of another quarter": (story(14, closes=[("2025-06-03", LATER)]), None, None),
    "won before day five": (story(15, "won", "2025-07-03"), None, None),
    "created after the quarter": (story(16, created="2025-10-02"), None, None),
}  # fmt: skip
NUMBERS = {name: number for number, name in enumerate(DAY_FIVE, start=1)}


@pytest.fixture(scope="module")
def book():
    told = [each for each, _, _ in DAY_FIVE.values()]
    return make_book([row for row, _ in told], history=[step for _, steps in told for step in steps])


@pytest.fixture(scope="module")
def movements(book):
    return deal_movements(book, OPENING, CLOSING, DUE).set_index("deal_id")


@pytest.fixture(scope="module")
def fates(book):
    return forecast(book).focus_rows.set_index("deal_id")["resolution"]


@pytest.mark.parametrize("name", DAY_FIVE)
def test_gitlabs_definition_of_day_five_is_reproduced_deal_by_deal(movements, fates, name):
    _, moved, fate = DAY_FIVE[name]
    deal_id = f"D{NUMBERS[name]:04d}"
    assert fates.get(deal_id) == fate
    assert (tuple(movements.loc[deal_id, ["came", "went"]]) if deal_id in movements.index else None) == moved


def test_the_forecast_of_day_five_is_the_same_read_from_files(book, fates, tmp_path):
    save_book(book, tmp_path / "kept")
    files = (tmp_path / "kept" / "history.parquet", tmp_path / "kept" / "deals.parquet")
    found = forecast_in_files(*files, book.meta, OPENING, (OPENING, FOCUS.end), memory_limit="500MB")
    assert list(found["deal_id"]) == sorted(fates.index)
    rows = forecast(book).focus_rows.sort_values("deal_id", ignore_index=True)
    for field in ("forecast_category", "expected_close_date", "amount"):
        pd.testing.assert_series_equal(found[field], rows[field], check_dtype=False)


@pytest.mark.thorough
def test_forecasts_of_many_days_at_once_are_those_of_each_day_alone(book, tmp_path):
    # Few days are told by aggregation and many by spans: two ways to one answer.
    save_book(book, tmp_path / "kept")
    files = (tmp_path / "kept" / "history.parquet", tmp_path / "kept" / "deals.parquet")
    due = {quarter.day(day): (quarter.start, quarter.end) for quarter in FOCUS.trailing(3) for day in (5, 40, 80)}
    found = forecasts_in_files(*files, book.meta, due, fields=("amount", "forecast_category"), memory_limit="500MB")
    assert list(found.columns) == ["place", "deal_id", "amount", "forecast_category"]
    assert found["place"].nunique() > 2
    for place, (day, within) in enumerate(due.items()):
        alone = forecast_in_files(*files, book.meta, day, within, memory_limit="500MB")
        mine = found[found["place"] == place].drop(columns="place").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone[["deal_id", "amount", "forecast_category"]])


def test_files_of_todays_values_are_no_forecast(book, tmp_path):
    history = book.table("history")
    bare = replace(book, tables={**book.tables, "history": history[history["field"] == "amount"]})
    save_book(bare, tmp_path / "kept")
    files = (tmp_path / "kept" / "history.parquet", tmp_path / "kept" / "deals.parquet")
    with pytest.raises(FrameRefused, match="expected close date and forecast category"):
        forecast_in_files(*files, book.meta, OPENING, (OPENING, FOCUS.end))


def test_the_amounts_of_day_five_add_up_to_those_of_the_quarters_end(movements):
    total = movements.select_dtypes("Int64").sum()
    # Eight deals of 1,000 at the opening; five came; one grew by 500.50, one shrank by 599.90; nine went, four stayed.
    assert total.to_dict() == {
        "opening_cents": 800_000, "came_cents": 500_000, "change_cents": 50_050 - 59_990,
        "went_cents": 150_050 + 100_000 * 8, "closing_cents": 100_000 * 3 + 40_010,
    }  # fmt: skip


DAYS = st.integers(1, 120).map(lambda back: str(dt.date(2025, 6, 15) + dt.timedelta(days=back)))
AMOUNTS = st.integers(0, 10**7).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")


@settings(max_examples=12)
@given(st.lists(st.tuples(st.lists(st.tuples(DAYS, AMOUNTS), max_size=3),
                          st.lists(st.tuples(DAYS, st.sampled_from(["2025-09-15", LATER, "2025-07-02"])), max_size=3),
                          st.sampled_from(["open", "won", "lost"]), DAYS), min_size=1, max_size=8))  # fmt: skip
def test_every_deal_is_in_one_movement_and_every_cent_in_one_place(drawn):
    told = []
    for number, (amounts, closes, outcome, closed) in enumerate(drawn, start=1):
        ending = None if outcome == "open" else closed
        before = [[step for step in sorted(steps) if not ending or step[0] < ending] for steps in (amounts, closes)]
        told.append(story(number, outcome, ending, amounts=before[0], closes=before[1]))
    made = make_book(
        [row for row, _ in told], history=[step for _, steps in told for step in steps], as_of="2025-12-31"
    )
    rows = deal_movements(made, OPENING, CLOSING, DUE)
    assert rows["deal_id"].is_unique
    came = rows["opening_cents"] + rows["came_cents"] + rows["change_cents"]
    assert (came == rows["went_cents"] + rows["closing_cents"]).all()
    # The same totals from the steps themselves, in fractions, for the pipeline at either end.
    for day, column in ((OPENING, "opening_cents"), (CLOSING, "closing_cents")):
        total = Fraction(0)
        for row, steps in told:
            at = {}
            for step in steps:
                if step["changed_at"][:10] <= str(day):
                    at[step["field"]] = step["new_value"]
            is_open = row["closed_at"] is None or row["closed_at"] > str(day)
            if is_open and str(DUE[0]) <= at["expected_close_date"] <= str(DUE[1]):
                total += Fraction(at["amount"])
        assert rows[column].sum() == total * 100


def test_an_amount_nobody_knows_is_missing_and_not_nothing():
    row, steps = story(1)
    made = make_book([{**row, "amount": None}], history=[step for step in steps if step["field"] != "amount"])
    cents = deal_movements(made, OPENING, CLOSING, DUE).iloc[0]
    assert pd.isna(cents["opening_cents"]) and pd.isna(cents["closing_cents"])
    assert (cents["came_cents"], cents["went_cents"]) == (0, 0)


def test_deals_called_up_and_down_are_told_from_deals_moved():
    up = story(1, called=[("2025-06-03", "pipeline"), ("2025-08-01", "commit")])
    down = story(2, called=[("2025-08-01", "pipeline")])
    made = make_book([up[0], down[0]], history=up[1] + down[1])
    rows = deal_movements(made, OPENING, CLOSING, DUE, ("commit", "best_case"))
    assert list(zip(rows["came"], rows["went"], strict=True)) == [("called_in", "stayed"), ("opening", "called_out")]


def test_a_waterfall_needs_two_days(book):
    with pytest.raises(UsageError, match="two days"):
        deal_movements(book, CLOSING, OPENING, DUE)


# ---------------------------------------------------------------- week by week


def test_weeks_end_every_seventh_day_and_with_the_quarter():
    ends = week_ends(FOCUS, until=FOCUS.end)
    assert (ends[0], ends[-2:], len(ends)) == (dt.date(2025, 7, 7), (dt.date(2025, 9, 22), dt.date(2025, 9, 30)), 13)
    assert week_ends(FOCUS, until=dt.date(2025, 7, 20)) == (dt.date(2025, 7, 7), dt.date(2025, 7, 14))
    assert {len(week_ends(FOCUS - back, until=FOCUS.end)) for back in range(8)} == {13}, "90, 91 and 92 days alike"


def test_each_weeks_end_is_told_by_the_steps_up_to_it(book, fates):
    days = week_ends(FOCUS, until=FOCUS.end)
    rows = standing_by_day(book, fates.index, days, FOCUS.end)
    assert len(rows) == len(days) * len(fates)
    told = [each for each, _, _ in DAY_FIVE.values()]
    for row, steps in told:
        for found in rows[rows["deal_id"] == row["deal_id"]].itertuples():
            day = str(found.day.date())
            at = {step["field"]: step["new_value"] for step in steps if step["changed_at"][:10] <= day}
            if row["closed_at"] is not None and row["closed_at"] <= day:
                expected = row["outcome"]
            else:
                stays = at["forecast_category"] == "commit" and at["expected_close_date"] <= str(FOCUS.end)
                expected = "in_forecast" if stays else "left"
            assert found.standing == expected, (row["deal_id"], day)


def test_the_grid_of_categories_holds_every_deal_once(book, fates):
    rows = standing_by_day(book, fates.index, (OPENING, CLOSING), FOCUS.end)
    grid = category_moves(rows, OPENING, CLOSING)
    assert {(row.was, row.now): row.deals for row in grid.itertuples()} == {
        ("commit", "commit"): 4, ("commit", "won"): 2, ("commit", "lost"): 2,
    }  # fmt: skip
