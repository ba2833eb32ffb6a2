"""A rate moved: how much of that is another mix of groups, and how much are other rates within them."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.cluster_sandwich import CARRIED_BY_FEW, LEAST_FREEDOM, Sandwich, cluster_sandwich
from postmortem.stats.estimate import LEAST_CLUSTERS, LEAST_EVENTS, LEAST_N, Estimate, refusal

METHOD = "Kitagawa decomposition, linearised, cluster sandwich (CR2), t at Satterthwaite's degrees of freedom"


@dataclass(frozen=True, kw_only=True)
class GroupPart:
    """What one group contributes to the difference.

    Attributes
    ----------
    group : Hashable
        Its label.
    n_before, n_after : int
        Observations in either period.
    rate_before, rate_after : float
        Share of events, 0 to 1; NaN in a period without observations.
    mix, rate : float
        Its parts, in shares: by its weight, and by its own rate.
    """

    group: Hashable
    n_before: int
    n_after: int
    rate_before: float
    rate_after: float
    mix: float
    rate: float


@dataclass(frozen=True, kw_only=True)
class MixAndRate:
    """A difference of two rates in two parts: difference = mix + rate, exactly.

    Attributes
    ----------
    difference, mix, rate : float
        In shares, later minus earlier; NaN when a period has no observation.
    difference_interval, mix_interval, rate_interval : Estimate
        The same as estimates; refused where no interval is fit to be shown, though the parts stand as facts.
    groups : tuple of GroupPart
        One a group, in order of their labels; their parts add up to mix and rate.
    only_one_period : tuple
        Groups seen in one period only, whose whole contribution counts as mix.
    """

    difference: float
    mix: float
    rate: float
    difference_interval: Estimate
    mix_interval: Estimate
    rate_interval: Estimate
    groups: tuple[GroupPart, ...]
    only_one_period: tuple[Hashable, ...]


def mix_and_rate(
    happened: checks.Numbers,
    group: checks.Labels,
    later: checks.Numbers,
    clusters: checks.Labels,
    *,
    confidence: float = 0.95,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
    least_clusters: int = LEAST_CLUSTERS,
) -> MixAndRate:
    """Divide the change of a rate between two periods into a part by mix and a part by rate.

    With weights w and rates r of the groups: mix = Σ (w₂ − w₁)(r₁ + r₂)/2 and rate = Σ (r₂ − r₁)(w₁ + w₂)/2. A group
    that only one period has lends its rate there to the other, where it has weight 0: its arrival or departure is
    mix, and no rate is made up. Each part is linearised: its value moves with every observation as a difference of two
    means does, and its interval is the one `cluster_sandwich` gives such a difference.

    Parameters
    ----------
    happened : sequence of 0 and 1, one value an observation
        Whether the event came; flags are welcome.
    group : sequence, one label an observation
        What the mix is made of, such as segments; no label missing.
    later : sequence of 0 and 1, one value an observation
        1 in the later period, 0 in the earlier one.
    clusters : sequence, one label an observation
        Within which observations hang together, across periods as well.
    confidence : float
        Two-sided confidence.
    least_n, least_events, least_clusters : int
        Fewer observations in a period, fewer of the rarer outcome in all, or fewer clusters refuse intervals.

    Returns
    -------
    MixAndRate
        In shares. Intervals are refused as well where a few clusters carry the comparison (fewer than four degrees of
        freedom).

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what is no outcome or no label.

    Notes
    -----
    Mix and rate describe a change. That another mix would have given another rate is not shown by it. With 24 uneven
    sales people who are there in the two periods to unlike parts, and nothing changed, the intervals of difference,
    mix and rate leave 0 out in .045, .035 and .062 of 600 books; by the older factor and t(G−1) in .095, .085, .102.

    References
    ----------
    Kitagawa (1955), Journal of the American Statistical Association 50, 1168–1194. Reference value: weights
    (.5, .3, .2) to (.3, .4, .3) and rates (.2, .4, .6) to (.25, .35, .6) give .055 = .0525 + .0025.
    """
    y, second = checks.zero_one("happened", happened), checks.zero_one("later", later)
    checks.same_length(happened=y, group=group, later=second, clusters=clusters)
    checks.between("confidence", confidence)
    codes, labels = checks.codes("group", group)
    units, _ = checks.codes("clusters", clusters)
    side = second.astype(np.int64)
    n = np.zeros((2, len(labels)))
    events = np.zeros((2, len(labels)))
    np.add.at(n, (side, codes), 1)
    np.add.at(events, (side, codes), y)
    size = n.sum(axis=1)
    smaller, came, count = int(size.min()), int(y.sum()), int(units.max()) + 1
    why = refusal(smaller, None, least_n=max(least_n, 1))
    if why:
        why += " in the smaller period"
    else:
        why = refusal(
            int(y.size), min(came, int(y.size) - came), count,
            least_n=1, least_events=least_events, least_clusters=max(least_clusters, 2),
        )  # fmt: skip
    own = np.divide(events, n, out=np.full(n.shape, math.nan), where=n > 0)
    rate = np.where(n > 0, own, own[::-1])
    weight = np.divide(n, size[:, None], out=np.full(n.shape, math.nan), where=size[:, None] > 0)
    by_mix = (weight[1] - weight[0]) * (rate[0] + rate[1]) / 2
    by_rate = (rate[1] - rate[0]) * (weight[0] + weight[1]) / 2
    parts = {"mix": float(by_mix.sum()), "rate": float(by_rate.sum())}
    parts["difference"] = parts["mix"] + parts["rate"]
    pulls = {} if why else _pulls(y, codes, side, n, weight, rate)

    def told(part: str) -> Estimate:
        counts: dict[str, Any] = {"n": int(y.size), "events": came, "clusters": count}
        if why:
            return Estimate.refused(why, **counts, method=METHOD)
        fit = _as_means(pulls[part], side, size, units)
        if fit.freedom < LEAST_FREEDOM:
            return Estimate.refused(CARRIED_BY_FEW, **counts, method=METHOD)
        half = fit.half_width(confidence)
        low, high = parts[part] - half, parts[part] + half
        return Estimate(estimate=parts[part], low=low, high=high, **counts, confidence=confidence, method=METHOD)

    return MixAndRate(
        **parts,
        difference_interval=told("difference"),
        mix_interval=told("mix"),
        rate_interval=told("rate"),
        groups=tuple(
            GroupPart(
                group=label,
                n_before=int(n[0, place]),
                n_after=int(n[1, place]),
                rate_before=float(own[0, place]),
                rate_after=float(own[1, place]),
                mix=float(by_mix[place]),
                rate=float(by_rate[place]),
            )
            for place, label in enumerate(labels)
        ),
        only_one_period=tuple(label for place, label in enumerate(labels) if not n[:, place].all()),
    )


def _pulls(y: Floats, codes: Codes, side: Codes, n: Floats, weight: Floats, rate: Floats) -> dict[str, Floats]:
    """Return how far every observation pulls mix, rate and their sum: their derivatives, row by row."""
    sign, size, middle = np.array([-1.0, 1.0]), n.sum(axis=1), (rate[0] + rate[1]) / 2
    # d mix / d weight is ± the middle rate; a weight moves by (1[own group] − w) / n of its period
    by_weight = sign[side] * (middle[codes] - (weight @ middle)[side]) / size[side]
    # a rate moves by (y − r) / n of its group and period
    off = (y - rate[side, codes]) / n[side, codes]
    both = (n > 0).all(axis=0)
    shift = (weight[1] - weight[0]) / 2
    # where one period lends its rate to the other, both rates of the mix move with it, and the part by rate is 0
    in_mix = off * np.where(both, shift, 2 * shift)[codes]
    gap = (rate[1] - rate[0]) / 2
    in_rate = off * sign[side] * np.where(both, (weight[0] + weight[1]) / 2, 0.0)[codes]
    weight_in_rate = (gap[codes] - (weight @ gap)[side]) / size[side]
    mix, by_rate = by_weight + in_mix, in_rate + weight_in_rate
    return {"mix": mix, "rate": by_rate, "difference": mix + by_rate}


def _as_means(pull: Floats, side: Codes, size: Floats, units: Codes) -> Sandwich:
    """Return the fit of a difference of two means to which every observation adds what it adds to the part."""
    values = pull * size[side] * np.array([-1.0, 1.0])[side]
    return cluster_sandwich(values, np.column_stack([side, np.ones(side.size)]).astype(np.float64), units)
