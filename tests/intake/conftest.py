"""Exports written on the spot, and the books read from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from intake_files import as_csv

from postmortem.book import Book
from postmortem.ground.config import Config, build_config
from postmortem.intake import load_book


@pytest.fixture
def configure(tmp_path: Path) -> Callable[..., Config]:
    """Write files and return a configuration over them: files by name, tables by name, sections by name."""

    def configured(
        files: Mapping[str, str | bytes], tables: Mapping[str, Any] | None = None, **sections: Any
    ) -> Config:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        named = tables or {Path(name).name.split(".")[0]: {"file": name} for name in files}
        return build_config({**sections, "tables": dict(named)}, tmp_path)

    return configured


@pytest.fixture
def book_of(configure: Callable[..., Config]) -> Callable[..., Book]:
    """Like `configure`, and read the book; rows of deals may be given instead of files."""

    def loaded(files: Any, tables: Mapping[str, Any] | None = None, **sections: Any) -> Book:
        if not isinstance(files, Mapping):
            files = {"deals.csv": as_csv(files)}
        book = load_book(configure(files, tables, **sections))
        aside = book.quarantine.groupby("table").size()
        for name, rows in book.rows_in.items():
            derived = name in ("reasons", "competitors")
            used = len(book.tables[name])
            assert used + aside.get(name, 0) == rows or (derived and used + aside.get(name, 0) > rows)
        return book

    return loaded
