"""What the open forecast is worth by chances that were tried, beside what is stated."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from analysis_cases import answer_of, cohort_of

from postmortem.analyses.watchlist_money import expected_amount
from postmortem.signals.outlook import outlook_of
from postmortem.stats import Estimate


def test_sums_by_hand():
    middle, low, high = expected_amount(
        pd.Series([100.0, 200.0, 300.0]), pd.Series([0.5, 0.5, 0.5]), Estimate.refused("too few", n=3, method="made")
    )
    half = 1.959963985 * math.sqrt((100**2 + 200**2 + 300**2) / 4)
    assert (middle, low, high) == pytest.approx((300, 300 - min(half, 300), 300 + min(half, 300)))


def test_chances_that_had_been_too_high_widen_the_range_below():
    off = Estimate(estimate=-0.5, low=-0.9, high=-0.1, n=100, confidence=0.95, method="made")
    sure = pd.Series([0.5] * 400)
    _, low, high = expected_amount(pd.Series([1.0] * 400), sure, off)
    # chances of one half moved by -0.9 on the logit scale are .289
    assert 200 - low == pytest.approx(math.hypot(1.959963985 * 10, 400 * (0.5 - 1 / (1 + math.exp(0.9)))))
    assert high - 200 == pytest.approx(1.959963985 * 10)


def test_what_is_told_is_the_sum_over_open_deals():
    result, cohort = answer_of("watchlist_money", "open_forecast"), cohort_of("open_forecast")
    ours, stated, whole = result.tables["worth"].records
    chances = outlook_of(cohort).chances["won"]
    assert ours["worth"] == pytest.approx((cohort.table["amount"] * chances).sum())
    assert ours["low"] < ours["worth"] < ours["high"]
    assert (stated["worth"], whole["worth"]) == pytest.approx((0.6 * 61_000, 61_000))
    past = result.tables["quarters"].rows
    # twenty deals won in each quarter
    assert list(past["quarter"]) == ["2025Q2", "2025Q3"] and past["held"].all()
