"""Difference-in-differences of whole teams, tested by dealing the start days out anew."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats
from postmortem.stats.estimate import Estimate
from postmortem.stats.permutation import DRAWS, SEED

METHOD = "difference-in-differences of team means, randomisation inference"
NEVER = -1
LEAST_TEAMS = 4
MOST_DEALT = 20_000


@dataclass(frozen=True, kw_only=True)
class RolloutEffect:
    """How much more teams changed when they started something than teams that had not.

    Attributes
    ----------
    effect : Estimate
        Difference of the mean changes, in the unit of the changes; interval by inverting the test, refused where
        no p-value could be as small as the interval needs. n is the number of teams.
    difference : float
        The same without a claim to an interval, so that it is there where the interval is refused; NaN without two
        sides.
    p : float
        Share of the ways to deal the starts out to the teams that show a difference as large; NaN when refused.
    floor : float
        The smallest p-value these teams can show at all; NaN when refused.
    ways : int
        Ways looked at: all of them where there are at most 20,000, else as many as drawn.
    treated, others : int
        Teams that started, and teams that never did.
    why : str
        Reason why there is no p-value; empty when there is one.
    """

    effect: Estimate
    difference: float = math.nan
    p: float = math.nan
    floor: float = math.nan
    ways: int = 0
    treated: int
    others: int
    why: str = ""


def rollout_effect(
    changes: NDArray[np.float64],
    start: Codes,
    *,
    exposure: NDArray[np.float64] | None = None,
    later: tuple[tuple[int, ...], ...] | None = None,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> RolloutEffect:
    """Compare the change of teams at their start with that of teams that had not started by its end.

    Every start c has the teams T_c and the controls C_c, those that never start or start later. The statistic is
    Σ_c |T_c| (mean of d_c over T_c − mean of d_c over C_c) / Σ_c |T_c|, d_c the change of a team from before to
    after start c. It is computed for every way to deal the starts out to the teams, as many teams to each start
    as there were; p is the share of ways with a statistic as far from 0. The interval holds every effect τ that
    is not rejected when τ is taken out of the changes in proportion to the exposure.

    Parameters
    ----------
    changes : ndarray, shape (starts, teams)
        Mean after minus mean before each start, the same windows for all teams.
    start : ndarray of int, shape (teams,)
        Index of the start of each team, `NEVER` for those without one.
    exposure : ndarray, shape (starts, teams), optional
        Part of each change that lies after the team's own start, 0 to 1; by default 1 at the own start, else 0.
    later : tuple of tuple of int, optional
        For every start the starts that begin only after its window, whose teams are controls too.
    confidence : float
        Two-sided confidence.
    draws, seed : int
        Ways drawn where there are more than 20,000, and their seed.

    Returns
    -------
    RolloutEffect
        Refused under four teams, and under two on either side.

    Raises
    ------
    UsageError
        When shapes differ, or a change is missing.

    Notes
    -----
    Exact where it was chance which teams started. Where it was not, teams that were about to improve may have
    been chosen, and no test tells that apart from an effect.

    References
    ----------
    Conley and Taber (2011), Review of Economics and Statistics 93, 113–125; Rosenbaum (2002), Observational
    Studies, 2nd ed., section 2.6, for the inverted test.
    """
    d, codes, part, after = _checked(changes, start, exposure, later)
    treated, others = int((codes >= 0).sum()), int((codes < 0).sum())
    teams, starts = int(codes.size), int(d.shape[0])
    short = [f"{had} of the {least} {what}" for had, least, what in
             ((teams, LEAST_TEAMS, "teams"), (treated, 2, "teams that started"), (others, 2, "teams that did not"))
             if had < least]  # fmt: skip
    if short:
        why = f"not enough data: {' and '.join(short)} needed"
        return RolloutEffect(
            effect=Estimate.refused(why, n=teams, method=METHOD), treated=treated, others=others, why=why
        )
    dealt = _ways(codes, draws, seed)
    weights = _weights(dealt, starts, after)
    found, moved = np.einsum("wct,ct->w", weights, d), np.einsum("wct,ct->w", weights, part)
    seen, own = found[0], moved[0]
    p = float((np.abs(found) >= abs(seen) - 1e-12).mean())
    floor = float(_alike(dealt, codes, starts) / len(dealt))
    low, high = _limits(found / own, moved / own, 1 - confidence)
    why = "" if math.isfinite(low) and math.isfinite(high) else f"with {teams} teams no interval of this confidence"
    bounded = not why
    effect = (
        Estimate(
            estimate=float(seen / own),
            low=low,
            high=high,
            n=teams,
            clusters=teams,
            confidence=confidence,
            method=METHOD,
        )
        if bounded
        else Estimate.refused(why, n=teams, clusters=teams, method=METHOD)
    )
    return RolloutEffect(
        effect=effect, difference=float(seen / own), p=p, floor=floor, ways=len(dealt), treated=treated, others=others
    )


def _checked(
    changes: NDArray[np.float64], start: Codes, exposure: NDArray[np.float64] | None,
    later: tuple[tuple[int, ...], ...] | None,
) -> tuple[Floats, Codes, Floats, tuple[tuple[int, ...], ...]]:  # fmt: skip
    d, codes = np.asarray(changes, dtype=np.float64), np.asarray(start, dtype=np.int64)
    if d.ndim != 2 or d.shape[1] != codes.size or not d.size:
        raise UsageError("changes and start do not fit", got=f"{d.shape} and {codes.shape}", expected="starts × teams")
    for row in d:
        checks.finite("changes", row)
    starts = d.shape[0]
    if codes.min() < NEVER or codes.max() >= starts or any((codes == place).sum() == 0 for place in range(starts)):
        raise UsageError("start names no row of changes, or a row has no team", got=sorted({int(c) for c in codes}))
    own = (codes == np.arange(starts)[:, None]).astype(np.float64)
    part = own if exposure is None else np.asarray(exposure, dtype=np.float64)
    if part.shape != d.shape or not ((part >= 0) & (part <= 1)).all():
        raise UsageError("exposure does not fit the changes", got=part.shape, expected="0 to 1, starts × teams")
    return d, codes, part, later if later is not None else tuple(() for _ in range(starts))


def _ways(codes: Codes, draws: int, seed: int) -> Codes:
    """Return ways to deal the starts out, one a row, the one that happened first: all, or it and those drawn."""
    sizes = [int((codes == place).sum()) for place in range(int(codes.max()) + 1)]
    number, left = 1, int(codes.size)
    for size in sizes:
        number, left = number * math.comb(left, size), left - size
    if number > MOST_DEALT:
        generator = np.random.default_rng(seed)
        return np.vstack([codes, generator.permuted(np.tile(codes, (draws, 1)), axis=1)])
    rows = [np.full(codes.size, NEVER)]
    for place, size in enumerate(sizes):
        following = []
        for row in rows:
            for chosen in itertools.combinations(np.flatnonzero(row == NEVER), size):
                new = row.copy()
                new[list(chosen)] = place
                following.append(new)
        rows = following
    every = np.array(rows)
    first = (every != codes).any(axis=1)
    return np.vstack([every[~first], every[first]])


def _weights(dealt: Codes, starts: int, later: tuple[tuple[int, ...], ...]) -> Floats:
    """Return what each change counts in the statistic, shape (ways, starts, teams)."""
    parts = []
    treated = (dealt >= 0).sum(axis=1, keepdims=True)
    for place in range(starts):
        own = dealt == place
        control = np.isin(dealt, (NEVER, *later[place]))
        size = own.sum(axis=1, keepdims=True)
        parts.append((own / size - control / control.sum(axis=1, keepdims=True)) * size / treated)
    return np.stack(parts, axis=1)


def _alike(dealt: Codes, codes: Codes, starts: int) -> int:
    """Return how many ways are as extreme as any way can be: one, or two where the sides can change places."""
    mirrored = starts == 1 and 2 * int((codes == 0).sum()) == codes.size
    return int((dealt == codes).all(axis=1).sum()) * (2 if mirrored else 1)


def _limits(found: Floats, moved: Floats, level: float) -> tuple[float, float]:
    """Return the least and greatest effect whose test does not fall below `level`.

    Way a stays as extreme as the one seen while |k − c δ| ≥ |δ| for δ = τ − estimate, with k and c its statistic
    and exposure once the estimate is taken out: an interval about 0 whose ends are known.
    """
    centre = float(found[0])
    c = np.clip(moved, -1, 1)
    k = found - c * centre
    k = np.where(np.abs(k) < 1e-12, 0.0, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.where(k >= 0, k / (1 + c), -k / (1 - c))
        down = np.where(k >= 0, k / (1 - c), -k / (1 + c))
    # the way seen, and its mirror image, are never less extreme than themselves
    same = np.abs(np.abs(c) - 1) < 1e-12
    up, down = (np.where(same & (k == 0), np.inf, ends) for ends in (up, down))
    kept = math.floor(level * found.size + 1e-9)
    # a p-value at or below the level rejects: the limit is where no more than `kept` ways are left
    reach_up, reach_down = (np.sort(ends)[::-1][kept] for ends in (up, down))
    return centre - float(reach_down), centre + float(reach_up)
