"""Simulated companies in which nothing sets deals apart: what a whole report names, and what two halves differ in."""

from __future__ import annotations

import sys

from benchmarks.certify.books import book_of
from benchmarks.certify.section import Line, Section, Shown
from postmortem.analyses import ANALYSES
from postmortem.analyses.contract import Analysis, tests_table
from postmortem.findings.gate import tally, through_the_gate
from postmortem.frames import Cohort, closed_cohort
from postmortem.result import Result
from postmortem.simulate import simulate

QUARTERS, DEALS = 7, 300
SPLITS = ("segment", "team", "product", "deal_type")
# These companies leave the taker of most losses out, and more often where it was a competitor: the record leans,
# and what it shows must not be taken for what happened.
OF_THE_RECORD = "competitor_or_status_quo"
# Sales people of these companies write down reasons that are not the true ones: here buyers do say something else.
THERE = ("rater_agreement",)


def null_cohort(seed: int) -> Cohort:
    """Return the deals a company of the preset `null` closed.

    Not those it forecast: larger customers take longer, so that more of their deals move past the quarter and fewer
    are lost within it, whatever sets deals apart.
    """
    company = simulate("null", seed=seed, quarters=QUARTERS, deals_per_quarter=DEALS)
    book = book_of(company.tables, company.as_of)
    return closed_cohort(book, book.meta.calendar.last_ended(company.as_of))


def report(cohort: Cohort) -> list[Result]:
    """Return what a report asks and tests: its analyses as they are, and the shares by everything that splits them."""
    testing = [entry for entry in ANALYSES if cohort.kind in entry.frames and entry.name not in THERE and _tests(entry)]
    asked = [entry.function(cohort) for entry in testing]
    splits = [entry.function for entry in ANALYSES if entry.name == "loss_share"]
    asked += [
        share(cohort, measure=measure, by=by)
        for share in splits
        for measure in ("lost", "competitor")
        for by in SPLITS
        if (measure, by) != ("lost", "segment")
    ]
    return asked


def _tests(entry: Analysis) -> bool:
    """Say whether an analysis brings tests: the others cannot change what is named, and are not waited for."""
    return hasattr(sys.modules[entry.function.__module__], tests_table.__name__)


def named(seed: int) -> Shown:
    """Say whether a report in which nothing differs names something, and how much of it is worth a look."""
    decided = through_the_gate(report(null_cohort(seed)))
    whole = tally(decided)
    of_record = tally([result for result in decided if result.analysis == OF_THE_RECORD])
    return {
        "named": bool(whole.named),
        "look": bool(whole.worth_a_look or whole.named),
        "tested": float(whole.tested),
        "record": bool(of_record.named),
    }


SECTIONS = (
    Section(
        "null-report", "A report in which there is nothing to name",
        f"A book is a company of the preset `null`, {QUARTERS} quarters of {DEALS} deals: nothing sets won deals apart "
        "from lost ones but chance and the habits of sales people. Every analysis is asked of the deals it closed, but "
        "whether buyers give other reasons, as they do here, and all tests pass the gate together.",
        named,
        (
            Line("named", "the report names something", "at most 5%"),
            Line("look", "it calls something worth a look, or names it", "-"),
            Line("tested", "comparisons tested", "-", "mean"),
            Line("record", "it names who takes more, competitors or the status quo, where most losses have no record",
                 "at most 5%"),
        ),
        most=200,
    ),
)  # fmt: skip
