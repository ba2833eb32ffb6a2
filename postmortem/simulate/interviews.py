"""Which buyers are asked for an interview, which of them answer, and under which consent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.practice import Interviewing
from postmortem.simulate.randomness import Floats, Ints, Texts, pick_same
from postmortem.simulate.records import PRICE, Records

CONSENTS = ("none", "anonymous", "named")
ROLES = ("Economic Buyer", "Champion", "Business User", "Procurement")
ROLE_SHARES = (0.3, 0.35, 0.2, 0.15)
MISSING = -1
NO_ANSWER = 0.5


def build_interviews(
    parameters: Parameters, plan: Interviewing, ends: Ends, records: Records, kept: Ints
) -> pd.DataFrame:
    """Draw closed deals by lot, a few days after they close, and ask the buyer.

    Parameters
    ----------
    parameters : Parameters
        The company.
    plan : Interviewing
        Inclusion probabilities, selection, response and consent.
    ends : Ends
        How deals really end.
    records : Records
        What the CRM says; strata are made of it.
    kept : array of int
        Rows of the deals in the book.

    Returns
    -------
    DataFrame
        One row a deal drawn by the extraction, in the order drawn: deal (row), drawn_on, invited_on, held_on
        (days; `MISSING` where not), stratum, draw_order (within a quarter), inclusion_probability (missing
        where the draw is selective), status, respondent_role, consent.
    """
    rng = parameters.stream("interviews")
    as_of = days.number(parameters.as_of)
    deal = kept[ends.closed[kept] <= as_of]
    stratum = _strata(ends, records, deal)
    inclusion = np.asarray([plan.drawn[name] for name in stratum], dtype=np.float64)
    biased = _shifted(inclusion, plan.selection * (np.asarray(ends.cause, dtype=object)[deal] == "price_value"))
    lot, drawn_on = rng.random(len(deal)), days.workday_after(ends.closed[deal] + 7)
    invited_on = days.workday_after(drawn_on + 2)
    answer_on = days.workday_after(invited_on + rng.integers(3, 28, len(deal)))
    took = ends.fate[deal] == FATES.index("competitor")
    answers = rng.random(len(deal)) < _shifted(np.full(len(deal), plan.response), plan.response_competitor * took)
    declined = np.where(rng.random(len(deal)) < NO_ANSWER, "no_answer", "declined").astype(object)
    over, invited = answer_on <= as_of, invited_on <= as_of
    held = answers & over
    consent = np.asarray(CONSENTS, dtype=object)[pick_same(rng, plan.consent, len(deal))]
    frame = pd.DataFrame(
        {
            "deal": deal,
            "drawn_on": drawn_on,
            "invited_on": np.where(invited, invited_on, MISSING),
            "held_on": np.where(held, answer_on, MISSING),
            "stratum": stratum,
            "inclusion_probability": inclusion if plan.selection == 0 else np.nan,
            "status": np.select([held, over, invited], ["held", declined, "invited"], "drawn"),
            "respondent_role": np.where(held, np.asarray(ROLES)[pick_same(rng, ROLE_SHARES, len(deal))], ""),
            "consent": np.where(held, consent, "none"),
            "lot": lot,
        }
    )
    frame = frame[(lot < biased) & (drawn_on <= as_of)]
    quarter = days.quarter_end(frame["drawn_on"].to_numpy())
    frame["draw_order"] = frame.groupby(quarter)["lot"].rank(method="first").astype(np.int64)
    return frame.drop(columns="lot").sort_values(["drawn_on", "deal"], kind="stable", ignore_index=True)


def _strata(ends: Ends, records: Records, deal: Ints) -> Texts:
    reason = records.reason[deal]
    price = np.asarray([PRICE in value for value in reason], dtype=bool)
    won = ends.fate[deal] == FATES.index("won")
    stratum: Texts = np.select(
        [won, price, reason == ""], ["won", "lost, price", "lost, no reason"], "lost, other reason"
    ).astype(object)
    return stratum


def _shifted(share: Floats, effect: Floats) -> Floats:
    """Move shares by an effect on their log-odds."""
    odds = share / (1.0 - share) * np.exp(effect)
    return odds / (1.0 + odds)
