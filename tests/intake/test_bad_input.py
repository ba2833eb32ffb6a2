"""Bad input: each ends in words a user can act on, in rows set aside that add up, or in a note."""

from __future__ import annotations

import datetime as dt
import itertools

import pandas as pd
import pytest
from intake_files import DEALS, as_csv, notes_on, with_changes

from postmortem.ground.errors import ConfigError, DataError
from postmortem.ground.schema import DEALS as DEALS_TABLE
from postmortem.intake import load_book

HOSTILE = (
    "<script>alert(1)</script>", "=HYPERLINK(\"http://x\")", "a\x00b", "\u202ert\u202c l", "two\nlines", 'say "hi"',
    "semi;colon,comma|bar\ttab", "'; DROP TABLE deals; --", "{{ 7*7 }}", "../../etc/passwd", "\ufeffx", "𝕏 ☃ é",
    "<!-- x -->", "%s %d {}", "\\N", "\x1b[31m", "Ω" * 5000,
)  # fmt: skip
DAILY = ("a\x00b", "two\nlines", "semi;colon,comma|bar\ttab", "\ufeffx")
HOSTILE_TEXT = pytest.mark.parametrize(
    "text", [pytest.param(text, marks=[] if text in DAILY else pytest.mark.thorough) for text in HOSTILE]
)


def aside(book) -> list[tuple[int, str, str]]:
    return [(row.line, row.column, row.reason) for row in book.quarantine.itertuples()]


def test_a_book_in_which_nothing_is_wrong_has_no_quarantine_and_canonical_columns(book_of) -> None:
    book = book_of(DEALS)
    assert book.quarantine.empty and dict(book.rows_in) == {"deals": 3}
    assert tuple(book.deals.columns) == DEALS_TABLE.names
    assert book.meta.extracted_on == dt.date(2025, 5, 2)
    assert book.meta.extracted_on_source == "newest recorded date"
    assert book.deals["closed_at_source"].fillna("").tolist() == ["crm_field", "crm_field", ""]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file(book_of, content: str) -> None:
    with pytest.raises(DataError, match=r"deals\.csv is empty"):
        book_of({"deals.csv": content})


def test_a_header_alone_is_an_error_for_deals_and_a_note_for_others(book_of) -> None:
    header = as_csv(DEALS).splitlines()[0]
    with pytest.raises(DataError, match="no deals under it"):
        book_of({"deals.csv": header + "\n"})
    book = book_of({"deals.csv": as_csv(DEALS), "competitors.csv": "deal_id,competitor\n"})
    assert book.rows_in["competitors"] == 0 and not book.has("competitors")
    assert any("holds no rows" in note.what for note in book.notes)


def test_no_deals_configured(configure, book_of) -> None:
    with pytest.raises(ConfigError, match="No deals are configured"):
        book_of({"reps.csv": "rep_id,team\nAnn,West\n"})


def test_missing_columns_are_named_with_what_was_found_and_what_is_near(book_of) -> None:
    with pytest.raises(DataError, match="cannot be read as deals") as refused:
        book_of({"deals.csv": "dealid_nr,outcom,amount\nD1,won,5\n"})
    message = refused.value.message
    assert "'dealid_nr', 'outcom', 'amount'" in message
    assert "deal_id" in message and "nearest: 'dealid_nr'" in message and "nearest: 'outcom'" in message
    assert "[tables.deals.columns]" in message


def test_a_configured_header_that_is_not_there_is_named_with_the_nearest(book_of) -> None:
    table = {"deals": {"file": "deals.csv", "columns": {"amount": "Amuont", "product": "PRODUCT"}}}
    with pytest.raises(DataError) as refused:
        book_of({"deals.csv": as_csv(DEALS)}, table)
    assert "amount = 'Amuont'" in refused.value.message and "did you mean 'amount'" in refused.value.message
    assert "PRODUCT" not in refused.value.message


def test_one_id_with_two_outcomes_sets_all_its_rows_aside(book_of) -> None:
    twice = {**DEALS[0], "outcome": "lost", "stage": "Closed Lost"}
    book = book_of([*DEALS, twice, {**DEALS[0], "amount": "7"}])
    assert book.deals["deal_id"].tolist() == ["D2", "D3"]
    assert aside(book) == [(line, "deal_id", "occurs with two outcomes") for line in (2, 5, 6)]
    assert book.rows_in["deals"] == 5


def test_one_id_with_one_outcome_keeps_the_last_row_and_sets_the_others_aside(book_of) -> None:
    book = book_of([*DEALS, {**DEALS[0], "amount": "7"}, {**DEALS[0], "amount": "9"}])
    assert book.deals.set_index("deal_id").loc["D1", "amount"] == 9
    assert [line for line, _, _ in aside(book)] == [2, 5]
    assert all("line 6" in reason for _, _, reason in aside(book))


def test_rows_that_repeat_in_every_column_are_one_row_and_noted(book_of) -> None:
    book = book_of([*DEALS, DEALS[1], DEALS[1]])
    assert len(book.deals) == 3 and book.quarantine.empty and book.rows_in["deals"] == 3
    assert [note.rows for note in book.notes if "repeat another" in note.what] == [2]


def test_a_row_without_an_id_or_an_outcome_is_set_aside(book_of) -> None:
    book = book_of(with_changes({"deal_id": "N/A"}, {"outcome": ""}))
    assert aside(book) == [(2, "deal_id", "is missing"), (3, "outcome", "is missing")]


def test_a_deal_that_closes_before_it_was_created_keeps_its_close_date(book_of) -> None:
    book = book_of(with_changes({"created_at": "2025-04-01"}))
    assert pd.isna(book.deals["created_at"][0]) and book.deals["closed_at"][0] == pd.Timestamp("2025-03-20")
    assert book.quarantine.empty and any("before they were created" in what for what in notes_on(book, "created_at"))


def test_a_deal_that_closes_on_the_day_it_was_created_keeps_both(book_of) -> None:
    book = book_of(with_changes({"created_at": "2025-03-20"}))
    assert book.deals["created_at"][0] == book.deals["closed_at"][0] and notes_on(book, "created_at") == []


def test_a_closed_deal_without_a_close_date_is_set_aside(book_of) -> None:
    book = book_of(with_changes({"closed_at": ""}))
    assert aside(book) == [(2, "closed_at", "is missing on a closed deal")]


def test_an_open_deals_close_date_is_its_expected_one(book_of) -> None:
    rows = [*DEALS, {**DEALS[2], "deal_id": "D4"}]
    rows = [
        {**row, "closed_at": row["closed_at"] or "2025-12-01", "expected_close_date": day}
        for row, day in zip(rows, ["", "", "", "2025-11-01"], strict=True)
    ]
    book = book_of(rows)
    opened = book.deals[book.deals["outcome"] == "open"]
    assert opened["closed_at"].isna().all() and opened["closed_at_source"].isna().all()
    assert opened["expected_close_date"].tolist() == [pd.Timestamp("2025-12-01"), pd.Timestamp("2025-11-01")]
    assert [note.rows for note in book.notes if note.column == "closed_at"] == [2]
    assert book.meta.extracted_on == dt.date(2025, 5, 2)


@pytest.mark.parametrize(("column", "line"), [("closed_at", 2), ("created_at", 2)])
def test_days_after_the_stated_extraction_are_set_aside(book_of, column: str, line: int) -> None:
    late = (
        {"closed_at": "2025-06-02"}
        if column == "closed_at"
        else {"created_at": "2025-06-02", "closed_at": "2025-06-03"}
    )
    book = book_of(with_changes(late), data={"extracted_on": "2025-06-01"})
    assert book.deals["deal_id"].tolist() == ["D2", "D3"]
    assert "after the extraction date 2025-06-01 ([data] extracted_on)" in aside(book)[0][2]
    assert aside(book)[0][:2] == (line, column)
    assert book.meta.extracted_on == dt.date(2025, 6, 1)


def many(count: int = 40, **changes: str) -> list[dict[str, object]]:
    start = dt.date(2025, 1, 1)
    rows = [
        {**DEALS[n % 2], "deal_id": f"M{n}", "created_at": (start - dt.timedelta(days=40)).isoformat(),
         "closed_at": (start + dt.timedelta(days=n)).isoformat()}
        for n in range(count)
    ]  # fmt: skip
    return [{**rows[0], **changes}, *rows[1:]]


def test_a_day_far_beyond_all_others_is_a_typing_error(book_of) -> None:
    book = book_of(many(closed_at="2052-01-05"))
    assert len(book.deals) == 39 and book.meta.extracted_on == dt.date(2025, 2, 9)
    assert "likely a typing error" in aside(book)[0][2]
    near = book_of(many(closed_at="2026-01-05"))
    assert len(near.deals) == 40 and near.meta.extracted_on == dt.date(2026, 1, 5)


def test_few_days_prove_no_typing_error(book_of) -> None:
    book = book_of(with_changes({"closed_at": "2028-03-20"}))
    assert book.quarantine.empty and book.meta.extracted_on == dt.date(2028, 3, 20)


@pytest.mark.parametrize("day", ["1925-03-20", "2205-03-20"])
def test_years_that_no_crm_has_seen_are_typing_errors(book_of, day: str) -> None:
    book = book_of(with_changes({"expected_close_date": day}))
    assert aside(book) == [(2, "expected_close_date", "is not between 1990 and 2100: likely a typing error")]


def test_no_date_anywhere_needs_a_stated_day(book_of) -> None:
    rows = [{"deal_id": "D1", "outcome": "open"}]
    with pytest.raises(DataError, match="Nothing in these tables has a date"):
        book_of(rows)
    assert book_of(rows, data={"extracted_on": "2025-06-01"}).deals["deal_id"].tolist() == ["D1"]


def test_an_unknown_outcome_is_set_aside_with_the_line_to_add(book_of) -> None:
    rows = with_changes({"outcome": 'Ge"wonnen'}, {"outcome": "Verloren"})
    book = book_of(rows)
    assert book.deals["deal_id"].tolist() == ["D3"]
    assert '[tables.deals.values.outcome] the line "Ge\\"wonnen" = "open" or "won" or "lost"' in aside(book)[0][2]
    values = {"outcome": {'Ge"wonnen': "won", "VERLOREN": "lost"}}
    mended = book_of(rows, {"deals": {"file": "deals.csv", "values": values}})
    assert mended.deals["outcome"].tolist() == ["won", "lost", "open"] and mended.quarantine.empty


def test_a_stage_tells_the_outcome_where_it_leaves_no_doubt(book_of) -> None:
    stages = ("Closed Won", "5 - Closed Lost", "Negotiation", "Contract review", "Closed - Duplicate")
    rows = [
        {**DEALS[0], "deal_id": f"S{n}", "stage": stage, "probability": str(share)}
        for n, (stage, share) in enumerate(zip(stages, (1, 0, 0.6, 0.7, 0), strict=True))
    ]
    rows = [{name: value for name, value in row.items() if name != "outcome"} for row in rows]
    book = book_of(rows)
    assert book.deals["outcome"].tolist() == ["won", "lost", "open", "open"]
    assert [row.value for row in book.quarantine.itertuples()] == ["Closed - Duplicate"]
    without = book_of([{name: value for name, value in row.items() if name != "probability"} for row in rows])
    assert without.quarantine["value"].tolist() == ["Contract review", "Closed - Duplicate"]


def test_an_unknown_value_that_may_be_unknown_is_noted_and_kept(book_of) -> None:
    book = book_of(
        with_changes({"forecast_category": "Best Case"}, {"forecast_category": "Hunch"}, {"forecast_category": ""})
    )
    assert book.deals["forecast_category"].tolist() == ["best_case", "unknown", "unknown"]
    assert any(
        '"Hunch" (1)' in what and "values.forecast_category" in what for what in notes_on(book, "forecast_category")
    )


def test_long_names_are_kept_and_noted(book_of) -> None:
    book = book_of(with_changes({"product": "P" * 301, "loss_notes": "n" * 4000, "account_name": "A" * 300}))
    assert book.deals["product"].str.len()[0] == 301 and book.deals["loss_notes"].str.len()[0] == 4000
    assert notes_on(book, "product") and not notes_on(book, "account_name") and not notes_on(book, "loss_notes")


@HOSTILE_TEXT
def test_hostile_text_in_every_column_of_text_comes_through_as_it_is(book_of, text: str) -> None:
    names = [column.name for column in DEALS_TABLE.columns if column.kind in ("id", "text", "category")]
    names = [name for name in names if name not in ("deal_id", "currency")]
    rows = with_changes({}, dict.fromkeys(names, text))
    rows[1]["deal_id"] = text
    book = book_of(rows)
    assert book.quarantine.empty and len(book.deals) == 3
    expected = text.replace("\x00", "").strip()
    assert book.deals.loc[1, ["deal_id", *names]].tolist() == [expected] * (len(names) + 1)
    if "\x00" in text:
        assert any("NUL" in note.what for note in book.notes)


@HOSTILE_TEXT
def test_hostile_headers_are_left_unread_and_listed(book_of, text: str) -> None:
    book = book_of(with_changes({text: "x"}))
    assert any("columns not read" in note.what and "\n" not in note.what for note in book.notes)


def test_a_book_without_losses_or_wins_says_so(book_of) -> None:
    book = book_of([DEALS[0], DEALS[2]])
    assert any("no deal is lost" in what for what in notes_on(book, "outcome"))
    book = book_of([DEALS[1], DEALS[2]])
    assert any("no deal is won" in what for what in notes_on(book, "outcome"))


WAYS = list(itertools.product(("utf-8-sig", "utf-16", "cp1252"), (",", ";", "\t"), ("\n", "\r\n")))
# Each of them at least once.
USUAL_WAYS = {("utf-8-sig", ",", "\r\n"), ("cp1252", ";", "\r\n"), ("utf-16", "\t", "\n")}


@pytest.mark.parametrize(
    ("encoding", "delimiter", "ending"),
    [pytest.param(*way, marks=[] if way in USUAL_WAYS else pytest.mark.thorough) for way in WAYS],
)
def test_the_same_book_comes_out_of_every_way_to_write_it(book_of, encoding: str, delimiter: str, ending: str) -> None:
    rows = with_changes({"account_name": "Søndergård & Zoë"}, {"account_name": "a;b,c"})
    plain = book_of({"deals.csv": as_csv(rows)})
    text = as_csv(rows, delimiter=delimiter).replace("\n", ending)
    other = book_of({"deals.csv": text.encode(encoding)})
    pd.testing.assert_frame_equal(plain.deals, other.deals)


def test_nothing_that_can_be_used_is_an_error_with_the_commonest_reasons(book_of) -> None:
    with pytest.raises(DataError, match="None of 3 deals") as refused:
        book_of(with_changes(*({"outcome": "?"} for _ in range(3))))
    assert "3 rows: outcome is none of open, won, lost" in refused.value.message


def test_too_large_a_share_set_aside_is_refused_and_a_larger_one_allowed(book_of) -> None:
    rows = [*many(9), {**DEALS[0], "created_at": "soon"}]
    assert len(book_of(rows, data={"max_quarantined_share": 0.1}).quarantine) == 1
    with pytest.raises(DataError, match="1 of 10 rows") as refused:
        book_of(rows, data={"max_quarantined_share": 0.09})
    assert "created_at is no date (first: line 11)" in refused.value.message


def test_rows_of_another_width_are_set_aside_with_their_line(book_of) -> None:
    book = book_of({"deals.csv": as_csv(DEALS) + "D4,Ann\n"})
    assert aside(book) == [(5, "", "has 2 fields, the header has 8")]
    assert book.quarantine["value"].tolist() == ["D4 | Ann"] and book.rows_in["deals"] == 4


def test_all_faults_of_a_row_are_one_entry(book_of) -> None:
    book = book_of(with_changes({"is_existing_customer": "?", "created_at": "soon", "outcome": "?"}))
    (entry,) = book.quarantine.itertuples()
    assert (
        entry.column == "is_existing_customer"
        and "outcome: is none of" in entry.reason
        and "created_at: is no date" in entry.reason
    )


def test_spellings_are_reported_with_the_line_and_merged_only_when_it_is_there(book_of) -> None:
    rows = with_changes({"product": "GTX Pro"}, {"product": "GTXPro"}, {"product": "GTX Pro"})
    book = book_of(rows)
    (what,) = notes_on(book, "product")
    assert '"GTXPro" = "GTX Pro"' in what and "[tables.deals.values.product]" in what
    assert book.deals["product"].tolist() == ["GTX Pro", "GTXPro", "GTX Pro"]
    named = book_of(with_changes(*({"deal_name": name, "account_name": name} for name in ("A-1", "A1", "a 1"))))
    assert notes_on(named, "deal_name") == [] and len(notes_on(named, "account_name")) == 1
    mended = book_of(rows, {"deals": {"file": "deals.csv", "values": {"product": {"GTXPro": "GTX Pro"}}}})
    assert mended.deals["product"].unique().tolist() == ["GTX Pro"] and notes_on(mended, "product") == []


@pytest.mark.parametrize(
    ("lost", "won", "rule", "emptied"),
    [
        (("0", "0"), ("5", "0"), "auto", 2),
        (("0", "0"), ("0", "0"), "auto", 0),
        (("0", "7"), ("5", "5"), "auto", 0),
        (("0", ""), ("5", "5"), "auto", 1),
        (("0", "0"), ("5", "0"), "keep", 0),
        (("0", "7"), ("5", "0"), "unknown", 2),
    ],
)
def test_amounts_of_zero(book_of, lost: tuple[str, ...], won: tuple[str, ...], rule: str, emptied: int) -> None:
    rows = [{**DEALS[1], "deal_id": f"L{n}", "amount": amount} for n, amount in enumerate(lost)]
    rows += [{**DEALS[0], "deal_id": f"W{n}", "amount": amount} for n, amount in enumerate(won)]
    book = book_of(rows, data={"zero_amounts": rule})
    blank = [*lost, *won].count("")
    assert book.deals["amount"].isna().sum() == emptied + blank
    assert [note.rows for note in book.notes if note.column == "amount"] == [emptied] * bool(emptied)


def test_notes_name_the_columns_that_are_not_read_and_an_empty_header_shuts_one_out(book_of) -> None:
    rows = with_changes({"Favourite colour": "red"})
    book = book_of(rows, {"deals": {"file": "deals.csv", "columns": {"product": ""}}})
    assert book.deals["product"].isna().all()
    assert '"product", "Favourite colour"' in next(note.what for note in book.notes if "not read" in note.what)


def test_constants_fill_a_column(book_of) -> None:
    table = {"file": "deals.csv", "constants": {"pipeline": "EMEA", "is_existing_customer": "no"}}
    book = book_of({"deals.csv": as_csv(DEALS)}, {"deals": table})
    assert book.deals["pipeline"].unique().tolist() == ["EMEA"]
    assert book.deals["is_existing_customer"].tolist() == [False] * 3


def test_data_folders_may_be_absolute_or_relative(configure, tmp_path) -> None:
    config = configure(
        {"exports/deals.csv": as_csv(DEALS)}, {"deals": {"file": "deals.csv"}}, data={"folder": "exports"}
    )
    assert len(load_book(config).deals) == 3
    config = configure({}, {"deals": {"file": "deals.csv"}}, data={"folder": str(tmp_path / "exports")})
    assert len(load_book(config).deals) == 3


def test_rows_of_deals_that_are_not_there_are_kept_and_noted(book_of) -> None:
    rivals = "deal_id,competitor\nD1,Rival\nD2,Rival\nX9,Rival\nX9,Other\n"
    book = book_of({"deals.csv": as_csv(with_changes({"outcome": "?"})), "competitors.csv": rivals})
    assert len(book.table("competitors")) == 4
    (note,) = (note for note in book.notes if (note.table, note.column) == ("competitors", "deal_id"))
    assert note.rows == 3 and "2 deals" in note.what


def test_shuffled_rows_give_the_same_deals(book_of) -> None:
    rows = many(30)
    plain, turned = book_of(rows).deals, book_of(rows[::-1]).deals
    pd.testing.assert_frame_equal(
        plain, turned.sort_values("deal_id", key=lambda ids: ids.str[1:].astype(int)).reset_index(drop=True)
    )
