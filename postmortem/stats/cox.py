"""What goes with a faster or slower pace towards each end: Cox models of the cause-specific hazards."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats, Labels
from postmortem.stats.estimate import LEAST_CLUSTERS, Estimate, Status
from postmortem.stats.start_stop import RiskRows, StartStop, risk_rows, start_stop

Ties = Literal["breslow", "efron"]
LEAST_EVENTS_A_COEFFICIENT = 10
LARGEST_ERROR = 10.0
LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, kw_only=True)
class HazardRatio:
    """One covariate's coefficient for one cause.

    Attributes
    ----------
    name : str
        The covariate.
    ratio : Estimate
        Hazard ratio per unit of the covariate; its `events` are those of the cause.
    log_ratio, error : float
        Coefficient and its standard error, on the log scale; NaN when refused.
    p : float
        Two-sided p-value against a ratio of 1; NaN when refused.
    """

    name: str
    ratio: Estimate
    log_ratio: float = math.nan
    error: float = math.nan
    p: float = math.nan


@dataclass(frozen=True, kw_only=True)
class CauseHazards:
    """The model of one cause.

    Attributes
    ----------
    cause : int
        The cause.
    ratios : tuple of HazardRatio
        One a covariate, in the order given; print them beside the cause's cumulative incidence only.
    events : int
        Events of the cause.
    rows_used : int
        Rows that were at risk at an event of the cause in their stratum; the others say nothing.
    method : str
        Name of the method.
    status : {"ok", "refused"}
        Refused as a whole, all its ratios with it.
    why : str
        Reason of a refusal.
    """

    cause: int
    ratios: tuple[HazardRatio, ...]
    events: int
    rows_used: int
    method: str
    status: Status = "ok"
    why: str = ""


def cause_specific_cox(
    start: checks.Numbers,
    stop: checks.Numbers,
    cause: checks.Numbers,
    covariates: Floats,
    *,
    names: Sequence[str],
    clusters: Labels | None = None,
    stratum: Labels | None = None,
    causes: Sequence[int] | None = None,
    ties: Ties = "breslow",
    confidence: float = 0.95,
    least_events: int = LEAST_EVENTS_A_COEFFICIENT,
) -> tuple[CauseHazards, ...]:
    """Fit a proportional hazards model to every cause, on rows at risk in (start, stop].

    A unit whose covariates change has one row for each stretch; only its last row may end with a cause. The
    hazard of cause k is h_k(t) exp(βx), rows that meet another cause leave as if open. All causes are fitted,
    because a covariate that slows one end raises the share of another.

    Parameters
    ----------
    start, stop : sequences of int or float, one value a row
        Stretch of time followed; rows with start = stop are never at risk and are left out.
    cause : sequence of int, one value a row
        0 where the stretch ends without an event, else the cause.
    covariates : ndarray of float, shape (n, p)
        Values known at the start of the stretch; finite.
    names : sequence of str, length p
        Names of the covariates.
    clusters : sequence, one label a row, optional
        Within which rows hang together; by unit at least where units have several rows and may repeat.
    stratum : sequence, one label a row, optional
        Each with a hazard of its own.
    causes : sequence of int, optional
        All causes there can be; those present by default.
    ties : {"breslow", "efron"}
        Treatment of tied events; with clusters "breslow" only.
    confidence : float
        Two-sided confidence.
    least_events : int
        Events needed a coefficient; fewer refuse the cause.

    Returns
    -------
    tuple of CauseHazards
        One a cause. Refused under `least_events` a coefficient, under 10 clusters, where covariates do not vary
        or repeat each other, and where events separate by a covariate so that its ratio has no limit.

    Raises
    ------
    UsageError
        For columns empty or of unequal length, missing values, stop before start, undeclared causes, covariates
        and names that differ in number, and Efron's ties with clusters.

    Notes
    -----
    With clusters, standard errors are Lin and Wei's sandwich, equal to R's coxph(…, ties = "breslow", cluster =);
    limits and p-values use t at G − 1 degrees of freedom where R uses the normal. Only the order of times counts:
    they are replaced by the number of event times passed, which makes (start, stop] exact for
    any unit and shows which rows span no event. Left in, such rows make statsmodels' sandwich wrong. A ratio
    is about the pace among those still open, not about the share that meets the end.

    References
    ----------
    Prentice et al. (1978), Biometrics 34, 541–554; Lin and Wei (1989), Journal of the American Statistical
    Association 84, 1074–1078; Peduzzi et al. (1995), Journal of Clinical Epidemiology 48, 1503–1510, for ten
    events a coefficient.
    """
    if clusters is not None and ties != "breslow":
        raise UsageError("ties are Efron's with clusters", got=ties, expected='"breslow", whose sandwich is exact')
    checks.between("confidence", confidence)
    rows = start_stop(start, stop, cause, covariates, names=names, stratum=stratum, causes=causes)
    group = None
    if clusters is not None:
        group = checks.codes("clusters", clusters)[0]
        checks.same_length(stop=np.asarray(stop), clusters=group)
        group = group[rows.place]
    return tuple(_fit(rows, number, tuple(names), group, ties, confidence, least_events) for number in rows.causes)


def _fit(
    rows: StartStop,
    cause: int,
    names: tuple[str, ...],
    group: Codes | None,
    ties: Ties,
    confidence: float,
    least_events: int,
) -> CauseHazards:
    at_risk = risk_rows(rows, cause)
    used, x = int(at_risk.kept.size), rows.covariates[at_risk.kept]
    events = int(at_risk.status.sum())
    own = None if group is None else np.asarray(np.unique(group[at_risk.kept], return_inverse=True)[1], dtype=np.int64)
    groups = None if own is None else int(own.max(initial=-1)) + 1
    method = f"cause-specific Cox model, {ties.capitalize()} ties"
    if own is not None:
        method += ", cluster sandwich, t(G−1)"
    why = _too_little(events, len(names), groups, least_events) or _not_estimable(x, at_risk.stratum, names)
    found = None
    if not why:
        found, why = _estimates(at_risk, x, own, names, ties)
    if found is None:
        refused = Estimate.refused(why, n=used, events=events, clusters=groups, method=method)
        ratios = tuple(HazardRatio(name=name, ratio=refused) for name in names)
    else:
        counted = _Counted(n=used, events=events, clusters=groups, confidence=confidence, method=method)
        ratios = tuple(counted.ratio(*each) for each in zip(names, *found, strict=True))
    return CauseHazards(
        cause=cause,
        ratios=ratios,
        events=events,
        rows_used=used,
        method=method,
        status="refused" if why else "ok",
        why=why,
    )


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """What all ratios of one cause have in common."""

    n: int
    events: int
    clusters: int | None
    confidence: float
    method: str

    def ratio(self, name: str, log_ratio: float, error: float) -> HazardRatio:
        freedom = math.inf if self.clusters is None else self.clusters - 1
        half = float(stats.t.ppf((1 + self.confidence) / 2, freedom)) * error
        ratio = Estimate(
            estimate=_exp(log_ratio),
            low=_exp(log_ratio - half),
            high=_exp(log_ratio + half),
            n=self.n,
            events=self.events,
            clusters=self.clusters,
            confidence=self.confidence,
            method=self.method,
        )
        p = float(2 * stats.t.sf(abs(log_ratio / error), freedom))
        return HazardRatio(name=name, ratio=ratio, log_ratio=float(log_ratio), error=float(error), p=p)


def _exp(value: float) -> float:
    # per unit of a covariate that hardly varies a ratio can be past what a float holds
    return math.exp(value) if value < LARGEST_EXPONENT else math.inf


def _too_little(events: int, coefficients: int, groups: int | None, least_events: int) -> str:
    needed = least_events * coefficients
    if events < max(needed, 1):
        return (
            f"not enough data: {events} of the {max(needed, 1)} events needed "
            f"({least_events} for each of {coefficients} covariates)"
        )
    if groups is not None and groups < LEAST_CLUSTERS:
        return f"not enough data: {groups} of the {LEAST_CLUSTERS} groups needed"
    return ""


def _not_estimable(x: Floats, stratum: Codes, names: tuple[str, ...]) -> str:
    """Say which covariates cannot be told apart from a constant, or from each other, within strata."""
    size = np.bincount(stratum)
    inside = x - np.stack([np.bincount(stratum, weights=column) / size for column in x.T], axis=1)[stratum]
    spread = np.sqrt((inside**2).mean(axis=0))
    still = [name for name, wide in zip(names, spread > 1e-9 * np.abs(x).max(axis=0), strict=True) if not wide]
    if still:
        return f"{', '.join(still)} does not vary among the rows at risk at an event"
    if np.linalg.matrix_rank(inside / spread) < len(names):
        return "the covariates repeat each other, so their effects cannot be told apart"
    return ""


def _estimates(
    at_risk: RiskRows, x: Floats, group: Codes | None, names: tuple[str, ...], ties: Ties
) -> tuple[tuple[Floats, Floats] | None, str]:
    """Return coefficients and standard errors, or why there are none."""
    # loaded here: the library takes half a second that the other instruments need not wait for
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    scale = x.std(axis=0)
    # statsmodels keeps a row at risk at its entry: half a rank later is just after it
    model = PHReg(
        at_risk.stop,
        (x - x.mean(axis=0)) / scale,
        status=at_risk.status,
        entry=at_risk.start + 0.5,
        strata=at_risk.stratum,
        ties=ties,
    )
    try:
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            plain = model.fit(disp=False)
            # a sandwich looks small where the likelihood has no maximum: only the plain error shows it
            errors = np.asarray(plain.bse, dtype=np.float64)
    except np.linalg.LinAlgError:
        return None, "the model could not be fitted: its covariates hardly vary at the events"
    endless = [name for name, error in zip(names, errors, strict=True) if not error < LARGEST_ERROR]
    if endless:
        return None, f"events separate by {', '.join(endless)}, so that the ratio has no limit"
    if any(issubclass(warning.category, ConvergenceWarning) for warning in raised):
        return None, "the model did not converge"
    if group is not None:
        model.groups = group
        errors = np.sqrt(np.diag(model.robust_covariance(plain.params)))
    return (np.asarray(plain.params / scale, dtype=np.float64), np.asarray(errors / scale, dtype=np.float64)), ""
