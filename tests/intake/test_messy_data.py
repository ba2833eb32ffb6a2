"""What real exports hold, each seen in a public data set: counted, explained, repaired by a stated rule or set aside.

==================================================  ================================================================
closing before creation; zero-day cycles            ``test_bad_input``: the close date stays, both days stay
repeated ids with two statuses                      ``test_bad_input``: all rows of the id are set aside
ids missing more often on lost deals                here
won deals with a loss reason                        here
value 0 on every lost deal                          ``test_bad_input``, ``test_real_exports``: read as unknown
"GTXPro" against "GTX Pro" in a join key            ``test_proposal``, ``test_real_exports``; in the join, here
day and month swapped; "May-20" for 5-20            here
literal None, NaT and Other                         here
trailing spaces in headers                          here
several currencies in a column                      here
BOM, CRLF, semicolons                               ``test_bad_input``: one book out of every way to write it
mixed offsets across a clock change                 here; whole logs: ``test_event_log``, ``test_public_data_loads``
a tail of deals that are still open                 here
==================================================  ================================================================
"""

from __future__ import annotations

import datetime as dt

import pytest
from intake_files import DEALS, as_csv, notes_on, rows_of, with_changes

from postmortem.frames import choose_cohort
from postmortem.ground.errors import DataError
from postmortem.ground.fiscal import FiscalCalendar


def test_ids_missing_more_often_on_lost_deals_are_set_aside_and_said_to_hide_losses(book_of) -> None:
    lost = [{**DEALS[1], "deal_id": "" if number < 3 else f"L{number}", "amount": number} for number in range(5)]
    won = [{**DEALS[0], "deal_id": f"W{number}"} for number in range(4)]
    book = book_of([*lost, *won])
    assert len(book.deals) == 6 and book.quarantine["reason"].tolist() == ["is missing"] * 3
    what = "deals without an id are set aside, 3 of 5 lost and 0 of 4 won: losses are counted too low"
    assert what in notes_on(book, "deal_id")


def test_ids_missing_on_won_deals_hide_no_losses(book_of) -> None:
    book = book_of([*DEALS, {**DEALS[0], "deal_id": ""}])
    assert "deals without an id are set aside, 0 of 1 lost and 1 of 2 won" in notes_on(book, "deal_id")


def test_the_loss_reason_of_a_won_deal_is_no_reason_for_a_loss(book_of) -> None:
    book = book_of(with_changes({"loss_reason": "Price"}, {"loss_reason": "Timing"}, {"loss_reason": "Price"}))
    assert rows_of(book.table("reasons"), "deal_id", "text") == [("D2", "Timing")]
    noted = notes_on(book, "loss_reason_raw")
    assert "won deals carry a loss reason; it is not counted as one" in noted
    assert book.deals["loss_reason_raw"].tolist() == ["Price", "Timing", "Price"]


def test_a_join_key_spelled_in_two_ways_joins_by_one_line_only(book_of) -> None:
    files = {
        "deals.csv": as_csv(with_changes({"account": "GTX Pro"}, {"account": "GTXPro"}, {"account": "GTX Pro"})),
        "accounts.csv": "account,sector\nGTX Pro,energy\n",
    }
    apart = book_of(files)
    assert rows_of(apart.deals, "segment") == [("energy",), (None,), ("energy",)]
    noted = "; ".join(notes_on(apart, "account_name"))
    assert '"GTXPro" = "GTX Pro"' in noted and 'not found in the table that has account_name: "GTXPro" (1)' in noted
    tables = {
        "deals": {"file": "deals.csv", "values": {"account_name": {"GTXPro": "GTX Pro"}}},
        "accounts": {"file": "accounts.csv"},
    }
    assert rows_of(book_of(files, tables).deals, "segment") == [("energy",)] * 3


def test_days_and_months_swapped_within_a_column_are_refused_with_an_example(book_of) -> None:
    rows = with_changes({"created_at": "13/01/2025"}, {"created_at": "02/25/2025"}, {"created_at": "04/05/2025"})
    with pytest.raises(DataError, match="days come first in some, months in others") as refused:
        book_of(rows)
    assert "date_format" in refused.value.message
    # With one way stated, the days written the other way are set aside one by one.
    dated = [{**row, "closed_at": "" if row["outcome"] == "open" else "20/06/2025"} for row in rows]
    book = book_of(dated, data={"date_format": "%d/%m/%Y"})
    assert book.quarantine["value"].tolist() == ["02/25/2025"] and len(book.deals) == 2


@pytest.mark.parametrize("text", ["May-20", "20-May"])
def test_a_range_that_a_spreadsheet_made_a_date_is_noted_in_names_and_never_a_day(book_of, text: str) -> None:
    book = book_of(with_changes({"segment": text}, {"segment": "21-50"}, {"segment": text}))
    assert book.deals["segment"].tolist() == [text, "21-50", text]
    (what,) = notes_on(book, "segment")
    assert f'made of numbers such as 5-20: "{text}" (2)' in what and "[tables.deals.values.segment]" in what
    dated = book_of(with_changes({"created_at": text}))
    assert dated.quarantine["value"].tolist() == [text]


@pytest.mark.parametrize("word", ["None", "NaT", "nan", "N/A", "-", "null"])
def test_words_for_nothing_are_missing_and_counted(book_of, word: str) -> None:
    empty = {"segment": word, "expected_close_date": word, "loss_notes": word}
    book = book_of(with_changes(empty, {"segment": "Other"}))
    assert rows_of(book.deals, "segment", "expected_close_date", "loss_notes")[0] == (None, None, None)
    assert book.deals["segment"].tolist()[1] == "Other" and book.quarantine.empty
    (note,) = (note for note in book.notes if "words for an empty field" in note.what)
    assert note.rows == 3 and "segment" in note.what and "loss_notes" in note.what


def test_spaces_around_headers_and_values_do_not_matter(book_of) -> None:
    text = as_csv(DEALS)
    header, *lines = text.splitlines()
    spaced = "\n".join([" , ".join(header.split(",")) + "  ", *(line.replace(",", " ,") for line in lines)]) + "\n"
    assert book_of({"deals.csv": spaced}).deals.equals(book_of({"deals.csv": text}).deals)


def test_several_currencies_are_converted_by_stated_rates_or_refused(book_of) -> None:
    rows = with_changes({"currency": "USD"}, {"currency": "EUR"}, {"currency": " eur"})
    with pytest.raises(DataError) as refused:
        book_of(rows, company={"currency": "USD"})
    assert "EUR" in refused.value.message and "fx_rates" in refused.value.message
    files = {"deals.csv": as_csv(rows), "fx_rates.csv": "currency,rate\nEUR,1.5\n"}
    book = book_of(files, company={"currency": "USD"})
    assert book.deals["amount"].tolist() == [1000.0, 3000.0, 750.0] and set(book.deals["currency"]) == {"USD"}


def test_offsets_on_both_sides_of_a_clock_change_give_the_local_day(book_of) -> None:
    # In Berlin clocks went from 02:00 to 03:00 on 30 March 2025.
    rows = with_changes(
        {"created_at": "2025-03-30T00:30:00+01:00", "closed_at": "2025-03-30T23:30:00+02:00"},
        {"created_at": "2025-03-29T23:30:00Z", "closed_at": "2025-10-26T00:30:00+02:00"},
        {"created_at": "2025-03-30T22:30:00Z"},
    )
    book = book_of(rows, company={"time_zone": "Europe/Berlin"})
    assert rows_of(book.deals, "created_at", "closed_at") == [
        ("2025-03-30", "2025-03-30"), ("2025-03-30", "2025-10-26"), ("2025-03-31", None),
    ]  # fmt: skip


def test_a_tail_of_open_deals_stays_open_and_belongs_to_no_quarter(book_of) -> None:
    tail = [{**DEALS[2], "deal_id": f"T{number}", "created_at": "2025-06-20"} for number in range(30)]
    lost = [{**DEALS[1], "deal_id": f"L{number}", "closed_at": "2025-06-25"} for number in range(3)]
    book = book_of([*DEALS[:2], *lost, *tail])
    assert book.deals["outcome"].value_counts().to_dict() == {"open": 30, "lost": 4, "won": 1}
    assert book.deals.loc[book.deals["outcome"] == "open", "closed_at"].isna().all()
    quarter = FiscalCalendar().quarter_of(dt.date(2025, 6, 30))
    cohort = choose_cohort(book, quarter, kind="closed", window=1, categories=("commit",), snapshot_day=5, as_of=None)
    assert len(cohort.focus_rows) == 4 and set(cohort.focus_rows["deal_id"]) == {"D2", "L0", "L1", "L2"}
