"""What a report keeps so that its pages can be made again without computing anything, and whom its book names.

It lies in the report's folder ``internal``, which is never shared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from postmortem.book import Book
from postmortem.book.identities import KINDS, identities
from postmortem.findings import find
from postmortem.frames.cohort import Cohort
from postmortem.ground.errors import UsageError
from postmortem.report.disk.folders import FINDINGS, MANIFEST
from postmortem.report.editions.manifest import content_hash, write_json
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.brand import Look
from postmortem.report.pages.closing import FRONT
from postmortem.report.pages.front import Described
from postmortem.report.pages.pages import About
from postmortem.result import Result

RECORD: Final = "internal/record.json"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Report:
    """A finished report, read back.

    Attributes
    ----------
    manifest : dict
        See `postmortem.report.editions.manifest`.
    about : About
        Its title block.
    described : Described
        The choice of deals.
    pages : tuple of (Notebook, Harvest)
        Prose and results of every page, after the gate.
    names : mapping of str to sequence of str
        Whom the book names, by kind.
    closing : Harvest
        Its findings, and what came of those of the quarter before.
    commentary : str
        What was written about it; empty where nothing was.
    """

    manifest: dict[str, Any]
    about: About
    described: Described
    pages: tuple[tuple[Notebook, Harvest], ...]
    names: Mapping[str, Sequence[str]]
    closing: Harvest
    commentary: str = ""

    @property
    def failed(self) -> tuple[str, ...]:
        """Notebooks that stopped with an error."""
        return tuple(name for name, page in self.manifest["pages"].items() if page["status"] != "done")


def keep_record(
    report: Path,
    cohort: Cohort,
    about: About,
    pages: Sequence[tuple[Notebook, Harvest]],
    commentary: str = "",
    book: Book | None = None,
) -> None:
    """Write beside a report's findings what else its pages were made of; a result is None, its place being enough.

    Names are those of the whole `book` where the cohort's holds only a part: people of the others may be written of.
    """
    record = {
        "version": FORMAT_VERSION,
        "about": asdict(about),
        "noun": cohort.noun,
        "remarks": list(cohort.remarks),
        "pages": [
            {
                "name": notebook.name,
                "title": notebook.title,
                "blocks": [block if isinstance(block, str) else None for block in harvest.blocks],
            }
            for notebook, harvest in pages
        ],
        "names": identities(book or cohort.book),
        "commentary": commentary,
    }
    write_json(report / RECORD, record)


def read_report(folder: Path) -> Report:
    """Read a finished report.

    Raises
    ------
    UsageError
        When the folder is no report, was changed after it was made, or was made by other code whose sentences differ.
    """
    try:
        manifest, findings, record = (
            json.loads((folder / name).read_text(encoding="utf-8")) for name in (MANIFEST, FINDINGS, RECORD)
        )
        if record["version"] != FORMAT_VERSION:
            raise ValueError(f"its record has format {record['version']!r}, this is format {FORMAT_VERSION}")
        results = [_restored(data) for data in findings]
        left = {notebook: iter([r for data, r in zip(findings, results, strict=True) if data["page"] == notebook])
                for notebook in {data["page"] for data in findings}}  # fmt: skip
        pages = tuple(
            (
                Notebook(page["name"], page["title"], Path(page["name"]), ()),
                Harvest(tuple(next(left[page["name"]]) if b is None else b for b in page["blocks"]), ()),
            )
            for page in record["pages"]
        )
        names = {kind: tuple(record["names"][kind]) for kind in KINDS}
        about = About(**{**record["about"], "look": Look(**record["about"]["look"])})
        described = Described(record["noun"], tuple(record["remarks"]))
        last_words = Harvest(tuple(left.get(FRONT.name, ())), ())
        told, found, written = manifest["content"], _content(folder), str(record.get("commentary", ""))
    except (OSError, ValueError, KeyError, TypeError, StopIteration, UsageError) as error:
        why = error.strerror if isinstance(error, OSError) else error.what if isinstance(error, UsageError) else error
        raise UsageError(
            "This folder is no report that can be shared or exported.", got=f"{folder.name}: {why}",
            expected=f"a report of this version, with {MANIFEST}, {FINDINGS} and {RECORD}",
            do="make it again with: postmortem run",
        ) from None  # fmt: skip
    if told != found:
        raise UsageError(
            "This report was changed after it was made.", got=f"content {found[:12]}",
            expected=f"content {str(told)[:12]}, as its manifest says", do="make it again with: postmortem run",
        )  # fmt: skip
    return Report(manifest, about, described, pages, names, last_words, written)


def _restored(data: Mapping[str, Any]) -> Result:
    """Read one result back; its sentence must be the one on the report's own page."""
    result = find(data["analysis"]).restore(data)
    if result.headline != data["headline"]:
        raise ValueError(f"this version of the code words {data['analysis']} differently")
    return result


def _content(folder: Path) -> str:
    return content_hash(folder, [*folder.glob("*.html"), folder / FINDINGS, *(folder / "tables").glob("*.csv")])
