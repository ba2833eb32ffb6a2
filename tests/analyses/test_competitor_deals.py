"""Which deals each competitor is met on, counted again from the deals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from analysis_cases import closed_of, cohort_of, counted, reason
from by_hand import wilson

from postmortem.analyses.competitor_deals import competitor_deals

DEALS = counted({"won": 30, "lost_competitor": 20, "lost_status_quo": 10})
RIVALS = [
    {"deal_id": f"D{number:04d}", "competitor": name}
    for name, numbers in {"Kestrel": range(11, 51), "Merlin": range(26, 36)}.items()
    for number in numbers
]
REASONS = [reason(f"D{number:04d}", "price_value" if number < 43 else "missing_capability") for number in range(31, 57)]


def answer(by: Any = "segment") -> Any:
    return competitor_deals(closed_of(DEALS, competitors=RIVALS, reasons=REASONS), by=by)


def test_shares_won_by_segment_are_those_of_the_deals() -> None:
    rows = {(row["competitor"], row["group"]): row for row in answer().tables["deals"].records}
    # odd numbers are Health; Kestrel was on 11 to 50, the first thirty are won
    health = [number for number in range(11, 51) if number % 2]
    row = rows["Kestrel", "Health"]
    assert (row["met"], row["n"], row["events"]) == (40, len(health), sum(number <= 30 for number in health))
    assert (row["low"], row["high"]) == pytest.approx(wilson(row["events"], row["n"]))
    small = rows["Merlin", "Health"]
    assert small["n"] == 5 and math.isnan(small["share"]), "counts only below ten"


def test_reasons_are_those_of_losses_a_competitor_took() -> None:
    rows = {(row["competitor"], row["group"]): row for row in answer("reason").tables["deals"].records}
    # Kestrel on 31 to 50 lost to a competitor, price on 31 to 42; the status quo's losses are left out
    row = rows["Kestrel", "Price against value"]
    assert (row["n"], row["events"]) == (20, 12)
    assert rows["Kestrel", "Capability missing"]["events"] == 8
    assert rows["Merlin", "Price against value"]["events"] == 5


def test_headlines() -> None:
    assert answer().headline == (
        "Kestrel is met most often; 20 of its 40 decided deals are in Health, 50% of these were won (30–70%)."
    )
    assert answer("reason").headline == (
        "Where Kestrel was met and a competitor took the deal, “Price against value” is written most often: for 12 of "
        "20 losses with a main reason on record (60%, 39–78%)."
    )


def test_refusals_name_what_is_missing() -> None:
    few = competitor_deals(closed_of(DEALS, competitors=RIVALS[:9]))
    assert few.headline == (
        "Not answered yet: 9 of the 10 won or lost deals with a named competitor needed in 2024Q4 to 2025Q3."
    )
    silent = competitor_deals(closed_of(DEALS, competitors=RIVALS), by="reason")
    assert silent.headline.startswith("Not answered yet: 0 of the 10 losses to a named competitor with a main reason")
    assert competitor_deals(cohort_of("closed"), by="region").headline == (
        "Not answered yet: the region of the deals, which the data do not have."
    )
