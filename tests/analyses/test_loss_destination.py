"""Who took the lost deals, counted again, with the range the silent ones leave."""

from __future__ import annotations

import math

import pytest
from analysis_cases import Told, closed_of, counted, forecast_of, reason, told
from builders import FOCUS

from postmortem.analyses.loss_destination import loss_destination
from postmortem.result import Result


def rows_of(result: Result) -> dict[str, dict[str, object]]:
    return result.tables["destinations"].keyed("lost_to")


def test_reference_of_sixty_losses() -> None:
    """18 to competitors, 14 to the status quo, 5 never opportunities, 23 unknown: 30 to 68 per cent."""
    fates = {"lost_competitor": 18, "lost_status_quo": 14, "lost_disqualified": 5, "lost_unknown": 23, "won": 40}
    result = loss_destination(closed_of(counted(fates)))
    rows = rows_of(result)
    assert {to: row["deals"] for to, row in rows.items()} == {
        "competitor": 18, "status_quo": 14, "disqualified": 5, "unknown": 23
    }  # fmt: skip
    assert (rows["competitor"]["low"], rows["competitor"]["high"]) == pytest.approx((18 / 60, 41 / 60))
    assert (rows["status_quo"]["low"], rows["status_quo"]["high"]) == pytest.approx((14 / 60, 37 / 60))
    assert (rows["disqualified"]["low"], rows["disqualified"]["high"]) == pytest.approx((5 / 60, 28 / 60))
    assert [row["share"] for row in rows.values()] == pytest.approx([0.3, 14 / 60, 5 / 60, 23 / 60])
    assert math.isnan(rows["unknown"]["low"]) and math.isnan(rows["unknown"]["high"])
    assert result.n_used == 60
    assert result.headline == (
        "Of 60 lost deals, competitors took 18 and the status quo 14 on record; 5 were never an opportunity; for 23 "
        "the record does not say who took them, so the competitors' share is anywhere from 30% to 68%."
    )


@pytest.mark.parametrize(
    ("fates", "expected"),
    [
        ({"lost_competitor": 2, "lost_status_quo": 3},
         "Of 5 lost deals, competitors took 2 and the status quo 3 on record."),
        ({"lost_competitor": 2, "lost_disqualified": 1},
         "Of 3 lost deals, competitors took 2 and the status quo 0 on record; 1 was never an opportunity."),
        ({"lost_competitor": 3, "lost_unknown": 1},
         "Of 4 lost deals, competitors took 3 and the status quo 0 on record; for 1 the record does not say who took "
         "it, so the competitors' share is anywhere from 75% to 100%."),
        ({"lost_unknown": 4, "won": 2}, "Of 4 lost deals, none says on record who took it."),
    ],
)  # fmt: skip
def test_headlines(fates: dict[str, int], expected: str) -> None:
    assert loss_destination(closed_of(counted(fates))).headline == expected


def test_without_silence_the_range_closes_on_the_share() -> None:
    for row in rows_of(loss_destination(closed_of(counted({"lost_competitor": 3, "lost_status_quo": 1})))).values():
        if row["lost_to"] != "unknown":
            assert row["low"] == row["high"] == row["share"]


def test_each_rule_in_its_turn_and_mere_presence_decides_nothing() -> None:
    silent = {"lost_to_recorded": None}
    stories = [
        told(1, "lost_competitor"),
        told(2, "lost_unknown", **silent),
        told(3, "lost_unknown", **silent),
        told(4, "lost_unknown", **silent),
        told(5, "lost_status_quo"),
        told(6, "lost_unknown", **silent),
    ]
    competitors = [
        {"deal_id": "D0003", "competitor": "Kestrel", "status": "won"},
        {"deal_id": "D0003", "competitor": "Merlin", "status": "present"},
        {"deal_id": "D0004", "competitor": "Kestrel", "status": "present"},
        {"deal_id": "D0005", "competitor": "Kestrel", "status": "won"},
        {"deal_id": "D0006", "competitor": "Kestrel", "status": "won"},
        {"deal_id": "D0006", "competitor": "Merlin", "status": "won"},
    ]
    reasons = [reason("D0002", "no_urgency"), reason("D0004", "price_value"), reason("D0001", "no_urgency")]
    result = loss_destination(closed_of(stories, competitors=competitors, reasons=reasons))
    assert {to: row["deals"] for to, row in rows_of(result).items()} == {
        "competitor": 2, "status_quo": 2, "disqualified": 0, "unknown": 2
    }  # fmt: skip
    sources = {row["source"]: row["deals"] for row in result.tables["sources"].records}
    assert sources == {
        "lost-to field": 2, "loss reason": 1, "competitor marked as winner": 1, "nothing recorded": 2
    }  # fmt: skip


def test_amounts_are_sums_of_what_is_known_and_missing_where_nothing_is() -> None:
    stories = [
        told(1, "lost_competitor", amount=10.0), told(2, "lost_competitor", amount=None),
        told(3, "lost_status_quo", amount=None), told(4, "lost_unknown", amount=0.0),
    ]  # fmt: skip
    rows = rows_of(loss_destination(closed_of(stories)))
    assert rows["competitor"]["amount"] == 10.0
    assert math.isnan(rows["status_quo"]["amount"]) and math.isnan(rows["disqualified"]["amount"])
    assert rows["unknown"]["amount"] == 0.0


def test_the_five_costliest_silent_losses_are_asked_about_first() -> None:
    amounts = [5.0, None, 70.0, 8.0, 8.0, 1.0, 30.0]
    stories = [told(number, "lost_unknown", amount=amount) for number, amount in enumerate(amounts, start=1)]
    named = told(50, "lost_competitor", amount=1e9)
    result = loss_destination(closed_of([*stories, named]))
    asked = result.tables["ask_first"].records
    assert [row["deal"] for row in asked] == ["Deal 3", "Deal 7", "Deal 4", "Deal 5", "Deal 1"]
    assert [row["owner"] for row in asked] == ["Rep 3", "Rep 7", "Rep 4", "Rep 5", "Rep 1"]


def test_a_deal_without_a_name_is_asked_about_by_its_number() -> None:
    result = loss_destination(closed_of([told(1, "lost_unknown", deal_name=None)]))
    assert result.tables["ask_first"].first["deal"] == "D0001"


def test_only_what_was_lost_within_the_quarter_counts() -> None:
    late = told(60, "lost_competitor", closed_at=str((FOCUS + 1).day(3)))
    stories = [*counted({"lost_competitor": 1, "slipped": 3, "pushed_early": 1, "won": 2}), late]
    earlier = counted({"lost_status_quo": 5}, FOCUS - 1, start=100)
    result = loss_destination(forecast_of([*stories, *earlier], as_of="2025-12-31"))
    assert {to: row["deals"] for to, row in rows_of(result).items() if row["deals"]} == {"competitor": 1}


def test_a_quarter_without_losses_says_so() -> None:
    for cohort in (closed_of(counted({"won": 3})), forecast_of(counted({"won": 3, "slipped": 2}))):
        result = loss_destination(cohort)
        assert (result.status, result.headline, result.n_used) == ("ok", "No deal was lost.", 0)
        assert all(row["deals"] == 0 and math.isnan(row["share"]) for row in rows_of(result).values())


def test_other_raters_never_change_the_record() -> None:
    stories = [told(1, "lost_unknown"), told(2, "lost_competitor")]
    words = [reason("D0001", "no_urgency", rater="buyer", lost_to="status_quo"),
             reason("D0002", "no_urgency", rater="manager", lost_to="status_quo")]  # fmt: skip
    plain, spoken = loss_destination(closed_of(stories)), loss_destination(closed_of(stories, reasons=words))
    assert plain.to_dict()["tables"] == spoken.to_dict()["tables"]


def test_input_with_no_amount_at_all_still_counts_deals() -> None:
    stories = [Told({**story.deal, "amount": None}, []) for story in counted({"lost_competitor": 2, "lost_unknown": 1})]
    result = loss_destination(closed_of(stories))
    assert rows_of(result)["competitor"]["deals"] == 2
    assert result.tables["destinations"].rows["amount"].isna().all()
    assert result.tables["ask_first"].records == []


def test_a_loss_of_unknown_amount_is_not_called_costly() -> None:
    amounts = [None, 20.0, None, 10.0]
    stories = [told(number, "lost_unknown", amount=amount) for number, amount in enumerate(amounts, start=1)]
    asked = loss_destination(closed_of(stories)).tables["ask_first"].records
    assert [row["deal"] for row in asked] == ["Deal 2", "Deal 4"]
