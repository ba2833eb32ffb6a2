"""The forecast on dead deals, counted again week by week in plain Python."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from analysis_cases import FOCUS, Told, cohort_of, counted, forecast_of
from builders import change, forecast, make_book
from simulated_books import cohort_of as simulated
from simulated_books import company

from postmortem.analyses.forecast_while_dead import DEAD, OTHER, forecast_while_dead
from postmortem.frames import Cohort, forecast_cohort
from postmortem.frames.silence import silence
from postmortem.ground.fiscal import Quarter

CLOSE = 60


def ends(quarter: Quarter) -> list[dt.date]:
    """Return the days 7, 14 and so on, and the last one of the quarter."""
    return [*(quarter.start + dt.timedelta(days=7 * week - 1) for week in range(1, 13)), quarter.end]


WEEKS = ends(FOCUS)


def heard(each: Told, *days: int) -> list[dict[str, Any]]:
    """Return contacts of the buyer on days of the focus quarter."""
    return [
        {
            "deal_id": each.deal["deal_id"],
            "kind": "email",
            "side": "buyer",
            "occurred_at": f"{FOCUS.day(day)}T10:00:00Z",
        }
        for day in days
    ]


def story(
    lost: int = 12, won: int = 20, silent_won: int = 0, last: int = 10, every: int = 10
) -> tuple[list[Told], list[dict[str, Any]]]:
    """Return lost deals last heard on a day and won ones heard every so often, all closed on the 60th; and events."""
    made = counted({"lost_unknown": lost, "won": won + silent_won}, segment="Health")
    events = [row for each in made[:lost] for row in heard(each, last - 8, last)]
    events += [row for each in made[lost : lost + won] for row in heard(each, *range(-30, 59, every))]
    return [*made, *counted({"won": 1}, FOCUS - 3, start=900)], events


def told(**asked: int) -> Cohort:
    """Return these deals with the history that tells their categories."""
    made, events = story(**asked)
    return forecast_of(made, events=events, window=1)


def kept(days: list[dt.date], table: str) -> Cohort:
    """Return the same deals without a history: copies of the pipeline, or sheets of the call, of some days tell it."""
    made, events = story()
    name = {"snapshots": "forecast_category", "forecast_sheet": "category"}[table]
    rows = [
        {"as_of": str(day), "deal_id": each.deal["deal_id"], name: "commit", "amount": each.deal["amount"],
         "expected_close_date": str(FOCUS.day(80))}
        for each in made[:-1] for day in days if day < FOCUS.day(CLOSE)
    ]  # fmt: skip
    deals = [{**each.deal, "forecast_category": "omitted", "amount": 1.0} for each in made]
    return forecast(make_book(deals, events=events, **{table: rows}), window=1)


def test_amounts_are_summed_over_the_weeks_after_the_buyer_was_last_heard() -> None:
    result = forecast_while_dead(told())
    amounts = [1000.0 * (number % 7 + 1) for number in range(1, 33)]
    open_weeks = [day for day in WEEKS if day < FOCUS.day(CLOSE)]
    dead_weeks = [day for day in open_weeks if day > FOCUS.day(10)]
    focus, window = result.tables["carried"].records
    assert focus["dead_weeks"] == pytest.approx(len(dead_weeks) * sum(amounts[:12]))
    assert focus["all_weeks"] == pytest.approx(len(open_weeks) * sum(amounts))
    assert (focus["deals"], focus["weeks"]) == (12, len(dead_weeks))
    assert window["share"] == pytest.approx(focus["dead_weeks"] / focus["all_weeks"])
    assert window["low"] < window["share"] < window["high"]


@pytest.mark.thorough
@pytest.mark.parametrize("table", ["snapshots", "forecast_sheet"])
def test_copies_of_the_pipeline_and_sheets_tell_the_same_as_the_history(table: str) -> None:
    weekly = forecast_while_dead(kept([FOCUS.day(4), *WEEKS], table))
    pd.testing.assert_frame_equal(weekly.tables["carried"].rows, forecast_while_dead(told()).tables["carried"].rows)
    assert weekly.caveats == ()


def test_weeks_of_which_nothing_tells_are_left_out_and_said() -> None:
    # A copy speaks for its own day and the seven after it: those of days 4 and 32 for weeks 1, 5 and no other.
    monthly = forecast_while_dead(kept([FOCUS.day(4), FOCUS.day(32)], "snapshots"))
    assert monthly.tables["weeks"].rows["week"].unique().tolist() == [1, 5]
    assert monthly.caveats == (
        "In 6 of 8 weeks nothing on record tells the category of some of the open deals; these are left out of such a "
        "week.",
    )


def test_the_weeks_add_up_to_the_sum() -> None:
    result = forecast_while_dead(told())
    weeks = result.tables["weeks"].rows
    assert weeks.loc[weeks["part"] == DEAD, "amount"].sum() == result.tables["carried"].first["dead_weeks"]
    assert weeks["amount"].sum() == result.tables["carried"].first["all_weeks"]
    assert set(weeks["part"]) == {DEAD, OTHER}


@pytest.mark.thorough
def test_a_deal_taken_out_of_the_forecast_is_carried_no_more() -> None:
    cohort = told()
    history = [change(1, "forecast_category", str(FOCUS.day(20)), "commit", "omitted")]
    made = counted({"lost_unknown": 12, "won": 20}, segment="Health")
    made[0] = made[0]._replace(history=[*made[0].history, *history])
    events = cohort.book.table("events").astype({"occurred_at": "str"})[["deal_id", "kind", "side", "occurred_at"]]
    less = forecast_of([*made, *counted({"won": 1}, FOCUS - 3, start=900)], events=events.to_dict("records"), window=1)
    gone = [day for day in WEEKS if FOCUS.day(20) <= day < FOCUS.day(CLOSE)]
    before, after = (forecast_while_dead(each).tables["carried"].first["dead_weeks"] for each in (cohort, less))
    assert before - after == pytest.approx(2000.0 * len(gone))


def test_deals_heard_to_the_end_are_not_dead() -> None:
    result = forecast_while_dead(told(last=55))
    assert result.tables["carried"].first["deals"] == 0
    assert result.headline.startswith("No deal that was already dead was carried in the forecast of 2025Q3")


def test_refusals_say_what_is_missing() -> None:
    assert "not all of them" in forecast_while_dead(cohort_of("closed")).headline
    assert "not all of them" in forecast_while_dead(cohort_of("first_forecast")).headline
    assert "9 of the 10 lost deals with a contact" in forecast_while_dead(told(lost=9)).headline
    assert "9 of the 10 won deals with a contact" in forecast_while_dead(told(won=9)).headline
    assert "on record for 20 of 29, 70% needed" in forecast_while_dead(told(silent_won=9)).headline
    assert "72 silences" in forecast_while_dead(told(won=10, last=10, every=25)).headline


@pytest.mark.thorough
def test_a_simulated_history_counted_deal_by_deal_gives_the_same_sum() -> None:
    cohort = simulated(company("full"), forecast_cohort)
    found = silence(cohort).deals
    dead = found[(found["outcome"] == "lost") & found["is_dead"]].set_index("deal_id")
    history = cohort.book.table("history").sort_values(["changed_at", "seq"], kind="stable")
    total = 0.0
    for deal_id in cohort.focus_rows["deal_id"]:
        if deal_id not in dead.index:
            continue
        own = history[history["deal_id"] == deal_id]
        for day in ends(cohort.focus):
            if not dead.at[deal_id, "last_heard"].date() < day < dead.at[deal_id, "closed_at"].date():
                continue
            end = cohort.book.meta.end_of_day(day)
            state = {}
            for field in ("forecast_category", "amount"):
                changes = own[own["field"] == field]
                past = changes[changes["changed_at"] < end]
                state[field] = past["new_value"].iloc[-1] if len(past) else (
                    changes["old_value"].iloc[0] if len(changes) else None)  # fmt: skip
            if state["forecast_category"] in ("commit", "most_likely", "best_case"):
                today = cohort.book.deals.set_index("deal_id").at[deal_id, "amount"]
                total += float(today if state["amount"] is None else state["amount"])
    assert total > 0
    assert forecast_while_dead(cohort).tables["carried"].first["dead_weeks"] == pytest.approx(total)
