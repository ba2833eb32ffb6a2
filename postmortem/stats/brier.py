"""How good stated probabilities were: the Brier score, its three parts, and what came of each probability."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_N, Estimate, Status, refusal
from postmortem.stats.proportions import wilson

LEAST_IN_BIN = 5
# Probabilities read from text differ in the last digit of a float; what people state does not.
DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """The observations of one stated probability.

    Attributes
    ----------
    stated : float
        The probability, 0 to 1.
    n, events : int
        Observations, and those in which the event came.
    share : Estimate
        Share of events with Wilson's interval; refused under five observations.
    """

    stated: float
    n: int
    events: int
    share: Estimate


@dataclass(frozen=True, kw_only=True)
class BrierScore:
    """A Brier score and Murphy's three parts: score = reliability − resolution + uncertainty.

    Attributes
    ----------
    score : float
        Mean of (p − y)², 0 to 1, lower is better; NaN when refused, as the three below.
    reliability : float
        How far the shares lie from the probabilities stated: 0 is perfect.
    resolution : float
        How far the probabilities tell the observations apart: 0 is not at all.
    uncertainty : float
        What stating the overall share every time would score.
    skill : float
        1 − score / uncertainty: the part of the uncertainty taken away; below 0 the overall share alone
        would have done better. NaN when every observation ended alike.
    n, events : int
        Observations and events.
    bins : tuple of CalibrationBin
        One a stated probability, ascending.
    status : {"ok", "refused"}
        Refused when there is too little data.
    why : str
        Reason of a refusal.
    """

    score: float = math.nan
    reliability: float = math.nan
    resolution: float = math.nan
    uncertainty: float = math.nan
    skill: float = math.nan
    n: int
    events: int
    bins: tuple[CalibrationBin, ...]
    status: Status = "ok"
    why: str = ""


def brier_score(
    probability: checks.Numbers,
    happened: checks.Numbers,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_in_bin: int = LEAST_IN_BIN,
) -> BrierScore:
    """Score stated probabilities, and decompose the score by distinct probability.

    With n_k observations of probability f_k, o_k their share of events and o the overall share: reliability
    Σ n_k (f_k − o_k)² / n, resolution Σ n_k (o_k − o)² / n, uncertainty o(1 − o). The identity is exact because
    the bins are the distinct probabilities; ranges of probabilities would leave a remainder.

    Parameters
    ----------
    probability : sequence of float, one value an observation
        Stated probabilities, 0 to 1. One an observation at a fixed lead time: weekly repeats are no new ones.
    happened : sequence of 0 and 1, one value an observation
        Whether the event came; flags are welcome.
    confidence : float
        Confidence of the bins' intervals.
    least_n : int
        Fewer observations are refused.
    least_in_bin : int
        Bins of fewer keep their counts and lose their share.

    Returns
    -------
    BrierScore
        With the calibration table in `bins`, which stands even where the score is refused.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what is no probability or no outcome.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1–3; Murphy (1973), Journal of Applied Meteorology 12, 595–600.
    Reference value: f = (.9, .9, .9, .6, .6, .3, .3, .3, .1, .1) and o = (1, 1, 0, 1, 0, 0, 1, 0, 0, 0) give
    .204 = .0206667 − .0566667 + .24.
    """
    p, y = checks.shares("probability", probability), checks.zero_one("happened", happened)
    checks.same_length(probability=p, happened=y)
    checks.between("confidence", confidence)
    stated, place = np.unique(np.round(p, DIGITS), return_inverse=True)
    size, events = np.bincount(place), np.bincount(place, weights=y)
    bins = tuple(
        CalibrationBin(
            stated=float(at),
            n=int(n),
            events=int(came),
            share=wilson(int(came), int(n), confidence=confidence, least_n=least_in_bin),
        )
        for at, n, came in zip(stated, size, events, strict=True)
    )
    n, came = int(y.size), int(y.sum())
    why = refusal(n, None, least_n=max(least_n, 1))
    if why:
        return BrierScore(n=n, events=came, bins=bins, status="refused", why=why)
    overall, share = came / n, events / size
    score = float(((p - y) ** 2).mean())
    uncertainty = overall * (1 - overall)
    return BrierScore(
        score=score,
        reliability=float(size @ (stated - share) ** 2) / n,
        resolution=float(size @ (share - overall) ** 2) / n,
        uncertainty=uncertainty,
        skill=1 - score / uncertainty if uncertainty else math.nan,
        n=n,
        events=came,
        bins=bins,
    )
