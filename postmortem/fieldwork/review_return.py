"""A review sheet that comes back: recognised, checked cell by cell, and turned into rows for the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from postmortem.book import Book
from postmortem.fieldwork.review_form import LOST_ONLY, TOLD, VERSION, Form, Question
from postmortem.fieldwork.review_sheet import ABOUT, DEALS_BELOW, MADE_WITH, REVIEW, Made
from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.ground.formats import count
from postmortem.intake.delimited import Row
from postmortem.intake.opening import refuse_other_kinds, unpacked
from postmortem.intake.workbook import read_workbook

LONGEST_TEXT: Final = 10_000
SHOWN: Final = 60
ZIP: Final = b"PK\x03\x04"
Rater = Literal["manager", "analyst"]
Cells = dict[str, str]


@dataclass
class Returned:
    """What a sheet says.

    Attributes
    ----------
    made : Made
        What it was made for.
    reviews, reasons : list of dict
        Rows of these tables.
    answered : list of str
        Deals with at least one answer.
    unanswered : int
        Questions about the causes left empty on these deals.
    """

    made: Made
    reviews: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    unanswered: int = 0

    def table(self, name: Literal["reviews", "reasons"]) -> pd.DataFrame:
        """Return the rows of one table."""
        rows = self.reviews if name == "reviews" else self.reasons
        return pd.DataFrame(rows, columns=list(schema.table(name).names))


def read_return(file: Path, form: Form, book: Book, rater: Rater, rater_id: str, at: dt.datetime) -> Returned:
    """Read a sheet that was filled in.

    Parameters
    ----------
    file : Path
        The workbook.
    form : Form
        The form as it is now.
    book : Book
        The engagement's book.
    rater : {"manager", "analyst"}
        Who filled it in.
    rater_id : str
        Which one.
    at : datetime
        When the sheet came back, with a zone.

    Raises
    ------
    DataError
        For a file that is no review sheet, or one of another engagement, version or taxonomy; for moved columns,
        deleted rows and cells that cannot be read, all of them at once with their addresses; and for an empty one.
    """
    data = unpacked(file, file.name)
    refuse_other_kinds(data, file.name)
    if not data.startswith(ZIP):
        raise DataError(f"{file.name} is no workbook.", expected=".xlsx", do="save the sheet as .xlsx (Excel 2007-365)")
    made = _recognised(file.name, read_workbook(data, file.name, sheet=ABOUT, decimal=".").rows, form, book)
    rows = read_workbook(data, file.name, sheet=REVIEW, decimal=".").rows
    _refuse(file.name, _moved(rows, form.questions), "the columns have been moved, renamed or deleted")
    body, faults = _by_deal(rows[1:], form.questions, made, book)
    result = Returned(made)
    outcomes = book.deals.set_index("deal_id")["outcome"]
    told = {"rater_type": rater, "rater_id": rater_id, "recorded_at": at, "taxonomy_version": form.taxonomy.stamp}
    for line, (deal_id, cells) in body.items():
        reader = _Line(line, deal_id, outcomes[deal_id] == "lost", cells, form)
        reviews, reasons = reader.reviews(), reader.reasons()
        faults += reader.faults
        result.reviews += [{**row, "rater_id": rater_id, "recorded_at": at} for row in reviews]
        result.reasons += [{**row, **told} for row in reasons]
        if reviews or reasons:
            result.answered.append(deal_id)
            result.unanswered += len(form.causes) - len(reviews)
    _refuse(file.name, faults, "cells cannot be read")
    if not result.answered:
        raise DataError(
            f"Nothing is filled in on {file.name}, so nothing was stored.",
            expected="an answer on at least one deal",
            do="check that this is the copy that was filled in, and that it was saved",
        )
    return result


def _recognised(file: str, rows: Sequence[Row], form: Form, book: Book) -> Made:
    """Return what a sheet was made for, or refuse it."""
    told: dict[str, str] = {}
    deals: list[str] = []
    in_deals = False
    for row in rows:
        label, value = (*(cell.strip() for cell in row.cells), "", "")[:2]
        in_deals = label == DEALS_BELOW or (in_deals and not label)
        if in_deals and value:
            deals.append(value)
        elif label in MADE_WITH:
            told[label] = value
    lacking = [name for name in (*MADE_WITH, DEALS_BELOW) if name not in told and not (name == DEALS_BELOW and deals)]
    if lacking:
        raise DataError(
            f"{file} is no review sheet of ours: the sheet {ABOUT} does not say what it was made for.",
            rows=lacking,
            do="send back the workbook that postmortem review make wrote, with all its sheets",
        )
    made = Made(told["Company"], told["Quarter"], told["Taxonomy"], tuple(deals), told["Sheet version"])
    now = Made(book.meta.company, made.quarter, form.taxonomy.stamp, made.deals)
    others = zip(MADE_WITH, made.told, now.told, strict=True)
    wrong = [(name, got, expected) for name, got, expected in others if got != expected]
    if wrong:
        raise DataError(
            f"{file} was made for another engagement, or by another version.",
            got="; ".join(f"{name} {got or '(empty)'}" for name, got, _ in wrong),
            expected="; ".join(f"{name} {expected}" for name, _, expected in wrong),
            do=f"import it in its own engagement, or make the sheet again (this program writes version {VERSION})",
        )
    return made


def _moved(rows: Sequence[Row], questions: Sequence[Question]) -> list[str]:
    there = [cell.strip() for cell in rows[0].cells] if rows and rows[0].line == 1 else []
    width = max(len(there), len(questions))
    got = [*there, *[""] * (width - len(there))]
    expected = [*(question.head for question in questions), *[""] * (width - len(questions))]
    pairs = enumerate(zip(got, expected, strict=True))
    return [_fault(at, 1, here, f"the head {wanted!r}" if wanted else "no further column")
            for at, (here, wanted) in pairs if " ".join(here.split()) != " ".join(wanted.split())]  # fmt: skip


def _by_deal(
    rows: Sequence[Row], questions: Sequence[Question], made: Made, book: Book
) -> tuple[dict[int, tuple[str, Cells]], list[str]]:
    """Return by line the deal and its cells, and what is wrong with the rows as such."""
    known, at = set(book.deals["deal_id"]), {name: TOLD.index(name) for name in ("number", "deal_id")}
    body: dict[int, tuple[str, Cells]] = {}
    faults: list[str] = []
    seen: set[str] = set()
    for row in rows:
        cells = [*(cell.strip() for cell in row.cells), *[""] * len(questions)]
        deal_id, number = cells[at["deal_id"]], cells[at["number"]]
        place = str(made.deals.index(deal_id) + 1) if deal_id in made.deals else ""
        if not place:
            faults.append(_fault(at["deal_id"], row.line, deal_id, "the id of a deal of this sheet"))
        elif deal_id in seen:
            faults.append(_fault(at["deal_id"], row.line, deal_id, "each deal once"))
        elif deal_id not in known:
            faults.append(_fault(at["deal_id"], row.line, deal_id, "a deal of this engagement: it is not in the book"))
        elif number != place:
            faults.append(_fault(at["number"], row.line, number, f"{place}, the number of {deal_id}: cells were moved"))
        else:
            named = {f"{each.kind} {each.name}": cell for each, cell in zip(questions, cells, strict=False)}
            body[row.line] = (deal_id, named)
        seen.add(deal_id)
    faults += [f"deleted row: deal {each} (no. {n})" for n, each in enumerate(made.deals, 1) if each not in seen]
    return body, faults


@dataclass
class _Line:
    """One row of the sheet, read cell by cell."""

    line: int
    deal_id: str
    is_lost: bool
    cells: Mapping[str, str]
    form: Form
    faults: list[str] = field(default_factory=list)

    def reviews(self) -> list[dict[str, Any]]:
        """Return one row a cause that was answered."""
        rows = []
        for code in self.form.causes:
            answer, evidence = self._choice("answer", code), self._text("evidence", code)
            if answer:
                rows.append({"deal_id": self.deal_id, "question": code, "answer": answer, "evidence": evidence})
            elif evidence and not self.cells[f"answer {code}"]:
                self._wrong("answer", code, "yes, no or don't know, because the cell beside it says what shows it")
        return rows

    def reasons(self) -> list[dict[str, Any]]:
        """Return the rater's word on a lost deal: a primary reason, one beside it, and to whom."""
        if not self.is_lost:
            for name in LOST_ONLY:
                if self.cells[f"{name} {name}"]:
                    self._wrong(name, name, "an empty cell: the deal was not lost")
            return []
        taker = self._choice("lost_to", "lost_to")
        primary, beside = (self._choice(rank, rank) for rank in ("primary", "contributing"))
        words = self._text("words", "words")
        if primary and primary == beside:
            self._wrong("contributing", "contributing", "another reason than the main one, or an empty cell")
        told = {"deal_id": self.deal_id, "lost_to": taker}
        rows = [{**told, "code": beside, "rank": "contributing"}] if beside else []
        if primary or (not beside and (taker or words)):
            rows.insert(0, {**told, "code": primary, "rank": "primary"})
        return [{**rows[0], "text": words}, *rows[1:]] if rows else []

    def _choice(self, kind: Any, name: str) -> str | None:
        text = self.cells[f"{kind} {name}"]
        code = self.form.code_of(kind, text) if text else None
        if text and code is None:
            choices = list(self.form.choices(kind).values())
            shown = ", ".join(choices) if len(choices) < 6 else "one of the reasons on the sheet Definitions"
            self._wrong(kind, name, shown)
        return code

    def _text(self, kind: str, name: str) -> str | None:
        text = self.cells[f"{kind} {name}"]
        if len(text) > LONGEST_TEXT:
            self._wrong(kind, name, f"at most {LONGEST_TEXT:,} letters, not {len(text):,}")
        return text or None

    def _wrong(self, kind: str, name: str, expected: str) -> None:
        at = next(n for n, each in enumerate(self.form.questions) if (each.kind, each.name) == (kind, name))
        self.faults.append(_fault(at, self.line, self.cells[f"{kind} {name}"], expected))


def _fault(column: int, line: int, got: str, expected: str) -> str:
    from openpyxl.utils import get_column_letter

    shown = got if len(got) <= SHOWN else f"{got[:SHOWN]}…"
    return f"{get_column_letter(column + 1)}{line}: got {shown!r}, expected {expected}"


def _refuse(file: str, faults: Sequence[str], what: str) -> None:
    if faults:
        raise DataError(
            f"{file} cannot be imported: {what}. Nothing was stored ({count(len(faults), 'fault')}).",
            rows=faults,
            do="correct these cells and import the sheet again",
        )
