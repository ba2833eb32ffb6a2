"""A fresh quarter's split in the end: counted by hand where earlier quarters tell, and held against a year later."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, forecast_of, told
from builders import FOCUS

from postmortem.analyses.eventual_split import eventual_split
from postmortem.frames import Engagement, forecast_cohort
from postmortem.ground.fiscal import Quarter
from postmortem.simulate import simulate, write_files


def late(fate: str, number: int, quarter: Quarter, day: int = 150) -> Told:
    """Return a deal forecast for `quarter` that ended only long after it."""
    story = told(number, fate, quarter, owner_id=f"Rep {number % 12}")
    return Told({**story.deal, "closed_at": str(quarter.day(day))}, story.history)


def book(slow_status_quo: int, slow_won: int, still_open: int, **options: object):
    """Return a quarter like those before it: earlier slow deals are told, the focus's own are open."""
    stories = counted({"won": 15, "lost_competitor": 10, "lost_status_quo": 5}, FOCUS)
    stories += counted({"slipped": still_open}, FOCUS, start=500)
    earlier = FOCUS - 3
    stories += counted({"won": 15, "lost_competitor": 10, "lost_status_quo": 5}, earlier, start=1000)
    fates = ["lost_status_quo"] * slow_status_quo + ["won"] * slow_won
    stories += [late(fate, 2000 + place, earlier) for place, fate in enumerate(fates)]
    return forecast_of(stories, **options)


def test_projection_counted_by_hand() -> None:
    """Three quarters of the earlier deals open at this age went to the status quo."""
    result = eventual_split(book(18, 6, 20))
    row = result.tables["split"].keyed("fate")["lost_status_quo"]
    assert (row["so_far"], row["share_so_far"]) == (5, pytest.approx(1 / 3))
    assert row["share_end"] == pytest.approx((5 + 15) / 30)
    assert row["lowest"] == pytest.approx(5 / 35) and row["highest"] == pytest.approx(25 / 35)
    assert row["lowest"] < row["low"] < row["share_end"] < row["high"] < row["highest"]
    state = result.tables["state"].first
    assert (state["deals"], state["open"], state["earlier"], state["stay_open"]) == (50, 20, 24, 0)
    assert result.headline.startswith(
        "Of 50 deals of 2025Q3, 20 are still open; so far the status quo took 5 of 15 losses (33%), and 67% is "
        "expected once they have ended ("
    )
    won = result.tables["split"].keyed("fate")["won"]
    assert won["share_end"] == pytest.approx((15 + 5) / 50)


def test_closed_deals_alone_show_a_fresh_quarter_too_few_losses_to_the_status_quo() -> None:
    """27 of 100 losses so far went to the status quo, .270; with those still open, slow as ever, 38 of 125, .304."""
    so_far = {"won": 40, "lost_competitor": 73, "lost_status_quo": 27}
    stories = counted(so_far) + counted({"slipped": 40}, start=500)
    earlier = FOCUS - 3
    slow = ["lost_status_quo"] * 11 + ["lost_competitor"] * 14 + ["won"] * 15
    stories += counted(so_far, earlier, start=1000)
    stories += [late(fate, 2000 + place, earlier) for place, fate in enumerate(slow)]
    result = eventual_split(forecast_of(stories))
    row = result.tables["split"].keyed("fate")["lost_status_quo"]
    assert row["share_so_far"] == pytest.approx(0.270) and row["share_end"] == pytest.approx(0.304)
    assert row["low"] < 0.304 < row["high"]
    assert "27 of 100 losses (27%), and 30% is expected once they have ended" in result.headline


def test_too_few_earlier_endings_leave_the_range() -> None:
    result = eventual_split(book(13, 6, 20))
    assert result.status == "fallback"
    assert result.headline == (
        "Of 50 deals of 2025Q3, 20 are still open; so far the status quo took 5 of 15 losses (33%), in the end "
        "anywhere from 14% to 71%."
    )
    assert result.tables["split"].rows["share_end"].isna().all()


def test_a_quarter_with_nothing_open_says_so() -> None:
    result = eventual_split(book(18, 6, 0))
    assert result.status == "ok"
    assert result.headline == (
        "All 30 deals of 2025Q3 have ended; the status quo took 5 of 15 losses (33%), and that is final."
    )
    rows = result.tables["split"].rows
    assert (rows["share_end"] == rows["share_so_far"]).all() and (rows["low"] == rows["high"]).all()


def test_no_losses_so_far() -> None:
    stories = counted({"won": 12}, FOCUS) + counted({"slipped": 3}, FOCUS, start=50)
    assert eventual_split(forecast_of(stories)).headline == (
        "Of 15 deals of 2025Q3, 3 are still open; none is lost so far."
    )


def test_refusals() -> None:
    assert "9 of the 10 deals of the quarter" in eventual_split(forecast_of(counted({"won": 9}))).headline
    assert eventual_split(closed_of(counted({"won": 50}))).status == "refused"
    assert eventual_split(cohort_of("one quarter")).status == "refused"


def test_same_seed_same_interval() -> None:
    first, second = (eventual_split(book(18, 6, 20)).tables["split"].rows for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert not math.isnan(first["low"].iloc[0])


@pytest.mark.slow
def test_a_fresh_quarter_ends_where_it_was_expected(tmp_path: Path) -> None:
    """Four quarters of a simulated company, each seen soon after its end and once nearly all its deals have ended."""
    write_files(simulate("full", seed=3, deals_per_quarter=270), tmp_path)
    book, covered, off, naive = Engagement.open(tmp_path).book(), 0, [], []
    last = book.meta.calendar.parse("2025Q1")
    later = forecast_cohort(book, last).table
    for quarter in last.trailing(4):
        fresh = eventual_split(forecast_cohort(book, quarter, as_of=(quarter + 1).day(6)))
        row = fresh.tables["split"].keyed("fate")["lost_status_quo"]
        ended = later[later["quarter"] == quarter.label]
        lost = ended["ultimate"].str.startswith("lost_")
        truth = float((ended.loc[lost, "ultimate"] == "lost_status_quo").mean())
        covered += bool(row["low"] <= truth <= row["high"])
        off.append(row["share_end"] - truth)
        naive.append(row["share_so_far"] - truth)
    assert covered >= 3
    assert np.mean(naive) < -0.02, "closed deals alone show too little of the status quo"
    assert abs(np.mean(off)) < abs(np.mean(naive))
