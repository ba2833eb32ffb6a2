"""The first-forecast cohort, deal by deal: the day a deal was first forecast, and what became of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from builders import FOCUS, change, deal, make_book

from postmortem.book import Book
from postmortem.frames import first_forecast_cohort
from postmortem.ground.errors import EmptyFrame, FrameRefused

CREATED = "2025-04-02"
# Categories from a day on (the first at creation), the outcome, and (entered, category, quarter end, by October 6th).
STORIES: dict[str, tuple[list[tuple[str, str | None]], str, str | None, tuple[str, ...] | None]] = {
    "called up, then lost": ([(CREATED, "pipeline"), ("2025-07-10", "best_case"), ("2025-08-01", "commit"),
                              ("2025-08-20", "omitted")], "lost", "2025-08-20",
                             ("2025-07-10", "best_case", "lost_unknown", "lost_unknown")),
    "called in the quarter before": ([(CREATED, "pipeline"), ("2025-06-10", "commit"), ("2025-07-10", "pipeline"),
                                      ("2025-08-10", "commit")], "open", None, None),
    "forecast since it was created": ([("2025-07-20", "commit")], "open", None,
                                      ("2025-07-20", "commit", "slipped", "open")),
    "won after the quarter": ([(CREATED, "pipeline"), ("2025-09-30", "commit"), ("2025-10-02", "closed")], "won",
                              "2025-10-02", ("2025-09-30", "commit", "slipped", "won")),
    "never forecast": ([(CREATED, "pipeline"), ("2025-08-02", "omitted")], "lost", "2025-08-02", None),
    "forecast after it was lost": ([(CREATED, "pipeline"), ("2025-08-09", "commit")], "lost", "2025-08-02", None),
    "forecast after the quarter": ([(CREATED, "pipeline"), ("2025-10-01", "commit")], "open", None, None),
}  # fmt: skip
OLDEST = change(99, "forecast_category", "2025-01-02", None, "pipeline")


def book_of(names: tuple[str, ...] = tuple(STORIES), begins: bool = True) -> Book:
    rows: list[dict[str, Any]] = [deal(99, "open", None, created_at="2025-01-02", forecast_category="pipeline")]
    history = [OLDEST] if begins else []
    for number, name in enumerate(names, start=1):
        steps, outcome, closed, _ = STORIES[name]
        rows.append(deal(number, outcome, closed, created_at=steps[0][0], forecast_category=steps[-1][1]))
        history += [change(number, "forecast_category", day, before, after)
                    for (_, before), (day, after) in pairwise(steps)]  # fmt: skip
    return make_book(rows, history=history)


@pytest.mark.parametrize("name", STORIES)
def test_every_deal_is_in_or_out_as_its_story_says(name):
    rows = first_forecast_cohort(book_of(), FOCUS).focus_rows
    rows = rows[rows["deal_id"] == f"D{list(STORIES).index(name) + 1:04d}"]
    found = [
        (f"{row.entered_at:%Y-%m-%d}", row.forecast_category, row.resolution, row.ultimate) for row in rows.itertuples()
    ]
    expected = STORIES[name][3]
    assert found == ([] if expected is None else [expected])


def test_a_deal_has_one_row_in_the_quarter_it_was_first_forecast():
    table = first_forecast_cohort(book_of(), FOCUS).table
    assert table["deal_id"].is_unique
    assert table.set_index("deal_id").at["D0002", "quarter"] == "2025Q2"


def test_deals_older_than_the_record_are_counted_apart():
    cohort = first_forecast_cohort(book_of(("called up, then lost", "forecast since it was created"), False), FOCUS)
    assert list(cohort.focus_rows["deal_id"]) == ["D0002"]
    assert cohort.counted_apart["created before the record of forecast categories begins"] == 1


def test_it_says_what_it_is():
    cohort = first_forecast_cohort(book_of(), FOCUS)
    assert (cohort.kind, cohort.noun) == ("first_forecast", "newly forecast deals")
    assert cohort.provenance["forecast category"] == "field history"
    assert "from the day it was first forecast" in cohort.remarks[0]


def test_other_categories_can_be_asked_for():
    cohort = first_forecast_cohort(book_of(), FOCUS, categories=("commit",))
    row = cohort.focus_rows.set_index("deal_id").loc["D0001"]
    assert f"{row['entered_at']:%Y-%m-%d}" == "2025-08-01"


def test_a_single_days_snapshot_is_no_substitute():
    rows = [{"as_of": "2025-07-05", "deal_id": "D0001", "forecast_category": "commit"}]
    with pytest.raises(FrameRefused, match="first forecast is not known"):
        first_forecast_cohort(make_book([deal(1, "open", None)], snapshots=rows), FOCUS)


def test_where_nobody_was_first_forecast_the_frame_is_empty():
    with pytest.raises(EmptyFrame, match="first time"):
        first_forecast_cohort(book_of(("never forecast",)), FOCUS)
