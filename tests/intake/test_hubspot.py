"""HubSpot exports: labels and internal names, stage-entry columns in every quoting style, property history."""

from __future__ import annotations

import pytest
from intake_files import EXPORTS, as_csv, notes_on, round_trip, rows_of

from postmortem.intake import propose
from postmortem.intake.adapters import adapter_called, recognise
from postmortem.intake.stage_entries import entries_in, spelled


def test_an_export_with_labels_is_read_as_written_by_hand() -> None:
    book = round_trip("hubspot")
    assert book.meta.currency == "EUR" and book.quarantine.empty
    columns = ("deal_id", "outcome", "closed_at", "closed_at_source", "expected_close_date", "stage", "amount")
    assert rows_of(book.deals, *columns) == [
        ("9001", "won", "2025-04-30", "crm_field", None, "Closed won", 24000.0),
        # Lost on the day it entered the stage; someone corrected its close date afterwards.
        ("9002", "lost", "2025-05-15", "crm_field", None, "Closed lost", 18000.0),
        ("9003", "lost", "2025-05-28", "crm_field", None, "Closed lost", None),
        ("9004", "open", None, None, "2025-09-30", "Demo", 7500.5),
        ("9005", "open", None, None, "2025-08-15", "Negotiation", 31000.0),
        ("9006", "open", None, None, None, "Demo", 12000.0),
        ("9007", "won", "2025-06-12", "crm_field", None, "Closed won", 9900.0),
        ("9008", "lost", "2025-06-18", "crm_field", None, "Closed lost", 15000.0),
    ]  # fmt: skip
    assert book.deals["forecast_category"].tolist() == [
        "closed", "omitted", "omitted", "best_case", "commit", "pipeline", "closed", "omitted",
    ]  # fmt: skip
    assert book.deals["probability"].tolist() == [1.0, 0.0, 0.0, 0.4, 0.8, 0.4, 1.0, 0.0]
    assert "deals are closed on the day they entered their last stage" in notes_on(book, "closed_at")


def test_stage_entry_columns_of_the_same_file_become_a_history() -> None:
    history = round_trip("hubspot").table("history")
    assert set(history["field"]) == {"stage"} and len(history) == 15
    assert rows_of(history[history["deal_id"] == "9002"], "changed_at", "old_value", "new_value") == [
        ("2025-02-10 14:00:00+00:00", None, "Demo"),
        ("2025-03-20 10:00:00+00:00", "Demo", "Negotiation"),
        ("2025-05-15 17:45:00+00:00", "Negotiation", "Closed lost"),
    ]


INTERNAL = (
    ("51", "open", None, "2025-10-31", "2025-01-06"),
    ("52", "open", None, "2025-09-30", "2025-01-09"),
    ("53", "lost", "2025-04-28", None, "2025-01-13"),
    # Created on a day written in milliseconds; its stage has no entry column, so its close date counts.
    ("54", "won", "2025-05-20", None, "2025-01-15"),
    # Lost when it entered its current stage.
    ("55", "lost", "2025-06-11", None, "2025-02-03"),
)


def test_an_export_with_internal_names_is_read_as_written_by_hand() -> None:
    book = round_trip("hubspot_internal")
    assert (
        tuple(rows_of(book.deals, "deal_id", "outcome", "closed_at", "expected_close_date", "created_at")) == INTERNAL
    )
    assert book.deals["loss_reason_raw"].dropna().tolist() == ["Timing"]


def test_a_property_history_becomes_changes_of_canonical_fields() -> None:
    history = round_trip("hubspot_internal").table("history").sort_values(["deal_id", "field", "changed_at"])
    assert rows_of(history, "deal_id", "field", "changed_at", "old_value", "new_value") == [
        ("52", "amount", "2025-01-09 10:00:00+00:00", None, "8000"),
        ("52", "expected_close_date", "2025-01-09 10:00:00+00:00", None, "2025-06-30"),
        ("52", "expected_close_date", "2025-05-02 09:00:00+00:00", "2025-06-30", "2025-09-30"),
        ("52", "forecast_category", "2025-01-09 10:00:00+00:00", None, "pipeline"),
        ("52", "forecast_category", "2025-05-02 09:00:00+00:00", "pipeline", "best_case"),
        ("52", "stage", "2025-01-09 10:00:00+00:00", None, "77401"),
        ("52", "stage", "2025-02-14 08:00:00+00:00", "77401", "77402"),
        ("53", "stage", "2025-01-13 10:00:00+00:00", None, "77401"),
        ("53", "stage", "2025-04-28 16:30:00+00:00", "77401", "77409"),
    ]


def test_a_recorded_history_is_preferred_to_stage_entries() -> None:
    files = {name: each.file for each in propose(EXPORTS / "hubspot_internal").recognised if (name := each.table)}
    assert files == {"deals": "deals.csv", "history": "deal_property_history.csv"}


def test_ids_of_stages_are_named_by_the_configuration() -> None:
    names = {"77401": "Demo", "77402": "Proposal", "77409": "Lost"}
    entries = {"file": "deals.csv", "columns": {"deal_id": "hs_object_id"}, "values": {"new_value": names}}
    book = round_trip("hubspot_internal", tables={"deals": {"values": {"stage": names}}, "history": entries})
    history = book.table("history")
    assert rows_of(history[history["deal_id"] == "53"], "changed_at", "new_value") == [
        ("2025-01-13 10:00:00+00:00", "Demo"), ("2025-03-01 08:00:00+00:00", "Proposal"),
        ("2025-04-28 16:30:00+00:00", "Lost"),
    ]  # fmt: skip
    # Of two columns for one stage the newer kind counts.
    assert rows_of(history[history["deal_id"] == "52"], "changed_at")[1] == ("2025-02-14 08:00:00+00:00",)
    assert book.deals["stage"].tolist() == ["Demo", "Proposal", "Lost", "77410", "Lost"]


@pytest.mark.parametrize(
    ("header", "stage"),
    [
        ('Date entered "Demo (Sales Pipeline)"', "Demo (Sales Pipeline)"),
        ("Date entered “Demo (Sales Pipeline)”", "Demo (Sales Pipeline)"),
        ("Date entered ‘Demo’", "Demo"),
        ("Date entered 'Buyer's review'", "Buyer's review"),
        ("date entered «Demo»", "Demo"),
        ("hs_v2_date_entered_closedlost", "closedlost"),
        ("hs_date_entered_12345", "12345"),
        ("property_hs_date_entered_12345", "12345"),
        ("hs_v2_date_entered_current_stage", None),
        ("hs_v2_date_exited_closedlost", None),
        ("Date entered current stage", None),
        ("Date entered", None),
    ],
)
def test_stage_entry_headers_name_their_stage(header: str, stage: str | None) -> None:
    columns = entries_in(adapter_called("hubspot").match("history", [header]))
    assert columns == ([] if stage is None else [f"_entered {stage}"])


def test_the_newer_of_two_entry_columns_counts_whatever_their_order() -> None:
    for headers in (["hs_date_entered_7", "hs_v2_date_entered_7"], ["hs_v2_date_entered_7", "hs_date_entered_7"]):
        assert adapter_called("hubspot").match("deals", headers)["_entered 7"] == "hs_v2_date_entered_7"


@pytest.mark.parametrize(
    ("stage", "known", "name"),
    [
        ("Demo (Sales Pipeline)", ["demo"], "demo"),
        ("Demo", ["Demo (Sales Pipeline)"], "Demo (Sales Pipeline)"),
        ("Demo (Sales Pipeline)", ["Won"], "Demo"),
        ("Demo (Sales Pipeline)", ["Won (Sales Pipeline)"], "Demo (Sales Pipeline)"),
        ("7", [], "7"),
    ],
)
def test_stages_are_spelled_as_the_deals_spell_them(stage: str, known: list[str], name: str) -> None:
    assert spelled(stage, known) == name


def test_a_stage_that_carries_its_pipeline_still_tells_the_outcome(book_of) -> None:
    rows = [
        {"Record ID": n, "Deal Stage": f"{stage} (Sales Pipeline)", "Close Date": "2025-05-02",
         "Create Date": "2025-01-02"}
        for n, stage in enumerate(("Closed won", "Closed lost", "Contract sent"))
    ]  # fmt: skip
    assert recognise(list(rows[0])).adapter.name == "hubspot"
    book = book_of({"deals.csv": as_csv(rows)}, {"deals": {"file": "deals.csv", "adapter": "hubspot"}},
                   company={"currency": "EUR"})  # fmt: skip
    assert book.deals["outcome"].tolist() == ["won", "lost", "open"]


def test_deleted_deals_of_a_warehouse_load_are_set_aside(book_of) -> None:
    rows = [
        {"deal_id": n, "is_deleted": gone, "deal_pipeline_stage_id": "closedwon", "property_dealname": "Ash",
         "property_amount": "10", "property_closedate": "2025-04-01", "property_createdate": "2025-01-01"}
        for n, gone in enumerate(("false", "true"))
    ]  # fmt: skip
    assert recognise(list(rows[0])).adapter.name == "hubspot"
    book = book_of({"deals.csv": as_csv(rows)}, {"deals": {"file": "deals.csv", "adapter": "hubspot"}},
                   data={"max_quarantined_share": 0.6}, company={"currency": "EUR"})  # fmt: skip
    assert book.deals["deal_id"].tolist() == ["0"] and "recycle bin" in book.quarantine["reason"][0]


def test_a_table_of_stages_alone_is_a_history_of_stages(book_of) -> None:
    deals = "hs_object_id,dealname,dealstage,createdate,closedate,amount\n1,Acme,closedwon,2025-01-01,2025-03-01,5\n"
    stages = "deal_id,value,date_entered,source,_fivetran_active\n1,qualifiedtobuy,2025-01-05 10:00:00,UI,false\n"
    stages += "1,closedwon,2025-03-01 10:00:00,UI,true\n"
    tables = {name: {"file": f"{name}.csv", "adapter": "hubspot"} for name in ("deals", "history")}
    book = book_of({"deals.csv": deals, "history.csv": stages}, tables)
    assert rows_of(book.table("history"), "field", "old_value", "new_value") == [
        ("stage", None, "qualifiedtobuy"), ("stage", "qualifiedtobuy", "closedwon"),
    ]  # fmt: skip
