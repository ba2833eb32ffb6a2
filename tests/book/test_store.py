"""A book kept on disk comes back as it was; a damaged folder is no book, and is replaced by the next one."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pandas as pd
import pytest
from builders import change, deal, make_book

from postmortem.book import Book, Note
from postmortem.book.book import QUARANTINE_COLUMNS
from postmortem.book.store import read_book, save_book
from postmortem.ground.fiscal import FiscalCalendar
from postmortem.ground.process import Process, Stage


@pytest.fixture
def book() -> Book:
    """Make a book with every kind of column, missing values and text in many scripts."""
    made = make_book(
        [
            deal(
                1, "lost", "2025-08-01", is_existing_customer=True, probability=0.25, loss_notes='"Zu teuer", 高い\n🙂'
            ),
            deal(2, "open", None, amount=None, account_name=None, is_existing_customer=False),
        ],
        time_zone="Europe/Berlin",
        history=[
            change(1, "amount", "2025-03-01", None, "12.5", seq=1),
            change(1, "amount", "2025-03-01", "12.5", None),
        ],
        competitors=[],
    )
    quarantine = pd.DataFrame(
        [
            ("deals", "deals.csv", 7, "outcome", "maybe", "no outcome"),
            ("deals", "deals.csv", 9, "amount", None, "unread"),
        ],
        columns=list(QUARANTINE_COLUMNS),
    )
    meta = replace(
        made.meta, calendar=FiscalCalendar(2, "starting"), source_systems=("salesforce", "generic"),
        extracted_on_source="configuration", extracted_on=dt.date(2025, 10, 7),
    )  # fmt: skip
    return replace(
        made,
        meta=meta,
        process=Process("Ours", (Stage("One", 1, 0.5, red_zone=True, exit_commitments=("signed",)),), {"commit": 0.9}),
        quarantine=quarantine,
        notes=(Note("deals", "amount", 3, "0 read as unknown"),),
        rows_in={"deals": 4, "history": 2, "competitors": 0},
    )


def saved(book: Book, folder) -> Book | None:
    save_book(book, folder)
    return read_book(folder, book.taxonomy)


def test_every_table_comes_back_with_its_values_and_dtypes(book, tmp_path):
    back = saved(book, tmp_path / "book")
    assert set(back.tables) == set(book.tables)
    for name, frame in book.tables.items():
        pd.testing.assert_frame_equal(back.tables[name], frame, check_index_type=False)


def test_everything_beside_the_tables_comes_back(book, tmp_path):
    back = saved(book, tmp_path / "book")
    assert (back.meta, back.process, back.notes, dict(back.rows_in)) == (
        book.meta, book.process, book.notes, dict(book.rows_in),
    )  # fmt: skip
    assert back.rows_used == book.rows_used == 4
    assert back.taxonomy == book.taxonomy


def test_what_was_set_aside_comes_back_line_by_line(book, tmp_path):
    back = saved(book, tmp_path / "book").quarantine
    assert list(back.columns) == list(QUARANTINE_COLUMNS)
    assert list(back["line"]) == [7, 9]
    assert list(back["value"].isna()) == [False, True]


def test_a_book_without_anything_set_aside_comes_back_too(book, tmp_path):
    clean = replace(book, quarantine=book.quarantine.iloc[:0])
    assert saved(clean, tmp_path / "book").fingerprint == clean.fingerprint
    assert read_book(tmp_path / "book", book.taxonomy).quarantine.empty


def test_a_book_read_back_has_the_fingerprint_of_the_one_saved(book, tmp_path):
    assert saved(book, tmp_path / "book").fingerprint == book.fingerprint


def test_a_book_cut_at_a_day_comes_back_too(book, tmp_path):
    cut = book.at(dt.date(2025, 7, 1))
    assert saved(cut, tmp_path / "book").fingerprint == cut.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        lambda book: replace(book, meta=replace(book.meta, currency="EUR")),
        lambda book: replace(book, meta=replace(book.meta, extracted_on=dt.date(2025, 10, 8))),
        lambda book: replace(book, process=replace(book.process, categories={"commit": 0.8})),
        lambda book: replace(book, taxonomy=replace(book.taxonomy, version="9.9")),
        lambda book: replace(book, tables={**book.tables, "deals": book.deals.assign(amount=[1.0, 2.0])}),
        lambda book: replace(book, tables={**book.tables, "deals": book.deals.iloc[::-1]}),
        lambda book: replace(book, tables={**book.tables, "deals": book.deals.rename(columns={"team": "squad"})}),
        lambda book: replace(book, tables={"deals": book.deals}),
        lambda book: replace(book, quarantine=book.quarantine.assign(line=[7, 8])),
        lambda book: replace(book, notes=()),
        lambda book: replace(book, rows_in={"deals": 5}),
    ],
    ids=[
        "currency",
        "day",
        "process",
        "taxonomy",
        "a value",
        "order",
        "a name",
        "a table less",
        "set aside",
        "notes",
        "rows",
    ],
)
def test_a_book_that_differs_anywhere_has_another_fingerprint(book, other):
    assert other(book).fingerprint != book.fingerprint


def test_where_nothing_was_saved_there_is_no_book(book, tmp_path):
    assert read_book(tmp_path / "nowhere", book.taxonomy) is None
    (tmp_path / "empty").mkdir()
    assert read_book(tmp_path / "empty", book.taxonomy) is None


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def rewrite(folder, **changes):
    path = folder / "book.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


DAMAGE = {
    "no description": lambda folder: (folder / "book.json").unlink(),
    "half a description": lambda folder: cut_in_half(folder / "book.json"),
    "an empty description": lambda folder: (folder / "book.json").write_bytes(b""),
    "a description that is a list": lambda folder: (folder / "book.json").write_text("[]"),
    "a description without meta": lambda folder: rewrite(folder, meta={}),
    "a day that is none": lambda folder: rewrite(
        folder, meta={"calendar": {}, "extracted_on": "x", "source_systems": []}
    ),
    "a table gone": lambda folder: (folder / "history.parquet").unlink(),
    "half a table": lambda folder: cut_in_half(folder / "deals.parquet"),
    "an empty table file": lambda folder: (folder / "deals.parquet").write_bytes(b""),
    "quarantine gone": lambda folder: (folder / "_quarantine.parquet").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_folder_is_no_book_and_the_next_save_repairs_it(book, tmp_path, damage):
    folder = tmp_path / "books" / "one"
    save_book(book, folder)
    damage(folder)
    assert read_book(folder, book.taxonomy) is None
    save_book(book, folder)
    assert read_book(folder, book.taxonomy).fingerprint == book.fingerprint
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


def test_saving_twice_leaves_one_whole_book_and_nothing_beside_it(book, tmp_path):
    folder = tmp_path / "books" / "one"
    assert saved(book, folder).fingerprint == saved(book, folder).fingerprint
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


def test_a_save_that_fails_leaves_nothing_behind(book, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(OSError, match="disk full"):
        save_book(book, tmp_path / "books" / "one")
    assert list((tmp_path / "books").iterdir()) == []


def test_the_store_holds_nothing_that_runs(book, tmp_path):
    save_book(book, tmp_path / "book")
    assert {path.suffix for path in (tmp_path / "book").iterdir()} == {".parquet", ".json"}
