"""The manifest of a report: what went in, with what it was made, and a hash of what came out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from postmortem.book import Book
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.ground.code import code_hash, versions
from postmortem.ground.spreadsheets import harmless
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.result import Table


def write_json(path: Path, data: Any) -> None:
    """Write JSON the same way every time; NaN is refused."""
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_tables(folder: Path, pages: Sequence[tuple[Notebook, Harvest]]) -> None:
    """Write every table of every result as CSV, formulas neutralised."""
    folder.mkdir()
    for notebook, harvest in pages:
        for number, result in enumerate(harvest.results, start=1):
            for name, table in result.tables.items():
                _write_csv(folder / f"{notebook.name}.{number:02d}-{result.analysis}.{name}.csv", table)


def findings(pages: Sequence[tuple[Notebook, Harvest]]) -> list[dict[str, Any]]:
    """Return every result of a report as JSON values, with the page it stands on."""
    return [{"page": notebook.name, **result.to_dict()} for notebook, harvest in pages for result in harvest.results]


def content_hash(folder: Path, files: Iterable[Path]) -> str:
    """Return one hash over names and bytes of `files`: equal reports give equal hashes."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def manifest(
    cohort: Cohort, inputs: Sequence[tuple[str, Path]], parameters: Mapping[str, Any], pages: Mapping[str, Any]
) -> dict[str, Any]:
    """Describe a report: inputs with hashes, versions, parameters, provenance, row counts, pages.

    Parameters
    ----------
    cohort : Cohort
        The frame reported on.
    inputs : sequence of (str, Path)
        Name as shown and file.
    parameters : mapping
        What every notebook was told.
    pages : mapping of str to object
        Page name to its status and what was dropped.
    """
    book = cohort.book
    return {
        "company": book.meta.company,
        "quarter": cohort.focus.label,
        "as_of": cohort.as_of.isoformat(),
        "frame": cohort.kind,
        "part": cohort.part,
        "window": [quarter.label for quarter in cohort.window],
        "parameters": dict(parameters),
        "provenance": dict(cohort.provenance),
        "rows": {
            "read": dict(book.rows_in),
            "set_aside": book.quarantine.groupby("table").size().to_dict(),
            "deals_in_focus": len(cohort.focus_rows),
        },
        "inputs": [
            {"file": name, "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for name, path in inputs
        ],
        "versions": versions(),
        "pages": dict(pages),
    }


def made_with(engagement: Engagement, book: Book) -> dict[str, Any]:
    """Return what the figures depend on beside the data: settings by section, taxonomy and code."""
    settings = engagement.config.model_dump(mode="json")
    return {
        "settings": {
            name: hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
            for name, values in settings.items()
        },
        "taxonomy": book.taxonomy.stamp,
        "code": code_hash(),
    }


def csv_text(table: Table) -> str:
    """Return one table as CSV, formulas neutralised."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([column.name for column in table.columns])
    writer.writerows([harmless(value) for value in row] for row in table.rows.itertuples(index=False))
    return written.getvalue()


def _write_csv(path: Path, table: Table) -> None:
    path.write_bytes(csv_text(table).encode("utf-8-sig"))
