"""The usual range of a quarter, worked out again with plain sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from analysis_cases import Told, closed_of, counted, forecast_of, told
from builders import FOCUS
from scipy import stats

from postmortem.analyses.quarter_run import quarter_run

LOST = (8, 12, 9, 11, 10, 7, 13, 10)
OF = (25, 30, 24, 28, 26, 20, 32, 27)


def record(focus_lost: int, focus_of: int = 30, lost: Sequence[int] = LOST, of: Sequence[int] = OF) -> list[Told]:
    """Return quarters with these losses, the oldest first, and the focus after them."""
    stories = counted({"lost_competitor": focus_lost, "won": focus_of - focus_lost})
    for back, (losses, deals) in enumerate(zip(reversed(lost), reversed(of), strict=True), start=1):
        fates = {"lost_status_quo": losses, "won": deals - losses}
        stories += counted(fates, FOCUS - back, start=100 * back)
    return stories


def by_hand(lost: Sequence[int], of: Sequence[int], new: int) -> tuple[float, float, float]:
    """Return centre and limits of a Laney p′ chart's prediction, written out."""
    centre = sum(lost) / sum(of)
    scores = [(x / n - centre) / math.sqrt(centre * (1 - centre) / n) for x, n in zip(lost, of, strict=True)]
    steps = [abs(b - a) for a, b in pairwise(scores)]
    spread = sum(steps) / len(steps) / 1.1283791670955126
    reach = max(float(stats.t.ppf(0.975, len(lost) - 1)) * spread, float(stats.norm.ppf(0.975)))
    half = reach * math.sqrt(centre * (1 - centre) * (1 / new + 1 / sum(of)))
    return centre, max(0.0, centre - half), min(1.0, centre + half)


@pytest.mark.parametrize(("focus_lost", "verdict"), [(12, "within"), (26, "above"), (1, "below")])
def test_verdict_and_range(focus_lost: int, verdict: str) -> None:
    result = quarter_run(closed_of(record(focus_lost)))
    row = result.tables["range"].first
    assert (row["centre"], row["low"], row["high"]) == pytest.approx(by_hand(LOST, OF, 30))
    assert (row["verdict"], row["share"], row["earlier"]) == (verdict, focus_lost / 30, 8)
    expected = "above" if row["share"] > row["high"] else "below" if row["share"] < row["low"] else "within"
    assert row["verdict"] == expected


@pytest.mark.parametrize(
    ("focus_lost", "told_share", "told_verdict"),
    [(12, "40%", "within its normal wobble ({})."), (26, "87%", "above its usual range ({})."),
     (1, "3%", "below its usual range ({}).")],
)  # fmt: skip
def test_headlines(focus_lost: int, told_share: str, told_verdict: str) -> None:
    _, low, high = by_hand(LOST, OF, 30)
    usual = f"{round(low * 100)}–{round(high * 100)}% after 8 earlier quarters"
    assert quarter_run(closed_of(record(focus_lost))).headline == (
        f"The share of deals that were lost, {told_share} in 2025Q3, is {told_verdict.format(usual)}"
    )


def test_the_focus_is_no_part_of_its_own_range() -> None:
    few, many = (quarter_run(closed_of(record(lost))).tables["range"].first for lost in (1, 29))
    assert (few["centre"], few["low"], few["high"]) == (many["centre"], many["low"], many["high"])


def test_eight_quarters_are_shown_of_all_that_count() -> None:
    rows = quarter_run(closed_of(record(12))).tables["run"].records
    assert [row["quarter"] for row in rows] == [quarter.label for quarter in FOCUS.trailing(8)]
    assert [row["events"] for row in rows] == [*LOST[1:], 12]
    assert [row["n"] for row in rows] == [*OF[1:], 30]
    assert [row["share"] for row in rows] == pytest.approx(
        [x / n for x, n in zip([*LOST[1:], 12], [*OF[1:], 30], strict=True)]
    )
    assert [row["is_focus"] for row in rows] == [False] * 7 + [True]


@pytest.mark.parametrize(
    ("measure", "label"),
    [("competitor", "recorded losses that went to a competitor"),
     ("status_quo", "recorded losses that went to the status quo")],
)  # fmt: skip
def test_shares_of_takers_are_over_recorded_losses(measure: str, label: str) -> None:
    stories = []
    for back in range(8):
        fates = {
            "lost_competitor": 4 + back % 2,
            "lost_status_quo": 6,
            "lost_disqualified": 1,
            "lost_unknown": 5,
            "won": 9,
        }
        stories += counted(fates, FOCUS - back, start=back * 100)
    result = quarter_run(closed_of(stories), measure=measure)
    rows = result.tables["run"].records
    taken = [(4 + back % 2) if measure == "competitor" else 6 for back in range(7, -1, -1)]
    assert [row["events"] for row in rows] == taken
    assert [row["n"] for row in rows] == [4 + back % 2 + 7 for back in range(7, -1, -1)]
    assert result.headline.startswith(f"The share of {label}, ")
    assert dict(result.params) == {"measure": measure}


def test_refused_below_six_earlier_quarters() -> None:
    five = quarter_run(closed_of(record(12, lost=LOST[:5], of=OF[:5])))
    assert five.headline == "Not answered yet: 5 of the 6 earlier quarters needed."
    assert quarter_run(closed_of(record(12, lost=LOST[:6], of=OF[:6]))).status == "ok"


def test_quarters_without_deals_are_no_quarters() -> None:
    stories = [story for story in record(12) if not 300 < int(story.deal["deal_id"][1:]) < 400]
    assert quarter_run(closed_of(stories)).tables["range"].first["earlier"] == 7
    stories = [story for story in stories if not 500 < int(story.deal["deal_id"][1:]) < 700]
    assert "5 of the 6" in quarter_run(closed_of(stories)).headline


def test_a_quarter_before_the_first_deal_is_not_shown_as_empty() -> None:
    result = quarter_run(closed_of(record(12, lost=LOST[:6], of=OF[:6])))
    assert len(result.tables["run"].rows) == 7


@pytest.mark.parametrize(
    ("stories", "missing"),
    [
        (record(3, 9), "9 of the 10 deals needed in 2025Q3"),
        (record(12, lost=(0,) * 7 + (4,)), "at least 5 deals of either kind in the earlier quarters"),
    ],
    ids=["small quarter", "hardly ever lost"],
)
def test_refused_where_the_range_would_mean_nothing(stories: list[Told], missing: str) -> None:
    assert quarter_run(closed_of(stories)).headline == f"Not answered yet: {missing}."


def test_refused_where_no_taker_of_the_quarter_is_recorded() -> None:
    result = quarter_run(closed_of(record(0)), measure="status_quo")
    assert result.headline == "Not answered yet: no loss with a recorded taker in 2025Q3."


def test_a_quarter_still_running_is_not_compared_with_whole_ones() -> None:
    early = [Told({**story.deal, "closed_at": str(FOCUS.day(10))}, []) for story in record(26)[:30]]
    result = quarter_run(closed_of([*early, *record(26)[30:]], as_of=str(FOCUS.day(40))))
    assert result.status == "refused" and "the end of 2025Q3" in result.headline


def test_forecast_deals_that_slipped_are_among_all_deals() -> None:
    stories = record(12)
    slipped = [told(900 + number, "slipped") for number in range(10)]
    row = quarter_run(forecast_of([*stories, *slipped])).tables["range"].first
    assert row["share"] == 12 / 40
