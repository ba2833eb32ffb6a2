"""Chances learnt from earlier quarters: of the same day, blind to what came later, none where little is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from analysis_cases import answer_of, cohort_of

from postmortem.analyses import find
from postmortem.frames import open_forecast
from postmortem.frames.choose import choose_cohort
from postmortem.signals.outlook import ENDS, earlier_forecasts, ends_of, outlook_of, quarters_on_record, rarest_end

DAY = dt.date(2025, 7, 10)


@pytest.fixture(scope="module")
def book():
    return cohort_of("open_forecast").book


def scrambled(book, day: dt.date):
    """Return the book with all that was recorded after `day` told otherwise."""
    limit = pd.Timestamp(day)
    deals, history, events = (book.tables[name].copy() for name in ("deals", "history", "events"))
    later = ~(deals["closed_at"] <= limit)
    flip = {"won": "lost", "lost": "won", "open": "won"}
    deals.loc[later, "outcome"] = deals.loc[later, "outcome"].map(flip)
    deals.loc[later, "closed_at"] = limit + pd.Timedelta(days=9)
    deals.loc[later, "lost_to_recorded"] = "status_quo"
    deals.loc[later, ["forecast_category", "stage"]] = ["omitted", "Closed"]
    deals.loc[later, ["amount", "probability"]] = [5.0, 0.01]
    told_later = history["changed_at"] >= pd.Timestamp(day + dt.timedelta(days=1), tz="UTC")
    history.loc[told_later, "new_value"] = history.loc[told_later, "field"].map({"amount": "7"}).fillna("omitted")
    return replace(book, tables={**book.tables, "deals": deals, "history": history, "events": events.iloc[:0]})


def test_nothing_after_the_day_is_seen(book):
    told, again = (outlook_of(open_forecast(each, DAY)) for each in (book, scrambled(book, DAY)))
    assert told is not None and again is not None and len(told.chances) == 80
    pd.testing.assert_frame_equal(told.chances, again.chances)
    pd.testing.assert_frame_equal(told.tested[["miss", *ENDS]], again.tested[["miss", *ENDS]])


@pytest.mark.thorough
def test_a_deal_of_the_past_that_ended_otherwise_would_be_seen(book):
    """The test before this one must be able to fail: what was known by the day does count."""
    deals = book.tables["deals"].copy()
    earlier = deals["closed_at"] <= pd.Timestamp(DAY)
    deals.loc[earlier & (deals["outcome"] == "won"), "outcome"] = "lost"
    changed = replace(book, tables={**book.tables, "deals": deals})
    assert rarest_end(open_forecast(changed, DAY)) == 0
    assert outlook_of(open_forecast(changed, DAY)) is None


def test_each_quarter_is_foretold_from_those_before_it_alone(book):
    outlook = outlook_of(open_forecast(book, None))
    assert outlook is not None
    assert outlook.learnt == {"2025Q2": 240, "2025Q3": 320}
    # the shares by category of the quarters before, in plain pandas
    past = earlier_forecasts(open_forecast(book)).table
    before, own = past[past["quarter"] < "2025Q3"], past[past["quarter"] == "2025Q3"]
    shares = pd.crosstab(before["forecast_category"], ends_of(before), normalize="index").reindex(columns=list(ENDS))
    stated = shares.fillna(0).loc[own["forecast_category"]].to_numpy()
    came = pd.get_dummies(ends_of(own)).reindex(columns=list(ENDS), fill_value=False).to_numpy(dtype=float)
    tested = outlook.tested[outlook.tested["quarter"] == "2025Q3"]
    assert tested["category_miss"].mean() == pytest.approx(((stated - came) ** 2).sum(axis=1).mean())
    # four ends as frequent as each other: 3 · ¼² + ¾²
    assert tested["one_share_miss"].to_numpy() == pytest.approx(np.full(80, 0.75))


def test_earlier_forecasts_are_of_the_same_day_of_their_quarter(book):
    entered = earlier_forecasts(open_forecast(book, DAY)).table["entered_at"]
    assert {f"{day:%m-%d}" for day in entered} == {"04-10", "01-10", "10-10"} | {"07-10"}
    assert entered.max() == pd.Timestamp("2025-04-10")


def test_quarters_of_which_only_deals_that_outlasted_them_are_on_record_are_left_out():
    """Without what had closed before 2025Q2 the quarters before it hold slipped deals alone."""
    whole = cohort_of("open_forecast").book
    early = whole.deals["closed_at"] < pd.Timestamp("2025-04-01")
    tables = {**whole.tables, "deals": whole.deals[~early].reset_index(drop=True)}
    tables["history"] = tables["history"][~tables["history"]["deal_id"].isin(whole.deals.loc[early, "deal_id"])]
    earlier = earlier_forecasts(open_forecast(replace(whole, tables=tables)))
    assert earlier is not None
    ends = pd.crosstab(earlier.table["quarter"], ends_of(earlier.table))
    assert list(ends.index) == ["2025Q2", "2025Q3"]
    assert (ends["won"] == 20).all() and (ends["slipped"] >= 20).all()


def test_a_book_that_remembers_no_forecast_has_no_chances(book):
    silent = replace(book, tables={name: frame for name, frame in book.tables.items() if name != "history"})
    cohort = open_forecast(silent)
    assert quarters_on_record(cohort) == 0 and outlook_of(cohort) is None


def test_without_an_open_forecast_there_is_a_cohort_without_rows_that_says_why(book):
    deals = book.tables["deals"]
    ended = replace(book, tables={**book.tables, "deals": deals[deals["outcome"] != "open"].reset_index(drop=True)})
    cohort = choose_cohort(ended, book.meta.calendar.parse("2025Q3"), kind="open_forecast")
    assert (cohort.kind, len(cohort.table)) == ("open_forecast", 0)
    assert "No open deal is forecast for 2025Q4" in cohort.remarks[0]
    silent = replace(book, tables={name: frame for name, frame in book.tables.items() if name != "history"})
    past = choose_cohort(silent, book.meta.calendar.parse("2025Q3"), kind="open_forecast", as_of=DAY)
    assert "cannot be rebuilt" in past.remarks[0]


def test_what_is_said_is_what_was_tried():
    result = answer_of("outlook_validation", "open_forecast")
    row, outlook = result.tables["verdict"].first, outlook_of(cohort_of("open_forecast"))
    assert (row["quarters"], row["n"], row["used"]) == (2, 160, True)
    assert row["skill"] == pytest.approx(1 - outlook.tested["miss"].mean() / outlook.tested["one_share_miss"].mean())
    assert result.headline.startswith("Tried on 160 deals of 2 earlier quarters")
    groups = result.tables["groups"].rows
    assert groups.groupby("end")["n"].sum().to_dict() == dict.fromkeys(ENDS[:4], 160)
    assert groups.groupby("end")["came"].sum().to_dict() == dict.fromkeys(ENDS[:4], 40)


@pytest.mark.thorough
def test_chances_that_tell_nothing_are_not_used():
    """Ends are dealt out anew among the deals, so that no hint goes with any of them."""
    cohort = cohort_of("open_forecast")
    deals = cohort.book.tables["deals"].copy()
    ended, order = deals["outcome"].isin(["won", "lost"]), np.random.default_rng(11)
    columns = ["outcome", "lost_to_recorded"]
    for _, rows in deals[ended].groupby(deals["closed_at"]):
        deals.loc[rows.index, columns] = rows[columns].to_numpy()[order.permutation(len(rows))]
    history = cohort.book.tables["history"].copy()
    history.loc[history["field"] == "stage", "new_value"] = "Offer"
    book = replace(cohort.book, tables={**cohort.book.tables, "deals": deals, "history": history})
    asked = replace(open_forecast(book), table=cohort.table.assign(stage="Offer"))
    told = find("outlook_validation").function(asked)
    assert not told.tables["verdict"].first["used"]
    assert told.headline.endswith("so no deal is given any.")
    listed = find("watchlist").function(asked)
    assert "won" not in listed.tables["deals"].rows and "like" not in listed.tables["warned"].rows
    assert listed.tables["deals"].rows["amount"].is_monotonic_decreasing
    assert listed.caveats[0].startswith("No chances are given: on earlier quarters")
    assert find("watchlist_money").function(asked).status == "refused"
