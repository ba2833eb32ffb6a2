"""The forecast cohort, deal by deal: the forecast frozen at the end of day five, and what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from builders import FOCUS, change, deal, forecast, frame_of, make_book

from postmortem.book import Book
from postmortem.frames.cohort import COLUMNS
from postmortem.frames.forecast import LATE_FROM_DAY
from postmortem.ground.errors import EmptyFrame, FrameRefused, UsageError

# The third quarter of 2025 begins on Tuesday, July 1st: day 5 is July 5th, day 75 September 13th.
CREATED = "2025-06-02"
Steps = list[tuple[str, str | None]]


@dataclass(frozen=True)
class Story:
    """One deal as its CRM recorded it: the values of each field from a day on, and how it ended.

    `expected` is the pair of fate at quarter end and fate by October 6th, or None for a deal that is not in
    the cohort.
    """

    expected: tuple[str, str] | None
    category: Steps = field(default_factory=lambda: [(CREATED, "commit")])
    close: Steps = field(default_factory=lambda: [(CREATED, "2025-09-15")])
    amount: Steps = field(default_factory=lambda: [(CREATED, "1000")])
    outcome: str = "open"
    closed: str | None = None
    overwritten: bool = True
    more: dict[str, Any] = field(default_factory=dict)


def lost(day: str, expected: tuple[str, str] | None, to: str | None = None, **steps: Steps) -> Story:
    return Story(expected, outcome="lost", closed=day, more={"lost_to_recorded": to}, **steps)


def won(day: str, expected: tuple[str, str] | None, **steps: Any) -> Story:
    return Story(expected, outcome="won", closed=day, **steps)


def moved(*days: tuple[str, str]) -> Steps:
    return [(CREATED, "2025-09-15"), *days]


def called(*days: tuple[str, str | None]) -> Steps:
    return [(CREATED, "commit"), *days]


SLIPPED, EARLY = ("slipped", "open"), ("pushed_early", "open")
STORIES = {
    # What became of a forecast deal.
    "won": won("2025-09-20", ("won", "won")),
    "won on the last day": won("2025-09-30", ("won", "won")),
    "won the day after the quarter": won("2025-10-01", ("slipped", "won")),
    "lost to a competitor": lost("2025-08-10", ("lost_competitor", "lost_competitor"), "competitor"),
    "lost to the status quo": lost("2025-09-30", ("lost_status_quo", "lost_status_quo"), "status_quo"),
    "never an opportunity": lost("2025-07-20", ("lost_disqualified", "lost_disqualified"), "disqualified"),
    "lost, nobody wrote to whom": lost("2025-08-11", ("lost_unknown", "lost_unknown")),
    "lost after the quarter": lost("2025-10-03", ("slipped", "lost_competitor"), "competitor"),
    "not closed at all": Story(SLIPPED),
    # When it left the forecast: before day 75 is early.
    "pushed in August": Story(EARLY, close=moved(("2025-08-01", "2025-11-15"))),
    "pushed on day 74": Story(EARLY, close=moved(("2025-09-12", "2025-11-15"))),
    "pushed on day 75": Story(SLIPPED, close=moved(("2025-09-13", "2025-11-15"))),
    "called down on day 74": Story(EARLY, category=called(("2025-09-12", "pipeline"))),
    "called down on day 75": Story(SLIPPED, category=called(("2025-09-13", "pipeline"))),
    "category emptied in August": Story(EARLY, category=called(("2025-08-12", None))),
    "pushed and pulled back in": Story(
        SLIPPED, close=moved(("2025-08-01", "2025-11-15"), ("2025-08-20", "2025-09-25"))
    ),
    "pulled in to July": Story(SLIPPED, close=moved(("2025-07-20", "2025-07-25"))),
    "pushed early, lost after the quarter": lost(
        "2025-10-02", ("pushed_early", "lost_status_quo"), "status_quo", close=moved(("2025-08-01", "2025-11-15"))
    ),
    "pushed early, won all the same": won("2025-09-28", ("won", "won"), close=moved(("2025-08-01", "2025-11-15"))),
    # Who was forecast at the end of day five.
    "best case": Story(SLIPPED, category=[(CREATED, "best_case")]),
    "most likely": Story(SLIPPED, category=[(CREATED, "most_likely")]),
    "pipeline": Story(None, category=[(CREATED, "pipeline")]),
    "omitted": Story(None, category=[(CREATED, "omitted")]),
    "no category": Story(None, category=[(CREATED, None)]),
    "committed on day five": Story(SLIPPED, category=[(CREATED, "pipeline"), ("2025-07-05T23:00", "commit")]),
    "committed on day six": Story(None, category=[(CREATED, "pipeline"), ("2025-07-06T00:00", "commit")]),
    "called down on day five": Story(None, category=called(("2025-07-05T23:00", "pipeline"))),
    "called down on day six": Story(EARLY, category=called(("2025-07-06T00:00", "pipeline"))),
    "created on day five": Story(SLIPPED, category=[("2025-07-05", "commit")], close=[("2025-07-05", "2025-09-15")]),
    "created on day six": Story(None, category=[("2025-07-06", "commit")], close=[("2025-07-06", "2025-09-15")]),
    "won on day five": won("2025-07-05", None),
    "won on day five, its category left alone": won("2025-07-05", None, overwritten=False),
    "won on day six, its category left alone": won("2025-07-06", ("won", "won"), overwritten=False),
    "won on day six": won("2025-07-06", ("won", "won")),
    "lost in the quarter before": lost("2025-06-29", None, "competitor"),
    # When it was expected to close.
    "expected on day five": Story(SLIPPED, close=[(CREATED, "2025-07-05")]),
    "expected on the last day": Story(SLIPPED, close=[(CREATED, "2025-09-30")]),
    "expected the day after": Story(None, close=[(CREATED, "2025-10-01")]),
    "expected some day": Story(None, close=[(CREATED, None)]),
    "pulled in on day six": Story(None, close=[(CREATED, "2025-11-15"), ("2025-07-06T00:00", "2025-09-15")]),
    "expected on day four": Story(None, close=[(CREATED, "2025-07-04")]),
    "expected in June": Story(None, close=[(CREATED, "2025-06-20")]),
    "expected in June, in the pipeline": Story(None, category=[(CREATED, "pipeline")], close=[(CREATED, "2025-06-20")]),
    "expected in June, lost in June": lost("2025-06-25", None, close=[(CREATED, "2025-06-20")]),
}
NUMBERS = {name: number for number, name in enumerate(STORIES, start=1)}
ZOMBIES = 2


def recorded(number: int, story: Story) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the deal as it stands today and its history, overwritten at closing the way CRMs do it."""
    steps = {"forecast_category": story.category, "expected_close_date": story.close, "amount": story.amount}
    if story.closed and story.overwritten:
        ended = "closed" if story.outcome == "won" else "omitted"
        steps["forecast_category"] = [*story.category, (story.closed, ended)]
        steps["expected_close_date"] = [*story.close, (story.closed, story.closed)]
    history = [
        change(number, name, day, old, new)
        for name, values in steps.items()
        for (_, old), (day, new) in zip([("", None), *values[:-1]], values, strict=True)
    ]
    now = {name: values[-1][1] for name, values in steps.items()}
    now["amount"] = float(now["amount"])
    created = story.category[0][0][:10]
    return deal(number, story.outcome, story.closed, created_at=created, **now, **story.more), history


def book_of(*stories: Story, **options: Any) -> Book:
    pairs = [recorded(number, story) for number, story in enumerate(stories, start=1)]
    return make_book([row for row, _ in pairs], history=[step for _, steps in pairs for step in steps], **options)


@pytest.fixture(scope="module")
def cohort():
    """Take the cohort of all the stories at once."""
    return forecast(book_of(*STORIES.values()))


@pytest.mark.parametrize("name", STORIES)
def test_every_deal_is_in_or_out_and_became_what_its_story_says(cohort, name):
    rows = cohort.focus_rows[cohort.focus_rows["deal_id"] == f"D{NUMBERS[name]:04d}"]
    told = [tuple(pair) for pair in rows[["resolution", "ultimate"]].itertuples(index=False)]
    assert told == ([] if STORIES[name].expected is None else [STORIES[name].expected])


def test_deals_expected_before_the_snapshot_are_counted_apart_and_not_lost_sight_of(cohort):
    assert dict(cohort.counted_apart) == {
        "whose expected close had already passed": ZOMBIES,
        "that closed without a forecast category on record": 0,
    }


def test_day_75_begins_the_late_phase():
    assert FOCUS.day(LATE_FROM_DAY) == dt.date(2025, 9, 13)


def test_the_cohort_says_what_it_is_and_where_its_values_come_from(cohort):
    assert (cohort.kind, cohort.noun) == ("forecast", "forecast deals")
    assert dict(cohort.provenance) == {
        "forecast category": "field history", "expected close": "field history", "amount": "field history",
        "stage": "current value",
    }  # fmt: skip
    assert len(cohort.remarks) == 1
    assert "2025-07-05" in cohort.remarks[0]
    assert "day 5 " in cohort.remarks[0]
    assert tuple(cohort.table.columns) == COLUMNS
    assert not cohort.table.duplicated(["deal_id", "quarter"]).any()


def test_amount_category_and_close_date_are_those_of_the_snapshot():
    story = won(
        "2025-09-20", ("won", "won"),
        amount=[(CREATED, "1000"), ("2025-07-03", "1200"), ("2025-07-06T00:00", "800"), ("2025-09-20", "500")],
        category=[(CREATED, "best_case"), ("2025-08-01", "commit")],
        close=[(CREATED, "2025-09-15"), ("2025-08-01", "2025-09-25")],
    )  # fmt: skip
    row = forecast(book_of(story)).focus_rows.iloc[0]
    assert row["amount"] == 1200.0
    assert row["forecast_category"] == "best_case"
    assert f"{row['expected_close_date']:%Y-%m-%d}" == "2025-09-15"


def test_without_a_history_of_amounts_the_amount_is_the_current_one_and_the_cohort_says_so():
    book = book_of(Story(SLIPPED, amount=[(CREATED, "1000"), ("2025-08-01", "700")]))
    history = book.table("history")
    tables = {**book.tables, "history": history[history["field"] != "amount"]}
    cohort = forecast(make_book_again(book, tables))
    assert cohort.focus_rows["amount"].tolist() == [700.0]
    assert cohort.provenance["amount"] == "current value"


def make_book_again(book: Book, tables) -> Book:
    return Book(book.meta, tables, book.taxonomy, book.process, rows_in=book.rows_in)


def test_the_end_of_day_five_is_that_of_the_books_time_zone():
    late = [(CREATED, "pipeline"), ("2025-07-06T03:30", "commit")]
    story = Story(SLIPPED, category=late)
    assert len(forecast(book_of(story, time_zone="America/New_York")).focus_rows) == 1
    with pytest.raises(EmptyFrame):
        forecast(book_of(story, time_zone="Europe/Berlin"))


def test_a_deal_forecast_in_two_quarters_has_two_rows():
    story = won(
        "2025-09-20",
        ("won", "won"),
        category=[("2025-03-03", "best_case"), ("2025-08-01", "commit")],
        close=[("2025-03-03", "2025-06-15"), ("2025-06-20", "2025-09-15")],
        amount=[("2025-03-03", "10"), ("2025-07-02", "20")],
    )
    table = forecast(book_of(story)).table
    rows = table[["deal_id", "quarter", "resolution", "ultimate", "amount"]].itertuples(index=False, name=None)
    assert list(rows) == [("D0001", "2025Q2", "slipped", "won", 10.0), ("D0001", "2025Q3", "won", "won", 20.0)]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [("2025-07-05", "open"), ("2025-09-29", "open"), ("2025-09-30", "slipped"), ("2025-10-06", "slipped")],
)
def test_a_deal_is_open_only_until_the_quarter_ends(as_of, expected):
    cohort = forecast(book_of(Story(SLIPPED)), as_of=dt.date.fromisoformat(as_of))
    assert cohort.focus_rows[["resolution", "ultimate"]].values.tolist() == [[expected, "open"]]
    assert cohort.is_complete == (expected == "slipped")


def test_a_report_as_of_an_earlier_day_shows_the_quarter_as_it_stood_that_day():
    book = book_of(
        lost("2025-08-10", ("lost_competitor", "lost_competitor"), "competitor"),
        lost("2025-09-02", ("lost_competitor", "lost_competitor"), "competitor"),
        won("2025-10-03", ("slipped", "won")),
        Story(EARLY, close=moved(("2025-08-01", "2025-11-15"))),
    )
    then = forecast(book, as_of=dt.date(2025, 8, 31))
    assert list(then.focus_rows["resolution"]) == ["lost_competitor", "open", "open", "open"]
    at_the_end = forecast(book, as_of=dt.date(2025, 9, 30))
    assert list(at_the_end.focus_rows["resolution"]) == [
        "lost_competitor",
        "lost_competitor",
        "slipped",
        "pushed_early",
    ]
    assert list(at_the_end.focus_rows["ultimate"]) == ["lost_competitor", "lost_competitor", "open", "open"]


def test_other_categories_and_another_snapshot_day_can_be_asked_for():
    book = book_of(
        Story(None),
        Story(SLIPPED, category=[(CREATED, "pipeline")]),
        Story(SLIPPED, category=[(CREATED, "omitted"), ("2025-07-20", "pipeline")]),
    )
    assert list(forecast(book, categories=("pipeline",)).focus_rows["deal_id"]) == ["D0002"]
    cohort = forecast(book, categories=("pipeline",), snapshot_day=21)
    assert list(cohort.focus_rows["deal_id"]) == ["D0002", "D0003"]
    assert "2025-07-21" in cohort.remarks[0]
    assert "day 21 " in cohort.remarks[0]


def without(book: Book, *fields: str) -> Book:
    history = book.table("history")
    return make_book_again(book, {**book.tables, "history": history[~history["field"].isin(fields)]})


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        (("forecast_category", "expected_close_date", "amount"), "forecast category and expected close date"),
        (("forecast_category",), "forecast category"),
        (("expected_close_date",), "expected close date"),
    ],
)
def test_without_the_history_it_needs_the_forecast_is_refused_and_what_is_missing_named(gone, named):
    book = without(book_of(Story(SLIPPED), won("2025-09-20", ("won", "won"))), *gone)
    with pytest.raises(FrameRefused) as caught:
        forecast(book)
    assert caught.value.got == f"only today's values of {named}"
    assert "field history" in str(caught.value)


def test_an_export_of_todays_values_never_yields_a_cohort_of_open_deals_only():
    rows = [
        deal(1, "open", None, forecast_category="commit", expected_close_date="2025-09-15"),
        deal(2, "lost", "2025-09-20", forecast_category="omitted", expected_close_date="2025-09-20"),
        deal(3, "won", "2025-09-20", forecast_category="closed", expected_close_date="2025-09-20"),
    ]
    with pytest.raises(FrameRefused):
        forecast(make_book(rows))
    today = frame_of("history", [change(1, "stage", "2025-07-20", "Proposal", "Legal")])
    book = make_book(rows)
    with pytest.raises(FrameRefused):
        forecast(make_book_again(book, {**book.tables, "history": today}))


def test_where_nobody_was_forecast_the_frame_is_empty_and_says_what_was_looked_for():
    book = book_of(Story(None, category=[(CREATED, "pipeline")]))
    with pytest.raises(EmptyFrame) as caught:
        forecast(book)
    assert "No deal was forecast for 2025Q3" in str(caught.value)
    assert "commit, most_likely, best_case on 2025-07-05, expected to close by 2025-09-30" in str(caught.value)


def test_before_the_snapshot_day_there_is_no_forecast_of_the_quarter_yet():
    with pytest.raises(EmptyFrame, match="2025Q3"):
        forecast(book_of(Story(SLIPPED)), as_of=dt.date(2025, 7, 4))


def test_a_quarter_after_the_data_and_a_day_after_the_book_are_wrong_questions():
    book = book_of(Story(SLIPPED))
    with pytest.raises(UsageError, match="begins after the data end"):
        forecast(book, FOCUS + 2)
    with pytest.raises(UsageError, match="cannot know more"):
        forecast(book, as_of=dt.date(2025, 12, 1))


def test_the_order_of_deals_and_of_their_history_changes_nothing():
    stories = [STORIES[name] for name in ("won", "pushed in August", "lost to a competitor", "expected in June")]
    book = book_of(*stories)
    tables = {name: frame.iloc[::-1].reset_index(drop=True) for name, frame in book.tables.items()}
    first, second = forecast(book), forecast(make_book_again(book, tables))
    assert first.table.equals(second.table)
    assert first.counted_apart == second.counted_apart


def test_the_window_ends_with_the_focus():
    cohort = forecast(book_of(Story(SLIPPED)), window=3)
    assert cohort.window_label == "2025Q1 to 2025Q3"
    assert cohort.window[-1] == cohort.focus == FOCUS


def kept(number: int, closed: str, **more: Any) -> dict[str, Any]:
    return deal(number, "lost", closed, created_at=CREATED, forecast_category="omitted",
                expected_close_date=closed, **more)  # fmt: skip


def history_of(number: int) -> list[dict[str, Any]]:
    return [
        change(number, "forecast_category", "2025-08-20", "commit", "omitted"),
        change(number, "expected_close_date", "2025-08-20", "2025-09-15", "2025-08-20"),
    ]


def test_a_quarter_whose_closed_deals_have_no_category_on_record_is_refused():
    deals = [kept(number, "2025-08-20") for number in range(1, 11)]
    told = [row for number in range(1, 8) for row in history_of(number)]
    with pytest.raises(FrameRefused, match="no category on record for 3 of the 10 deals that closed in it"):
        forecast(make_book(deals, history=told))


def test_up_to_a_fifth_without_a_record_are_counted_apart():
    deals = [kept(number, "2025-08-20") for number in range(1, 11)]
    told = [row for number in range(1, 9) for row in history_of(number)]
    cohort = forecast(make_book(deals, history=told))
    assert len(cohort.focus_rows) == 8
    assert cohort.counted_apart["that closed without a forecast category on record"] == 2


def test_an_earlier_quarter_beyond_the_reach_of_the_history_is_left_out():
    deals = [kept(number, "2025-08-20") for number in range(1, 4)]
    deals += [{**kept(number, "2025-05-20"), "created_at": "2025-02-01"} for number in range(4, 7)]
    told = [row for number in range(1, 4) for row in history_of(number)]
    still_open = deal(9, "open", None, created_at="2025-02-01", forecast_category="commit",
                      expected_close_date="2025-06-20")  # fmt: skip
    told += [change(9, "forecast_category", "2025-02-01", None, "commit"),
             change(9, "expected_close_date", "2025-02-01", None, "2025-06-20")]  # fmt: skip
    cohort = forecast(make_book([*deals, still_open], history=told))
    assert set(cohort.table["quarter"]) == {"2025Q3"}


def test_before_the_snapshot_day_the_forecast_is_not_frozen_yet():
    book = make_book([kept(1, "2025-08-20")], history=history_of(1))
    with pytest.raises(EmptyFrame, match="not frozen yet"):
        forecast(book, as_of=dt.date(2025, 7, 4))
