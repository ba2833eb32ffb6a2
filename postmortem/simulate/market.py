"""To whom: invented accounts with their names, sizes, industries and regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.simulate import words
from postmortem.simulate.organisation import Reps
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.randomness import Flags, Ints, pick, pick_same

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

CHECK_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
BLOCK_OF_IDS = 50_000_000


@dataclass(frozen=True)
class Accounts:
    """The accounts, one entry an account in every array; the first `Market.key_accounts` buy often.

    Attributes
    ----------
    name, account_id : tuple of str
        Names and 15-character identifiers, all different.
    region, size, industry : array of int
        Positions in `Organisation.regions`, `Market.sizes` and `Market.industries`.
    is_customer : array of bool
        Whether the account bought before the simulated time.
    home_rep : array of int
        The rep who usually sells there.
    """

    name: tuple[str, ...]
    account_id: tuple[str, ...]
    region: Ints
    size: Ints
    industry: Ints
    is_customer: Flags
    home_rep: Ints


def build_accounts(parameters: Parameters, reps: Reps, deals: int) -> Accounts:
    """Make the accounts that `deals` deals are sold to."""
    plan = parameters.market
    rng = parameters.stream("market")
    count = plan.key_accounts + max(1, round(deals / plan.deals_per_account))
    by_region = np.bincount(reps.region, minlength=len(parameters.organisation.regions))
    region = pick_same(rng, by_region.astype(np.float64), count)
    size = pick_same(rng, tuple(plan.sizes.values()), count)
    size[: plan.key_accounts] = 0
    industry = pick_same(rng, tuple(plan.industries.values()), count)
    home = pick(rng, (reps.region[None, :] == region[:, None]).astype(np.float64))
    return Accounts(
        name=_names(rng, parameters, region, industry),
        account_id=identifiers(rng, "001", count, parameters),
        region=region,
        size=size,
        industry=industry,
        is_customer=rng.random(count) < plan.customers_at_start,
        home_rep=home,
    )


def identifiers(rng: np.random.Generator, prefix: str, count: int, parameters: Parameters) -> tuple[str, ...]:
    """Return `count` rising identifiers; some differ in upper and lower case alone.

    Reports hold 15 characters, extracts of tables the 18 that end in three check characters.
    """
    numbers = 62**4 + parameters.block * BLOCK_OF_IDS + np.cumsum(rng.integers(1, 40, count))
    digits = numbers[:, None] // 62 ** np.arange(5, -1, -1) % 62
    letters = np.asarray(list(DIGITS))
    parts = [np.broadcast_to(np.asarray(list(f"{prefix}Hs0000")), (count, 9)), letters[digits]]
    if parameters.layout != "salesforce_report":
        # Each check character says which of five letters are capital, as Salesforce completes an identifier.
        capital = np.char.isupper(np.concatenate(parts, axis=1)).reshape(count, 3, 5)
        parts.append(np.asarray(list(CHECK_CHARACTERS))[capital @ (1 << np.arange(5))])
    text = np.ascontiguousarray(np.concatenate(parts, axis=1))
    return tuple(text.view(f"<U{text.shape[1]}").ravel().tolist())


def _names(rng: np.random.Generator, parameters: Parameters, region: Ints, industry: Ints) -> tuple[str, ...]:
    starts, ends = words.STEM_STARTS, words.STEM_ENDS
    stems = rng.permutation(len(starts) * len(ends))
    regions, industries = parameters.organisation.regions, tuple(parameters.market.industries)
    trade, form = rng.random(len(region)), rng.random(len(region))
    names: dict[str, None] = {}
    # The blocks of a large company are numbered, so that their names differ.
    block = f" {parameters.block + 1}" if parameters.block else ""
    for k in range(len(region)):
        start, end = divmod(int(stems[k % len(stems)]), len(ends))
        trades, forms = words.TRADES[industries[industry[k]]], words.LEGAL_FORMS[regions[region[k]]]
        chosen = int(trade[k] * len(trades)) * len(forms) + int(form[k] * len(forms))
        # Past the last stem, companies share one, as unrelated companies do, but never the whole name.
        for step in range(len(trades) * len(forms)):
            place, kind = divmod((chosen + step) % (len(trades) * len(forms)), len(forms))
            name = f"{starts[start]}{ends[end]}{block} {trades[place]} {forms[kind]}"
            if name not in names:
                break
        names[name] = None
    return tuple(names)
