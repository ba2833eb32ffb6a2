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
from postmortem.simulate.market import identifiers
from postmortem.simulate.organisation import build_reps
from postmortem.simulate.outcomes import NOBODY, build_ends
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.pipeline import build_deals
from postmortem.simulate.randomness import stream
from postmortem.simulate.records import build_records
from postmortem.simulate.stages import build_paths


@dataclass(frozen=True)
class Company:
    """A company that never was.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Canonical tables (`postmortem.ground.schema`) as they stand on `as_of`: deals, history, competitors,
        reasons, reps, accounts.
    truth : dict
        JSON values: `parameters` (all of them), `reps` and `competitors` with what was planted in them,
        `lost_to_shares` (true shares among the deals lost by `as_of`), and `deals`, lists in the order of
        the deals table: deal_id, fate, lost_to, cause, competitor, closes_on, died_on. Deals still open carry
        the fate that awaits them.
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
    reps = build_reps(parameters)
    accounts, deals = build_deals(parameters, reps)
    ends = build_ends(parameters, reps, deals)
    paths = build_paths(parameters, deals, ends)
    moves = {
        "forecast_category": build_categories(parameters, reps, deals, ends, paths),
        "expected_close_date": build_expected_closes(parameters, deals, ends, paths),
        "amount": build_amounts(parameters, deals, paths),
        "owner_id": build_owners(parameters, reps, deals, ends, paths),
    }
    until = (days.number(parameters.as_of) + 1) * days.SECONDS - 1
    history = build_history(parameters, reps, paths, moves, until)
    records = build_records(parameters, reps, deals, ends, paths)
    kept = np.flatnonzero(ends.closed >= days.number(parameters.first))
    ids = np.full(len(deals), "", dtype=object)
    ids[kept] = identifiers(stream(parameters.seed, "identifiers"), "006", len(kept))
    made = tables.Made(parameters, reps, accounts, deals, ends, paths, history, records, kept, ids, until)
    book = {name: maker(made) for name, maker in tables.MAKERS}
    return Company(tables=book, truth=_truth(made), as_of=parameters.as_of, parameters=parameters)


def _truth(made: tables.Made) -> dict[str, Any]:
    kept, ends, parameters = made.kept, made.ends, made.parameters
    closed = ends.closed[kept] <= days.number(parameters.as_of)
    fate = np.asarray(FATES, dtype=object)[ends.fate[kept]]
    lost = closed & (fate != "won")
    names = [rival.name for rival in parameters.market.rivals]
    planted = zip(made.reps.win_effect, made.reps.optimism, made.reps.blank_effect, made.reps.price_effect, strict=True)
    return {
        "parameters": parameters.as_json(),
        "as_of": parameters.as_of.isoformat(),
        "reps": {
            name: dict(zip(("win_effect", "optimism", "blank_effect", "price_effect"), map(float, values), strict=True))
            for name, values in zip(made.reps.name, planted, strict=True)
        },
        "lost_to_shares": {
            name: round(float(np.mean(fate[lost] == name)), 4) if lost.any() else None for name in FATES[1:]
        },
        "deals": {
            "deal_id": made.ids[kept].tolist(),
            "fate": ["won" if name == "won" else "lost" for name in fate],
            "lost_to": [None if name == "won" else name for name in fate],
            "cause": [ends.cause[row] or None for row in kept],
            "competitor": [None if k == NOBODY else names[k] for k in ends.winner[kept]],
            "closes_on": np.datetime_as_string(days.dates(ends.closed[kept])).tolist(),
            "died_on": np.datetime_as_string(days.dates(ends.died[kept])).tolist(),
        },
    }
