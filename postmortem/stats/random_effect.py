"""How much of what separates outcomes goes with the unit they belong to: a one-way random-effect logistic model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import LEAST_EVENTS, LEAST_N, Estimate, Status, refusal

METHOD = "one-way random-effect logistic, adaptive Gauss–Hermite with 25 nodes, profile likelihood"
NODES, STEPS = 25, 100
LEAST_UNITS = 3
LARGEST_SPREAD = 10.0
NONE = 1e-4
RESIDUAL = math.pi**2 / 3
UPPER_QUARTILE = float(stats.norm.ppf(0.75))


@dataclass(frozen=True, kw_only=True)
class RandomEffect:
    """How far units lie apart on the logit scale, and what that is worth.

    Attributes
    ----------
    spread : Estimate
        Standard deviation σ of the units on the logit scale, profile-likelihood interval; the lower limit is 0
        where the data fit no spread at all as well.
    share : Estimate
        Intraclass correlation σ² / (σ² + π²/3), 0 to 1: the part of what separates the outcomes that goes with
        the unit.
    odds : Estimate
        Median odds ratio exp(√(2σ²) Φ⁻¹(¾)): by how much the odds differ between two units drawn at random, the
        higher over the lower, in the middle.
    typical : float
        Share of events in a unit with no effect of its own; NaN when refused.
    p : float
        Test of σ = 0: half the tail of χ²(1), since σ cannot be negative; 1 where the fit is 0; NaN when refused.
    log_likelihood : float
        At the fit, of single outcomes; NaN when refused.
    n, events, units : int
        Observations, events, and units with at least one observation.
    status : {"ok", "refused"}
        Refused when there is too little data.
    why : str
        Reason of a refusal.
    """

    spread: Estimate
    share: Estimate
    odds: Estimate
    typical: float = math.nan
    p: float = math.nan
    log_likelihood: float = math.nan
    n: int
    events: int
    units: int
    status: Status = "ok"
    why: str = ""


def random_effect(
    events: checks.Numbers, n: checks.Numbers, *, confidence: float = 0.95, least_units: int = LEAST_UNITS
) -> RandomEffect:
    """Estimate how much units differ beyond chance, and how sure that is.

    y_j ~ binomial(n_j, logit⁻¹(β + σ u_j)), u_j standard normal. The integral over u_j is taken by Gauss–Hermite
    quadrature about each unit's mode; β is maximised out at every σ. The interval holds all σ whose profile
    log-likelihood is within χ²(1)/2 of the greatest; those of the share and the odds ratio are its images.

    Parameters
    ----------
    events, n : sequence of int, one value a unit
        Events and observations; units without observations are left out.
    confidence : float
        Two-sided confidence.
    least_units : int
        Fewer units are refused. With fewer than ten the fit leans towards none, and the interval is what to read.

    Returns
    -------
    RandomEffect
        Refused under so many units, 10 observations or 5 of the rarer outcome.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, hold no counts, or events exceed n.

    Notes
    -----
    A limit of σ beyond 10 is reported as 10, where the odds differ by a factor of ten thousand and more.

    References
    ----------
    Pinheiro and Bates (1995), Journal of Computational and Graphical Statistics 4, 12–35, for the quadrature; Self
    and Liang (1987), Journal of the American Statistical Association 82, 605–610, for half χ²; Larsen and Merlo
    (2005), American Journal of Epidemiology 161, 81–88, for the median odds ratio. At σ² = .25 the share is
    .0706241 and the odds ratio 1.611131.
    """
    y, size = checks.counts("events", events), checks.counts("n", n)
    checks.events_within(y, size, names=("events", "n"))
    checks.between("confidence", confidence)
    y, size = y[size > 0], size[size > 0]
    counts: dict[str, Any] = {"n": int(size.sum()), "events": int(y.sum())}
    units, rarer = int(y.size), min(counts["events"], counts["n"] - counts["events"])
    why = refusal(counts["n"], rarer, units, least_n=LEAST_N, least_events=LEAST_EVENTS, least_clusters=least_units)
    if why:
        refused = Estimate.refused(why, **counts, clusters=units, method=METHOD)
        return RandomEffect(
            spread=refused, share=refused, odds=refused, **counts, units=units, status="refused", why=why
        )
    fit = _Profile(y, size)
    at, best = fit.greatest()
    low, high = fit.limits(at, best, float(stats.chi2.ppf(confidence, 1)) / 2)
    spread = Estimate(estimate=at, low=low, high=high, **counts, clusters=units, confidence=confidence, method=METHOD)
    statistic = max(0.0, 2 * (best - fit.at(0.0)))
    return RandomEffect(
        spread=spread,
        share=_mapped(spread, share_of),
        odds=_mapped(spread, odds_of),
        typical=float(special.expit(fit.centre(at))),
        p=0.5 * float(stats.chi2.sf(statistic, 1)) if at > 0 else 1.0,
        log_likelihood=best,
        **counts,
        units=units,
    )


def share_of(spread: float) -> float:
    """Return the intraclass correlation of a standard deviation on the logit scale."""
    return spread**2 / (spread**2 + RESIDUAL)


def odds_of(spread: float) -> float:
    """Return the median odds ratio of a standard deviation on the logit scale."""
    return math.exp(math.sqrt(2) * spread * UPPER_QUARTILE)


def _mapped(spread: Estimate, image: Callable[[float], float]) -> Estimate:
    """Return the same estimate on another scale that rises with it."""
    return replace(spread, estimate=image(spread.estimate), low=image(spread.low), high=image(spread.high))


class _Profile:
    """The profile log-likelihood of σ for counts of units; single outcomes, so without binomial coefficients."""

    def __init__(self, y: Floats, size: Floats) -> None:
        self.y, self.size = y, size
        nodes, weights = np.polynomial.hermite.hermgauss(NODES)
        self.nodes = np.asarray(nodes, dtype=np.float64)
        self.log_weights = np.log(weights) + nodes**2
        self.pooled = float(special.logit(y.sum() / size.sum()))
        # neighbouring σ have neighbouring β: each search begins where the last one ended
        self.last = self.pooled

    def log_likelihood(self, centre: float, spread: float) -> float:
        """Return the marginal log-likelihood at β and σ."""
        if spread == 0:
            return float(self._given(np.full(self.y.size, centre)).sum())
        _, terms = self._terms(centre, spread)
        return float(special.logsumexp(terms, axis=1).sum())

    def centre(self, spread: float) -> float:
        """Return the β of greatest likelihood at σ, by Newton steps of at most one."""
        if spread == 0:
            return self.pooled
        centre = self.last
        for _ in range(STEPS):
            logit, terms = self._terms(centre, spread)
            weight = special.softmax(terms, axis=1)
            chance = special.expit(logit)
            score = self.y[:, None] - self.size[:, None] * chance
            mean = (weight * score).sum(axis=1)
            inner = (weight * self.size[:, None] * chance * (1 - chance)).sum()
            # the information that is missing because u is not seen comes off
            curvature = inner - (weight * (score - mean[:, None]) ** 2).sum()
            slope = mean.sum()
            if curvature <= 0.05 * inner:
                # little would be left of a large difference: score and information are the same seen from u itself
                u = (logit - centre) / spread
                mean_u = (weight * u).sum(axis=1)
                slope = mean_u.sum() / spread
                curvature = (1 - (weight * (u - mean_u[:, None]) ** 2).sum(axis=1)).sum() / spread**2
            step = float(np.clip(slope / curvature, -1, 1))
            centre += step
            if abs(step) < 1e-7:
                break
        self.last = centre
        return centre

    def _terms(self, centre: float, spread: float) -> tuple[Floats, Floats]:
        """Return logits and logarithms of the summands at the nodes of every unit, shape (units, nodes)."""
        mode, curvature = self._mode(centre, spread)
        width = np.sqrt(2 / curvature)
        u = mode[:, None] + width[:, None] * self.nodes
        logit = np.asarray(centre + spread * u, dtype=np.float64)
        inside = self._given(logit) - u**2 / 2 - math.log(2 * math.pi) / 2
        return logit, np.asarray(inside + self.log_weights + np.log(width)[:, None], dtype=np.float64)

    def at(self, spread: float) -> float:
        """Return the greatest log-likelihood at σ."""
        return self.log_likelihood(self.centre(spread), spread)

    def greatest(self) -> tuple[float, float]:
        """Return the σ of greatest likelihood and its log-likelihood."""
        found = optimize.minimize_scalar(
            lambda spread: -self.at(float(spread)), bounds=(0, LARGEST_SPREAD), method="bounded",
            options={"xatol": 1e-6},
        )  # fmt: skip
        at, best, none = float(found.x), -float(found.fun), self.at(0.0)
        return (0.0, none) if at < NONE or none >= best else (at, best)

    def limits(self, at: float, best: float, drop: float) -> tuple[float, float]:
        """Return the least and the greatest σ within `drop` of the greatest log-likelihood."""

        def beyond(spread: float) -> float:
            return best - self.at(spread) - drop

        low = 0.0 if at == 0 or beyond(0.0) <= 0 else float(optimize.brentq(beyond, 0.0, at, xtol=1e-6))
        if beyond(LARGEST_SPREAD) <= 0:
            return low, LARGEST_SPREAD
        return low, float(optimize.brentq(beyond, at, LARGEST_SPREAD, xtol=1e-6))

    def _given(self, logit: Floats) -> Floats:
        """Return the log-likelihood of each unit at these logits, shape (units,) or (units, nodes)."""
        y, size = (self.y, self.size) if logit.ndim == 1 else (self.y[:, None], self.size[:, None])
        return np.asarray(y * logit - size * np.logaddexp(0, logit), dtype=np.float64)

    def _mode(self, centre: float, spread: float) -> tuple[Floats, Floats]:
        """Return the most likely u of every unit and the curvature there, by Newton steps of at most one."""
        u = np.zeros(self.y.size)
        for _ in range(STEPS):
            chance = special.expit(centre + spread * u)
            slope = spread * (self.y - self.size * chance) - u
            curvature = 1 + spread**2 * self.size * chance * (1 - chance)
            step = np.clip(slope / curvature, -1, 1)
            u = u + step
            if np.abs(step).max() < 1e-10:
                break
        chance = special.expit(centre + spread * u)
        return u, 1 + spread**2 * self.size * chance * (1 - chance)
