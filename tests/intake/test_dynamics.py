"""Dynamics 365 Sales: words and numbers of states, status reasons, actual and estimated values."""

from __future__ import annotations

import pytest
from intake_files import as_csv, notes_on, round_trip, rows_of, with_changes

from postmortem.ground.errors import ConfigError

TAKEN = {"extracted_on": "2025-06-30"}


def test_an_export_with_labels_is_read_as_written_by_hand() -> None:
    book = round_trip("dynamics", data=TAKEN)
    deals = book.deals.assign(deal=book.deals["deal_id"].str[-1])
    columns = ("deal", "outcome", "closed_at", "closed_at_source", "amount", "forecast_category", "probability")
    assert rows_of(deals, *columns) == [
        ("1", "won", "2025-05-12", "crm_field", 47500.0, "closed", 1.0),
        ("2", "lost", "2025-04-25", "crm_field", 20000.0, "omitted", 0.6),
        ("3", "lost", "2025-06-02", "crm_field", 9000.0, "omitted", 0.4),
        ("4", "open", None, None, 31000.0, "commit", 0.7),
        ("5", "open", None, None, 4000.0, "pipeline", 0.2),
        ("6", "lost", "2025-05-28", "crm_field", None, "omitted", 0.3),
        ("7", "lost", "2025-06-20", "expected_proxy", 12000.0, "omitted", 0.3),
        ("8", "open", None, None, 16000.0, "best_case", 0.5),
    ]  # fmt: skip
    assert book.deals["expected_close_date"].notna().all()
    assert book.deals["loss_reason_raw"].dropna().tolist() == ["Lost on delivery time"]
    assert "won deals are valued at their actual revenue" in notes_on(book, "amount")


def recorded(book) -> list[tuple[str, str | None]]:
    lost = book.deals[book.deals["outcome"] == "lost"]
    return rows_of(lost.assign(deal=lost["deal_id"].str[-1]), "deal", "lost_to_raw", "lost_to_recorded")


def test_out_sold_is_a_competitor_and_cancelled_is_only_flagged() -> None:
    book = round_trip("dynamics", data=TAKEN)
    assert recorded(book) == [
        ("2", "Out-Sold", "competitor"), ("3", "Canceled", None), ("6", None, None), ("7", "Canceled", None),
    ]  # fmt: skip
    (flag,) = [each for each in book.notes if "candidates for the status quo" in each.what]
    assert flag.rows == 2 and "[taxonomy.lost_to]" in flag.what


def test_what_the_analyst_decides_about_cancelled_deals_counts() -> None:
    book = round_trip("dynamics", data=TAKEN, taxonomy={"lost_to": {"Canceled": "disqualified"}})
    assert [row[2] for row in recorded(book)] == ["competitor", "disqualified", None, "disqualified"]


def test_numbers_of_states_are_read_as_written_by_hand() -> None:
    book = round_trip("dynamics_api")
    columns = ("deal_id", "outcome", "closed_at", "amount", "forecast_category", "lost_to_raw", "lost_to_recorded")
    assert rows_of(book.deals, *columns) == [
        ("a1", "won", "2025-05-03", 1100.0, "closed", None, None),
        ("a2", "lost", "2025-05-09", 2000.0, "omitted", "Out-Sold", "competitor"),
        ("a3", "lost", "2025-05-19", 3000.0, "omitted", "Canceled", None),
        ("a4", "open", None, 4000.0, "best_case", None, None),
        ("a5", "open", None, 500.0, "commit", None, None),
    ]  # fmt: skip
    assert any("estimatedvalue_base" in each.what for each in book.notes)


def test_status_reasons_stand_in_for_the_state_and_an_empty_actual_revenue_is_none(book_of) -> None:
    rows = [
        {"opportunityid": f"x{code}", "statuscode": code, "estimatedvalue": 700, "actualvalue": "£0.00",
         "actualclosedate": "2025-03-04" if code > 2 else "", "createdon": "2025-01-02"}
        for code in (1, 2, 3, 4, 5)
    ]  # fmt: skip
    book = book_of({"deals.csv": as_csv(rows)}, {"deals": {"file": "deals.csv", "adapter": "dynamics"}},
                   company={"currency": "GBP"})  # fmt: skip
    assert book.deals["outcome"].tolist() == ["open", "open", "won", "lost", "lost"]
    assert book.deals["amount"].tolist() == [700.0] * 5


def test_a_crosswalk_that_must_be_named_is_used_when_it_is(book_of) -> None:
    rows = with_changes({}, {"loss_reason": "5"}, {})
    assert book_of(rows).table("reasons")["lost_to"].isna().all()
    named = book_of(rows, taxonomy={"crosswalks": ["dynamics"]})
    assert named.table("reasons")["lost_to"].tolist() == ["competitor"]
    with pytest.raises(ConfigError, match="there is no crosswalk 'dynamic'") as refused:
        book_of(rows, taxonomy={"crosswalks": ["dynamic"]})
    assert "did you mean 'dynamics'" in refused.value.message
