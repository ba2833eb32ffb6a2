"""Does the share that meets an end by a horizon differ between groups? Each against all others, and all at once."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats, Labels
from postmortem.stats.cumulative_incidence import CumulativeIncidence, cumulative_incidence
from postmortem.stats.estimate import LEAST_EVENTS, Estimate, Status
from postmortem.stats.mean_difference import DRAWS
from postmortem.stats.permutation import SEED
from postmortem.stats.proportions import wilson
from postmortem.stats.risk_difference import RiskDifference, risk_difference


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupRisk:
    """One group at the horizon.

    Attributes
    ----------
    group : hashable
        Its label.
    n, events : int
        Rows, and those of them that met the cause by the horizon.
    share : Estimate
        Share that has met the cause by the horizon; a plain one where no row was open before it.
    curve : CumulativeIncidence
        The curves of the group.
    against_others : RiskDifference
        The group less all others.
    """

    group: Hashable
    n: int
    events: int
    share: Estimate
    curve: CumulativeIncidence = field(repr=False)
    against_others: RiskDifference


@dataclass(frozen=True, kw_only=True)
class GroupedRisk:
    """All groups at one horizon.

    Attributes
    ----------
    groups : tuple of GroupRisk
        In the order of their size, the largest first.
    p : float
        Whether groups differ at all: the smallest p-value of the groups, times their number; NaN when refused.
    status : {"ok", "refused"}
        Refused when no group can be set against the others.
    why : str
        Reason of a refusal.
    """

    groups: tuple[GroupRisk, ...]
    p: float = math.nan
    status: Status = "ok"
    why: str = ""


def grouped_risk(
    time: checks.Numbers,
    cause: checks.Numbers,
    group: Labels,
    clusters: Labels,
    *,
    of: int,
    horizon: float,
    draws: int = DRAWS,
    seed: int = SEED,
) -> GroupedRisk:
    """Set each group against all others at a horizon chosen beforehand.

    Parameters
    ----------
    time, cause : sequences, one value a row
        As for `cumulative_incidence`; late entry is not provided for.
    group : sequence, one label a row
        Known when the time began; none missing.
    clusters : sequence, one label a row
        Within which rows hang together; none missing.
    of : int
        The cause, from 1.
    horizon : float
        A time of at least 0, itself included.
    draws, seed : int
        As for `risk_difference`.

    Returns
    -------
    GroupedRisk
        Groups that `risk_difference` refuses are in it, with the reason.

    Raises
    ------
    UsageError
        As `risk_difference` does.

    Notes
    -----
    With two groups there is one comparison and its p-value stands. With more, p is the Bonferroni bound, which
    holds whatever the dependence between the comparisons.
    """
    of_group, labels = checks.codes("group", group)
    times, causes = checks.finite("time", time), checks.counts("cause", cause)
    checks.same_length(time=times, cause=causes, group=of_group)
    if checks.count("of", of) == 0:
        raise UsageError("of is not a cause", got=0, expected="a whole number from 1; 0 means still open")
    every = tuple(sorted({of, *(int(kind) for kind in causes if kind)}))
    found = []
    for place, label in enumerate(labels):
        own = of_group == place
        curve = cumulative_incidence(times[own], causes[own], causes=every)
        apart = risk_difference(times, causes, own, clusters, of=of, horizon=horizon, draws=draws, seed=seed)
        found.append(
            GroupRisk(
                group=label,
                n=int(own.sum()),
                events=apart.exposed_events,
                share=_share(times[own], causes[own], curve, of, horizon),
                curve=curve,
                against_others=apart,
            )
        )
    found.sort(key=lambda each: (-each.n, str(each.group)))
    tested = [each.against_others.p for each in found if not math.isnan(each.against_others.p)]
    if not tested:
        why = found[0].against_others.difference.why if len(found) > 1 else "there is only one group"
        return GroupedRisk(groups=tuple(found), status="refused", why=why)
    comparisons = 1 if len(found) == 2 else len(tested)
    return GroupedRisk(groups=tuple(found), p=min(1.0, comparisons * min(tested)))


def _share(times: Floats, causes: Floats, curve: CumulativeIncidence, of: int, horizon: float) -> Estimate:
    """Return the share by the horizon; where all rows are known up to it, few at risk at the end do no harm."""
    if ((causes == 0) & (times < horizon)).any():
        return curve.at(horizon, of)
    met = int(((causes == of) & (times <= horizon)).sum())
    return wilson(met, times.size, least_events=LEAST_EVENTS)
