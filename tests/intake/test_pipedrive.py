"""Pipedrive exports: headers with "Deal - ", dates of winning and losing, derived categories, the changelog."""

from __future__ import annotations

from intake_files import as_csv, notes_on, round_trip, rows_of

from postmortem.intake.adapters import recognise


def test_an_export_is_read_as_written_by_hand() -> None:
    book = round_trip("pipedrive", data={"extracted_on": "2025-06-30"})
    columns = ("deal_id", "outcome", "closed_at", "closed_at_source", "expected_close_date", "amount", "created_at")
    assert rows_of(book.deals, *columns) == [
        ("101", "won", "2025-04-22", "crm_field", "2025-04-15", 12500.0, "2025-01-14"),
        ("102", "lost", "2025-05-19", "crm_field", "2025-06-30", 8000.0, "2025-01-20"),
        # No date of loss: the last change of stage, and without that the old expectation.
        ("103", "lost", "2025-05-08", "crm_field", "2025-05-31", 0.0, "2025-02-03"),
        ("104", "open", None, None, "2025-09-15", 21000.75, "2025-02-10"),
        ("105", "open", None, None, "2025-10-01", 5600.0, "2025-03-10"),
        ("106", "open", None, None, None, None, "2025-05-30"),
        ("107", "open", None, None, "2025-12-01", 3000.0, "2025-06-01"),
        ("108", "lost", "2025-06-10", "expected_proxy", "2025-06-10", 4100.0, "2025-03-01"),
    ]  # fmt: skip
    assert book.deals["loss_reason_raw"].dropna().tolist() == ["Too expensive", "No response"]
    assert len(notes_on(book, "closed_at")) == 2 and book.quarantine.empty
    assert len(notes_on(book, "Deal - Label (2)")) == 1


def test_categories_of_open_deals_are_derived_from_probability_and_a_note_says_so() -> None:
    book = round_trip("pipedrive", data={"extracted_on": "2025-06-30"})
    categories = dict(rows_of(book.deals, "deal_id", "forecast_category"))
    assert {each: categories[each] for each in ("104", "105", "107")} == {
        "104": "commit", "105": "best_case", "107": "pipeline",
    }  # fmt: skip
    # A closed deal's probability, and none, say nothing about a forecast.
    assert {categories[each] for each in ("101", "102", "103", "106", "108")} == {"unknown"}
    (note,) = [each for each in book.notes if each.column == "forecast_category"]
    assert note.rows == 3 and "derived" in note.what and "80%" in note.what


def test_a_category_of_the_companys_own_is_kept(book_of) -> None:
    rows = [{"Deal - ID": 1, "Deal - Status": "Open", "Deal - Probability": 90, "Deal - Weighted value": 1,
             "Deal - Deal created": "2025-01-02", "Forecast category": "Pipeline"}]  # fmt: skip
    table = {"file": "deals.csv", "adapter": "pipedrive", "columns": {"forecast_category": "Forecast category"}}
    book = book_of({"deals.csv": as_csv(rows)}, {"deals": table}, company={"currency": "EUR"})
    assert book.deals["forecast_category"].tolist() == ["pipeline"]
    assert notes_on(book, "forecast_category") == []


def test_the_changelog_becomes_a_history_of_canonical_fields() -> None:
    history = round_trip("pipedrive", data={"extracted_on": "2025-06-30"}).table("history")
    assert rows_of(history, "deal_id", "field", "old_value", "new_value", "changed_at") == [
        ("104", "stage", "Contact Made", "Proposal Made", "2025-06-02 09:00:00+00:00"),
        ("104", "amount", "18000", "21000.75", "2025-06-02 09:00:00+00:00"),
        ("104", "expected_close_date", "2025-07-31", "2025-09-15", "2025-06-05 10:00:00+00:00"),
        ("104", "probability", "0.5", "0.8", "2025-06-05 10:00:00+00:00"),
    ]


def test_api_names_and_deleted_deals(book_of) -> None:
    rows = [
        {"id": n, "title": "Ash", "value": 10, "currency": "EUR", "status": status, "add_time": "2025-01-02 08:00:00",
         "won_time": "2025-02-03 08:00:00" if status == "won" else "", "org_name": "Ash BV", "stage_id": 3}
        for n, status in enumerate(("won", "deleted", "open"))
    ]  # fmt: skip
    assert recognise(list(rows[0])).adapter.name == "pipedrive"
    book = book_of({"deals.csv": as_csv(rows)}, {"deals": {"file": "deals.csv", "adapter": "pipedrive"}},
                   data={"max_quarantined_share": 0.5})  # fmt: skip
    assert rows_of(book.deals, "deal_id", "outcome", "closed_at") == [("0", "won", "2025-02-03"), ("2", "open", None)]
    assert "deleted in Pipedrive" in book.quarantine["reason"][0]
