"""Odoo and Zoho: losses that are archived records, exports without any, one closing date for everything."""

from __future__ import annotations

import pytest
from intake_files import as_csv, notes_on, round_trip, rows_of

COLUMNS = ("deal_id", "outcome", "closed_at", "closed_at_source", "expected_close_date", "amount")


def test_an_odoo_export_with_archived_records_is_read_as_written_by_hand() -> None:
    book = round_trip("odoo", data={"extracted_on": "2025-06-30"}, company={"currency": "EUR"})
    assert [(row[0][-2:], *row[1:]) for row in rows_of(book.deals, *COLUMNS)] == [
        ("11", "won", "2025-05-22", "crm_field", "2025-05-10", 18000.0),
        ("12", "lost", "2025-05-06", "crm_field", "2025-07-31", 9000.0),
        ("13", "lost", "2025-03-12", "crm_field", None, 0.0),
        ("14", "open", None, None, "2025-09-15", 7400.0),
        # Its reason of loss is from before it was restored.
        ("15", "open", None, None, "2025-08-20", 12500.0),
        ("17", "won", "2025-06-03", "crm_field", "2025-06-01", 5600.0),
        ("18", "lost", "2025-06-20", "expected_proxy", "2025-06-20", 4300.0),
    ]
    assert book.quarantine["value"].tolist() == ["False"] and "archived" in book.quarantine["reason"][0]
    assert book.table("reasons")["code"].tolist() == ["price_value", "missing_capability"]
    assert book.deals["probability"].round(3).tolist() == [1.0, 0.0, 0.0, 0.345, 0.72, 1.0, 0.0]
    assert not [what for what in notes_on(book, "outcome") if "no lost deal" in what]


def test_an_odoo_export_of_the_default_view_holds_no_losses_and_says_so() -> None:
    book = round_trip("odoo_default", company={"currency": "EUR"})
    assert book.deals["outcome"].tolist() == ["won", "open", "open"]
    assert any("archived" in what and "no lost deal" in what for what in notes_on(book, "outcome"))


@pytest.mark.parametrize(
    ("active", "probability", "stage", "status", "outcome"),
    [
        ("True", "0", "New", "", "open"),
        ("False", "0", "New", "", "lost"),
        ("False", "0", "Won", "", "won"),
        ("True", "100", "Signed", "", "won"),
        ("False", "0", "New", "pending", "open"),
        ("True", "12.5", "New", "lost", "lost"),
    ],
)
def test_odoo_outcomes(book_of, active: str, probability: str, stage: str, status: str, outcome: str) -> None:
    row = {"id": "a", "active": active, "probability": probability, "stage_id": stage, "won_status": status,
           "create_date": "2025-01-01", "date_closed": "2025-02-02", "expected_revenue": "5"}  # fmt: skip
    book = book_of({"leads.csv": as_csv([row])}, {"deals": {"file": "leads.csv", "adapter": "odoo"}},
                   company={"currency": "EUR"})  # fmt: skip
    assert book.deals["outcome"].tolist() == [outcome]


def test_a_zoho_export_is_read_as_written_by_hand() -> None:
    book = round_trip("zoho")
    assert [(row[0][-1], *row[1:]) for row in rows_of(book.deals, *COLUMNS)] == [
        ("1", "won", "2025-04-30", "crm_field", None, 14000.0),
        # 23:30 in India is still the 15th in the book's zone.
        ("2", "lost", "2025-05-15", "crm_field", "2025-06-30", 8000.0),
        ("3", "lost", "2025-05-31", "expected_proxy", "2025-05-31", 3000.0),
        ("4", "open", None, None, "2025-09-30", 21500.5),
        ("5", "open", None, None, "2025-10-15", 6000.0),
        ("6", "open", None, None, None, None),
        ("7", "won", "2025-05-20", "crm_field", None, 9900.0),
        ("8", "lost", "2025-06-05", "crm_field", "2025-06-10", 4000.0),
    ]
    # One in the morning in India is the evening before in the book's zone.
    assert book.deals["created_at"].dt.strftime("%m-%d")[4] == "04-01"
    assert book.deals["probability"].tolist() == [1.0, 0.0, 0.0, 0.9, 0.5, 0.1, 1.0, 0.0]


def test_the_zoho_stage_that_names_a_competitor_is_a_loss_to_one() -> None:
    book = round_trip("zoho")
    named = book.deals[book.deals["lost_to_recorded"].notna()]
    assert rows_of(named, "deal_id", "outcome", "lost_to_recorded") == [("zcrm_4002", "lost", "competitor")]
    assert book.table("competitors")["competitor"].tolist() == ["Rival Corp"]


def test_zoho_api_names_are_read(book_of) -> None:
    rows = [{"id": n, "Deal_Name": "Ash", "Stage": stage, "Closing_Date": "2025-04-01", "Amount": 5,
             "Created_Time": "2025-01-02T00:00:00Z", "Reason_For_Loss__s": reason}
            for n, (stage, reason) in enumerate((("Closed Won", ""), ("Closed Lost", "Price")))]  # fmt: skip
    book = book_of({"deals.csv": as_csv(rows)}, {"deals": {"file": "deals.csv", "adapter": "zoho"}},
                   company={"currency": "EUR"})  # fmt: skip
    assert rows_of(book.deals, "outcome", "loss_reason_raw") == [("won", None), ("lost", "Price")]
