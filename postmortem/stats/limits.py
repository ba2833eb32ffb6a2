"""Limits of a share from its counts alone, before any rule about how much data is enough."""

from __future__ import annotations

import math

from scipy import stats

from postmortem.stats import checks


def z_value(confidence: float) -> float:
    """Return the two-sided standard normal quantile, Φ⁻¹((1 + confidence) / 2).

    Parameters
    ----------
    confidence : float
        Between 0 and 1.

    Returns
    -------
    float
        1.959964 at .95.

    Raises
    ------
    UsageError
        When the confidence is not between 0 and 1.
    """
    return float(stats.norm.ppf((1 + checks.between("confidence", confidence)) / 2))


def wilson_limits(events: float, n: float, z: float) -> tuple[float, float]:
    """Return Wilson's score limits of a share at the normal quantile z; no refusal rule.

    Parameters
    ----------
    events, n : int
        Counts, events ≤ n, n at least 1.
    z : float
        Normal quantile, from `z_value`.

    Returns
    -------
    tuple of float
        (low, high), shares; exactly 0 at no events and exactly 1 at n events.
    """
    share = events / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # rounding must not leave a limit a hair above 0 or below 1 where the formula gives 0 or 1
    return (0.0 if events == 0 else centre - half), (1.0 if events == n else centre + half)


def exact_limits(events: int, n: int, tail: float) -> tuple[float, float]:
    """Return Clopper–Pearson limits of a share with `tail` probability on each side; no refusal rule.

    Parameters
    ----------
    events, n : float
        Counts, events ≤ n, n at least 1; effective ones, after a design effect, need not be whole.
    tail : float
        Probability left out on each side (.025 for 95%).

    Returns
    -------
    tuple of float
        (low, high), shares.
    """
    low = float(stats.beta.ppf(tail, events, n - events + 1)) if events else 0.0
    high = float(stats.beta.isf(tail, events + 1, n - events)) if events < n else 1.0
    return low, high
