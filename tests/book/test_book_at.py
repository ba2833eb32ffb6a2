"""The book at an earlier day: nothing written down later is visible, and a day is a day of the book's zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from builders import change, deal, make_book

from postmortem.book import BookMeta
from postmortem.book.book import KNOWN_AT_CLOSE, RECORDED_BY, WRITTEN_AT_CLOSE
from postmortem.book.history import states_at
from postmortem.ground import schema
from postmortem.ground.fiscal import FiscalCalendar

DAY = dt.date(2025, 8, 15)
DATED = [(name, moment) for name, moments in RECORDED_BY.items() for moment in moments]
FILL = {
    "id": "X", "text": "x", "category": "x", "money": 1.0, "number": 1.0, "integer": 1, "date": "2025-01-02",
    "timestamp": "2025-01-02T10:00Z", "flag": True,
}  # fmt: skip


def ids(frame: pd.DataFrame) -> list[str]:
    return list(frame["deal_id"])


def row_of(frame: pd.DataFrame, deal_id: str) -> dict[str, object]:
    return frame.set_index("deal_id").loc[deal_id].to_dict()


def filled(table: schema.Table, **values: object) -> dict[str, object]:
    """Return a row of `table` with every column filled long before `DAY`, `values` apart."""
    row = {column.name: column.values[0] if column.values else FILL[column.kind] for column in table.columns}
    return {**row, **({"deal_id": "D0001"} if "deal_id" in table.names else {}), **values}


def test_deals_created_later_are_gone_and_those_without_a_date_stay():
    book = make_book([
        deal(1, "open", None, created_at="2025-08-15"),
        deal(2, "open", None, created_at="2025-08-16"),
        deal(3, "open", None, created_at=None),
    ])  # fmt: skip
    assert ids(book.at(DAY).deals) == ["D0001", "D0003"]


def test_a_deal_closed_that_day_is_closed_and_one_closed_the_next_is_open_again():
    book = make_book([deal(1, "lost", "2025-08-15"), deal(2, "lost", "2025-08-16"), deal(3, "won", "2025-08-16")])
    assert list(book.at(DAY).deals["outcome"]) == ["lost", "open", "open"]


def test_everything_written_at_closing_is_taken_out_of_a_deal_that_is_open_again():
    written = {
        "closed_at": "2025-09-01", "closed_at_source": "history", "lost_to_raw": "Rival",
        "lost_to_recorded": "competitor", "loss_reason_raw": "Price", "win_reason_raw": "none",
        "loss_notes": "They said no.", "stage": "Closed Lost", "forecast_category": "omitted", "probability": 0.0,
        "expected_close_date": "2025-09-01",
    }  # fmt: skip
    assert set(written) == set(KNOWN_AT_CLOSE)
    book = make_book([deal(1, "lost", **{"closed": "2025-09-01", **written})])
    then = row_of(book.at(DAY).deals, "D0001")
    assert then["outcome"] == "open"
    assert then["forecast_category"] == "unknown"
    assert all(pd.isna(then[column]) for column in KNOWN_AT_CLOSE if column != "forecast_category")
    assert then["account_name"] == "Account 1"
    assert row_of(book.deals, "D0001")["loss_notes"] == "They said no."


def test_the_expected_close_of_a_reopened_deal_is_that_of_its_history_or_unknown_and_an_open_deals_stays():
    deals = [
        deal(1, "lost", "2025-09-01", expected_close_date="2025-09-01", amount=70.0),
        deal(2, "open", None, expected_close_date="2025-11-30"),
    ]
    then = make_book(deals).at(DAY).deals
    assert pd.isna(then["expected_close_date"].iloc[0])
    assert then["expected_close_date"].iloc[1] == pd.Timestamp("2025-11-30")
    assert then["amount"].iloc[0] == 70.0
    history = [change(1, "expected_close_date", "2025-09-01", "2025-12-31", "2025-09-01")]
    told = make_book(deals, history=history).at(DAY).deals
    assert told["expected_close_date"].iloc[0] == pd.Timestamp("2025-12-31")


def test_what_was_written_at_closing_stays_where_the_deal_was_closed_by_then():
    book = make_book([deal(1, "lost", "2025-08-01", loss_notes="They said no.", lost_to_recorded="competitor")])
    then = row_of(book.at(DAY).deals, "D0001")
    assert (then["outcome"], then["loss_notes"], then["lost_to_recorded"]) == ("lost", "They said no.", "competitor")


def test_fields_with_a_history_have_the_values_they_had_then():
    book = make_book(
        [
            deal(1, "lost", "2025-09-20", stage="Closed Lost", forecast_category="omitted", amount=50.0),
            deal(2, "open", None, stage="Legal", forecast_category="commit", amount=900.0),
        ],
        history=[
            change(1, "stage", "2025-09-20", "Proposal", "Closed Lost"),
            change(1, "forecast_category", "2025-06-01", "pipeline", "commit"),
            change(1, "forecast_category", "2025-09-20", "commit", "omitted"),
            change(1, "amount", "2025-09-01", "80", "50"),
            change(2, "amount", "2025-09-01", "700", "900"),
            change(2, "stage", "2025-07-01", "Proposal", "Legal"),
        ],
    )
    then = book.at(DAY).deals
    first, second = row_of(then, "D0001"), row_of(then, "D0002")
    assert (first["stage"], first["forecast_category"], first["amount"]) == ("Proposal", "commit", 80.0)
    assert (second["stage"], second["forecast_category"], second["amount"]) == ("Legal", "commit", 700.0)


def test_a_book_cut_twice_is_a_book_cut_once():
    book = make_book(
        [deal(1, "lost", "2025-09-20", forecast_category="omitted"), deal(2, "open", None, created_at="2025-07-01")],
        history=[
            change(1, "forecast_category", "2025-03-01", None, "best_case"),
            change(1, "forecast_category", "2025-07-15", "best_case", "commit"),
            change(1, "forecast_category", "2025-09-20", "commit", "omitted"),
        ],
    )
    early = dt.date(2025, 6, 30)
    pd.testing.assert_frame_equal(book.at(DAY).at(early).deals, book.at(early).deals)
    assert book.at(DAY).at(early).fingerprint == book.at(early).fingerprint


def test_states_before_the_cut_are_the_same_in_the_cut_book():
    book = make_book(
        [deal(n, "lost", "2025-09-20", forecast_category="omitted", amount=9.0) for n in (1, 2, 3)],
        history=[
            change(1, "forecast_category", "2025-09-20", "commit", "omitted"),
            change(2, "forecast_category", "2025-03-20", "pipeline", "best_case"),
            change(2, "forecast_category", "2025-09-20", "best_case", "omitted"),
            change(3, "forecast_category", "2025-09-20", None, "omitted"),
            change(1, "amount", "2025-01-20", "3", "9"),
            change(3, "amount", "2025-09-20", "5", "9"),
        ],
    )
    for day in ("2025-02-01", "2025-03-20", "2025-08-15"):
        moment = book.meta.end_of_day(dt.date.fromisoformat(day))
        pd.testing.assert_frame_equal(states_at(book.at(DAY), moment), states_at(book, moment))


@pytest.mark.parametrize(("name", "moment"), DATED)
def test_no_table_holds_a_row_recorded_later(name, moment):
    table = schema.table(name)
    stamp = table.column(moment).kind == "timestamp"
    late, kept = ("2025-08-16T00:00Z", "2025-08-15T23:59:59Z") if stamp else ("2025-08-16", "2025-08-15")
    rows = [filled(table, **{moment: late}), filled(table, **{moment: kept}), filled(table, **{moment: None})]
    book = make_book([deal(1, "open", None)], **{name: rows})
    left = book.at(DAY).table(name)[moment]
    assert list(left.isna()) == [False, True]
    assert left.iloc[0] == pd.Timestamp(kept)
    assert len(book.table(name)) == 3


def test_every_moment_rows_are_cut_by_is_a_column_of_its_table():
    for name, moment in DATED:
        assert schema.table(name).column(moment).kind in ("date", "timestamp")
    for name, moment in WRITTEN_AT_CLOSE.items():
        assert moment == "" or moment in schema.table(name).names
    assert set(KNOWN_AT_CLOSE) <= set(schema.DEALS.names)


@pytest.mark.parametrize("table", [table for table in schema.TABLES[1:] if "deal_id" in table.names], ids=str)
def test_no_table_speaks_of_a_deal_that_did_not_exist_yet(table):
    deals = [deal(1, "open", None), deal(2, "open", None, created_at="2025-09-01")]
    rows = [filled(table), filled(table, deal_id="D0002")]
    assert ids(make_book(deals, **{table.name: rows}).at(DAY).table(table.name)) == ["D0001"]


@pytest.mark.parametrize("name", WRITTEN_AT_CLOSE)
def test_an_undated_word_on_a_loss_is_as_old_as_the_closing(name):
    moment = WRITTEN_AT_CLOSE[name]
    deals = [deal(1, "lost", "2025-08-01"), deal(2, "lost", "2025-09-01"), deal(3, "open", None)]
    undated = {moment: None} if moment else {}
    rows = [filled(schema.table(name), deal_id=f"D000{n}", **undated) for n in (1, 2, 3)]
    assert ids(make_book(deals, **{name: rows}).at(DAY).table(name)) == ["D0001", "D0003"]


def test_a_dated_reason_is_known_from_its_date_even_before_the_closing():
    rows = [
        filled(schema.REASONS, recorded_at="2025-08-10T09:00Z"),
        filled(schema.REASONS, recorded_at="2025-09-02T09:00Z"),
    ]
    book = make_book([deal(1, "lost", "2025-09-01")], reasons=rows)
    assert list(book.at(DAY).table("reasons")["recorded_at"]) == [pd.Timestamp("2025-08-10T09:00Z")]


def test_scores_of_interviews_not_yet_drawn_or_held_are_unknown():
    table = schema.table("interviews")
    book = make_book(
        [deal(1, "lost", "2025-06-01")],
        interviews=[
            filled(table, interview_id="held", drawn_at="2025-07-01", held_at="2025-07-20"),
            filled(table, interview_id="drawn", drawn_at="2025-07-01", held_at="2025-08-20"),
            filled(table, interview_id="later", drawn_at="2025-08-20", held_at="2025-09-01"),
        ],
        ratings=[{"interview_id": name, "dimension": "price", "score": 3.0} for name in ("held", "drawn", "later")],
    )
    then = book.at(DAY)
    assert list(then.table("interviews")["interview_id"]) == ["held", "drawn"]
    assert list(then.table("ratings")["interview_id"]) == ["held"]


@pytest.mark.parametrize("day", ["2025-10-06", "2025-10-07", "2030-01-01"])
def test_at_its_own_day_or_later_the_book_is_itself(day):
    book = make_book([deal(1, "lost", "2025-10-06")], as_of="2025-10-06")
    assert book.at(dt.date.fromisoformat(day)) is book


def test_the_book_says_which_day_it_is_cut_at_and_is_left_as_it_was():
    book = make_book([deal(1, "lost", "2025-09-01"), deal(2, "open", None, created_at="2025-09-01")])
    before, fingerprint = book.deals.copy(), book.fingerprint
    cut = book.at(DAY)
    assert cut.meta == replace(book.meta, extracted_on=DAY)
    pd.testing.assert_frame_equal(book.deals, before)
    assert book.fingerprint == fingerprint != cut.fingerprint


def test_dtypes_survive_the_cut():
    book = make_book([deal(1, "lost", "2025-09-01", probability=0.3, is_existing_customer=True), deal(2, "open", None)])
    cut = book.at(DAY)
    assert dict(cut.deals.dtypes) == dict(schema.empty("deals").dtypes)


ZONES = [
    # The night the clocks change, the last second of the local day, in UTC.
    ("Europe/Berlin", "2025-03-29", "2025-03-29T22:59:59"),
    ("Europe/Berlin", "2025-03-30", "2025-03-30T21:59:59"),
    ("Europe/Berlin", "2025-10-25", "2025-10-25T21:59:59"),
    ("Europe/Berlin", "2025-10-26", "2025-10-26T22:59:59"),
    ("America/New_York", "2025-03-08", "2025-03-09T04:59:59"),
    ("America/New_York", "2025-03-09", "2025-03-10T03:59:59"),
    ("America/New_York", "2025-11-01", "2025-11-02T03:59:59"),
    ("America/New_York", "2025-11-02", "2025-11-03T04:59:59"),
    # Here the clocks jumped over midnight: the day after began at one o'clock.
    ("America/Sao_Paulo", "2018-11-03", "2018-11-04T02:59:59"),
]


@pytest.mark.parametrize(("zone", "day", "last_second"), ZONES)
def test_a_day_ends_at_local_midnight_across_a_change_of_clocks(zone, day, last_second):
    meta = BookMeta("Testing Ltd", "EUR", zone, FiscalCalendar(), dt.date(2030, 1, 1))
    end = meta.end_of_day(dt.date.fromisoformat(day))
    assert end == pd.Timestamp(last_second, tz="UTC") + pd.Timedelta(seconds=1)
    assert str(end.tz) == "UTC"


@pytest.mark.parametrize(("zone", "day", "last_second"), ZONES)
def test_a_row_of_the_last_local_second_is_known_and_the_next_is_not(zone, day, last_second):
    first_of_next = str(pd.Timestamp(last_second) + pd.Timedelta(seconds=1)).replace(" ", "T")
    book = make_book(
        [deal(1, "open", None, created_at="2018-01-01", forecast_category="omitted")],
        as_of="2026-01-01",
        time_zone=zone,
        history=[
            change(1, "forecast_category", last_second, "pipeline", "commit"),
            change(1, "forecast_category", first_of_next, "commit", "omitted"),
        ],
    )
    cut = book.at(dt.date.fromisoformat(day))
    assert list(cut.table("history")["new_value"]) == ["commit"]
    assert list(cut.deals["forecast_category"]) == ["commit"]
