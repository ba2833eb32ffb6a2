"""Cells of text to numbers, shares and flags."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_files import as_csv, notes_on, with_changes

from postmortem.ground.errors import DataError
from postmortem.intake.values import (
    Unreadable,
    currency_in,
    parse,
    read_flag,
    read_integer,
    read_money,
    read_number,
    read_share,
)


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1234.5", ".", 1234.5), ("$1,234.50", ".", 1234.5), ("USD 1,200", ".", 1200), ("1200 EUR", ".", 1200),
        ("€ 1.234,50", ",", 1234.5), ("1 234 567,5", ",", 1234567.5), ("1'234.5", ".", 1234.5), ("(1,200)", ".", -1200),
        ("-5", ".", -5), ("+5", ".", 5), ("−5", ".", -5), ("1e5", ".", 1e5), ("1,5E+2", ",", 150), (".5", ".", 0.5),
        ("12,34,567.8", ".", 1234567.8), ("US$ 7", ".", 7), ("£0", ".", 0), ("0007", ".", 7),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, decimal: str, number: float) -> None:
    assert read_number(text, decimal) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("1,23", "."), ("1.23.4", "."), ("1,234.5", ","), ("12a", "."), ("", "."), ("1.2M", "."), ("--5", "."),
     ("NaN", "."), ("inf", "."), ("-Infinity", "."), ("1e999", "."), ("0x10", "."), ("1_000", "."), ("=1+1", ".")],
)  # fmt: skip
def test_what_is_no_number_is_unreadable(text: str, decimal: str) -> None:
    with pytest.raises(Unreadable):
        read_number(text, decimal)


@given(st.floats(min_value=0, max_value=1e12), st.sampled_from([".", ","]))
def test_grouped_amounts_read_back(amount: float, decimal: str) -> None:
    text = f"{amount:,.2f}"
    if decimal == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    assert read_money(text, decimal) == pytest.approx(round(amount, 2))


def test_an_amount_is_not_negative() -> None:
    with pytest.raises(Unreadable, match="negative"):
        read_money("(5)")
    assert read_money("0") == 0


@pytest.mark.parametrize(
    ("text", "hundred", "share"),
    [("0.4", False, 0.4), ("40%", False, 0.4), ("40", True, 0.4), ("40 %", True, 0.4), ("1", False, 1)],
)
def test_shares_count_from_nought_to_one(text: str, hundred: bool, share: float) -> None:
    assert read_share(text, hundred=hundred) == pytest.approx(share)


@pytest.mark.parametrize(("text", "hundred"), [("1.2", False), ("-0.1", False), ("101", True), ("120%", False)])
def test_shares_beyond_are_unreadable(text: str, hundred: bool) -> None:
    with pytest.raises(Unreadable, match="not between 0 and"):
        read_share(text, hundred=hundred)


def test_flags_and_whole_numbers() -> None:
    assert [read_flag(word) for word in ("TRUE", "y", "1", "No", "f", "0")] == [True] * 3 + [False] * 3
    assert read_integer("1,000") == 1000
    for text, reader in (("maybe", read_flag), ("1.5", read_integer), ("1e300", read_integer)):
        with pytest.raises(Unreadable):
            reader(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("USD 1,200", "USD"), ("1200 EUR", "EUR"), ("€5", "EUR"), ("£5", "GBP"), ("$5", None), ("5", None), ("ABC", None)],
)
def test_the_currency_beside_an_amount(text: str, code: str | None) -> None:
    assert currency_in(text) == code


def test_missing_cells_stay_missing_and_each_distinct_text_is_read_once() -> None:
    seen: list[str] = []

    def reader(text: str) -> float:
        seen.append(text)
        return read_number(text)

    cells = pd.Series(["1", None, "x", "1", "x"], index=[3, 1, 4, 5, 9], dtype="str")
    parsed = parse(cells, reader, "float64")
    assert seen == ["1", "x"]
    assert parsed.values.isna().tolist() == [False, True, True, False, True]
    assert parsed.why.notna().tolist() == [False, False, True, False, True]
    assert parsed.values.index.tolist() == [3, 1, 4, 5, 9] and parsed.unreadable == 2


@pytest.mark.parametrize("bad", ["NaN", "inf", "-inf", "-5", "(1,200)", "1,23", "abc"])
def test_an_amount_that_cannot_be_is_unknown_and_its_deal_counts(book_of, bad: str) -> None:
    book = book_of(with_changes({}, {"amount": bad}))
    assert book.deals["deal_id"].tolist() == ["D1", "D2", "D3"] and book.quarantine.empty
    assert book.deals["amount"].isna().tolist() == [False, True, False]
    (note,) = (note for note in book.notes if note.column == "amount")
    assert note.rows == 1 and f'"{bad} ' in note.what and note.what.endswith("; line 3")


def test_a_column_of_the_other_decimal_mark_is_refused_with_the_setting(book_of) -> None:
    rows = with_changes(*({"amount": f"1.234,{n}0"} for n in range(3)))
    with pytest.raises(DataError) as refused:
        book_of(rows)
    assert 'decimal = ","' in refused.value.message
    assert book_of(rows, data={"decimal": ","}).deals["amount"].tolist() == [1234.0, 1234.1, 1234.2]


def test_amounts_that_may_be_thousands_are_noted(book_of) -> None:
    book = book_of(with_changes(*({"amount": f"{n}.250"} for n in (1, 20, 300))))
    assert book.deals["amount"].tolist() == [1.25, 20.25, 300.25]
    assert any("thousands" in what for what in notes_on(book, "amount"))


@pytest.mark.parametrize(
    ("cells", "header", "shares"),
    [
        (("0.4", "1", "0"), "probability", [0.4, 1.0, 0.0]),
        (("40", "100", "0"), "probability", [0.4, 1.0, 0.0]),
        (("1", "0", "1"), "Probability (%)", [0.01, 0.0, 0.01]),
        (("40%", "100%", "0%"), "probability", [0.4, 1.0, 0.0]),
    ],
)
def test_probabilities_in_per_cent_are_found_out(
    book_of, cells: tuple[str, ...], header: str, shares: list[float]
) -> None:
    book = book_of(with_changes(*({header: cell} for cell in cells)))
    assert book.deals["probability"].tolist() == pytest.approx(shares)
    in_per_cent = "%" in header or cells[0] == "40"
    assert any("per cent" in what for what in notes_on(book, "probability")) == in_per_cent


def test_words_for_an_empty_field_are_missing_and_other_is_not(book_of) -> None:
    words = ("None", "NaT", "null", "N/A", "#N/A", "-", "nan", "--None--")
    rows = [
        {**with_changes({})[0], "deal_id": f"D{n}", "product": word, "region": "Other"} for n, word in enumerate(words)
    ]
    book = book_of(rows)
    assert book.deals["product"].isna().all() and (book.deals["region"] == "Other").all()
    assert [note.rows for note in book.notes if "empty field" in note.what] == [len(words)]


def test_none_is_a_value_where_the_column_says_so(book_of) -> None:
    interviews = "interview_id,deal_id,status,consent\nI1,D1,no_answer,none\nI2,None,held,named\n"
    files = {"deals.csv": as_csv(with_changes({})), "interviews.csv": interviews}
    book = book_of(files)
    assert book.tables["interviews"]["consent"].tolist() == ["none"]
    assert book.quarantine["reason"].tolist() == ["is missing"]
