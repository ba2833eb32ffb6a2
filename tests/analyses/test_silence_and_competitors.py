"""Silence of the buyer and losses to competitors: rows by hand, a planted pace, and contacts that mean nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_cases import cohort_of, forecast_of, told
from builders import FOCUS

from postmortem.analyses.silence_and_competitors import ENDS, silence_and_competitors
from postmortem.findings.claims import claims, judge
from postmortem.frames import Cohort
from postmortem.frames.silent_weeks import COMPETITOR, MOST_WEEKS, WON, silent_weeks

CLAIM = next(claim for claim in claims() if claim.analysis == "silence_and_competitors")


def book_of(made: list[tuple[str, int | None, list[int]]]) -> Cohort:
    """Return forecast deals by fate, day of the quarter they closed, and days on which the buyer was heard."""
    stories, events = [], []
    for place, (fate, closed, heard) in enumerate(made, start=1):
        more: dict[str, Any] = {"closed_at": str(FOCUS.day(closed)), "owner_id": f"Rep {place % 12}"} if closed else {}
        story = told(place, fate, FOCUS, **more)
        stories.append(story)
        events += [
            {
                "deal_id": story.deal["deal_id"],
                "kind": "call",
                "side": "buyer",
                "occurred_at": f"{FOCUS.day(day)}T10:00Z",
            }
            for day in heard
        ]
    return forecast_of(stories, events=events)


def simulated(per_week: float, *, number: int = 500, seed: int = 6) -> Cohort:
    """Return deals whose daily chance of going to a competitor is `per_week` times as high a week of silence."""
    generator = np.random.default_rng(seed)
    made: list[tuple[str, int | None, list[int]]] = []
    for _ in range(number):
        heard, day, end, fate = [0], 5, None, "won"
        while end is None and day < 85:
            day += 1
            # what was known when the day began, three days before
            weeks = min((day - 4 - max(each for each in heard if each <= day - 4)) // 7, MOST_WEEKS)
            if generator.random() < 0.006 * per_week**weeks:
                end, fate = day, "lost_competitor"
            elif generator.random() < 0.012:
                end, fate = day, "won"
            elif generator.random() < 0.004:
                end, fate = day, "lost_status_quo"
            elif generator.random() < 0.06:
                heard.append(day)
        made.append((fate if end else "slipped", end, heard))
    return book_of(made)


def paces(cohort: Cohort) -> dict[str, dict[str, Any]]:
    return silence_and_competitors(cohort).tables["paces"].keyed("end")


def test_days_are_cut_where_the_weeks_of_silence_change() -> None:
    """Entered on day 5; heard on days 1 and 30, so from day 33 on the silence counts anew; lost on day 45."""
    found = silent_weeks(book_of([("lost_competitor", 45, [1, 30])]))
    entry = 5
    wanted = pd.DataFrame(
        # silence of day d is told from day d - 3: the first week ends on day 1 + 3 + 7 = 11
        [(5, 11, 0, 0), (11, 18, 1, 0), (18, 25, 2, 0), (25, 32, 3, 0), (32, 33, 4, 0), (33, 40, 0, 0),
         (40, 45, 1, COMPETITOR)], columns=["start", "stop", "weeks", "cause"],
    )  # fmt: skip
    wanted[["start", "stop"]] -= entry
    pd.testing.assert_frame_equal(found.stretches[list(wanted.columns)], wanted, check_dtype=False)


def test_long_silence_is_one_last_stretch() -> None:
    found = silent_weeks(book_of([("won", 88, [2])])).stretches
    assert found["weeks"].max() == MOST_WEEKS
    assert found.iloc[-1][["weeks", "cause"]].tolist() == [MOST_WEEKS, WON]
    assert found.iloc[-1]["stop"] == 88 - 5
    assert (found["stop"] - found["start"]).sum() == 88 - 5


def test_deals_not_heard_of_by_the_first_day_are_left_out_and_counted() -> None:
    found = silent_weeks(book_of([("won", 40, [2]), ("won", 40, [20]), ("lost_competitor", 40, [])]))
    assert (len(found.deals), found.unheard) == (1, 2)


@pytest.mark.thorough
@pytest.mark.parametrize(("planted", "verdict"), [(1.5, "supported"), (0.75, "contradicted")])
def test_a_planted_pace_is_found(planted: float, verdict: str) -> None:
    cohort = simulated(planted)
    row = paces(cohort)[ENDS[COMPETITOR]]
    # over seeds the logarithm of the ratio has a standard deviation of .13 (planted .75) and .04 (planted 1.5)
    assert abs(np.log(row["ratio"] / planted)) < 0.3
    assert judge(CLAIM, silence_and_competitors(cohort)).verdict == verdict


def test_contacts_that_mean_nothing_show_nothing() -> None:
    rows = paces(simulated(1.0))
    for end in (ENDS[COMPETITOR], ENDS[WON]):
        assert rows[end]["ratio_low"] < 1 < rows[end]["ratio_high"]
        assert rows[end]["e_limit"] == 1.0


def test_a_pace_at_the_margin_cannot_be_told() -> None:
    assert judge(CLAIM, silence_and_competitors(simulated(CLAIM.at_least, number=200))).verdict == "inconclusive"


def test_without_ten_sales_people_it_is_refused() -> None:
    assert silence_and_competitors(cohort_of("no owners")).status == "refused"
