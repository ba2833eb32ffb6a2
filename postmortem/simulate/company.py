"""A simulated company: its book as canonical tables, and the truth behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from postmortem.simulate import days, tables
from postmortem.simulate.changes import build_amounts, build_history, build_owners
from postmortem.simulate.forecast import build_categories, build_expected_closes
from postmortem.simulate.influences import build_exposures
from postmortem.simulate.market import identifiers
from postmortem.simulate.organisation import build_reps
from postmortem.simulate.outcomes import build_ends
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.pipeline import build_deals
from postmortem.simulate.practice import Practice
from postmortem.simulate.randomness import Floats
from postmortem.simulate.records import build_records
from postmortem.simulate.signs import Signs, build_signs
from postmortem.simulate.stages import build_paths
from postmortem.simulate.truth import company_truth, lost_to_shares
from postmortem.simulate.work import build_work
from postmortem.simulate.worked_tables import make_worked


@dataclass(frozen=True)
class Company:
    """A company that never was.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Canonical tables (`postmortem.ground.schema`) as they stand on `as_of`: deals, history, competitors,
        reasons, reps, accounts, and where the company has a practice events, milestones, contacts, interviews,
        ratings, reviews, rollouts, quotas and guesses.
    truth : dict
        JSON values: `parameters` (all of them), `reps` and `competitors` with what was planted in them,
        `lost_to_shares` (true shares among the deals lost by `as_of`), and `deals`, lists in the order of
        the deals table: deal_id, fate, lost_to, cause, competitor, closes_on, died_on. Deals still open carry
        the fate that awaits them. With a practice also `misreporting` (what reps write for each true cause)
        and, by deal, as 0 or 1: has_ and shows_ each red-zone cause (planted, and visible in the tables),
        left_alone (no two-way contact in the week after the proposal), rolled_out, rep_left; and price_gap,
        missing where no competitor was on the deal when it began.
    as_of : datetime.date
        Day of the extraction; nothing later is in the tables.
    parameters : Parameters
        What it was made from.
    """

    tables: Mapping[str, pd.DataFrame]
    truth: dict[str, Any]
    as_of: dt.date
    parameters: Parameters

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))


def build(parameters: Parameters) -> Company:
    """Make a company from its parameters; equal parameters make equal companies."""
    practice = parameters.practice
    reps = build_reps(parameters)
    accounts, deals = build_deals(parameters, reps)
    exposures = build_exposures(parameters, reps, accounts, deals)
    ends = build_ends(parameters, reps, deals, exposures)
    signs = None if practice is None else build_signs(parameters, practice.marking, ends)
    paths = build_paths(parameters, deals, ends)
    hurried = None if practice is None or signs is None else _hurried(practice, signs)
    moves = {
        "forecast_category": build_categories(parameters, reps, deals, ends, paths),
        "expected_close_date": build_expected_closes(parameters, deals, ends, paths, hurried),
        "amount": build_amounts(parameters, deals, paths),
        "owner_id": build_owners(parameters, reps, deals, ends, paths),
    }
    until = (days.number(parameters.as_of) + 1) * days.SECONDS - 1
    history = build_history(parameters, reps, paths, moves, until)
    records = build_records(parameters, reps, deals, ends, paths)
    kept = np.flatnonzero(ends.closed >= days.number(parameters.first))
    ids = np.full(len(deals), "", dtype=object)
    ids[kept] = identifiers(parameters.stream("identifiers"), "006", len(kept), parameters)
    work = None
    if practice is not None and signs is not None:
        work = build_work(parameters, practice, reps, deals, ends, paths, records, exposures, signs, kept)
    made = tables.Made(parameters, reps, accounts, deals, ends, paths, history, records, kept, ids, until, work)
    book = {name: maker(made) for name, maker in tables.MAKERS}
    if practice is not None:
        book |= make_worked(made, practice, book["deals"], lost_to_shares(made))
    truth = company_truth(made, exposures)
    return Company(tables=book, truth=truth, as_of=parameters.as_of, parameters=parameters)


def _hurried(practice: Practice, signs: Signs) -> Floats:
    return np.where(signs.shows("not_qualified_continuously"), practice.marking.pushes, 1.0)
