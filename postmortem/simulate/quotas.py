"""Quotas and what was reached, and what leaders guess about a quarter before it is worked out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.ground.fiscal import FiscalCalendar
from postmortem.simulate import days
from postmortem.simulate.organisation import Reps
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.practice import Practice

RAMP = (0.25, 0.5, 0.75)
DAYS_OF_A_QUARTER = 92
QUOTA_STEP = 5_000.0
GUESSERS = ("Head of Sales", "Head of Marketing", "Chief Executive")
GUESSED = ("competitor", "status_quo")
GUESSED_QUARTERS = 4
SEALED_DAY = 3


def build_quotas(parameters: Parameters, practice: Practice, reps: Reps, deals: pd.DataFrame) -> pd.DataFrame:
    """Give every rep a quota for each quarter worked, and add up what was won.

    A full quota is the planted stretch of what a rep of the region wins in a usual quarter; in the first
    three quarters of a job it is a quarter, a half and three quarters of that.

    Parameters
    ----------
    deals : DataFrame
        Canonical deals: attained is the amount of the deals won in the quarter by their owner at the close.

    Returns
    -------
    DataFrame
        One row a rep and quarter over by the extraction: rep_id, quarter (label), quota, attained (amounts).
    """
    quarters = [parameters.opening + number for number in range(parameters.quarters)]
    won = deals[deals["outcome"] == "won"]
    label = won["closed_at"].map(lambda day: FiscalCalendar().quarter_of(day.date()).label)
    attained = won["amount"].groupby([won["owner_id"], label]).sum()
    rows = []
    for rep, name in enumerate(reps.name):
        for quarter in quarters:
            start, end = days.number(quarter.start), days.number(quarter.end)
            if reps.hired[rep] <= end and reps.left[rep] >= start:
                tenure = int(end - reps.hired[rep]) // DAYS_OF_A_QUARTER
                share = RAMP[tenure] if tenure < len(RAMP) else 1.0
                rows.append((rep, name, quarter.label, share, float(attained.get((name, quarter.label), 0.0))))
    frame = pd.DataFrame(rows, columns=["rep", "rep_id", "quarter", "share", "attained"])
    usual = frame["attained"].groupby(reps.region[frame["rep"]]).transform("mean")
    quota = np.maximum(np.round(practice.stretch * usual * frame["share"] / QUOTA_STEP), 1.0) * QUOTA_STEP
    return frame.assign(quota=quota)[["rep_id", "quarter", "quota", "attained"]]


def build_guesses(parameters: Parameters, practice: Practice, shares: dict[str, float | None]) -> pd.DataFrame:
    """Let leaders guess which part of the losses went where, a few days after each of the last quarters.

    Parameters
    ----------
    shares : dict
        True shares by `lost_to`.

    Returns
    -------
    DataFrame
        One row a guess: quarter (label), rater_id, question, value (a share, as text), sealed_at (Unix
        seconds).
    """
    rng = parameters.stream("guesses")
    rows = []
    for number in range(max(0, parameters.quarters - GUESSED_QUARTERS), parameters.quarters):
        quarter = parameters.opening + number
        sealed = (days.number((quarter + 1).start) + SEALED_DAY - 1) * days.SECONDS + days.OFFICE_OPENS
        for rater in GUESSERS:
            for name in GUESSED:
                guess = np.clip((shares[name] or 0.0) + practice.guess_error * rng.standard_normal(), 0.0, 1.0)
                rows.append((quarter.label, rater, f"share_lost_to_{name}", f"{guess:.2f}", sealed))
    return pd.DataFrame(rows, columns=["quarter", "rater_id", "question", "value", "sealed_at"])
