"""Week by week: where deals stood and when the lost ones had left, against a walk through each deal's changes."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pandas as pd
import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, forecast_of, told
from builders import FOCUS, change, forecast, make_book
from by_hand import wilson

from postmortem.analyses.forecast_leakage import forecast_leakage
from postmortem.frames import Cohort

WEEKS = [FOCUS.day(7 * week) for week in range(1, 13)] + [FOCUS.end]


def lost_on(number: int, day: int, quarter=FOCUS, *, out: int | None = None, to: str = "competitor") -> Told:
    """Return a deal lost on a day of its quarter, taken out of the forecast on an earlier one."""
    story = told(number, f"lost_{to}", quarter, closed_at=str(quarter.day(day)))
    if out is None:
        return story
    gone = change(number, "forecast_category", f"{quarter.day(out)}T10:00", "commit", "pipeline", 2)
    return Told(story.deal, [*story.history, gone])


def standing(cohort: Cohort) -> dict[str, Counter[str]]:
    rows = forecast_leakage(cohort).tables["weeks"].rows
    found: dict[str, Counter[str]] = {}
    for row in rows.itertuples():
        found.setdefault(row.week, Counter())[row.standing] = row.deals
    return found


def mixed() -> list[Told]:
    stories = [lost_on(1, 3 * 7), lost_on(2, 50, out=30, to="status_quo"), lost_on(3, 85, to="unknown")]
    stories += [told(4, "won", closed_at=str(FOCUS.day(8))), told(5, "pushed_early"), told(6, "slipped")]
    return stories


def test_every_week_says_where_each_deal_stood() -> None:
    found = standing(forecast_of(mixed()))
    assert list(found) == [str(week) for week in range(1, 14)]
    for week, day in enumerate(WEEKS, start=1):
        expected: Counter[str] = Counter()
        for story in mixed():
            row, gone = story.deal, [step for step in story.history if step["changed_at"][:10] <= str(day)]
            state = {step["field"]: step["new_value"] for step in gone}
            if row["closed_at"] and row["closed_at"] <= str(day):
                expected["won" if row["outcome"] == "won" else f"lost_{row['lost_to_recorded']}"] += 1
            elif state["forecast_category"] == "commit" and state["expected_close_date"] <= str(FOCUS.end):
                expected["in_forecast"] += 1
            else:
                expected["left"] += 1
        assert +found[str(week)] == expected, week


def test_the_week_by_which_half_of_the_losses_had_left_is_found() -> None:
    result = forecast_leakage(forecast_of(mixed()))
    rows = result.tables["lost"].keyed("week")
    # Lost on day 21, out on day 30, lost on day 85: weeks 3, 5 and 13.
    assert [rows[week]["gone"] for week in ("2", "3", "4", "5", "12", "13")] == [0, 1, 1, 2, 2, 3]
    assert result.headline == (
        "Of 6 deals forecast for 2025Q3, half of the 3 lost had left the forecast by week 5; 1 of 3 were still "
        "forecast when week 10 ended."
    )


@pytest.mark.thorough
def test_the_usual_share_is_that_of_the_quarters_before_with_its_interval() -> None:
    stories = mixed()
    for back, days in ((1, (10, 20, 30, 40, 50, 60)), (2, (11, 21, 31, 41, 51, 61))):
        stories += [lost_on(100 * back + place, day, FOCUS - back) for place, day in enumerate(days)]
    rows = forecast_leakage(forecast_of(stories)).tables["lost"].keyed("week")
    # By the end of week 5, day 35: three of six in either quarter.
    low, high = wilson(6, 12)
    assert (rows["5"]["usual"], rows["5"]["before"]) == (0.5, 12)
    assert (rows["5"]["low"], rows["5"]["high"]) == pytest.approx((low, high))
    assert rows["3"]["usual"] != rows["3"]["usual"], "four of twelve are too few to be told as a share"
    headline = forecast_leakage(forecast_of(stories)).headline
    assert "by week 5 (in the quarters before, 50% had by then, 25–75%)" in headline


def test_the_focus_is_no_part_of_its_own_yardstick() -> None:
    rows = forecast_leakage(forecast_of(mixed())).tables["lost"].rows
    assert (rows["before"] == 0).all() and rows["usual"].isna().all()


def test_a_running_quarter_tells_counts_and_no_half() -> None:
    result = forecast_leakage(cohort_of("still running, forecast"))
    total = result.tables["total"].first
    assert total["week"] == "6" and pd.isna(total["half"])
    assert result.headline.startswith("By the end of week 6 of 2025Q3, ")


def test_before_the_first_week_has_ended_nothing_is_told() -> None:
    result = forecast_leakage(forecast_of(counted({"open": 5}), as_of=str(FOCUS.day(6))))
    assert result.headline == "Not answered yet: the end of the first week of 2025Q3."


def test_weeks_without_a_stored_copy_leave_open_deals_undivided() -> None:
    stories = mixed()
    copies = [{"as_of": str(day), "deal_id": each.deal["deal_id"], "expected_close_date": "2025-09-15",
               "forecast_category": "commit" if number != 4 or day < FOCUS.day(20) else "pipeline"}
              for day in (FOCUS.day(5), FOCUS.day(28)) for number, each in enumerate(stories)]  # fmt: skip
    book = make_book([each.deal for each in stories], snapshots=copies)
    result = forecast_leakage(forecast(book))
    found = standing(forecast(book))
    # A copy speaks for its day and the seven after it: days 7, 28 and 35.
    assert found["1"]["in_forecast"] == 6 and found["1"]["untold"] == 0
    assert (found["2"]["won"], found["2"]["untold"], found["2"]["in_forecast"]) == (1, 5, 0)
    assert (found["4"]["left"], found["4"]["in_forecast"], found["4"]["lost_competitor"]) == (1, 3, 1)
    assert found["6"]["untold"] == 4
    assert result.status == "ok" and "In 10 weeks of 13 nothing on record tells" in result.caveats[0]


def test_where_no_week_is_on_record_only_what_closed_is_told() -> None:
    stories = mixed()
    opening = [{"as_of": str(FOCUS.start - dt.timedelta(days=2)), "deal_id": each.deal["deal_id"],
                "expected_close_date": "2025-09-15", "forecast_category": "commit"} for each in stories]  # fmt: skip
    result = forecast_leakage(forecast(make_book([each.deal for each in stories], snapshots=opening)))
    assert result.status == "fallback"
    assert set(result.tables["weeks"].rows["standing"]) == {
        "won", "lost_competitor", "lost_status_quo", "lost_unknown", "untold"
    }  # fmt: skip


def test_refused_without_the_forecast_as_it_was() -> None:
    result = forecast_leakage(closed_of(counted({"won": 20, "lost_competitor": 20})))
    assert result.headline == "Not answered yet: no records of the forecast as it was."
