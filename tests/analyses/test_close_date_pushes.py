"""Pushes before the snapshot against outcome: counted by hand, tested by another route, blind to what came later."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from analysis_cases import Told, closed_of, forecast_of, told
from builders import FOCUS, change, forecast, make_book
from by_hand import newcombe, wilson

from postmortem.analyses.close_date_pushes import close_date_pushes
from postmortem.result import Result

CLOSES = ("2025-07-10", "2025-07-25", "2025-08-20", "2025-09-18")


def pushed(number: int, fate: str, times: int, *, later: int = 0, **more: object) -> Told:
    """Return a deal whose close was moved later so often before the snapshot, and `later` times after it."""
    story = told(number, fate, FOCUS, owner_id=f"Rep {number % 4}", **more)
    kept = [row for row in story.history if row["field"] != "expected_close_date" or row["new_value"] > "2025-10"]
    first = change(number, "expected_close_date", str(FOCUS.day(-30)), None, CLOSES[0], 1)
    moves = [change(number, "expected_close_date", str(FOCUS.day(-20 + place)), CLOSES[place], CLOSES[place + 1], 2)
             for place in range(times)]  # fmt: skip
    after = [change(number, "expected_close_date", str(FOCUS.day(10 + place)), f"2025-09-{20 + place}",
                    f"2025-09-{21 + place}", 3) for place in range(later)]  # fmt: skip
    return Told(story.deal, [first, *moves, *kept, *after])


def book_of(counts: dict[tuple[str, int], int]) -> list[Told]:
    every = [each for each, number in counts.items() for _ in range(number)]
    return [pushed(number, fate, times) for number, (fate, times) in enumerate(every, start=1)]


MIXED = {("won", 0): 20, ("lost_competitor", 0): 8, ("won", 1): 12, ("lost_status_quo", 1): 6, ("slipped", 1): 2,
         ("won", 2): 6, ("lost_unknown", 2): 9, ("lost_competitor", 3): 9, ("slipped", 3): 5}  # fmt: skip


def groups(result: Result) -> dict[str, tuple[int, int, int, int]]:
    rows = result.tables["pushes"].rows
    return {row.pushed: (row.deals, row.won, row.lost, row.open) for row in rows.itertuples()}


def test_groups_shares_and_the_difference_are_those_counted_by_hand() -> None:
    result = close_date_pushes(forecast_of(book_of(MIXED)))
    assert groups(result) == {"Never": (28, 20, 8, 0), "Once": (20, 12, 6, 2), "Twice or more": (29, 6, 18, 5)}
    twice = result.tables["pushes"].keyed("pushed")["Twice or more"]
    assert (twice["low"], twice["high"]) == pytest.approx(wilson(18, 24))
    found = result.tables["comparison"].first
    expected = newcombe(18, 24, 14, 46)
    # Those lost after two moves or more are deals 55 to 72.
    assert found["amount"] == sum(1000 * (number % 7 + 1) for number in range(55, 73)) == 69_000
    # Four sales people are too few to cluster by, so the interval is that of unrelated deals.
    assert (found["difference"], found["low"], found["high"]) == pytest.approx(expected)
    assert result.headline == (
        "Worth a look: of the deals won or lost, 18 of 24 deals put off twice or more were lost (75%), and 14 of 46 "
        "others (30%; +45 points, 20–62 points)."
    )


def test_the_test_compares_within_sales_people() -> None:
    stories = book_of(MIXED)
    p = close_date_pushes(forecast_of(stories)).tables["tests"].first["p"]
    observed = expected = variance = 0.0
    every = [key for key, number in MIXED.items() for _ in range(number)]
    for rep in range(4):
        mine = [each for number, each in enumerate(every, start=1) if number % 4 == rep and each[0] != "slipped"]
        n, lost = len(mine), sum(fate != "won" for fate, _ in mine)
        twice = [fate for fate, times in mine if times >= 2]
        observed += sum(fate != "won" for fate in twice)
        expected += len(twice) * lost / n
        variance += len(twice) * (n - len(twice)) * lost * (n - lost) / (n * n * (n - 1))
    assert p == pytest.approx(math.erfc(abs(observed - expected) / math.sqrt(2 * variance)))


def test_what_happened_after_the_snapshot_is_not_seen() -> None:
    before = [pushed(number, "won" if number % 2 else "lost_competitor", number % 3) for number in range(1, 61)]
    after = [pushed(number, "won" if number % 2 else "lost_competitor", number % 3, later=number % 4)
             for number in range(1, 61)]  # fmt: skip
    first, second = (close_date_pushes(forecast_of(stories)).tables for stories in (before, after))
    for name in ("pushes", "comparison", "tests"):
        pd.testing.assert_frame_equal(first[name].rows, second[name].rows)


def test_a_direction_is_stated_only_once_named() -> None:
    result = close_date_pushes(forecast_of(book_of(MIXED)))
    tests = result.tables["tests"]
    named = type(tests)(tests.rows.assign(named=pd.array([True], dtype="boolean")), tests.columns, tests.title, True)
    told_of = result.replace(tables={**result.tables, "tests": named}).headline
    assert told_of.startswith("Deals put off twice or more are lost more often: 18 of 24 ")


def test_no_difference_is_said_not_to_be_told_from_chance() -> None:
    alike = {("won", 0): 20, ("lost_competitor", 0): 10, ("won", 2): 20, ("lost_competitor", 2): 10}
    result = close_date_pushes(forecast_of(book_of(alike)))
    assert result.headline.endswith("a difference that cannot be told from chance.")


@pytest.mark.thorough
def test_nothing_is_found_where_pushes_and_outcome_are_drawn_apart() -> None:
    draw = np.random.default_rng(20260101)
    few = 0
    for _ in range(12):
        fates, times = draw.choice(["won", "lost_competitor"], 80), draw.integers(0, 4, 80)
        stories = [pushed(number, str(fate), int(many))
                   for number, (fate, many) in enumerate(zip(fates, times, strict=True), start=1)]  # fmt: skip
        few += close_date_pushes(forecast_of(stories)).tables["tests"].first["p"] < 0.05
    assert few <= 3, "of twelve null books; four or more would come once in 400 such dozens"


def test_too_few_put_off_are_counted_and_not_compared() -> None:
    result = close_date_pushes(forecast_of(book_of({("won", 0): 6, ("lost_competitor", 2): 2})))
    assert result.headline == (
        "Of the deals won or lost, 2 of 2 deals put off twice or more were lost, and 0 of 6 others: too few to compare."
    )
    assert result.tables["comparison"].rows.isna().all(axis=None)


def test_deals_older_than_the_record_are_not_said_never_to_have_been_put_off() -> None:
    old = [pushed(901 + times, "won", times, created_at="2024-01-01") for times in range(3)]
    # Their first row on record says that there had been another date before.
    cut = [Told(each.deal, [{**row, "old_value": row.get("old_value") or CLOSES[0]} for row in each.history])
           for each in old]  # fmt: skip
    stories = [*book_of(MIXED), *cut]
    result = close_date_pushes(forecast_of(stories))
    assert groups(result)["Not on record"] == (2, 2, 0, 0)
    assert groups(result)["Twice or more"] == (30, 7, 18, 5), "twice on record is twice, whatever came before"
    assert "2 deals older than the record of changes are left out." in result.caveats


def test_old_values_left_out_are_read_from_the_change_before() -> None:
    stories = book_of(MIXED)
    bare = [Told(each.deal, [{**row, "old_value": None} for row in each.history]) for each in stories]
    first, second = (close_date_pushes(forecast_of(each)).tables["pushes"].rows for each in (stories, bare))
    pd.testing.assert_frame_equal(first, second)


def test_stored_copies_tell_pushes_where_there_is_no_history() -> None:
    stories = [told(number, "won" if number % 2 else "lost_competitor") for number in range(1, 41)]
    days = ("2025-05-20", "2025-06-20", "2025-07-04")
    copies = [{"as_of": day, "deal_id": each.deal["deal_id"], "forecast_category": "commit",
               "expected_close_date": CLOSES[min(place, number % 3)]}
              for number, each in enumerate(stories) for place, day in enumerate(days)]  # fmt: skip
    deals = [{**each.deal, "created_at": "2025-05-20"} for each in stories]
    result = close_date_pushes(forecast(make_book(deals, snapshots=copies)))
    assert {name: each[0] for name, each in groups(result).items()} == {"Never": 14, "Once": 13, "Twice or more": 13}
    assert "several between two copies count as one" in result.caveats[-1]


def test_slipped_deals_are_followed_to_their_end() -> None:
    stories = [*book_of({("won", 0): 3}), told(50, "slipped"), told(51, "pushed_early"), told(52, "slipped")]
    stories += [told(53, "won", closed_at="2025-10-03"), told(54, "lost_competitor", closed_at="2025-10-05")]
    row = close_date_pushes(forecast_of(stories)).tables["slipped"].keyed("quarter")["2025Q3"]
    # One was moved to day 80 of the next quarter, the others were left overdue on day 80 of this one.
    assert (row["slipped"], row["next"], row["later"], row["overdue"], row["undated"]) == (5, 1, 0, 4, 0)
    assert (row["won_since"], row["lost_since"], row["open_still"]) == (1, 1, 3)
    assert row["days"] == 80


def test_refused_for_closed_deals() -> None:
    assert close_date_pushes(closed_of(book_of(MIXED))).headline == (
        "Not answered yet: no records of expected closes as they were."
    )
