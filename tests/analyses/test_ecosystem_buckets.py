"""Where to look first, told by hand: one place a deal and rater, silence as its own row, amounts as recorded."""

from __future__ import annotations

import pytest
from analysis_cases import closed_of, reason, told

from postmortem.analyses.ecosystem_buckets import NOT_PLACED, NOTHING, SEVERAL, ecosystem_buckets
from postmortem.taxonomies import load_taxonomy

PLACES = {each.code: each.ecosystem for each in load_taxonomy("red_zone").reasons}
LABELS = {each.code: each.label for each in load_taxonomy("ecosystem").reasons}


def test_every_lost_deal_counts_once_a_rater() -> None:
    codes = [code for code in ("price_value", "missing_capability", "no_trust_in_delivery") if code in PLACES]
    other = next(code for code, place in PLACES.items() if place not in (None, "unplaced", PLACES["price_value"]))
    stories = [told(number, "lost_competitor", amount=100.0 * number) for number in range(1, 6)]
    stories += [told(6, "lost_unknown", amount=None), told(7, "won")]
    reasons = [
        reason("D0001", codes[0]),
        reason("D0002", codes[0]), reason("D0002", other, rank="contributing"),
        reason("D0003", codes[0], rank="contributing"), reason("D0003", other, rank="contributing"),
        reason("D0004", "other"),
        reason("D0006", codes[0]),
        reason("D0007", codes[0]),
        reason("D0001", other, rater="buyer"),
    ]  # fmt: skip
    result = ecosystem_buckets(closed_of(stories, reasons=reasons))
    rows = result.tables["places"].rows
    own = rows[rows["rater"] == "Sales person"].set_index("place")
    first = LABELS[PLACES["price_value"] or ""]
    assert own["deals"].to_dict() == {first: 3, SEVERAL: 1, NOT_PLACED: 1, NOTHING: 1}
    assert own.loc[first, ["amount", "without_amount"]].tolist() == [300.0, 1]
    assert own["share"].sum() == pytest.approx(1)
    buyer = rows[rows["rater"] == "Buyer"].set_index("place")["deals"]
    assert buyer.to_dict() == {LABELS[PLACES[other] or ""]: 1, NOTHING: 5}
    assert result.headline == (
        f"By the sales person's reasons, 3 of 6 lost deals (50%, $300) point first to {first.lower()}; for 3 no single "
        "place can be told."
    )


def test_losses_without_a_reason_are_refused() -> None:
    refused = ecosystem_buckets(closed_of([told(1, "lost_competitor")]))
    assert refused.status == "refused"
    assert "no lost deals whose reason points to a part of the sales ecosystem" in refused.headline
