"""On how many losses the sales person and the buyer name the same main reason, and whether one side leans elsewhere."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.clusterings import clusterings
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import RATER_LABELS, both_spoke, heard, spoken_on
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.ground.schema import RATERS
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import (
    cohens_kappa,
    marginal_homogeneity,
    mcnemar,
    paired_difference,
    share_alike,
    specific_agreement,
)
from postmortem.stats.estimate import p_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REP, BUYER = "rep", "buyer"
FEW = 30
WORTH_A_LOOK = 0.05
SHIFT = "sales people and buyers divide the same losses differently over the reasons"
BOTH = Need(
    "reasons", ("code", "interview_id"), 10, "losses with a main reason of both the sales person and the buyer",
    "interview buyers of lost deals, and have the sales people's reasons exported", "interviews",
    lambda cohort, rows: len(_both(cohort, lost_rows(rows)["deal_id"])),
)  # fmt: skip
METHOD = (
    "Losses of the window on which both gave a main reason the taxonomy knows; a missing reason is no category, and a "
    "reason given more closely counts as the broader one. Share alike: Clopper–Pearson below thirty deals, from thirty "
    "on Wilson at the effective number of deals, clustered by sales person or account, whichever is wider. Beyond "
    "chance: Cohen's kappa from thirty deals. On one reason: specific agreement, 2a / (2a + b + c). Shift between the "
    "two: Stuart–Maxwell test of marginal homogeneity from thirty deals, its p-value by exchanging the two words deal "
    "by deal where a reason has few discordant deals; reason by reason McNemar's exact test, read only inside a named "
    "shift, p at least .05 where the Bonett-Price interval of the difference holds none. One primary hypothesis."
)


def rater_agreement(cohort: Cohort) -> Result:
    """On how many lost deals do the sales person and the buyer name the same main reason?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``pairs``, one row a pair of raters, sales person and buyer first: ``pair``, ``deals`` (on which both gave
        a main reason), ``same``, ``other`` (alike and not), ``share`` with ``low`` and ``high`` (of those alike;
        withheld below ten), ``kappa`` with ``kappa_low`` and ``kappa_high`` (beyond chance: 1 is full agreement, 0 what
        chance would do; withheld below thirty). Table ``by_reason``, one row a reason, of sales person and buyer:
        ``reason``, ``rep``, ``buyer`` (deals for which either gave it), ``both``, ``n`` (for which at least one did),
        ``difference`` of the shares of all these losses for which the one and the other gave it (``apart_low``,
        ``apart_high``),
        ``agreement`` with ``agree_low`` and ``agree_high`` (how often the one who gives it is joined by the other;
        withheld below ten). Table ``tests``, the shift of the one against the other (primary) and one row a reason:
        ``hypothesis``, ``reason``, ``primary``, ``p``, ``named``.

    Notes
    -----
    Refused below ten losses on which both spoke. Below thirty the shift is not tested and kappa not given; counts and
    the interval of the share are.
    """
    if not BOTH.met(cohort):
        return ANALYSIS.lack(cohort, BOTH)
    lost = lost_rows(cohort.window_rows).drop_duplicates("deal_id")
    beside = heard(cohort.book, lost["deal_id"])
    pairs = [_pair(beside, lost, *pair) for pair in _ordered()]
    both = both_spoke(beside, REP, BUYER).sort_index()
    shift = marginal_homogeneity(both[REP], both[BUYER])
    reasons = _by_reason(both)
    tests = [{"hypothesis": SHIFT, "primary": True, "p": shift.p}]
    enough = shift.status != "refused"
    for row in reasons:
        p = mcnemar(row["rep"] - row["both"], row["buyer"] - row["both"]) if enough else math.nan
        p = p_beside(p, row["apart_low"], row["apart_high"])
        tests.append({"hypothesis": f"the two give “{row['reason']}” for unequal shares of the losses",
                      "reason": row["reason"], "primary": False, "p": p})  # fmt: skip
    tables = {
        "pairs": Table(pd.DataFrame([row for row in pairs if row]), _pair_columns(), f"Alike, {cohort.window_label}"),
        "by_reason": Table(pd.DataFrame(reasons), _reason_columns(), "Sales person and buyer, reason by reason"),
        "tests": tests_table("Whether one side leans elsewhere", tests, group=Column("reason", "label", "Reason")),
    }
    caveats = ["That the two differ does not say which of them is right; a buyer's word is a report as well."]
    if len(both) < FEW:
        caveats.append(
            f"From {count(len(both), 'loss', 'losses')}; whether one side leans elsewhere, and how far they agree "
            f"beyond chance, is told from {FEW} on."
        )
    return ANALYSIS.answer(tables, cohort, n_used=len(both), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say on how many losses the buyer gave another main reason, and what the comparison of the two amounts to."""
    row, test = tables["pairs"].first, tables["tests"].first
    if any_missing(row["deals"], row["other"], row["share"], row["low"], row["high"]):
        return WITHHELD
    span = interval_text(1 - row["high"], 1 - row["low"])
    told = (
        f"{row['other']} of {count(row['deals'], 'buyer')} gave another main reason than the sales person "
        f"({per_cent(1 - row['share'])}, {span})"
    )
    if any_missing(test["p"]):
        return f"{told}."
    if test["named"] is True:
        return f"{told}, and the two divide the same losses differently over the reasons."
    if test["p"] < WORTH_A_LOOK:
        return f"{told}; worth a look: the two divide the same losses differently over the reasons."
    return f"{told}; whether one side leans to other reasons than the other cannot be told yet."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how often the two agree: over all losses, and on each reason that ten losses or more carry."""
    pair, reasons = tables["pairs"].rows.head(1), tables["by_reason"].rows
    every = pd.DataFrame(
        {"name": "All reasons", "n": pair["deals"], "share": pair["share"], "low": pair["low"], "high": pair["high"]}
    )
    single = reasons.rename(columns={"reason": "name", "agreement": "share", "agree_low": "low", "agree_high": "high"})
    single = single[single["share"].notna()][["name", "n", "share", "low", "high"]]
    interval_dots(
        pd.concat([every, single], ignore_index=True), axes, name="name", estimate="share", low="low", high="high",
        n="n", noun="loss",
    )  # fmt: skip


def _both(cohort: Cohort, deals: pd.Series) -> set[str]:
    spoke = spoken_on(cohort.book, deals)
    return spoke[REP] & spoke[BUYER]


def _ordered() -> list[tuple[str, str]]:
    """Return the pairs of kinds of raters, sales person and buyer first."""
    return sorted(combinations(RATERS, 2), key=lambda pair: pair != (REP, BUYER))


def _pair(beside: pd.DataFrame, lost: pd.DataFrame, first: str, second: str) -> dict[str, Any] | None:
    both = both_spoke(beside, first, second).sort_index()
    if both.empty:
        return None
    rows = lost.set_index("deal_id").loc[both.index].reset_index()
    share = share_alike(both[first], both[second], clusterings(rows))
    kappa = cohens_kappa(both[first], both[second])
    same = int((both[first] == both[second]).sum())
    return {
        "pair": f"{RATER_LABELS[first]} and {RATER_LABELS[second].lower()}", "deals": len(both), "same": same,
        "other": len(both) - same, "share": share.estimate, "low": share.low, "high": share.high,
        "kappa": kappa.estimate, "kappa_low": kappa.low, "kappa_high": kappa.high,
    }  # fmt: skip


def _by_reason(both: pd.DataFrame) -> list[dict[str, Any]]:
    made = []
    for reason, found in specific_agreement(both[REP], both[BUYER]).items():
        given = [int((both[rater] == reason).sum()) for rater in (REP, BUYER)]
        alike = int(((both[REP] == reason) & (both[BUYER] == reason)).sum())
        apart = paired_difference(given[0] - alike, given[1] - alike, len(both))
        made.append({"reason": str(reason), "rep": given[0], "buyer": given[1], "both": found.events, "n": found.n,
                     "difference": apart.estimate, "apart_low": apart.low, "apart_high": apart.high,
                     "agreement": found.estimate, "agree_low": found.low, "agree_high": found.high})  # fmt: skip
    return sorted(made, key=lambda row: (-row["n"], row["reason"]))


def _pair_columns() -> tuple[Column, ...]:
    return (
        Column("pair", "label", "Who"),
        Column("deals", "count", "Losses both spoke on"),
        Column("same", "count", "The same main reason"),
        Column("other", "count", "Another one"),
        Column("share", "estimate", "Share alike (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("kappa", "estimate", "Beyond chance, 1 is full agreement (95%)", low="kappa_low", high="kappa_high"),
        Column("kappa_low", "estimate", "Low", shown=False),
        Column("kappa_high", "estimate", "High", shown=False),
    )


def _reason_columns() -> tuple[Column, ...]:
    return (
        Column("reason", "label", "Reason"),
        Column("rep", "count", "By the sales person"),
        Column("buyer", "count", "By the buyer"),
        Column("both", "count", "By both"),
        Column("n", "count", "By either"),
        Column("difference", "estimate", "Sales person less buyer (95%)", "points", "apart_low", "apart_high"),
        Column("apart_low", "estimate", "Low", "points", shown=False),
        Column("apart_high", "estimate", "High", "points", shown=False),
        Column("agreement", "estimate", "Joined by the other (95%)", "share", low="agree_low", high="agree_high"),
        Column("agree_low", "estimate", "Low", "share", shown=False),
        Column("agree_high", "estimate", "High", "share", shown=False),
    )


ANALYSIS = Analysis(rater_agreement, headline, draw, family="comparison", method=METHOD, needs=(BOTH,))
