"""The front page: three sentences, every deal as a square, the costliest losses, what else the record says."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from postmortem.findings.gate import tally
from postmortem.frames.cohort import Cohort
from postmortem.ground.markup import render
from postmortem.report.blocks import CARD_WIDTH, address, answer, by_when, found, sentence
from postmortem.report.closing import of_name
from postmortem.report.found import back_of, found_of
from postmortem.report.harvest import Harvest
from postmortem.report.pages import About, Link
from postmortem.report.plan import Notebook
from postmortem.result import Result

LEAD = ("quarter_outcome", "loss_destination", "field_completeness")
HERO, LOSSES, GUESSED = "quarter_outcome", "costliest_losses", "guesses_against_facts"
CARDS_DRAWN = (
    "loss_destination", "forecast_waterfall", "quarter_run", "forecast_calibration", "lost_long_before", "loss_share",
    "reasons_recorded", "competitor_or_status_quo", "competitor_head_to_head",
)  # fmt: skip
# Guesses stand in a table of their own, and where nobody guessed the page says nothing of it.
NOT_ON_FRONT = (GUESSED, "readiness", "rows_used", "not_understood", "impossible_dates", "unused_categories")


@dataclass(frozen=True)
class Card:
    """One answer in short: its sentence, which deals it is about, where it stands, its picture where there is room."""

    headline: str
    about: str
    href: str
    picture: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class NotYet:
    """What unlocks questions that the record cannot answer yet: the questions, how far the data are, and by when."""

    questions: tuple[str, ...]
    gaps: tuple[tuple[str, str], ...]
    unlock: str
    where: str


def front_page(
    pages: Sequence[tuple[Notebook, Harvest]],
    told: About,
    cohort: Cohort,
    navigation: Sequence[Link],
    failures: Sequence[str] = (),
    closing: Harvest | None = None,
) -> str:
    """Render the front page from what the notebooks answered, and from the findings made of it (`closing`)."""
    placed = [(notebook, result) for notebook, harvest in pages for result in harvest.results]
    first = {result.analysis: result for _, result in reversed(placed)}
    answered = {name: result for name, result in first.items() if result.status != "refused"}
    findings, earlier = (of_name(closing, name) for name in ("report_findings", "looking_back"))
    shown = None if findings is None else found_of(findings)
    lead = [answered[name].headline for name in LEAD if name in answered]
    return render(
        "index.html.j2",
        page_title=f"{cohort.noun.capitalize()} of {told.quarter}",
        current="index",
        about=told,
        pages=navigation,
        sentences=lead,
        remarks=cohort.remarks,
        hero=answer(answered[HERO]) if HERO in answered else None,
        losses=answer(answered[LOSSES]) if LOSSES in answered else None,
        guessed=answer(answered[GUESSED]) if GUESSED in answered else None,
        cards=_cards(placed),
        notes=_notes(placed, shown.hrefs if shown else frozenset()),
        findings=shown,
        back=None if earlier is None else back_of(earlier),
        tested=tally([result for _, result in placed]).sentence,
        refusals=_not_yet(placed),
        failures=failures,
    )


def _cards(placed: Sequence[tuple[Notebook, Result]]) -> list[Card]:
    """Return the answers with room for a picture, in the order of `CARDS_DRAWN`."""
    cards: dict[str, Card] = {}
    for notebook, result in placed:
        if result.analysis in CARDS_DRAWN and result.analysis not in cards and result.status != "refused":
            block = answer(result, CARD_WIDTH)
            told = result.question if result.analysis in LEAD else result.headline
            cards[result.analysis] = Card(
                told, _about(result), address(notebook.name, result), block.picture, block.width, block.height
            )
    return [cards[name] for name in CARDS_DRAWN if name in cards]


def _notes(placed: Sequence[tuple[Notebook, Result]], told: Collection[str]) -> list[Card]:
    """Return the answers that neither a picture nor a finding (`told`: their addresses) tells, a sentence each."""
    drawn: set[str] = set()
    said: set[str] = set()
    notes = []
    for notebook, result in placed:
        first = result.analysis not in drawn
        drawn.add(result.analysis)
        shown_above = first and result.analysis in (*CARDS_DRAWN, *LEAD, LOSSES)
        opening = result.headline.split(";")[0].split(". ")[0]
        if (
            result.status != "refused"
            and not shown_above
            and address(notebook.name, result) not in told
            and result.analysis not in NOT_ON_FRONT
            and opening not in said
        ):
            said.add(opening)
            notes.append(Card(result.headline, _about(result), address(notebook.name, result)))
    return notes


def _about(result: Result) -> str:
    """Return the title of the first table, which says what is counted; nothing where a result has no table."""
    return next((table.title for table in result.tables.values()), "")


def _not_yet(placed: Sequence[tuple[Notebook, Result]]) -> list[NotYet]:
    """Return the refused questions by what unlocks them; without a remedy each stands for itself."""
    remedies: dict[tuple[str, str], tuple[dict[str, None], dict[tuple[str, str], None]]] = {}
    for _, result in placed:
        if result.status == "refused" and result.analysis != GUESSED:
            gap = (f"Missing: {'; '.join(result.what_is_missing)}.", by_when(result))
            remedy = (sentence(result.unlock), found(result))
            questions, gaps = remedies.setdefault(remedy if any(remedy) else gap, ({}, {}))
            questions[result.question] = gaps[gap] = None
    return [
        NotYet(tuple(questions), tuple(gaps), *(remedy if remedy not in gaps else ("", "")))
        for remedy, (questions, gaps) in remedies.items()
    ]
