"""The pages of a report as HTML, from harvested blocks and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from postmortem.analyses import ANALYSES
from postmortem.frames.cohort import Cohort
from postmortem.ground.config import Config
from postmortem.ground.formats import count
from postmortem.ground.markup import render
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.pictures import Wanted
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.blocks import FULL_WIDTH, Answer, Prose, answer, prose
from postmortem.report.pages.brand import PLAIN_LOOK, Look, look_of
from postmortem.report.pages.not_yet import of_page
from postmortem.result import Result

NOT_YET = "What we cannot say yet"
OPEN_DEALS = ("open_forecast",)


@dataclass(frozen=True)
class About:
    """What every page says of the report: plain text, escaped by the template.

    A page about open deals alone says `open_deals` in place of `deals`: these are of another quarter.
    """

    company: str
    quarter: str
    deals: str
    as_of: str
    rows: str
    provenance: str
    prepared_by: str
    confidentiality: str
    look: Look = PLAIN_LOOK
    open_deals: str = ""
    part: str = ""


@dataclass(frozen=True)
class Notes:
    """What was written about one page: above everything, and below the headline of an answer, by its anchor."""

    of_page: Markup | None = None
    of_answers: Mapping[str, Markup] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    name: str
    title: str
    file: str


@dataclass(frozen=True)
class Entry:
    """One entry of a page's contents: the heading above an answer, or else its question."""

    anchor: str
    text: str


def about(cohort: Cohort, config: Config) -> About:
    """Describe a report in the words of its title block and footer."""
    book = cohort.book
    read, aside = sum(book.rows_in.values()), len(book.quarantine)
    sources = ", ".join(f"{field}: {source}" for field, source in cohort.provenance.items())
    came = f"Data as of {cohort.as_of} ({book.meta.extracted_on_source})."
    part = f", {cohort.part} only" if cohort.part else ""
    return About(
        company=book.meta.company,
        quarter=cohort.focus.label,
        deals=f"{count(len(cohort.focus_rows), 'deal')} {cohort.chosen} {cohort.focus.label}{part}",
        as_of=cohort.as_of.isoformat(),
        rows=f"{count(read, 'row')} read, {read - aside:,} used, {aside:,} set aside",
        provenance=f"{f'Only deals of {cohort.part}. ' if cohort.part else ''}{sources}. {came}",
        prepared_by=config.report.prepared_by or "",
        confidentiality=config.report.confidentiality or "",
        look=look_of(config),
        open_deals=f"Open deals forecast for {book.meta.calendar.quarter_of(cohort.as_of).label}",
        part=cohort.part,
    )


def links(pages: Sequence[tuple[Notebook, Harvest]]) -> tuple[Link, ...]:
    """Return the navigation; a page on which every answer is a refusal is not linked."""
    return tuple(
        Link(notebook.name, notebook.title, f"{notebook.name}.html")
        for notebook, harvest in pages
        if any(result.status != "refused" for result in harvest.results) or not harvest.results
    )


def page(
    notebook: Notebook, harvest: Harvest, told: About, navigation: Sequence[Link], notes: Notes | None = None
) -> str:
    """Render the page of one notebook, with what was written about it (`notes`)."""
    blocks: list[Answer | Prose] = []
    contents: list[Entry] = []
    refused: list[tuple[str, Result]] = []
    for words, heading, results in sections(harvest.blocks):
        bare = [result for result in results if result.status == "refused" and not result.tables]
        refused += [(heading, result) for result in bare]
        if words is not None and not (heading and results and len(bare) == len(results)):
            made = prose(words)
            blocks += [made] if made is not None else []
        for result in results:
            if result not in bare:
                shown = answer(result)
                contents.append(Entry(shown.anchor, heading or shown.question))
                heading = ""
                blocks.append(replace(shown, note=notes.of_answers.get(shown.anchor)) if notes else shown)
    if refused:
        contents.append(Entry("not-yet", f"{NOT_YET} ({count(len(refused), 'question')})"))
    return render(
        "page.html.j2",
        page_title=notebook.title,
        current=notebook.name,
        about=_of_its_deals(told, harvest),
        pages=navigation,
        blocks=blocks,
        contents=contents,
        refusals=of_page(refused),
        note=notes.of_page if notes else None,
    )


def on_page(harvest: Harvest) -> list[Wanted]:
    """Return what the page of a notebook draws."""
    return [(result, FULL_WIDTH) for result in harvest.results]


def _of_its_deals(told: About, harvest: Harvest) -> About:
    """Return the description for a page, which names the quarter of the open deals where it is about them alone."""
    asked = {entry.name for entry in ANALYSES if entry.frames == OPEN_DEALS}
    is_open = bool(harvest.results) and all(result.analysis in asked for result in harvest.results)
    return replace(told, deals=told.open_deals) if is_open and told.open_deals else told


def sections(blocks: Sequence[str | Result]) -> Iterator[tuple[str | None, str, list[Result]]]:
    """Yield the parts of a notebook: a text, the last second-level heading in it, and the results below it."""
    words: str | None = None
    results: list[Result] = []
    for block in blocks:
        if isinstance(block, Result):
            results.append(block)
            continue
        if words is not None or results:
            yield words, heading_of(words), results
        words, results = block, []
    if words is not None or results:
        yield words, heading_of(words), results


def heading_of(words: str | None) -> str:
    """Return the last second-level heading of a text; empty where it has none."""
    found = [line[3:].strip() for line in (words or "").splitlines() if line.startswith("## ")]
    return found[-1] if found else ""
