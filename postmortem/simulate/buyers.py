"""What buyers say in interviews: their reasons, as coders understood them, and their ratings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.practice import Interviewing
from postmortem.simulate.randomness import Ints, Texts, pick

CODERS = ("Coder 1", "Coder 2")
LOWEST, HIGHEST = 1, 10
OPENINGS = ("In the end it came down to this: ", "We talked about it for weeks: ", "Between us: ", "")
SAID = {
    "no_trust_in_delivery": "we did not believe it would be running in time.",
    "needs_not_uncovered": "the offer answered a question we had not asked.",
    "true_buyer_not_engaged": "the people who sign had never heard of it.",
    "missing_capability": "one thing we needed was not there.",
    "price_value": "it cost more than it was worth to us.",
    "incumbent_relationship": "we have worked with the other supplier for years.",
    "late_criteria": "the rules changed at the end.",
    "slow_response": "answers took too long.",
    "brand_reference": "the others had references we knew.",
    "risk_not_understood": "nobody could tell us what happens if it goes wrong.",
    "not_qualified_continuously": "we had never agreed to any of the steps.",
    "no_urgency": "it could wait.",
    "priorities_changed": "something else became more important.",
    "budget_lost": "the money was taken away.",
    "outcome_uncertain": "we were not sure what we would get.",
    "champion_lost": "the person who wanted it left.",
    "built_in_house": "our own people built it.",
    "not_an_opportunity": "we were only having a look.",
    "poor_fit": "it was never meant for a company like ours.",
    "duplicate": "we were already talking to a colleague of theirs.",
}
CODING_DAYS = 3


def build_words(parameters: Parameters, plan: Interviewing, ends: Ends, interviews: pd.DataFrame) -> pd.DataFrame:
    """Let the buyers of lost deals say why, and coders put it into codes.

    The first coder writes down what the buyer meant. A second coder reads a part of the interviews and
    agrees on the primary code with the planted chance.

    Returns
    -------
    DataFrame
        One row a reason: interview (row of `interviews`), deal (row), coder, code, rank, lost_to, text,
        recorded_at (Unix seconds), by interview and coder.
    """
    rng = parameters.stream("buyers")
    held = interviews[(interviews["status"] == "held") & (ends.fate[interviews["deal"]] != FATES.index("won"))]
    fate = ends.fate[held["deal"]]
    true = np.asarray(ends.cause, dtype=object)[held["deal"]]
    primary = np.where(rng.random(len(held)) < plan.candour, true, _another(rng, parameters, fate, true))
    second = np.where(rng.random(len(held)) < plan.second_reason, _another(rng, parameters, fate, primary), "")
    told = np.where(rng.random(len(held)) < plan.lost_to_right, fate, 1 + (fate % (len(FATES) - 1)))
    agrees = rng.random(len(held)) < plan.coder_agreement
    again = np.where(agrees, primary, _another(rng, parameters, fate, primary))
    double = rng.random(len(held)) < plan.double_coded
    opening = np.asarray(OPENINGS, dtype=object)[rng.integers(0, len(OPENINGS), len(held))]
    base = pd.DataFrame(
        {
            "interview": held.index,
            "deal": held["deal"].to_numpy(),
            "lost_to": np.asarray(FATES, dtype=object)[told],
            "recorded_at": days.moments(rng, days.workday_after(held["held_on"].to_numpy() + CODING_DAYS)),
        }
    )
    spoken = opening + np.asarray([SAID[code] for code in primary], dtype=object)
    text = np.asarray([words[0].upper() + words[1:] for words in spoken], dtype=object)
    parts = [
        base.assign(coder=CODERS[0], code=primary, rank="primary", text=text),
        base.assign(coder=CODERS[0], code=second, rank="contributing", text=None)[second != ""],
        base.assign(coder=CODERS[1], code=again, rank="primary", text=text)[double],
    ]
    words: pd.DataFrame = pd.concat(parts)
    return words.sort_values(["interview", "coder"], kind="stable", ignore_index=True)


def build_ratings(parameters: Parameters, plan: Interviewing, ends: Ends, interviews: pd.DataFrame) -> pd.DataFrame:
    """Let the buyers interviewed rate the experience, won deals included.

    Returns
    -------
    DataFrame
        One row a score: interview (row of `interviews`), dimension, score (1 to 10).
    """
    rng = parameters.stream("ratings")
    held = interviews[interviews["status"] == "held"]
    won = ends.fate[held["deal"]] == FATES.index("won")
    mood = rng.standard_normal(len(held))
    parts = []
    for dimension, (of_won, of_lost) in plan.ratings.items():
        # Half of the variance is the person's, so that the scores of one interview hang together.
        noise = plan.rating_sd * (mood + rng.standard_normal(len(held))) / np.sqrt(2.0)
        score = np.clip(np.round(np.where(won, of_won, of_lost) + noise), LOWEST, HIGHEST)
        parts.append(pd.DataFrame({"interview": held.index, "dimension": dimension, "score": score}))
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values("interview", kind="stable", ignore_index=True)


def _another(rng: np.random.Generator, parameters: Parameters, fate: Ints, known: Texts) -> Texts:
    """Draw, for each deal, one of the planted causes of its fate other than the known one."""
    codes = tuple(dict.fromkeys(code for weights in parameters.outcomes.causes.values() for code in weights))
    weights = np.asarray(
        [[parameters.outcomes.causes.get(name, {}).get(code, 0.0) for code in codes] for name in FATES]
    )
    mine = weights[fate] * (np.asarray(codes, dtype=object)[None, :] != known[:, None])
    return np.asarray(codes, dtype=object)[pick(rng, mine)] if len(fate) else known
