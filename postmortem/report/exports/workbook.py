"""A report as one workbook: contents, then a sheet an answer; the same bytes for the same results.

Nothing is computed: results in, bytes out, so that an edition for others is made of its redacted results.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Sequence
from typing import Final
from xml.sax.saxutils import escape

from postmortem.report.disk.bundle import pack
from postmortem.report.exports.cells import plain
from postmortem.report.exports.sheets import CONTENTS, Placed, has_sheet, write_answer, write_contents
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.closing import FRONT
from postmortem.report.pages.pages import About
from postmortem.result import Result

LONGEST_NAME = 31
FORBIDDEN: Final = re.compile(r"[^\w .-]+")
ACCENT = "#1d5479"
CORE: Final = "docProps/core.xml"


def workbook(pages: Sequence[tuple[Notebook, Harvest]], about: About) -> bytes:
    """Return the workbook of a report or an edition of it.

    Parameters
    ----------
    pages : sequence of (Notebook, Harvest)
        With the results as the reader may see them; the findings of the front page first.
    about : About
        The title block as the reader may see it.

    Returns
    -------
    bytes
        XLSX, with no clock, no path and no name of a machine or its user in it.
    """
    from openpyxl import Workbook

    placed = placed_of(pages)
    colour = (about.look.accent or ACCENT).removeprefix("#").upper()
    foot = about.confidentiality or f"{about.company} · {about.quarter}"
    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    write_contents(book.create_sheet(CONTENTS), about, placed, colour)
    for each in placed:
        if each.sheet:
            write_answer(book.create_sheet(each.sheet), each, foot, colour)
    written = io.BytesIO()
    book.save(written)
    return _timeless(written.getvalue(), about)


def placed_of(pages: Sequence[tuple[Notebook, Harvest]]) -> list[Placed]:
    """Return every answer with its page and the name of its sheet: number of the page, place on it, analysis."""
    placed, taken = [], {CONTENTS.casefold()}
    for notebook, harvest in pages:
        for number, result in enumerate(harvest.results, start=1):
            name = _name(notebook, number, result, taken) if has_sheet(result) else ""
            taken.add(name.casefold())
            placed.append(Placed(result, notebook.title, name, of_deals=notebook != FRONT))
    return placed


def _name(notebook: Notebook, number: int, result: Result, taken: Collection[str]) -> str:
    """Return a name that no sheet has yet; those of the built-in pages begin with the number of the page."""
    digits = re.match(r"\d+", notebook.name)
    page = digits[0] if digits else FORBIDDEN.sub(" ", notebook.name)[:8].strip(" .-'")
    words = result.analysis.replace("_", " ")
    wanted = name = (words if notebook == FRONT else f"{page}.{number} {words}")[:LONGEST_NAME].strip()
    again = 1
    while name.casefold() in taken:
        again += 1
        name = f"{wanted[: LONGEST_NAME - 5]} ({again})"
    return name


def _timeless(content: bytes, about: About) -> bytes:
    """Return a workbook packed anew: its members in order and without times, its properties without a clock."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    title, maker = (escape(plain(text)) for text in (f"{about.company} · {about.quarter}", about.prepared_by))
    members[CORE] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:creator>{maker}</dc:creator>'
        "</cp:coreProperties>"
    ).encode()
    return pack(members)
