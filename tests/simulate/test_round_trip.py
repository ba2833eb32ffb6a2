"""What is written is read back as the canonical tables, through the Salesforce adapter where the CRM has an object."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from postmortem.book import Book
from postmortem.ground.config import load_config
from postmortem.intake import load_book, propose
from postmortem.simulate import Company, simulate, write_files

# In the order of the file and the CRM's own words for it.
EQUAL = ("contacts", "competitors", "events", "milestones", "interviews", "ratings", "reviews", "guesses", "reps",
         "quotas", "rollouts")  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("small")


@pytest.fixture(scope="module")
def small(folder) -> tuple[Company, Book]:
    company = simulate("full", quarters=2, deals_per_quarter=60)
    write_files(company, folder)
    return company, load_book(load_config(folder))


def compare(company: Company, book: Book) -> None:
    assert book.quarantine.empty
    assert book.meta.extracted_on == company.as_of
    assert set(book.tables) == set(company.tables) - {"accounts"}
    for name in EQUAL:
        pd.testing.assert_frame_equal(book.tables[name], company.tables[name], obj=name)


def compare_deals(company: Company, book: Book) -> None:
    made, read = company.tables["deals"], book.deals
    apart = ["expected_close_date", "lost_to_recorded"]
    pd.testing.assert_frame_equal(read.drop(columns=apart), made.drop(columns=apart))
    # Salesforce overwrites the close date of a won deal, so it is no expectation any more.
    won = made["outcome"] == "won"
    assert read["expected_close_date"][won].isna().all()
    assert read["expected_close_date"][~won].equals(made["expected_close_date"][~won])
    words = {"Competitor": "competitor", "Status quo": "status_quo", "Disqualified": "disqualified"}
    assert read["lost_to_recorded"].equals(made["lost_to_raw"].map(words).astype("str"))


def compare_history(company: Company, book: Book) -> None:
    made, read = company.tables["history"], book.tables["history"]
    same = ["deal_id", "field", "changed_at"]
    pd.testing.assert_frame_equal(read[same], made[same])
    amount = made["field"] == "amount"
    for name in ("old_value", "new_value"):
        assert read[name][~amount].equals(made[name][~amount])
        assert read[name][amount].astype("float64").equals(made[name][amount].astype("float64"))
    # The CRM states no order within a moment: it is that of the file, which counts from 0.
    assert (read["seq"] == made["seq"] - 1).all()


def compare_reasons(company: Company, book: Book) -> None:
    made, read = company.tables["reasons"], book.tables["reasons"]
    buyers = [frame[frame["rater_type"] == "buyer"].reset_index(drop=True) for frame in (made, read)]
    pd.testing.assert_frame_equal(*buyers)
    key = ["deal_id", "code", "rank"]
    reps = [frame.loc[frame["rater_type"] == "rep", key].sort_values(key, ignore_index=True) for frame in (made, read)]
    pd.testing.assert_frame_equal(*reps)
    assert len(read) == len(made)


def test_a_small_company_is_read_back_as_it_was_made(small):
    for each in (compare, compare_deals, compare_history, compare_reasons):
        each(*small)
    assert small[1].meta.source_systems == ("salesforce", "generic")


def test_every_file_is_recognised_by_its_headers_alone(small, folder):
    found = {each.table: each.adapter for each in propose(folder).recognised}
    stated = {name: source.adapter for name, source in load_config(folder).tables.items()}
    assert found == stated


@pytest.mark.slow
def test_the_bundled_full_sample_is_read_back_as_it_was_made(full_company: Company, full_folder: Path):
    book = load_book(load_config(full_folder))
    for each in (compare, compare_deals, compare_history, compare_reasons):
        each(full_company, book)
