"""Cells of a workbook: values typed by role and unit, text that is never a formula, rows as high as their text.

Of every estimate the interval stands in two columns beside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from postmortem.display import NUMERIC, WITHHELD, head_text, shown_columns
from postmortem.ground.markup import UNWRITABLE
from postmortem.ground.spreadsheets import harmless
from postmortem.table import Column, Table

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

INK, MUTED, PAPER = "1F2933", "586470", "FFFFFF"
LONGEST = 32_000
"""Letters a cell is given at most; a spreadsheet holds 32,767."""
NARROWEST, WIDEST = 9.0, 42.0
LINE, MOST_LINES, SIZE = 15.0, 5, 11
FACE = "Calibri"
FORMATS: Final = {
    "share": "0.0%", "part": "0.0%", "points": "+0.0%;-0.0%;0.0%", "days": "#,##0.0", "quarters": "#,##0.0",
    "money": "#,##0", "count": "#,##0", "date": "yyyy-mm-dd",
}  # fmt: skip
TOLD_IN_HEAD: Final = ("points", "days", "quarters")
INTERVAL: Final = re.compile(r"\s*\([^()]*interval\)")
# Marks by which a spreadsheet takes the number of a letter for the letter.
ENCODED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True)
class Field:
    """One column of a sheet.

    Attributes
    ----------
    name : str
        Column of the table's frame.
    head : str
        Its heading, the unit included.
    column : Column
        What it is; of a bound of an interval, the estimate it belongs to.
    form : str
        How a spreadsheet is to show its values.
    """

    name: str
    head: str
    column: Column
    form: str

    @property
    def is_numeric(self) -> bool:
        """Whether its values stand to the right."""
        return self.column.role in NUMERIC


def fields_of(table: Table) -> tuple[Field, ...]:
    """Return the columns of a table as a sheet has them: those shown, the bounds of an interval beside its estimate."""
    made = []
    for column in shown_columns(table):
        unit = f", {column.unit}" if column.role == "estimate" and column.unit in TOLD_IN_HEAD else ""
        head, form = head_text(column) + unit, FORMATS.get(column.unit) or FORMATS.get(column.role, "General")
        made.append(Field(column.name, head, column, form))
        if column.low and column.high:
            of = INTERVAL.sub("", head)
            made += [Field(column.low, f"{of}: from", column, form), Field(column.high, f"{of}: to", column, form)]
    return tuple(made)


def value_of(record: dict[str, Any], field: Field) -> Any:
    """Return what a cell holds: a number, a day, a flag or text; None where nothing is known."""
    value = record[field.name]
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return WITHHELD if record.get("suppressed") is True and field.column.role in NUMERIC else None
    if isinstance(value, pd.Timestamp):
        # A spreadsheet counts its days from 1900 on.
        return value.tz_localize(None).to_pydatetime() if value.year > 1900 else f"{value:%Y-%m-%d}"
    if isinstance(value, str):
        return value
    value = value.item() if hasattr(value, "item") else value
    return int(value) if field.column.role == "count" and float(value).is_integer() else value


def plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, without letters that no file can hold."""
    text = ENCODED.sub("_x005F_", UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", harmless(text)))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


@cache
def font(
    *, colour: str = INK, bold: bool = False, italic: bool = False, underline: bool = False, size: float = SIZE
) -> Any:
    """Return the one face of a workbook in a colour (RRGGBB) and a size in points."""
    from openpyxl.styles import Font

    return Font(FACE, size, bold, italic, color=colour, underline="single" if underline else None)


@cache
def aligned(*, wrap: bool = False, right: bool = False, indent: int = 0, vertical: str = "top") -> Any:
    """Return how the text of a cell stands in it."""
    from openpyxl.styles import Alignment

    across = "right" if right else "left"
    return Alignment(horizontal=across, vertical=vertical, wrap_text=wrap, indent=indent)


def put(sheet: Worksheet, line: int, column: int, text: str, face: Any = None) -> Any:
    """Write text as text, whatever it begins with."""
    cell: Any = sheet.cell(line, column)
    cell.value = plain(text)
    cell.data_type = "s"
    if face is not None:
        cell.font = face
    return cell


def put_row(
    sheet: Worksheet, line: int, fields: Sequence[Field], record: dict[str, Any], widths: Sequence[float]
) -> None:
    """Write one row of a table, as high as its longest text; text stands apart from the number at its left."""
    most = 1
    for at, (field, width) in enumerate(zip(fields, widths, strict=False), start=1):
        value = value_of(record, field)
        if isinstance(value, str):
            withheld, lines = value == WITHHELD, lines_of(value, width - 1)
            cell = put(sheet, line, at, value, font(italic=True, colour=MUTED) if withheld else None)
            cell.alignment = aligned(wrap=lines > 1, right=withheld, indent=int(at > 1 and not withheld))
            most = max(most, lines)
        elif value is not None:
            cell = sheet.cell(line, at, value)
            cell.number_format = field.form
            cell.alignment = aligned(right=field.is_numeric, indent=int(at > 1 and not field.is_numeric))
    if most > 1:
        sheet.row_dimensions[line].height = LINE * most + 1


def put_heads(
    sheet: Worksheet, line: int, heads: Sequence[tuple[str, bool]], widths: Sequence[float], colour: str
) -> None:
    """Write one row of heads (text, whether numbers stand below it) on a ground of `colour` (RRGGBB)."""
    from openpyxl.styles import PatternFill

    ground = PatternFill("solid", start_color=colour)
    for at, (text, right) in enumerate(heads, start=1):
        cell = put(sheet, line, at, text, font(bold=True, colour=PAPER))
        cell.fill = ground
        cell.alignment = aligned(wrap=True, right=right, indent=int(at > 1 and not right), vertical="center")
    lines = [lines_of(text, width * 0.85) for (text, _), width in zip(heads, widths, strict=False)]
    sheet.row_dimensions[line].height = LINE * min(max(lines, default=1), MOST_LINES) + 4


def put_paragraph(
    sheet: Worksheet, line: int, text: str, widths: Sequence[float], *, bold: bool = False, size: float = SIZE
) -> None:
    """Write a text over the columns of `widths`, in a row as high as it needs: spreadsheets do not find that height."""
    cell = put(sheet, line, 1, text, font(bold=bold, size=size))
    cell.alignment = aligned(wrap=True)
    if len(widths) > 1:
        sheet.merge_cells(start_row=line, start_column=1, end_row=line, end_column=len(widths))
    sheet.row_dimensions[line].height = lines_of(text, sum(widths) * SIZE / size) * LINE * size / SIZE + 3


def put_link(sheet: Worksheet, line: int, column: int, text: str, place: str, colour: str) -> None:
    """Write a text that leads to the head of another sheet."""
    from openpyxl.worksheet.hyperlink import Hyperlink

    cell = put(sheet, line, column, text, font(colour=colour, underline=True))
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{place}'!A1")


def lines_of(text: str, width: float) -> int:
    """Return over how many lines a text breaks that is written `width` letters wide."""
    return sum(max(math.ceil(len(part) / width), 1) for part in text.split("\n"))


def set_widths(sheet: Worksheet, widths: Sequence[float]) -> None:
    """Make the columns of a sheet as wide as told, in letters."""
    from openpyxl.utils import get_column_letter

    for at, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width


def make_printable(sheet: Worksheet, foot: str) -> None:
    """Print a sheet lying and as wide as a page, `foot` and the number of the page below."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    # An ampersand begins a command there.
    below: Any = sheet.oddFooter
    below.left.text, below.right.text = plain(foot).replace("&", "&&")[:200], "&P / &N"
