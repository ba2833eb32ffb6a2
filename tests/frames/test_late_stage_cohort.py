"""The late-stage cohort, deal by deal: who stood in the red zone in the quarter, and what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from builders import FOCUS, change, deal, make_book

from postmortem.book import Book
from postmortem.frames import late_stage_cohort
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.process import Process

PROCESS = Process.inferred({"Discovery": 0.1, "Proposal": 0.5, "Contract": 0.9, "Lost": None}, frozenset({"Lost"}))
Steps = tuple[tuple[str, str], ...]
# Steps after "Discovery", how the deal ended, and (entered, stage then, fate at quarter end, fate by October 6th).
STORIES: dict[str, tuple[Steps, str, str | None, tuple[str, ...] | None]] = {
    "entered and lost": ((("2025-07-20", "Proposal"), ("2025-08-20", "Lost")), "lost", "2025-08-20",
                         ("2025-07-20", "Proposal", "lost_unknown", "lost_unknown")),
    "entered and still there": ((("2025-09-30", "Contract"),), "open", None,
                                ("2025-09-30", "Contract", "slipped", "open")),
    "there when the quarter opened": ((("2025-05-02", "Proposal"), ("2025-09-02", "Lost")), "lost", "2025-09-02",
                                      ("2025-07-01", "Proposal", "lost_unknown", "lost_unknown")),
    "left it before the quarter": ((("2025-05-02", "Proposal"), ("2025-06-30", "Discovery")), "open", None, None),
    "left it in the quarter": ((("2025-05-02", "Proposal"), ("2025-07-02", "Discovery")), "open", None,
                               ("2025-07-01", "Proposal", "slipped", "open")),
    "entered twice": ((("2025-07-10", "Proposal"), ("2025-07-20", "Discovery"), ("2025-08-01", "Contract")), "open",
                      None, ("2025-07-10", "Proposal", "slipped", "open")),
    "entered after the quarter": ((("2025-10-01", "Contract"),), "open", None, None),
    "never entered": ((("2025-08-20", "Lost"),), "lost", "2025-08-20", None),
    "lost after the quarter": ((("2025-08-01", "Contract"), ("2025-10-02", "Lost")), "lost", "2025-10-02",
                               ("2025-08-01", "Contract", "slipped", "lost_unknown")),
    "lost before the quarter": ((("2025-05-01", "Contract"), ("2025-06-20", "Lost")), "lost", "2025-06-20", None),
    "lost, its stage moved late": ((("2025-05-01", "Contract"), ("2025-07-03", "Lost")), "lost", "2025-06-20", None),
}  # fmt: skip


def book_of(names: tuple[str, ...] = tuple(STORIES), more: Any = (), process: Process = PROCESS, **opts: Any) -> Book:
    rows, history = [], list(more)
    for number, name in enumerate(names, start=1):
        steps, outcome, closed, _ = STORIES[name]
        rows.append(deal(number, outcome, closed, stage=steps[-1][1], created_at="2025-04-02"))
        before = "Discovery"
        for day, stage in steps:
            history.append(change(number, "stage", day, before, stage))
            before = stage
    return replace(make_book(rows, history=history, **opts), process=process)


@pytest.mark.parametrize("name", STORIES)
def test_every_deal_is_in_or_out_as_its_story_says(name):
    number = list(STORIES).index(name) + 1
    rows = late_stage_cohort(book_of(), FOCUS).focus_rows
    rows = rows[rows["deal_id"] == f"D{number:04d}"]
    found = [(f"{row.entered_at:%Y-%m-%d}", row.stage, row.resolution, row.ultimate) for row in rows.itertuples()]
    expected = STORIES[name][3]
    assert found == ([] if expected is None else [expected])


def test_a_deal_that_stays_over_two_quarters_has_two_rows():
    table = late_stage_cohort(book_of(("there when the quarter opened",)), FOCUS).table
    told = [(row.quarter, row.resolution, f"{row.entered_at:%m-%d}") for row in table.itertuples()]
    assert told == [("2025Q2", "slipped", "05-02"), ("2025Q3", "lost_unknown", "07-01")]


def test_amount_and_category_are_those_of_the_day_of_entry():
    more = [change(1, "amount", "2025-07-10", "500", "700"), change(1, "amount", "2025-08-20", "700", "1"),
            change(1, "forecast_category", "2025-08-20", "commit", "omitted")]  # fmt: skip
    cohort = late_stage_cohort(book_of(("entered and lost",), more), FOCUS)
    row = cohort.focus_rows.iloc[0]
    assert (row["amount"], row["forecast_category"]) == (700.0, "commit")
    assert cohort.provenance["amount"] == cohort.provenance["stage"] == "field history"
    assert cohort.provenance["expected close"] == "current value"


def test_without_a_history_the_category_is_missing_and_the_amount_todays():
    cohort = late_stage_cohort(book_of(("entered and lost",)), FOCUS)
    assert cohort.focus_rows["forecast_category"].isna().all()
    assert cohort.provenance["forecast category"] == "not on record"
    assert cohort.provenance["amount"] == "current value"


def test_it_says_what_it_is():
    cohort = late_stage_cohort(book_of(), FOCUS)
    assert (cohort.kind, cohort.noun, cohort.chosen) == ("late_stage", "late-stage deals", "in a late stage in")
    assert "Proposal or Contract" in cohort.remarks[0]


def test_the_quarter_begins_at_midnight_of_the_books_zone():
    late = {"entered": ((("2025-10-01T03:00", "Contract"),), "open", None, None)}
    STORIES.update(late)
    try:
        book = book_of(("entered and lost", "entered"), time_zone="America/New_York")
        assert list(late_stage_cohort(book, FOCUS).focus_rows["deal_id"]) == ["D0001", "D0002"]
    finally:
        del STORIES["entered"]


def test_as_of_an_earlier_day_nothing_later_is_seen():
    cohort = late_stage_cohort(book_of(), FOCUS, as_of=dt.date(2025, 7, 31))
    rows = cohort.focus_rows
    assert set(rows["resolution"]) == {"open"}
    assert set(rows["deal_id"]) == {"D0001", "D0003", "D0005", "D0006"}


def test_without_a_history_of_stages_it_is_refused_by_name():
    book = book_of()
    with pytest.raises(FrameRefused, match="history of stages"):
        late_stage_cohort(replace(book, tables={"deals": book.deals}), FOCUS)


def test_without_a_red_zone_it_is_refused_by_name():
    with pytest.raises(FrameRefused, match="red_zone = true"):
        late_stage_cohort(book_of(process=Process.inferred({"Discovery": 0.1, "Proposal": None}, frozenset())), FOCUS)


def test_a_quarter_whose_closed_deals_have_no_stage_history_is_refused():
    book = book_of(("entered and lost", "entered and still there"))
    other = make_book([deal(8, "lost", "2025-08-09", stage="Lost")]).deals

    deals = pd.concat([book.deals, other], ignore_index=True)
    with pytest.raises(FrameRefused, match="stage history on record for 1 of the 2 deals"):
        late_stage_cohort(replace(book, tables={**book.tables, "deals": deals}), FOCUS)


def test_where_nobody_reached_it_the_frame_is_empty():
    with pytest.raises(EmptyFrame, match="red zone"):
        late_stage_cohort(book_of(("never entered",)), FOCUS)
