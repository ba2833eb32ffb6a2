"""How deals end: won, lost to a competitor or the status quo, or never an opportunity; why; and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.simulate import days
from postmortem.simulate.influences import Exposures, effects
from postmortem.simulate.organisation import Reps
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.randomness import Flags, Floats, Ints, lognormal, pick, pick_same

CALIBRATION_ROUNDS = 60
SHORTEST_CYCLE = 4
NOBODY = -1


@dataclass(frozen=True)
class Ends:
    """The true end of every deal, also of those still open at the extraction; one entry a deal.

    Attributes
    ----------
    fate : array of int
        Position in `FATES`.
    cause : tuple of str
        Code of the true cause; empty for won deals.
    winner : array of int
        The competitor that took the deal, or `NOBODY`.
    rivals : array of bool, shape (deals, competitors)
        Competitors truly on the deal, the winner among them.
    closed : array of int
        Day it is closed in the CRM, a working day.
    died : array of int
        Day it was really lost; the closing day for won deals.
    """

    fate: Ints
    cause: tuple[str, ...]
    winner: Ints
    rivals: Flags
    closed: Ints
    died: Ints


def build_ends(parameters: Parameters, reps: Reps, deals: Deals, exposures: Exposures) -> Ends:
    """Decide how and when every deal ends."""
    rng = parameters.stream("outcomes")
    fate = pick(rng, probabilities(parameters, reps, deals, exposures))
    winner, rivals = _winners(rng, parameters, deals, fate)
    closed = _closings(rng, parameters, deals, fate)
    low, high = np.asarray(parameters.outcomes.dead_share)[fate].T
    dead = np.floor((closed - deals.created) * (low + (high - low) * rng.random(len(deals))))
    return Ends(fate, _causes(rng, parameters, fate), winner, rivals, closed, closed - dead.astype(np.int64))


def probabilities(parameters: Parameters, reps: Reps, deals: Deals, exposures: Exposures) -> Floats:
    """Return each deal's true probability of each fate, shape (deals, 4), averaging to the planted shares."""
    plan = parameters.outcomes
    strength = np.asarray([rival.strength for rival in parameters.market.rivals])
    pull = np.where(deals.rivals.any(axis=1), (deals.rivals * strength).sum(axis=1), plan.no_rival_effect)
    scores = np.zeros((len(deals), len(FATES)))
    scores[:, 0] += reps.win_effect[deals.rep]
    scores[:, 1] += pull
    scores += np.outer(deals.size == 0, plan.enterprise_effect)
    scores += np.outer(deals.was_customer, plan.customer_effect)
    scores += effects(parameters, reps, deals, exposures)
    weights, shares = np.exp(scores), np.asarray(plan.shares)
    level = np.ones(len(FATES))
    for _ in range(CALIBRATION_ROUNDS):
        chance = weights * level
        chance /= chance.sum(axis=1, keepdims=True)
        level *= shares / chance.mean(axis=0)
    return chance


def _winners(rng: np.random.Generator, parameters: Parameters, deals: Deals, fate: Ints) -> tuple[Ints, Flags]:
    known = parameters.market.rivals
    presence = np.asarray([rival.presence for rival in known])
    strength = np.exp([rival.strength for rival in known])
    seen = np.where(deals.rivals.any(axis=1, keepdims=True), deals.rivals, presence)
    taken = fate == FATES.index("competitor")
    winner = np.where(taken, pick(rng, seen * strength), NOBODY)
    rivals = deals.rivals | (np.arange(len(known))[None, :] == winner[:, None])
    return winner, rivals


def _causes(rng: np.random.Generator, parameters: Parameters, fate: Ints) -> tuple[str, ...]:
    causes = np.full(len(fate), "", dtype=object)
    for name, weights in parameters.outcomes.causes.items():
        lost = np.flatnonzero(fate == FATES.index(name))
        codes = np.asarray(list(weights), dtype=object)
        causes[lost] = codes[pick_same(rng, tuple(weights.values()), len(lost))]
    return tuple(causes)


def _closings(rng: np.random.Generator, parameters: Parameters, deals: Deals, fate: Ints) -> Ints:
    plan = parameters.outcomes
    typical = np.asarray(plan.median_cycle)[fate] * np.asarray(parameters.market.size_cycle)[deals.size]
    cycle = np.floor(typical * lognormal(rng, plan.cycle_sigma, len(deals))).astype(np.int64)
    closed = days.workday_after(deals.created + np.maximum(cycle, SHORTEST_CYCLE))
    last_month = days.in_last_month_of_quarter(closed)
    share = np.where(last_month, np.asarray(plan.quarter_end_share)[fate], np.asarray(plan.month_end_share)[fate])
    ends = days.workday_before(days.month_end(closed) - pick_same(rng, (0.55, 0.25, 0.12, 0.08), len(deals)))
    heaped = np.where(rng.random(len(deals)) < share, ends, closed)
    return np.maximum(heaped, days.workday_after(deals.created + SHORTEST_CYCLE))
