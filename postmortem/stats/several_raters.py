"""How far several raters agree: Fleiss' kappa where all rated everything, Krippendorff's alpha where some did not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.agreement import LEAST_RATED_TWICE, NO_VARIETY
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import Estimate, refusal

FLEISS = "Fleiss' kappa, linearised variance over things rated, t(n−1)"
KRIPPENDORFF = "Krippendorff's alpha, nominal, percentile bootstrap over things rated"
DRAWS = 2_000
SEED = 20_240_719


def category_counts(ratings: pd.DataFrame) -> Floats:
    """Count, for every thing rated, how many raters gave it each category.

    Parameters
    ----------
    ratings : DataFrame
        One row a thing, one column a rater, a label or nothing in each cell.

    Returns
    -------
    array, shape (things, categories)
        Categories in sorted order; a missing rating counts nowhere.

    Raises
    ------
    UsageError
        When there is no rating at all.
    """
    long = ratings.reset_index(drop=True).stack(future_stack=True).dropna()
    if long.empty:
        raise UsageError("ratings hold no rating", got=f"shape {ratings.shape}", expected="at least one label")
    codes, categories = checks.codes("ratings", list(long))
    counts = np.zeros((len(ratings), len(categories)))
    np.add.at(counts, (long.index.get_level_values(0).to_numpy(), codes), 1)
    return counts


def fleiss_kappa(ratings: pd.DataFrame, *, confidence: float = 0.95, least_n: int = LEAST_RATED_TWICE) -> Estimate:
    """Estimate how far raters agree beyond chance where every one of them rated everything.

    With n_ik raters of r giving thing i category k and π_k the share of k among all ratings: P_i = Σ_k n_ik(n_ik − 1)
    / r(r − 1), P_e = Σ π_k², κ = (mean P_i − P_e) / (1 − P_e). The variance is that of the linearised values
    κ_i − 2(1 − κ)(Σ_k π_k n_ik / r − P_e) / (1 − P_e), κ_i = (P_i − P_e) / (1 − P_e), over the things rated.

    Parameters
    ----------
    ratings : DataFrame
        One row a thing, one column a rater; complete.
    confidence : float
        Two-sided confidence.
    least_n : int
        Fewer things are refused.

    Returns
    -------
    Estimate
        Kappa; n things. Refused where only one category was ever given.

    Raises
    ------
    UsageError
        When a rating is missing (rows named), or there are fewer than two raters.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378–382, whose 30 diagnoses by six raters give .430; Gwet (2021),
    Educational and Psychological Measurement 81, 781–790, for the variance.
    """
    if ratings.shape[1] < 2:
        raise UsageError("there is only one rater", got=ratings.shape[1], expected="at least two")
    gaps = np.flatnonzero(ratings.isna().any(axis=1).to_numpy())
    if gaps.size:
        raise UsageError(
            "things were not rated by all raters",
            got=f"{gaps.size} of {len(ratings)}",
            expected="every cell filled",
            do="use `krippendorff_alpha`, which allows missing ratings",
            rows=[f"row {row}" for row in gaps],
        )
    z_like = checks.between("confidence", confidence)
    why = refusal(len(ratings), None, least_n=max(least_n, 2))
    counts = category_counts(ratings) if len(ratings) else np.zeros((0, 1))
    if not why and counts.shape[1] == 1:
        why = NO_VARIETY
    if why:
        return Estimate.refused(why, n=len(ratings), method=FLEISS)
    n, raters = len(ratings), ratings.shape[1]
    agreed = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = counts.sum(axis=0) / counts.sum()
    chance = float(shares @ shares)
    kappa = (float(agreed.mean()) - chance) / (1 - chance)
    pulls = (agreed - chance) / (1 - chance) - 2 * (1 - kappa) * (counts @ shares / raters - chance) / (1 - chance)
    error = math.sqrt(float(((pulls - kappa) ** 2).sum()) / (n * (n - 1)))
    half = float(stats.t.ppf((1 + z_like) / 2, n - 1)) * error
    return Estimate(
        estimate=kappa, low=kappa - half, high=max(min(kappa + half, 1.0), kappa), n=n, confidence=confidence,
        method=FLEISS,
    )  # fmt: skip


def krippendorff_alpha(
    ratings: pd.DataFrame,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_RATED_TWICE,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Estimate how far raters agree beyond chance where not every one rated everything.

    α = 1 − D_o / D_e over the things that at least two rated. With m_i ratings of thing i, n_ik of them category
    k, n_k = Σ_i n_ik and n = Σ n_k: D_o = Σ_i (m_i² − Σ_k n_ik²) / (m_i − 1) / n, D_e = (n² − Σ n_k²) / n(n − 1).

    Parameters
    ----------
    ratings : DataFrame
        One row a thing, one column a rater; cells may be missing.
    confidence : float
        Two-sided confidence of the bootstrap's percentiles.
    least_n : int
        Fewer things that at least two rated are refused.
    draws : int
        Bootstrap samples of things.
    seed : int
        Seed of the bootstrap; the same ratings give the same interval.

    Returns
    -------
    Estimate
        Alpha; n things that at least two rated. Refused where only one category was ever given. Where nobody ever
        disagreed the interval has no width, and says so (fallback).

    Raises
    ------
    UsageError
        When there is no rating at all.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, University of Pennsylvania. Reference value: the
    three coders of fifteen units printed in many places give .691.
    """
    counts = category_counts(ratings)
    counts = counts[counts.sum(axis=1) > 1]
    counts = counts[:, counts.sum(axis=0) > 0]
    tail = (1 - checks.between("confidence", confidence)) / 2
    n = len(counts)
    why = refusal(n, None, least_n=max(least_n, 2))
    if not why and counts.shape[1] == 1:
        why = NO_VARIETY
    if why:
        return Estimate.refused(why, n=n, method=KRIPPENDORFF)
    # the order of things decides nothing, so the draws are made on sorted rows
    counts = counts[np.lexsort(counts.T[::-1])]
    rated = counts.sum(axis=1)
    apart = (rated**2 - (counts**2).sum(axis=1)) / (rated - 1)
    alpha = float(_alpha(np.ones((1, n)), counts, apart)[0])
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)
    redrawn = _alpha(weights, counts, apart)
    low, high = np.quantile(redrawn[np.isfinite(redrawn)], [tail, 1 - tail])
    flat = not apart.any()
    return Estimate(
        estimate=alpha,
        low=min(float(low), alpha),
        high=max(float(high), alpha),
        n=n,
        confidence=confidence,
        method=KRIPPENDORFF,
        status="fallback" if flat else "ok",
        why="the raters never disagreed, so no sample of these shows how often they would" if flat else "",
    )


def _alpha(weights: Floats, counts: Floats, apart: Floats) -> Floats:
    """Return alpha for every row of weights over things; NaN where a sample holds one category only."""
    totals = weights @ counts
    n = totals.sum(axis=1)
    chance = (n**2 - (totals**2).sum(axis=1)) / (n * (n - 1))
    seen = weights @ apart / n
    return np.asarray(1 - np.divide(seen, chance, out=np.full(len(n), math.nan), where=chance > 0))
