"""Are two kinds of event just as often? A share against a margin around one half, with three verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_N, Status, Verdict, refusal
from postmortem.stats.limits import exact_limits

NARROWEST_MARGIN = 0.01
SEARCH_BLOCK = 10_000


@dataclass(frozen=True, kw_only=True)
class ShareEquivalence:
    """One share held against a margin.

    Attributes
    ----------
    count, n : int
        Observations of the kind counted, and all observations of both kinds.
    estimate : float
        The share; NaN when refused, as all numbers below.
    low90, high90 : float
        Its 90% Clopper–Pearson interval, to be printed beside the verdict.
    p_lower, p_upper : float
        One-sided exact p-values against "at or below the margin's lower end" and "at or above its upper end".
    p_different : float
        Two-sided exact p-value against "within the margin".
    margin_low, margin_high, level : float
        The margin, in shares, and the level of the tests.
    verdict : {"different", "equivalent", "cannot tell"}
        See `equivalence_of_share`.
    status : {"ok", "refused"}
        Refused when there is too little data; the verdict is then "cannot tell".
    why : str
        Reason of a refusal.
    """

    count: int
    n: int
    estimate: float = math.nan
    low90: float = math.nan
    high90: float = math.nan
    p_lower: float = math.nan
    p_upper: float = math.nan
    p_different: float = math.nan
    margin_low: float
    margin_high: float
    level: float
    verdict: Verdict
    status: Status = "ok"
    why: str = ""


def equivalence_of_share(
    count: int, n: int, *, low: float = 0.4, high: float = 0.6, level: float = 0.05, least_n: int = LEAST_N
) -> ShareEquivalence:
    """Judge whether a share lies within a margin, by exact two one-sided tests.

    p_lower = P(X ≥ count | share = low) and p_upper = P(X ≤ count | share = high), X binomial(n).

    *Equivalent*: both are below `level`, so the share lies within the margin. *Different*: the share lies
    outside it, that is, the exact two-sided interval of confidence 1 − level excludes the whole margin.
    *Cannot tell*: neither. The verdicts are claims about regions that do not overlap, so they exclude each
    other, and a wrong "equivalent" or a wrong "different" each happens in at most `level` of cases. An
    interval that merely leaves out one half is not "different": it still holds shares that count as just as
    often.

    Parameters
    ----------
    count, n : int
        Observations of one kind, and of both.
    low, high : float
        The margin within which the two kinds count as just as often, in shares; at least a hundredth wide.
    level : float
        Level of the tests, between 0 and .5.
    least_n : int
        Fewer observations are refused.

    Returns
    -------
    ShareEquivalence
        Shares, 0 to 1, p-values and the verdict.

    Raises
    ------
    UsageError
        When counts, margin or level cannot be.

    Notes
    -----
    Within ±10 points the verdict "equivalent" cannot be reached below 76 observations whatever they are, and
    is reached at an even share in 24% of samples of 100 and 77% of samples of 200.

    References
    ----------
    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657–680; Goeman, Solari and
    Stijnen (2010), Statistics in Medicine 29, 2117–2125, for the three verdicts. Reference value: 48 of 100
    within .4 to .6 gives p_lower .0637891769 and p_upper .0100051432.
    """
    count, n = checks.events_of(count, n, names=("count", "n"))
    _check_margin(low, high, level)
    why = refusal(n, None, least_n=max(least_n, 1))
    if why:
        return ShareEquivalence(
            count=count,
            n=n,
            margin_low=low,
            margin_high=high,
            level=level,
            verdict="cannot tell",
            status="refused",
            why=why,
        )
    p_lower = float(stats.binom.sf(count - 1, n, low))
    p_upper = float(stats.binom.cdf(count, n, high))
    beyond = min(float(stats.binom.cdf(count, n, low)), float(stats.binom.sf(count - 1, n, high)))
    p_different = min(1.0, 2 * beyond)
    verdict: Verdict = "cannot tell"
    if max(p_lower, p_upper) < level:
        verdict = "equivalent"
    elif p_different < level:
        verdict = "different"
    low90, high90 = exact_limits(count, n, 0.05)
    return ShareEquivalence(
        count=count,
        n=n,
        estimate=count / n,
        low90=low90,
        high90=high90,
        p_lower=p_lower,
        p_upper=p_upper,
        p_different=p_different,
        margin_low=low,
        margin_high=high,
        level=level,
        verdict=verdict,
    )


def power_of_equivalence(n: int, p: float = 0.5, *, low: float = 0.4, high: float = 0.6, level: float = 0.05) -> float:
    """Return the exact probability that n observations earn the verdict "equivalent".

    P(least ≤ X ≤ most), X binomial(n, p), with least and most the counts between which both one-sided tests
    reject; 0 where there is no such count, where the difference of two distribution functions would be
    negative.

    Parameters
    ----------
    n : int
        Observations planned; under 10 the verdict is refused, so the power is 0.
    p : float
        The true share, 0 to 1.
    low, high, level : float
        As for `equivalence_of_share`.

    Returns
    -------
    float
        Probability: .24, .77 and .93 at n = 100, 200 and 300 and a true share of one half.

    Raises
    ------
    UsageError
        When n, p, margin or level cannot be.
    """
    n = checks.count("n", n)
    _check_margin(low, high, level)
    if not 0 <= p <= 1:
        raise UsageError("p is not a share", got=p, expected="a number from 0 to 1")
    if n < LEAST_N:
        return 0.0
    least, most = _region(np.array([n]), low, high, level)
    reached = stats.binom.cdf(most[0], n, p) - stats.binom.cdf(least[0] - 1, n, p)
    return max(0.0, float(reached))


def least_n_for_equivalence(*, low: float = 0.4, high: float = 0.6, level: float = 0.05) -> int:
    """Return the smallest number of observations that can earn the verdict "equivalent" at all.

    At that number one count alone earns it, and some larger numbers cannot (77, 79, 81 and 83 at the
    defaults): it is a bound below which the question need not be asked, not a sample size to plan with.

    Parameters
    ----------
    low, high, level : float
        As for `equivalence_of_share`.

    Returns
    -------
    int
        Observations; 76 at the defaults. Never under 10, where the verdict is refused.

    Raises
    ------
    UsageError
        When margin or level cannot be.
    """
    _check_margin(low, high, level)
    start = LEAST_N
    while True:
        sizes = np.arange(start, start + SEARCH_BLOCK)
        least, most = _region(sizes, low, high, level)
        attainable = np.flatnonzero(least <= most)
        if attainable.size:
            return int(sizes[attainable[0]])
        start += SEARCH_BLOCK


def _region(sizes: NDArray[np.int64], low: float, high: float, level: float) -> tuple[checks.Floats, checks.Floats]:
    """Return the least and the largest count that earn "equivalent" at each n; least > most where none."""
    least = np.asarray(stats.binom.isf(level, sizes, low)) + 1
    most = np.asarray(stats.binom.ppf(level, sizes, high)) - 1
    return least, most


def _check_margin(low: float, high: float, level: float) -> None:
    checks.between("level", level, 0.0, 0.5)
    checks.between("low", low)
    checks.between("high", high)
    if high - low < NARROWEST_MARGIN:
        raise UsageError(
            "the margin is empty or too narrow",
            got=f"{low} to {high}",
            expected="high at least .01 above low",
        )
