"""A sheet that comes back is read as people fill it in, or refused with every cell that is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postmortem.fieldwork.review_form import read_form
from postmortem.fieldwork.review_return import Returned, read_return
from postmortem.frames.engagement import Engagement
from postmortem.ground.errors import ConfigError, DataError

LEAD, TRUST, RISK = "Only ever a lead?", "Promise not believed?", "Buyer's risk not understood?"
SHOWN = "Promise not believed: what shows it"
AT = dt.datetime(2025, 10, 20, 8, tzinfo=dt.UTC)
Fill = Callable[..., Path]


def read(acme: Path, file: Path) -> Returned:
    book = Engagement.open(acme).book()
    return read_return(file, read_form(acme, book.taxonomy), book, "manager", "Lee", AT)


def faults(acme: Path, file: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        read(acme, file)
    return list(caught.value.rows)


def test_answers_and_a_word_on_the_reason_become_rows(acme: Path, fill: Fill) -> None:
    file = fill(
        ("001", TRUST, "yes"), ("001", SHOWN, "=1+1 they said so"), ("001", LEAD, "don't know"),
        ("001", "Lost to", "a competitor"), ("001", "Main reason", "Promise not believed"),
        ("001", "Reason beside it", "terms"), ("001", "In your words", "<b>never</b> shown"),
        ("002", "Lost to", "don't know"), ("004", TRUST, "no"),
    )  # fmt: skip
    found = read(acme, file)
    reviews = found.table("reviews")[["deal_id", "rater_id", "question", "answer", "evidence"]].fillna("")
    assert sorted(map(tuple, reviews.values.tolist())) == [
        ("001", "Lee", "no_trust_in_delivery", "yes", "=1+1 they said so"),
        ("001", "Lee", "not_an_opportunity", "unknown", ""),
        ("004", "Lee", "no_trust_in_delivery", "no", ""),
    ]
    reasons = found.table("reasons")[["deal_id", "rater_type", "rank", "code", "lost_to", "text"]].fillna("")
    assert sorted(map(tuple, reasons.values.tolist())) == [
        ("001", "manager", "contributing", "terms", "competitor", ""),
        ("001", "manager", "primary", "no_trust_in_delivery", "competitor", "<b>never</b> shown"),
        ("002", "manager", "primary", "", "unknown", ""),
    ]
    assert sorted(found.answered) == ["001", "002", "004"]
    assert found.unanswered == 4 + 6 + 5
    assert set(found.table("reasons")["taxonomy_version"]) == {"red_zone@1.0"}


def test_what_spreadsheets_do_to_cells_is_read_all_the_same(acme: Path, fill: Fill) -> None:
    def retype(tab: Any) -> None:
        for row in tab.iter_rows(min_row=2):
            row[0].value, row[1].value = str(row[0].value), f" {row[1].value} "

    file = fill(("001", TRUST, " YES "), ("001", SHOWN, 12.0), ("002", TRUST, "Don’t  know"),
                ("001", "Main reason", "PRICE_VALUE"), change=retype)  # fmt: skip
    found = read(acme, file)
    assert {(row["deal_id"], row["answer"], row["evidence"]) for row in found.reviews} == {
        ("001", "yes", "12"), ("002", "unknown", None),
    }  # fmt: skip
    assert [row["code"] for row in found.reasons] == ["price_value"]


def test_all_wrong_cells_are_named_at_once_with_what_was_expected(acme: Path, fill: Fill) -> None:
    file = fill(
        ("001", TRUST, "maybe"), ("002", SHOWN, "no answer beside it"), ("004", "Lost to", "a competitor"),
        ("001", "Main reason", "Bad luck"), ("003", "Main reason", "terms"), ("003", "Reason beside it", "terms"),
        ("003", "In your words", "y" * 10_001),
    )  # fmt: skip
    told = faults(acme, file)
    assert len(told) == 6
    assert all(each.split(":")[0][0] in "LTUVW" and each.split(":")[0][1:].isdigit() for each in told)
    said = " | ".join(told)
    for part in ("got 'maybe', expected yes, no, don't know", "expected yes, no or don't know, because the cell beside",
                 "an empty cell: the deal was not lost", "got 'Bad luck', expected one of the reasons",
                 "another reason than the main one", "at most 10,000 letters, not 10,001"):  # fmt: skip
        assert part in said


def test_an_empty_sheet_is_refused(acme: Path) -> None:
    with pytest.raises(DataError, match="Nothing is filled in"):
        read(acme, acme / "sheet.xlsx")


def test_moved_columns_and_deleted_rows_are_named(acme: Path, fill: Fill) -> None:
    def swap(tab: Any) -> None:
        tab["C1"].value, tab["D1"].value = tab["D1"].value, tab["C1"].value

    moved = faults(acme, fill(change=swap))
    assert moved == ["C1: got 'Deal', expected the head 'Account'", "D1: got 'Account', expected the head 'Deal'"]
    gone = Engagement.open(acme) and faults(acme, fill(("001", TRUST, "yes"), change=lambda tab: tab.delete_rows(3)))
    assert len(gone) == 1 and gone[0].startswith("deleted row: deal 00") and gone[0].endswith("(no. 2)")


def test_strange_double_and_half_moved_deals_are_named(acme: Path, fill: Fill) -> None:
    def spoil(tab: Any) -> None:
        tab["B2"].value, tab["B3"].value = tab["B3"].value, tab["B2"].value
        tab["B4"].value = "999"

    told = faults(acme, fill(("001", TRUST, "yes"), change=spoil))
    assert sum("cells were moved" in each for each in told) == 2
    assert "B4: got '999', expected the id of a deal of this sheet" in told
    assert sum(each.startswith("deleted row") for each in told) == 1


@pytest.mark.parametrize("label, value", [("Company", "Another plc"), ("Sheet version", "0"), ("Taxonomy", "old@0.1")])
def test_a_sheet_of_another_engagement_version_or_taxonomy_is_refused(
    acme: Path, fill: Fill, label: str, value: str
) -> None:
    def forge(tab: Any) -> None:
        (row,) = [cell.row for cell in tab["A"] if cell.value == label]
        tab.cell(row, 2).value = value

    with pytest.raises(DataError, match="another engagement, or by another version") as caught:
        read(acme, fill(sheet="About", change=forge))
    assert f"{label} {value}" in caught.value.message


def test_what_is_no_review_sheet_is_refused(acme: Path) -> None:
    (acme / "a.xlsx").write_text("deal,answer\n001,yes\n", encoding="utf-8")
    with pytest.raises(DataError, match="is no workbook"):
        read(acme, acme / "a.xlsx")
    with pytest.raises(DataError, match="no such file"):
        read(acme, acme / "gone.xlsx")


def test_words_are_the_engagements_own_where_it_has_them(acme: Path) -> None:
    own = acme / "templates" / "fieldwork" / "deal-review.toml"
    own.parent.mkdir(parents=True)
    taxonomy = Engagement.open(acme).book().taxonomy
    own.write_text('title = "Ours"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="missing") as caught:
        read_form(acme, taxonomy)
    assert "hindsight" in caught.value.rows and "[answers] yes" in caught.value.rows
