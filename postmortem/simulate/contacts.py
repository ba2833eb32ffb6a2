"""People on the buyer's side: who they are, and when they were first written down on a deal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.market import identifiers
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.randomness import Ints
from postmortem.simulate.signs import Signs

DECIDES, LATE = "Economic Buyer", "Decision Maker"
ROLES = ("Champion", "Business User", "Technical Evaluator", "Procurement")
FIRST_ROLES = (0, 1, 2)
MOST_OTHERS = 3
ALONE, NEW_LATE, LAST_FIFTH = 0.55, 0.35, 0.8
KNOWN_WITHIN_DAYS = 26


def build_contacts(parameters: Parameters, deals: Deals, ends: Ends, signs: Signs) -> pd.DataFrame:
    """Put people on every deal.

    A deal that shows that its true buyer is not engaged has nobody who decides, often a single contact, and
    sometimes somebody new who decides in the last fifth of its life. Other people are known within weeks of
    the creation, whatever becomes of the deal.

    Returns
    -------
    DataFrame
        One row a person of a deal, by deal: deal (row), number (from 0 within the deal), contact_id, role,
        first_seen (day).
    """
    rng = parameters.stream("contacts")
    count = len(deals)
    shows = signs.shows("true_buyer_not_engaged")
    first = rng.integers(0, len(FIRST_ROLES), count)
    others = 1 + rng.integers(0, MOST_OTHERS, count)
    others = np.where(shows, np.where(rng.random(count) < ALONE, 0, np.minimum(others, 2)), others)
    known = rng.integers(1, KNOWN_WITHIN_DAYS, (count, MOST_OTHERS + 1))
    late = np.floor((LAST_FIFTH + (1.0 - LAST_FIFTH) * rng.random(count)) * (ends.died - deals.created))
    comes_late = shows & (rng.random(count) < NEW_LATE)
    every = np.arange(count)
    parts = [_people(every, np.asarray(ROLES, dtype=object)[first], deals.created)]
    for number in range(MOST_OTHERS):
        chosen = np.flatnonzero(others > number)
        role = np.asarray(ROLES, dtype=object)[(first[chosen] + 1 + number) % len(ROLES)]
        parts.append(_people(chosen, role, deals.created[chosen] + known[chosen, number]))
    engaged = np.flatnonzero(~shows)
    parts.append(_people(engaged, DECIDES, deals.created[engaged] + known[engaged, MOST_OTHERS]))
    new = np.flatnonzero(comes_late)
    parts.append(_people(new, LATE, deals.created[new] + late[new].astype(np.int64)))
    people = pd.concat(parts, ignore_index=True)
    people["first_seen"] = days.workday_after(people["first_seen"].to_numpy())
    people = people[people["first_seen"] <= ends.closed[people["deal"]]]
    people = people.sort_values(["deal", "first_seen"], kind="stable", ignore_index=True)
    people["number"] = people.groupby("deal").cumcount()
    people["contact_id"] = identifiers(parameters.stream("contact identifiers"), "003", len(people), parameters)
    return people[["deal", "number", "contact_id", "role", "first_seen"]]


def _people(deal: Ints, role: object, first_seen: Ints) -> pd.DataFrame:
    return pd.DataFrame({"deal": deal, "role": role, "first_seen": first_seen})
