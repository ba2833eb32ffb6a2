"""The standard error of one coefficient where rows hang together in clusters, few or uneven ones included."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from postmortem.stats.checks import Codes, Floats

# below so many degrees of freedom the approximation is no longer one
LEAST_FREEDOM = 4.0
# a cluster that alone decides a direction of the design tells nothing about the spread in it
ALONE = 1e-9
CARRIED_BY_FEW = "too few groups carry the comparison"


@dataclass(frozen=True, kw_only=True)
class Sandwich:
    """The first coefficient of a least-squares fit.

    Attributes
    ----------
    coefficient : float
        In the unit of the values.
    error : float
        Its standard error.
    freedom : float
        Degrees of freedom of the t distribution that goes with it: near the number of clusters less one where
        clusters are alike, fewer where few of them carry the comparison, 0 where it rests on one of them alone.
    """

    coefficient: float
    error: float
    freedom: float

    def half_width(self, confidence: float) -> float:
        """Return how far the limits lie from the coefficient; infinite where it rests on one cluster."""
        return float(stats.t.ppf((1 + confidence) / 2, self.freedom)) * self.error if self.freedom > 0 else math.inf

    def p_value(self, *, against: float = 0.0) -> float:
        """Return the two-sided p-value of the coefficient against a value; NaN where it rests on one cluster."""
        off = abs(self.coefficient - against)
        if self.error <= 0:
            return 1.0 if off == 0 else 0.0
        return float(2 * stats.t.sf(off / self.error, self.freedom)) if self.freedom > 0 else math.nan


def cluster_sandwich(values: Floats, design: Floats, cluster: Codes) -> Sandwich:
    """Fit by least squares and judge the first coefficient by how far clusters pull at it (CR2).

    With B = (X'X)⁻¹, residuals e and the rows X_g of cluster g: V = Σ_g (b' X_g' A_g e_g)², b the first row of B and
    A_g = (I − X_g B X_g')^(−1/2), which makes V right in expectation where rows are alike and unrelated. Its degrees
    of freedom are Satterthwaite's: (tr Ω)² / tr Ω², Ω the covariance of the pulls of the clusters in that case.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite.
    design : ndarray, shape (n, p)
        Of full rank; the coefficient wanted stands first.
    cluster : ndarray of int, shape (n,)
        Codes from 0, none left out.

    Returns
    -------
    Sandwich
        Coefficient, standard error and degrees of freedom.

    Notes
    -----
    The older factor G/(G−1) · (n−1)/(n−p) with t(G−1) is too sure where clusters are uneven or few of them are
    exposed: of 22 sales people of unequal size, a quarter of them exposed, it rejects a true null at .05 in .110, at
    .01 in .035 (4,000 draws; here .050 and .007).

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28, 169–181; Imbens and Kolesár (2016), Review of Economics and
    Statistics 98, 701–712; Pustejovsky and Tipton (2018), Journal of Business & Economic Statistics 36, 672–683.
    """
    bread = np.linalg.inv(design.T @ design)
    coefficients = bread @ (design.T @ values)
    residuals = values - design @ coefficients
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    rows, off = design[order], residuals[order]
    # of every cluster X_g' X_g and X_g' e_g: all that follows needs no more of its rows
    own = np.add.reduceat(rows[:, :, None] * rows[:, None, :], starts)
    pulled = np.add.reduceat(rows * off[:, None], starts)
    # X_g B X_g' = U diag(held) U' with U = X_g half turn / √held
    half = np.linalg.cholesky(bread)
    held, turn = np.linalg.eigh(half.T @ own @ half)
    left = 1 - np.clip(held, 0, 1)
    root = np.sqrt(np.maximum(left, ALONE))
    # (1/root − 1) / held, which is finite where a direction is hardly held; a direction held alone is taken out
    more = np.where(left > ALONE, 1 / (root * (1 + root)), -1.0)
    turned = half @ turn
    along = np.einsum("gji,gj->gi", turned, own @ bread[0])
    # the row of the coefficient as each cluster pulls at it: A_g X_g b = X_g adjusted
    adjusted = bread[0] + np.einsum("gij,gj->gi", turned, more * along)
    pulls = np.einsum("gi,gi->g", adjusted, pulled)
    through = np.einsum("gij,gj->gi", own, adjusted)
    apart = np.einsum("gi,gi->g", adjusted, through)
    least = ALONE * float(np.abs(rows @ bread[0]).max())
    rests_on_one = bool(((left <= ALONE) & (np.abs(along) > least)).any())
    # Ω = diag(apart) − T B T', whose trace and sum of squares need no matrix of clusters by clusters
    shared = np.einsum("gi,ij,gj->g", through, bread, through)
    common = bread @ (through.T @ through)
    spread = float((apart**2).sum() - 2 * (apart * shared).sum() + np.trace(common @ common))
    varies = spread > ALONE * float((apart**2).sum()) and not rests_on_one
    freedom = float(apart.sum() - shared.sum()) ** 2 / spread if varies else 0.0
    return Sandwich(coefficient=float(coefficients[0]), error=math.sqrt(float(pulls @ pulls)), freedom=freedom)
