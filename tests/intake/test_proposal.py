"""Proposals: what a first look at an export says, asks, and writes down as valid TOML."""

from __future__ import annotations

import gzip
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_files import DEALS, as_csv, with_changes

from postmortem.ground import resources
from postmortem.ground.config import build_config, load_config
from postmortem.ground.errors import DataError
from postmortem.intake import Proposal, load_book, propose


def proposed(tmp_path: Path, files: dict[str, str | bytes]) -> Proposal:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return propose(tmp_path)


def read(proposal: Proposal, export: Path, **sections: Any):
    raw = {**tomllib.loads(proposal.toml), **sections}
    return load_book(build_config({**raw, "data": {**raw.get("data", {}), "folder": str(export)}}, export))


def test_a_canonical_folder_needs_no_correction(tmp_path: Path) -> None:
    files = {
        "deals.csv": as_csv(DEALS),
        "sub/history.csv.gz": gzip.compress(
            b"deal_id,field,changed_at,old_value,new_value\nD1,stage,2025-02-01,,Proposal\n"
        ),
        "competitors.csv": "deal_id,competitor,status\nD2,Rival,won\n",
        "notes.md": "nothing",
        ".hidden.csv": "a,b\n1,2\n",
    }
    proposal = proposed(tmp_path, files)
    assert {each.file: each.table for each in proposal.recognised} == {
        "deals.csv": "deals", "sub/history.csv.gz": "history", "competitors.csv": "competitors",
    }  # fmt: skip
    assert proposal.questions == () and all(
        each.confidence == 1 and each.unmapped == () for each in proposal.recognised
    )
    book = read(proposal, tmp_path)
    assert dict(book.rows_in) == {"deals": 3, "history": 1, "competitors": 1} and book.quarantine.empty


@pytest.mark.parametrize("name", ["plain", pytest.param("full", marks=pytest.mark.slow)])
def test_the_samples_are_read_as_their_own_configuration_reads_them(name: str) -> None:
    folder = resources.sample(name)
    proposal = propose(folder)
    raw = tomllib.loads(proposal.toml)
    stated = load_config(folder)
    company = {"time_zone": stated.company.time_zone, "currency": stated.company.currency}
    config = build_config(
        {**raw, "company": company, "data": {**raw["data"], "extracted_on": stated.data.extracted_on}}, folder
    )
    mine, theirs = load_book(config), load_book(stated)
    assert dict(mine.rows_in) == dict(theirs.rows_in) and mine.quarantine.empty
    columns = [column for column in mine.deals if column != "lost_to_recorded"]
    pd.testing.assert_frame_equal(mine.deals[columns], theirs.deals[columns])


def test_a_single_file_is_enough_and_lies_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "my export.csv").write_text(as_csv(DEALS))
    proposal = propose(tmp_path / "my export.csv")
    raw = tomllib.loads(proposal.toml)
    assert raw["tables"]["deals"]["file"] == "my export.csv" and raw["data"]["folder"] == "."
    assert len(read(proposal, tmp_path).deals) == 3
    elsewhere = proposal.toml_for('../"odd" folder')
    assert tomllib.loads(elsewhere)["data"]["folder"] == '../"odd" folder'
    assert elsewhere.count("\n") == proposal.toml.count("\n")


def test_stages_are_listed_with_what_they_are_taken_for_and_doubtful_ones_wait(tmp_path: Path) -> None:
    stages = ("Closed Won", "Closed Lost", "Verbal", "Sleeping", "Closed - Merged", "Ablage")
    days = ("2025-03-01", "2025-03-02", "", "", "2025-03-03", "2025-03-04")
    rows = [
        {"deal_id": f"S{n}", "deal_stage": stage, "closed": day, "created": "2025-01-01"}
        for n, (stage, day) in enumerate(zip(stages, days, strict=True))
    ]
    proposal = proposed(tmp_path, {"deals.csv": as_csv(rows)})
    table = tomllib.loads(proposal.toml)["tables"]["deals"]
    assert table["columns"]["outcome"] == table["columns"]["stage"] == "deal_stage"
    assert table["values"]["outcome"] == {
        "Closed Won": "won",
        "Closed Lost": "lost",
        "Verbal": "open",
        "Sleeping": "open",
    }
    assert '# "Ablage" = ""   # 1 rows; open or won or lost?' in proposal.toml
    (question,) = proposal.questions
    assert "Ablage" in question and "Closed - Merged" in question and "[tables.deals.values.outcome]" in question
    book = read(proposal, tmp_path)
    assert book.deals["outcome"].tolist() == ["won", "lost", "open", "open"] and len(book.quarantine) == 2


@pytest.mark.parametrize(
    ("stage", "won_day", "taken"),
    [("Sleeping", "2025-03-01", "open"), ("Sleeping", "", None), ("Closed - Merged", "2025-03-01", None)],
)
def test_a_stage_without_close_dates_is_open_only_where_won_deals_have_them(
    tmp_path: Path, stage: str, won_day: str, taken: str | None
) -> None:
    rows = [
        {"deal_id": "A", "stage": "Won", "closed": won_day, "created": "2025-01-01"},
        {"deal_id": "B", "stage": "Lost", "closed": "2025-03-02", "created": "2025-01-01"},
        {"deal_id": "C", "stage": stage, "closed": "", "created": "2025-01-01"},
    ]
    outcomes = tomllib.loads(proposed(tmp_path, {"deals.csv": as_csv(rows)}).toml)["tables"]["deals"]["values"][
        "outcome"
    ]
    assert outcomes.get(stage) == taken and (outcomes["Won"], outcomes["Lost"]) == ("won", "lost")


@pytest.mark.parametrize(
    ("days", "stated"),
    [
        (("13/01/2025", "02/01/2025", "03/01/2025"), "%d/%m/%Y"),
        (("01.31.25", "02.01.25", "03.01.25"), "%m.%d.%y"),
        (("2025-01-31", "2025-02-01", "2025-02-02"), None),
    ],
)
def test_a_proven_date_format_is_stated(tmp_path: Path, days: tuple[str, ...], stated: str | None) -> None:
    proposal = proposed(tmp_path, {"deals.csv": as_csv(with_changes(*({"created_at": day} for day in days)))})
    assert tomllib.loads(proposal.toml)["data"].get("date_format") == stated
    assert proposal.questions == () and len(read(proposal, tmp_path).deals) == 3


def test_an_ambiguous_date_format_is_asked_for_and_both_answers_are_there(tmp_path: Path) -> None:
    proposal = proposed(
        tmp_path, {"deals.csv": as_csv(with_changes({"created_at": "02/01/2025"}, {"created_at": "03/01/2025"}))}
    )
    assert "date_format" not in tomllib.loads(proposal.toml)["data"]
    assert '# date_format = "%m/%d/%Y"' in proposal.toml and '# date_format = "%d/%m/%Y"' in proposal.toml
    assert any("02/01/2025" in question and "date_format" in question for question in proposal.questions)
    answered = proposal.toml.replace('# date_format = "%d/%m/%Y"', 'date_format = "%d/%m/%Y"')
    book = read(Proposal(answered, (), ()), tmp_path)
    assert book.deals["created_at"][0] == pd.Timestamp("2025-01-02")


def test_decimal_comma_currency_and_semicolons_are_found(tmp_path: Path) -> None:
    rows = with_changes(*({"amount": f"{n}.234,50", "currency": "EUR"} for n in (1, 2, 3)))
    proposal = proposed(tmp_path, {"deals.csv": as_csv(rows, delimiter=";").encode("cp1252")})
    raw = tomllib.loads(proposal.toml)
    assert raw["data"]["decimal"] == "," and raw["company"]["currency"] == "EUR"
    assert read(proposal, tmp_path).deals["amount"].tolist() == [1234.5, 2234.5, 3234.5]


def test_several_currencies_are_a_question(tmp_path: Path) -> None:
    rows = with_changes({"currency": "EUR"}, {"currency": "USD"})
    proposal = proposed(tmp_path, {"deals.csv": as_csv(rows)})
    assert any("fx_rates" in question for question in proposal.questions)
    assert "currency" not in tomllib.loads(proposal.toml)["company"]


def test_reasons_that_nothing_maps_wait_as_lines_to_fill_in(tmp_path: Path) -> None:
    rows = with_changes({}, {"loss_reason": 'Price;Say "no"\nTiming', "lost_to": "Acme"})
    proposal = proposed(tmp_path, {"deals.csv": as_csv(rows)})
    assert '# "Price" is read as price_value (1 deals)' in proposal.toml
    assert '# "Say \\"no\\"" = ""   # 1 deals\n' in proposal.toml
    assert '# "Timing" = ""   # 1 deals; may stand for no_urgency, priorities_changed' in proposal.toml
    assert '# "Acme" = ""   # 1 deals; competitor, status_quo, disqualified, unknown?' in proposal.toml
    assert len(proposal.questions) == 2
    answered = proposal.toml.replace('# "Timing" = ""   #', '"Timing" = "no_urgency"   #')
    codes = read(Proposal(answered, (), ()), tmp_path).table("reasons").set_index("text")["code"]
    assert codes["Timing"] == "no_urgency" and pd.isna(codes['Say "no"'])


def test_names_written_otherwise_in_another_file_are_asked_about_and_not_changed(tmp_path: Path) -> None:
    files = {
        "deals.csv": as_csv(with_changes({"product": "GTXPro"}, {"product": "GTXPro"}, {"product": "MG Special"})),
        "products.csv": "product,price\nGTX Pro,5\nMG Special,6\n",
    }
    proposal = proposed(tmp_path, files)
    assert '# "GTXPro" = "GTX Pro"   # "products.csv" writes it this way: the same?' in proposal.toml
    assert proposal.questions == (
        'Is product "GTXPro" the same as "GTX Pro" in products.csv? See [tables.deals.values.product].',
        "products.csv was not recognised as a table of a book and is left out.",
    )
    assert read(proposal, tmp_path).deals["product"].tolist() == ["GTXPro", "GTXPro", "MG Special"]
    answered = proposal.toml.replace('# "GTXPro"', '"GTXPro"')
    assert read(Proposal(answered, (), ()), tmp_path).deals["product"].tolist() == ["GTX Pro", "GTX Pro", "MG Special"]


def test_two_files_of_deals_with_other_columns_are_a_question(tmp_path: Path) -> None:
    few = [{name: row[name] for name in ("deal_id", "outcome", "closed_at")} for row in DEALS]
    proposal = proposed(tmp_path, {"a.csv": as_csv(few), "b.csv": as_csv(DEALS)})
    assert tomllib.loads(proposal.toml)["tables"]["deals"]["file"] == "b.csv"
    assert any("a.csv looks like deals too" in question for question in proposal.questions)


def test_a_file_called_history_is_not_preferred_as_deals(tmp_path: Path) -> None:
    rows = [{**row, "unknown": "x"} for row in DEALS]
    proposal = proposed(tmp_path, {"deal_history.csv": as_csv(DEALS), "pipeline.csv": as_csv(rows)})
    assert tomllib.loads(proposal.toml)["tables"]["deals"]["file"] == "pipeline.csv"


def test_an_export_of_unfamiliar_columns_becomes_a_form_to_fill_in(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, {"x.csv": "Nr,Ergebnis,Summe\n1,gewonnen,5\n2,verloren,6\n"})
    assert "No file was recognised as deals. x.csv is proposed" in proposal.questions[0]
    assert '# deal_id = ""' in proposal.toml and '# outcome = ""' in proposal.toml
    assert '# columns not read: "Nr", "Ergebnis", "Summe"' in proposal.toml
    assert proposal.recognised[0].table is None and "not recognised" in proposal.summary[0]
    with pytest.raises(DataError, match="cannot be read as deals"):
        read(proposal, tmp_path)


def test_damaged_files_are_named_and_the_others_read(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, {"deals.csv": as_csv(DEALS), "old.xlsx": b"PK\x03\x04 no", "empty.csv": ""})
    assert sum("It is left out." in question for question in proposal.questions) == 2
    assert len(read(proposal, tmp_path).deals) == 3


def test_nothing_to_read_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        propose(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no table"):
        propose(tmp_path)
    (tmp_path / "readme.md").write_text("x")
    with pytest.raises(DataError, match="holds no table") as refused:
        propose(tmp_path)
    assert "readme.md" in refused.value.message
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match=r"empty\.csv is empty"):
        propose(tmp_path)
    (tmp_path / "other.csv").write_text("")
    with pytest.raises(DataError, match="None of these files"):
        propose(tmp_path)


@pytest.mark.thorough
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=3, max_size=3, unique=True
    ),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=3, max_size=3),
)
def test_the_proposal_is_valid_whatever_columns_and_values_are_called(
    tmp_path: Path, headers: list[str], values: list[str]
) -> None:
    rows = with_changes(
        *({headers[n]: value, "stage": value, "outcome": "", "product": value, "loss_reason": value, "lost_to": value,
           "forecast_category": value, "currency": value} for n, value in enumerate(values))
    )  # fmt: skip
    rows = [{name: cell for name, cell in row.items() if name != "outcome"} for row in rows]
    (tmp_path / "deals.csv").write_text(as_csv(rows), encoding="utf-8", newline="")
    try:
        proposal = propose(tmp_path / "deals.csv")
    except DataError:
        return
    build_config(tomllib.loads(proposal.toml), tmp_path)
    assert all("\n" not in question for question in proposal.questions)
