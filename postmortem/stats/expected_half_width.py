"""How wide the interval of a share will be: before a sample of a finite number of cases is taken."""

from __future__ import annotations

import math

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.limits import z_value

SHARE = 0.35
"""Where a leading reason often lies; the interval is widest at .5, by a few hundredths at these sizes."""


def expected_half_width(
    n: float,
    population: int | None = None,
    *,
    share: float = SHARE,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    confidence: float = 0.95,
) -> float:
    """Return half the width that Wilson's interval of a share is going to have.

    z √(p(1−p)/m + z²/4m²) / (1 + z²/m), where m = n / (1 + (cluster_size − 1) icc) · (N − 1)/(N − n) is the number
    of independent cases from an endless population that would tell as much.

    Parameters
    ----------
    n : float
        Cases expected in the sample, above 0; an expectation need not be whole.
    population : int, optional
        Cases there are, N, at least n; endless unless told.
    share : float
        Share to be estimated, between 0 and 1.
    cluster_size : float
        Sampled cases a cluster, on average, at least 1.
    icc : float
        How much cases of one cluster resemble each other, 0 to 1 (intraclass correlation).
    confidence : float
        Two-sided confidence.

    Returns
    -------
    float
        Half-width in shares; 0 when all cases are in the sample.

    Raises
    ------
    UsageError
        When numbers or shares cannot be.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209–212; Kish (1965), Survey Sampling, for
    the design effect and the finite population. Reference values at .35: 20 cases ±.19, 30 ±.16, 50 ±.13, 84 ±.10,
    120 ±.084.
    """
    p, z = checks.between("share", share), z_value(confidence)
    if not (math.isfinite(n) and n > 0 and (population is None or n <= population)):
        raise UsageError(
            "no interval comes of this many cases", got=f"{n} of {population}", expected="1 to all of them"
        )
    if not (math.isfinite(cluster_size) and cluster_size >= 1 and 0 <= icc <= 1):
        raise UsageError(
            "clusters cannot be like this",
            got=f"cluster_size={cluster_size}, icc={icc}",
            expected="at least 1 case a cluster, and an icc of 0 to 1",
        )
    if population is not None and n >= population:
        return 0.0
    alike = n / (1 + (cluster_size - 1) * icc)
    m = alike if population is None else alike * (population - 1) / (population - n)
    return z * math.sqrt(p * (1 - p) / m + z**2 / (4 * m**2)) / (1 + z**2 / m)
