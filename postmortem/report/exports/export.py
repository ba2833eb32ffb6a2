"""A finished report for other programs: one workbook, every picture as a file, all pages as one PDF.

Nothing is computed: everything is made of the results a report keeps, or of those of an edition of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from postmortem.report.disk.bundle import write_whole
from postmortem.report.editions.record import read_report
from postmortem.report.exports.bound import Paper, bound
from postmortem.report.exports.browser import find_browser, pdf_of
from postmortem.report.exports.chart_files import FOLDER, INDEX, chart_files
from postmortem.report.exports.workbook import workbook
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.closing import FRONT
from postmortem.report.pages.pages import About

Kind = Literal["xlsx", "charts", "pdf"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
EXPORTS: Final = "exports"


@dataclass(frozen=True)
class Printer:
    """What prints a PDF, as `find_browser` returns it, and on what."""

    program: str
    paper: Paper = "A4"


@dataclass(frozen=True)
class Exported:
    """What an export has written: its folder, and the files in it."""

    folder: Path
    files: tuple[str, ...]


def export(
    folder: Path, wanted: Collection[Kind], *, output: Path | None = None, browser: str = "", paper: Paper = "A4"
) -> Exported:
    """Write exports of one report.

    Parameters
    ----------
    folder : Path
        A report, such as ``reports/2025Q3``.
    wanted : collection of {"xlsx", "charts", "pdf"}
        What to write.
    output : Path, optional
        Where to; ``exports`` in the report's folder unless told, which goes when the report is made again.
    browser : str
        The program that prints; found by its usual names unless told.
    paper : {"A4", "Letter"}
        Size of a printed page.

    Raises
    ------
    UsageError
        When the folder is no report of this version, or a PDF is wanted and there is no browser; nothing is written.
    OutputBusy
        When a file cannot be written.
    """
    printer = printer_for(wanted, browser, paper)
    folder = folder.resolve()
    report = read_report(folder)
    pages = [(FRONT, report.closing), *report.pages]
    html = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}
    made = files_of(pages, report.about, html, wanted, printer)
    place = (output or folder / EXPORTS).resolve()
    for name in _outdated(place, made):
        (place / FOLDER / name).unlink(missing_ok=True)
    for name, content in made.items():
        write_whole(place / name, content)
    return Exported(place, tuple(sorted(made)))


def printer_for(wanted: Collection[Kind], browser: str = "", paper: Paper = "A4") -> Printer | None:
    """Return what prints where a PDF is wanted.

    Raises
    ------
    UsageError
        When one is wanted and there is no browser.
    """
    return Printer(find_browser(browser), paper) if "pdf" in wanted else None


def beside(
    pages: Sequence[tuple[Notebook, Harvest]],
    about: About,
    artefacts: Mapping[str, bytes],
    wanted: Collection[Kind],
    printer: Printer | None,
) -> dict[str, bytes]:
    """Return the exports that go with the artefacts of an edition, by name; arguments as in `files_of`."""
    html = {name: content.decode() for name, content in artefacts.items() if name.endswith(".html")}
    return {f"{EXPORTS}/{name}": made for name, made in files_of(pages, about, html, wanted, printer).items()}


def files_of(
    pages: Sequence[tuple[Notebook, Harvest]],
    about: About,
    html: Mapping[str, str],
    wanted: Collection[Kind],
    printer: Printer | None = None,
) -> dict[str, bytes]:
    """Return the files of an export by name: a pure function of results and pages, which may be redacted ones.

    Parameters
    ----------
    pages : sequence of (Notebook, Harvest)
        The results as the reader may see them, those of the front page first.
    about : About
        The title block as the reader may see it.
    html : mapping of str to str
        File name to page, made of these results.
    wanted : collection of {"xlsx", "charts", "pdf"}
        Which files.
    printer : Printer, optional
        Needed for a PDF.
    """
    made: dict[str, bytes] = {}
    if "xlsx" in wanted:
        made[f"{about.quarter}.xlsx"] = workbook(pages, about)
    if "charts" in wanted:
        made |= chart_files(pages, about)
    if "pdf" in wanted and printer is not None:
        made[f"{about.quarter}.pdf"] = pdf_of(bound(html, about, printer.paper), printer.program)
    return made


def _outdated(place: Path, made: Mapping[str, bytes]) -> list[str]:
    """Return the pictures that an earlier export has listed and this one does not hold."""
    index = place / INDEX
    if INDEX not in made or not index.is_file():
        return []
    listed = [row[0] for row in csv.reader(io.StringIO(index.read_text(encoding="utf-8-sig"))) if row]
    return [name for name in listed[1:] if Path(name).name == name and f"{FOLDER}/{name}" not in made]
