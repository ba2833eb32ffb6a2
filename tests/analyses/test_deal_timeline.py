"""One deal's life is told by its own records, up to its close, and its silence by the buyer's last word."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import change, closed, deal, make_book

from postmortem.analyses.deal_timeline import deal_timeline
from postmortem.frames.cohort import Cohort
from postmortem.ground.errors import UsageError


def event(number: int, day: str, side: str) -> dict[str, str]:
    return {"deal_id": f"D{number:04d}", "kind": "call", "side": side, "occurred_at": f"{day}T10:00:00Z"}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Make one loss whose every day is known, one without events, and wins heard every week."""
    wins = [deal(number, "won", "2025-08-30", segment="A") for number in range(10, 20)]
    weekly = pd.date_range("2025-02-03", "2025-08-25", freq="7D")
    events = [event(number, str(day.date()), "buyer") for number in range(10, 20) for day in weekly]
    events += [event(1, "2025-03-01", "buyer"), event(1, "2025-06-01", "both"), event(1, "2025-08-05", "seller"),
               event(1, "2025-09-20", "buyer")]  # fmt: skip
    history = [
        change(1, "stage", "2025-03-10", "Discovery", "Proposal"),
        change(1, "stage", "2025-09-01", "Proposal", "Closed Lost"),
        change(1, "amount", "2025-04-01", None, "1000"),
        change(1, "expected_close_date", "2025-05-01", "2025-06-30", "2025-09-30"),
        change(1, "forecast_category", "2025-05-02", "pipeline", "best_case"),
    ]
    lost = deal(1, "lost", "2025-09-01", amount=1000.0, lost_to_recorded="competitor", segment="A", stage="Closed Lost")
    rivals = [{"deal_id": "D0001", "competitor": "Kestrel", "status": "present", "recorded_at": "2025-07-01T00:00Z"}]
    people = [{"deal_id": "D0001", "contact_id": "P1", "role": "Sponsor", "first_seen_at": "2025-02-20"}]
    deals = [lost, deal(2, "lost", "2025-09-02", amount=1.0), *wins]
    return closed(make_book(deals, history=history, events=events, competitors=rivals, contacts=people))


def test_every_record_of_the_deal_is_on_its_lane_and_nothing_after_the_close(cohort: Cohort) -> None:
    rows = deal_timeline(cohort, deal_id="D0001").tables["timeline"].rows
    told = [
        (row.lane, str(row.start)[:10], str(row.end)[:10], row.what, row.competitor, row.amount, str(row.expected)[:10])
        for row in rows.fillna({"what": "", "competitor": "", "amount": 0.0}).itertuples()
    ]
    assert told == [
        ("Stage", "2025-01-15", "2025-03-10", "Discovery", "", 0.0, "NaT"),
        ("Stage", "2025-03-10", "2025-09-01", "Proposal", "", 0.0, "NaT"),
        ("Forecast as", "2025-01-15", "2025-05-02", "pipeline", "", 0.0, "NaT"),
        ("Forecast as", "2025-05-02", "2025-09-01", "best case", "", 0.0, "NaT"),
        ("Amount", "2025-04-01", "2025-09-01", "", "", 1000.0, "NaT"),
        ("Expected close", "2025-01-15", "2025-05-01", "", "", 0.0, "2025-06-30"),
        ("Expected close", "2025-05-01", "2025-09-01", "", "", 0.0, "2025-09-30"),
        ("Contacts", "2025-03-01", "NaT", "call", "", 0.0, "NaT"),
        ("Contacts", "2025-06-01", "NaT", "call", "", 0.0, "NaT"),
        ("Contacts", "2025-08-05", "NaT", "call", "", 0.0, "NaT"),
        ("Buyer silent", "2025-06-01", "2025-09-01", "no word from the buyer", "", 0.0, "NaT"),
        ("People", "2025-02-20", "NaT", "Sponsor", "", 0.0, "NaT"),
        ("Competitors", "2025-07-01", "NaT", "", "Kestrel", 0.0, "NaT"),
        ("Outcome", "2025-01-15", "NaT", "created", "", 0.0, "NaT"),
        ("Outcome", "2025-09-01", "NaT", "lost_competitor", "", 0.0, "NaT"),
    ]
    assert rows.loc[rows["lane"] == "Contacts", "side"].tolist() == ["buyer", "buyer", "us"]


def test_the_silence_is_counted_from_the_buyers_last_word_before_the_close(cohort: Cohort) -> None:
    result = deal_timeline(cohort)
    row = result.tables["silence"].first
    # 92 days from 1 June to 1 September; the wins were heard every seven days, so that is the limit.
    assert (row["silent"], row["limit"], row["contacts"]) == (92, 7.0, 2)
    assert (str(row["last_heard"].date()), str(row["too_long"].date())) == ("2025-06-01", "2025-06-09")
    assert result.headline == (
        "Lost to a competitor on 2025-09-01 ($1k); its buyer was last heard 92 days before that, on 2025-06-01, "
        "longer than live deals stay silent (7 days at most in 95 of 100 silences)."
    )


def test_a_deal_without_a_contact_is_not_called_silent(cohort: Cohort) -> None:
    result = deal_timeline(cohort, deal_id="D0002")
    assert result.headline.endswith("no contact by its buyer is on record.")
    assert "Buyer silent" not in set(result.tables["timeline"].rows["lane"])


def test_a_deal_that_does_not_exist_is_an_error_with_the_nearest_id(cohort: Cohort) -> None:
    with pytest.raises(UsageError, match="nearest ids: D0010"):
        deal_timeline(cohort, deal_id="D001")
