"""Salesforce by API names: field history, contact roles, competitors, tasks, and warehouse loads of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from intake_files import notes_on, round_trip, rows_of

from postmortem.book import Book
from postmortem.ground.config import build_config
from postmortem.intake import load_book, propose
from postmortem.intake.salesforce import long_id


@pytest.fixture(scope="module")
def book() -> Book:
    return round_trip("salesforce_api", data={"max_quarantined_share": 0.5})


def short(frame: pd.DataFrame) -> pd.DataFrame:
    """Deals by the letter that tells them apart."""
    return frame.assign(deal=frame["deal_id"].str[14])


def test_opportunities_are_read_as_written_by_hand(book: Book) -> None:
    columns = ("deal", "outcome", "closed_at", "closed_at_source", "expected_close_date", "forecast_category")
    assert rows_of(short(book.deals), *columns) == [
        ("A", "won", "2025-05-20", "crm_field", None, "closed"),
        ("B", "lost", "2025-05-27", "crm_field", "2025-07-31", "omitted"),
        ("C", "open", None, None, "2025-09-30", "commit"),
        ("E", "open", None, None, "2025-10-31", "pipeline"),
        ("F", "lost", "2025-06-02", "expected_proxy", "2025-06-02", "omitted"),
        ("G", "open", None, None, "2025-08-31", "best_case"),
        ("H", "won", "2025-06-03", "crm_field", None, "closed"),
    ]  # fmt: skip
    assert book.quarantine.groupby("table").size().to_dict() == {"contacts": 1, "deals": 1}
    assert book.quarantine["reason"].str.contains("recycle bin").all()


def test_a_field_history_is_read_by_api_names(book: Book) -> None:
    history = short(book.table("history"))
    assert rows_of(history, "deal", "field", "changed_at", "old_value", "new_value")[:4] == [
        ("C", "stage", "2025-05-01 10:00:00+00:00", "Prospecting", "Negotiation/Review"),
        ("C", "expected_close_date", "2025-05-01 10:00:00+00:00", "2025-06-30", "2025-09-30"),
        ("C", "forecast_category", "2025-05-03 10:00:00+00:00", "best_case", "commit"),
        ("G", "amount", "2025-05-15 10:00:00+00:00", None, "7000"),
    ]
    assert set(history["deal_id"]) <= set(book.deals["deal_id"])


def test_contact_roles_and_competitors(book: Book) -> None:
    assert rows_of(short(book.table("contacts")), "deal", "contact_id", "role", "first_seen_at") == [
        ("A", "0038c00001Con01AAA", "Economic Decision Maker", "2025-01-10"),
        ("B", "0038c00001Con02AAA", None, "2025-02-10"),
    ]
    assert rows_of(short(book.table("competitors")), "deal", "competitor") == [("B", "Rival Corp"), ("F", "Other Inc")]


def test_tasks_are_events_where_they_belong_to_a_deal_and_took_place(book: Book) -> None:
    assert rows_of(short(book.table("events")), "deal", "kind", "occurred_at", "contact_id") == [
        ("A", "call", "2025-02-03 15:00:00+00:00", "0038c00001Con01AAA"),
        # Its subtype says nothing and its type does; nobody noted when it was completed.
        ("B", "email", "2025-02-20 00:00:00+00:00", "0038c00001Con02AAA"),
        ("C", "other", "2025-05-02 09:00:00+00:00", None),
    ]
    left_out = {what: note.rows for note in book.notes if "left out" in (what := note.what)}
    assert left_out == {
        "activities that belong to no opportunity were left out": 2,
        "tasks that are not completed are no events and were left out": 1,
    }
    assert book.rows_in["events"] == 3 and notes_on(book, "", "events") == [
        "Task.csv: recognised as Salesforce tasks and events, 9 of 11 columns known",
        'columns not read: "Id", "OwnerId"',
    ]


def test_meetings_begin_when_they_start(book_of) -> None:
    deal = long_id("0068c00001AbCdA")
    deals = f"Id,StageName,IsWon,IsClosed,CreatedDate,CloseDate\n{deal},Demo,false,false,2025-01-01,2025-05-01\n"
    events = (
        "WhatId,WhoId,StartDateTime,ActivityDate,EventSubtype,Type,CreatedById\n"
        f"{deal},x,2025-01-05T09:00:00Z,2025-01-05,Event,,u\n{deal},x,2025-01-07T09:00:00Z,2025-01-07,Event,Demo,u\n"
    )
    files = {"deals.csv": deals, "events.csv": events}
    tables = {name: {"file": f"{name}.csv", "adapter": "salesforce"} for name in ("deals", "events")}
    book = book_of(files, tables, company={"currency": "EUR"})
    assert rows_of(book.table("events"), "kind", "occurred_at") == [
        ("meeting", "2025-01-05 09:00:00+00:00"), ("demo", "2025-01-07 09:00:00+00:00"),
    ]  # fmt: skip


def test_versions_kept_by_a_warehouse_are_a_history(book_of) -> None:
    deals = "id,stage_name,is_won,is_closed,created_date,close_date\nD1,Demo,false,false,2025-01-01,2025-06-01\n"
    versions = (
        "id,_fivetran_start,_fivetran_end,stage_name,close_date,is_won,is_closed,created_date,owner_id\n"
        "D1,2025-01-01 08:00:00,,Qualify,2025-05-01,false,false,2025-01-01,a\n"
        "D1,2025-02-01 08:00:00,,Demo,2025-05-01,false,false,2025-01-01,b\n"
    )
    tables = {name: {"file": f"{name}.csv", "adapter": "salesforce"} for name in ("deals", "history")}
    book = book_of({"deals.csv": deals, "history.csv": versions}, tables, company={"currency": "EUR"})
    history = book.table("history").sort_values(["field", "changed_at"])
    assert rows_of(history, "field", "changed_at", "old_value", "new_value") == [
        ("expected_close_date", "2025-01-01 08:00:00+00:00", None, "2025-05-01"),
        ("owner_id", "2025-01-01 08:00:00+00:00", None, "a"),
        ("owner_id", "2025-02-01 08:00:00+00:00", "a", "b"),
        ("stage", "2025-01-01 08:00:00+00:00", None, "Qualify"),
        ("stage", "2025-02-01 08:00:00+00:00", "Qualify", "Demo"),
    ]


FIVETRAN = {
    "fivetran_salesforce/sf_opportunity_data.csv": ("deals", "salesforce"),
    "fivetran_salesforce/sf_opportunity_history_data.csv": ("history", "salesforce"),
    "fivetran_salesforce/sf_task_data.csv": ("events", "salesforce"),
    "fivetran_salesforce/sf_event_data.csv": ("events", "salesforce"),
    "fivetran_hubspot/deal_data.csv": ("deals", "hubspot"),
    "fivetran_hubspot/deal_property_history_data.csv": ("history", "hubspot"),
}


@pytest.mark.parametrize("file", FIVETRAN)
def test_warehouse_loads_are_recognised_and_what_is_not_read_is_listed(real_data: Path, file: str) -> None:
    path = real_data / file
    (found,) = propose(path).recognised
    assert (found.table, found.adapter) == FIVETRAN[file]
    headers = pd.read_csv(path, nrows=0, dtype=str).columns.tolist()
    assert sorted([*found.columns.values(), *found.unmapped]) == sorted(headers)


def test_a_property_history_of_a_warehouse_is_read(real_data: Path, tmp_path: Path) -> None:
    source = pd.read_csv(real_data / "fivetran_hubspot" / "deal_property_history_data.csv", dtype=str)
    source.to_csv(tmp_path / "history.csv", index=False)
    ids = source["deal_id"].unique()
    pd.DataFrame({"deal_id": ids, "outcome": "open", "amount": 1, "created_at": "2019-01-01"}).to_csv(
        tmp_path / "deals.csv", index=False
    )
    tables = {"deals": {"file": "deals.csv"}, "history": {"file": "history.csv", "adapter": "hubspot"}}
    book = load_book(build_config({"company": {"currency": "USD"}, "tables": tables}, tmp_path))
    changes = source.drop_duplicates().sort_values(["deal_id", "name", "timestamp"], kind="stable")
    before = changes.groupby(["deal_id", "name"])["value"].shift()
    assert len(book.table("history")) == ((changes["value"] != before) & changes["value"].notna()).sum()
