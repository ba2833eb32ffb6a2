"""Warning signs in whole companies in which no sign is planted: how often one is told to stand unequally often."""

from __future__ import annotations

import numpy as np

from benchmarks.certify.books import book_of
from benchmarks.certify.planted_sign import named_in
from benchmarks.certify.section import Line, Section, Shown
from postmortem.analyses.warning_signals import LATER, warning_signals
from postmortem.findings.gate import through_the_gate
from postmortem.frames import forecast_cohort
from postmortem.simulate import simulate

QUARTERS, DEALS = 7, 300
LEVEL = 0.05


def of_a_book(seed: int) -> Shown:
    """Say which part of the signs' tests has a small p-value, by the day they are read as of, and what is named."""
    company = simulate("null", seed=seed, quarters=QUARTERS, deals_per_quarter=DEALS)
    book = book_of(company.tables, company.as_of)
    answer = warning_signals(forecast_cohort(book, book.meta.calendar.last_ended(company.as_of)))
    if answer.status == "refused":
        return dict.fromkeys(("named", "snapshot", "later", "tested"))
    (decided,) = through_the_gate([answer])
    tests, later = answer.tables["tests"].rows, answer.tables["signals"].rows.set_index("name")["as_of"].eq(LATER)
    tests = tests[tests["primary"] & tests["p"].notna()]
    small, is_later = tests["p"].lt(LEVEL).to_numpy(), tests["name"].map(later).to_numpy(dtype=bool)
    return {
        "named": bool(named_in(decided)[0]),
        "snapshot": _part(small[~is_later]),
        "later": _part(small[is_later]),
        "tested": float(len(tests)),
    }


def _part(small: np.ndarray) -> float | None:
    return float(small.mean()) if len(small) else None


SECTIONS = (
    Section(
        "signs-of-nothing", "Warning signs where no sign is planted",
        f"A book is a company of the preset `null`, {QUARTERS} quarters of {DEALS} deals, its forecast deals and what "
        "the 21 signs say of them, through the gate by themselves. Here larger customers take longer, so that more of "
        "their deals move past the quarter: a sign that goes with the length of a cycle goes with the outcome too.",
        of_a_book,
        (
            Line("snapshot", "part of the signs as of the snapshot whose p-value is below .05", "5%", "mean"),
            Line("later", "part of the signs as of the later day whose p-value is below .05", "5%", "mean"),
            Line("named", "a sign is named", "at most 5%"),
            Line("tested", "signs tested", "-", "mean"),
        ),
        most=200,
    ),
)  # fmt: skip
