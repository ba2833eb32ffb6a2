"""Simulated companies of the preset `plain`: what an analyst is told of their quarter, beside what is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.certify.books import book_of
from benchmarks.certify.section import Line, Section, Shown
from postmortem.analyses.loss_destination import loss_destination
from postmortem.analyses.loss_share import loss_share
from postmortem.analyses.quarter_run import quarter_run
from postmortem.frames import closed_cohort
from postmortem.frames.cohort import lost_rows
from postmortem.simulate import simulate
from postmortem.stats import wilson

LEVEL = 0.05


def quarter(seed: int) -> Shown:
    """Say what the page and a plain pivot tell of the last quarter, and how far either is from the truth."""
    company = simulate("plain", seed=seed)
    book = book_of(company.tables, company.as_of)
    cohort = closed_cohort(book, book.meta.calendar.last_ended(company.as_of))
    run = quarter_run(cohort)
    lost = lost_rows(cohort.focus_rows)
    planted = company.truth["deals"]
    taker = dict(zip(planted["deal_id"], planted["lost_to"], strict=True))
    true_share = float(np.mean([taker.get(deal) == "competitor" for deal in lost["deal_id"]]))
    told = loss_destination(cohort).tables["destinations"].keyed("lost_to")["competitor"]
    pivot = wilson(int(told["deals"]), len(lost))
    rng = np.random.default_rng(seed)
    shuffled = cohort.table.assign(segment=rng.choice(["A", "B", "C", "D"], len(cohort.table)).astype(str))
    p = float(loss_share(replace(cohort, table=shuffled)).tables["tests"].first["p"])
    return {
        "usual": None if run.status == "refused" else run.tables["range"].first["verdict"] == "within",
        "bounds": bool(told["low"] <= true_share <= told["high"]),
        "outside": max(told["low"] - true_share, true_share - told["high"], 0.0),
        "width": told["high"] - told["low"],
        "pivot": told["share"] - true_share,
        "pivot holds": None if pivot.status == "refused" else pivot.low <= true_share <= pivot.high,
        "look": None if np.isnan(p) else p < LEVEL,
    }


SECTIONS = (
    Section(
        "quarter", "A company's quarter, on the page and in a plain pivot of the CRM",
        "A book is a company of the preset `plain`, ten quarters of 180 deals, whose sales people write down some "
        "competitors, leave out others and give reasons that are not the true ones.",
        quarter,
        (
            Line("pivot", "share of losses to competitors, as a pivot of the CRM counts it, less the true share", "0",
                 "mean"),
            Line("pivot holds", "the pivot's own 95% interval holds the true share", "95%"),
            Line("bounds", "the range on the page holds the true share", "100% if what is recorded is right"),
            Line("outside", "how far the true share lies outside that range", "0", "mean"),
            Line("width", "how wide the range is", "-", "mean"),
            Line("usual", "the quarter lies in its usual range (nothing has changed)", "95%"),
            Line("look", "segments drawn at random are called worth a look", "5%, at most 7%"),
        ),
    ),
)  # fmt: skip
