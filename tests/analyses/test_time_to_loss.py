"""Shares by day, against a walk through every day of every deal, and against the truth of a simulated company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_cases import FOCUS, cohort_of, counted, forecast_of
from builders import change, deal, make_book
from simulated_books import cohort_of as simulated
from simulated_books import company, truth_of

from postmortem.analyses.contract import WITHHELD
from postmortem.analyses.time_to_loss import ENDS, time_to_loss
from postmortem.frames import Cohort, first_forecast_cohort, late_stage_cohort
from postmortem.ground.process import Process
from postmortem.result import Result

OPENED = "2025-01-01"
AS_OF = dt.date(2025, 10, 6)


def story(number: int, fate: str, called: int, ended: int | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a deal called into the forecast on one day of the focus and closed on another, counted from its start."""
    outcome, lost_to = ("lost", fate.removeprefix("lost_")) if fate.startswith("lost_") else (fate, None)
    closed = None if ended is None else str(FOCUS.day(called + ended))
    row = deal(
        number, outcome, closed, created_at=str(FOCUS.day(1)), lost_to_recorded=lost_to, forecast_category="commit"
    )
    return row, [change(number, "forecast_category", str(FOCUS.day(called)), "pipeline", "commit")]


def first_forecasts(stories: Iterable[tuple[str, int, int | None]]) -> Cohort:
    made = [story(number, *each) for number, each in enumerate(stories, start=1)]
    oldest = deal(999, "open", None, created_at=OPENED, forecast_category="pipeline")
    begins = change(999, "forecast_category", OPENED, None, "pipeline")
    book = make_book([oldest, *(row for row, _ in made)], history=[begins, *(line for _, h in made for line in h)])
    return first_forecast_cohort(book, FOCUS)


def day_by_day(lives: Iterable[tuple[int, int, str]], until: int) -> dict[str, float]:
    """Walk through the days: what is still open meets each end in the share of those there that meet it that day."""
    rows = list(lives)
    still_open, shares = 1.0, dict.fromkeys(ENDS, 0.0)
    for day in range(until + 1):
        there = [life for life in rows if life[0] < day <= life[1] or (day == 0 == life[1])]
        ended = [fate for _, last, fate in there if last == day and fate != "open"]
        for fate in ended:
            shares[fate] += still_open / len(there)
        still_open *= 1 - len(ended) / len(there) if there else 1
    return {**shares, "open": still_open}


def shares(result: Result, day: int) -> dict[str, Mapping[str, Any]]:
    return {row["fate"]: row for row in result.tables["horizons"].records if row["day"] == day}


MIXED = [
    *(("won", 5, days) for days in (3, 8, 8, 15, 21, 30, 30, 44, 51, 58)),
    *(("lost_competitor", 9, days) for days in (2, 9, 15, 29, 30, 33, 50)),
    *(("lost_status_quo", 12, days) for days in (20, 28, 40, 41, 59, 60)),
    *(("open", called, None) for called in (2, 20, 40, 55, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71)),
]  # fmt: skip


def test_shares_are_those_of_a_walk_through_the_days() -> None:
    lives = [(0, (AS_OF - FOCUS.day(called)).days if last is None else last, fate) for fate, called, last in MIXED]
    rows = shares(time_to_loss(first_forecasts(MIXED), horizon=30), 30)
    expected = day_by_day([(-1, last, fate) for _, last, fate in lives], 30)
    assert rows["won"]["share"] == pytest.approx(expected["won"])
    assert rows["open"]["share"] == pytest.approx(expected["open"])
    assert rows["lost_competitor"]["share"] == pytest.approx(expected["lost_competitor"])
    assert (rows["won"]["deals"], rows["lost_status_quo"]["deals"]) == (7, 2)
    assert np.isnan(rows["lost_status_quo"]["share"])


def test_the_sentence_tells_every_end_the_rare_ones_together_and_what_is_open() -> None:
    headline = time_to_loss(first_forecasts(MIXED), horizon=30).headline
    assert headline.startswith("Of deals first forecast in 2024Q4 to 2025Q3, by day 30 after first being forecast, ")
    assert " were won, " in headline and " lost to competitors, " in headline
    assert headline.endswith(" still open; 2 deals ended in ways too rare to give a share.")


def test_any_cohort_can_ask_for_the_deals_first_forecast_in_its_quarters() -> None:
    cohort = cohort_of("first_forecast")
    closed = replace(cohort, kind="closed", table=cohort.table.head(1))
    own, other = (time_to_loss(each, deals="first_forecast") for each in (cohort, closed))
    assert own.status == "ok" and own.headline == other.headline == time_to_loss(cohort).headline
    pd.testing.assert_frame_equal(own.tables["curve"].rows, other.tables["curve"].rows)


def test_where_no_history_tells_the_first_day_these_deals_are_refused() -> None:
    result = time_to_loss(cohort_of("closed"), deals="first_forecast")
    assert result.status == "refused" and "the day on which each deal was first forecast" in result.headline
    before = first_forecasts(MIXED)
    empty = replace(before, kind="late_stage", focus=FOCUS + 1)
    assert "no deal first forecast in 2025Q4" in time_to_loss(empty, deals="first_forecast").headline


def test_without_open_deals_shares_are_plain_shares() -> None:
    every = [("won", 5, 10)] * 12 + [("lost_competitor", 5, 30)] * 8 + [("lost_unknown", 5, 50)] * 20
    rows = shares(time_to_loss(first_forecasts(every), horizon=60), 50)
    assert {fate: row["share"] for fate, row in rows.items() if row["deals"]} == pytest.approx(
        {"won": 0.3, "lost_competitor": 0.2, "lost_unknown": 0.5}
    )


def test_past_ten_deals_at_risk_the_sentence_speaks_of_the_last_day_that_has_them() -> None:
    every = [("won", 5, 10)] * 12 + [("lost_competitor", 5, 30)] * 10 + [("lost_status_quo", 5, 50)] * 5
    result = time_to_loss(first_forecasts(every))
    assert result.tables["asked"].first["until"] == 30
    assert result.headline.startswith(
        "Of deals first forecast in 2024Q4 to 2025Q3, by day 30 after first being forecast, 44% ("
    )
    assert all(np.isnan(row["share"]) for row in shares(result, 90).values())


def test_forecast_deals_are_at_risk_only_from_the_day_the_forecast_was_frozen() -> None:
    rng = np.random.default_rng(5)
    made, lives = [], []
    for each in counted({"won": 70, "lost_competitor": 40, "lost_status_quo": 30}):
        called, closed = int(rng.integers(-38, 4)), int(rng.integers(8, 80))
        history = [
            {**row, "changed_at": f"{FOCUS.day(called)}T09:00:00Z", "old_value": "pipeline"}
            if row["field"] == "forecast_category" else row for row in each.history
        ]  # fmt: skip
        made.append(each._replace(deal={**each.deal, "closed_at": str(FOCUS.day(closed))}, history=history))
        fate = "won" if each.deal["outcome"] == "won" else f"lost_{each.deal['lost_to_recorded']}"
        lives.append((5 - called, closed - called, fate))
    older = counted({"won": 1}, FOCUS - 3, start=900)
    result = time_to_loss(forecast_of([*made, *older], window=1), horizon=60)
    expected = day_by_day(lives, 60)
    rows = shares(result, 60)
    assert result.tables["asked"].first["since"] == "first being forecast"
    assert {fate: rows[fate]["share"] for fate in ("won", "lost_competitor", "lost_status_quo", "open")} == (
        pytest.approx({fate: expected[fate] for fate in ("won", "lost_competitor", "lost_status_quo", "open")})
    )


def test_where_too_few_are_there_from_the_first_days_days_count_from_the_freeze() -> None:
    made = counted({"won": 30, "lost_competitor": 20})
    one = made[0]._replace(deal={**made[0].deal, "closed_at": str(FOCUS.day(6))})
    late = [{**row, "changed_at": f"{FOCUS.day(5)}T09:00:00Z", "old_value": "pipeline"}
            if row["field"] == "forecast_category" else row for row in one.history]  # fmt: skip
    older = counted({"won": 1}, FOCUS - 3, start=900)
    result = time_to_loss(forecast_of([one._replace(history=late), *made[1:], *older], window=1), horizon=30)
    assert result.status == "fallback"
    assert result.tables["asked"].first["since"] == "the forecast was frozen"
    assert any("not from its first day" in caveat for caveat in result.caveats)


def test_closed_deals_do_not_tell_when_they_were_forecast() -> None:
    result = time_to_loss(cohort_of("closed"))
    assert result.status == "refused" and result.gap is not None
    assert "closed deals alone do not tell it" in result.headline
    assert "field history" in result.unlock


def test_fewer_than_ten_ended_deals_are_refused() -> None:
    result = time_to_loss(first_forecasts([("won", 5, 10)] * 9 + [("open", 5, None)] * 30))
    assert result.status == "refused"
    assert "9 of the 10 deals that have been won or lost by now needed" in result.headline


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [3, 4])
def test_the_truth_of_a_simulated_company_is_recovered(seed: int) -> None:
    made = company("full", seed=seed)
    cohort = simulated(made, first_forecast_cohort)
    rows = cohort.window_rows.join(truth_of(made)[["fate", "closes_on"]], on="deal_id")
    days = (rows["closes_on"] - rows["entered_at"]).dt.days
    found = shares(time_to_loss(cohort, horizon=90), 90)
    assert (rows["ultimate"] == "open").sum() > 20, "without open deals there is nothing to recover"
    for fate, true in (("won", rows["fate"] == "won"), ("open", pd.Series(True, index=rows.index))):
        share = float((true & ((days > 90) if fate == "open" else (days <= 90))).mean())
        spread = (found[fate]["high"] - found[fate]["low"]) / 2
        assert found[fate]["share"] == pytest.approx(share, abs=spread)


def test_late_stage_deals_count_from_their_first_day_in_the_red_zone() -> None:
    cohort = simulated(company("full"), late_stage_cohort)
    assert isinstance(cohort.book.process, Process) and cohort.book.process.red_zone
    result = time_to_loss(cohort)
    assert result.tables["asked"].first["since"] == "first reaching a late stage"
    assert result.n_used <= cohort.window_rows["deal_id"].nunique()


def test_with_rows_withheld_it_says_so_and_nothing_else() -> None:
    stories = [("won", 10 + n, 40 + n) for n in range(20)] + [("lost_competitor", 12, 50 + n) for n in range(20)]
    result = time_to_loss(first_forecasts(stories))
    table = result.tables["horizons"]
    rows = table.rows.assign(day=table.rows["day"].astype("Int64").mask(table.rows["fate"] == "open"))
    seen = result.replace(tables={**result.tables, "horizons": replace(table, rows=rows)})
    assert seen.headline == WITHHELD != result.headline
