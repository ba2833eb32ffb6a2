"""Public data in other shapes: a loan process as an event log, and Fivetran's extracts of two CRMs."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from intake_files import notes_on

from postmortem.book import Book
from postmortem.ground.config import build_config
from postmortem.intake import Proposal, load_book, propose

pytestmark = pytest.mark.thorough
ENDS = {"A_APPROVED": "won", "A_DECLINED": "lost", "A_CANCELLED": "lost"}


def read(text: str, folder: Path) -> Book:
    raw = tomllib.loads(text)
    return load_book(build_config({**raw, "data": {**raw["data"], "folder": str(folder)}}, folder))


@pytest.fixture(scope="module")
def log(real_data: Path) -> Path:
    return real_data / "bpic2012"


@pytest.fixture(scope="module")
def proposal(log: Path) -> Proposal:
    return propose(log)


@pytest.fixture(scope="module")
def corrected(proposal: Proposal) -> str:
    """The proposal after an analyst's corrections."""
    text = proposal.toml.replace('name = "Your company"', 'name = "A bank"')
    text = text.replace('# time_zone = "Europe/Berlin"', 'time_zone = "Europe/Amsterdam"')
    return text.replace('# currency = "USD"', 'currency = "EUR"')


@pytest.fixture(scope="module")
def book(corrected: str, log: Path) -> Book:
    return read(corrected, log)


@pytest.fixture(scope="module")
def source(log: Path) -> pd.DataFrame:
    events = pd.read_csv(log / "events_AO.csv.gz", dtype=str)
    return events.assign(moment=pd.to_datetime(events["timestamp"], utc=True, format="ISO8601"))


def test_three_lines_are_edited(proposal: Proposal, corrected: str) -> None:
    edits = difflib.ndiff(proposal.toml.splitlines(), corrected.splitlines())
    assert sum(line.startswith("+ ") for line in edits) == 3
    assert tomllib.loads(corrected)["tables"]["deals"]["values"]["outcome"] == ENDS
    assert any("399 of 13087 cases reach none of them" in question for question in proposal.questions)


def test_the_cases_end_as_published(book: Book) -> None:
    assert len(book.deals) == book.rows_in["deals"] == 13_087 and book.quarantine.empty
    ends = book.deals["stage"].where(book.deals["outcome"] != "open", "open").value_counts()
    assert ends.to_dict() == {"A_APPROVED": 2246, "A_DECLINED": 7635, "A_CANCELLED": 2807, "open": 399}
    assert book.deals["outcome"].value_counts().to_dict() == {"won": 2246, "lost": 7635 + 2807, "open": 399}


def test_days_are_the_banks_on_both_sides_of_the_clock_change(book: Book, source: pd.DataFrame) -> None:
    # Every moment is written with the bank's own offset of that day, so its first ten letters are the day.
    assert set(source["timestamp"].str[-6:]) == {"+01:00", "+02:00"}
    ends = source[source["activity"].isin(ENDS)].set_index("case_id")["timestamp"].str[:10]
    deals = book.deals.set_index("deal_id")
    closed = deals["closed_at"].dropna().dt.strftime("%Y-%m-%d")
    assert len(closed) == 12_688 and (closed == ends.reindex(closed.index)).all()
    began = source.sort_values("moment", kind="stable").drop_duplicates("case_id").set_index("case_id")["timestamp"]
    assert (deals["created_at"].dt.strftime("%Y-%m-%d") == began.str[:10].reindex(deals.index)).all()


def test_every_event_is_a_stage_entered_and_an_event(book: Book, source: pd.DataFrame) -> None:
    history, events = book.table("history"), book.table("events")
    assert len(events) == len(source) == 92_093
    ordered = source.sort_values(["case_id", "moment"], kind="stable")
    repeats = (ordered["activity"] == ordered["activity"].shift()) & (ordered["case_id"] == ordered["case_id"].shift())
    assert len(history) == len(source) - int(repeats.sum())
    assert (
        history["changed_at"].sort_values().to_numpy()
        == source[~repeats.reindex(source.index)]["moment"].sort_values().astype(history["changed_at"].dtype).to_numpy()
    ).all()


def test_amounts_come_from_the_table_of_cases(book: Book, log: Path) -> None:
    cases = pd.read_csv(log / "cases.csv", dtype={"case_id": str}).set_index("case_id")["amount_req"]
    amounts = book.deals.set_index("deal_id")["amount"]
    assert amounts.sum() == cases.sum() and (amounts == cases.reindex(amounts.index)).all()


def test_every_file_of_a_hubspot_load_is_used_or_named(real_data: Path) -> None:
    folder = real_data / "fivetran_hubspot"
    proposal = propose(folder)
    told = {each.file: (each.table, each.adapter, each.explains) for each in proposal.recognised}
    assert told == {
        "deal_data.csv": ("deals", "hubspot", ()),
        "deal_pipeline_stage_data.csv": (None, None, ("is_closed", "is_won", "probability", "stage")),
        "deal_property_history_data.csv": ("history", "hubspot", ()),
        "deal_stage_data.csv": ("history", "hubspot", ()),
        "owner_data.csv": (None, None, ("owner_id",)),
    }
    unread = {each.file: each.unmapped for each in proposal.recognised}
    assert unread["deal_data.csv"] == ("portal_id", "property_description")
    assert any("deal_stage_data.csv looks like history too" in question for question in proposal.questions)


def test_a_hubspot_load_is_read_by_the_tables_of_its_stages_and_owners(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "fivetran_hubspot"
    deals = pd.read_csv(folder / "deal_data.csv", dtype=str)
    stages = pd.read_csv(folder / "deal_pipeline_stage_data.csv", dtype=str).drop_duplicates("stage_id", keep="last")
    # The seed leaves nearly all stages, owners and dates empty; the test fills them from the seed's own tables.
    filled = deals.assign(
        deal_pipeline_stage_id=[stages["stage_id"].iloc[place % len(stages)] for place in range(len(deals))],
        property_closedate="2020-06-30", property_amount="100", is_deleted="false",
    ).drop_duplicates("deal_id")  # fmt: skip
    filled.to_csv(tmp_path / "deal_data.csv", index=False)
    for name in ("deal_pipeline_stage_data.csv", "owner_data.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    book = load_book(build_config({**tomllib.loads(propose(tmp_path).toml), "company": {"currency": "USD"}}, tmp_path))
    known = stages.set_index("stage_id")
    expected = filled.set_index("deal_id")["deal_pipeline_stage_id"]
    found = book.deals.set_index("deal_id")
    assert len(found) == len(filled) and (found["stage"] == expected.map(known["label"])).all()
    won, closed = expected.map(known["closed_won"]) == "TRUE", expected.map(known["is_closed"]) == "TRUE"
    assert ((found["outcome"] == "won") == won).all() and ((found["outcome"] == "lost") == (closed & ~won)).all()


def test_every_file_of_a_salesforce_load_is_read_and_adds_up(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "fivetran_salesforce"
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path, dtype=str)
        # Everything in the seed's opportunities is deleted; nothing of it is lost otherwise.
        table.assign(is_deleted="false").to_csv(tmp_path / path.name, index=False)
    proposal = propose(tmp_path)
    told = {each.file.removeprefix("sf_").removesuffix("_data.csv"): each.table for each in proposal.recognised}
    assert told == {
        "account": "accounts", "event": "events", "opportunity": "deals", "opportunity_history": "history",
        "task": "events", "user": "reps",
    }  # fmt: skip
    assert {each.adapter for each in proposal.recognised} == {"salesforce"}
    book = load_book(build_config({**tomllib.loads(proposal.toml), "company": {"currency": "USD"}}, tmp_path))
    aside = book.quarantine.groupby("table").size()
    for name in ("deals", "history", "events", "reps", "accounts"):
        assert book.rows_in[name] == len(book.table(name)) + aside.get(name, 0)
    assert len(book.table("reps")) == 10 and len(book.table("accounts")) > 0
    assert any("recognised as Salesforce opportunity history" in what for what in notes_on(book, "", "history"))
