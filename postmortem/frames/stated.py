"""The probability of winning that was stated for each deal of a cohort on the day it entered, and by what."""

from __future__ import annotations

import pandas as pd

from postmortem.frames.cohort import Cohort

OWN, CATEGORY = "the deal's own", "its forecast category's"


def stated_probability(cohort: Cohort) -> pd.DataFrame:
    """Return what each deal was stated to be worth as a probability.

    The deal's own probability of that day comes first. Where none is on record, the forecast category has the
    probability that the company declares for it in its process file, and no other: what a category is worth
    is for the company to say.

    Parameters
    ----------
    cohort : Cohort
        Of any kind that observes deals from a day on; closed deals have no stated probability.

    Returns
    -------
    DataFrame
        On the index of `cohort.table`: ``probability`` (0 to 1, missing where nothing states it) and
        ``stated_by`` (`OWN`, `CATEGORY`, or missing).
    """
    own = cohort.table["probability"]
    entered = cohort.table["entered_at"].notna()
    declared = cohort.table["forecast_category"].map(dict(cohort.book.process.categories)).astype("float64")
    probability = own.where(own.notna(), declared).where(entered)
    stated_by = pd.Series(CATEGORY, index=own.index, dtype="str").mask(own.notna(), OWN)
    return pd.DataFrame({"probability": probability, "stated_by": stated_by.where(probability.notna())})
