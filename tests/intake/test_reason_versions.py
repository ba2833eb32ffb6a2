"""Reasons of several taxonomy versions in one export: translated by `replaces`, decided by the map, or set apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from intake_files import as_csv, notes_on, rows_of, with_changes

from postmortem.book import Book

TAXONOMY = """
id = "ours"
version = "2.0"
title = "Ours"
extends = "red_zone"

[codes.demo_failed]
label = "Demo failed"
definition = "It did not do what the buyer had asked to see."
replaces = ["bad_demo_day", "demo_crashed"]
"""
STAMP = "ours@2.0+red_zone@1.0"
Load = Callable[..., Book]


@pytest.fixture
def load(book_of: Load, tmp_path: Path) -> Load:
    (tmp_path / "taxonomies").mkdir()
    (tmp_path / "taxonomies" / "ours.toml").write_text(TAXONOMY, encoding="utf-8")

    def loaded(*reasons: tuple[str, str, str], own: dict[str, str] | None = None, **more: Any) -> Book:
        rows = [
            {"deal_id": "D2", "rater_type": "manager", "rank": "contributing", "code": code,
             "taxonomy_version": version, "text": text}
            for version, code, text in reasons
        ]  # fmt: skip
        files = {"deals.csv": as_csv(with_changes()), "reasons.csv": as_csv(rows)}
        return book_of(files, taxonomy={"id": "ours", "folder": "taxonomies", "reasons": own or {}}, **more)

    return loaded


def coded(book: Book) -> list[tuple[Any, ...]]:
    names = ["code", "taxonomy_version", "text"]
    return rows_of(book.tables["reasons"][names].fillna("-"), *names)


def test_renamed_and_merged_codes_keep_their_history(load: Load) -> None:
    book = load(
        ("ours@1.0+red_zone@1.0", "bad_demo_day", ""), ("ours@1.0+red_zone@1.0", "demo_crashed", "the beamer"),
        ("ours@1.0+red_zone@1.0", "price_value", ""), (STAMP, "demo_failed", ""),
    )  # fmt: skip
    assert coded(book) == [
        ("demo_failed", STAMP, "-"), ("demo_failed", STAMP, "the beamer"), ("price_value", STAMP, "-"),
        ("demo_failed", STAMP, "-"),
    ]  # fmt: skip
    (note,) = notes_on(book, "taxonomy_version", "reasons")
    assert 'coded under "ours@1.0+red_zone@1.0", translated to ours@2.0+red_zone@1.0' in note
    assert '"bad_demo_day → demo_failed" (1)' in note


def test_a_code_of_the_taxonomy_it_extends_is_its_own(load: Load) -> None:
    assert coded(load(("red_zone@1.0", "no_urgency", ""))) == [("no_urgency", STAMP, "-")]


def test_without_a_crosswalk_a_code_is_set_apart_and_said(load: Load) -> None:
    book = load(("ours@1.0", "legal_stuck", ""), ("ours@1.0", "legal_stuck", "their words"), ("ours@1.0", "terms", ""))
    assert coded(book) == [
        ("-", "ours@1.0", "ours@1.0:legal_stuck"), ("-", "ours@1.0", "their words"), ("terms", STAMP, "-")
    ]  # fmt: skip
    translated, apart = notes_on(book, "taxonomy_version", "reasons")
    assert (
        "set apart without a code" in apart
        and '"ours@1.0:legal_stuck" (2)' in apart
        and 'replaces = ["old_code"]' in apart
    )
    assert "renamed" not in translated
    assert [note.rows for note in book.notes if note.column == "taxonomy_version"] == [1, 2]


def test_a_code_of_a_foreign_taxonomy_is_never_taken_for_one_that_looks_the_same(load: Load) -> None:
    book = load(("meddicc@3", "terms", ""))
    assert coded(book) == [("-", "meddicc@3", "meddicc@3:terms")]
    assert "meddicc@3" in notes_on(book, "taxonomy_version", "reasons")[0]


def test_the_engagements_own_map_decides_where_replaces_does_not(load: Load) -> None:
    own = {"legal_stuck": "terms", "meddicc@3:terms": "price_value", "terms": "no_urgency"}
    book = load(("ours@1.0", "legal_stuck", ""), ("meddicc@3", "terms", ""), (STAMP, "terms", ""), own=own)
    assert coded(book) == [("terms", STAMP, "-"), ("price_value", STAMP, "-"), ("terms", STAMP, "-")]


def test_rows_without_a_version_are_the_books_and_a_slip_stays_visible(load: Load) -> None:
    book = load(("", "bad_demo_day", ""), ("", "never_was", ""), ("", "", "only words"))
    assert coded(book) == [("demo_failed", "-", "-"), ("never_was", "-", "-"), ("-", "-", "only words")]
    assert notes_on(book, "taxonomy_version", "reasons") == []


@pytest.mark.parametrize("version", ["<script>", "ours", "@", "+", "x" * 400, "ours@1\n\x1b[31m"])
def test_hostile_versions_are_only_words(load: Load, version: str) -> None:
    book = load((version, "terms", ""))
    ((code, _, _),) = coded(book)
    assert code in ("terms", "-") and (code == "terms") == version.startswith("ours")
    assert all(note.isprintable() for note in notes_on(book, "taxonomy_version", "reasons"))
