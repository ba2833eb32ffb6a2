"""The pages of a report as HTML, from harvested blocks and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postmortem.frames.cohort import Cohort
from postmortem.ground.config import Config
from postmortem.ground.formats import count
from postmortem.ground.markup import render
from postmortem.report.blocks import Answer, Prose, answer, prose
from postmortem.report.harvest import Harvest
from postmortem.report.plan import Notebook


@dataclass(frozen=True)
class About:
    """What every page says of the report: plain text, escaped by the template."""

    company: str
    quarter: str
    deals: str
    as_of: str
    rows: str
    provenance: str
    prepared_by: str
    confidentiality: str


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
    return About(
        company=book.meta.company,
        quarter=cohort.focus.label,
        deals=f"{count(len(cohort.focus_rows), 'deal')} {cohort.chosen} {cohort.focus.label}",
        as_of=cohort.as_of.isoformat(),
        rows=f"{count(read, 'row')} read, {aside:,} set aside",
        provenance=f"Where the figures come from: {sources}. {came}",
        prepared_by=config.report.prepared_by or "",
        confidentiality=config.report.confidentiality or "",
    )


def links(pages: Sequence[tuple[Notebook, Harvest]]) -> tuple[Link, ...]:
    """Return the navigation; a page on which every answer is a refusal is not linked."""
    return tuple(
        Link(notebook.name, notebook.title, f"{notebook.name}.html")
        for notebook, harvest in pages
        if any(result.status != "refused" for result in harvest.results) or not harvest.results
    )


def page(notebook: Notebook, harvest: Harvest, told: About, navigation: Sequence[Link]) -> str:
    """Render the page of one notebook."""
    blocks: list[Answer | Prose] = []
    contents: list[Entry] = []
    heading = ""
    for block in harvest.blocks:
        made = prose(block) if isinstance(block, str) else answer(block)
        if isinstance(made, Answer):
            contents.append(Entry(made.anchor, heading or made.question))
            heading = ""
        elif isinstance(block, str):
            heading = next((line[3:].strip() for line in block.splitlines() if line.startswith("## ")), heading)
        if made is not None:
            blocks.append(made)
    return render(
        "page.html.j2",
        page_title=notebook.title,
        current=notebook.name,
        about=told,
        pages=navigation,
        blocks=blocks,
        contents=contents,
    )
