"""What a report or one of its pages cannot say yet, by what unlocks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postmortem.report.pages.blocks import anchor, by_when, found, sentence
from postmortem.result import Result


@dataclass(frozen=True)
class Question:
    """One question without an answer: its words, and on its own page its heading, its place and its method."""

    text: str
    heading: str = ""
    anchor: str = ""
    method: str = ""


@dataclass(frozen=True)
class NotYet:
    """What unlocks questions that the record cannot answer yet: the questions, how far the data are, and by when."""

    questions: tuple[Question, ...]
    gaps: tuple[tuple[str, str], ...]
    unlock: str
    where: str


def of_report(results: Sequence[Result]) -> list[NotYet]:
    """Return the refused questions of a whole report by what unlocks them, each told once."""
    return _by_remedy([(Question(result.question), result) for result in results if result.status == "refused"])


def of_page(refused: Sequence[tuple[str, Result]]) -> list[NotYet]:
    """Return the refused questions of a page by what unlocks them, with their headings and where they stand."""
    return _by_remedy(
        [(Question(result.question, heading, anchor(result), result.method), result) for heading, result in refused]
    )


def _by_remedy(asked: Sequence[tuple[Question, Result]]) -> list[NotYet]:
    """Group by remedy; a question without one stands for itself, by what is missing."""
    remedies: dict[tuple[str, str], tuple[dict[Question, None], dict[tuple[str, str], None]]] = {}
    for question, result in asked:
        gap = (f"Missing: {'; '.join(result.what_is_missing)}.", by_when(result))
        remedy = (sentence(result.unlock), found(result))
        questions, gaps = remedies.setdefault(remedy if any(remedy) else gap, ({}, {}))
        questions[question] = gaps[gap] = None
    return [
        NotYet(tuple(questions), tuple(gaps), *(remedy if remedy not in gaps else ("", "")))
        for remedy, (questions, gaps) in remedies.items()
    ]
