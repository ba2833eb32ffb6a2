"""Public data as they are: the Maven Analytics CRM and Fivetran's extracts."""

from __future__ import annotations

import difflib
import time
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from postmortem.book import Book
from postmortem.ground.config import build_config
from postmortem.ground.errors import DataError
from postmortem.intake import Proposal, load_book, propose


@pytest.fixture(scope="module")
def export(real_data: Path) -> Path:
    return real_data / "maven_crm"


@pytest.fixture(scope="module")
def proposal(export: Path) -> Proposal:
    return propose(export)


@pytest.fixture(scope="module")
def corrected(proposal: Proposal) -> str:
    """The proposal after an analyst's corrections."""
    text = proposal.toml.replace('name = "Your company"', 'name = "Maven"')
    text = text.replace('# "GTXPro" = "GTX Pro"', '"GTXPro" = "GTX Pro"')
    return text.replace('# currency = "USD"', 'currency = "USD"')


@pytest.fixture(scope="module")
def book(corrected: str, export: Path) -> Book:
    raw = tomllib.loads(corrected)
    return load_book(build_config({**raw, "data": {**raw["data"], "folder": str(export)}}, export))


def test_at_most_ten_lines_are_edited(proposal: Proposal, corrected: str) -> None:
    edits = difflib.ndiff(proposal.toml.splitlines(), corrected.splitlines())
    assert sum(line.startswith("+ ") for line in edits) == 3


def test_every_file_is_taken_for_what_it_is(proposal: Proposal) -> None:
    found = {each.file: (each.table, each.adapter) for each in proposal.recognised}
    assert found == {
        "sales_pipeline.csv": ("deals", "generic"), "sales_teams.csv": ("reps", "generic"),
        "accounts.csv": ("accounts", "generic"), "products.csv": (None, None),
    }  # fmt: skip
    assert any("GTXPro" in question and "GTX Pro" in question for question in proposal.questions)


def test_every_deal_is_in_and_none_is_set_aside(book: Book, export: Path) -> None:
    source = pd.read_csv(export / "sales_pipeline.csv")
    assert len(book.deals) == book.rows_in["deals"] == len(source) == 8800
    assert book.quarantine.empty and book.rows_in["reps"] == 35 and book.rows_in["accounts"] == 85
    assert book.deals["created_at"].isna().sum() == source["engage_date"].isna().sum() == 500
    assert book.deals["outcome"].value_counts().to_dict() == {"won": 4238, "lost": 2473, "open": 2089}


@pytest.mark.parametrize(
    ("quarter", "lost", "won"), [("2017Q2", 778, 1254), ("2017Q3", 790, 1257), ("2017Q4", 789, 1196)]
)
def test_quarters_count_as_in_the_source(book: Book, quarter: str, lost: int, won: int) -> None:
    inside = book.deals[book.deals["closed_at"].dt.to_period("Q").astype("str") == quarter]
    assert inside["outcome"].value_counts().to_dict() == {"won": won, "lost": lost}


def test_the_zero_of_every_lost_deal_is_no_amount(book: Book, export: Path) -> None:
    source = pd.read_csv(export / "sales_pipeline.csv")
    assert (source.loc[source["deal_stage"] == "Lost", "close_value"] == 0).all()
    assert book.deals.loc[book.deals["outcome"] == "lost", "amount"].isna().all()
    assert book.deals["amount"].sum() == source["close_value"].sum()
    assert any(note.rows == 2473 and note.column == "amount" for note in book.notes)


def test_names_are_mended_by_one_line_and_filled_from_other_tables(book: Book, export: Path) -> None:
    source = pd.read_csv(export / "sales_pipeline.csv")
    assert (book.deals["product"] == "GTX Pro").sum() == (source["product"] == "GTXPro").sum() == 1480
    teams = pd.read_csv(export / "sales_teams.csv").set_index("sales_agent")
    assert (book.deals["manager_id"] == source["sales_agent"].map(teams["manager"])).all()
    assert (book.deals["region"] == source["sales_agent"].map(teams["regional_office"])).all()
    sectors = pd.read_csv(export / "accounts.csv").set_index("account")["sector"]
    assert book.deals["segment"].fillna("").tolist() == source["account"].map(sectors).fillna("").tolist()


def test_nine_thousand_deals_take_less_than_two_seconds(corrected: str, export: Path) -> None:
    raw = tomllib.loads(corrected)
    config = build_config({**raw, "data": {**raw["data"], "folder": str(export)}}, export)
    start = time.process_time()
    load_book(config)
    assert time.process_time() - start < 2


def test_a_warehouse_extract_is_read_by_its_api_names(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "fivetran_salesforce"
    source = pd.read_csv(folder / "sf_opportunity_data.csv", dtype=str)
    table = {"file": "sf_opportunity_data.csv", "adapter": "salesforce"}
    with pytest.raises(DataError, match="None of 10 deals") as refused:
        load_book(build_config({"data": {"folder": str(folder)}, "tables": {"deals": table}}, folder))
    assert "recycle bin" in refused.value.message and set(source["is_deleted"]) == {"true"}
    source.assign(is_deleted="false").to_csv(tmp_path / table["file"], index=False)
    book = load_book(build_config({"tables": {"deals": table}}, tmp_path))
    # One row of the seed states a probability of 1000 per cent.
    assert book.rows_in["deals"] == len(source) == 10 and book.quarantine.empty
    assert book.deals["probability"].isna().sum() == 1
    flags = source.set_index("id")[["is_closed", "is_won"]]
    outcome = (flags["is_closed"] + flags["is_won"]).map({"truetrue": "won", "truefalse": "lost", "falsefalse": "open"})
    found = book.deals.set_index("deal_id")["outcome"]
    assert len(found) == 10 and (found == outcome.reindex(found.index)).all()
