"""Sales people who do not differ once their managers are held equal, and roll-outs that changed nothing."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from benchmarks.certify.section import Line, Section, Shown
from postmortem.stats import random_effect, rollout_effect
from postmortem.stats.permutation import homogeneity_by_permutation

LEVEL = 0.05
MANAGERS, REPS, DEALS = 6, 24, 12
CENTRE, OF_MANAGERS, OF_REPS = -0.2, 0.5, 0.8
TEAMS, STARTED, OF_TEAMS, OF_CHANGES, EFFECT = 9, 4, 0.3, 0.15, 0.15


def _won(rng: np.random.Generator, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw who sold, under which manager and segment, and whether it was won; `spread` is that of sales people."""
    rep = np.repeat(np.arange(REPS), DEALS)
    manager = rep % MANAGERS
    segment = rng.integers(2, size=rep.size)
    logit = CENTRE + OF_MANAGERS * rng.normal(size=MANAGERS)[manager] + 0.4 * segment
    logit = logit + spread * rng.normal(size=REPS)[rep]
    return rep, manager * 2 + segment, rng.random(rep.size) < special.expit(logit)


def reps(seed: int) -> Shown:
    """Say whether sales people are told apart who do not differ, and who do; and whether their spread is covered."""
    rng = np.random.default_rng(seed)
    shown: dict[str, float | bool | None] = {}
    for name, spread in (("alike", 0.0), ("differ", OF_REPS)):
        rep, group, won = _won(rng, spread)
        p = homogeneity_by_permutation(won, rep.astype(str), group.astype(str), scale="variance")
        shown[name] = None if math.isnan(p) else p < LEVEL
    size = rng.integers(8, 30, REPS)
    lost = rng.binomial(size, special.expit(CENTRE + OF_REPS * rng.normal(size=REPS)))
    found = random_effect(lost, size)
    refused = found.status == "refused"
    shown["holds"] = None if refused else found.spread.low <= OF_REPS <= found.spread.high
    none = random_effect(rng.binomial(size, special.expit(CENTRE)), size)
    shown["half"] = None if none.status == "refused" else none.p < LEVEL
    return shown


def rollout(seed: int) -> Shown:
    """Say whether a roll-out without effect is told from none, and whether the interval holds one that has it."""
    rng = np.random.default_rng(seed)
    size = rng.integers(40, 250, (2, TEAMS))
    start = np.full(TEAMS, -1)
    start[rng.choice(TEAMS, STARTED, replace=False)] = 0
    level = CENTRE + OF_TEAMS * rng.normal(size=TEAMS)
    shown: dict[str, float | bool | None] = {}
    for name, effect in (("nothing", 0.0), ("something", EFFECT)):
        before = special.expit(level)
        after = special.expit(level + 0.2 + OF_CHANGES * rng.normal(size=TEAMS))
        after = np.clip(after + effect * (start == 0), 0, 1)
        shares = [rng.binomial(n, chance) / n for n, chance in zip(size, (before, after), strict=True)]
        found = rollout_effect((shares[1] - shares[0])[None], start)
        shown[name] = found.p < LEVEL
        bounded = found.effect.status != "refused"
        shown[f"{name}_holds"] = found.effect.low <= effect <= found.effect.high if bounded else None
    return shown


SECTIONS = (
    Section(
        "rep-permutation", "Whether sales people differ once manager and segment are held equal",
        f"A book holds {REPS} sales people with {DEALS} deals each under {MANAGERS} managers who differ by "
        f"{OF_MANAGERS} on the logit scale.", reps,
        (
            Line("alike", "sales people who are alike are told apart, outcomes permuted", "5%, at most 7%"),
            Line("differ", f"sales people who differ by {OF_REPS} on the logit scale are told apart", "-"),
            Line("holds", "the profile interval of their spread holds the true one", "95%"),
            Line("half", "a spread is claimed where there is none, half chi-squared", "at most 5%"),
        ),
    ),
    Section(
        "rollout", "Roll-outs that change nothing, and one that does",
        f"A book holds {TEAMS} teams of 40 to 249 deals before and after, {STARTED} of which started something; teams "
        "differ, and so do their changes.", rollout,
        (
            Line("nothing", "a roll-out without an effect is told from none", "5%, at most 6%"),
            Line("nothing_holds", "its interval holds none", "95%"),
            Line("something", f"a roll-out that adds {EFFECT:.0%} is told from none", "-"),
            Line("something_holds", "its interval holds what was added", "95%"),
        ),
    ),
)  # fmt: skip
