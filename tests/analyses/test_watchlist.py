"""The watchlist: which open deals carry warnings, by name, and their chances only where these may be given."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis_cases import answer_of, cohort_of

from postmortem.analyses import find
from postmortem.frames.choose import choose_cohort
from postmortem.signals.matrix import fired
from postmortem.signals.outlook import outlook_of


def test_every_open_deal_is_listed_once_with_what_holds_on_it():
    result, cohort = answer_of("watchlist", "open_forecast"), cohort_of("open_forecast")
    deals = result.tables["deals"].rows
    assert sorted(deals["deal_id"]) == sorted(cohort.table["deal_id"])
    held = fired(cohort).query("fired.fillna(False)").groupby("deal_id").size()
    assert deals.set_index("deal_id")["warnings"].loc[held.index].to_dict() == held.to_dict()
    assert deals["warnings"].sum() == held.sum() == len(result.tables["fired"].rows)
    assert result.headline == "Of 15 open forecast deals none carries 3 warnings or more; 14 carry no warning at all."


def test_silence_is_counted_from_the_buyers_last_part_and_unknown_without_an_event():
    deals = answer_of("watchlist", "open_forecast").tables["deals"].rows.set_index("deal_id")
    # a meeting on 30 September, looked at on 6 October
    assert deals.loc["D0903", "silent"] == 6
    assert deals["silent"].drop("D0903").isna().all()


def test_chances_stand_in_order_of_amount_that_will_not_be_won():
    deals = answer_of("watchlist", "open_forecast").tables["deals"].rows
    chances = outlook_of(cohort_of("open_forecast")).chances
    known = cohort_of("open_forecast").table["deal_id"]
    assert deals.set_index("deal_id")["won"].to_dict() == pytest.approx(dict(zip(known, chances["won"], strict=True)))
    assert (deals["amount"] * (1 - deals["won"])).is_monotonic_decreasing


def test_deals_alone_give_a_list_without_chances():
    cohort = cohort_of("open_forecast")
    book = replace(cohort.book, tables={"deals": cohort.book.tables["deals"]})
    result = find("watchlist").function(choose_cohort(book, cohort.focus, kind="open_forecast"))
    assert result.status == "ok" and len(result.tables["deals"].rows) == 15
    assert "too little of earlier forecasts" in result.caveats[0]
    assert result.tables["deals"].rows["unknown"].min() > 0


def test_no_open_forecast_is_refused_with_the_reason():
    cohort = cohort_of("closed")
    deals = cohort.book.tables["deals"]
    book = replace(cohort.book, tables={"deals": deals[deals["outcome"] != "open"].reset_index(drop=True)})
    nothing = choose_cohort(book, cohort.focus, kind="open_forecast")
    for name in ("watchlist", "watchlist_money", "outlook_validation"):
        result = find(name).function(nothing)
        assert result.status == "refused", name
    assert "No open deal is forecast" in find("watchlist").function(nothing).caveats[0]
    assert isinstance(nothing.table, pd.DataFrame)
