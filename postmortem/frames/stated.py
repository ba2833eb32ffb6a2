"""The probability of winning that was stated for each deal of a cohort on the day it entered, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from postmortem.frames.cohort import Cohort

OWN, CATEGORY = "the deal's own", "its forecast category's"
BY_QUARTER_END, EVER = "by_quarter_end", "ever"
WHEN: Mapping[str, str] = {BY_QUARTER_END: "by the quarter's end", EVER: "in the end"}
# What wins closes sooner than what is lost: a quarter with more deals open than this looks better than it will be.
MOST_OPEN = 0.05


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


def scores_of(cohort: Cohort) -> tuple[str, ...]:
    """Return what stated probabilities of this kind of cohort can be held against, the main one first.

    Only forecast deals are all seen equally long before the quarter's end; deals that enter a stage or the
    forecast in mid-quarter are held against their end alone, and closed deals were never seen open.
    """
    if cohort.kind == "forecast":
        return (BY_QUARTER_END, EVER)
    return () if cohort.kind == "closed" else (EVER,)


def scored_deals(cohort: Cohort, rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the deals of the window with what was stated and whether they were won: once a deal and score.

    By the quarter's end, every forecast of the window counts. In the end, only quarters count of whose deals all
    but a twentieth have ended, and a deal forecast in several of them counts once, as it was stated first.

    Parameters
    ----------
    cohort : Cohort
        Of any kind; nothing is returned for closed deals.
    rows : DataFrame, optional
        Rows of its table to take instead of the window's.

    Returns
    -------
    DataFrame
        The columns of `cohort.table` for one row a deal, quarter and score, with ``score`` (`BY_QUARTER_END`,
        `EVER`), ``won`` (missing for a deal still open), ``probability`` and ``stated_by`` as
        `stated_probability` returns them.
    """
    rows = (cohort.window_rows if rows is None else rows).sort_values(
        ["entered_at", "deal_id", "quarter"], kind="stable"
    )
    stated = stated_probability(cohort).loc[rows.index]
    rows = rows.assign(probability=stated["probability"], stated_by=stated["stated_by"])
    parts = [_scored(rows, score) for score in scores_of(cohort)]
    empty = rows.iloc[:0].assign(score=pd.Series(dtype="str"), won=pd.Series(dtype="boolean"))
    return pd.concat([part for part in parts if len(part)] or [empty], ignore_index=True)


def _scored(rows: pd.DataFrame, score: str) -> pd.DataFrame:
    if score == BY_QUARTER_END:
        return rows.assign(score=score, won=(rows["resolution"] == "won").astype("boolean"))
    is_open = rows["ultimate"] == "open"
    ripe = is_open.groupby(rows["quarter"]).transform("mean") <= MOST_OPEN
    won = (rows["ultimate"] == "won").astype("boolean").mask(is_open)
    return rows.assign(score=score, won=won)[ripe].drop_duplicates("deal_id")
