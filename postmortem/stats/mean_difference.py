"""How much higher a value is in one group than in the other, where rows hang together in clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats, Labels
from postmortem.stats.cluster_sandwich import LEAST_FREEDOM, Sandwich, cluster_sandwich
from postmortem.stats.estimate import Estimate, refusal
from postmortem.stats.permutation import SEED
from postmortem.stats.stratified_score import stratified_score, within_strata

SANDWICH = "difference of means, cluster sandwich (CR2), t at Satterthwaite's degrees of freedom"
PERMUTED = "difference of means, labels permuted, interval by inverting the test"
LEAST_FOR_SANDWICH = 20
DRAWS = 1999
# a standard error below this part of the range of the values is what rounding leaves of none
NO_SPREAD = 1e-9
# part of the exposure's variation within clusters from which on they are compared within themselves: below it
# the difference of all rows is in good part one between clusters
MOSTLY = 0.8


@dataclass(frozen=True, kw_only=True)
class MeanDifference:
    """A difference of two means.

    Attributes
    ----------
    difference : Estimate
        Mean of the exposed less mean of the others, in the unit of the values.
    p : float
        Two-sided p-value against no difference; NaN when refused. Where exposure varies within clusters it comes
        from comparisons within them, so that at the edge it may part from the interval.
    """

    difference: Estimate
    p: float = math.nan


def mean_difference(
    values: checks.Numbers,
    exposed: checks.Numbers,
    clusters: Labels,
    *,
    covariates: Floats | None = None,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> MeanDifference:
    """Compare the mean of two groups of rows that hang together in clusters.

    From 20 clusters on: least squares of the values on the exposure (and covariates), its interval by
    `cluster_sandwich`; its p-value by `stratified_score` with clusters for strata where four fifths of the
    exposure's variation is within clusters, else by the sandwich too. Under 20, and where the sandwich has under four
    degrees of freedom (few clusters exposed): labels are permuted, whole clusters among each other where no cluster
    holds both labels, else rows within their cluster. The
    interval holds every difference δ that the same permutations do not reject once δ is taken off the exposed;
    where rows are permuted within clusters, the difference is the one within clusters.

    Parameters
    ----------
    values : sequence of float, one a row
        What is compared: outcomes, pseudo-values, amounts.
    exposed : sequence of bool or 0/1, one a row
        Which group a row belongs to.
    clusters : sequence, one label a row
        Within which rows hang together; none missing.
    covariates : ndarray of float, shape (n, p), optional
        What the difference is adjusted for; finite, without an intercept.
    confidence : float
        Two-sided confidence.
    draws, seed : int
        Permutations and their seed; the same inputs give the same answer.

    Returns
    -------
    MeanDifference
        Status ``fallback`` where labels were permuted. Refused under 10 rows in either group, with values that
        do not vary, under 20 clusters or four degrees of freedom with covariates, where covariates repeat each other
        or the exposure, and where labels can be permuted in too few ways for the confidence.

    Raises
    ------
    UsageError
        For columns empty or of unequal length, missing values, an exposure other than 0 and 1, missing labels.

    References
    ----------
    Cameron and Miller (2015), Journal of Human Resources 50, 317–372; Good (2005), Permutation, Parametric and
    Bootstrap Tests of Hypotheses, third edition, section 3.2, for the interval.
    """
    y, label = checks.finite("values", values), exposure(exposed)
    group = checks.codes("clusters", clusters)[0]
    checks.same_length(values=y, exposed=label, clusters=group)
    checks.between("confidence", confidence)
    design = np.column_stack([label.astype(np.float64), np.ones(y.size), *_columns(covariates, y.size)])
    groups = int(group.max()) + 1
    why, few = _unfit(y, label, design, groups), ""
    fit = None if why or groups < LEAST_FOR_SANDWICH else cluster_sandwich(y, design, group)
    if groups < LEAST_FOR_SANDWICH:
        few = f"{groups} of the {LEAST_FOR_SANDWICH} groups a clustered standard error needs: labels permuted"
    elif fit is not None and fit.freedom < LEAST_FREEDOM:
        few = f"too few of the {groups} groups carry the comparison for a clustered standard error: labels permuted"
    method = PERMUTED if few else SANDWICH
    if fit is not None and not few:
        found = *_limits(fit, confidence), _p(y, label, design, group, fit)
        if not fit.error > NO_SPREAD * float(np.ptp(y)):
            why = "the values do not vary within the groups, so there is no spread to judge by"
    elif few and not why and design.shape[1] > 2:
        why = f"too few of the {groups} groups carry the comparison to adjust it"
    elif not why:
        found = _permuted(y, label, group, confidence, checks.count("draws", draws), seed)
        many = f"only {groups} groups, whose labels can be permuted in too few ways for an interval"
        why = "" if math.isfinite(found[1]) and math.isfinite(found[2]) else many
    if why:
        return MeanDifference(difference=Estimate.refused(why, n=y.size, clusters=groups, method=method))
    estimate, low, high, p = found
    difference = Estimate(
        estimate=estimate,
        low=min(low, estimate),
        high=max(high, estimate),
        n=y.size,
        clusters=groups,
        confidence=confidence,
        method=method,
        status="fallback" if few else "ok",
        why=few,
    )
    return MeanDifference(difference=difference, p=p)


def exposure(values: checks.Numbers) -> np.ndarray:
    """Return which rows are exposed, as flags.

    Raises
    ------
    UsageError
        For anything but 0 and 1 (rows named).
    """
    column = checks.finite("exposed", values)
    wrong = np.flatnonzero((column != 0) & (column != 1))
    if wrong.size:
        raise UsageError(
            "exposed holds values other than 0 and 1",
            got=", ".join(f"{column[row]:g}" for row in wrong[:5]),
            expected="0 or 1 in every row",
            rows=[f"row {row}" for row in wrong],
        )
    return np.asarray(column == 1)


def _columns(covariates: Floats | None, rows: int) -> list[Floats]:
    if covariates is None:
        return []
    table = np.asarray(covariates, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != rows:
        raise UsageError("covariates is not one row a row", got=f"shape {table.shape}", expected=f"({rows}, p)")
    return [checks.finite(f"covariate {column}", table[:, column]) for column in range(table.shape[1])]


def _unfit(y: Floats, label: np.ndarray, design: Floats, groups: int) -> str:
    why = refusal(int(min(label.sum(), (~label).sum())), None)
    if why:
        return f"{why} in the smaller group"
    if np.ptp(y) == 0:
        return "the values do not vary"
    adjusted = design.shape[1] > 2
    if adjusted and groups < LEAST_FOR_SANDWICH:
        return f"not enough data: {groups} of the {LEAST_FOR_SANDWICH} groups needed to adjust the comparison"
    if adjusted and np.linalg.matrix_rank(design) < design.shape[1]:
        return "the covariates repeat each other or the groups compared"
    return ""


def _limits(fit: Sandwich, confidence: float) -> tuple[float, float, float]:
    """Return the coefficient and its limits."""
    half = fit.half_width(confidence)
    return fit.coefficient, fit.coefficient - half, fit.coefficient + half


def _p(y: Floats, label: np.ndarray, design: Floats, group: Codes, fit: Sandwich) -> float:
    """Return the p-value: by comparisons within clusters where these hold most of what the exposure varies."""
    own = label.astype(np.float64)
    inside = float((within_strata(own, group) ** 2).sum()) / float(((own - own.mean()) ** 2).sum())
    within = stratified_score(y, own, group, design[:, 2:]) if inside > MOSTLY else math.nan
    if not math.isnan(within):
        return within
    return fit.p_value() if fit.error > 0 else math.nan


def _permuted(
    y: Floats, label: np.ndarray, group: Codes, confidence: float, draws: int, seed: int
) -> tuple[float, float, float, float]:
    """Return difference, limits and p-value; limits are infinite where no permutation can reject."""
    held = np.bincount(group, weights=label) / np.bincount(group)
    whole = bool(((held == 0) | (held == 1)).all())
    shuffled = _shuffled(label, group, whole, draws, np.random.default_rng(seed))
    # of every draw the difference in the values, and what it would be per unit of a true difference
    own = label.astype(np.float64)
    drawn, unit = _gap(shuffled, y), _gap(shuffled, own)
    seen = float(_gap(own[None, :], y)[0])
    # clusters with more of one label may have higher values anyway: that part is not evidence
    centre = np.zeros(2) if whole else np.array([_gap(held[None, group], column)[0] for column in (y, own)])
    drawn, unit, seen_off, unit_off = drawn - centre[0], unit - centre[1], seen - centre[0], 1 - float(centre[1])
    p = (1 + int((np.abs(drawn) >= abs(seen_off) - 1e-12).sum())) / (1 + draws)
    if unit_off < 1e-9:
        return seen, -math.inf, math.inf, p
    # a draw is as extreme as what was seen for all true differences between the roots of two lines
    bounded = np.abs(unit) < unit_off - 1e-9
    safe = np.where(bounded, unit, 0.0)
    roots = np.stack([(seen_off - drawn) / (unit_off - safe), (seen_off + drawn) / (unit_off + safe)])
    lower = np.sort(np.where(bounded, roots.min(axis=0), -math.inf))
    upper = np.sort(np.where(bounded, roots.max(axis=0), math.inf))
    least = math.floor(round((1 - confidence) * (draws + 1), 9))
    if least < 1:
        return seen, -math.inf, math.inf, p
    return float(seen_off / unit_off), float(lower[least - 1]), float(upper[draws - least]), p


def _shuffled(label: np.ndarray, group: Codes, whole: bool, draws: int, generator: np.random.Generator) -> np.ndarray:
    """Return permuted labels, shape (draws, n): of whole clusters, or of the rows within each."""
    if whole:
        of_cluster = np.bincount(group, weights=label) > 0
        return np.asarray(generator.permuted(np.tile(of_cluster, (draws, 1)), axis=1)[:, group])
    inside = np.argsort(group, kind="stable")
    keys = generator.random((draws, label.size)) + group[inside]
    found = np.empty((draws, label.size), dtype=bool)
    found[:, inside] = label[inside][np.argsort(keys, axis=1)]
    return found


def _gap(labels: np.ndarray, column: Floats) -> Floats:
    """Return the difference of means under each row of labels."""
    size = labels.sum(axis=1)
    total = labels @ column
    return np.asarray(total / size - (column.sum() - total) / (column.size - size), dtype=np.float64)
