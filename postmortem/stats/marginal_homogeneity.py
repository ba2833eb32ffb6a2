"""Whether two raters of the same things use each category equally often: a shift of the one against the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from postmortem.stats import checks
from postmortem.stats.agreement import LEAST_RATED_TWICE, square_table
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import Status, refusal
from postmortem.stats.permutation import DRAWS, SEED

STUART_MAXWELL = "Stuart–Maxwell test of marginal homogeneity"
EXCHANGED = "Stuart–Maxwell statistic against its distribution when raters are exchanged thing by thing"
# Discordant ratings a category needs before the chi-squared distribution describes the statistic.
LEAST_DISCORDANT = 10


@dataclass(frozen=True, kw_only=True)
class MarginalHomogeneity:
    """Whether the two raters' shares of the categories are alike.

    Attributes
    ----------
    statistic : float
        Stuart and Maxwell's χ²; NaN when refused, as p and bhapkar.
    p : float
        Chance of a statistic as large, did both use every category equally often.
    bhapkar : float
        Bhapkar's statistic, χ² / (1 − χ² / n), which estimates the variance without that assumption.
    degrees : int
        Degrees of freedom.
    discordant, n : int
        Things rated differently, and all things.
    method : str
        Name of the method used.
    status : {"ok", "fallback", "refused"}
        ``fallback`` when p comes from exchanging raters, as a category has few discordant ratings.
    why : str
        Reason of a refusal or fallback.
    """

    statistic: float = math.nan
    p: float = math.nan
    bhapkar: float = math.nan
    degrees: int = 0
    discordant: int
    n: int
    method: str
    status: Status = "ok"
    why: str = ""


def marginal_homogeneity(
    first: checks.Labels,
    second: checks.Labels,
    *,
    least_n: int = LEAST_RATED_TWICE,
    draws: int = DRAWS,
    seed: int = SEED,
) -> MarginalHomogeneity:
    """Test whether two raters use the categories equally often on the same things.

    χ² = d' V⁻ d, with d_k = n_k. − n_.k, V_kk = n_k. + n_.k − 2 n_kk and V_kl = −(n_kl + n_lk). Where a category has
    fewer than ten discordant ratings, p is found by exchanging the two raters' words thing by thing, which leaves V
    as it is.

    Parameters
    ----------
    first, second : sequence, one label a thing rated
        What either rater said; no label missing.
    least_n : int
        Fewer things are refused.
    draws : int
        Exchanges drawn.
    seed : int
        Seed of the draws; the same ratings give the same p-value.

    Returns
    -------
    MarginalHomogeneity
        Refused where the raters never differ as well: there is no shift to test, and nothing to test it by.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or a label is missing.

    Notes
    -----
    V⁻ is the Moore–Penrose inverse and degrees its rank, so that categories on which nobody differs, and groups of
    categories that are never confused with each other, cost no answer. Exchanging tests symmetry, of which alike
    margins are a part.

    References
    ----------
    Stuart (1955), Biometrika 42, 412–416, whose 7,477 women's eyes give 11.96 on 3 degrees (Bhapkar 11.98); Maxwell
    (1970), British Journal of Psychiatry 116, 651–655; Bhapkar (1966), JASA 61, 228–235.
    """
    table, _ = square_table(first, second)
    n, alike = int(table.sum()), int(np.trace(table))
    why = refusal(n, None, least_n=max(least_n, 2))
    if not why and alike == n:
        why = "the two never differ"
    if why:
        return MarginalHomogeneity(discordant=n - alike, n=n, method=STUART_MAXWELL, status="refused", why=why)
    loose = table - np.diag(np.diag(table))
    inverse, degrees = _inverse(np.diag(loose.sum(axis=1) + loose.sum(axis=0)) - loose - loose.T)
    shift = loose.sum(axis=1) - loose.sum(axis=0)
    seen = float(shift @ inverse @ shift)
    used = loose.sum(axis=1) + loose.sum(axis=0)
    fewest = int(used[used > 0].min())
    sparse = fewest < LEAST_DISCORDANT
    return MarginalHomogeneity(
        statistic=seen,
        p=_exchanged(loose, inverse, seen, draws, seed) if sparse else float(stats.chi2.sf(seen, degrees)),
        bhapkar=seen / (1 - seen / n) if seen < n else math.inf,
        degrees=degrees,
        discordant=n - alike,
        n=n,
        method=EXCHANGED if sparse else STUART_MAXWELL,
        status="fallback" if sparse else "ok",
        why=f"a category has only {fewest} ratings on which the two differ" if sparse else "",
    )


def _inverse(covariance: Floats) -> tuple[Floats, int]:
    """Return the Moore–Penrose inverse of a covariance of counts, and its rank."""
    values, vectors = np.linalg.eigh(covariance)
    varies = values > 1e-9 * values.max()
    inverse = (vectors[:, varies] / values[varies]) @ vectors[:, varies].T
    return np.asarray(inverse), int(varies.sum())


def _exchanged(loose: Floats, inverse: Floats, seen: float, draws: int, seed: int) -> float:
    """Return the share of exchanges whose statistic is at least as large; of each pair of cells the sum is fixed."""
    above, below = np.triu_indices(len(loose), 1)
    both = (loose[above, below] + loose[below, above]).astype(np.int64)
    generator = np.random.default_rng(seed)
    net = 2 * generator.binomial(both, 0.5, size=(draws, len(both))) - both
    shift = np.zeros((draws, len(loose)))
    for place, (one, other) in enumerate(zip(above, below, strict=True)):
        shift[:, one] += net[:, place]
        shift[:, other] -= net[:, place]
    drawn = np.einsum("ij,jk,ik->i", shift, inverse, shift)
    return float((1 + (drawn >= seen - 1e-9).sum()) / (1 + draws))
