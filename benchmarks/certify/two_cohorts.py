"""Two groups of sales people who differ as any do, in companies in which nothing else does: what `compare` tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.certify.nothing_there import DEALS, QUARTERS, null_cohort
from benchmarks.certify.section import Line, Section, Shown
from postmortem.findings.compare import compare
from postmortem.frames import Cohort

REPS, FIRST, LIKENESS = 24, 8, 0.4
LEVEL = 0.05


def halves(seed: int) -> tuple[Cohort, Cohort]:
    """Return the deals of eight sales people drawn by lot and those of the sixteen others.

    Deals are dealt out to sales people anew: some get more deals, and some more of the lost ones, whoever they are.
    """
    cohort = null_cohort(seed)
    rng = np.random.default_rng(seed)
    lost = cohort.table["resolution"].str.startswith("lost_").to_numpy()
    busy, tilt = rng.gamma(3, size=REPS), np.exp(rng.normal(0, LIKENESS, REPS))
    owner = np.empty(lost.size, dtype=np.int64)
    for rows, weight in ((lost, busy * tilt), (~lost, busy)):
        owner[rows] = rng.choice(REPS, int(rows.sum()), p=weight / weight.sum())
    table = cohort.table.assign(owner_id=np.char.add("Rep ", owner.astype(str)).astype(object))
    table["owner_id"] = table["owner_id"].astype(cohort.table["owner_id"].dtype)
    ours = np.isin(owner, rng.permutation(REPS)[:FIRST])
    return replace(cohort, table=table[ours]), replace(cohort, table=table[~ours])


def told_apart(seed: int) -> Shown:
    """Say whether two groups that differ by lot alone are told apart, in any share and in the share lost."""
    result = compare(*halves(seed))
    if result.status == "refused":
        return {"any": None, "figure": None, "primary": None}
    rows, tests = result.tables["figures"].rows, result.tables["tests"].rows
    figures = tests.loc[~tests["primary"], "p"].dropna()
    return {
        "any": bool((rows["verdict"] == "different").any()),
        "figure": float((figures < LEVEL).mean()) if len(figures) else None,
        "primary": bool(tests.loc[tests["primary"], "p"].iloc[0] < LEVEL),
    }


SECTIONS = (
    Section(
        "two-cohorts", "Two groups of sales people that differ by lot alone, side by side",
        f"A book is a company of the preset `null`, {QUARTERS} quarters of {DEALS} deals, whose deals are dealt out to "
        f"{REPS} sales people, some with more deals and some with more losses than others; {FIRST} of them drawn by "
        "lot are compared with the rest.",
        told_apart,
        (
            Line("any", "some share is called different", "at most 5%"),
            Line("primary", "the one hypothesis of the comparison has a p-value below .05", "at most 5%"),
            Line("figure", "part of the shares compared whose p-value is below .05", "at most 5%", "mean"),
        ),
        most=200,
    ),
)  # fmt: skip
