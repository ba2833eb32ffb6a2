"""Simulated companies whose open deals go on to end: whether chances are given where there is something to learn."""

from __future__ import annotations

import pandas as pd

from benchmarks.certify.books import book_of
from benchmarks.certify.section import Line, Section, Shown
from postmortem.frames import open_forecast
from postmortem.signals.outlook import outlook_of
from postmortem.simulate import simulate

QUARTERS, DEALS = 8, 270


def planted(seed: int) -> Shown:
    """Say what a company whose causes show is told of its open deals."""
    return foretold("full", seed)


def nothing_planted(seed: int) -> Shown:
    """Say what a company in which nothing sets deals apart is told of its open deals."""
    return foretold("null", seed)


def foretold(preset: str, seed: int) -> Shown:
    """Say whether chances are given to a company's open deals, and what came of these by the quarter's end."""
    company = simulate(preset, seed=seed, quarters=QUARTERS, deals_per_quarter=DEALS)
    truth = pd.DataFrame({name: company.truth["deals"][name] for name in ("deal_id", "fate", "lost_to", "closes_on")})
    truth = truth.set_index("deal_id")
    deals = company.tables["deals"]
    # Were most losses without a taker on record, the list would refuse for that alone, and nothing would be tried.
    taker = deals["deal_id"].map(truth["lost_to"]).where(deals["outcome"] == "lost").astype("str")
    tables = {**company.tables, "deals": deals.assign(lost_to_recorded=taker)}
    cohort = open_forecast(book_of(tables, company.as_of))
    outlook = outlook_of(cohort)
    if outlook is None:
        return {"given": None, "skill": None, "won": None}
    ends = truth.loc[cohort.table["deal_id"]]
    won = (ends["fate"] == "won") & (pd.to_datetime(ends["closes_on"]) <= pd.Timestamp(cohort.focus.end))
    off = float(outlook.chances["won"].mean() - won.mean())
    return {"given": outlook.is_better, "skill": outlook.skill.skill.estimate, "won": off}


BOOKS = f"{QUARTERS} quarters of {DEALS} deals, the taker of every loss on record."
MISSED = "part of the miss of one share for all that the chances take away, on the quarters tried"
OFF = "mean chance of winning of the open deals less the share of them that then were won"
SECTIONS = (
    Section(
        "watchlist", "Chances on the watchlist where causes show", f"A book is a company of the preset `full`, {BOOKS}",
        planted,
        (
            Line("given", "chances are given", "-"),
            Line("skill", MISSED, "above 0", "mean"),
            Line("won", OFF, "0", "mean"),
        ),
        most=200,
    ),
    Section(
        "watchlist-null", "Chances on the watchlist where nothing shows",
        f"A book is a company of the preset `null`, {BOOKS}", nothing_planted,
        (
            Line("given", "chances are given", "few, save what category and stage tell"),
            Line("skill", MISSED, "-", "mean"),
            Line("won", OFF, "0", "mean"),
        ),
        most=200,
    ),
)  # fmt: skip
