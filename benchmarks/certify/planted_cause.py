"""One planted cause in whole companies: how often a whole report names one of its signs, and names it first."""

from __future__ import annotations

from benchmarks.certify.books import book_of
from benchmarks.certify.nothing_there import report
from benchmarks.certify.planted_sign import OF_THE_SIGNS, named_in
from benchmarks.certify.section import Line, Section, Shown
from postmortem.findings.gate import through_the_gate
from postmortem.frames import forecast_cohort
from postmortem.ground import resources
from postmortem.ground.process import Process
from postmortem.signals import SIGNALS
from postmortem.simulate import simulate

CAUSE = "needs_not_uncovered"
QUARTERS = 7


def of_a_book(seed: int) -> Shown:
    """Say what a whole report names in a company with one planted cause: any of its signs, and one of them first."""
    company = simulate("one-cause", cause=CAUSE, seed=seed, quarters=QUARTERS)
    book = book_of(company.tables, company.as_of)
    book = type(book)(book.meta, book.tables, book.taxonomy, Process.load(resources.sample("full") / "process.toml"))
    cohort = forecast_cohort(book, book.meta.calendar.last_ended(company.as_of))
    decided = through_the_gate(report(cohort))
    (answer,) = (result for result in decided if result.analysis == OF_THE_SIGNS)
    if answer.status == "refused":
        return {"found": None, "first": None, "deals": float(answer.n_in)}
    named, first = named_in(answer)
    own = {signal.name for signal in SIGNALS if CAUSE in signal.causes}
    found = bool(own & set(named))
    return {"found": found, "first": first in own if found else None, "deals": float(answer.n_used)}


SECTIONS = (
    Section(
        "planted-cause-book", "One planted cause in a whole company, through a whole report",
        f"A book is a company of the preset `one-cause` with `{CAUSE}` planted on 25% of won and 45% of lost deals, "
        f"{QUARTERS} quarters, its forecast deals, all analyses, one gate. The cause shows in several signs, each of "
        "them on some of its deals only.",
        of_a_book,
        (
            Line("found", "a sign of the planted cause is named", "at least 80%"),
            Line("first", "where one is named, it stands first", "at least 90%"),
            Line("deals", "won and lost deals in the window", "-", "mean"),
        ),
        most=200,
    ),
)  # fmt: skip
