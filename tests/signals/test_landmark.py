"""The book a detector gets: nothing after each deal's own landmark, whatever the table, the zone and the order."""

from __future__ import annotations

import pandas as pd
import pytest
from asked import RED, book_of, closes, cut, event, landmarks, milestone, person, stages
from builders import change, deal

from postmortem.ground.errors import UsageError
from postmortem.signals.landmark import Cutter

DEALS = (
    deal(1, "lost", "2025-08-20", stage="Closed Lost", loss_reason_raw="Price", amount=7.0, probability=0.0),
    deal(2, "won", "2025-08-01"),
)


def test_every_deal_is_cut_at_its_own_day_and_that_day_is_part_of_it():
    on = ("2025-03-01", "2025-05-01", "2025-05-02")
    book = book_of(
        *DEALS,
        events=[event("call", day, number=number) for number in (1, 2) for day in on],
        history=[change(number, "amount", day, None, "1") for number in (1, 2) for day in on],
        contacts=[person(f"{number}{day}", None, day, number) for number in (1, 2) for day in on],
        milestones=[milestone("Date named", day, number) for number in (1, 2) for day in on],
        competitors=[{"deal_id": f"D000{number}", "competitor": day, "recorded_at": f"{day}T12:00Z"}
                     for number in (1, 2) for day in on],
        snapshots=[{"deal_id": f"D000{number}", "as_of": day} for number in (1, 2) for day in on],
        forecast_sheet=[{"deal_id": f"D000{number}", "as_of": day} for number in (1, 2) for day in on],
    )  # fmt: skip
    known, _ = cut(book, "2025-03-31", "2025-05-01")
    assert len(known.tables) == 8
    for name, table in known.tables.items():
        if name != "deals":
            assert [(row, str(day.date())) for row, day in zip(table["row"], table["day"], strict=True)] == [
                (0, "2025-03-01"), (1, "2025-03-01"), (1, "2025-05-01"),
            ], name  # fmt: skip


def test_a_row_written_down_after_the_landmark_is_not_there_however_early_it_happened():
    late = "2025-07-06T00:30Z"
    book = book_of(
        events=[event("call", "2025-06-01", recorded_at=late)],
        milestones=[milestone("Date named", "2025-06-01", recorded_at=late)],
    )
    known, _ = cut(book)
    assert known.table("events").empty
    assert known.table("milestones").empty


def test_a_day_is_a_local_day_of_the_company():
    # 23:59 on 5 July in New York is 03:59 of the 6th in UTC; half past midnight there is the 6th.
    events = [event("call", "2025-07-06T03:59"), event("email", "2025-07-06T04:30")]
    known, _ = cut(book_of(time_zone="America/New_York", events=events), "2025-07-05")
    assert known.table("events")["kind"].tolist() == ["call"]
    known, _ = cut(book_of(time_zone="Asia/Tokyo", events=[event("call", "2025-07-05T15:00")]), "2025-07-05")
    assert known.table("events").empty


def test_the_end_of_a_deal_and_what_was_written_then_are_not_there():
    known, _ = cut(book_of(*DEALS), "2025-07-05", "2025-07-05")
    row = known.deals.iloc[0]
    assert (row["outcome"], row["forecast_category"]) == ("open", "unknown")
    gone = ["closed_at", "stage", "loss_reason_raw", "amount", "probability", "expected_close_date", "owner_id"]
    assert known.deals[gone].isna().all().all()
    assert row["account_name"] == "Account 1"


def test_reasons_reviews_and_interviews_are_never_handed_over():
    judged = [{"deal_id": "D0001", "rater_type": "rep", "rank": "primary", "recorded_at": "2025-02-01T10:00Z"}]
    known, _ = cut(book_of(reasons=judged))
    assert set(known.tables) == {"deals"}


def test_what_became_of_a_competitor_is_not_there():
    rivals = [{"deal_id": "D0001", "competitor": "Rival", "status": "won", "price": 9.0,
               "recorded_at": "2025-02-01T10:00Z"}]  # fmt: skip
    known, _ = cut(book_of(competitors=rivals))
    assert known.table("competitors")[["status", "price"]].isna().all().all()


def test_the_state_is_that_of_the_landmark():
    history = [*RED, *stages(("2025-08-20", "Closed Lost")), *closes(("2025-01-15", "2025-09-30")),
               change(1, "amount", "2025-06-01", "5", "6"), change(1, "amount", "2025-07-06", "6", "7")]  # fmt: skip
    known, _ = cut(book_of(*DEALS, history=history))
    row = known.deals.iloc[0]
    assert (row["stage"], row["amount"], str(row["expected_close_date"].date())) == ("Proposal", 6.0, "2025-09-30")


def test_deals_to_measure_by_had_closed_before_the_earliest_landmark():
    others = [deal(number, "won", day) for number, day in ((3, "2025-03-30"), (4, "2025-03-31"), (5, "2025-05-01"))]
    known, _ = cut(book_of(*DEALS, *others), "2025-03-31", "2025-07-05")
    earlier = known.earlier.deals
    assert earlier["deal_id"].tolist() == ["D0003"]
    assert earlier["outcome"].tolist() == ["won"]


def test_a_deal_with_two_landmarks_in_one_cut_is_refused():
    twice = pd.concat([landmarks("2025-07-05")] * 2, ignore_index=True)
    with pytest.raises(UsageError, match="one landmark"):
        Cutter(book_of()).at(twice)
