"""What is missing, and by when: counted once, and counted on at the pace of the window."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis_cases import Told, closed_of, counted, forecast_of
from builders import FOCUS

from postmortem.analyses import ANALYSES, find
from postmortem.analyses.competitor_or_status_quo import NAMED
from postmortem.analyses.quarter_run import EARLIER
from postmortem.frames import Cohort
from postmortem.frames.engagement import load_frame
from postmortem.ground import resources
from postmortem.ground.menus import source_of
from postmortem.result import Gap, Result


def takers(*named: int, window: int = 4) -> Cohort:
    """Return closed deals with `named` losses to a competitor in each quarter, the focus last, among other deals."""
    stories: list[Told] = []
    for back, number in enumerate(reversed(named)):
        fates = {"lost_competitor": number, "won": 3, "lost_unknown": 2}
        stories += counted(fates, FOCUS - back, start=100 * back, lost_to_raw="as recorded")
    return closed_of(stories, window=window)


def gap_of(result: Result) -> Gap:
    assert result.status == "refused" and result.gap is not None
    return result.gap


def test_what_there_is_and_what_comes_is_counted_in_the_window_alone() -> None:
    gap = NAMED.gap(takers(5, 1, 2, 1, 2))
    assert (gap.have, gap.needed, gap.pace) == (6, 10, 1.5)


def test_a_wider_window_helps_at_once_where_the_record_has_enough() -> None:
    # 2, 1, 2, 1 are in the window; 3 and then 2 more lie before it: 6 + 3 + 2 reach ten with six quarters.
    assert NAMED.gap(takers(2, 3, 1, 2, 1, 2)).arrives == "now, with a window of 6 quarters ([frame] window)"


@pytest.mark.parametrize(
    ("named", "arrives"),
    [
        # 6 known, 1.5 a quarter: 7.5, 9, 10.5 at the end of the third quarter after the focus.
        ((1, 2, 1, 2), "4 more: 2026Q2, at 1.5 a quarter, with a window of 7 quarters ([frame] window)"),
        ((2, 3, 2, 2), "1 more: 2025Q4, at 2.2 a quarter, with a window of 5 quarters ([frame] window)"),
        ((0, 0, 0, 0), "not at the present pace (none a quarter)"),
        # 1 known, .25 a quarter: twelve quarters never hold ten.
        ((0, 0, 0, 1), "not at the present pace (at 0.25 a quarter)"),
    ],
)
def test_the_quarter_in_which_there_is_enough(named: tuple[int, ...], arrives: str) -> None:
    assert NAMED.gap(takers(*named)).arrives == arrives


def test_the_quarter_named_is_the_first_one_that_answers() -> None:
    named = (1, 2, 1, 2)
    pace = sum(named) / 4
    answered = [ahead for ahead in range(1, 9) if sum(named) + pace * ahead >= 10]
    assert f"{(FOCUS + answered[0]).label}," in NAMED.gap(takers(*named)).arrives


def test_no_window_is_counted_twice() -> None:
    counted_rows: list[int] = []

    def count(cohort: Cohort, rows: pd.DataFrame) -> int:
        counted_rows.append(len(rows))
        return NAMED.count(cohort, rows)

    gap = replace(NAMED, count=count).gap(takers(1, 0, 0, 0, 0, 1))
    assert gap.arrives == "not at the present pace (at 0.25 a quarter)"
    # The window, its four quarters, then six quarters: nothing on record lies before them, and five hold no more.
    assert sorted(counted_rows) == [5, 5, 5, 6, 21, 32]


def test_where_the_window_has_none_its_quarters_are_not_asked() -> None:
    counted_rows: list[int] = []

    def count(cohort: Cohort, rows: pd.DataFrame) -> int:
        counted_rows.append(len(rows))
        return NAMED.count(cohort, rows)

    gap = replace(NAMED, count=count).gap(takers(3, 0, 0, 0, 0))
    assert (gap.have, gap.pace, gap.arrives) == (0, 0.0, "not at the present pace (none a quarter)")
    assert counted_rows == [20, 28]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "full"])
def test_more_rows_never_count_fewer(name: str) -> None:
    cohort = load_frame("2025Q3", folder=str(resources.sample(name)))
    quarters = [cohort.table[cohort.table["quarter"] == quarter.label] for quarter in cohort.window]
    for analysis in ANALYSES:
        for need in analysis.needs:
            if need.over == "window":
                whole = need.have(cohort)
                assert whole >= max(need.count(cohort, rows) for rows in quarters), (analysis.name, need.per)
                wider = cohort.table[cohort.table["quarter"].isin([each.label for each in FOCUS.trailing(12)])]
                assert need.count(cohort, wider) >= whole, (analysis.name, need.per)


def test_a_field_that_holds_nothing_may_only_have_been_left_out_of_the_export() -> None:
    cohort = closed_of(counted({"won": 3, "lost_unknown": 12}))
    assert gap_of(find("competitor_or_status_quo").function(cohort)).arrives == (
        "at once by an export, if the CRM has it; else not at the present pace (none a quarter)"
    )


def test_earlier_quarters_come_one_a_quarter() -> None:
    cohort = takers(1, 1, 1, 1)
    gap = EARLIER.gap(cohort)
    assert (gap.have, gap.needed, gap.pace) == (3, 6, 1.0)
    # In 2026Q2 the quarters before it are 2024Q4 to 2026Q1: six.
    assert gap.arrives.endswith("else 3 more: 2026Q2, at 1 a quarter")


def test_the_forecast_of_old_is_exported_or_kept_from_the_next_quarter_on() -> None:
    gap = gap_of(find("forecast_waterfall").function(takers(1, 1, 1, 1)))
    assert gap.arrives.startswith("at once by an export")
    assert gap.arrives.endswith("else 2026Q1, by a copy of the open deals kept in its first days")
    assert gap.pace is None


def test_the_menu_is_the_one_of_the_crm_the_book_came_from() -> None:
    cohort = takers(1, 1, 1, 1)
    meta = replace(cohort.book.meta, source_systems=("salesforce",))
    gap = gap_of(find("forecast_waterfall").function(replace(cohort, book=replace(cohort.book, meta=meta))))
    assert gap.where == source_of("history", ("salesforce",)).where


def test_every_need_is_counted_alike_by_refusal_and_gap() -> None:
    cohort = takers(1, 0, 0, 1)
    refused = [each for each in (analysis.function(cohort) for analysis in ANALYSES) if each.status == "refused"]
    assert len(refused) >= 4
    for result in refused:
        gap = gap_of(result)
        assert gap.arrives
        if gap.needed is not None and gap.needed > 1:
            assert f"{gap.have} of the {gap.needed} " in result.what_is_missing[0]


def test_a_gap_survives_json() -> None:
    result = find("competitor_or_status_quo").function(takers(1, 1, 1, 1))
    assert result.gap is not None
    assert Result.from_dict(result.to_dict()).gap == result.gap


def test_an_answer_has_no_gap() -> None:
    assert find("quarter_outcome").function(forecast_of(counted({"won": 12, "slipped": 3}))).gap is None
