"""Commands about interviews: `interviews plan` says whom to ask, `interviews check` takes in what they said."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postmortem.cli.console import AsJson, emit, say

if TYPE_CHECKING:
    from postmortem.fieldwork.interview_plan import Plan, Side
    from postmortem.frames.engagement import Engagement
    from postmortem.intake.filled_interviews import Filled
    from postmortem.intake.interview_rules import Scale

app = typer.Typer(help="Ask buyers: whom, how many, and what came of it.", no_args_is_help=True)
Folder = Annotated[
    Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
]
ScaleText = Annotated[str, typer.Option("--scale", help="Lowest and highest mark of the ratings.")]


@app.callback()
def interviews() -> None:
    """Plan interviews with buyers and take in what they said."""


@app.command()
def plan(
    quarter: Annotated[str, typer.Option("--quarter", "-q", help="Whose deals: 2025Q3, FY26Q1 or last.")] = "last",
    budget: Annotated[int, typer.Option(min=0, help="Interviews wanted with buyers of lost deals.")] = 20,
    wins: Annotated[int, typer.Option(min=0, help="Interviews wanted with buyers of won deals.")] = 10,
    response: Annotated[float, typer.Option(help="Share of losing buyers expected to give an interview.")] = 0.25,
    response_won: Annotated[float, typer.Option(help="The same of winning buyers.")] = 0.4,
    seed: Annotated[int | None, typer.Option(help="Seed of the draw; a fixed one unless told.")] = None,
    scale: ScaleText = "1-5",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of list, guides and sheet.")] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Draw lost and won deals at random and write whom to ask, a guide a deal, and the sheet to fill in."""
    from postmortem.fieldwork.interview_files import write_plan
    from postmortem.fieldwork.interview_plan import plan_interviews, rows_to_keep
    from postmortem.frames.engagement import Engagement
    from postmortem.intake.interview_rules import Scale
    from postmortem.intake.stored_fieldwork import add_fieldwork
    from postmortem.stats.stratified_draw import SEED

    marks, engagement = Scale.parse(scale), Engagement.open(folder)
    cohort = engagement.frame(quarter)
    drawn = plan_interviews(
        cohort, budget=budget, wins=wins, response=response, response_won=response_won,
        seed=SEED if seed is None else seed,
    )  # fmt: skip
    place = output or engagement.folder / "interviews" / cohort.focus.label
    written = write_plan(drawn, cohort, place, engagement.folder, marks)
    kept = add_fieldwork("interviews", rows_to_keep(drawn, cohort, _today(engagement)), engagement.config)
    told = {"quarter": cohort.focus.label, "seed": drawn.seed, "lost": asdict(drawn.lost), "won": asdict(drawn.won)}
    told |= {"written": str(place), "files": written, "stored": str(kept.file), "new": kept.added}
    emit(told, "\n".join(_told(drawn, cohort.focus.label, response, response_won, place)), as_json)


@app.command()
def check(
    sheet: Annotated[Path, typer.Argument(help="The filled-in sheet, or the folder of the plan.")],
    store: Annotated[bool, typer.Option("--import", help="Keep what it says, once it has no fault.")] = False,
    scale: ScaleText = "1-5",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Check a filled-in sheet of interviews; with --import, keep what it says."""
    from postmortem.frames.engagement import Engagement
    from postmortem.ground.errors import DataError
    from postmortem.intake.filled_interviews import read_filled
    from postmortem.intake.interview_rules import Known, Scale
    from postmortem.intake.stored_fieldwork import add_fieldwork

    marks, engagement = Scale.parse(scale), Engagement.open(folder)
    book = engagement.book()
    known = Known(
        book.table("interviews"),
        book.deals,
        book.taxonomy,
        marks,
        _today(engagement),
        engagement.config.data.date_format,
    )
    try:
        filled = read_filled(sheet, known, dt.datetime.now(dt.UTC))
    except DataError as error:
        if not as_json:
            for row in error.rows:
                say(row)
        raise
    lines = _came_back(filled, marks, float(book.table("ratings")["score"].max()))
    kept = {}
    if store:
        for name, frame in (
            ("interviews", filled.interviews),
            ("ratings", filled.ratings),
            ("reasons", filled.reasons),
        ):
            if len(frame):
                kept[name] = add_fieldwork(name, frame, engagement.config)
        lines += [f"{each.file.name}: {each.added} new, {each.replaced} replaced, {each.unchanged} as they were."
                  for each in kept.values()]  # fmt: skip
    else:
        lines.append("Nothing was kept; with --import it is.")
    told = {"statuses": dict(filled.statuses), "coded": filled.coded, "double_coded": filled.double_coded,
            "words_left_out": filled.words_left_out, "by_hand": filled.by_hand, "ratings": len(filled.ratings),
            "kept": {name: {"added": each.added, "replaced": each.replaced, "unchanged": each.unchanged}
                     for name, each in kept.items()}}  # fmt: skip
    emit(told, "\n".join(lines), as_json)


def _today(engagement: Engagement) -> dt.date:
    from zoneinfo import ZoneInfo

    return dt.datetime.now(ZoneInfo(engagement.config.company.time_zone)).date()


def _told(drawn: Plan, quarter: str, response: float, response_won: float, place: Path) -> list[str]:
    """Say who was drawn, what to expect of it, and what more would buy."""
    lines = [f"Interviews for {quarter}, drawn at random within CRM reason and amount, seed {drawn.seed}."]
    for side, share in ((drawn.lost, response), (drawn.won, response_won)):
        lines += ["", *_side(side, share)]
    return [*lines, "", f"Written to {place}: list.csv, guides/, rep-debrief.md, intake.csv and README.md."]


def _side(side: Side, response: float) -> list[str]:
    from postmortem.ground.formats import count, per_cent
    from postmortem.stats import expected_half_width

    if not side.deals:
        return [f"No {side.name} deals to draw from."]
    strata = count(side.strata, "stratum", "strata")
    lines = [f"{side.drawn} of {count(side.deals, f'{side.name} deal')} drawn in {strata}, {side.new} of them new."]
    if side.by_hand:
        lines.append(f"{count(side.by_hand, 'deal')} chosen by hand earlier stay outside the draw.")
    if not side.levels:
        return [*lines, "Not a single interview is to be expected of so few."]
    now = side.levels[0]
    held = f", {side.held} of them held already" if side.held else ""
    lines.append(f"If {per_cent(response)} of the buyers agree, about {round(now.interviews)} interviews{held}.")
    lines.append(f"A share near 35% of the {side.name} deals would then be known to {_width(now.half_width)} points.")
    if side.more is not None:
        extra, wider = round(side.more.interviews - now.interviews), side.more
        lines.append(
            f"{extra} more narrow it from {_width(now.half_width)} to {_width(wider.half_width)} points: "
            f"{wider.asked} buyers asked instead of {now.asked}."
        )
        lines.append("  interviews  buyers asked  known to")
        lines += [
            f"  {round(each.interviews):>10}  {each.asked:>12}  {_width(each.half_width):>4} points"
            for each in side.levels
        ]
    else:
        four = expected_half_width(4 * now.interviews, 4 * side.deals)
        lines.append(f"All are drawn; the quarter has no more. Four such quarters together: {_width(four)} points.")
    return lines


def _width(half: float) -> str:
    return f"±{round(100 * half)}"


def _came_back(filled: Filled, scale: Scale, highest: float) -> list[str]:
    """Say what the sheet holds, and what a reader must know of it."""
    from postmortem.ground.formats import count

    steps = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in filled.statuses.items() if number)
    coded = f"{filled.coded} with codes, {filled.double_coded} of them by two coders"
    lines = [f"{count(len(filled.interviews), 'interview')}: {steps}."]
    lines.append(f"{coded}; {count(len(filled.ratings), 'rating')}.")
    if filled.words_left_out:
        lines.append(f"The words of {filled.words_left_out} are left out: there is no consent to use them.")
    if filled.by_hand:
        lines.append(
            f"{filled.by_hand} were chosen by hand: they have no probability, and the correction cannot be certain."
        )
    if len(filled.ratings) and highest > scale.high:
        lines.append(f"Ratings on record go up to {highest:g}, these to {scale.high}: they are not the same scale.")
    return lines
