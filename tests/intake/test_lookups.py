"""Ids that are looked up: stages, pipelines and owners of a warehouse load, and what happens to unknown ones."""

from __future__ import annotations

import tomllib

import pytest
from intake_files import DEALS, EXPORTS, as_csv, notes_on, round_trip, rows_of

from postmortem.book import Book
from postmortem.ground.config import build_config
from postmortem.ground.errors import ConfigError, DataError
from postmortem.intake import load_book, propose

STAGES = "stage_id,label\nProposal,Offer made\nClosed Won,Signed\n"


@pytest.fixture(scope="module")
def book() -> Book:
    return round_trip("hubspot_warehouse", company={"currency": "EUR"})


def test_ids_of_stages_become_labels_and_say_who_won(book: Book) -> None:
    assert rows_of(book.deals, "deal_id", "outcome", "stage", "probability", "pipeline", "owner_id") == [
        ("9001", "won", "Contract signed", 1.0, "New business", "Ann Archer"),
        ("9002", "lost", "Shelved", 0.0, "New business", "Bob Birch"),
        ("9003", "open", "Offer made", 0.6, "New business", "Ann Archer"),
        ("9005", "won", "Renewed", 1.0, "Renewals", "99"),
    ]
    assert book.quarantine["reason"].tolist() == ["is in HubSpot's recycle bin (is_deleted)"]
    assert 'was looked up in owner.csv; not found there and kept as it is: "99" (1)' in notes_on(book, "owner_id")


def test_the_history_of_stages_speaks_the_same_labels(book: Book) -> None:
    moves = book.table("history")
    assert rows_of(moves[moves["field"] == "stage"], "deal_id", "old_value", "new_value") == [
        ("9001", None, "Offer made"), ("9001", "Offer made", "Contract signed"),
        ("9002", None, "Offer made"), ("9002", "Offer made", "Shelved"),
    ]  # fmt: skip
    assert moves.loc[moves["field"] == "amount", "new_value"].tolist() == ["8000"]


def test_columns_of_stage_entries_are_still_found_by_id(tmp_path) -> None:
    deals = (
        "hs_object_id,dealname,dealstage,createdate,closedate,amount,hs_v2_date_entered_s9\n"
        "1,Acme,s9,2025-01-01,2025-12-31,5,2025-03-04\n"
    )
    stages = "stage_id,label,closed_won,is_closed\ns9,Gone cold,false,true\n"
    (tmp_path / "deals.csv").write_text(deals, encoding="utf-8")
    (tmp_path / "stages.csv").write_text(stages, encoding="utf-8")
    book = load_book(build_config(tomllib.loads(propose(tmp_path).toml), tmp_path))
    # Lost on the day it entered its stage, not on the old close date.
    assert rows_of(book.deals, "outcome", "stage", "closed_at") == [("lost", "Gone cold", "2025-03-04")]
    assert rows_of(book.table("history"), "field", "new_value") == [("stage", "Gone cold")]


def test_users_give_salesforce_owners_and_managers_their_names(tmp_path) -> None:
    ann, max_ = "0058c00001AnnnnAAA", "0058c00001MaxxxAAA"
    deal = "Id,StageName,IsClosed,IsWon,CloseDate,CreatedDate,Amount,OwnerId,AccountId\n"
    deal += f"0068c00001AbCdEAAA,Closed Won,true,true,2025-03-01,2025-01-01,5,{ann},0018c00001AccccAAA\n"
    users = (
        f"Id,Name,Username,ManagerId,UserRoleId\n{ann},Ann Archer,a@x.com,{max_},East\n{max_},Max Moss,m@x.com,,East\n"
    )
    account = (
        "Id,Name,Industry,BillingCountry,MasterRecordId,LastReferencedDate\n0018c00001AccccAAA,Acme,Water,France,,\n"
    )
    for name, text in (("Opportunity.csv", deal), ("User.csv", users), ("Account.csv", account)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    book = load_book(build_config(tomllib.loads(propose(tmp_path).toml), tmp_path))
    assert rows_of(book.deals, "owner_id", "manager_id", "team", "account_name", "segment", "region") == [
        ("Ann Archer", "Max Moss", "East", "Acme", "Water", "France")
    ]
    assert rows_of(book.table("reps"), "rep_id", "manager_id") == [("Ann Archer", "Max Moss"), ("Max Moss", None)]


def test_the_last_row_of_an_id_counts_and_flags_may_stand_alone(book_of) -> None:
    files = {"deals.csv": as_csv(DEALS), "stages.csv": STAGES + "Proposal,Offer sent\n"}
    lookup = {"stage": {"file": "stages.csv", "key": "stage id", "value": ["label"]}}
    book = book_of(files, {"deals": {"file": "deals.csv", "lookups": lookup}})
    assert book.deals["stage"].tolist() == ["Signed", "Closed Lost", "Offer sent"]


@pytest.mark.parametrize(
    ("lookup", "error", "words"),
    [
        ({"file": "stages.csv", "key": "stageid", "value": "lable"}, DataError, "did you mean 'label'"),
        ({"file": "stage.csv", "key": "stage_id", "value": "label"}, DataError, "did you mean 'stages.csv'"),
        ({"file": "stages.csv", "key": "stage_id", "value": "label", "by": "pipeline"}, ConfigError, "no column holds"),
        ({"file": "stages.csv", "key": "stage_id", "valeu": "label"}, ConfigError, "did you mean 'value'"),
    ],
)
def test_a_lookup_that_cannot_be_done_says_what_is_wrong(book_of, lookup, error, words) -> None:
    tables = {"deals": {"file": "deals.csv", "lookups": {"stage": lookup}}}
    with pytest.raises(error) as refused:
        book_of({"deals.csv": as_csv(DEALS), "stages.csv": STAGES}, tables)
    assert words in refused.value.message


def test_a_column_no_table_has_cannot_be_looked_up(book_of) -> None:
    lookup = {"stagee": {"file": "stages.csv", "key": "stage_id", "value": "label"}}
    with pytest.raises(ConfigError, match=r"lookups\.stagee: no column of deals, did you mean 'stage'"):
        book_of({"deals.csv": as_csv(DEALS)}, {"deals": {"file": "deals.csv", "lookups": lookup}})


def test_the_proposal_names_every_lookup_it_found() -> None:
    lookups = tomllib.loads(propose(EXPORTS / "hubspot_warehouse").toml)["tables"]["deals"]["lookups"]
    assert sorted(lookups) == ["is_closed", "is_won", "owner_id", "pipeline", "probability", "stage"]
    assert lookups["owner_id"] == {"file": "owner.csv", "key": "owner_id", "value": ["first_name", "last_name"]}
