"""The sheets of a workbook: one an answer, with its sentence, tables and caveats, and the contents before them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from postmortem.display import value_of
from postmortem.ground.formats import count
from postmortem.report.exports.cells import (
    FORMATS,
    LINE,
    MUTED,
    NARROWEST,
    WIDEST,
    Field,
    aligned,
    fields_of,
    font,
    lines_of,
    make_printable,
    put,
    put_heads,
    put_link,
    put_paragraph,
    put_row,
    set_widths,
)
from postmortem.report.exports.cells import value_of as cell_value
from postmortem.report.pages.blocks import found, sentence
from postmortem.report.pages.pages import About
from postmortem.result import Result
from postmortem.table import Table

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

CONTENTS: Final = "Contents"
MOST_ROWS = 100_000
FILTERED_FROM = 8
READ_ACROSS = 95.0
"""Letters a paragraph is wide at most, as far as columns allow."""
ROWS_MEASURED = 200
STATUS: Final = {"ok": "answered", "fallback": "answered in part", "refused": "not answered yet"}
HEADS: Final = (
    ("Sheet", False), ("Page", False), ("Answer", False), ("Question", False), ("Status", False), ("Deals used", True),
    ("Deals at hand", True), ("What unlocks it", False),
)  # fmt: skip
CONTENTS_WIDTHS: Final = (33.0, 24.0, 70.0, 44.0, 16.0, 9.0, 9.0, 44.0)


@dataclass(frozen=True)
class Placed:
    """One answer and where it stands.

    Attributes
    ----------
    result : Result
        As the reader may see it.
    page : str
        Title of its page.
    sheet : str
        Name of its sheet; empty for a refusal without tables.
    of_deals : bool
        Whether it counts deals, not other answers.
    """

    result: Result
    page: str
    sheet: str
    of_deals: bool = True


def has_sheet(result: Result) -> bool:
    """Whether an answer has a sheet of its own: a refusal without tables stands in the contents alone."""
    return result.status != "refused" or any(len(table.rows) for table in result.tables.values())


def write_contents(sheet: Worksheet, about: About, placed: Sequence[Placed], colour: str) -> None:
    """Write what the report is about, and every answer with its sentence and a link to its sheet.

    Parameters
    ----------
    sheet : Worksheet
        Empty.
    about : About
        The report's title block.
    placed : sequence of Placed
        Every answer of the report, in the order of its pages.
    colour : str
        Of heads and links, RRGGBB.
    """
    set_widths(sheet, CONTENTS_WIDTHS)
    put(sheet, 1, 1, f"{about.company} · deal post-mortem · {about.quarter}", font(bold=True, size=15))
    put(sheet, 2, 1, f"{about.deals} · as of {about.as_of} · {about.rows}", font())
    prepared = f"Prepared by {about.prepared_by}" if about.prepared_by else ""
    put(sheet, 3, 1, " · ".join(filter(None, (prepared, about.confidentiality))), font(colour=MUTED))
    put_heads(sheet, 4, HEADS, CONTENTS_WIDTHS, colour)
    for line, each in enumerate(placed, start=5):
        _write_entry(sheet, line, each, colour)
    sheet.freeze_panes, sheet.print_title_rows = "B5", "4:4"
    if placed:
        sheet.auto_filter.ref = f"A4:H{len(placed) + 4}"
    put_paragraph(sheet, len(placed) + 6, f"Where the figures come from: {about.provenance}", CONTENTS_WIDTHS[:4])
    make_printable(sheet, about.confidentiality or f"{about.company} · {about.quarter}")


def _write_entry(sheet: Worksheet, line: int, placed: Placed, colour: str) -> None:
    """Write one line of the contents, as high as its longest text."""
    result = placed.result
    if placed.sheet:
        put_link(sheet, line, 1, placed.sheet, placed.sheet, colour)
    refused = result.status == "refused"
    unlock = " ".join(filter(None, (sentence(result.unlock), found(result)))) if refused else ""
    texts = {2: placed.page, 3: result.headline, 4: result.question, 5: STATUS[result.status], 8: unlock}
    for at, text in texts.items():
        put(sheet, line, at, text)
    if placed.of_deals:
        for at, number in ((6, result.n_used), (7, result.n_in)):
            sheet.cell(line, at, number).number_format = FORMATS["count"]
    for at in range(1, len(HEADS) + 1):
        sheet.cell(line, at).alignment = aligned(
            wrap=True, right=HEADS[at - 1][1], indent=int(at > 1 and not HEADS[at - 1][1])
        )
    lines = max(lines_of(text, CONTENTS_WIDTHS[at - 1] * 0.95) for at, text in texts.items())
    sheet.row_dimensions[line].height = LINE * lines + 3


def write_answer(sheet: Worksheet, placed: Placed, foot: str, colour: str) -> None:
    """Write one answer: sentence, first table under frozen heads, caveats, further tables, how it was worked out.

    Parameters
    ----------
    sheet : Worksheet
        Empty.
    placed : Placed
        The answer, redacted already where the reader must not see all of it.
    foot : str
        What is printed below it.
    colour : str
        Of heads and links, RRGGBB.
    """
    from openpyxl.utils import get_column_letter

    result = placed.result
    tables = sorted((t for t in result.tables.values() if len(t.rows) and fields_of(t)), key=lambda t: t.detail)
    widths = _widths(tables)
    set_widths(sheet, widths)
    across = _read_across(widths)
    put_paragraph(sheet, 1, result.headline, across, bold=True, size=13)
    put_link(sheet, 2, 1, f"← {CONTENTS}", CONTENTS, colour)
    put(sheet, 2, 2, f"{placed.page}: {result.question}", font(colour=MUTED))
    notes = ("To know before repeating these figures", result.caveats)
    line = 3
    for number, table in enumerate(tables):
        last = _write_table(sheet, line, table, widths, colour)
        if number == 0:
            sheet.freeze_panes = f"A{line + 2}"
            # On paper heads repeated over another table would be wrong ones.
            if len(tables) == 1:
                sheet.print_title_rows = f"{line + 1}:{line + 1}"
            if len(table.rows) >= FILTERED_FROM:
                sheet.auto_filter.ref = f"A{line + 1}:{get_column_letter(len(fields_of(table)))}{last}"
            last = _write_notes(sheet, last + 2, *notes, across)
        line = last + 2
    if not tables:
        line = _write_notes(sheet, line + 1, *notes, across) + 2
    used = f"{result.n_used:,} of {count(result.n_in, 'deal')} of all quarters at hand were used."
    _write_notes(sheet, line, "How this was worked out", filter(None, (result.method, used * placed.of_deals)), across)
    make_printable(sheet, foot)


def _write_table(sheet: Worksheet, line: int, table: Table, widths: Sequence[float], colour: str) -> int:
    """Write title, heads and rows of a table from `line` on; return its last line."""
    fields = fields_of(table)
    put(sheet, line, 1, table.title, font(bold=True))
    put_heads(sheet, line + 1, [(field.head, field.is_numeric) for field in fields], widths, colour)
    last = line + 1
    for last, record in enumerate(table.records[:MOST_ROWS], start=line + 2):
        put_row(sheet, last, fields, record, widths)
    if len(table.rows) > MOST_ROWS:
        last += 1
        put(sheet, last, 1, f"{len(table.rows) - MOST_ROWS:,} further rows are in the CSV file of this table.")
    return last


def _write_notes(sheet: Worksheet, line: int, head: str, texts: Iterable[str], across: Sequence[float]) -> int:
    """Write a heading with paragraphs below it; return the last line, two lines before where there are none."""
    paragraphs = list(texts)
    if not paragraphs:
        return line - 2
    put(sheet, line, 1, head, font(bold=True, colour=MUTED))
    for at, text in enumerate(paragraphs, start=1):
        put_paragraph(sheet, line + at, text, across)
    return line + len(paragraphs)


def _widths(tables: Sequence[Table]) -> list[float]:
    """Return how wide each column is: as its longest value in any of the tables, within bounds.

    Empty columns follow narrow tables, so that paragraphs are wide enough to be read.
    """
    widths: list[float] = []
    for table in tables:
        records = table.records[:ROWS_MEASURED]
        for at, field in enumerate(fields_of(table)):
            widths += [NARROWEST] * (at + 1 - len(widths))
            longest = max((_letters(record, field) for record in records), default=0)
            widths[at] = min(max(widths[at], longest + 2.0, len(field.head) / 2.5), WIDEST)
    while sum(widths) < READ_ACROSS - NARROWEST:
        widths.append(NARROWEST)
    return widths


def _letters(record: dict[str, object], field: Field) -> int:
    value = cell_value(record, field)
    return 0 if value is None else len(value if isinstance(value, str) else value_of(record[field.name], field.column))


def _read_across(widths: Sequence[float]) -> list[float]:
    """Return the widths of the columns over which a paragraph is written: as many as are read at once."""
    taken: list[float] = []
    for width in widths:
        if taken and sum(taken) + width > READ_ACROSS + NARROWEST:
            break
        taken.append(width)
    return taken
