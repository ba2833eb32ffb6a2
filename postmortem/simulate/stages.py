"""Stages: the way of every deal through the process, with skipped stages and steps back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.simulate import days
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, OPEN_STAGES, STAGES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.randomness import Flags, Ints, pick

LEAD_CAUSES = ("not_an_opportunity", "duplicate", "poor_fit")
UNQUALIFIED_CAUSES = ("not_qualified_continuously", "true_buyer_not_engaged", "risk_not_understood")
UNUSED = 1_000.0


@dataclass(frozen=True)
class Paths:
    """Stage entries of all deals, also those after the extraction.

    Attributes
    ----------
    created_at, closed_at : array of int, shape (deals,)
        Unix seconds of creation and closing.
    deal, stage, entered_at : array of int
        One entry a stage entered, the closed stage included: row of the deal, position in `STAGES`, Unix
        seconds; by deal in the order entered.
    """

    created_at: Ints
    closed_at: Ints
    deal: Ints
    stage: Ints
    entered_at: Ints


def build_paths(parameters: Parameters, deals: Deals, ends: Ends) -> Paths:
    """Lead every deal from its creation to its closed stage."""
    plan = parameters.forecasting
    rng = parameters.stream("stages")
    count = len(deals)
    stage, used = _order(rng, parameters, ends)
    effort = (0.15 - np.log(1.0 - rng.random(stage.shape))) * np.asarray(plan.dwell)[stage] * used
    begun = np.cumsum(effort, axis=1) - effort
    fraction = begun / effort.sum(axis=1, keepdims=True)
    length = (ends.closed - deals.created)[:, None]
    on = days.workday_after(np.floor(deals.created[:, None] + fraction * length).astype(np.int64))
    created_at, closed_at = days.moments(rng, deals.created), days.moments(rng, ends.closed)
    entered = days.moments(rng, on)
    entered[:, 0] = created_at
    entered = np.minimum(np.maximum.accumulate(entered, axis=1), closed_at[:, None])
    closing = STAGES.index("Closed Won") + (ends.fate != FATES.index("won"))
    rows, slots = np.nonzero(used)
    deal = np.concatenate([rows, np.arange(count)])
    order = np.argsort(deal, kind="stable")
    return Paths(
        created_at=created_at,
        closed_at=closed_at,
        deal=deal[order],
        stage=np.concatenate([stage[rows, slots], closing])[order],
        entered_at=np.concatenate([entered[rows, slots], closed_at])[order],
    )


def _order(rng: np.random.Generator, parameters: Parameters, ends: Ends) -> tuple[Ints, Flags]:
    """Return the open stages in the order a deal enters them and which slots are used, both (deals, 7)."""
    plan = parameters.forecasting
    count = len(ends.fate)
    last = pick(rng, np.asarray([plan.last_stage[name] for name in FATES])[ends.fate])
    is_lead = np.isin(np.asarray(ends.cause), LEAD_CAUSES)
    skip = np.where(is_lead, plan.skip_share_lead, plan.skip_share)
    number = np.arange(OPEN_STAGES)[None, :]
    entered = (number <= last[:, None]) & ((number == last[:, None]) | (rng.random((count, 5)) >= skip[:, None]))
    back = np.where(np.isin(np.asarray(ends.cause), UNQUALIFIED_CAUSES), plan.back_share_unqualified, plan.back_share)
    turn = 1 + np.floor(rng.random(count) * last).astype(np.int64)
    steps_back = (rng.random(count) < back) & (last >= 1) & (turn <= last)
    steps_back &= entered[np.arange(count), np.minimum(turn, OPEN_STAGES - 1)]
    # A step back follows its turning point: the stage before, then the turning point again.
    stage = np.column_stack([np.broadcast_to(number, (count, OPEN_STAGES)), np.maximum(turn - 1, 0), turn])
    place = np.column_stack([np.broadcast_to(number * 1.0, (count, OPEN_STAGES)), turn + 0.3, turn + 0.6])
    used = np.column_stack([entered, steps_back, steps_back])
    order = np.argsort(np.where(used, place, UNUSED), axis=1, kind="stable")
    stage = np.minimum(stage, OPEN_STAGES - 1)
    return np.take_along_axis(stage, order, axis=1), np.take_along_axis(used, order, axis=1)
