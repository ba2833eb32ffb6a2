"""The gap between forecast and won, added up again deal by deal."""

from __future__ import annotations

from collections import defaultdict

import pytest
from analysis_cases import Told, closed_of, counted, forecast_of, told
from builders import FOCUS

from postmortem.analyses.gap_to_forecast import gap_to_forecast
from postmortem.result import Result

MIXED = {"won": 4, "lost_competitor": 3, "lost_status_quo": 2, "lost_unknown": 1, "slipped": 3, "pushed_early": 2}


def without_amount(story: Told) -> Told:
    return Told({**story.deal, "amount": None}, [row for row in story.history if row["field"] != "amount"])


def total(result: Result) -> dict[str, float]:
    return dict(result.tables["total"].first)


def test_the_parts_add_up_to_the_gap_exactly() -> None:
    stories = counted(MIXED)
    stories = [told(index, fate, amount=1000.1 * index) for index, fate in enumerate(
        [fate for fate, number in MIXED.items() for _ in range(number)], start=1)]  # fmt: skip
    result = gap_to_forecast(forecast_of(stories))
    forecast, won, parts = 0.0, 0.0, defaultdict(float)
    fates = [fate for fate, number in MIXED.items() for _ in range(number)]
    for fate, story in zip(fates, stories, strict=True):
        forecast += story.deal["amount"]
        if fate == "won":
            won += story.deal["amount"]
        else:
            parts[fate] += story.deal["amount"]
    figures = total(result)
    assert figures["forecast"] == pytest.approx(forecast)
    assert figures["won"] == pytest.approx(won)
    assert figures["gap"] == pytest.approx(sum(parts.values()))
    assert (figures["deals"], figures["without_amount"]) == (11, 0)
    rows = result.tables["gap"].keyed("fate")
    assert {fate: row["amount"] for fate, row in rows.items()} == pytest.approx(dict(parts))
    assert {fate: row["deals"] for fate, row in rows.items()} == {k: v for k, v in MIXED.items() if k != "won"}
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    assert rows["slipped"]["share"] == pytest.approx(parts["slipped"] / figures["gap"])


def test_amounts_are_those_of_the_snapshot_not_todays() -> None:
    stories = counted({"won": 1, "slipped": 1}, amount=1000.0)
    today = [Told({**story.deal, "amount": 777_000.0}, story.history) for story in stories]
    assert total(gap_to_forecast(forecast_of(today)))["forecast"] == 2000.0


def test_a_deal_won_without_having_been_forecast_is_not_in_it() -> None:
    pulled_in = told(50, "won", FOCUS, amount=9e6)
    later = [{**row, "changed_at": f"{FOCUS.day(30)}T09:00:00Z"} for row in pulled_in.history]
    unseen = Told({**pulled_in.deal, "created_at": str(FOCUS.day(30))}, later)
    figures = total(gap_to_forecast(forecast_of([*counted({"won": 1, "slipped": 1}, amount=1000.0), unseen])))
    assert (figures["forecast"], figures["won"]) == (2000.0, 1000.0)


def test_the_deals_of_the_gap_are_listed_costliest_first() -> None:
    stories = [told(1, "won", amount=9e9), told(2, "slipped", amount=3.0), told(3, "lost_competitor", amount=7.0),
               told(4, "pushed_early", amount=3.0)]  # fmt: skip
    rows = gap_to_forecast(forecast_of(stories)).tables["deals"].records
    assert [(row["deal_id"], row["fate"], row["amount"]) for row in rows] == [
        ("D0003", "lost_competitor", 7.0), ("D0002", "slipped", 3.0), ("D0004", "pushed_early", 3.0)
    ]  # fmt: skip
    assert rows[0]["what"] == "Lost to a competitor" and rows[0]["owner"] == "Rep 3"


def test_headline_names_the_largest_part_without_calling_it_most() -> None:
    stories = [told(1, "won", amount=100e3), told(2, "slipped", amount=40e3), told(3, "lost_competitor", amount=35e3),
               told(4, "lost_status_quo", amount=25e3)]  # fmt: skip
    assert gap_to_forecast(forecast_of(stories)).headline == (
        "Of $200k forecast, $100k was won; the gap of $100k is 3 deals, the largest part of it “slipped past the "
        "quarter” (40%)."
    )


def test_headline_when_one_fate_is_all_of_it() -> None:
    result = gap_to_forecast(forecast_of(counted({"won": 3, "lost_competitor": 1}, amount=1000.0)))
    assert result.headline == (
        "Of $4k forecast, $3k was won; the gap of $1k is 1 deal, all of it “lost to a competitor” (100%)."
    )


def test_headline_when_everything_was_won() -> None:
    result = gap_to_forecast(forecast_of(counted({"won": 3}, amount=1000.0)))
    assert result.headline == "All $3k of the forecast was won."
    assert result.tables["gap"].rows.empty and result.tables["deals"].rows.empty


def test_deals_without_an_amount_are_named_not_counted_as_nought() -> None:
    won = counted({"won": 2}, amount=1000.0)
    lost = [without_amount(story) for story in counted({"lost_competitor": 3}, start=10)]
    result = gap_to_forecast(forecast_of([*won, *lost]))
    assert total(result) == {"forecast": 2000.0, "won": 2000.0, "gap": 0.0, "deals": 0, "without_amount": 3}
    assert result.headline == "All $2k of the forecast was won; 3 deals without an amount left out."
    assert result.n_used == 2


def test_a_gap_of_worthless_deals_divides_nothing_by_nothing() -> None:
    result = gap_to_forecast(forecast_of([told(1, "won", amount=1000.0), told(2, "slipped", amount=0.0)]))
    assert result.headline == "All $1k of the forecast was won."
    assert result.tables["gap"].rows["share"].isna().all()


def test_a_deal_won_after_the_quarter_is_still_part_of_its_gap() -> None:
    late = told(2, "won", amount=3000.0, closed_at=str((FOCUS + 1).day(4)))
    result = gap_to_forecast(forecast_of([told(1, "won", amount=1000.0), late], as_of=str((FOCUS + 1).day(10))))
    assert total(result)["gap"] == 3000.0
    assert [row["fate"] for row in result.tables["gap"].records] == ["slipped"]


def test_deals_still_open_are_part_of_the_gap_so_far() -> None:
    stories = [told(1, "won", amount=1000.0, closed_at=str(FOCUS.day(9))), told(2, "open", amount=3000.0)]
    result = gap_to_forecast(forecast_of(stories, as_of=str(FOCUS.day(45))))
    assert result.headline == "Of $4k forecast, $1k was won; the gap of $3k is 1 deal, all of it “still open” (100%)."


def test_refused_without_the_forecast_as_it_was() -> None:
    result = gap_to_forecast(closed_of(counted(MIXED)))
    assert result.status == "refused" and not result.tables
    assert "the forecast as it stood in the quarter" in result.headline


def test_refused_without_any_amount() -> None:
    result = gap_to_forecast(forecast_of([without_amount(story) for story in counted(MIXED)]))
    assert result.status == "refused"
    assert result.headline == "Not answered yet: the amounts of the forecast deals."
