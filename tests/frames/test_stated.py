"""What was stated on the day of the snapshot, never what the CRM wrote at closing."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from builders import FOCUS, change, closed, deal, forecast, make_book

from postmortem.frames.stated import CATEGORY, OWN, stated_probability
from postmortem.ground.process import Process

CALLED = (("forecast_category", "commit"), ("expected_close_date", "2025-09-20"))


def called(number):
    return [change(number, field, "2025-06-01", None, value) for field, value in CALLED]


def a_book(**process):
    deals = [deal(number, "lost", "2025-09-15", probability=0.0) for number in (1, 2)]
    deals.append(deal(3, "won", "2025-09-16", probability=1.0))
    history = [row for number in (1, 2, 3) for row in called(number)]
    history += [
        change(1, "probability", "2025-06-01", None, "0.6"),
        change(1, "probability", "2025-08-01", "0.6", "0.9"),
    ]
    history += [change(1, "probability", "2025-09-15", "0.9", "0"), change(3, "probability", "2025-09-16", "0.75", "1")]
    book = make_book(deals, history=history)
    return replace(book, process=replace(Process.inferred({}, frozenset()), **process))


def test_the_probability_is_that_of_the_snapshot_and_missing_where_only_todays_is_on_record():
    rows = forecast(a_book()).table.set_index("deal_id")["probability"]
    assert rows["D0001"] == 0.6  # raised to .9 and set to 0 later
    assert pd.isna(rows["D0002"])  # the CRM's 0 was written at closing
    assert rows["D0003"] == 0.75  # what the closing replaced


def test_a_declared_category_stands_in_where_the_deal_has_none_of_its_own():
    told = stated_probability(forecast(a_book(categories={"commit": 0.9})))
    assert told["probability"].tolist() == [0.6, 0.9, 0.75]
    assert told["stated_by"].tolist() == [OWN, CATEGORY, OWN]


def test_a_category_nobody_declared_is_worth_nothing_known():
    told = stated_probability(forecast(a_book(categories={"best_case": 0.3})))
    assert told["probability"].isna().tolist() == [False, True, False]
    assert told["stated_by"].isna().tolist() == [False, True, False]


def test_closed_deals_have_no_stated_probability():
    cohort = closed(a_book(categories={"commit": 0.9}), FOCUS)
    assert stated_probability(cohort)["probability"].isna().all()
