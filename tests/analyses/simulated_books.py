"""Books of simulated companies with the truth beside them, small enough for fast tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd

from postmortem.book import Book, BookMeta
from postmortem.frames import Cohort
from postmortem.ground.fiscal import FiscalCalendar
from postmortem.ground.process import Process
from postmortem.ground.resources import sample
from postmortem.simulate import simulate
from postmortem.simulate.company import Company
from postmortem.taxonomies import load_taxonomy


@cache
def company(preset: str, quarters: int = 8, deals_per_quarter: int = 150, seed: int = 3) -> Company:
    """Return a simulated company, made once."""
    return simulate(preset, quarters=quarters, deals_per_quarter=deals_per_quarter, seed=seed)


def book_of(made: Company) -> Book:
    """Return the canonical tables of a company as a book."""
    meta = BookMeta(made.parameters.company, "USD", "America/New_York", FiscalCalendar(), made.as_of)
    tables = dict(made.tables)
    return Book(
        meta=meta,
        tables=tables,
        taxonomy=load_taxonomy("red_zone"),
        process=Process.load(sample("full") / "process.toml"),
        rows_in={name: len(frame) for name, frame in tables.items()},
    )


def cohort_of(made: Company, make: Callable[..., Cohort], **options: int) -> Cohort:
    """Return a cohort of the latest quarter that had ended."""
    book = book_of(made)
    focus = FiscalCalendar().quarter_of(made.as_of) - 1
    return make(book, focus, **options)


def truth_of(made: Company) -> pd.DataFrame:
    """Return the true fate and days of every deal, those still open included; one row a deal, by its identifier."""
    deals = made.truth["deals"]
    frame = pd.DataFrame({name: deals[name] for name in ("deal_id", "fate", "lost_to", "closes_on", "died_on")})
    return frame.assign(**{day: pd.to_datetime(frame[day]) for day in ("closes_on", "died_on")}).set_index("deal_id")
