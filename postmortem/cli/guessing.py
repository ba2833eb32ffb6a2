"""The command `guess`: what leaders expect of a quarter, sealed with a date before the figures are known."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from postmortem.cli.console import AsJson, emit, say


def guess(
    person: Annotated[str, typer.Option("--as", help="Whose guess it is: a name or a role.")],
    quarter: Annotated[
        str, typer.Option("--quarter", "-q", help="About which quarter: 2025Q3, FY26Q1 or last.")
    ] = "last",
    status_quo: Annotated[str, typer.Option(help="Share of the lost deals that end in no decision, such as 40%.")] = "",
    competitor: Annotated[str, typer.Option(help="Share of the lost deals that a competitor takes.")] = "",
    top_reason: Annotated[str, typer.Option(help="Reason written down most often, a code or its label.")] = "",
    worst_competitor: Annotated[str, typer.Option(help="Competitor that takes most deals.")] = "",
    sheet: Annotated[Path | None, typer.Option("--file", help="Sheet with the columns question and value.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seal a guess about a quarter, to be set beside the figures; what is sealed is never changed."""
    from postmortem.fieldwork.guesses import read_answers, seal
    from postmortem.frames.engagement import Engagement
    from postmortem.ground.guesses import QUESTIONS

    engagement = Engagement.open(folder)
    book = engagement.book()
    about = engagement.quarter(quarter, book).label
    options = (status_quo, competitor, top_reason, worst_competitor)
    answers = {question: text for question, text in zip(QUESTIONS, options, strict=True) if text}
    if sheet is not None:
        answers = read_answers(sheet) | answers
    if not answers and sys.stdin.isatty() and not as_json:
        say(f"Guesses of {person} about {about}; leave empty what you would rather not guess.")
        answers = {
            question: typer.prompt(f"{asked}", default="", show_default=False) for question, asked in QUESTIONS.items()
        }
    kept = seal(engagement.config, book, about, person, answers, dt.datetime.now(dt.UTC))
    lines = [f"{kept.added} of {person} about {about} sealed in {kept.file}."]
    if (engagement.folder / engagement.config.report.output / about / "manifest.json").is_file():
        lines.append(f"A report of {about} is there already: the guess will be marked as made afterwards.")
    emit({"written": str(kept.file), "quarter": about, "as": person, "sealed": kept.added}, "\n".join(lines), as_json)
