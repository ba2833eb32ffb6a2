"""How far two raters say the same of the same things: share agreeing, kappa, and agreement on each word.

A missing rating is no category: only what both raters rated is compared, and a missing label is an error.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np

from postmortem.stats import checks
from postmortem.stats.checks import Floats
from postmortem.stats.clusters import design_effect
from postmortem.stats.estimate import LEAST_N, Estimate, refusal
from postmortem.stats.limits import exact_limits, wilson_limits, z_value

LEAST_RATED_TWICE = 30
KAPPA = "Cohen's kappa"
SAME = "share rated alike"
SPECIFIC = "specific agreement on one category"
NO_VARIETY = "a rater gave one and the same category to everything, so nothing can be told from chance"
ONE_SIDED = "the raters agreed on everything: the lower limit is Wilson's for the share, at the chance agreement seen"


def square_table(first: checks.Labels, second: checks.Labels) -> tuple[Floats, tuple[Hashable, ...]]:
    """Count what two raters said of the same things.

    Parameters
    ----------
    first, second : sequence, one label a thing rated
        What either rater said; no label missing.

    Returns
    -------
    tuple of array and tuple
        Counts, shape (k, k), first rater down and second across; and the k categories in sorted order, those that
        only one of the two used included.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or a label is missing.
    """
    checks.same_length(first=first, second=second)
    both, categories = checks.codes("ratings", [*first, *second])
    table = np.zeros((len(categories), len(categories)))
    np.add.at(table, (both[: len(first)], both[len(first) :]), 1)
    return table, categories


def share_alike(
    first: checks.Labels,
    second: checks.Labels,
    clusterings: Mapping[str, checks.Labels] | None = None,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
) -> Estimate:
    """Estimate the share of things that two raters rate alike.

    Under thirty ratings the exact interval of Clopper and Pearson, which is never too narrow; from thirty on
    Wilson's, with counts divided by the largest design effect of the clusterings given.

    Parameters
    ----------
    first, second : sequence, one label a thing rated
        What either rater said; no label missing.
    clusterings : mapping of str to sequence, optional
        Name of a clustering (``rep``) to one label a thing; what one rater says of several things hangs together.
    confidence : float
        Two-sided confidence.
    least_n : int
        Fewer things rated by both are refused.

    Returns
    -------
    Estimate
        Share, 0 to 1; events are the things rated alike.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or a label is missing.
    """
    table, _ = square_table(first, second)
    alike, n = int(np.trace(table)), int(table.sum())
    checks.same_length(first=first, **(clusterings or {}))
    tail = (1 - checks.between("confidence", confidence)) / 2
    why = refusal(n, None, least_n=max(least_n, 1))
    if why:
        return Estimate.refused(why, n=n, events=alike, method=SAME)
    method, clusters = f"{SAME}, Clopper–Pearson exact interval", None
    if n < LEAST_RATED_TWICE:
        low, high = exact_limits(alike, n, tail)
    else:
        same = np.array([one == other for one, other in zip(first, second, strict=True)], dtype=np.float64)
        effect, method = 1.0, f"{SAME}, Wilson score interval"
        for name, labels in (clusterings or {}).items():
            found = design_effect(same, labels) if len(set(labels)) > 1 else None
            if found is not None and found.effect > effect:
                effect, clusters = found.effect, found.clusters
                method = f"{SAME}, Wilson score interval at the effective number of ratings, clustered by {name}"
        low, high = wilson_limits(alike / effect, n / effect, z_value(confidence))
    return _estimate(alike / n, low, high, n=n, events=alike, clusters=clusters, confidence=confidence, method=method)


def cohens_kappa(
    first: checks.Labels, second: checks.Labels, *, confidence: float = 0.95, least_n: int = LEAST_RATED_TWICE
) -> Estimate:
    """Estimate how far two raters agree beyond what their habits alone would bring about.

    κ = (p_o − p_e) / (1 − p_e), p_o the share rated alike and p_e = Σ p_k. p_.k; its interval is normal with the
    standard error of Fleiss, Cohen and Everitt.

    Parameters
    ----------
    first, second : sequence, one label a thing rated
        What either rater said; no label missing.
    confidence : float
        Two-sided confidence.
    least_n : int
        Fewer things rated by both are refused.

    Returns
    -------
    Estimate
        Kappa, at most 1; 0 is what chance would do. Refused where a rater only ever used one category. Where the two
        agreed on everything the error is 0, and the lower limit comes from Wilson's for p_o (fallback).

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or a label is missing.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37–46; Fleiss, Cohen and Everitt (1969),
    Psychological Bulletin 72, 323–327. Reference value: (31, 12, 4, 58) gives .6756757 (.5317210, .8196303).
    """
    from statsmodels.stats.inter_rater import cohens_kappa as kappa_of

    table, _ = square_table(first, second)
    alike, n = int(np.trace(table)), int(table.sum())
    z = z_value(confidence)
    why = refusal(n, None, least_n=max(least_n, 2))
    if not why and 1 in ((table.sum(axis=0) > 0).sum(), (table.sum(axis=1) > 0).sum()):
        why = NO_VARIETY
    if why:
        return Estimate.refused(why, n=n, events=alike, method=KAPPA)
    if alike == n:
        chance = float(table.sum(axis=1) @ table.sum(axis=0)) / n**2
        low = (wilson_limits(n, n, z)[0] - chance) / (1 - chance)
        return Estimate(
            estimate=1.0, low=low, high=1.0, n=n, events=n, confidence=confidence, method=KAPPA, status="fallback",
            why=ONE_SIDED,
        )  # fmt: skip
    found = kappa_of(table)
    middle, half = float(found.kappa), z * float(found.std_kappa)
    return _estimate(
        middle, middle - half, min(middle + half, 1.0), n=n, events=alike, confidence=confidence, method=KAPPA
    )


def specific_agreement(
    first: checks.Labels, second: checks.Labels, *, confidence: float = 0.95, least_n: int = LEAST_N
) -> dict[Hashable, Estimate]:
    """Estimate, category by category, how often a rater who gives it is joined by the other one.

    2a / (2a + b + c), a the things to which both gave the category, b and c those to which only one did. With
    J = a / (a + b + c), a share of things, this is 2J / (1 + J), and so are its limits from Wilson's for J.

    Parameters
    ----------
    first, second : sequence, one label a thing rated
        What either rater said; no label missing.
    confidence : float
        Two-sided confidence.
    least_n : int
        A category that fewer things were given by either rater is refused.

    Returns
    -------
    dict of label to Estimate
        In sorted order of the categories: n is a + b + c, events a.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or a label is missing.

    References
    ----------
    Spitzer and Fleiss (1974), British Journal of Psychiatry 125, 341–347; Dice (1945), Ecology 26, 297–302.
    """
    table, categories = square_table(first, second)
    z, found = z_value(confidence), {}
    for place, category in enumerate(categories):
        both = int(table[place, place])
        n = int(table[place].sum() + table[:, place].sum()) - both
        why = refusal(n, None, least_n=max(least_n, 1))
        if why:
            found[category] = Estimate.refused(why, n=n, events=both, method=SPECIFIC)
            continue
        middle, low, high = (2 * j / (1 + j) for j in (both / n, *wilson_limits(both, n, z)))
        found[category] = _estimate(middle, low, high, n=n, events=both, confidence=confidence, method=SPECIFIC)
    return found


def _estimate(
    middle: float, low: float, high: float, *, n: int, events: int, confidence: float, method: str,
    clusters: int | None = None,
) -> Estimate:  # fmt: skip
    return Estimate(
        estimate=middle, low=min(low, middle), high=max(high, middle), n=n, events=events, clusters=clusters,
        confidence=confidence, method=method,
    )  # fmt: skip
