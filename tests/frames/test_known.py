"""What was known of a deal at the end of a day: the best source that speaks for that day, field by field."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from builders import FOCUS, change, deal, forecast, make_book

from postmortem.frames.known import REACH, Record, provenance
from postmortem.ground.errors import EmptyFrame, FrameRefused

DAY = dt.date(2025, 7, 5)
TODAYS = {"forecast_category": "omitted", "expected_close_date": "2025-08-20", "amount": 1.0, "stage": "Closed Lost",
          "created_at": "2025-03-01"}  # fmt: skip
LOST = deal(1, "lost", "2025-08-20", **TODAYS)
OPEN = deal(2, "open", None, **{**TODAYS, "forecast_category": "pipeline", "stage": "Proposal"})


def seen(number: int, as_of: str, **state: Any) -> dict[str, Any]:
    """Return one row of a snapshot."""
    return {"as_of": as_of, "deal_id": f"D{number:04d}", **state}


def history(number: int) -> list[dict[str, Any]]:
    return [
        change(number, "forecast_category", "2025-08-20", "best_case", "omitted"),
        change(number, "expected_close_date", "2025-08-20", "2025-09-15", "2025-08-20"),
        change(number, "amount", "2025-08-20", "300", "1"),
    ]


SNAPSHOT = seen(1, "2025-07-03", forecast_category="commit", expected_close_date="2025-09-10", amount=200.0)
CALLED = seen(1, "2025-07-04", category="most_likely", expected_close_date="2025-09-12", amount=250.0)


def told(field: str, deal_id: str = "D0001", day: dt.date = DAY, **tables: Any) -> tuple[Any, str]:
    """Return the value of a field on `day` and where it comes from."""
    known = Record(make_book([LOST, OPEN], **tables), (day,)).at(day)
    (at,) = known.deals.index[known.deals["deal_id"] == deal_id]
    return known.deals.at[at, field], known.sources.at[at, field]


@pytest.mark.parametrize(
    ("tables", "category", "amount", "source"),
    [
        (("snapshots", "history", "forecast_sheet"), "commit", 200.0, "snapshot of 2025-07-03"),
        (("history", "forecast_sheet"), "best_case", 300.0, "field history"),
        (("forecast_sheet",), "most_likely", 250.0, "sheet of 2025-07-04"),
        ((), "omitted", 1.0, "current value"),
    ],
)
def test_the_best_source_there_is_speaks(tables, category, amount, source):
    every = {"snapshots": [SNAPSHOT], "history": history(1), "forecast_sheet": [CALLED]}
    kept = {name: every[name] for name in tables}
    assert told("forecast_category", **kept) == (category, source)
    assert told("amount", **kept) == (amount, source)


@pytest.mark.parametrize("name", ["snapshots", "forecast_sheet"])
@pytest.mark.parametrize(
    ("as_of", "speaks"), [("2025-07-05", True), ("2025-06-28", True), ("2025-06-27", False), ("2025-07-06", False)]
)
def test_a_snapshot_or_sheet_speaks_for_its_day_and_the_seven_after_it(name, as_of, speaks):
    assert REACH == 7
    row = {"snapshots": SNAPSHOT, "forecast_sheet": CALLED}[name]
    assert (told("amount", **{name: [{**row, "as_of": as_of}]})[1] != "current value") is speaks


def test_of_several_snapshots_the_latest_up_to_the_day_speaks():
    rows = [{**SNAPSHOT, "as_of": day, "amount": amount} for day, amount in
            (("2025-07-06", 9.0), ("2025-07-01", 7.0), ("2025-07-04", 8.0))]  # fmt: skip
    assert told("amount", snapshots=rows) == (8.0, "snapshot of 2025-07-04")


def test_sources_are_told_field_by_field():
    narrow = {name: SNAPSHOT[name] for name in ("as_of", "deal_id", "forecast_category")}
    tables = {"snapshots": [narrow], "history": history(1)}
    assert told("forecast_category", **tables) == ("commit", "snapshot of 2025-07-03")
    assert told("amount", **tables) == (300.0, "field history")
    assert told("stage", **tables) == ("Closed Lost", "current value")


def test_an_empty_cell_of_a_snapshot_is_a_value():
    rows = [{**SNAPSHOT, "amount": None}, seen(2, "2025-07-03", forecast_category="commit", amount=5.0)]
    value, source = told("amount", snapshots=rows, history=history(1))
    assert value != value
    assert source == "snapshot of 2025-07-03"


def test_a_deal_that_is_not_in_the_snapshot_is_told_by_the_next_source():
    assert told("forecast_category", snapshots=[seen(2, "2025-07-05", forecast_category="commit")],
                history=history(1)) == ("best_case", "field history")  # fmt: skip


def test_a_deal_that_is_not_on_the_sheet_was_not_called():
    value, source = told("forecast_category", "D0002", forecast_sheet=[CALLED])
    assert value != value
    assert source == "sheet of 2025-07-04"


def test_an_empty_cell_of_the_sheet_says_nothing():
    silent = {**CALLED, "amount": None}
    other = seen(2, "2025-07-04", category="commit", amount=5.0)
    assert told("amount", forecast_sheet=[silent, other]) == (1.0, "current value")


def test_a_closed_deal_without_a_change_of_category_is_not_told_by_the_history_of_others():
    changes = history(2)
    assert told("forecast_category", history=changes)[1] == "current value"
    assert told("forecast_category", history=changes, forecast_sheet=[CALLED]) == ("most_likely", "sheet of 2025-07-04")
    assert told("forecast_category", "D0002", history=history(1)) == ("pipeline", "field history")


def test_several_sources_are_counted():
    known = Record(make_book([LOST, OPEN], snapshots=[SNAPSHOT], history=history(1)), (DAY,)).at(DAY)
    labels = {"forecast_category": "category", "stage": "stage"}
    assert provenance(known.sources, labels) == {
        "category": "field history (1 deal), snapshot of 2025-07-03 (1 deal)", "stage": "current value",
    }  # fmt: skip


# ---------------------------------------------------------------- what the forecast cohort makes of it


def test_a_forecast_is_frozen_from_a_snapshot_alone():
    rows = [SNAPSHOT, seen(2, "2025-07-03", forecast_category="pipeline", expected_close_date="2025-09-20")]
    cohort = forecast(make_book([LOST, OPEN], snapshots=rows))
    (row,) = cohort.focus_rows.to_dict("records")
    assert (row["deal_id"], row["resolution"], row["amount"]) == ("D0001", "lost_unknown", 200.0)
    assert cohort.provenance["forecast category"] == "snapshot of 2025-07-03"
    assert cohort.provenance["stage"] == "current value"
    assert any("2025-09-12" in remark and "slipped" in remark for remark in cohort.remarks)


def test_a_forecast_is_frozen_from_the_sheet_of_a_call_and_says_what_that_means():
    cohort = forecast(make_book([LOST, OPEN], forecast_sheet=[CALLED]))
    assert list(cohort.focus_rows["deal_id"]) == ["D0001"]
    assert cohort.focus_rows["forecast_category"].tolist() == ["most_likely"]
    assert cohort.provenance["expected close"] == "sheet of 2025-07-04"
    assert any("not on the forecast sheet of 2025-07-04" in remark for remark in cohort.remarks)


def test_a_later_snapshot_tells_who_left_the_forecast_early():
    stays = seen(1, "2025-07-05", forecast_category="commit", expected_close_date="2025-09-25")
    leaves = {**stays, "deal_id": "D0002"}
    later = [{**stays, "as_of": "2025-09-10"}, {**leaves, "as_of": "2025-09-10", "expected_close_date": "2025-11-20"}]
    deals = [{**OPEN, "deal_id": "D0001"}, OPEN]
    cohort = forecast(make_book(deals, snapshots=[stays, leaves, *later]))
    assert list(cohort.focus_rows["resolution"]) == ["slipped", "pushed_early"]
    assert len(cohort.remarks) == 1
    untold = forecast(make_book(deals, snapshots=[stays, leaves]))
    assert list(untold.focus_rows["resolution"]) == ["slipped", "slipped"]


def test_a_snapshot_that_knows_open_deals_only_is_refused():
    survivors = [seen(2, "2025-07-05", forecast_category="commit", expected_close_date="2025-09-25")]
    with pytest.raises(FrameRefused, match="no category on record for 1 of the 1 deals that closed"):
        forecast(make_book([LOST, OPEN], snapshots=survivors))


def test_a_snapshot_of_another_week_does_not_freeze_the_forecast():
    with pytest.raises(FrameRefused, match="2025-07-05 or at most 7 days before") as caught:
        forecast(make_book([LOST, OPEN], snapshots=[{**SNAPSHOT, "as_of": "2025-06-20"}]))
    assert "postmortem forecast add" in str(caught.value)


def test_a_sheet_without_close_dates_is_refused_for_want_of_them():
    row = {name: CALLED[name] for name in ("as_of", "deal_id", "category")}
    with pytest.raises(FrameRefused) as caught:
        forecast(make_book([LOST, OPEN], forecast_sheet=[row]))
    assert caught.value.got == "only today's values of expected close date"


def test_a_deal_called_without_a_close_date_is_counted_apart():
    undated = {**CALLED, "deal_id": "D0002", "expected_close_date": None}
    cohort = forecast(make_book([LOST, OPEN], forecast_sheet=[CALLED, undated]))
    assert list(cohort.focus_rows["deal_id"]) == ["D0001"]
    assert cohort.counted_apart["called without an expected close on record"] == 1


def test_earlier_quarters_without_a_source_are_left_out():
    earlier = deal(3, "lost", "2025-05-20", **{**TODAYS, "created_at": "2025-01-05"})
    assert set(forecast(make_book([LOST, OPEN, earlier], forecast_sheet=[CALLED])).table["quarter"]) == {FOCUS.label}


def test_a_sheet_of_a_day_yet_to_come_is_not_seen():
    book = make_book([OPEN], forecast_sheet=[seen(2, "2025-07-20", category="commit",
                                                  expected_close_date="2025-09-20")])  # fmt: skip
    with pytest.raises((EmptyFrame, FrameRefused)):
        forecast(book, as_of=dt.date(2025, 7, 10))
