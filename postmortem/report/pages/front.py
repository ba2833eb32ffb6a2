"""The front page: three sentences, every deal as a square, the costliest losses, what else the record says."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from postmortem.findings.gate import tally
from postmortem.frames.cohort import Cohort
from postmortem.ground.markup import render
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.pictures import NO_PICTURE, Picture, Wanted, picture
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.blocks import CARD_WIDTH, FULL_WIDTH, address, answer
from postmortem.report.pages.closing import of_name
from postmortem.report.pages.found import back_of, found_of
from postmortem.report.pages.not_yet import of_report
from postmortem.report.pages.pages import About, Link, links, on_page
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
    picture: Picture = NO_PICTURE


@dataclass(frozen=True)
class Described:
    """What the front page says of the choice of deals, where there is no cohort any more to ask."""

    noun: str
    remarks: tuple[str, ...]


def front_page(
    pages: Sequence[tuple[Notebook, Harvest]],
    told: About,
    cohort: Cohort | Described,
    navigation: Sequence[Link],
    failures: Sequence[str] = (),
    closing: Harvest | None = None,
    *,
    summary: Markup | None = None,
) -> str:
    """Render the front page: what the notebooks answered, the findings made of it (`closing`), the summary written."""
    placed = [(notebook, result) for notebook, harvest in pages for result in harvest.results]
    answered = _answered([result for _, result in placed])
    findings, earlier = (of_name(closing, name) for name in ("report_findings", "looking_back"))
    shown = None if findings is None else found_of(findings)
    lead = [answered[name].headline for name in LEAD if name in answered]
    return render(
        "index.html.j2",
        page_title=f"{cohort.noun.capitalize()} of {told.quarter}{f': {told.part}' if told.part else ''}",
        current="index",
        about=told,
        pages=navigation,
        note=summary,
        sentences=lead,
        remarks=cohort.remarks,
        hero=answer(answered[HERO]) if HERO in answered and answered[HERO].has_picture else None,
        losses=answer(answered[LOSSES]) if LOSSES in answered else None,
        guessed=answer(answered[GUESSED]) if GUESSED in answered else None,
        cards=_cards(placed),
        notes=_notes(placed, shown.hrefs if shown else frozenset()),
        findings=shown,
        back=None if earlier is None else back_of(earlier),
        tested=tally([result for _, result in placed]).sentence,
        refusals=of_report([result for _, result in placed if result.analysis != GUESSED]),
        failures=failures,
    )


def drawn_in(pages: Sequence[tuple[Notebook, Harvest]]) -> list[Wanted]:
    """Return what the pages of a report draw, the front page first."""
    linked = {link.name for link in links(pages)}
    return [*_on_front(pages), *(each for notebook, of in pages if notebook.name in linked for each in on_page(of))]


def _on_front(pages: Sequence[tuple[Notebook, Harvest]]) -> list[Wanted]:
    results = [result for _, harvest in pages for result in harvest.results]
    answered = _answered(results)
    large = [(answered[name], FULL_WIDTH) for name in (HERO, LOSSES, GUESSED) if name in answered]
    drawn: dict[str, Wanted] = {}
    for result in results:
        if result.analysis in CARDS_DRAWN and result.status != "refused":
            drawn.setdefault(result.analysis, (result, CARD_WIDTH))
    return [*large, *drawn.values()]


def _answered(results: Sequence[Result]) -> dict[str, Result]:
    """Return, by its name, each analysis whose first answer is one."""
    first = {result.analysis: result for result in reversed(results)}
    return {name: result for name, result in first.items() if result.status != "refused"}


def _cards(placed: Sequence[tuple[Notebook, Result]]) -> list[Card]:
    """Return the answers with room for a picture, in the order of `CARDS_DRAWN`."""
    cards: dict[str, Card] = {}
    for notebook, result in placed:
        if result.analysis in CARDS_DRAWN and result.analysis not in cards and result.status != "refused":
            told = result.question if result.analysis in LEAD else result.headline
            drawn = picture(result, CARD_WIDTH)
            cards[result.analysis] = Card(told, _about(result), address(notebook.name, result), drawn)
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
