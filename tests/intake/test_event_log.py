"""Event logs: one row an event of a case becomes deals, a history of stages and events."""

from __future__ import annotations

import csv
import datetime as dt

import pytest
from intake_files import EXPORTS, notes_on, round_trip, rows_of

from postmortem.book import Book
from postmortem.ground.errors import ConfigError
from postmortem.intake import propose
from postmortem.intake.adapters import recognise

LOG = "case_id,activity,timestamp\n"
TABLES = {
    "deals": {
        "file": "log.csv", "adapter": "event_log", "columns": {"outcome": "activity", "stage": "activity"},
        "values": {"outcome": {"Signed": "won", "Dropped": "lost"}},
    },
    "history": {"file": "log.csv", "adapter": "event_log"},
    "events": {"file": "log.csv", "adapter": "event_log"},
}  # fmt: skip


@pytest.fixture(scope="module")
def book() -> Book:
    return round_trip("event_log", company={"time_zone": "Europe/Berlin", "currency": "EUR"})


def test_each_case_is_a_deal_ended_by_the_activity_that_ended_it_last(book: Book) -> None:
    # C2's offer was cancelled and made anew; C3's letter came after its end; C4 has none.
    assert rows_of(book.deals, "deal_id", "outcome", "stage", "created_at", "closed_at", "owner_id") == [
        ("C1", "won", "Order accepted", "2025-03-28", "2025-04-04", "Bob"),
        ("C2", "won", "Order accepted", "2025-03-30", "2025-04-20", "Cid"),
        ("C3", "lost", "Request declined", "2025-04-01", "2025-04-16", "Ann"),
        ("C4", "open", "Quote", "2025-05-05", None, "Bob"),
    ]
    assert book.quarantine.empty and dict(book.rows_in) == {"deals": 4, "history": 13, "events": 13}


def test_days_are_the_companys_whatever_the_offsets(book: Book) -> None:
    moments = book.table("history").set_index(["deal_id", "new_value"])["changed_at"]
    assert moments["C1", "Order accepted"].isoformat() == "2025-04-04T10:00:00+00:00"
    # Half an hour before midnight two hours west of Greenwich is half past three in Berlin, the day after.
    assert moments["C3", "Request declined"].isoformat() == "2025-04-16T01:30:00+00:00"
    in_utc = round_trip("event_log", company={"currency": "EUR"}).deals.set_index("deal_id")["created_at"]
    assert in_utc["C2"].date() == dt.date(2025, 3, 29) and in_utc["C3"].date() == dt.date(2025, 3, 31)


def test_stages_follow_each_other_and_only_done_activities_count(book: Book) -> None:
    moves = rows_of(book.table("history"), "deal_id", "old_value", "new_value")
    assert [move for move in moves if move[0] == "C1"] == [
        ("C1", None, "Request received"), ("C1", "Request received", "Quote"), ("C1", "Quote", "Order accepted"),
    ]  # fmt: skip
    assert "events that schedule or begin an activity were left out: only done ones count" in notes_on(
        book, "", "deals"
    )


def test_what_a_table_of_cases_says_is_looked_up(book: Book) -> None:
    assert rows_of(book.deals, "deal_id", "amount", "region") == [
        ("C1", 1000.0, "North"), ("C2", 2500.5, "South"), ("C3", 400.0, "North"), ("C4", None, "South"),
    ]  # fmt: skip


def test_the_proposal_says_which_ends_it_took_and_which_are_doubtful() -> None:
    proposal = propose(EXPORTS / "event_log")
    assert '"Order accepted" = "won" # 2 rows; ends 2 cases' in proposal.toml
    assert '"Request declined" = "lost" # 1 rows; ends 1 cases' in proposal.toml
    assert '# "Offer cancelled" = ""   # 1 rows; 1 of 1 cases reach the opposite end after it' in proposal.toml
    (question,) = (each for each in proposal.questions if "end a deal" in each)
    assert '1 of 4 cases reach none of them and count as open; they stand in "Quote" (1)' in question


def test_rows_in_any_order_make_the_same_deals(book_of) -> None:
    rows = ["A,Asked,2025-03-01T09:00", "A,Signed,2025-03-09T09:00", "B,Dropped,2025-03-05", "B,Asked,2025-03-02"]
    straight = book_of({"log.csv": LOG + "\n".join(rows)}, TABLES)
    turned = book_of({"log.csv": LOG + "\n".join(reversed(rows))}, TABLES)
    columns = ("deal_id", "outcome", "stage", "created_at", "closed_at")
    expected = [
        ("A", "won", "Signed", "2025-03-01", "2025-03-09"), ("B", "lost", "Dropped", "2025-03-02", "2025-03-05"),
    ]  # fmt: skip
    assert rows_of(straight.deals, *columns) == sorted(rows_of(turned.deals, *columns)) == expected


def test_numbers_of_one_moment_decide_the_order(book_of) -> None:
    text = "case_id,seq,activity,timestamp\nA,2,Signed,2025-03-01\nA,1,Dropped,2025-03-01\n"
    book = book_of({"log.csv": text}, TABLES)
    assert book.deals["outcome"].tolist() == ["won"]


def test_rows_without_a_case_or_a_moment_are_set_aside_in_every_table(book_of) -> None:
    text = LOG + "A,Asked,2025-03-01\n,Signed,2025-03-02\nA,Signed,2025-03-09\nB,Asked,soon\nA,,2025-03-03\n"
    book = book_of({"log.csv": text}, TABLES)
    assert book.deals["deal_id"].tolist() == ["A"]
    aside = sorted((row.table, row.line, row.column) for row in book.quarantine.itertuples())
    assert aside == [
        ("deals", 3, "deal_id"), ("deals", 5, "created_at"), ("events", 3, "deal_id"), ("events", 5, "occurred_at"),
        ("history", 3, "deal_id"), ("history", 5, "changed_at"), ("history", 6, "new_value"),
    ]  # fmt: skip


def test_one_log_in_two_files_is_refused(book_of) -> None:
    tables = {"deals": {**TABLES["deals"], "files": ["log.csv", "more.csv"]}}
    del tables["deals"]["file"]
    with pytest.raises(ConfigError, match="a case may begin in one"):
        book_of({"log.csv": LOG + "A,Asked,2025-03-01\n", "more.csv": LOG + "A,Signed,2025-03-09\n"}, tables)


def test_names_of_the_process_mining_standard_are_known() -> None:
    headers = ["case:concept:name", "concept:name", "time:timestamp", "lifecycle:transition", "org:resource"]
    guess = recognise([*headers, "case:AMOUNT_REQ"])
    assert guess is not None and (guess.table, guess.adapter.name) == ("deals", "event_log")
    assert guess.mapped["amount"] == "case:AMOUNT_REQ" and guess.confidence == 1.0


def test_the_sample_holds_offsets_on_both_sides_of_the_clock_change() -> None:
    with (EXPORTS / "event_log" / "events.csv").open(encoding="utf-8") as file:
        assert {row["timestamp"][-6:] for row in csv.DictReader(file)} == {"+01:00", "+02:00", "-02:00"}
