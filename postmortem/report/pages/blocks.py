"""A result as a page shows it: sentence, picture, tables as text, caveats, method."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from postmortem.display import Written, written
from postmortem.ground.markup import markdown
from postmortem.report.notebooks.pictures import NO_PICTURE, Picture, picture
from postmortem.result import Result

FULL_WIDTH, CARD_WIDTH = 8.0, 5.5


@dataclass(frozen=True)
class Prose:
    """Markdown of a notebook, rendered."""

    html: Markup
    kind: str = "prose"


@dataclass(frozen=True)
class Answer:
    """One result on a page; all but the picture's address and a rendered note is text that the template escapes."""

    anchor: str
    question: str
    headline: str
    status: str
    tables: tuple[Written, ...]
    caveats: tuple[str, ...]
    unlock: str
    where: str
    by: str
    method: str
    used: str
    picture: Picture = NO_PICTURE
    note: Markup | None = None
    kind: str = "answer"


def prose(text: str) -> Prose | None:
    """Render a Markdown cell without its first-level heading, which the page's title says already."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("# ")).strip()
    return Prose(markdown(body)) if body else None


def answer(result: Result, width: float = FULL_WIDTH) -> Answer:
    """Make the block of one result, its picture drawn from its tables `width` inches wide."""
    return Answer(
        anchor=anchor(result),
        question=result.question,
        headline=result.headline,
        status=result.status,
        tables=tuple(table for table in map(written, result.tables.values()) if table.heads),
        caveats=result.caveats,
        unlock=sentence(result.unlock),
        where=found(result),
        by=by_when(result),
        method=result.method,
        used=f"{result.n_used:,} of {result.n_in:,} deals of all quarters at hand were used.",
        picture=picture(result, width),
    )


def sentence(text: str) -> str:
    """Return a phrase as a sentence of its own."""
    return f"{text[0].upper()}{text[1:]}." if text else ""


def found(result: Result) -> str:
    """Say where what a refused question lacks is found; nothing where that is not known."""
    return f"Where: {result.gap.where}." if result.gap is not None and result.gap.where else ""


def by_when(result: Result) -> str:
    """Say by when what a refused question lacks is there; nothing where that is not known."""
    return f"By when: {result.gap.arrives}." if result.gap is not None else ""


def anchor(result: Result) -> str:
    """Return the place of a result on its page: its analysis and what it was asked with."""
    told = [str(value) for name, value in sorted(result.params.items()) if isinstance(value, str)]
    return re.sub(r"[^a-z0-9]+", "-", "-".join([result.analysis, *told]).lower()).strip("-")


def address(page: str, result: Result) -> str:
    """Return the address of a result's section on the page of that name."""
    return f"{page}.html#{anchor(result)}"
