"""Which deals a report is about: the forecast where it can be rebuilt, the closed deals elsewhere, and it says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from builders import FOCUS, change, deal, frame_of, make_book

from postmortem.frames import choose_cohort
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.process import Process

DEALS = [
    deal(1, "lost", "2025-08-20", forecast_category="omitted", expected_close_date="2025-08-20"),
    deal(2, "open", None, forecast_category="pipeline", expected_close_date="2025-09-15"),
    deal(3, "won", "2025-08-20", forecast_category="closed", expected_close_date="2025-08-20"),
]
HISTORY = [
    change(1, "forecast_category", "2025-08-20", "commit", "omitted"),
    change(1, "expected_close_date", "2025-08-20", "2025-09-15", "2025-08-20"),
    change(3, "forecast_category", "2025-08-20", "pipeline", "closed"),
    change(2, "expected_close_date", "2025-03-01", None, "2025-09-15"),
    change(2, "forecast_category", "2025-03-01", None, "pipeline"),
    change(2, "forecast_category", "2025-07-20", "pipeline", "best_case"),
    change(2, "forecast_category", "2025-08-20", "best_case", "pipeline"),
]


@pytest.fixture
def told():
    """Make a book that knows the forecast as it was."""
    return make_book(DEALS, history=HISTORY)


@pytest.fixture
def silent():
    """Make a book of today's values."""
    return make_book(DEALS)


def test_where_the_forecast_can_be_rebuilt_it_is_taken(told):
    cohort = choose_cohort(told, FOCUS)
    assert cohort.kind == "forecast"
    assert list(cohort.focus_rows["deal_id"]) == ["D0001"]


def test_the_deals_first_forecast_are_taken_where_one_asks_for_them_and_never_instead_of_others(silent):
    begins = change(1, "forecast_category", "2024-01-01", None, "pipeline")
    cohort = choose_cohort(make_book(DEALS, history=[begins, *HISTORY]), FOCUS, kind="first_forecast")
    assert cohort.kind == "first_forecast"
    assert list(cohort.focus_rows["deal_id"]) == ["D0002"]
    with pytest.raises(FrameRefused, match="first forecast is not known"):
        choose_cohort(silent, FOCUS, kind="first_forecast")


def test_elsewhere_the_closed_deals_are_taken_and_the_page_says_why(silent):
    cohort = choose_cohort(silent, FOCUS)
    assert cohort.kind == "closed"
    assert list(cohort.focus_rows["deal_id"]) == ["D0001", "D0003"]
    assert any("not the deals that were forecast" in remark for remark in cohort.remarks)
    first, second = cohort.remarks[1:]
    assert "forecast as it was is not known" in first
    assert "only today's values of forecast category and expected close date" in first
    assert "late stage are not known" in second and "only today's stages" in second


@pytest.fixture
def staged():
    """Make a book that knows the stages as they were, and nothing else."""
    book = make_book(DEALS, history=[
        change(1, "stage", "2025-07-10", "Discovery", "Contract"),
        change(1, "stage", "2025-08-20", "Contract", "Closed Lost"),
        change(3, "stage", "2025-08-20", "Discovery", "Closed Won"),
        change(2, "stage", "2025-07-10", None, "Discovery"),
    ])  # fmt: skip
    return replace(book, process=Process.inferred({"Discovery": 0.2, "Contract": 0.8}, frozenset()))


def test_between_the_two_come_the_deals_that_reached_a_late_stage(staged, told):
    cohort = choose_cohort(staged, FOCUS)
    assert (cohort.kind, list(cohort.focus_rows["deal_id"])) == ("late_stage", ["D0001"])
    assert "stood in Contract" in cohort.remarks[0]
    assert "forecast as it was is not known" in cohort.remarks[1]
    both = replace(staged, tables={**told.tables, "history": pd.concat([told.table("history"),
                                                                        staged.table("history")])})  # fmt: skip
    assert choose_cohort(both, FOCUS).kind == "forecast"
    assert choose_cohort(both, FOCUS, kind="late_stage").kind == "late_stage"
    assert choose_cohort(staged, FOCUS, kind="closed").remarks == choose_cohort(told, FOCUS, kind="closed").remarks


def test_whoever_insists_on_late_stages_is_refused_where_they_are_not_known(silent):
    with pytest.raises(FrameRefused, match="red zone"):
        choose_cohort(silent, FOCUS, kind="late_stage")


@pytest.mark.parametrize("category", ["commit", "best_case", "most_likely"])
def test_an_export_of_todays_values_never_yields_a_cohort_of_open_deals_only(category):
    today = {"forecast_category": category, "expected_close_date": "2025-09-15", "stage": "Contract"}
    rows = [deal(1, "open", None, **today), deal(2, "open", None, **today),
            deal(3, "lost", "2025-08-20", forecast_category="omitted", stage="Closed Lost"),
            deal(4, "won", "2025-08-21", forecast_category="closed", stage="Closed Won")]  # fmt: skip
    book = replace(make_book(rows), process=Process.inferred({"Contract": 0.8}, frozenset()))
    assert set(choose_cohort(book, FOCUS).focus_rows["resolution"]) == {"lost_unknown", "won"}
    for kind in ("forecast", "late_stage"):
        with pytest.raises(FrameRefused):
            choose_cohort(book, FOCUS, kind=kind)
    # A history of the open deals alone, as of reports filtered by "open", changes nothing.
    filtered = [change(n, field, "2025-06-02", None, str(today[field])) for n in (1, 2) for field in today]
    partly = replace(book, tables={**book.tables, "history": frame_of("history", filtered)})
    assert set(choose_cohort(partly, FOCUS).focus_rows["resolution"]) == {"lost_unknown", "won"}


def test_whoever_insists_on_the_forecast_is_refused_where_it_cannot_be_rebuilt(silent, told):
    with pytest.raises(FrameRefused):
        choose_cohort(silent, FOCUS, kind="forecast")
    assert choose_cohort(told, FOCUS, kind="forecast").kind == "forecast"


def test_whoever_insists_on_the_closed_deals_gets_them_without_an_excuse(told):
    cohort = choose_cohort(told, FOCUS, kind="closed")
    assert cohort.kind == "closed"
    assert len(cohort.remarks) == 1


def test_an_empty_forecast_is_not_papered_over_with_closed_deals(told):
    with pytest.raises(EmptyFrame, match="forecast"):
        choose_cohort(told, FOCUS, categories=("most_likely",))


def test_what_is_asked_for_reaches_the_frame_either_way(told, silent):
    day = dt.date(2025, 8, 31)
    forecast = choose_cohort(
        told, FOCUS, window=2, categories=("best_case",), snapshot_day=25, as_of=day
    )  # fmt: skip
    assert list(forecast.focus_rows["deal_id"]) == ["D0002"]
    assert (len(forecast.window), forecast.as_of) == (2, day)
    for cohort in (
        choose_cohort(silent, FOCUS, window=3, as_of=day),
        choose_cohort(told, FOCUS, kind="closed", window=3, as_of=day),
    ):
        assert (cohort.kind, len(cohort.window), cohort.as_of) == ("closed", 3, day)
