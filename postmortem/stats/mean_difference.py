"""How much higher a value is in one group than in the other, where rows hang together in clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats, Labels
from postmortem.stats.estimate import Estimate, refusal
from postmortem.stats.permutation import SEED

SANDWICH = "difference of means, cluster sandwich, t(G−1)"
PERMUTED = "difference of means, labels permuted, interval by inverting the test"
LEAST_FOR_SANDWICH = 20
DRAWS = 1999
# a standard error below this part of the range of the values is what rounding leaves of none
NO_SPREAD = 1e-9


@dataclass(frozen=True, kw_only=True)
class MeanDifference:
    """A difference of two means.

    Attributes
    ----------
    difference : Estimate
        Mean of the exposed less mean of the others, in the unit of the values.
    p : float
        Two-sided p-value against no difference; NaN when refused.
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

    From 20 clusters on: least squares of the values on the exposure (and covariates), its variance the cluster
    sandwich times G/(G−1) · (n−1)/(n−p), its interval t at G − 1 degrees of freedom. Under 20: labels are permuted,
    whole clusters among each other where no cluster holds both labels, else rows within their cluster. The
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
        do not vary, under 20 clusters with covariates, where covariates repeat each other or the exposure, and
        where labels can be permuted in too few ways for the confidence.

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
    method = SANDWICH if groups >= LEAST_FOR_SANDWICH else PERMUTED
    why = _unfit(y, label, design, groups)
    if not why and method == SANDWICH:
        seen, error = _sandwich(y, design, group)
        half = float(stats.t.ppf((1 + confidence) / 2, groups - 1)) * error
        if error > NO_SPREAD * float(np.ptp(y)):
            found = seen, seen - half, seen + half, float(2 * stats.t.sf(abs(seen) / error, groups - 1))
        else:
            why = "the values do not vary within the groups, so there is no spread to judge by"
    elif not why:
        found = _permuted(y, label, group, confidence, checks.count("draws", draws), seed)
        many = f"only {groups} groups, whose labels can be permuted in too few ways for an interval"
        why = "" if math.isfinite(found[1]) and math.isfinite(found[2]) else many
    if why:
        return MeanDifference(difference=Estimate.refused(why, n=y.size, clusters=groups, method=method))
    estimate, low, high, p = found
    fallback = f"{groups} of the {LEAST_FOR_SANDWICH} groups a clustered standard error needs: labels permuted"
    difference = Estimate(
        estimate=estimate,
        low=min(low, estimate),
        high=max(high, estimate),
        n=y.size,
        clusters=groups,
        confidence=confidence,
        method=method,
        status="ok" if method == SANDWICH else "fallback",
        why="" if method == SANDWICH else fallback,
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


def _sandwich(y: Floats, design: Floats, group: Codes) -> tuple[float, float]:
    """Return the first coefficient of least squares and its clustered standard error."""
    bread = np.linalg.inv(design.T @ design)
    coefficients = bread @ (design.T @ y)
    pulls = (design * (y - design @ coefficients)[:, None]) @ bread[0]
    of_cluster = np.bincount(group, weights=pulls)
    (n, columns), groups = design.shape, of_cluster.size
    correction = groups / (groups - 1) * (n - 1) / (n - columns)
    return float(coefficients[0]), math.sqrt(correction * float(of_cluster @ of_cluster))


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
