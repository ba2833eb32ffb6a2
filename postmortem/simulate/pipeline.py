"""The pipeline: who sells what to whom, when it starts, for how much, and who else is bidding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.simulate import days
from postmortem.simulate.market import Accounts, build_accounts
from postmortem.simulate.organisation import Reps, active
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.randomness import Flags, Floats, Ints, lognormal, pick, pick_same

HOME_REP_WEIGHT = 12.0


@dataclass(frozen=True)
class Deals:
    """Deals as they begin, in the order of their creation, one entry a deal in every array.

    Attributes
    ----------
    account, rep, product : array of int
        Positions in `Accounts`, `Reps` and `Market.products`; the rep is the first owner.
    size, region : array of int
        The account's.
    created : array of int
        Day of creation, a working day.
    amount : array of float
        First amount.
    was_customer : array of bool
        Whether the account bought before the simulated time.
    rivals : array of bool, shape (deals, competitors)
        Which competitors are truly on the deal.
    """

    account: Ints
    rep: Ints
    product: Ints
    size: Ints
    region: Ints
    created: Ints
    amount: Floats
    was_customer: Flags
    rivals: Flags

    def __len__(self) -> int:
        return len(self.account)


def build_deals(parameters: Parameters, reps: Reps) -> tuple[Accounts, Deals]:
    """Start all deals between the beginning of the warm-up and the extraction."""
    plan = parameters.market
    rng = parameters.stream("pipeline")
    start = days.number(parameters.first) - parameters.warm_up_days
    end = days.number(parameters.as_of)
    count = round(parameters.deals_per_quarter * (end - start) / (365.25 / 4))
    accounts = build_accounts(parameters, reps, count)
    created = np.sort(days.workday_before(rng.integers(start, end + 1, count)))
    account = _accounts(rng, parameters, len(accounts.name), count)
    size, region = accounts.size[account], accounts.region[account]
    product = pick_same(rng, tuple(plan.products.values()), count)
    presence = np.asarray([rival.presence for rival in plan.rivals])
    was_customer = accounts.is_customer[account]
    typical = plan.median_amount * np.asarray(plan.size_amount)[size] * np.asarray(plan.product_amount)[product]
    typical = typical * np.where(was_customer, plan.customer_amount, 1.0)
    amount = round_amount(typical * lognormal(rng, plan.amount_sigma, count), plan.smallest_amount)
    deals = Deals(
        account=account,
        rep=_owners(rng, reps, region, accounts.home_rep[account], created),
        product=product,
        size=size,
        region=region,
        created=created,
        amount=amount,
        was_customer=was_customer,
        rivals=rng.random((count, len(presence))) < presence,
    )
    return accounts, deals


def round_amount(amount: Floats, smallest: float) -> Floats:
    """Round amounts as people quote them: to 250, from 100,000 on to 1,000, and never under `smallest`."""
    step = np.where(amount >= 100_000, 1_000.0, 250.0)
    return np.maximum(np.round(amount / step) * step, smallest)


def _accounts(rng: np.random.Generator, parameters: Parameters, known: int, count: int) -> Ints:
    keys = parameters.market.key_accounts
    often = rng.random(count) < parameters.market.key_account_share
    return np.where(often, rng.integers(0, keys, count), rng.integers(keys, known, count)).astype(np.int64)


def _owners(rng: np.random.Generator, reps: Reps, region: Ints, home: Ints, created: Ints) -> Ints:
    weights = (reps.region[None, :] == region[:, None]) & active(reps, created)
    boosted = weights * np.where(np.arange(len(reps.name))[None, :] == home[:, None], HOME_REP_WEIGHT, 1.0)
    return pick(rng, boosted)
