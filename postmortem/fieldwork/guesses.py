"""Guesses about a quarter, sealed: one a person and question, with a date, and never changed afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from postmortem.book import Book
from postmortem.ground.config import Config
from postmortem.ground.errors import DataError, UsageError, nearest
from postmortem.ground.guesses import QUESTIONS, SHARES, TOP_REASON, share_of
from postmortem.ground.worksheets import one_line
from postmortem.intake.reading import Settings, read_table
from postmortem.intake.stored_fieldwork import Kept, add_fieldwork
from postmortem.taxonomies import Taxonomy


def read_answers(sheet: Path) -> dict[str, str]:
    """Read guesses from a sheet with the columns ``question`` and ``value``.

    Raises
    ------
    DataError
        When it cannot be read or lacks a column, or a question stands twice.
    """
    raw = read_table(sheet, sheet.name, Settings())
    if not {"question", "value"} <= set(raw.headers):
        raise DataError(f"{sheet.name} is no sheet of guesses.", got=", ".join(raw.headers), expected="question, value")
    answers = raw.frame.dropna(subset=["question", "value"])
    twice = answers.loc[answers["question"].duplicated(), "question"]
    if len(twice):
        raise DataError(f"{sheet.name} answers a question twice.", got=", ".join(twice), do="keep one answer of each")
    return dict(zip(answers["question"], answers["value"], strict=True))


def seal(
    config: Config, book: Book, quarter: str, person: str, answers: Mapping[str, str], sealed_at: dt.datetime
) -> Kept:
    """Keep the guesses of one person about one quarter, all of them or none.

    Parameters
    ----------
    config : Config
        The engagement.
    book : Book
        With the guesses that are known, its own and those of an export.
    quarter, person : str
        About what, and whose.
    answers : mapping of str to str
        Question to answer; empty answers are left out.
    sealed_at : datetime
        When.

    Raises
    ------
    UsageError
        When nobody or nothing is named, an answer cannot be meant, or the person has guessed it before.
    """
    name = one_line(person)
    given = {question: one_line(text) for question, text in answers.items() if one_line(text)}
    if not name or not given:
        raise UsageError(
            "A guess needs a person and an answer.", got=f"{name or 'nobody'}, {len(given)} answers",
            expected="--as NAME and at least one of " + ", ".join(QUESTIONS),
        )  # fmt: skip
    faults = [fault for question, text in given.items() if (fault := _fault(question, text, book.taxonomy))]
    known = book.table("guesses")
    same = (known["quarter"] == quarter) & (known["rater_id"].str.casefold() == name.casefold())
    for row in known[same & known["question"].isin(given)].to_dict("records"):
        day = "an unknown day" if pd.isna(row["sealed_at"]) else f"{row['sealed_at']:%Y-%m-%d}"
        faults.append(f"{row['question']}: {row['rater_id']} sealed {row['value']} on {day}")
    if faults:
        raise UsageError(
            f"{len(faults)} of {len(given)} guesses cannot be sealed, so none was.", rows=faults,
            do="correct what cannot be meant; what is sealed stays, a second guess would know more than the first",
        )  # fmt: skip
    rows = [
        {"quarter": quarter, "rater_id": name, "question": question, "sealed_at": sealed_at,
         "value": _meant(question, text, book.taxonomy)}
        for question, text in given.items()
    ]  # fmt: skip
    return add_fieldwork("guesses", pd.DataFrame(rows), config)


def _fault(question: str, text: str, taxonomy: Taxonomy) -> str:
    """Say why an answer cannot be meant; nothing where it can."""
    if question not in QUESTIONS:
        return f"{question}: there is no such question, {nearest(question, list(QUESTIONS))}"
    if question in SHARES and share_of(text) is None:
        return f"{question}: got {text!r}, expected a share such as 40% or 0.4"
    if question == TOP_REASON and _code(text, taxonomy) is None:
        return f"{question}: got {text!r}, expected a code; {nearest(text, taxonomy.assignable)}"
    return ""


def _meant(question: str, text: str, taxonomy: Taxonomy) -> str:
    if question in SHARES:
        return f"{share_of(text):.4g}"
    return (_code(text, taxonomy) or text) if question == TOP_REASON else text


def _code(text: str, taxonomy: Taxonomy) -> str | None:
    """Return the code that is named by itself or by its label."""
    labels = {taxonomy.reason(code).label.casefold(): code for code in taxonomy.assignable}
    code = taxonomy.successor(text) or labels.get(text.casefold())
    return code if code in taxonomy.assignable else None
