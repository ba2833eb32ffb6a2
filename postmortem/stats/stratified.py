"""One exposure, one outcome, many strata: the Cochran–Mantel–Haenszel test and the ratios that go with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import LEAST_EVENTS, LEAST_N, Estimate, Status, refusal
from postmortem.stats.limits import z_value

ODDS_RATIO = "Mantel–Haenszel odds ratio, Robins–Breslow–Greenland interval"
RISK_RATIO = "Mantel–Haenszel risk ratio, Greenland–Robins interval"


@dataclass(frozen=True, kw_only=True)
class StratifiedAssociation:
    """Whether an outcome goes with an exposure within strata, and how strongly.

    Attributes
    ----------
    p : float
        Two-sided p-value of the score test without continuity correction; NaN when refused, as all below.
    p_corrected : float
        The same with the continuity correction.
    statistic, statistic_corrected : float
        The chi-squared statistics, one degree of freedom.
    odds_ratio, risk_ratio : Estimate
        Common to all strata; above 1 the exposed have the event more often. Refused where there is none.
    homogeneity : float
        Breslow–Day statistic: how unlike the strata's odds ratios are.
    p_homogeneity : float
        Its p-value on strata − 1 degrees of freedom; NaN with one stratum. Many small strata make it unreliable.
    n, events, exposed : int
        Observations, events and exposed observations in the strata used.
    strata, dropped : int
        Strata used, and strata left out because one side has no observation or every outcome is alike: they
        hold no evidence.
    status : {"ok", "refused"}
        Refused when there is too little data.
    why : str
        Reason of a refusal.
    """

    p: float = math.nan
    p_corrected: float = math.nan
    statistic: float = math.nan
    statistic_corrected: float = math.nan
    odds_ratio: Estimate
    risk_ratio: Estimate
    homogeneity: float = math.nan
    p_homogeneity: float = math.nan
    n: int
    events: int
    exposed: int
    strata: int
    dropped: int
    status: Status = "ok"
    why: str = ""


def stratified_association(
    exposed: checks.Numbers,
    happened: checks.Numbers,
    strata: checks.Labels,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
) -> StratifiedAssociation:
    """Test whether an outcome goes with an exposure, comparing like with like within strata.

    With a_s events among n1_s exposed, m1_s events and n_s observations in stratum s: the statistic is
    (|Σ(a − n1 m1 / n)| − ½)² / Σ n1 n0 m1 m0 / (n²(n − 1)), without the ½ for the plain score test. Outcomes are
    exchangeable within strata only, so what the strata differ by (a sales person's habits) is no evidence.

    Parameters
    ----------
    exposed, happened : sequence of 0 and 1, one value an observation
        The exposure and the outcome; flags are welcome.
    strata : sequence, one label an observation
        No label missing.
    confidence : float
        Two-sided confidence of the ratios.
    least_n : int
        Fewer observations on either side, in the strata used, are refused.
    least_events : int
        Fewer of the rarer outcome are refused.

    Returns
    -------
    StratifiedAssociation
        P-values, ratios and the check of homogeneity.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what is no outcome or no label.

    References
    ----------
    Mantel and Haenszel (1959), Journal of the National Cancer Institute 22, 719–748; Robins, Breslow and
    Greenland (1986), Biometrics 42, 311–323; Greenland and Robins (1985), Biometrics 41, 55–68; Breslow and Day
    (1980), Statistical Methods in Cancer Research 1, 142. Reference values, admissions at Berkeley: odds ratio
    .9046968 (.7719074, 1.0603298), corrected statistic 1.4269, Breslow–Day 18.8255, risk ratio .944905
    (.866452, 1.030461).
    """
    x, y = checks.zero_one("exposed", exposed), checks.zero_one("happened", happened)
    checks.same_length(exposed=x, happened=y, strata=strata)
    z = z_value(confidence)
    codes, _ = checks.codes("strata", strata)
    cells = (x * y, x * (1 - y), (1 - x) * y, (1 - x) * (1 - y))
    a, b, c, d = (np.bincount(codes, weights=cell).astype(np.float64) for cell in cells)
    telling = ((a + b) > 0) & ((c + d) > 0) & ((a + c) > 0) & ((b + d) > 0)
    a, b, c, d = a[telling], b[telling], c[telling], d[telling]
    n, events, of_exposed = int((a + b + c + d).sum()), int((a + c).sum()), int((a + b).sum())
    counts: dict[str, Any] = {
        "n": n, "events": events, "exposed": of_exposed, "strata": int(telling.sum()),
        "dropped": int((~telling).sum()),
    }  # fmt: skip
    why = refusal(min(of_exposed, n - of_exposed), min(events, n - events), least_n=least_n, least_events=least_events)
    if why or not counts["strata"]:
        why = why or "no stratum holds both sides and both outcomes"
        odds, risk = (Estimate.refused(why, n=n, events=events, method=method) for method in (ODDS_RATIO, RISK_RATIO))
        return StratifiedAssociation(odds_ratio=odds, risk_ratio=risk, **counts, status="refused", why=why)
    plain, corrected = _score(a, b, c, d)
    odds = _odds_ratio(a, b, c, d, z, confidence)
    unlike, p_unlike = _breslow_day(a, b, c, d, odds.estimate)
    return StratifiedAssociation(
        p=float(stats.chi2.sf(plain, 1)),
        p_corrected=float(stats.chi2.sf(corrected, 1)),
        statistic=plain,
        statistic_corrected=corrected,
        odds_ratio=odds,
        risk_ratio=_risk_ratio(a, b, c, d, z, confidence),
        homogeneity=unlike,
        p_homogeneity=p_unlike,
        **counts,
    )


def _score(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float, float]:
    """Return the statistic without and with the continuity correction, which never goes past 0."""
    n = a + b + c + d
    off = abs(float((a - (a + b) * (a + c) / n).sum()))
    # a stratum that tells something has two observations or more, so n - 1 is not 0
    variance = float(((a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))).sum())
    return off**2 / variance, max(0.0, off - 0.5) ** 2 / variance


def _odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats, z: float, confidence: float) -> Estimate:
    n = a + b + c + d
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    for_it, against = float(r.sum()), float(s.sum())
    counts = {"n": int(n.sum()), "events": int((a + c).sum())}
    if not for_it or not against:
        return Estimate.refused("the outcomes of the two sides do not overlap", **counts, method=ODDS_RATIO)
    variance = (
        float((p * r).sum()) / (2 * for_it**2)
        + float((p * s + q * r).sum()) / (2 * for_it * against)
        + float((q * s).sum()) / (2 * against**2)
    )
    return _ratio(for_it / against, variance, z, confidence, counts, ODDS_RATIO)


def _risk_ratio(a: Floats, b: Floats, c: Floats, d: Floats, z: float, confidence: float) -> Estimate:
    n, with_it, without = a + b + c + d, a + b, c + d
    r, s = float((a * without / n).sum()), float((c * with_it / n).sum())
    counts = {"n": int(n.sum()), "events": int((a + c).sum())}
    if not r or not s:
        return Estimate.refused("one of the two sides has no event", **counts, method=RISK_RATIO)
    variance = float(((with_it * without * (a + c) - a * c * n) / n**2).sum()) / (r * s)
    return _ratio(r / s, variance, z, confidence, counts, RISK_RATIO)


def _ratio(value: float, variance: float, z: float, confidence: float, counts: dict[str, Any], method: str) -> Estimate:
    factor = math.exp(z * math.sqrt(max(0.0, variance)))
    return Estimate(
        estimate=value, low=value / factor, high=value * factor, **counts, confidence=confidence, method=method
    )


def _breslow_day(a: Floats, b: Floats, c: Floats, d: Floats, odds: float) -> tuple[float, float]:
    """Return how far the strata lie from one common odds ratio, and the p-value."""
    if a.size < 2 or math.isnan(odds):
        return math.nan, math.nan
    # the count x that makes x (d − a + x) = odds (a + b − x)(a + c − x), the smaller root of a quadratic
    square, linear, rest = 1 - odds, d - a + odds * (2 * a + b + c), -odds * (a + b) * (a + c)
    inside = np.sqrt(np.maximum(linear**2 - 4 * square * rest, 0))
    fitted = -2 * rest / (linear + inside)
    cells = (fitted, a + b - fitted, a + c - fitted, d - a + fitted)
    variance = 1 / sum(1 / np.maximum(cell, 1e-12) for cell in cells)
    statistic = float(((a - fitted) ** 2 / variance).sum())
    return statistic, float(stats.chi2.sf(statistic, a.size - 1))
