"""What the quarter before had shown, asked anew as of its last day, and the same questions asked of this one alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postmortem.analyses import NAMES
from postmortem.analyses.cache import cached
from postmortem.book import Book
from postmortem.findings.evidence import EVIDENCE, TESTS
from postmortem.findings.gate import through_the_gate
from postmortem.findings.told import Asked, Told, asked, hypotheses
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.result import Result


@dataclass(frozen=True)
class Earlier:
    """What a quarter before had shown, worked out from the book and from no earlier report.

    Attributes
    ----------
    quarter : str
        Label of the quarter before.
    named : tuple of Told
        What the gate named of it.
    again : tuple of Result
        The questions behind these, asked of this quarter's deals alone.
    why : str
        Why nothing can be said of it; empty where something can.
    """

    quarter: str
    named: tuple[Told, ...] = ()
    again: tuple[Result, ...] = ()
    why: str = ""

    @property
    def asked(self) -> frozenset[Asked] | None:
        """What was named, as findings compare it; None where there is no quarter before."""
        return None if self.why else frozenset(told.asked for told in self.named)

    def answer_to(self, told: Told) -> Result | None:
        """Return this quarter's answer to a question that was named."""
        return next((result for result in self.again if asked(result) == asked(told.result)), None)


def look_earlier(engagement: Engagement, cohort: Cohort, results: Sequence[Result], book: Book) -> Earlier:
    """Ask the questions of a report of the quarter before, as of its last day, and what was named again of this one.

    Parameters
    ----------
    engagement : Engagement
        Whose settings choose the deals, as they chose those of `cohort`.
    cohort : Cohort
        The deals of the report.
    results : sequence of Result
        All results of the report; those that test, or would with more deals, are asked again.
    book : Book
        The whole book, so that it can be cut at another day.

    Returns
    -------
    Earlier
        The same for the same book, whatever lies in the folder of reports.
    """
    quarter = cohort.focus - 1
    try:
        frame = frame_before(engagement, cohort, book)
    except (FrameRefused, EmptyFrame) as error:
        return Earlier(quarter.label, why=error.what.rstrip(".").lower())
    if frame is None:
        return Earlier(quarter.label, why=f"what became of the deals of {quarter.label} is not asked of this frame")
    then = through_the_gate([_ask(result, frame) for result in questions(results)])
    named = sorted((told for told in hypotheses([("", result) for result in then]) if told.named), key=lambda t: t.p)
    alone = replace(cohort, window=(cohort.focus,))
    again = {asked(told.result): told.result for told in named if _repeats(told) and cohort.is_complete}
    return Earlier(quarter.label, tuple(named), tuple(_ask(result, alone) for result in again.values()))


def frame_before(engagement: Engagement, cohort: Cohort, book: Book) -> Cohort | None:
    """Return the deals of the quarter before as of its last day; None where that is not asked of such a frame.

    Raises
    ------
    FrameRefused, EmptyFrame
        As of `Engagement.frame`.
    """
    quarter = cohort.focus - 1
    if cohort.kind == "open_forecast" or quarter.end > cohort.as_of:
        return None
    return engagement.frame(quarter.label, kind=cohort.kind, window=len(cohort.window), as_of=quarter.end, book=book)


def questions(results: Sequence[Result]) -> list[Result]:
    """Return those of the results that test something, or would with more deals, each question once."""
    return list({asked(result): result for result in results if _tests(result)}.values())


def _tests(result: Result) -> bool:
    """Whether a result tests something, or is refused and would; comparisons of two cohorts are left to their page."""
    return result.analysis in NAMES and (TESTS in result.tables or result.analysis in EVIDENCE)


def _ask(result: Result, cohort: Cohort) -> Result:
    return cached(result.analysis)(cohort, **result.params)


def _repeats(told: Told) -> bool:
    return told.evidence is None or told.evidence.repeats
