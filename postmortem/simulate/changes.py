"""From what moves to the field history: amounts re-quoted, owners replaced, every change in order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.forecast import Moves
from postmortem.simulate.organisation import Reps, active
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import CATEGORIES, STAGES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.randomness import Floats, Ints, Texts, pick
from postmortem.simulate.stages import Paths

FIELDS = ("stage", "forecast_category", "expected_close_date", "amount", "owner_id")
CENTS = 100


def build_amounts(parameters: Parameters, deals: Deals, paths: Paths) -> Moves:
    """Quote anew at the proposal and give discounts in the negotiation; values are whole cents."""
    plan = parameters.forecasting
    rng = parameters.stream("amounts")
    count = len(deals)
    entry = (
        _first_entry(paths, STAGES.index("Proposal"), count),
        _first_entry(paths, STAGES.index("Negotiation"), count),
    )
    requoted = np.flatnonzero((entry[0] >= 0) & (rng.random(count) < plan.requote_share))
    discounted = np.flatnonzero((entry[1] >= 0) & (rng.random(count) < plan.discount_share))
    factor = np.exp(plan.requote_sigma * rng.standard_normal(count))
    discount = 1.0 - plan.deepest_discount * rng.random(count)
    quoted = deals.amount.copy()
    quoted[requoted] = np.round(deals.amount[requoted] * factor[requoted] / 50.0) * 50.0
    final = np.round(quoted * discount / 10.0) * 10.0
    return _in_order(
        [
            (np.arange(count), paths.created_at, _cents(deals.amount)),
            (requoted, entry[0][requoted], _cents(quoted[requoted])),
            (discounted, entry[1][discounted], _cents(final[discounted])),
        ]
    )


def build_owners(parameters: Parameters, reps: Reps, deals: Deals, ends: Ends, paths: Paths) -> Moves:
    """Hand deals over: those of reps who leave, and now and then another; values are positions in `Reps`."""
    rng = parameters.stream("owners")
    count = len(deals)
    left = reps.left[deals.rep]
    leaves = left < ends.closed
    handed = rng.random(count) < parameters.organisation.hand_over_share
    sometime = deals.created + np.floor(rng.random(count) * (ends.closed - deals.created)).astype(np.int64)
    on = days.workday_after(np.where(leaves, left + rng.integers(0, 3, count), sometime))
    stays = np.broadcast_to(reps.left > days.number(parameters.as_of), (count, len(reps.name)))
    others = np.arange(len(reps.name))[None, :] != deals.rep[:, None]
    able = active(reps, on) & stays & others & (reps.region[None, :] == deals.region[:, None])
    moved = np.flatnonzero((leaves | handed) & (on > deals.created) & (on <= ends.closed) & able.any(axis=1))
    successor = pick(rng, np.where(able.any(axis=1)[:, None], able, 1.0))
    moment = np.minimum(days.moments(rng, on), paths.closed_at)
    return _in_order([(np.arange(count), paths.created_at, deals.rep), (moved, moment[moved], successor[moved])])


def build_history(
    parameters: Parameters, reps: Reps, paths: Paths, moves: dict[str, Moves], until: int
) -> pd.DataFrame:
    """Write all moves as a history, up to the Unix second `until`.

    Returns
    -------
    DataFrame
        One row a change of value, by deal, moment and field: deal (row of the deal), field (position in
        `FIELDS`), moment (Unix seconds), seq (from 1 within one deal and moment), old_value, new_value
        (text; the first value of a field has no old one).
    """
    moves = {"stage": Moves(paths.deal, paths.entered_at, paths.stage), **moves}
    frames = [
        pd.DataFrame(
            {
                "deal": moves[name].deal,
                "field": number,
                "moment": moves[name].moment,
                "new_value": _texts(name, moves[name].value, reps),
            }
        )
        for number, name in enumerate(FIELDS)
    ]
    history = pd.concat(frames, ignore_index=True)
    history = history[history["moment"] <= until].sort_values(["deal", "moment", "field"], kind="stable")
    history["old_value"] = history.groupby(["deal", "field"])["new_value"].shift()
    history = history[history["old_value"].isna() | (history["old_value"] != history["new_value"])]
    history["seq"] = history.groupby(["deal", "moment"]).cumcount() + 1
    return history[["deal", "field", "moment", "seq", "old_value", "new_value"]].reset_index(drop=True)


def _texts(name: str, value: Ints, reps: Reps) -> Texts:
    if name == "expected_close_date":
        return np.datetime_as_string(days.dates(value)).astype(object)
    if name == "amount":
        return np.asarray([f"{cents // CENTS}.{cents % CENTS:02d}" for cents in value.tolist()], dtype=object)
    labels = {"stage": STAGES, "forecast_category": CATEGORIES, "owner_id": reps.name}[name]
    return np.asarray(labels, dtype=object)[value]


def _first_entry(paths: Paths, stage: int, count: int) -> Ints:
    entry = np.full(count, -1, dtype=np.int64)
    at = np.flatnonzero(paths.stage == stage)[::-1]  # backwards, so that a deal's first entry is written last
    entry[paths.deal[at]] = paths.entered_at[at]
    return entry


def _in_order(parts: list[tuple[Ints, Ints, Ints]]) -> Moves:
    deal, moment, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(deal, kind="stable")
    return Moves(deal[order], moment[order], value[order])


def _cents(amount: Floats) -> Ints:
    return np.round(amount * CENTS).astype(np.int64)
