"""What a report says once all its pages are there: its findings, and what came of those of the quarter before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from postmortem.book import Book
from postmortem.findings.earlier import look_earlier
from postmortem.findings.looking_back import looking_back
from postmortem.findings.report_findings import report_findings
from postmortem.findings.scoring import Scored
from postmortem.findings.told import number_found
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.blocks import address
from postmortem.result import Result

FRONT = Notebook("index", "Overview", Path("index.html"), ())
Pages = Sequence[tuple[Notebook, Harvest]]


def closing(engagement: Engagement, cohort: Cohort, book: Book, done: Pages, actions: Sequence[Scored]) -> Harvest:
    """Return the findings of a report and the look back at the quarter before, as the harvest of its front page."""
    placed = [(address(notebook.name, result), result) for notebook, harvest in done for result in harvest.results]
    earlier = look_earlier(engagement, cohort, [result for _, result in placed], book)
    taxonomy, currency = book.taxonomy, cohort.currency
    found = report_findings(placed, taxonomy=taxonomy, before=earlier.asked, currency=currency)
    return Harvest((found, looking_back(earlier, actions)), ())


def named_in(harvest: Harvest) -> int:
    """Return how many findings a closing holds; signs that go with winning are none, as on the front page."""
    found = of_name(harvest, "report_findings")
    return 0 if found is None or found.status == "refused" else number_found(found.tables["findings"].records)[0]


def of_name(harvest: Harvest | None, name: str) -> Result | None:
    """Return one answer of a closing; None where there is none."""
    return next((result for result in (harvest.results if harvest else ()) if result.analysis == name), None)
