import math

import numpy as np
import pandas as pd
import pytest

from postmortem.ground import formats

MISSING = [None, math.nan, math.inf, -math.inf, pd.NA, pd.NaT]


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (1_234_567, "USD", "$1.2M"), (340_000, "EUR", "€340k"), (12_000, "CHF", "CHF 12k"), (1.2e6, "", "1.2M"),
        (999_499, "USD", "$999k"), (999_600, "USD", "$1M"), (9_949_999, "USD", "$9.9M"), (9_950_000, "USD", "$10M"),
        (950, "GBP", "£950"), (999.7, "USD", "$1k"), (0, "USD", "$0"), (0.3, "USD", "under $1"),
        (-1.2e6, "USD", "−$1.2M"), (-12_000, "CHF", "CHF −12k"), (2.5e9, "JPY", "¥2.5B"), (1e16, "INR", "₹10,000T"),
        (118e6, "usd", "$118M"), (1_250_000, "USD", "$1.3M"), (np.float64(5e4), "USD", "$50k"),
    ],
)  # fmt: skip
def test_money_is_short(value, currency, text):
    assert formats.short_money(value, currency) == text


@pytest.mark.parametrize("amount", np.exp(np.random.default_rng(0).uniform(0, 27, 60)))
def test_short_money_is_near_the_amount(amount):
    text = formats.short_money(amount)
    factor = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}.get(text[-1], 1)
    assert float(text.rstrip("kMBT").replace(",", "")) * factor == pytest.approx(amount, rel=0.05, abs=0.51)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"), (0.37, "37%"), (1, "100%"), (0.004, "<1%"), (1e-12, "<1%"), (0.996, ">99%"), (0.9999999, ">99%"),
        (0.345, "35%"), (0.125, "13%"), (-0.05, "−5%"), (1.2, "120%"), (np.float64(0.5), "50%"), (-0.0, "0%"),
    ],
)  # fmt: skip
def test_shares_are_whole_per_cents_and_some_is_never_none(share, text):
    assert formats.per_cent(share) == text


@pytest.mark.parametrize("share", [0.001, 0.0049, 0.0051, 0.5, 0.9949, 0.995, 0.999])
def test_only_none_and_all_are_written_so(share):
    assert formats.per_cent(share) not in ("0%", "100%")


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.12, "+12 points"), (-0.05, "−5 points"), (0.01, "+1 point"), (0, "0 points"), (-0.001, "under 1 point")],
)
def test_differences_have_a_sign(difference, text):
    assert formats.points(difference) == text


@pytest.mark.parametrize(
    ("n", "noun", "text"),
    [
        (1, "deal", "1 deal"), (2, "deal", "2 deals"), (0, "loss", "0 losses"), (1204, "deal", "1,204 deals"),
        (3, "company", "3 companies"), (3, "day", "3 days"), (np.int64(1), "reply", "1 reply"),
        (None, "deal", "an unstated number of deals"),
    ],
)  # fmt: skip
def test_counts_agree_with_their_noun(n, noun, text):
    assert formats.count(n, noun) == text


def test_a_plural_can_be_given():
    assert formats.count(2, "person", "people") == "2 people"
    assert formats.count(None, "person", "people") == "an unstated number of people"


@pytest.mark.parametrize(
    ("bounds", "unit", "text"),
    [
        ((0.31, 0.44), "share", "31–44%"), ((0, 0.12), "share", "0–12%"), ((0.366, 0.374), "share", "37%"),
        ((-0.05, 0.12), "points", "−5 to 12 points"), ((0.01, 0.01), "points", "1 point"),
        ((-0.001, 0.08), "points", "−0.1 to 8 points"), ((0.0004, 0.08), "points", "0.1–8 points"),
        ((0.0, 0.08), "points", "0–8 points"), ((-0.0004, 0.12), "share", "0–12%"),
        ((1.2e6, 3.4e6), "USD", "$1.2M–$3.4M"), ((12, 30), "days", "12–30 days"), ((1, 2.5), "", "1–2.5"),
        ((-0.05, 0.5), "part", "−5 to 50%"),
        ((None, 0.3), "share", "unknown"), ((0.1, math.nan), "share", "unknown"),
    ],
)  # fmt: skip
def test_intervals_are_written_in_their_unit(bounds, unit, text):
    assert formats.interval_text(*bounds, unit) == text


def test_intervals_are_shares_unless_told():
    assert formats.interval_text(0.1, 0.2) == "10–20%"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.35, "part", "35%"), (-0.05, "part", "−5%"),
        (0.37, "share", "37%"), (0.12, "points", "+12 points"), (12.4, "days", "12 days"), (1, "days", "1 day"),
        (1.0, "quarters", "1 quarter"), (2.5, "days", "2.5 days"), (5e4, "EUR", "€50k"), (3, "", "3"),
        (3.25, "", "3.3"), (0.04, "", "0.04"), (-2, "", "−2"), (123456, "", "123,456"),
    ],
)  # fmt: skip
def test_values_are_written_in_their_unit(value, unit, text):
    assert formats.value_text(value, unit) == text


@pytest.mark.parametrize("missing", MISSING, ids=str)
@pytest.mark.parametrize(
    "write", [formats.short_money, formats.per_cent, formats.points, formats.value_text], ids=lambda each: each.__name__
)
def test_what_is_missing_is_unknown(write, missing):
    assert write(missing) == "unknown"
