"""What is planted to change outcomes: a roll-out in some teams, reps who left, and the gap to competitors' prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.market import Accounts
from postmortem.simulate.organisation import Reps
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.pipeline import Deals, round_amount
from postmortem.simulate.practice import Influences
from postmortem.simulate.randomness import Flags, Floats

TENTH = 0.1
DEARER_SD = 0.1
LOWEST_PRICE = 250.0


@dataclass(frozen=True)
class Exposures:
    """What each deal is exposed to before its outcome, one entry a deal.

    Attributes
    ----------
    gap : array of float
        Logarithm of our first amount over the cheapest competitor's price; counts where one is on the deal.
    rolled_out : array of bool
        Created in a team of the roll-out, after it.
    rep_left : array of bool
        The account's usual rep left around the creation.
    """

    gap: Floats
    rolled_out: Flags
    rep_left: Flags


def rollout_day(parameters: Parameters) -> int:
    """Return the day the roll-out starts."""
    practice = parameters.practice
    quarters = 0 if practice is None else practice.influences.rollout_quarter
    return days.number((parameters.opening + quarters).start)


def build_exposures(parameters: Parameters, reps: Reps, accounts: Accounts, deals: Deals) -> Exposures:
    """Draw the price gaps and look up who is exposed to the roll-out and to turnover."""
    nobody = np.zeros(len(deals), dtype=bool)
    if parameters.practice is None:
        return Exposures(np.zeros(len(deals)), nobody, nobody)
    plan = parameters.practice.influences
    gap = np.round(plan.gap_sd * parameters.stream("price gaps").standard_normal(len(deals)), 4)
    rolled_out = np.isin(reps.team[deals.rep], plan.rollout_teams) & (deals.created >= rollout_day(parameters))
    left = reps.left[accounts.home_rep[deals.account]]
    rep_left = (left >= deals.created - plan.turnover_before) & (left <= deals.created + plan.turnover_after)
    return Exposures(gap, rolled_out, rep_left)


def effects(parameters: Parameters, reps: Reps, deals: Deals, exposures: Exposures) -> Floats:
    """Return what is added to each deal's log-odds of each fate, shape (deals, 4)."""
    added = np.zeros((len(deals), len(FATES)))
    added[:, 0] += reps.manager_effect[deals.rep]
    if parameters.practice is None:
        return added
    plan = parameters.practice.influences
    won, competitor = FATES.index("won"), FATES.index("competitor")
    added[:, won] += plan.rollout * exposures.rolled_out
    added[:, competitor] += plan.turnover * exposures.rep_left
    added[:, competitor] += plan.price * exposures.gap / TENTH * deals.rivals.any(axis=1)
    return added


def build_prices(
    parameters: Parameters, influences: Influences, deals: Deals, exposures: Exposures, rivals: pd.DataFrame
) -> Floats:
    """Return the price of each row of recorded competitors, missing where nobody learnt it.

    The first competitor of a deal is the cheapest: its price is our first amount less the planted gap,
    rounded as people quote it. The others are dearer.
    """
    rng = parameters.stream("prices")
    row = rivals["deal"].to_numpy()
    cheapest = ~rivals["deal"].duplicated().to_numpy()
    above = np.where(cheapest, 0.0, np.abs(DEARER_SD * rng.standard_normal(len(row))))
    price = round_amount(deals.amount[row] * np.exp(above - exposures.gap[row]), LOWEST_PRICE)
    return np.where(rng.random(len(row)) < influences.price_known, price, np.nan)
