"""Shares of what separates deals: planted on one field, read off that field, by the field's own words."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_cases import cohort_of
from test_rep_variation import company

from postmortem.analyses.variance_shares import variance_shares
from postmortem.stats import random_effect


def test_a_share_planted_on_sales_people_is_theirs_and_not_the_products() -> None:
    result = variance_shares(company({f"Rep {n}": 0.1 + 0.8 * (n % 2) for n in range(16)}))
    rows = result.tables["shares"].keyed("factor")
    assert rows["Sales person"]["low"] > 0.1
    assert rows["Product"]["low"] == 0
    assert list(result.tables["shares"].rows["factor"])[-1] == "Sales person"


def test_each_row_is_the_model_of_its_counts() -> None:
    cohort = cohort_of("closed")
    won = cohort.window_rows["resolution"].eq("won").groupby(cohort.window_rows["product"])
    found = random_effect(won.sum().to_numpy(), won.size().to_numpy())
    row = variance_shares(cohort).tables["shares"].keyed("factor")["Product"]
    assert row["share"] == pytest.approx(found.share.estimate)
    assert (row["low"], row["high"]) == pytest.approx((found.share.low, found.share.high))
    assert (row["values"], row["deals"]) == (3, 128)


def test_a_field_of_two_values_has_counts_only_and_is_not_in_the_sentence() -> None:
    result = variance_shares(cohort_of("closed"))
    row = result.tables["shares"].keyed("factor")["Segment"]
    assert row["values"] == 2 and np.isnan(row["share"])
    assert "segment" not in result.headline and "goes with the sales person" in result.headline


def test_deals_all_won_are_refused() -> None:
    assert "deals both won and not won" in variance_shares(company({f"Rep {n}": 1.0 for n in range(16)})).headline
