"""Commands about deal reviews: `review make` writes what people fill in, `review import` keeps what comes back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from postmortem.cli.console import AsJson, emit, say

app = typer.Typer(help="Deal reviews: read the costliest losses, and won deals like them.", no_args_is_help=True)
Folder = Annotated[
    Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
]


@app.callback()
def review() -> None:
    """Have lost deals read by people who know them, and keep what they find."""


@app.command()
def make(
    quarter: Annotated[str, typer.Option("--quarter", "-q", help="2025Q3, FY26Q1 or last.")] = "last",
    top: Annotated[int, typer.Option(min=1, max=60, help="How many of the costliest losses.")] = 10,
    matched_wins: Annotated[
        bool, typer.Option("--matched-wins/--losses-only", help="Ask the same of won deals like the lost ones.")
    ] = True,
    folder: Folder = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder; reviews/QUARTER.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a page on each of the costliest losses and their won twins, and one sheet to fill in."""
    from postmortem.fieldwork.deal_review import choose, write_review
    from postmortem.fieldwork.review_form import read_form
    from postmortem.frames.engagement import Engagement
    from postmortem.ground.formats import count

    engagement = Engagement.open(folder)
    book = engagement.book()
    form = read_form(engagement.folder, book.taxonomy)
    cohort = engagement.frame(quarter, book=book)
    chosen = choose(cohort, top, matched_wins=matched_wins)
    place = output or engagement.folder / "reviews" / cohort.focus.label
    sheet = write_review(place, cohort, engagement.config, form, chosen, progress=say)
    losses, wins = len(chosen.rows) - len(chosen.twins), len(chosen.twins)
    lines = [f"{sheet}: {count(losses, 'lost deal')} and {count(wins, 'won deal')} like them, a page each beside it."]
    if chosen.alone:
        alone = ", ".join(chosen.alone)
        lines.append(f"No won deal is near enough (segment, stage, half to twice the amount) to: {alone}.")
    lines.append(f"When it comes back: postmortem review import {sheet.name} --as manager --rater NAME")
    told = {
        "written": str(sheet), "quarter": cohort.focus.label, "lost": losses, "won": wins, "twins": chosen.twins,
        "without_twin": list(chosen.alone),
    }  # fmt: skip
    emit(told, "\n".join(lines), as_json)


@app.command("import")
def import_(
    sheet: Annotated[Path, typer.Argument(help="The workbook that was filled in.")],
    rater: Annotated[Literal["manager", "analyst"], typer.Option("--as", help="Who filled it in.")],
    rater_id: Annotated[str, typer.Option("--rater", help="Their name, as in the CRM.")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Check a sheet cell by cell and keep its answers; the same sheet twice changes nothing."""
    from postmortem.fieldwork.review_form import read_form
    from postmortem.fieldwork.review_return import read_return
    from postmortem.frames.engagement import Engagement
    from postmortem.ground.errors import ROWS_SHOWN, DataError, UsageError
    from postmortem.ground.formats import count
    from postmortem.intake.stored_fieldwork import add_fieldwork

    if not rater_id.strip():
        raise UsageError("The reviewer's name is needed.", expected="--rater NAME")
    if not sheet.is_file():
        raise UsageError("There is no such sheet.", got=str(sheet), expected="the workbook of postmortem review make")
    engagement = Engagement.open(folder)
    book = engagement.book()
    form = read_form(engagement.folder, book.taxonomy)
    try:
        found = read_return(sheet, form, book, rater, rater_id.strip(), dt.datetime.now(dt.UTC))
    except DataError as error:
        # All faults of a sheet are told at once; the message itself shows the first few.
        for fault in error.rows[ROWS_SHOWN:] and error.rows:
            say(fault)
        raise
    kept = {name: add_fieldwork(name, found.table(name), engagement.config)
            for name in ("reviews", "reasons") if len(found.table(name))}  # fmt: skip
    counted = {name: {"added": each.added, "replaced": each.replaced, "unchanged": each.unchanged}
               for name, each in kept.items()}  # fmt: skip
    empty = len(found.made.deals) - len(found.answered)
    lines = [
        f"{sheet.name}: {count(len(found.answered), 'deal')} answered, {empty} left empty, "
        f"{count(found.unanswered, 'question')} on answered deals without an answer."
    ]
    lines += [f"{each.file.parent.name}/{each.file.name}: {each.added} added, {each.replaced} replaced, "
              f"{each.unchanged} there already." for each in kept.values()]  # fmt: skip
    told = {
        "quarter": found.made.quarter, "rater_type": rater, "rater_id": rater_id.strip(),
        "deals_answered": len(found.answered), "deals_empty": empty, "questions_unanswered": found.unanswered,
        "kept": counted,
    }  # fmt: skip
    emit(told, "\n".join(lines), as_json)
