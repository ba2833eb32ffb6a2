"""Sales people whose habits differ: their own shares, and groups that do not differ within them."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.certify.section import Line, Section, Shown
from postmortem.stats import beta_binomial_shrink, clustered_difference, stratified_association, z_value
from postmortem.stats.permutation import homogeneity_by_permutation

REPS, EACH = 24, 25
LOST, SPREAD = 0.35, 0.1
LEVEL = 0.05


def habits(rng: np.random.Generator, reps: int = REPS) -> np.ndarray:
    """Draw the true share of each sales person, `SPREAD` its standard deviation."""
    worth = LOST * (1 - LOST) / SPREAD**2 - 1
    return rng.beta(LOST * worth, (1 - LOST) * worth, reps)


def shrunken(seed: int) -> Shown:
    """Say how far raw and shrunken shares are from the true ones, and how many intervals hold them."""
    rng = np.random.default_rng(seed)
    truth, deals = habits(rng), rng.integers(8, 20, REPS)
    lost = rng.binomial(deals, truth)
    found = beta_binomial_shrink(lost, deals)
    if found.status == "refused":
        return {"raw": None, "shrunken": None, "better": None, "holds": None}
    steady = np.array([rate.estimate for rate in found.rates])
    raw_error, error = (math.sqrt(float(((told - truth) ** 2).mean())) for told in (lost / deals, steady))
    held = [rate.low <= true <= rate.high for rate, true in zip(found.rates, truth, strict=True)]
    return {"raw": raw_error, "shrunken": error, "better": error < raw_error, "holds": float(np.mean(held))}


def no_difference(seed: int) -> Shown:
    """Say which comparisons tell groups apart although only sales people differ, and groups sit unevenly on them."""
    rng = np.random.default_rng(seed)
    rep = np.repeat(np.arange(REPS), EACH)
    happened = rng.random(rep.size) < habits(rng)[rep]
    # each sales person has a market of their own, so that raw groups differ by who sells in them
    leaning = rng.dirichlet(np.full(4, 1.5), REPS)
    group = (rng.random(rep.size)[:, None] > np.cumsum(leaning, axis=1)[rep]).sum(axis=1)
    names = group.astype(str)
    permuted = homogeneity_by_permutation(happened, names, rep.astype(str))
    one = group == 0
    association = stratified_association(one, happened, rep.astype(str)).p
    halves = (rng.permutation(REPS) < REPS // 2)[rep]
    gap = clustered_difference(happened.astype(int), halves.astype(int), {"rep": rep})
    apart, pooled = float(happened[halves].mean() - happened[~halves].mean()), float(happened.mean())
    naive = abs(apart) / math.sqrt(pooled * (1 - pooled) * (1 / halves.sum() + 1 / (~halves).sum()))
    return {
        "permuted": None if math.isnan(permuted) else permuted < LEVEL,
        "stratified": None if math.isnan(association) else association < LEVEL,
        "clustered": None if gap.status == "refused" else not gap.low <= 0 <= gap.high,
        "naive": naive > z_value(1 - LEVEL),
    }


BOOK = f"A book holds {REPS} sales people who lose {LOST:.0%} on average, their own shares {SPREAD:.0%} apart"
SECTIONS = (
    Section(
        "sales-people", "What share each sales person loses", f"{BOOK}; 8 to 19 deals each.", shrunken,
        (
            Line("raw", "root mean squared error of raw shares", "-", "mean"),
            Line("shrunken", "root mean squared error of shrunken shares", "below raw", "mean"),
            Line("better", "books in which shrunken shares are nearer to the truth", "most"),
            Line("holds", "part of the 95% intervals that hold the true share", "at least 92%", "mean"),
        ),
    ),
    Section(
        "no-difference", "Groups that do not differ among sales people who do", f"{BOOK}; {EACH} deals each.",
        no_difference,
        (
            Line("permuted", "four groups are told apart, outcomes permuted within sales people", "5%, at most 7%"),
            Line("stratified", "one group is told from the others, stratified by sales person", "5%, at most 7%"),
            Line("clustered", "halves of the sales people are told apart, clustered by them", "5%, at most 8%"),
            Line("naive", "the same by a test of two shares that takes deals as independent", "not used"),
        ),
    ),
)  # fmt: skip
