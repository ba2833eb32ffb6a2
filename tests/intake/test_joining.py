"""Several files of one table: the newest of a key counts, nothing is lost, two systems are never put together."""

from __future__ import annotations

import tomllib

import pytest
from intake_files import DEALS, as_csv, notes_on, rows_of

from postmortem.frames.engagement import Engagement
from postmortem.ground.config import build_config
from postmortem.ground.errors import ConfigError
from postmortem.intake import load_book, propose

OPEN, WON = {**DEALS[2]}, {**DEALS[2], "outcome": "won", "stage": "Closed Won", "closed_at": "2025-07-01"}
OLDER = as_csv([*DEALS[:2], OPEN])
NEWER = as_csv([{**WON, "created_at": "2025-04-15"}, {**DEALS[0], "deal_id": "D4", "created_at": "2025-06-01",
                                                      "closed_at": "2025-06-30"}])  # fmt: skip
BOTH = {"deals": {"files": ["older.csv", "newer.csv"]}}


def test_of_one_key_the_newest_file_counts_and_differences_are_noted(book_of) -> None:
    book = book_of({"older.csv": OLDER, "newer.csv": NEWER}, BOTH)
    assert rows_of(book.deals, "deal_id", "outcome", "closed_at") == [
        ("D1", "won", "2025-03-20"), ("D2", "lost", "2025-05-02"), ("D3", "won", "2025-07-01"),
        ("D4", "won", "2025-06-30"),
    ]  # fmt: skip
    assert book.rows_in["deals"] == 4 and book.quarantine.empty
    notes = {note.what: note.rows for note in book.notes if note.column == "deal_id"}
    assert notes == {
        "rows of older exports were left out, as a newer one has their deal_id; 1 of them say something else "
        "(outcome 1, closed_at 1, stage 1)": 1,
        "rows are in older exports only and are kept as they stood there": 2,
    }


def test_the_order_in_the_configuration_decides(book_of) -> None:
    turned = {"deals": {"files": ["newer.csv", "older.csv"]}}
    book = book_of({"older.csv": OLDER, "newer.csv": NEWER}, turned)
    assert book.deals.set_index("deal_id")["outcome"]["D3"] == "open"


def test_one_file_named_twice_over_gives_the_same_deals_as_once(book_of) -> None:
    once = book_of({"older.csv": OLDER}, {"deals": {"file": "older.csv"}})
    twice = book_of({"older.csv": OLDER, "same.csv": OLDER}, {"deals": {"files": ["older.csv", "same.csv"]}})
    assert once.deals.equals(twice.deals) and once.rows_in == twice.rows_in
    assert "rows of older exports were left out, as a newer one has their deal_id" in notes_on(twice, "deal_id")


def test_a_row_set_aside_names_its_own_file_and_line(book_of) -> None:
    odd = {**DEALS[1], "deal_id": "D9", "outcome": "dead"}
    book = book_of({"older.csv": as_csv([*DEALS, odd]), "newer.csv": as_csv([{**odd, "deal_id": "D8"}])}, BOTH)
    assert [(row.file, row.line, row.column) for row in book.quarantine.itertuples()] == [
        ("older.csv", 5, "outcome"), ("newer.csv", 2, "outcome"),
    ]  # fmt: skip
    assert book.rows_in["deals"] == 5 and len(book.deals) == 3


def test_columns_may_be_called_differently_in_each_file(book_of) -> None:
    renamed = NEWER.replace("amount", "Deal Value").replace("owner_id", "Rep")
    book = book_of(
        {"older.csv": OLDER, "newer.csv": renamed}, {"deals": {**BOTH["deals"], "columns": {"amount": "amount"}}}
    )
    assert book.deals["amount"].tolist() == [1000.0, 2000.0, 500.0, 1000.0] and book.deals["owner_id"].notna().all()


HISTORY = "deal_id,field,changed_at,old_value,new_value\n"
FIRST = HISTORY + "D1,stage,2025-02-01T10:00Z,,Proposal\nD2,amount,2025-02-02T10:00Z,5,1\n"
THEN = HISTORY + "D2,amount,2025-02-02T10:00Z,5,1\nD2,amount,2025-03-02T10:00Z,1,5\n"


def test_without_a_key_all_rows_count_and_repeated_ones_once(book_of) -> None:
    files = {"deals.csv": as_csv(DEALS), "h1.csv": FIRST, "h2.csv": THEN}
    book = book_of(files, {"deals": {"file": "deals.csv"}, "history": {"files": ["h1.csv", "h2.csv"]}})
    assert rows_of(book.table("history"), "deal_id", "new_value") == [("D1", "Proposal"), ("D2", "1"), ("D2", "5")]
    noted = [note.rows for note in book.notes if "repeats were counted once" in note.what]
    assert noted == [1] and book.rows_in["history"] == 3


def test_tasks_and_events_are_put_together(tmp_path) -> None:
    deals = "Id,StageName,IsClosed,IsWon,CloseDate,CreatedDate,Amount\n"
    deals += "006A0000000aaaa,Closed Won,true,true,2025-03-01,2025-01-01,5\n"
    task = "Id,WhatId,TaskSubtype,Status,ActivityDate,CompletedDateTime\n"
    task += "00T1,006A0000000aaaa,Call,Completed,2025-01-05,2025-01-05T10:00:00Z\n"
    event = "Id,WhatId,EventSubtype,StartDateTime,CreatedById\n00U1,006A0000000aaaa,Event,2025-02-05T10:00:00Z,005\n"
    for name, text in (("Opportunity.csv", deals), ("Task.csv", task), ("Event.csv", event)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    proposal = propose(tmp_path)
    raw = tomllib.loads(proposal.toml)
    assert raw["tables"]["events"]["files"] == ["Task.csv", "Event.csv"]
    # Only columns that both files call alike are written down; the adapter finds the others.
    assert raw["tables"]["events"]["columns"] == {"deal_id": "WhatId"}
    book = load_book(build_config(raw, tmp_path))
    assert rows_of(book.table("events"), "kind", "occurred_at") == [
        ("call", "2025-01-05 10:00:00+00:00"), ("meeting", "2025-02-05 10:00:00+00:00"),
    ]  # fmt: skip


def test_init_orders_two_exports_by_their_newest_day_and_asks(tmp_path) -> None:
    (tmp_path / "a_new.csv").write_text(NEWER, encoding="utf-8")
    (tmp_path / "b_old.csv").write_text(OLDER, encoding="utf-8")
    proposal = propose(tmp_path)
    assert tomllib.loads(proposal.toml)["tables"]["deals"]["files"] == ["b_old.csv", "a_new.csv"]
    (question,) = (each for each in proposal.questions if "files are read as deals" in each)
    assert "by the newest day in each: b_old.csv, a_new.csv" in question and "the last one counts" in question
    book = load_book(build_config(tomllib.loads(proposal.toml), tmp_path))
    assert book.deals.set_index("deal_id")["outcome"]["D3"] == "won"


def test_two_systems_are_never_put_together(tmp_path) -> None:
    hubspot = "Record ID,Deal Name,Deal Stage,Create Date,Close Date,Amount\n1,X,closedwon,2025-01-01,2025-02-01,5\n"
    (tmp_path / "hub.csv").write_text(hubspot, encoding="utf-8")
    (tmp_path / "plain.csv").write_text(as_csv(DEALS), encoding="utf-8")
    proposal = propose(tmp_path)
    assert tomllib.loads(proposal.toml)["tables"]["deals"]["file"] == "plain.csv"
    assert any("two systems are not put together" in each and "HubSpot deals" in each for each in proposal.questions)


@pytest.mark.parametrize("source", [{}, {"file": "a.csv", "files": ["b.csv"]}, {"files": ["a.csv", "a.csv"]}])
def test_a_table_names_its_files_in_one_way(configure, source) -> None:
    with pytest.raises(ConfigError) as refused:
        configure({"deals.csv": as_csv(DEALS)}, {"deals": source})
    assert "tables.deals" in refused.value.message and "file" in refused.value.message


def test_an_engagement_knows_every_file_it_is_read_from(configure, tmp_path) -> None:
    lookup = {"owner_id": {"file": "people.csv", "key": "id", "value": "name"}}
    config = configure(
        {"older.csv": OLDER, "newer.csv": NEWER, "people.csv": "id,name\nAnn,Ann Archer\n"},
        {"deals": {**BOTH["deals"], "lookups": lookup}},
    )
    engagement = Engagement(config)
    assert [path.name for path in engagement.input_files()] == [
        "postmortem.toml",
        "older.csv",
        "newer.csv",
        "people.csv",
    ]
    before = engagement.book()
    (tmp_path / "people.csv").write_text("id,name\nAnn,Ann Aston\n", encoding="utf-8")
    after = engagement.book()
    assert (before.deals["owner_id"] == "Ann Archer").sum() == (after.deals["owner_id"] == "Ann Aston").sum() == 3
