"""What is still open will end: how, by what became of earlier ones that were open as long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.estimate import LEAST_N, Status

DRAWS, SEED = 400, 20250101
LEAST_AT_RISK = 10
METHOD = "Aalen–Johansen from the present age on, cluster bootstrap with drawn endings"


@dataclass(frozen=True, kw_only=True)
class EventualShares:
    """How those still open will end, expected and drawn.

    Attributes
    ----------
    expected : ndarray, shape (causes + 1,)
        Expected number of them by cause, in order, and last of those that stay open past the horizon; empty
        when refused.
    draws : ndarray, shape (draws, causes + 1)
        The same numbers drawn: another set of earlier ones each time, and chance in how each one ends.
    horizon : float
        Age up to which earlier ones can be followed.
    ended : int
        Earlier ones that were open at least as long as the youngest one now, and have ended by the horizon.
    status : {"ok", "refused"}
        Refused when too few earlier ones ended so late.
    why : str
        Reason of a refusal.
    """

    expected: Floats
    draws: Floats
    horizon: float
    ended: int
    status: Status = "ok"
    why: str = ""


def eventual_shares(
    time: checks.Numbers,
    cause: checks.Numbers,
    clusterings: Mapping[str, checks.Labels],
    *,
    ages: checks.Numbers,
    causes: int,
    least_ended: int = LEAST_N,
    least_at_risk: int = LEAST_AT_RISK,
    draws: int = DRAWS,
    seed: int = SEED,
) -> EventualShares:
    """Project how those still open will end, from earlier ones that were open at the same age.

    One open at age a ends by cause k before the horizon H with probability (F_k(H) − F_k(a)) / S(a), F and S the
    Aalen–Johansen curves of the earlier ones. H is the last time with enough of them still followed. For every
    draw whole clusters are drawn with replacement, under each clustering for its part of the draws, and then how
    each one ends.

    Parameters
    ----------
    time : sequence of float, one value an earlier one
        Age at which it ended, or up to which it was followed.
    cause : sequence of int, one value an earlier one
        1 to `causes`, 0 for one still open.
    clusterings : mapping of str to sequence
        Name of a clustering (``rep``, ``quarter``) to one label an earlier one.
    ages : sequence of float, one value an open one
        Its age now.
    causes : int
        How many causes there are.
    least_ended : int
        Fewer earlier ones ended after the youngest age refuse the projection.
    least_at_risk : int
        The curves end where fewer are followed.
    draws : int
        In all, shared among the clusterings.
    seed : int
        Seed of the draws; the same inputs give the same answer.

    Returns
    -------
    EventualShares
        In numbers of open ones.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what cannot be.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141–150.
    """
    t, k, open_ages = checks.finite("time", time), checks.counts("cause", cause), checks.finite("ages", ages)
    checks.same_length(time=t, cause=k, **clusterings)
    days = np.unique(t[k > 0])
    followed = np.array([int((t >= day).sum()) for day in days])
    days = days[followed >= least_at_risk]
    horizon = float(days[-1]) if days.size else math.nan
    ended = int(((t > open_ages.min()) & (t <= horizon) & (k > 0)).sum())
    if ended < least_ended:
        why = f"not enough data: {ended} of the {least_ended} endings at such an age needed"
        nothing = np.zeros(0)
        return EventualShares(
            expected=nothing, draws=nothing.reshape(0, 0), horizon=horizon, ended=ended, status="refused", why=why
        )
    unique, number = np.unique(open_ages, return_counts=True)
    together = np.zeros(t.size, dtype=np.int64)
    alone = _chances(np.ones((1, 1)), *_counted(t, k, days, causes, together), days, unique)
    generator = np.random.default_rng(seed)
    drawn = []
    for labels in clusterings.values():
        codes, names = checks.codes("clusterings", labels)
        picks = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws // len(clusterings))
        chances = _chances(picks.astype(np.float64), *_counted(t, k, days, causes, codes), days, unique)
        drawn.append(generator.multinomial(number, chances).sum(axis=1))
    expected = (alone[0] * number[:, None]).sum(axis=0)
    return EventualShares(
        expected=expected, draws=np.concatenate(drawn).astype(np.float64), horizon=horizon, ended=ended
    )


def _counted(t: Floats, k: Floats, days: Floats, causes: int, codes: Codes) -> tuple[Floats, Floats]:
    """Return by cluster how many are followed on each day, and how many end then by each cause."""
    clusters = int(codes.max()) + 1
    passed = np.zeros((clusters, days.size + 1))
    np.add.at(passed, (codes, np.searchsorted(days, t, side="right")), 1)
    at_risk = passed[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    ends = np.zeros((clusters, days.size, causes))
    told = (k > 0) & (t <= days[-1])
    np.add.at(ends, (codes[told], np.searchsorted(days, t[told]), k[told].astype(np.int64) - 1), 1)
    return at_risk, ends


def _chances(picks: Floats, followed: Floats, ends: Floats, days: Floats, ages: Floats) -> Floats:
    """Return how one open at each age ends, for every row of picks: rows × ages × (causes and still open)."""
    at_risk = picks @ followed
    hazard = np.tensordot(picks, ends, axes=1)
    hazard = np.divide(hazard, at_risk[..., None], out=np.zeros_like(hazard), where=at_risk[..., None] > 0)
    left = 1 - hazard.sum(axis=2)
    found = []
    for age in ages:
        later = days > age
        stay = np.cumprod(np.where(later, left, 1.0), axis=1)
        before = np.concatenate([np.ones((len(picks), 1)), stay[:, :-1]], axis=1)
        by_cause = np.where(later[None, :, None], before[..., None] * hazard, 0.0).sum(axis=1)
        rest = np.clip(1 - by_cause.sum(axis=1, keepdims=True), 0.0, 1.0)
        both = np.concatenate([by_cause, rest], axis=1)
        found.append(both / both.sum(axis=1, keepdims=True))
    return np.stack(found, axis=1)
