"""Who sells: reps, their managers, teams and regions, when they came and left, and how they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.simulate import days, words
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.randomness import Flags, Floats, Ints, stream

NEVER = 1 << 30


@dataclass(frozen=True)
class Reps:
    """The sales force, one entry a rep in every array.

    Attributes
    ----------
    name, manager : tuple of str
        Full names, all different.
    region : array of int
        Position in `Organisation.regions`; a rep's team sells in one region.
    team : array of int
        Position in `teams`.
    teams : tuple of str
        Names of the teams.
    hired, left : array of int
        First and last day; `NEVER` where the rep is still there.
    win_effect, optimism, blank_effect, price_effect : array of float
        Log-odds of winning; steps of forecast category; log weight of leaving the reason blank and of
        recording price.
    manager_effect : array of float
        The manager's part in the log-odds of winning.
    """

    name: tuple[str, ...]
    manager: tuple[str, ...]
    region: Ints
    team: Ints
    teams: tuple[str, ...]
    hired: Ints
    left: Ints
    win_effect: Floats
    optimism: Floats
    blank_effect: Floats
    price_effect: Floats
    manager_effect: Floats


def build_reps(parameters: Parameters) -> Reps:
    """Make the sales force of a company."""
    plan = parameters.organisation
    rng = stream(parameters.seed, "organisation")
    count, bosses = sum(plan.reps), sum(plan.managers)
    people = _people(rng, count + bosses)
    region = np.repeat(np.arange(len(plan.regions)), plan.reps).astype(np.int64)
    first_boss = np.concatenate([[0], np.cumsum(plan.managers)[:-1]])
    place = np.arange(count) - np.concatenate([[0], np.cumsum(plan.reps)[:-1]])[region]
    boss = first_boss[region] + place % np.asarray(plan.managers)[region]
    teams = _teams(parameters)
    start, end = days.number(parameters.first), days.number(parameters.as_of)
    hired = start - parameters.warm_up_days - rng.integers(30, 2500, count)
    left = np.full(count, NEVER, dtype=np.int64)
    for k in range(plan.replaced):
        # The region's last rep leaves, and the one before comes a few weeks later.
        team = np.flatnonzero(region == k)
        day = int(start + (end - start) * (k + 1) / (plan.replaced + 2) + rng.integers(-30, 31))
        left[team[-1]], hired[team[-2]] = day, day + int(rng.integers(10, 60))
    return Reps(
        name=tuple(people[:count]),
        manager=tuple(people[count + number] for number in boss),
        region=region,
        team=boss if plan.teams_by == "manager" else region,
        teams=teams,
        hired=days.workday_after(hired.astype(np.int64)),
        left=np.where(left == NEVER, NEVER, days.workday_before(left)),
        win_effect=_centred(rng, plan.win_effect_sd, count),
        optimism=_centred(rng, plan.optimism_sd, count),
        blank_effect=_centred(rng, parameters.recording.blank_sd, count),
        price_effect=_centred(rng, parameters.recording.price_sd, count),
        manager_effect=_centred(stream(parameters.seed, "managers"), plan.manager_effect_sd, bosses)[boss],
    )


def active(reps: Reps, on: Ints) -> Flags:
    """Return, for each day of `on` and each rep, whether the rep works there that day; shape (days, reps)."""
    return (reps.hired[None, :] <= on[:, None]) & (on[:, None] <= reps.left[None, :])


def _teams(parameters: Parameters) -> tuple[str, ...]:
    plan = parameters.organisation
    if plan.teams_by == "region":
        return tuple(f"{region} Sales" for region in plan.regions)
    numbers = [(region, place, count) for region, count in zip(plan.regions, plan.managers, strict=True)
               for place in range(1, count + 1)]  # fmt: skip
    return tuple(f"{region} Sales {place}" if count > 1 else f"{region} Sales" for region, place, count in numbers)


def _people(rng: np.random.Generator, count: int) -> list[str]:
    first = rng.permutation(len(words.FIRST_NAMES))[:count]
    last = rng.permutation(len(words.LAST_NAMES))[:count]
    return [f"{words.FIRST_NAMES[f]} {words.LAST_NAMES[s]}" for f, s in zip(first, last, strict=True)]


def _centred(rng: np.random.Generator, spread: float, count: int) -> Floats:
    drawn = rng.standard_normal(count)
    effects: Floats = np.round(spread * (drawn - drawn.mean()), 4)
    return effects
