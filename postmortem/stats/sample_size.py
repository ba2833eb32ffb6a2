"""How many observations a verdict would need: for a difference of two shares, and for being just as often."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.equivalence import least_n_for_equivalence, power_of_equivalence

LARGEST_SEARCHED = 20_000
SAWTOOTH = 40


def power_of_difference(n: int, p_a: float, p_b: float, *, level: float = 0.05) -> float:
    """Return the chance that two groups of n show a difference of two shares in the direction it has.

    Φ((√n |p_a − p_b| − z √(2 p̄ (1 − p̄))) / √(p_a(1 − p_a) + p_b(1 − p_b))), with z the two-sided normal quantile.

    Parameters
    ----------
    n : int
        Observations in each group, at least 1.
    p_a, p_b : float
        The true shares, between 0 and 1.
    level : float
        Two-sided level of the test.

    Returns
    -------
    float
        Probability.

    Raises
    ------
    UsageError
        When n, shares or level cannot be.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, third edition, chapter 4; R's
    power.prop.test. Reference value: 60 a group, .25 against .45, has power .6347147.
    """
    n = checks.count("n", n)
    apart, spread, alike = _terms(p_a, p_b)
    z = float(stats.norm.isf(checks.between("level", level) / 2))
    return float(stats.norm.cdf((math.sqrt(n) * apart - z * alike) / spread))


def n_for_difference(p_a: float, p_b: float, *, power: float = 0.8, level: float = 0.05) -> int:
    """Return the observations each of two groups needs to show a difference of two shares.

    n = ((z √(2 p̄ (1 − p̄)) + z_power √(p_a(1 − p_a) + p_b(1 − p_b))) / (p_a − p_b))², rounded up.

    Parameters
    ----------
    p_a, p_b : float
        The shares to be told apart, between 0 and 1.
    power : float
        Chance wanted of showing it.
    level : float
        Two-sided level of the test.

    Returns
    -------
    int
        Observations in each group. Observations that hang together need this times their design effect.

    Raises
    ------
    UsageError
        When shares are equal or anything lies outside 0 to 1.

    References
    ----------
    As for `power_of_difference`. Reference value: .50 against .75 at power .90 needs 76.7, so 77.
    """
    apart, spread, alike = _terms(p_a, p_b)
    if not apart:
        raise UsageError(
            "no number of observations shows a difference of 0",
            got=f"{p_a} and {p_b}",
            expected="two different shares",
            do="ask n_for_equivalence what being just as often would need",
        )
    z = float(stats.norm.isf(checks.between("level", level) / 2))
    wanted = float(stats.norm.ppf(checks.between("power", power)))
    return math.ceil(max(0.0, (z * alike + wanted * spread) / apart) ** 2 - 1e-9) or 1


def n_for_equivalence(
    p: float = 0.5, *, power: float = 0.8, low: float = 0.4, high: float = 0.6, level: float = 0.05
) -> int | None:
    """Return the observations from which the verdict "equivalent" has the power wanted, and keeps it.

    The exact power rises in steps and falls back a little between them: the number returned is the first from
    which no number up to forty larger has less than the power wanted.

    Parameters
    ----------
    p : float
        The true share, 0 to 1.
    power : float
        Chance wanted of the verdict.
    low, high, level : float
        As for `equivalence_of_share`.

    Returns
    -------
    int or None
        Observations of both kinds together; None when the share does not lie within the margin, or so near its
        edge that 20,000 observations would not do.

    Raises
    ------
    UsageError
        When share, power, margin or level cannot be.

    Notes
    -----
    At an even share within .4 to .6 the power is .24, .77 and .93 at 100, 200 and 300 observations.
    """
    wanted = checks.between("power", power)
    start = least_n_for_equivalence(low=low, high=high, level=level)

    def reaches(n: int) -> bool:
        return power_of_equivalence(n, p, low=low, high=high, level=level) >= wanted

    if not low < p < high:
        return None
    enough = start
    while not reaches(enough) and enough <= LARGEST_SEARCHED:
        enough *= 2
    if enough > LARGEST_SEARCHED:
        return None
    # Halve the steps first; then walk, for the power is not monotone from one number to the next.
    small, large = max(start, enough // 2), enough
    while large - small > SAWTOOTH:
        middle = (small + large) // 2
        small, large = (small, middle) if reaches(middle) else (middle, large)
    sizes = np.arange(max(start, small - 2 * SAWTOOTH), large + 3 * SAWTOOTH)
    short = sizes[[not reaches(int(n)) for n in sizes]]
    return int(short[-1]) + 1 if short.size else int(sizes[0])


def n_for_equal_shares(p: float = 0.5, *, margin: float = 0.1, power: float = 0.8, level: float = 0.05) -> int:
    """Return the observations each of two groups needs to show that their equal shares differ by less than a margin.

    Two one-sided tests at a true difference of 0: n = 2 p(1 − p) ((z_{1−level} + z_{(1+power)/2}) / margin)²,
    rounded up.

    Parameters
    ----------
    p : float
        The share of both groups, between 0 and 1.
    margin : float
        Largest difference that counts as none, in shares, above 0.
    power : float
        Chance wanted of showing it.
    level : float
        One-sided level of either test.

    Returns
    -------
    int
        Observations in each group. Observations that hang together need this times their design effect.

    Raises
    ------
    UsageError
        When share, margin, power or level cannot be.

    References
    ----------
    Chow, Shao and Wang (2008), Sample Size Calculations in Clinical Research, second edition, chapter 4. Reference
    value: p = .5, margin .1, power .8 needs 428.2, so 429.
    """
    share, width = checks.between("p", p), checks.between("margin", margin)
    z = float(stats.norm.isf(checks.between("level", level)))
    wanted = float(stats.norm.ppf((1 + checks.between("power", power)) / 2))
    return math.ceil(2 * share * (1 - share) * ((z + wanted) / width) ** 2 - 1e-9) or 1


def _terms(p_a: float, p_b: float) -> tuple[float, float, float]:
    """Return the difference, the spread if it is real, and the spread if there is none."""
    a, b = checks.between("p_a", p_a), checks.between("p_b", p_b)
    middle = (a + b) / 2
    return abs(a - b), math.sqrt(a * (1 - a) + b * (1 - b)), math.sqrt(2 * middle * (1 - middle))
