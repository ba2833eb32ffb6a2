"""Whether sales people differ more than chance, once manager, segment and quarter are held equal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, value_text
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats.estimate import p_beside
from postmortem.stats.permutation import chance_distance, homogeneity_by_permutation, within_strata

LOOK = 0.05
LEAST_DEALS, LEAST_MANAGERS = 8, 5
NOT_RECORDED = "not recorded"
UNLOCK = "export more past quarters, and the owner and the manager of every deal"
PEOPLE = Need(
    "deals", ("owner_id", "manager_id"), 15, f"sales people with {LEAST_DEALS} deals under a known manager", UNLOCK,
    "deals", lambda _, rows: int(_compared(rows)["owner_id"].nunique()),
)  # fmt: skip
MANAGERS = Need(
    "deals", ("owner_id", "manager_id"), LEAST_MANAGERS, "managers with two such sales people", UNLOCK, "deals",
    lambda _, rows: int((_compared(rows).groupby("manager_id")["owner_id"].nunique() > 1).sum()),
)  # fmt: skip
METHOD = (
    "Permutation test: outcomes (won by the end of the quarter, or not) are shuffled among the deals of one manager, "
    "segment and quarter, so that what these differ by is no evidence. Statistic: the sum over sales people of (O - "
    "E)^2 / V, O their wins, E and V mean and variance of their wins under the shuffles; 2,000 shuffles. In "
    "simulations with nothing planted it calls .027 of cases different at .05, and finds a standard deviation of .8 on "
    "the logit scale among 24 sales people with 12 deals each in .83. Needs 15 sales people with 8 deals and 5 "
    "managers. Distances from the expected share are root mean squares over sales people; p is at least .05 where what "
    "is seen lies in the range of 95 of 100 shuffles. Nobody is named or ranked. What is not held equal (territory, "
    "product, the luck of the draw of accounts) counts as the sales person's."
)


def rep_variation(cohort: Cohort) -> Result:
    """Do sales people differ more than chance, once manager, segment and quarter are held equal?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``compared``, one row: ``people``, ``managers``, ``groups`` (of one manager, segment and quarter),
        ``deals``, ``won``, ``seen`` (how far a sales person's share won lies from what its deals would lead one to
        expect, root mean square, in points) and ``usual`` (the same if chance alone were at work; ``usual_low`` to
        ``usual_high`` in 95 of 100 shuffles). Table ``tests``, one row: ``hypothesis``, ``primary``, ``p``, ``named``.

    Notes
    -----
    Refused below 15 sales people with 8 deals under a known manager, below 5 managers with two of them, and where no
    manager, segment and quarter holds two of them and both outcomes.
    """
    for need in (PEOPLE, MANAGERS):
        if not need.met(cohort):
            return ANALYSIS.lack(cohort, need)
    rows = _compared(cohort.window_rows).sort_values(["quarter", "deal_id"])
    won = (rows["resolution"] == "won").to_numpy()
    people = rows["owner_id"].astype("str").to_numpy()
    segment = rows["segment"].fillna(NOT_RECORDED)
    # A separator no CRM writes keeps two different pairs of words from reading alike.
    groups = (rows["manager_id"] + "\x1f" + segment + "\x1f" + rows["quarter"]).astype("str").to_numpy()
    p = homogeneity_by_permutation(won, people, groups, scale="variance")
    if math.isnan(p):
        missing = "sales people who share a manager, a segment and a quarter, with deals won and not won"
        return ANALYSIS.refuse(cohort, missing, unlock=UNLOCK, gap=Gap("once more deals have ended"))
    told = within_strata(won, people, groups)
    off, spread = (told.observed - told.expected) / told.n, np.sqrt(told.variance) / told.n
    low, high = chance_distance(won, people, groups)
    row: dict[str, Any] = {
        "people": len(told.n), "managers": rows["manager_id"].nunique(), "groups": len(np.unique(groups)),
        "deals": len(rows), "won": int(won.sum()), "seen": 100 * float(np.sqrt((off**2).mean())),
        "usual": 100 * float(np.sqrt((spread**2).mean())), "usual_low": 100 * low, "usual_high": 100 * high,
    }  # fmt: skip
    hypothesis = "sales people differ in the share they win, manager, segment and quarter held equal"
    tables = {
        "compared": Table(pd.DataFrame([row]), _columns(), f"Sales people compared, {cohort.window_label}"),
        "tests": tests_table(
            "Whether sales people differ beyond chance",
            [
                {
                    "hypothesis": hypothesis,
                    "primary": True,
                    "p": p_beside(p, row["usual_low"], row["usual_high"], none=row["seen"]),
                }
            ],
        ),
    }
    caveats = (
        "Won means won by the end of the quarter. Territory, product and accounts are not held equal: what they do "
        "counts here as the sales person's.",
        f"A sales person with fewer than {LEAST_DEALS} deals is left out: among few, luck looks like skill.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say whether sales people differ beyond chance, and how far."""
    row, test = tables["compared"].first, tables["tests"].first
    if any_missing(row["people"], row["deals"], row["seen"], row["usual"], row["usual_low"], row["usual_high"]):
        return WITHHELD
    people = count(row["people"], "sales person", "sales people")
    held = "with manager, segment and quarter held equal"
    size = (
        f"they lie {value_text(row['seen'])} points from what their deals would lead one to expect, and chance "
        f"alone makes that {value_text(row['usual'])} ({interval_text(row['usual_low'], row['usual_high'], '')})"
    )
    if test["named"] is True:
        return f"{people} differ in the share they win by more than chance, {held}: {size}."
    if not any_missing(test["p"]) and test["p"] < LOOK:
        return f"Worth a look: {people} differ in the share they win, {held}: {size}."
    return f"Differences between {people} cannot be told from chance, {held}: {size}."


def _compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the deals under a known manager of sales people who have enough of them."""
    known = rows[rows["owner_id"].notna() & rows["manager_id"].notna()]
    deals = known.groupby("owner_id")["deal_id"].transform("size")
    return known[deals >= LEAST_DEALS]


def _columns() -> tuple[Column, ...]:
    return (
        Column("people", "count", "Sales people"),
        Column("managers", "count", "Managers"),
        Column("groups", "count", "Groups of one manager, segment and quarter"),
        Column("deals", "count", "Deals"),
        Column("won", "count", "Won"),
        Column("seen", "estimate", "Points from the expected share"),
        Column("usual", "estimate", "Points if chance alone were at work (95%)", low="usual_low", high="usual_high"),
        Column("usual_low", "estimate", "Low", shown=False),
        Column("usual_high", "estimate", "High", shown=False),
    )


ANALYSIS = Analysis(
    rep_variation, headline, None, family="comparison", method=METHOD, needs=(PEOPLE, MANAGERS)
)  # fmt: skip
