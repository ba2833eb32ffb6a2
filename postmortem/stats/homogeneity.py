"""Whether groups divide alike: a table of counts as a whole, and share by share with the differences named."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import LEAST_EVENTS, LEAST_N, Estimate, Status, refusal
from postmortem.stats.false_discovery import benjamini_hochberg
from postmortem.stats.permutation import DRAWS, SEED
from postmortem.stats.proportions import newcombe

LEAST_EXPECTED = 5.0
CHI_SQUARED = "chi-squared test of homogeneity"
PERMUTED = "chi-squared statistic of homogeneity against its permutation distribution"


@dataclass(frozen=True, kw_only=True)
class Homogeneity:
    """Whether all groups have the same mix of kinds.

    Attributes
    ----------
    statistic : float
        Σ (observed − expected)² / expected; NaN when refused, as p and smallest_expected.
    p : float
        Chance of a statistic as large, were the mixes alike.
    degrees : int
        (groups − 1)(kinds − 1), groups and kinds without observations left out.
    smallest_expected : float
        Smallest expected count, which decides between formula and permutation.
    n : int
        Observations.
    method : str
        Name of the method used.
    status : {"ok", "fallback", "refused"}
        ``fallback`` when the p-value is a permutation's because expected counts are small.
    why : str
        Reason of a refusal or fallback.
    """

    statistic: float = math.nan
    p: float = math.nan
    degrees: int
    smallest_expected: float = math.nan
    n: int
    method: str
    status: Status = "ok"
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class ComparedShare:
    """One difference among several that were looked at.

    Attributes
    ----------
    difference : Estimate
        First share minus second, Newcombe's interval, not widened for the number of comparisons.
    p : float
        Two-sided p-value of the pooled score test; NaN when the difference is refused.
    adjusted : float
        The same after Benjamini and Hochberg over all comparisons made together.
    """

    difference: Estimate
    p: float
    adjusted: float


def homogeneity_of(
    kind: checks.Labels,
    group: checks.Labels,
    *,
    within: checks.Labels | None = None,
    least_n: int = LEAST_N,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Homogeneity:
    """Test whether the mix of kinds is the same in all groups.

    The chi-squared statistic of the table of counts. Its p-value comes from the chi-squared distribution where
    every expected count is 5 or more, else from tables drawn with the same margins. With `within`, counts are
    expected, and tables always drawn, stratum by stratum: what strata differ by is no evidence then.

    Parameters
    ----------
    kind, group : sequence, one label an observation
        What an observation is, and which group it belongs to; no label missing.
    within : sequence, one label an observation, optional
        Strata (such as sales people) within which the groups are exchangeable.
    least_n : int
        Fewer observations are refused.
    draws : int
        Tables drawn.
    seed : int
        Seed of the draws; the same inputs give the same p-value.

    Returns
    -------
    Homogeneity
        Refused with fewer than two groups or two kinds as well.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold a missing label.

    References
    ----------
    Patefield (1981), Applied Statistics 30, 91–97, for tables of given margins. Reference value: hair by eye
    colour of 279 men (R's HairEyeColor) gives 41.2803 on 9 degrees of freedom.
    """
    columns: dict[str, checks.Labels] = {"kind": kind, "group": group}
    if within is not None:
        columns["within"] = within
    checks.same_length(**columns)
    places = {name: checks.codes(name, column)[0] for name, column in columns.items()}
    kinds, groups = (int(places[name].max(initial=-1)) + 1 for name in ("kind", "group"))
    strata = places.get("within", np.zeros(len(kind), dtype=np.int64))
    tables = np.zeros((int(strata.max(initial=-1)) + 1, groups, kinds))
    np.add.at(tables, (strata, places["group"], places["kind"]), 1)
    n, degrees = len(kind), max(groups - 1, 0) * max(kinds - 1, 0)
    method = CHI_SQUARED if within is None else PERMUTED
    why = refusal(n, None, least_n=max(least_n, 1))
    if not why and not degrees:
        why = "there is only one group" if groups < 2 else "there is only one kind"
    if why:
        return Homogeneity(degrees=degrees, n=n, method=method, status="refused", why=why)
    sums = tables.sum(axis=(1, 2))[:, None, None]
    expected = (tables.sum(axis=2, keepdims=True) * tables.sum(axis=1, keepdims=True) / sums).sum(axis=0)
    seen, smallest = _statistic(tables.sum(axis=0), expected), float(expected.min())
    told = Homogeneity(statistic=float(seen), degrees=degrees, smallest_expected=smallest, n=n, method=method)
    if within is None and smallest >= LEAST_EXPECTED:
        return replace(told, p=float(stats.chi2.sf(seen, degrees)))
    drawn = _drawn(tables, draws, seed)
    extreme = int((_statistic(drawn, expected) >= seen - 1e-9).sum())
    told = replace(told, p=(1 + extreme) / (1 + draws), method=PERMUTED)
    if within is None:
        return replace(told, status="fallback", why=f"expected counts as small as {smallest:.1f}")
    return told


def compared_shares(
    events_a: checks.Numbers,
    n_a: checks.Numbers,
    events_b: checks.Numbers,
    n_b: checks.Numbers,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
) -> tuple[ComparedShare, ...]:
    """Compare several pairs of shares, with p-values adjusted for having looked at them all.

    Every difference with Newcombe's interval; p from the pooled score test, z = (p_a − p_b) /
    √(p(1 − p)(1/n_a + 1/n_b)), adjusted by Benjamini and Hochberg over the comparisons that were not refused.

    Parameters
    ----------
    events_a, n_a, events_b, n_b : sequence of int, one value a comparison
        Counts of either side: one reason in two quarters, say, or two groups of a table.
    confidence, least_n, least_events
        As for `proportions.newcombe`, comparison by comparison.

    Returns
    -------
    tuple of ComparedShare
        In the order given.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, hold no counts, or events exceed n.
    """
    columns = [
        checks.counts(name, column)
        for name, column in (("events_a", events_a), ("n_a", n_a), ("events_b", events_b), ("n_b", n_b))
    ]
    checks.same_length(events_a=columns[0], n_a=columns[1], events_b=columns[2], n_b=columns[3])
    checks.events_within(columns[0], columns[1], names=("events_a", "n_a"))
    checks.events_within(columns[2], columns[3], names=("events_b", "n_b"))
    differences = [
        newcombe(
            int(x_a), int(m_a), int(x_b), int(m_b), confidence=confidence, least_n=least_n, least_events=least_events
        )
        for x_a, m_a, x_b, m_b in zip(*columns, strict=True)
    ]
    p = [
        math.nan if difference.status == "refused" else _score_test(*counts)
        for difference, counts in zip(differences, np.column_stack(columns), strict=True)
    ]
    adjusted = benjamini_hochberg(p)
    return tuple(
        ComparedShare(difference=difference, p=one, adjusted=float(among))
        for difference, one, among in zip(differences, p, adjusted, strict=True)
    )


def pairwise_shares(
    events: checks.Numbers,
    n: checks.Numbers,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
) -> dict[tuple[int, int], ComparedShare]:
    """Compare the share of every group with that of every other one, as `compared_shares` does.

    Parameters
    ----------
    events, n : sequence of int, one value a group
        Counts of at least two groups that share no observation.
    confidence, least_n, least_events
        As for `proportions.newcombe`, pair by pair.

    Returns
    -------
    dict of (int, int) to ComparedShare
        Places of the two groups in the order given, first share minus second.

    Raises
    ------
    UsageError
        When there is only one group, and as for `compared_shares`.
    """
    x, m = checks.counts("events", events), checks.counts("n", n)
    checks.events_within(x, m, names=("events", "n"))
    if x.size < 2:
        raise UsageError("there is only one group to compare", got=int(x.size), expected="at least two")
    pairs = list(combinations(range(x.size), 2))
    first, second = np.array(pairs).T
    found = compared_shares(
        x[first], m[first], x[second], m[second], confidence=confidence, least_n=least_n, least_events=least_events
    )
    return dict(zip(pairs, found, strict=True))


def _statistic(observed: Floats, expected: Floats) -> Floats:
    """Return the chi-squared statistic of one table or of many; cells that cannot be filled count nothing."""
    terms = np.divide((observed - expected) ** 2, expected, out=np.zeros(observed.shape), where=expected > 0)
    return np.asarray(terms.sum(axis=(-2, -1)))


def _drawn(tables: Floats, draws: int, seed: int) -> Floats:
    """Return tables with the margins of every stratum kept, summed over strata: draws × groups × kinds."""
    generator = np.random.default_rng(seed)
    total = np.zeros((draws, *tables.shape[1:]))
    for table in tables.astype(np.int64):
        margins = stats.random_table(table.sum(axis=1), table.sum(axis=0))
        total += margins.rvs(size=draws, random_state=generator)
    return total


def _score_test(x_a: float, m_a: float, x_b: float, m_b: float) -> float:
    pooled = (x_a + x_b) / (m_a + m_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / m_a + 1 / m_b))
    return float(2 * stats.norm.sf(abs(x_a / m_a - x_b / m_b) / error)) if error else 1.0
