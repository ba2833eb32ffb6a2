"""How often the answers are right on simulated companies whose truth is known.

``python -m benchmarks.certify --books 1000`` draws one company a seed, takes the cohort an analyst would take and
asks the analyses. Every line is a rate over books with its Wilson interval (Monte-Carlo error), or a mean
error with its standard error; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from postmortem.analyses.loss_destination import loss_destination
from postmortem.analyses.loss_share import loss_share
from postmortem.analyses.quarter_run import quarter_run
from postmortem.book import Book, BookMeta
from postmortem.frames import Cohort, closed_cohort
from postmortem.ground import schema
from postmortem.ground.fiscal import FiscalCalendar
from postmortem.ground.process import Process
from postmortem.simulate import simulate
from postmortem.stats import wilson
from postmortem.taxonomies import Taxonomy, load_taxonomy

FIRST_SEED = 1


@dataclass(frozen=True)
class Trial:
    """What one book showed; None where an analysis refused."""

    within_range: bool | None
    bounds_hold: bool | None
    pivot_error: float | None
    false_alarm: bool | None


def trials(books: int) -> Iterator[Trial]:
    """Draw `books` companies and ask the analyses of each."""
    taxonomy = load_taxonomy("red_zone")
    for seed in range(FIRST_SEED, FIRST_SEED + books):
        yield _trial(seed, taxonomy)


def _trial(seed: int, taxonomy: Taxonomy) -> Trial:
    company = simulate("plain", seed=seed)
    cohort = _cohort(company.tables, company.as_of, taxonomy)
    run = quarter_run(cohort)
    within = None if run.status == "refused" else run.tables["range"].first["verdict"] == "within"
    lost = cohort.focus_rows[cohort.focus_rows["resolution"].str.startswith("lost_")]
    planted = company.truth["deals"]
    truth = dict(zip(planted["deal_id"], planted["lost_to"], strict=True))
    true_share = float(np.mean([truth.get(deal) == "competitor" for deal in lost["deal_id"]]))
    told = loss_destination(cohort).tables["destinations"].keyed("lost_to")["competitor"]
    generator = np.random.default_rng(seed)
    shuffled = cohort.table.assign(segment=generator.choice(["A", "B", "C", "D"], len(cohort.table)).astype(str))
    p = loss_share(replace(cohort, table=shuffled)).tables["tests"].first["p"]
    return Trial(within, told["low"] <= true_share <= told["high"], told["share"] - true_share, bool(p < 0.05))


def _cohort(tables: dict[str, pd.DataFrame], as_of: object, taxonomy: Taxonomy) -> Cohort:
    deals = tables["deals"].copy()
    for column in schema.DEALS.columns:
        if column.name not in deals:
            deals[column.name] = pd.Series(None, index=deals.index, dtype=schema.DTYPES[column.kind])
    calendar = FiscalCalendar()
    meta = BookMeta("Simulated", "USD", "UTC", calendar, as_of)  # type: ignore[arg-type]
    book = Book(meta, {**tables, "deals": deals}, taxonomy, Process.inferred({}, frozenset()))
    return closed_cohort(book, calendar.last_ended(meta.extracted_on))


def main() -> None:
    """Print the rates as a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.certify", description=__doc__)
    parser.add_argument("--books", type=int, default=1000, help="simulated companies, one a seed from 1")
    books = parser.parse_args().books
    seen = list(trials(books))
    print(f"{books} simulated companies of the `plain` preset, seeds {FIRST_SEED} to {FIRST_SEED + books - 1}.\n")
    print("| what | stated | seen | Monte-Carlo interval | books |")
    print("|---|---|---|---|---|")
    _rate("the focus quarter lies in its usual range (nothing changed)", "95%", [t.within_range for t in seen])
    _rate("the range for the competitors' share holds the true share", "100% if records are right",
          [t.bounds_hold for t in seen])  # fmt: skip
    _rate("groups drawn at random are called worth a look", "5%", [t.false_alarm for t in seen])
    errors = np.array([t.pivot_error for t in seen if t.pivot_error is not None])
    spread = 1.96 * errors.std(ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else float("nan")
    print(f"| recorded minus true share of losses to competitors (the plain pivot) | 0 | {errors.mean():+.3f} "
          f"| {errors.mean() - spread:+.3f} to {errors.mean() + spread:+.3f} | {len(errors)} |")  # fmt: skip


def _rate(what: str, stated: str, outcomes: list[bool | None]) -> None:
    known = [outcome for outcome in outcomes if outcome is not None]
    rate = wilson(sum(known), len(known), least_n=1)
    print(f"| {what} | {stated} | {rate.estimate:.3f} | {rate.low:.3f} to {rate.high:.3f} | {len(known)} |")


if __name__ == "__main__":
    main()
