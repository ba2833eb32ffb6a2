"""Managers' deal reviews: the six red-zone causes on some lost deals and on won deals matched to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.practice import BLINDSIDES, Reviewing
from postmortem.simulate.randomness import Flags, Ints
from postmortem.simulate.signs import Signs

EVIDENCE = {
    "not_an_opportunity": "No budget or date was ever confirmed.",
    "not_qualified_continuously": "Stages were advanced without the buyer's commitment.",
    "no_trust_in_delivery": "No reference call or pilot took place.",
    "true_buyer_not_engaged": "The person who signs was never in a meeting.",
    "risk_not_understood": "Procurement came in during the last weeks.",
    "needs_not_uncovered": "The proposal went out before discovery.",
}


def build_reviews(
    parameters: Parameters, plan: Reviewing, ends: Ends, signs: Signs, manager: Ints, kept: Ints
) -> pd.DataFrame:
    """Review some closed deals: yes, no or unknown for each of the six causes.

    Parameters
    ----------
    parameters : Parameters
        The company.
    plan : Reviewing
        Which deals, and how well managers see.
    ends, signs : Ends, Signs
        What is true.
    manager : array of int
        Position of each deal's manager.
    kept : array of int
        Rows of the deals in the book.

    Returns
    -------
    DataFrame
        One row an answer, by deal and question: deal (row), question, answer, evidence (empty unless yes).
    """
    rng = parameters.stream("reviews")
    deal = kept[ends.closed[kept] <= days.number(parameters.as_of)]
    won = ends.fate[deal] == FATES.index("won")
    deal = deal[_chosen(rng, plan, won, manager[deal], days.quarter_end(ends.closed[deal]))]
    won = ends.fate[deal] == FATES.index("won")
    shape = (len(deal), len(BLINDSIDES))
    wrong = plan.wrong_yes + np.where(won, 0.0, plan.hindsight)
    yes = rng.random(shape) < np.where(signs.marked[deal], plan.sees, wrong[:, None])
    silent = rng.random(shape) < plan.not_known
    answer = np.select([silent, yes], ["unknown", "yes"], "no")
    question = np.asarray(BLINDSIDES, dtype=object)
    evidence = np.asarray([EVIDENCE[cause] for cause in BLINDSIDES], dtype=object)
    return pd.DataFrame(
        {
            "deal": np.repeat(deal, len(BLINDSIDES)),
            "question": np.tile(question, len(deal)),
            "answer": answer.ravel(),
            "evidence": np.where(answer == "yes", evidence[None, :], "").ravel(),
        }
    )


def _chosen(rng: np.random.Generator, plan: Reviewing, won: Flags, manager: Ints, quarter: Ints) -> Flags:
    """Choose lost deals by lot, and won deals of the same manager and quarter, one for some of them."""
    lost = ~won & (rng.random(len(won)) < plan.lost_share)
    wanted = lost & (rng.random(len(won)) < plan.matched_share)
    frame = pd.DataFrame(
        {"manager": manager, "quarter": quarter, "won": won, "wanted": wanted, "lot": rng.random(len(won))}
    )
    among = frame.groupby(["manager", "quarter"])
    number = among["wanted"].transform("sum")
    place = frame["lot"].where(frame["won"]).groupby([frame["manager"], frame["quarter"]]).rank()
    chosen: Flags = lost | (place <= number).to_numpy()
    return chosen
