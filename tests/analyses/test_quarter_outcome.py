"""What became of the quarter's deals, counted again one by one."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, forecast_of, told
from builders import FOCUS
from by_hand import wilson
from scipy import stats

from postmortem.analyses.quarter_outcome import quarter_outcome
from postmortem.ground.fates import RESOLUTIONS
from postmortem.result import Result

EVERY_FATE = {
    "won": 6, "lost_competitor": 4, "lost_status_quo": 3, "lost_disqualified": 2, "lost_unknown": 1,
    "slipped": 5, "pushed_early": 2,
}  # fmt: skip


def fates(result: Result) -> dict[str, dict[str, object]]:
    return result.tables["fates"].keyed("fate")


def with_amounts(stories: list[Told], *amounts: float | None) -> list[Told]:
    """Give the first deals these amounts, the others 1,000."""
    given = [*amounts, *[1000.0] * (len(stories) - len(amounts))]
    return [Told({**story.deal, "amount": amount}, story.history) for story, amount in zip(stories, given, strict=True)]


def test_forecast_deals_are_counted_by_fate_in_deals_and_money() -> None:
    stories = counted(EVERY_FATE)
    result = quarter_outcome(forecast_of(stories))
    expected_money: dict[str, float] = defaultdict(float)
    names = [fate for fate, number in EVERY_FATE.items() for _ in range(number)]
    for fate, story in zip(names, stories, strict=True):
        expected_money[fate] += story.deal["amount"]
    rows = fates(result)
    assert {fate: row["deals"] for fate, row in rows.items()} == dict(Counter(names))
    assert {fate: row["amount"] for fate, row in rows.items()} == dict(expected_money)
    assert {fate: row["share"] for fate, row in rows.items()} == pytest.approx(
        {fate: number / 23 for fate, number in EVERY_FATE.items()}
    )
    assert list(rows) == [fate for fate in RESOLUTIONS if fate in EVERY_FATE]
    assert result.n_used == 23


def test_headline_adds_up_fates_of_one_kind() -> None:
    result = quarter_outcome(forecast_of(counted(EVERY_FATE, amount=1000.0)))
    assert result.headline == "Of 23 deals, 6 won ($6k), 10 lost ($10k) and 7 moved past the quarter ($7k)."


def test_closed_deals_are_won_or_lost_and_nothing_else() -> None:
    result = quarter_outcome(closed_of(with_amounts(counted({"won": 2, "lost_competitor": 1, "slipped": 4}))))
    assert set(fates(result)) == {"won", "lost_competitor"}
    assert result.headline == "Of 3 deals, 2 won ($2k) and 1 lost ($1k)."
    assert any("not the deals that were forecast" in caveat for caveat in result.caveats)


def test_only_the_focus_quarter_is_told() -> None:
    earlier = counted({"won": 9}, FOCUS - 1, start=100)
    result = quarter_outcome(closed_of([*counted({"won": 1, "lost_unknown": 1}), *earlier]))
    assert sum(row["deals"] for row in fates(result).values()) == 2
    assert len(result.tables["deals"].rows) == 2


def test_unknown_amounts_are_named_and_never_nought() -> None:
    stories = with_amounts(counted({"won": 3, "lost_competitor": 2}), None, 4000.0, 5000.0, None, None)
    result = quarter_outcome(closed_of(stories))
    rows = fates(result)
    assert (rows["won"]["amount"], rows["won"]["without_amount"]) == (9000.0, 1)
    assert math.isnan(rows["lost_competitor"]["amount"]) and rows["lost_competitor"]["without_amount"] == 2
    assert result.headline == "Of 5 deals, 3 won ($9k, 1 without an amount) and 2 lost (amounts not recorded)."
    assert "3 deals of 5 carry no amount; totals leave them out." in result.caveats


def test_an_amount_of_nought_is_an_amount() -> None:
    result = quarter_outcome(closed_of(with_amounts(counted({"won": 1, "lost_competitor": 1}), 0.0, 0.0)))
    assert result.headline == "Of 2 deals, 1 won ($0) and 1 lost ($0)."
    assert not any("no amount" in caveat for caveat in result.caveats)


def test_rate_by_deals_is_wilsons_over_the_window() -> None:
    window = [*counted({"won": 7, "lost_competitor": 5}), *counted({"lost_unknown": 8}, FOCUS - 3, start=100)]
    outside = counted({"won": 50}, FOCUS - 4, start=200)
    rate = quarter_outcome(closed_of([*window, *outside])).tables["rate"].records[0]
    assert (rate["share"], rate["n"]) == (0.35, 20)
    assert (rate["low"], rate["high"]) == pytest.approx(wilson(7, 20))
    assert (rate["low"], rate["high"]) == pytest.approx((0.181192, 0.567146), abs=1e-6)


def test_rate_follows_the_confidence_asked_for() -> None:
    cohort = cohort_of("closed")
    rate = quarter_outcome(cohort, confidence=0.8).tables["rate"].records[0]
    won = sum(cohort.window_rows["resolution"] == "won")
    assert (rate["low"], rate["high"]) == pytest.approx(wilson(won, rate["n"], float(stats.norm.ppf(0.9))))


def test_under_ten_deals_there_is_no_rate() -> None:
    rate = quarter_outcome(closed_of(counted({"won": 5, "lost_unknown": 4}))).tables["rate"].records
    assert all(math.isnan(row["share"]) for row in rate[:1])
    assert "9 of the 10" in rate[0]["note"]


def test_rate_by_amount_is_a_ratio_with_sales_people_as_groups() -> None:
    stories = counted({"won": 40, "lost_status_quo": 50})
    stories = [Told({**story.deal, "owner_id": f"Rep {index % 15}"}, []) for index, story in enumerate(stories)]
    rate = quarter_outcome(closed_of(stories)).tables["rate"].records[1]
    total = sum(story.deal["amount"] for story in stories)
    share = sum(story.deal["amount"] for story in stories if story.deal["outcome"] == "won") / total
    residuals: dict[str, float] = defaultdict(float)
    held: dict[str, float] = defaultdict(float)
    for story in stories:
        won = story.deal["amount"] if story.deal["outcome"] == "won" else 0.0
        residuals[story.deal["owner_id"]] += won - share * story.deal["amount"]
        held[story.deal["owner_id"]] += story.deal["amount"] / total
    error = math.sqrt(sum(value**2 / (1 - held[owner]) for owner, value in residuals.items())) / total
    part = np.array(list(held.values()))
    likeness = (np.diag(part) - np.outer(part, part)) / np.sqrt(np.outer(1 - part, 1 - part))
    half = float(stats.t.ppf(0.975, np.trace(likeness) ** 2 / (likeness**2).sum())) * error / (share * (1 - share))
    centre = math.log(share / (1 - share))
    assert rate["share"] == pytest.approx(share)
    assert rate["low"] == pytest.approx(1 / (1 + math.exp(-(centre - half))))
    assert rate["high"] == pytest.approx(1 / (1 + math.exp(-(centre + half))))


HOLDS_ALL = "one deal holds 100% of the amount, more than 25%: no interval"


@pytest.mark.parametrize(
    ("change", "told_why"),
    [
        (lambda index, row: {**row, "amount": 1e9 if index == 0 else 1.0}, HOLDS_ALL),
        (lambda index, row: {**row, "owner_id": f"Rep {index % 9}"}, "9 of the 10 groups"),
        (lambda index, row: {**row, "owner_id": None}, "1 of the 10 groups"),
    ],
    ids=["one deal holds the quarter", "nine sales people", "nobody is named"],
)
def test_interval_of_the_amount_is_withheld(
    change: Callable[[int, dict[str, object]], dict[str, object]], told_why: str
) -> None:
    stories = counted({"won": 20, "lost_status_quo": 20})
    stories = [Told(change(index, story.deal), []) for index, story in enumerate(stories)]
    rate = quarter_outcome(closed_of(stories)).tables["rate"].records[1]
    assert not math.isnan(rate["share"])
    assert math.isnan(rate["low"]) and math.isnan(rate["high"])
    assert told_why in rate["note"]


def test_the_share_of_the_largest_deal_is_told() -> None:
    stories = counted({"won": 20, "lost_status_quo": 20})
    stories = [Told({**story.deal, "owner_id": f"Rep {index % 12}"}, []) for index, story in enumerate(stories)]
    rate = quarter_outcome(closed_of(with_amounts(stories, *[100] * 39, 975))).tables["rate"].records
    assert rate[1]["note"] == "the largest deal holds 20% of the amount"
    assert rate[0]["note"] == "" and not math.isnan(rate[1]["low"])


@pytest.mark.parametrize("missing", [1, 24])
def test_share_of_the_amount_needs_every_amount(missing: int) -> None:
    result = quarter_outcome(closed_of(with_amounts(counted({"won": 12, "lost_unknown": 12}), *[None] * missing)))
    by_deals, by_amount = result.tables["rate"].records
    assert by_deals["share"] == 0.5
    assert math.isnan(by_amount["share"]) and math.isnan(by_amount["low"])
    assert (by_amount["n"], by_amount["note"]) == (24 - missing, "amounts are not known for all deals")


def test_a_quarter_still_running_says_so_and_gives_no_rate() -> None:
    ended = counted({"won": 6, "lost_competitor": 8}, FOCUS - 1, start=100)
    running = [told(number, "won", FOCUS, closed_at=str(FOCUS.day(20))) for number in range(1, 4)]
    stories = [*running, *counted({"open": 5}, start=50), *ended]
    cohort = forecast_of(stories, as_of=str(FOCUS.day(45)))
    result = quarter_outcome(cohort)
    assert {fate: row["deals"] for fate, row in fates(result).items()} == {"won": 3, "open": 5}
    assert "5 still open" in result.headline
    assert any("had not ended" in caveat for caveat in result.caveats)
    rate = result.tables["rate"].records[0]
    assert (rate["n"], rate["share"]) == (14, pytest.approx(6 / 14))


def test_a_window_of_one_running_quarter_has_no_rate_at_all() -> None:
    running = [told(number, "won", FOCUS, closed_at=str(FOCUS.day(20))) for number in range(1, 14)]
    result = quarter_outcome(closed_of(running, as_of=str(FOCUS.day(45)), window=1))
    for row in result.tables["rate"].records:
        assert math.isnan(row["share"]) and row["n"] == 0 and row["note"]


def test_deals_whose_expected_close_had_passed_are_counted_apart() -> None:
    stale = told(90, "slipped", FOCUS - 1)
    result = quarter_outcome(forecast_of([*counted({"won": 2}), stale]))
    assert sum(row["deals"] for row in fates(result).values()) == 2
    assert "Counted apart: 1 deal whose expected close had already passed." in result.caveats


def test_every_deal_is_listed_once_costliest_first() -> None:
    stories = with_amounts(counted({"won": 2, "lost_competitor": 2}), 5.0, None, 9.0, 5.0)
    rows = quarter_outcome(closed_of(stories)).tables["deals"].records
    assert [row["deal_id"] for row in rows] == ["D0003", "D0001", "D0004", "D0002"]
    assert [row["account"] for row in rows] == ["Account 3", "Account 1", "Account 4", "Account 2"]
