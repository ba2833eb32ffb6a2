"""Shares of many units against the range that chance leaves each of them, by its size: the lines of a funnel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import Status

# Of a funnel's inner and outer lines: beyond them lie one in twenty and one in five hundred, by chance.
INNER, OUTER = 1.96, 3.09
WINSORISED = 0.1
LEAST_UNITS = 5


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Units against one common share.

    Attributes
    ----------
    share : float
        The common share, all observations pooled; NaN when refused.
    z : ndarray, shape (units,)
        2 √n (arcsin √p − arcsin √share) / √dispersion: beyond ±1.96 and ±3.09 lie 5% and .2% by chance. NaN for a
        unit without observations.
    dispersion : float
        How many times the spread of independent cases the units show, at least 1; 1 unless χ² says it is more.
    units : int
        Units with observations.
    status : {"ok", "refused"}
        Refused under five units.
    why : str
        Reason of a refusal.
    """

    share: float
    z: Floats
    dispersion: float
    units: int
    status: Status = "ok"
    why: str = ""


def funnel_of(events: checks.Numbers, n: checks.Numbers, *, least_units: int = LEAST_UNITS) -> Funnel:
    """Say how far each unit lies from the common share, in units of what its size makes usual.

    Parameters
    ----------
    events, n : sequence of int, one value a unit
        Events and observations.
    least_units : int
        Fewer units with observations are refused.

    Returns
    -------
    Funnel
        The dispersion is the mean of the squared z-scores, the outer tenths drawn in to their quantiles; it counts
        only where it exceeds the 95% quantile of χ² over the units, and then widens the lines for all.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, hold no counts, or events exceed n.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185–1202, and Quality and Safety in Health Care 14, 347–351,
    for the transformation, the winsorised dispersion and when it counts.
    """
    y, size = checks.counts("events", events), checks.counts("n", n)
    checks.events_within(y, size, names=("events", "n"))
    there = size > 0
    units = int(there.sum())
    if units < max(least_units, 2):
        why = f"not enough data: {units} of the {max(least_units, 2)} units needed"
        return Funnel(
            share=math.nan, z=np.full(y.size, math.nan), dispersion=math.nan, units=units, status="refused", why=why
        )
    share = float(y.sum() / size.sum())
    z = np.full(y.size, math.nan)
    z[there] = 2 * np.sqrt(size[there]) * (np.arcsin(np.sqrt(y[there] / size[there])) - math.asin(math.sqrt(share)))
    drawn_in = np.clip(z[there], *np.quantile(z[there], [WINSORISED, 1 - WINSORISED]))
    seen = float((drawn_in**2).mean())
    dispersion = seen if seen * units > float(stats.chi2.ppf(0.95, units)) else 1.0
    return Funnel(share=share, z=z / math.sqrt(dispersion), dispersion=max(dispersion, 1.0), units=units)


def funnel_line(share: float, n: Floats, z: float, dispersion: float = 1.0) -> Floats:
    """Return the share at which units of each size lie `z` away from the common one, 0 to 1.

    Parameters
    ----------
    share : float
        The common share.
    n : ndarray of float
        Sizes, above 0.
    z : float
        Distance, below 0 for the lower line.
    dispersion : float
        As in `Funnel`.

    Returns
    -------
    ndarray, shape of n
        sin²(arcsin √share + z √dispersion / (2 √n)), at its end where that passes 0 or 1.
    """
    angle = math.asin(math.sqrt(share)) + z * math.sqrt(dispersion) / (2 * np.sqrt(np.asarray(n, dtype=np.float64)))
    return np.asarray(np.sin(np.clip(angle, 0, math.pi / 2)) ** 2, dtype=np.float64)
