"""Signals on simulated companies: they fire where a cause shows in the tables, and alike where nothing is planted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from asked import book_of_company
from scipy import stats

from postmortem.frames import Cohort, forecast_cohort
from postmortem.signals import SIGNALS, find
from postmortem.signals.matrix import fired
from postmortem.simulate import build, preset_parameters

# Signs that the simulator plants in the tables, with the least share of shown and the most of other deals that fire.
PLANTED = {
    "no_qualification_commitment": ("not_an_opportunity", 0.9, 0.05),
    "no_agreed_next_step": ("not_qualified_continuously", 0.95, 0.2),
    "no_proof_of_value": ("no_trust_in_delivery", 0.65, 0.03),
    # Other people become known in the first weeks, so that the youngest deals have one contact yet.
    "single_contact": ("true_buyer_not_engaged", 0.4, 0.05),
    "no_economic_buyer": ("true_buyer_not_engaged", 0.85, 0.15),
    "proposal_before_discovery": ("needs_not_uncovered", 0.95, 0.02),
    "existing_customer_without_discovery": ("needs_not_uncovered", 0.35, 0.02),
}


def latest(book) -> Cohort:
    calendar = book.meta.calendar
    return forecast_cohort(book, calendar.last_ended(book.meta.extracted_on))


@pytest.mark.thorough
def test_signals_fire_where_a_cause_shows_and_not_elsewhere(company, company_book):
    truth = pd.DataFrame({name: values for name, values in company.truth["deals"].items()
                          if name == "deal_id" or name.startswith("shows_")})  # fmt: skip
    table = fired(latest(company_book), signals=[find(name) for name in PLANTED]).merge(truth, on="deal_id")
    wrong = {}
    for name, (cause, least, most) in PLANTED.items():
        rows = table[(table["signal"] == name) & table["fired"].notna()]
        shows = rows[f"shows_{cause}"] == 1
        shares = float(rows.loc[shows, "fired"].mean()), float(rows.loc[~shows, "fired"].mean())
        if shares[0] < least or shares[1] > most:
            wrong[name] = shares
    assert wrong == {}


@pytest.mark.slow
def test_where_nothing_is_planted_lost_and_won_deals_carry_the_same_signals():
    cohort = latest(book_of_company(build(replace(preset_parameters("null"), quarters=6))))
    rows = cohort.table.drop_duplicates("deal_id", keep="last")
    ended = rows[(rows["ultimate"] == "won") | rows["ultimate"].str.startswith("lost")]
    table = fired(cohort).merge(ended[["deal_id", "quarter", "ultimate"]], on=["deal_id", "quarter"])
    p = {}
    for signal in SIGNALS:
        known = table[(table["signal"] == signal.name) & table["fired"].notna()]
        counts = pd.crosstab(known["fired"].astype(bool), known["ultimate"] == "won")
        if counts.shape == (2, 2):
            p[signal.name] = float(stats.fisher_exact(counts.to_numpy()).pvalue)
    assert len(p) >= 19
    # One in a thousand over 21 signals: a book where this fails by chance is one in fifty.
    assert {name: value for name, value in p.items() if value < 0.001} == {}
