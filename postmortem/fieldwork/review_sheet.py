"""The review sheet: one workbook with a row a deal, choices to pick from, and what every question means.

Text from a CRM is written as text, whatever it begins with, so that no spreadsheet takes it for a formula.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from postmortem.fieldwork.review_form import VERSION, Form, Question

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

REVIEW, DEFINITIONS, ABOUT = "Review", "Definitions", "About"
MADE_WITH: Final = ("Sheet version", "Company", "Quarter", "Taxonomy")
DEALS_BELOW: Final = "Deals on this sheet"
LONGEST, LONGEST_COMMENT = 300, 600
WIDTHS: Final[Mapping[str, float]] = {
    "number": 5, "deal_id": 21, "account": 24, "deal": 28, "outcome": 9, "amount": 13, "segment": 15, "answer": 14,
    "evidence": 34, "lost_to": 20, "primary": 26, "contributing": 26, "words": 44,
}  # fmt: skip
ROW_HEIGHT, HEAD_HEIGHT = 46.0, 64.0
# Of texts in a column 90 to 100 wide: spreadsheets do not find the height of a row that they did not write.
LINE_HEIGHT, LETTERS_A_LINE = 15.0, 88
TINTS: Final = {"head": "1F3A4D", "told": "F1F3F4", "lost": "D9DCDE", "answer": "FFF8E1"}

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Made:
    """What a sheet says of itself, by which its return is recognised."""

    company: str
    quarter: str
    taxonomy: str
    deals: tuple[str, ...]
    version: str = VERSION

    @property
    def told(self) -> tuple[str, ...]:
        """The values of `MADE_WITH`, in order, as they stand on the sheet."""
        return tuple(plain_text(each) for each in (self.version, self.company, self.quarter, self.taxonomy))


def plain_text(value: object, longest: int = LONGEST) -> str:
    """Return text that a cell can hold: no control or direction characters, and not longer than it can be read."""
    text = _FORBIDDEN.sub(" ", "" if value is None or value != value else str(value)).strip()
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def write_sheet(file: Path, form: Form, made: Made, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the workbook.

    Parameters
    ----------
    file : Path
        Where to.
    form : Form
        Columns, choices and words.
    made : Made
        What the sheet says of itself.
    rows : sequence of mapping
        One a deal, in order: the values of `review_form.TOLD`; of ``outcome`` *won* and *lost*.
    """
    from openpyxl import Workbook

    book = Workbook()
    review = book.active
    if review is None:
        review = book.create_sheet()
    review.title = REVIEW
    ranges = _definitions(book, form)
    _heads(review, form)
    for line, row in enumerate(rows, start=2):
        _row(review, line, form.questions, row)
    _choices(review, form, ranges, len(rows))
    _printable(review)
    review.freeze_panes = "D2"
    _about(book, form, made)
    book.properties.creator = "postmortem"
    book.save(file)


def put(sheet: Worksheet, line: int, column: int, value: object, longest: int = LONGEST) -> Any:
    """Write text as text: marked as such, so that it stays text when somebody edits the cell."""
    cell = sheet.cell(line, column)
    cell.value = plain_text(value, longest)
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell


def _heads(sheet: Worksheet, form: Form) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for column, question in enumerate(form.questions, start=1):
        cell = put(sheet, 1, column, question.head)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color=TINTS["head"])
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        if question.comment:
            note = Comment(plain_text(question.comment, LONGEST_COMMENT), "postmortem")
            note.width, note.height = 360, 150
            cell.comment = note
        width = WIDTHS[question.name if question.kind == "told" else question.kind]
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.row_dimensions[1].height = HEAD_HEIGHT


def _row(sheet: Worksheet, line: int, questions: Sequence[Question], row: Mapping[str, Any]) -> None:
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    line_below = Border(bottom=Side(style="thin", color="B0B7BC"))
    for column, question in enumerate(questions, start=1):
        value = row[question.name] if question.kind == "told" else ""
        if question.name in ("number", "amount") and value == value and value is not None:
            cell: Any = sheet.cell(line, column, value)
            cell.number_format = "#,##0"
        elif question.kind == "told":
            cell = put(sheet, line, column, value)
        else:
            cell = sheet.cell(line, column)
            # As text, so that a day or a number typed here stays what was typed.
            cell.number_format = "@"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.border = line_below
        if question.kind not in ("told", "answer", "evidence") and row["outcome"] == "won":
            cell.fill = PatternFill("solid", start_color=TINTS["lost"])
        elif question.kind in ("told", "answer"):
            cell.fill = PatternFill("solid", start_color=TINTS[question.kind])
    sheet.row_dimensions[line].height = ROW_HEIGHT


def _definitions(book: Workbook, form: Form) -> dict[str, str]:
    """Write what can be chosen and what it means; return by kind the range of its choices."""
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(DEFINITIONS)
    parts: list[tuple[str, tuple[str, ...], list[tuple[str, str]]]] = [
        ("Answers", ("answer",), [(label, "") for label in form.choices("answer").values()]),
        ("Lost to", ("lost_to",), [(label, form.words["lost_to_meaning"][code])
                                   for code, label in form.choices("lost_to").items()]),
        ("Reasons", ("primary", "contributing"), [(label, form.taxonomy.reason(code).definition)
                                                  for code, label in form.reasons.items()]),
    ]  # fmt: skip
    line, ranges = 1, dict[str, str]()
    for title, kinds, choices in parts:
        put(sheet, line, 1, title).font = Font(bold=True, size=12)
        for offset, (label, meaning) in enumerate(choices, start=1):
            put(sheet, line + offset, 1, label).alignment = Alignment(vertical="top", wrap_text=True)
            put(sheet, line + offset, 2, meaning, 2_000).alignment = Alignment(wrap_text=True, vertical="top")
            sheet.row_dimensions[line + offset].height = LINE_HEIGHT * (1 + len(meaning) // LETTERS_A_LINE)
        span = f"'{DEFINITIONS}'!$A${line + 1}:$A${line + len(choices)}"
        ranges |= dict.fromkeys(kinds, span)
        line += len(choices) + 2
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 100
    _printable(sheet)
    return ranges


def _choices(sheet: Worksheet, form: Form, ranges: Mapping[str, str], rows: int) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for kind, span in ranges.items():
        rule = DataValidation(type="list", formula1=span, allow_blank=True, showErrorMessage=True)
        rule.errorTitle, rule.error = "Not one of the choices", "Choose from the list, or leave the cell empty."
        for column, question in enumerate(form.questions, start=1):
            if question.kind == kind and rows:
                letter = get_column_letter(column)
                rule.add(f"{letter}2:{letter}{rows + 1}")
        sheet.add_data_validation(rule)


def _printable(sheet: Worksheet) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 8 if sheet.title == REVIEW else 9
    # The questions take two pages side by side, each with the deal they are about; on one nobody could read them.
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 2 if sheet.title == REVIEW else 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    if sheet.title == REVIEW:
        sheet.print_title_cols = "A:D"


def _about(book: Workbook, form: Form, made: Made) -> None:
    """Write what the sheet is, how to fill it in, and what recognises it when it comes back."""
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(ABOUT, 0)
    put(sheet, 1, 1, f"{form.words['title']}: {made.company}, {made.quarter}").font = Font(bold=True, size=14)
    texts = [form.words["hindsight"], *form.words["how_to"]]
    for line, text in enumerate(texts, start=3):
        cell = put(sheet, line, 1, text, 2_000)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.merge_cells(start_row=line, start_column=1, end_row=line, end_column=2)
        sheet.row_dimensions[line].height = LINE_HEIGHT * (1 + len(text) // LETTERS_A_LINE)
    start = len(texts) + 4
    for line, (name, value) in enumerate(zip(MADE_WITH, made.told, strict=True), start=start):
        put(sheet, line, 1, name)
        put(sheet, line, 2, value)
    put(sheet, start + len(MADE_WITH), 1, DEALS_BELOW)
    for line, deal_id in enumerate(made.deals, start=start + len(MADE_WITH)):
        put(sheet, line, 2, deal_id)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 90
    _printable(sheet)
    book.active = 0
