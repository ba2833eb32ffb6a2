"""What is filled in, counted again field by field."""

from __future__ import annotations

import math

import pytest
from analysis_cases import Told, closed_of, counted, forecast_of
from builders import FOCUS
from by_hand import newcombe

from postmortem.analyses.field_completeness import FIELDS, ONLY_LOST, field_completeness
from postmortem.result import Result


def fields(result: Result) -> dict[str, dict[str, object]]:
    return result.tables["fields"].keyed("field")


def stories(lost: int = 20, won: int = 30) -> list[Told]:
    """Return losses and wins on which every third segment, every fourth amount and every fifth reason is missing."""
    made = []
    for number, story in enumerate(counted({"lost_competitor": lost - 5, "lost_unknown": 5, "won": won}), start=1):
        is_lost = story.deal["outcome"] == "lost"
        change = {
            "segment": None if is_lost and number % 3 == 0 else "Health",
            "amount": None if number % 4 == 0 else 1000.0,
            "loss_reason_raw": "Price" if is_lost and number % 5 else None,
            "loss_notes": "long story" if is_lost and number % 2 else None,
        }
        made.append(Told({**story.deal, **change}, story.history))
    return made


def test_filled_fields_are_counted_on_lost_and_on_won_deals() -> None:
    made = stories()
    result = field_completeness(closed_of(made))
    rows = fields(result)
    lost = [story.deal for story in made if story.deal["outcome"] == "lost"]
    won = [story.deal for story in made if story.deal["outcome"] == "won"]
    assert set(rows) == set(FIELDS.values())
    for name in ("account_name", "owner_id", "segment", "amount", "product", "region", "created_at"):
        row = rows[FIELDS[name]]
        filled = sum(deal.get(name) is not None for deal in lost), sum(deal.get(name) is not None for deal in won)
        assert (row["lost_filled"], row["won_filled"]) == filled, name
        assert (row["lost"], row["won"]) == (filled[0] / 20, filled[1] / 30), name
    assert rows["Loss reason"]["lost_filled"] == sum(deal["loss_reason_raw"] is not None for deal in lost)
    assert rows["Notes on the loss"]["lost_filled"] == sum(deal["loss_notes"] is not None for deal in lost)
    assert rows["Who took it"]["lost_filled"] == 15
    assert result.tables["sides"].first == {"period": "2024Q4 to 2025Q3", "lost": 20, "won": 30}


def test_difference_is_newcombes() -> None:
    row = fields(field_completeness(closed_of(stories())))["Segment"]
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(
        newcombe(row["lost_filled"], 20, row["won_filled"], 30)
    )


def test_fields_only_a_loss_can_have_stand_alone() -> None:
    rows = field_completeness(closed_of(stories())).tables["fields"].keyed("field")
    for name in ONLY_LOST:
        row = rows[FIELDS[name]]
        assert row["won_filled"] is not row["lost_filled"] and math.isnan(row["won"]) and math.isnan(row["difference"])


def test_a_competitor_counts_as_recorded_from_its_own_table() -> None:
    rivals = [{"deal_id": f"D{number:04d}", "competitor": "Kestrel", "status": "present"} for number in (1, 2, 21)]
    row = fields(field_completeness(closed_of(stories(), competitors=[*rivals, {**rivals[0], "competitor": "Merlin"}])))
    assert (row["Competitor"]["lost_filled"], row["Competitor"]["won_filled"]) == (2, 1)


def test_an_amount_of_nought_is_filled_in() -> None:
    made = [Told({**story.deal, "amount": 0.0}, []) for story in stories()]
    assert fields(field_completeness(closed_of(made)))["Amount"]["lost"] == 1.0


def test_headline_points_at_the_field_furthest_apart() -> None:
    made = [
        Told({**story.deal, "product": None if story.deal["outcome"] == "won" else "Alpha"}, [])
        for story in stories(20, 30)
    ]
    # Newcombe by hand: Wilson's bounds are 84 to 100% of 20 and 0 to 11% of 30, so 1 - sqrt(.1611² + .1135²) = .803.
    assert field_completeness(closed_of(made)).headline == (
        "Of 20 lost deals of 2024Q4 to 2025Q3, 80% carry a loss reason and 75% say who took the deal. Filled in "
        "unevenly: “Product”, on 100% of lost and 0% of won deals: +100 points (80–100 points)."
    )


def test_headline_without_a_field_apart() -> None:
    made = [Told({**story.deal, "segment": "Health"}, []) for story in stories()]
    assert field_completeness(closed_of(made)).headline == (
        "Of 20 lost deals of 2024Q4 to 2025Q3, 80% carry a loss reason and 75% say who took the deal."
    )


@pytest.mark.parametrize("won", [0, 9])
def test_too_few_won_deals_leave_counts(won: int) -> None:
    result = field_completeness(closed_of(stories(20, won)))
    row = fields(result)["Segment"]
    assert row["lost_filled"] == 14 and math.isnan(row["difference"]) and math.isnan(row["low"])
    assert "unevenly" not in result.headline
    assert result.tables["sides"].first["won"] == won


def test_refused_below_ten_losses() -> None:
    assert field_completeness(closed_of(stories(9, 40))).headline == (
        "Not answered yet: 9 of the 10 lost deals needed in 2024Q4 to 2025Q3."
    )


def test_slipped_forecast_deals_are_on_neither_side() -> None:
    made = [*stories(), *counted({"slipped": 8}, start=200), *counted({"won": 3}, FOCUS - 4, start=300)]
    assert field_completeness(forecast_of(made)).tables["sides"].first == {
        "period": "2024Q4 to 2025Q3",
        "lost": 20,
        "won": 30,
    }
