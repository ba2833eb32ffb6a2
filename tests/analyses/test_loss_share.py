"""The status quo's part of the losses, by group; the test of alike groups against its exact distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from math import comb
from typing import Any

import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, forecast_of, told
from builders import FOCUS
from by_hand import newcombe, wilson

from postmortem.analyses.loss_share import loss_share
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort
from postmortem.result import Result, Table


def share(cohort: Cohort, **asked: Any) -> Result:
    return loss_share(cohort, **{"measure": "status_quo", **asked})


def groups_of(result: Result) -> dict[str, dict[str, object]]:
    return result.tables["groups"].keyed("group")


def losses(*cells: tuple[str | None, str, int, int], more: Sequence[Told] = ()) -> Cohort:
    """Return losses as told in (segment, owner, to the status quo, to competitors)."""
    stories, number = [], 0
    for segment, owner, status_quo, competitor in cells:
        for fate in ["lost_status_quo"] * status_quo + ["lost_competitor"] * competitor:
            number += 1
            stories.append(told(number, fate, segment=segment, owner_id=owner))
    return closed_of([*stories, *more])


def test_shares_by_group_over_recorded_losses() -> None:
    unrecorded = counted({"lost_unknown": 4}, start=500, segment="Health")
    never = counted({"lost_disqualified": 3}, start=600, segment="Health")
    cohort = losses(("Health", "A", 12, 8), ("Industry", "A", 6, 9), ("Public", "A", 2, 1), more=[*unrecorded, *never])
    result = share(cohort)
    rows = groups_of(result)
    assert {name: (row["n"], row["events"]) for name, row in rows.items()} == {
        "All": (41, 20), "Health": (23, 12), "Industry": (15, 6), "Public": (3, 2)
    }  # fmt: skip
    for name in ("All", "Health", "Industry"):
        row = rows[name]
        assert row["share"] == row["events"] / row["n"]
        assert (row["low"], row["high"]) == pytest.approx(wilson(row["events"], row["n"])), name
    assert list(rows) == ["All", "Health", "Industry", "Public"]
    assert result.n_used == 41


@pytest.mark.parametrize(("status_quo", "competitor"), [(3, 2), (4, 20), (20, 4), (0, 30)])
def test_small_or_lopsided_groups_get_counts_only(status_quo: int, competitor: int) -> None:
    row = groups_of(share(losses(("Health", "A", status_quo, competitor), ("Industry", "A", 10, 10))))["Health"]
    assert (row["events"], row["n"]) == (status_quo, status_quo + competitor)
    assert all(math.isnan(row[column]) for column in ("share", "low", "high"))


def test_p_value_against_the_exact_distribution_within_sales_people() -> None:
    """Two groups: the statistic grows with the distance of one count from its mean, so the tail can be summed."""
    cells = (("Health", "A", 9, 3), ("Industry", "A", 4, 8), ("Health", "B", 5, 5), ("Industry", "B", 3, 7))
    p = share(losses(*cells)).tables["tests"].first["p"]
    ways: dict[int, float] = {0: 1.0}
    mean = 0.0
    for owner in ("A", "B"):
        (_, _, sq_h, c_h), (_, _, sq_i, c_i) = (cell for cell in cells if cell[1] == owner)
        n, events, size = sq_h + c_h + sq_i + c_i, sq_h + sq_i, sq_h + c_h
        mean += events * size / n
        one = {k: comb(size, k) * comb(n - size, events - k) / comb(n, events) for k in range(min(size, events) + 1)}
        ways = _added(ways, one)
    seen = abs(9 + 5 - mean)
    exact = sum(chance for count, chance in ways.items() if abs(count - mean) >= seen - 1e-9)
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 2000))


def _added(first: dict[int, float], second: dict[int, float]) -> dict[int, float]:
    both: dict[int, float] = {}
    for (a, p), (b, q) in product(first.items(), second.items()):
        both[a + b] = both.get(a + b, 0.0) + p * q
    return both


def test_one_sales_persons_habit_is_no_evidence() -> None:
    """All of A's losses are in one segment, all of B's in the other: nothing within either tells segments apart."""
    result = share(losses(("Health", "A", 30, 2), ("Industry", "B", 2, 30)))
    assert math.isnan(result.tables["tests"].first["p"])
    assert result.headline.endswith("; differences by segment cannot be told from those between sales people.")


def test_tests_are_left_for_the_gate_to_name() -> None:
    row = share(cohort_of("closed")).tables["tests"].first
    assert (row["hypothesis"], row["primary"]) == ("the status quo's share of losses differs by segment", True)
    assert row["named"] is not True and row["named"] is not False
    assert 0 < row["p"] <= 1


@pytest.mark.parametrize(
    ("cells", "headline"),
    [
        ([("Health", "A", 10, 10), ("Industry", "A", 10, 10)],
         "The status quo took 20 of 40 losses with a recorded taker (50%, 35–65%); differences by segment cannot be "
         "told from chance."),
        ([("Health", "A", 20, 2), ("Industry", "A", 2, 20)],
         "The status quo took 22 of 44 losses with a recorded taker (50%, 36–64%). Worth a look: the share is not the "
         "same in every segment."),
        ([("Health", "A", 10, 10)],
         "The status quo took 10 of 20 losses with a recorded taker (50%, 30–70%); there is only one segment to look "
         "at."),
        ([("Health", "A", 10, 0), ("Industry", "A", 4, 0)],
         "The status quo took 14 of 14 losses with a recorded taker."),
        ([("Health", "A", 0, 8), ("Industry", "A", 0, 5)],
         "The status quo took 0 of 13 losses with a recorded taker."),
        ([("Health", "A", 2, 8), ("Industry", "A", 2, 8)],
         "The status quo took 4 of 20 losses with a recorded taker; differences by segment cannot be told from "
         "chance."),
    ],
    ids=["alike", "apart", "one group", "all", "none", "too few for a share"],
)  # fmt: skip
def test_headlines(cells: list[tuple[str | None, str, int, int]], headline: str) -> None:
    assert share(losses(*cells)).headline == headline


def gated(result: Result, level: float = 0.03) -> Result:
    return through_the_gate([result], level=level)[0]


def test_a_named_segment_is_said_with_its_direction() -> None:
    result = gated(share(losses(("Health", "A", 22, 6), ("Industry", "A", 6, 18), ("Public", "A", 6, 6))))
    assert list(result.tables["tests"].rows["named"]) == [True, True, True, False]
    low, high = (round(100 * bound) for bound in wilson(34, 64))
    # One sales person: Newcombe's interval stands alone, against the 36 and 40 losses of the other segments.
    health, industry = newcombe(22, 28, 12, 36), newcombe(6, 24, 28, 40)
    for name, by_hand in (("Health", health), ("Industry", industry)):
        row = groups_of(result)[name]
        assert [row["difference"], row["apart_low"], row["apart_high"]] == pytest.approx(by_hand)
    assert math.isnan(groups_of(result)["All"]["difference"])
    more, less = ([round(100 * abs(value)) for value in each] for each in (health, industry))
    assert result.headline == (
        f"The status quo took 34 of 64 losses with a recorded taker (53%, {low}–{high}%); more often in Health (79%, "
        f"+{more[0]} points against all others, {more[1]}–{more[2]} points) and less often in Industry (25%, "
        f"−{less[0]} points against all others, −{less[1]} to −{less[2]} points)."
    )


def test_groups_are_tested_against_all_others_within_sales_people() -> None:
    cells = (("Health", "A", 9, 3), ("Industry", "A", 4, 8), ("Health", "B", 8, 5), ("Industry", "B", 3, 7))
    tests = share(losses(*cells)).tables["tests"].rows
    r_of_mantelhaen = _score_test([(9, 3, 4, 8), (8, 5, 3, 7)])
    # with two groups, either against the other is one test
    assert list(tests["group"].iloc[1:]) == ["Health", "Industry"]
    assert tests["p"].iloc[1:].tolist() == pytest.approx([r_of_mantelhaen] * 2)
    assert tests["primary"].tolist() == [True, False, False]


def _score_test(strata: list[tuple[int, int, int, int]]) -> float:
    off = sum(a - (a + b) * (a + c) / (a + b + c + d) for a, b, c, d in strata)
    spread = sum(
        (a + b) * (c + d) * (a + c) * (b + d) / ((a + b + c + d) ** 2 * (a + b + c + d - 1)) for a, b, c, d in strata
    )
    return math.erfc(abs(off) / math.sqrt(2 * spread))


def test_small_groups_are_part_of_the_test_of_all_and_never_singled_out() -> None:
    tests = share(losses(("Health", "A", 10, 10), ("Industry", "A", 9, 12), ("Public", "A", 6, 0)))
    assert list(tests.tables["tests"].rows["group"].iloc[1:]) == ["Industry", "Health"]


def test_a_difference_named_without_a_group_that_stands_out_says_so() -> None:
    result = share(losses(*[(f"s{number}", "A", 3 + number, 9 - number) for number in range(7)]))
    primary = result.tables["tests"].rows.assign(named=[True] + [False] * (len(result.tables["tests"].rows) - 1))
    table = result.tables["tests"]
    named = Table(primary.astype({"named": "boolean"}), table.columns, table.title, table.detail)
    told = result.replace(tables={**result.tables, "tests": named}).headline
    assert told.endswith("; the share is not the same in every segment, by more than chance.")


def test_what_the_gate_does_not_name_stays_worth_a_look() -> None:
    before = share(losses(("Health", "A", 20, 2), ("Industry", "A", 2, 20)))
    assert "Worth a look" in before.headline
    assert gated(before, level=1e-9).headline == before.headline


def test_deals_without_a_segment_are_a_group_by_that_name() -> None:
    rows = groups_of(share(losses(("Health", "A", 6, 6), (None, "A", 2, 3))))
    assert (rows["not recorded"]["n"], rows["not recorded"]["events"]) == (5, 2)


@pytest.mark.parametrize("by", ["product", "region", "team", "deal_type"])
def test_other_columns_split_as_well(by: str) -> None:
    stories = [told(number, "lost_status_quo" if number % 2 else "lost_competitor", **{by: f"g{number % 3}"})
               for number in range(1, 31)]  # fmt: skip
    result = share(closed_of(stories), by=by)
    assert {name: row["n"] for name, row in groups_of(result).items()} == {
        "All": 30, "g0": 10, "g1": 10, "g2": 10
    }  # fmt: skip
    assert dict(result.params) == {"measure": "status_quo", "by": by}


def test_stage_is_the_stage_of_the_snapshot_and_needs_a_history() -> None:
    stories = [told(number, "lost_status_quo" if number % 2 else "lost_competitor") for number in range(1, 15)]
    ended = [Told({**story.deal, "stage": "Closed lost"}, story.history) for story in stories]
    assert "Proposal" in groups_of(share(forecast_of(ended), by="stage"))
    refusal = share(closed_of(ended), by="stage")
    assert refusal.status == "refused" and "stage" in refusal.headline


def test_refused_where_the_column_is_empty() -> None:
    result = share(losses((None, "A", 8, 8)))
    assert result.headline == "Not answered yet: the segment of the deals, which the data do not have."


def test_refused_below_ten_recorded_losses() -> None:
    result = share(losses(("Health", "A", 5, 4), more=counted({"lost_unknown": 30}, start=100)))
    assert result.headline == "Not answered yet: 9 of the 10 losses with a recorded taker needed in 2024Q4 to 2025Q3."


def test_the_window_is_pooled_and_nothing_beyond_it() -> None:
    inside = counted({"lost_status_quo": 7}, FOCUS - 3, start=200)
    outside = counted({"lost_status_quo": 70}, FOCUS - 4, start=300)
    row = groups_of(share(losses(("Health", "A", 5, 5), more=[*inside, *outside])))["All"]
    assert (row["n"], row["events"]) == (17, 12)


def test_the_share_of_deals_lost_is_taken_over_all_deals() -> None:
    stories = [
        *counted({"won": 12, "lost_unknown": 8}, start=1, segment="Health", owner_id="A"),
        *counted({"won": 20, "lost_competitor": 5, "lost_unknown": 5}, start=100, segment="Industry", owner_id="A"),
    ]
    result = loss_share(closed_of(stories))
    counts = {name: (row["n"], row["events"]) for name, row in groups_of(result).items()}
    assert counts == {"All": (50, 18), "Industry": (30, 10), "Health": (20, 8)}
    assert result.headline == (
        "18 of 50 deals were lost (36%, 24–50%); differences by segment cannot be told from chance."
    )


def test_deals_without_a_segment_are_shown_and_not_tested() -> None:
    stories = [
        *counted({"won": 2, "lost_unknown": 18}, start=1, segment=None, owner_id="A"),
        *counted({"won": 10, "lost_unknown": 10}, start=100, segment="Health", owner_id="A"),
        *counted({"won": 10, "lost_unknown": 10}, start=200, segment="Industry", owner_id="A"),
    ]
    result = loss_share(closed_of(stories))
    assert groups_of(result)["not recorded"]["events"] == 18
    assert result.tables["tests"].first["p"] == 1.0


def test_books_without_any_taker_still_say_where_deals_are_lost() -> None:
    stories = counted({"won": 30, "lost_unknown": 20}, segment="Health")
    assert loss_share(closed_of(stories)).status == "ok"
    assert loss_share(closed_of(stories), measure="competitor").status == "refused"
