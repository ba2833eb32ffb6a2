"""One deal's dossier as a page of its own: its life, who said what, deals like it, and what is not told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from postmortem.analyses.contract import spoken
from postmortem.analyses.deal_reasons import deal_reasons
from postmortem.analyses.deal_timeline import deal_timeline
from postmortem.analyses.open_questions import open_questions
from postmortem.analyses.similar_deals import similar_deals
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.frames.one_deal import known_deal
from postmortem.ground.config import Config
from postmortem.ground.errors import EmptyFrame
from postmortem.ground.markup import render
from postmortem.report.pages.blocks import Answer, Prose, answer, prose
from postmortem.report.pages.pages import Entry, about

TITLE: Final = "Deal dossier"
REMARK: Final = (
    "Read with the end in mind, signs are easy to find. This page shows what is on record of one deal; what such "
    "records say of many deals stands in the report of the quarter."
)
HEADINGS: Final = {
    "deal_timeline": "The deal from left to right", "deal_reasons": "Why, according to whom",
    "similar_deals": "Deals like it", "open_questions": "Still open",
}  # fmt: skip


def cohort_with(engagement: Engagement, deal_id: str, quarter: str | None) -> tuple[Cohort, str]:
    """Return the cohort to show a deal in, and its id: of the quarter told, else of the one it closed in.

    A deal that is open, or closed in a quarter without a cohort, is shown in the latest quarter that had ended.

    Raises
    ------
    UsageError
        When there is no such deal, with the nearest ids.
    """
    book = engagement.book()
    found = known_deal(book, deal_id)
    (closed,) = book.deals.loc[book.deals["deal_id"] == found, "closed_at"]
    last = book.meta.calendar.last_ended(book.meta.extracted_on)
    wanted = last if closed != closed else min(last, book.meta.calendar.quarter_of(closed.date()))
    try:
        return engagement.frame(quarter or wanted.label, book=book), found
    except EmptyFrame:
        if quarter:
            raise
        return engagement.frame("last", book=book), found


def dossier(cohort: Cohort, deal_id: str, config: Config, *, with_reasons: bool = True, remark: str = REMARK) -> str:
    """Render the page of one deal.

    Parameters
    ----------
    cohort : Cohort
        Whose book holds it.
    deal_id : str
        As in the CRM.
    config : Config
        Whose name and whose word on confidentiality the page bears.
    with_reasons : bool
        Whether it says what others said of the deal; a reviewer is not shown that before answering.
    remark : str
        What stands above the answers, in Markdown.
    """
    results = [deal_timeline(cohort, deal_id=deal_id)]
    results += [deal_reasons(cohort, deal_id=deal_id)] if with_reasons else []
    results += [similar_deals(cohort, deal_id=deal_id)]
    results += [open_questions(cohort, deal_id=deal_id)] if with_reasons else []
    blocks: list[Answer | Prose | None] = [prose(remark)]
    contents: list[Entry] = []
    for result in results:
        made = answer(result)
        blocks += [prose(f"## {HEADINGS[result.analysis]}"), replace(made, used="")]
        contents.append(Entry(made.anchor, HEADINGS[result.analysis]))
    account = spoken(results[0].tables["deal"].first["account"], "a deal")
    return _page(cohort, config, f"{TITLE}: {account}", [block for block in blocks if block is not None], contents)


def write_dossier(
    file: Path, cohort: Cohort, deal_id: str, config: Config, *, with_reasons: bool = True, remark: str = REMARK
) -> None:
    """Write the page of one deal; see `dossier`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    html = dossier(cohort, deal_id, config, with_reasons=with_reasons, remark=remark)
    aside = file.with_name(f".{file.name}.writing")
    aside.write_text(html, encoding="utf-8")
    aside.replace(file)


def _page(
    cohort: Cohort, config: Config, title: str, blocks: Sequence[Answer | Prose], contents: Sequence[Entry]
) -> str:
    told = about(cohort, config)
    told = replace(told, deals=f"one deal, beside {told.deals}")
    values = {"page_title": title, "current": "", "about": told, "pages": (), "blocks": blocks, "contents": contents}
    return str(render("dossier.html.j2", **values, refusals=()))
