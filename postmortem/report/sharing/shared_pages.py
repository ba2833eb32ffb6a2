"""What an edition shows: which pages and answers, the findings told of them, and the commentary beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from postmortem.ground.formats import count
from postmortem.report.editions.record import Report
from postmortem.report.exports.bound import Paper
from postmortem.report.exports.export import Kind
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.commentary import Placed
from postmortem.report.sharing.redact import Audience, Terms, redact
from postmortem.report.sharing.shared_commentary import placed_in
from postmortem.report.sharing.shared_findings import Answered, findings_of
from postmortem.result import Result

FINDINGS: Final = "report_findings"
KEPT_FROM: Final[Mapping[str, tuple[str, ...]]] = {
    "team": (), "client": ("claims", "watchlist"), "outside": ("claims", "watchlist", "dossier", "data-readiness"),
}  # fmt: skip
"""Words in the names of pages that an audience does not get unless told."""
Pages = list[tuple[Notebook, Harvest]]


@dataclass(frozen=True)
class Options:
    """What an edition for one recipient is to hold.

    Attributes
    ----------
    audience : {"team", "client", "outside"}
        See `Terms`.
    recipient : str
        Whom it is for.
    show_people, show_deals : bool
        See `Terms`.
    also : tuple of str
        Pages that this audience gets all the same.
    siblings : tuple of Path
        Further engagements whose names must not be in it.
    exports : tuple of {"xlsx", "charts", "pdf"}
        What it holds beside its pages, made of the same redacted results.
    browser : str
        Program that prints the PDF; the first known one unless told.
    paper : {"A4", "Letter"}
        Size of a page of the PDF.
    """

    audience: Audience
    recipient: str
    show_people: bool = False
    show_deals: bool = False
    also: tuple[str, ...] = ()
    siblings: tuple[Path, ...] = ()
    exports: tuple[Kind, ...] = ()
    browser: str = ""
    paper: Paper = "A4"


@dataclass(frozen=True)
class Shown:
    """An edition: its pages, the findings and the commentary on them, and what (``what``) was left out and ``why``."""

    pages: Pages
    last_words: Harvest
    placed: Placed
    left_out: list[dict[str, str]]


def shown_to(report: Report, options: Options, terms: Terms) -> Shown:
    """Return the edition of a report that its audience sees."""
    left_out, chosen, answers = [], [], []
    for notebook, harvest in report.pages:
        if any(word in notebook.name for word in KEPT_FROM[options.audience]) and notebook.name not in options.also:
            left_out.append({"what": notebook.name, "why": f"not for this audience: {options.audience}"})
            answers += [Answered(notebook.name, result, None) for result in harvest.results]
        else:
            chosen.append((notebook, harvest))
    redacted = iter(redact([result for _, harvest in chosen for result in harvest.results], terms))
    pages = []
    for notebook, harvest in chosen:
        blocks = [
            (block, next(redacted) if isinstance(block, Result) else terms.plain(block)) for block in harvest.blocks
        ]
        shown = [(made, after) for made, after in blocks if isinstance(made, Result)]
        answers += [
            Answered(notebook.name, made, after if isinstance(after, Result) else None) for made, after in shown
        ]
        left_out += [
            {"what": f"{notebook.name}: {made.analysis}", "why": f"not for this audience: {options.audience}"}
            for made, after in shown if after is None
        ]  # fmt: skip
        seen = _without_orphans([after for _, after in blocks])
        if harvest.results and not any(isinstance(block, Result) for block in seen):
            left_out.append({"what": notebook.name, "why": "nothing of it may be seen"})
        else:
            pages.append((replace(notebook, title=terms.plain(notebook.title)), Harvest(seen, ())))
    last_words = _last_words(report, answers, terms, left_out)
    placed, why = placed_in(report, pages, terms)
    return Shown(pages, last_words, placed, left_out + why)


def _last_words(report: Report, answers: Sequence[Answered], terms: Terms, left_out: list[dict[str, str]]) -> Harvest:
    """Return what the front page says of findings, without those that no page of the edition tells."""
    said = []
    for result in report.closing.results:
        if result.analysis == FINDINGS:
            told, lost = findings_of(result, answers, terms)
            said += [told] if told is not None else []
            if lost or told is None:
                what = count(lost, "finding") if lost else "findings"
                left_out.append({"what": what, "why": "no page of this edition tells them"})
        elif terms.audience == "outside":
            left_out.append({"what": result.analysis, "why": "its words are of a report that is not shared"})
        else:
            said += [seen for seen in redact([result], terms) if seen is not None]
    return Harvest(tuple(said), ())


def _without_orphans(blocks: Sequence[str | Result | None]) -> tuple[str | Result, ...]:
    """Return the blocks that are left, without prose that led to nothing but answers left out."""
    kept: list[str | Result] = []
    for at, block in enumerate(blocks):
        if isinstance(block, str):
            following = []
            for after in blocks[at + 1 :]:
                if isinstance(after, str):
                    break
                following.append(after)
            if following and not any(following):
                continue
        if block is not None:
            kept.append(block)
    return tuple(kept)
