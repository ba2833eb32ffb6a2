"""What reps write down: reasons that are not the true ones, blanks, and some of the competitors they met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.simulate.organisation import Reps
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.randomness import Floats, Ints, Texts, pick
from postmortem.simulate.stages import Paths

TAXONOMY_VERSION = "red_zone@1.0"
PRICE = "Price"


@dataclass(frozen=True)
class Records:
    """What the CRM holds once deals are closed, for all deals; empty text is blank.

    Attributes
    ----------
    reason, lost_to : array of str
        The recorded reason and, where the CRM has the field, to whom; blank for won deals.
    rivals : DataFrame
        One row a competitor recorded on a deal: deal (row), rival (position), status, recorded_at (Unix
        seconds).
    """

    reason: Texts
    lost_to: Texts
    rivals: pd.DataFrame


def build_records(parameters: Parameters, reps: Reps, deals: Deals, ends: Ends, paths: Paths) -> Records:
    """Write down what reps say about every deal."""
    rng = parameters.stream("records")
    lost = ends.fate != FATES.index("won")
    reason, lost_to = _reasons(rng, parameters, reps, deals, ends), _lost_to(rng, parameters, ends)
    return Records(
        reason=np.where(lost, reason, ""),
        lost_to=np.where(lost, lost_to, ""),
        rivals=_rivals(parameters.stream("recorded competitors"), parameters, ends, paths),
    )


def rep_words(parameters: Parameters, reason: pd.Series) -> pd.DataFrame:
    """Code recorded reasons: what each value stands for in the taxonomy.

    Parameters
    ----------
    reason : Series of str
        Recorded values of lost deals, none blank, with any index.

    Returns
    -------
    DataFrame
        One row a code of a value, indexed as `reason`: code (missing where a value names no reason), rank
        (contributing where a value holds several), lost_to, text.
    """
    codes = reason.map(lambda value: parameters.recording.codes[value][0] or (None,))
    frame = pd.DataFrame(
        {"code": codes, "text": reason, "rank": np.where(codes.str.len() > 1, "contributing", "primary")}
    )
    frame["lost_to"] = reason.map(lambda value: parameters.recording.codes[value][1])
    return frame.explode("code")


def _reasons(rng: np.random.Generator, parameters: Parameters, reps: Reps, deals: Deals, ends: Ends) -> Texts:
    plan = parameters.recording
    values = tuple(dict.fromkeys(value for weights in plan.reasons.values() for value in weights))
    by_fate = np.asarray([[plan.reasons.get(name, {}).get(value, 0.0) for value in values] for name in FATES])
    weights = np.where(ends.fate[:, None] == 0, 1.0, by_fate[ends.fate])
    causes = np.asarray(ends.cause)
    for cause, factors in plan.by_cause.items():
        rows = causes == cause
        for value, factor in factors.items():
            weights[rows, values.index(value)] *= factor
    blank = np.asarray([value == "" for value in values])
    price = np.asarray([PRICE in value for value in values])
    weights *= np.exp(np.outer(reps.blank_effect[deals.rep], blank) + np.outer(reps.price_effect[deals.rep], price))
    return np.asarray(values, dtype=object)[pick(rng, weights)]


def _lost_to(rng: np.random.Generator, parameters: Parameters, ends: Ends) -> Texts:
    plan = parameters.recording
    if not plan.lost_to_shares:
        return np.full(len(ends.fate), "", dtype=object)
    nothing = (0.0,) * (len(plan.lost_to_labels) - 1) + (1.0,)
    shares = np.asarray([plan.lost_to_shares.get(name, nothing) for name in FATES])
    return np.asarray(plan.lost_to_labels, dtype=object)[pick(rng, shares[ends.fate])]


def _rivals(rng: np.random.Generator, parameters: Parameters, ends: Ends, paths: Paths) -> pd.DataFrame:
    plan = parameters.recording
    deal, rival = np.nonzero(ends.rivals)
    wins = ends.winner[deal] == rival
    recorded = rng.random(len(deal)) < np.where(wins, plan.winner_recorded, plan.rival_recorded)
    updated = (rng.random(len(deal)) < plan.status_updated) & (ends.fate[deal] <= FATES.index("competitor"))
    life = paths.closed_at[deal] - paths.created_at[deal]
    during = paths.created_at[deal] + _office(rng.random(len(deal)), life)
    # A status is known at the closing only, so a row that carries one counts as written then.
    at_close = updated | (rng.random(len(deal)) < plan.recorded_at_close)
    frame = pd.DataFrame(
        {
            "deal": deal,
            "rival": rival,
            "status": np.select([~updated, wins], ["present", "won"], "lost"),
            "recorded_at": np.where(at_close, paths.closed_at[deal], during),
        }
    )
    return frame[recorded].reset_index(drop=True)


def _office(share: Floats, life: Ints) -> Ints:
    """Return whole days into a life, so that the hour stays that of the creation."""
    return np.floor(share * life / 86_400).astype(np.int64) * 86_400
