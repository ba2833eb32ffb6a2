"""Rows read, used and set aside, added up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from analysis_cases import closed_of, counted, many

from postmortem.analyses.rows_used import rows_used
from postmortem.book import Note
from postmortem.book.book import QUARANTINE_COLUMNS
from postmortem.frames import Cohort

ASIDE = [
    ("deals", "export.csv", 7, "amount", "12..3", "is not a number"),
    ("deals", "export.csv", 9, "amount", "abc", "is not a number"),
    ("deals", "export.csv", 12, "outcome", "maybe", "is no known outcome"),
    ("competitors", "rivals.csv", 3, "competitor", None, "is missing"),
]


def with_rows_aside(aside: Sequence[tuple[object, ...]], notes: Sequence[Note] = ()) -> Cohort:
    cohort = closed_of(counted({"won": 5, "lost_competitor": 2}), competitors=[{"deal_id": "D0001", "competitor": "A"}])
    frame = pd.DataFrame(aside, columns=list(QUARANTINE_COLUMNS))
    read = {name: number + sum(row[0] == name for row in aside) for name, number in cohort.book.rows_in.items()}
    return replace(cohort, book=replace(cohort.book, quarantine=frame, notes=tuple(notes), rows_in=read))


def test_read_is_used_and_set_aside() -> None:
    result = rows_used(with_rows_aside(ASIDE))
    rows = result.tables["tables"].keyed("table")
    assert {name: (row["read"], row["used"], row["set_aside"]) for name, row in rows.items()} == {
        "deals": (10, 7, 3), "competitors": (2, 1, 1)
    }  # fmt: skip
    assert result.headline == "Of 12 rows read, 4 were set aside, each with its reason."


def test_reasons_are_counted_with_a_place_to_look() -> None:
    rows = rows_used(with_rows_aside(ASIDE)).tables["reasons"].records
    assert [(row["table"], row["column"], row["reason"], row["rows"], row["example"]) for row in rows] == [
        ("deals", "amount", "is not a number", 2, "export.csv line 7"),
        ("competitors", "competitor", "is missing", 1, "rivals.csv line 3"),
        ("deals", "outcome", "is no known outcome", 1, "export.csv line 12"),
    ]
    assert not any("12..3" in str(value) for row in rows for value in row.values()), "values stay in the ledger"


def test_nothing_set_aside() -> None:
    result = rows_used(with_rows_aside([]))
    assert result.headline == "All 8 rows read could be used."
    assert "reasons" not in result.tables


def test_one_row_set_aside_is_singular() -> None:
    assert rows_used(with_rows_aside(ASIDE[:1])).headline == "Of 9 rows read, 1 was set aside, each with its reason."


def test_repairs_are_listed_as_intake_told_them() -> None:
    notes = [Note("deals", "amount", 3, "currency signs were removed"), Note("deals", "", 1, "a footer was left out")]
    rows = rows_used(with_rows_aside([], notes)).tables["repairs"].records
    assert [tuple(row.values()) for row in rows] == [
        ("deals", "amount", 3, "currency signs were removed"), ("deals", "", 1, "a footer was left out")
    ]  # fmt: skip


def test_what_has_no_meaning_yet_is_left_to_the_question_that_lists_it() -> None:
    notes = [
        Note("deals", "", 9, 'columns not read: "Mood"'),
        Note("deals", "amount", 3, "currency signs were removed"),
    ]
    rows = rows_used(with_rows_aside([], notes)).tables["repairs"].records
    assert [row["what"] for row in rows] == ["currency signs were removed"]


def test_every_table_of_the_book_is_listed() -> None:
    stories, tables = many(quarters=1)
    cohort = closed_of(stories, **tables)
    listed = {row["table"]: row["used"] for row in rows_used(cohort).tables["tables"].records}
    assert listed == {name: len(frame) for name, frame in cohort.book.tables.items()}
