"""Deals of customers whose sales person left: settled on the day of creation, followed equally long."""

from __future__ import annotations

from typing import Any

from analysis_cases import Told, closed_of
from builders import deal

from postmortem.analyses.territory_after_owner_change import territory_after_owner_change
from postmortem.frames import Cohort
from postmortem.frames.territories import deals_around_leaving


def cohort_from(rows: list[dict[str, Any]], left: dict[str, str | None]) -> Cohort:
    reps = [{"rep_id": name, "left_at": day} for name, day in left.items()]
    # a cohort needs a deal of its focus quarter; this one's customer has no other
    last = one(9000, "Omega", "Zed", "2025-07-10")
    return closed_of([Told(row, []) for row in (*rows, last)], reps=reps)


def one(number: int, account: str, owner: str, created: str, fate: str = "won", closed: str = "") -> dict[str, Any]:
    outcome, to = ("lost", fate) if fate != "won" else ("won", None)
    return deal(number, outcome, closed or f"{created[:8]}28", account_name=account, owner_id=owner,
                created_at=created, lost_to_recorded=to)  # fmt: skip


def test_a_deal_belongs_to_the_owner_of_the_customers_deal_before() -> None:
    rows = [
        one(1, "Acme", "Ann", "2024-01-10"),
        one(2, "Acme", "Ann", "2024-05-10"),
        one(3, "Acme", "Bob", "2024-08-10", "competitor"),
        one(4, "Acme", "Bob", "2024-11-10"),
        one(5, "Beta", "Ann", "2024-01-10"),
        one(6, "Beta", "Bob", "2025-02-10"),
        one(7, "Beta", "Bob", "2025-03-10", "competitor", "2025-10-01"),
        one(8, "Beta", "Bob", "2025-08-10"),
    ]
    cohort = cohort_from(rows, {"Ann": "2024-07-01", "Bob": None})
    found = deals_around_leaving(cohort.book, cohort.as_of)
    # 1 and 5 have no deal before, 6 came more than 180 days after Ann had left, 8 cannot be followed yet
    assert found[["deal_id", "when", "taken"]].to_numpy().tolist() == [
        ["D0002", "before", False], ["D0003", "after", True], ["D0004", "stayed", False], ["D0007", "stayed", False],
    ]  # fmt: skip
    assert found["leaver"].fillna("").tolist() == ["Ann", "Ann", "", ""]


def test_counts_and_difference() -> None:
    rows = []
    for place in range(24):
        seller = "Ann" if place < 12 else "Bob"
        rows.append(one(place * 2, f"Customer {place}", seller, "2024-01-10"))
        fate = "competitor" if (place < 9 or place == 20) else "won"
        rows.append(one(place * 2 + 1, f"Customer {place}", "Bob", "2024-08-10", fate))
    result = territory_after_owner_change(cohort_from(rows, {"Ann": "2024-07-01", "Bob": None}))
    told = result.tables["periods"].keyed("when")
    assert (told["after"]["deals"], told["after"]["events"]) == (12, 9)
    assert (told["stayed"]["deals"], told["stayed"]["events"]) == (12, 1)
    row = result.tables["difference"].first
    assert row["difference"] == 9 / 12 - 1 / 12 and row["low"] > 0 and row["leavers"] == 1
    assert result.headline.startswith("9 of 12 deals (75%) created in the 180 days after a customer's sales person")


def test_without_last_days_it_is_refused() -> None:
    refused = territory_after_owner_change(cohort_from([one(1, "Acme", "Ann", "2024-01-10")], {"Ann": None}))
    assert "0 of the 10 deals created within 180 days of a sales person's leaving needed." in refused.headline
