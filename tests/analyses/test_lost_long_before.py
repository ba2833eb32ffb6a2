"""Silence before the close: told by hand, planted in simulated companies, and absent from the one without it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from analysis_cases import FOCUS, Told, closed_of, cohort_of, counted
from by_hand import wilson
from simulated_books import cohort_of as simulated
from simulated_books import company, truth_of

from postmortem.analyses.lost_long_before import lost_long_before
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort, closed_cohort
from postmortem.frames.month_ends import losses_bunch
from postmortem.frames.silence import silence

CLOSE = 60


def heard(each: Told, *days: int, side: str = "buyer") -> list[dict[str, Any]]:
    """Return contacts so many days before the close."""
    return [
        {"deal_id": each.deal["deal_id"], "kind": "email", "side": side,
         "occurred_at": f"{FOCUS.day(CLOSE - day)}T10:00:00Z"} for day in days
    ]  # fmt: skip


def told(lost: list[int], won: int = 20, silent_won: int = 0) -> Cohort:
    """Return lost deals last heard so many days before the close, and won ones heard every ten days to the end."""
    made = counted({"lost_unknown": len(lost), "won": won + silent_won}, segment="Health")
    events = []
    for each, days in zip(made, lost, strict=False):
        events += heard(each, days, days + 9)
    for place, each in enumerate(made[len(lost) :]):
        events += heard(each, *(range(2, 60, 10) if place < won else ()))
    return closed_of(made, events=events, window=1)


def test_days_count_from_the_last_contact_and_the_limit_comes_from_won_deals() -> None:
    cohort = told([40] * 9 + [10] * 6 + [11])
    result = lost_long_before(cohort)
    lost, won = (result.tables["outcomes"].keyed("outcome")[name] for name in ("lost", "won"))
    assert result.tables["limits"].first["limit"] == 10, "won deals are heard every ten days"
    assert (lost["deals"], lost["dead"], won["dead"]) == (16, 10, 0), "a day on the limit is not beyond it"
    assert (lost["low"], lost["high"]) == pytest.approx(wilson(10, 16))
    assert result.tables["difference"].first["difference"] == pytest.approx(10 / 16, abs=0.1)
    amounts = list(cohort.focus_rows[cohort.focus_rows["resolution"] != "won"].sort_values("deal_id")["amount"])
    assert result.tables["difference"].first["amount"] == sum(amounts[:9]) + amounts[15]


def test_the_seller_alone_and_an_unknown_side_are_no_sign_of_the_buyer() -> None:
    made = counted({"lost_unknown": 12, "won": 20})
    events = [row for each in made[:12] for row in heard(each, 30, 40) + heard(each, 3, side="seller")]
    events += [row for each in made[:12] for row in heard(each, 5, side="unknown")]
    events += [row for each in made[12:] for row in heard(each, *range(2, 60, 10), side="both")]
    found = silence(closed_of(made, events=events, window=1))
    assert set(found.deals.loc[found.deals["outcome"] == "lost", "dead_days"]) == {30}


def test_what_happened_after_the_close_does_not_count() -> None:
    made = counted({"lost_unknown": 12, "won": 20})
    events = [row for each in made[:12] for row in heard(each, 30, -5)]
    found = silence(closed_of(made, events=events, window=1))
    assert set(found.deals["dead_days"]) == {30}


def test_deals_without_a_buyer_on_record_are_counted_apart() -> None:
    cohort = told([40] * 12, won=20, silent_won=5)
    won = lost_long_before(cohort).tables["outcomes"].keyed("outcome")["won"]
    assert (won["deals"], won["unheard"]) == (20, 5)


def test_under_seventy_per_cent_of_won_deals_on_record_it_is_refused() -> None:
    result = lost_long_before(told([40] * 12, won=20, silent_won=9))
    assert result.status == "refused"
    assert "on record for 20 of 29, 70% needed" in result.headline
    assert lost_long_before(told([40] * 12, won=21, silent_won=9)).status == "ok"


def test_too_few_deals_or_silences_are_refused() -> None:
    assert "9 of the 10 lost deals with a contact" in lost_long_before(told([40] * 9)).headline
    assert "9 of the 10 won deals with a contact" in lost_long_before(told([40] * 12, won=9)).headline
    assert "72 silences" in lost_long_before(told([40] * 12, won=12)).headline


def test_a_live_deal_is_silent_for_so_long_as_often_as_its_rate_says() -> None:
    row = lost_long_before(cohort_of("closed")).tables["live"].keyed("silent")["30"]
    assert row["chance"] == pytest.approx(math.exp(-30 * row["rate"]))
    assert 0 < row["rate"] < 1


def test_the_headline_waits_for_the_gate() -> None:
    result = lost_long_before(told([40] * 30))
    assert result.headline.startswith("Worth a look: 100% (")
    named = through_the_gate([result])[0]
    assert named.headline.startswith("100% (") and named.headline.endswith("points.")


def test_the_day_a_simulated_deal_died_is_recovered() -> None:
    """A buyer of .09 contacts a day is last heard eleven days before it leaves on average, the median less."""
    made = company("full")
    found = silence(simulated(made, closed_cohort)).deals
    lost = found[found["outcome"] == "lost"].join(truth_of(made)["died_on"], on="deal_id")
    error = (lost["died_on"] - lost["last_heard"]).dt.days
    assert len(lost) > 100
    assert 0 <= error.median() <= math.log(2) / 0.09 + 2
    planted = truth_of(made).loc[lost["deal_id"]]
    dead = (planted["closes_on"] - planted["died_on"]).dt.days.median()
    assert lost["dead_days"].median() == pytest.approx(dead + error.median(), abs=8)


@pytest.mark.thorough
def test_a_company_whose_buyers_stay_to_the_end_shows_no_difference() -> None:
    result = lost_long_before(simulated(company("null"), closed_cohort))
    apart = result.tables["difference"].first
    assert apart["low"] < 0 < apart["high"]
    assert result.headline.endswith("cannot be told from chance.")


@pytest.mark.thorough
def test_breaks_are_found_where_buyers_left_and_seldom_elsewhere() -> None:
    breaks = lost_long_before(simulated(company("full"), closed_cohort)).tables["breaks"].keyed("outcome")
    assert breaks["lost"]["share"] > 0.3 > 0.1 > breaks["won"]["share"]
    assert breaks["lost"]["before"] > 21
    null = lost_long_before(simulated(company("null"), closed_cohort)).tables["breaks"].keyed("outcome")
    assert np.nanmax([null["lost"]["share"], null["won"]["share"]]) < 0.1


ENDS = ("2025-07-31", "2025-08-29", "2025-09-30", "2025-09-29", "2025-09-10")
WITHIN = ("2025-07-10", "2025-08-12", "2025-09-09", "2025-09-30", "2025-08-20")


@pytest.mark.parametrize(("lost", "won", "bunch"), [(WITHIN, WITHIN, False), (ENDS, WITHIN, True), (ENDS, ENDS, False)])
def test_month_ends_are_spoken_of_only_where_lost_deals_bunch_there_more_than_won_ones(lost, won, bunch) -> None:
    made, events = [], []
    for place, each in enumerate(counted({"lost_unknown": 30, "won": 30}, segment="Health")):
        days = lost if place < 30 else won
        when = {"closed_at": days[place % 5], "owner_id": f"Rep {place % 10}"}
        made.append(each._replace(deal={**each.deal, **when}))
        events += heard(made[-1], *((40, 49) if place < 30 else range(2, 60, 10)))
    cohort = closed_of(made, events=events, window=1)
    result = lost_long_before(cohort)
    assert result.status == "ok" and losses_bunch(cohort) is bunch
    assert any("bunch at the ends of months" in caveat for caveat in result.caveats) is bunch


def test_the_hypothesis_says_what_the_test_asks() -> None:
    assert "more or less often" in lost_long_before(told([40] * 30)).tables["tests"].first["hypothesis"]
