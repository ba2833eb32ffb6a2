"""Keep a book on disk and read it back: Parquet for tables, JSON for the rest, never pickles.

The store is a cache of what intake made from the exports. It holds no code, so a folder that came from
somebody else can be opened without running anything of theirs.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from postmortem.book.book import QUARANTINE_COLUMNS, Book, BookMeta, Note
from postmortem.ground.fiscal import FiscalCalendar
from postmortem.ground.process import Process, Stage
from postmortem.taxonomies import Taxonomy

QUARANTINE_DTYPES = {name: "int64" if name == "line" else "str" for name in QUARANTINE_COLUMNS}


def save_book(book: Book, folder: Path) -> None:
    """Write `book` to `folder`, appearing there whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    try:
        for name, frame in book.tables.items():
            frame.to_parquet(aside / f"{name}.parquet", index=False)
        book.quarantine.astype(QUARANTINE_DTYPES).to_parquet(aside / "_quarantine.parquet", index=False)
        (aside / "book.json").write_text(json.dumps(_describe(book), ensure_ascii=False), encoding="utf-8")
        _put_in_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def read_book(folder: Path, taxonomy: Taxonomy) -> Book | None:
    """Read the book that `save_book` wrote to `folder`; None where there is none, or a damaged one.

    A damaged folder is not an error: the book is made again from the exports and replaces it.
    """
    try:
        return _read(folder, taxonomy)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _put_in_place(aside: Path, folder: Path) -> None:
    """Rename `aside` to `folder`; what lies there, equal or damaged, is moved away and removed with it."""
    try:
        os.replace(aside, folder)
        return
    except OSError:
        away = Path(tempfile.mkdtemp(prefix=".replaced-", dir=folder.parent))
    try:
        os.replace(folder, away / folder.name)
        os.replace(aside, folder)
    except OSError:
        # Another process was quicker with the same book; anything else is a fault of the disk.
        if not (folder / "book.json").is_file():
            raise
    finally:
        shutil.rmtree(away, ignore_errors=True)


def _read(folder: Path, taxonomy: Taxonomy) -> Book:
    data = json.loads((folder / "book.json").read_text(encoding="utf-8"))
    meta = dict(data["meta"])
    meta["calendar"] = FiscalCalendar(**meta["calendar"])
    meta["extracted_on"] = dt.date.fromisoformat(meta["extracted_on"])
    meta["source_systems"] = tuple(meta["source_systems"])
    return Book(
        meta=BookMeta(**meta),
        tables={name: _table(folder / f"{name}.parquet") for name in data["tables"]},
        taxonomy=taxonomy,
        process=_process(data["process"]),
        quarantine=_table(folder / "_quarantine.parquet"),
        notes=tuple(Note(**note) for note in data["notes"]),
        rows_in=data["rows_in"],
    )


def _table(path: Path) -> pd.DataFrame:
    """Read one table in this thread alone: a process that has begun others can no longer fork kernels."""
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        read = pq.ParquetFile(file, pre_buffer=False).read(use_threads=False)
    table: pd.DataFrame = read.to_pandas(use_threads=False)
    return table


def _describe(book: Book) -> dict[str, object]:
    meta = asdict(book.meta)
    meta["extracted_on"] = book.meta.extracted_on.isoformat()
    process = {
        "name": book.process.name,
        "stages": [asdict(stage) for stage in book.process.stages],
        "categories": dict(book.process.categories),
        "declared": book.process.declared,
    }
    return {
        "meta": meta,
        "tables": sorted(book.tables),
        "process": process,
        "notes": [asdict(note) for note in book.notes],
        "rows_in": dict(book.rows_in),
    }


def _process(data: dict[str, object]) -> Process:
    stages = data["stages"]
    if not isinstance(stages, list):
        stages = []
    return Process(
        name=str(data["name"]),
        stages=tuple(Stage(**{**stage, "exit_commitments": tuple(stage["exit_commitments"])}) for stage in stages),
        categories=data["categories"] if isinstance(data["categories"], dict) else {},
        declared=bool(data["declared"]),
    )
