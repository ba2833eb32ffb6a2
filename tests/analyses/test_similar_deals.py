"""What became of deals like one deal, counted by hand."""

from __future__ import annotations

import pytest
from builders import closed, deal, make_book

from postmortem.analyses.similar_deals import similar_deals


def test_fates_of_the_deals_alike_are_counted_over_all_of_them():
    fates = [("won", None)] * 6 + [("lost", "competitor")] * 3 + [("lost", "status_quo")]
    deals = [deal(1, "lost", "2025-08-01", amount=100.0, segment="A", lost_to_recorded="competitor")]
    deals += [
        deal(10 + n, outcome, "2025-05-01", amount=150.0, segment="A", lost_to_recorded=taker)
        for n, (outcome, taker) in enumerate(fates)
    ]
    deals += [
        deal(50, "won", "2025-08-01", amount=100.0, segment="B"),
        deal(51, "won", "2025-08-01", amount=900.0, segment="A"),
    ]
    result = similar_deals(closed(make_book(deals)), deal_id="D0001")
    counted = result.tables["fates"].keyed("fate")
    assert {fate: row["deals"] for fate, row in counted.items()} == {
        "won": 6,
        "lost_competitor": 3,
        "lost_status_quo": 1,
    }
    assert counted["won"]["share"] == pytest.approx(0.6)
    row = result.tables["like"].first
    # Wilson limits of 6 in 10, by R's prop.test(6, 10, correct = FALSE).
    assert (row["low"], row["high"]) == pytest.approx((0.3126738, 0.8318197), abs=1e-6)
    assert result.headline == "6 of 10 deals like this one were won (60%, 31–83%)."


def test_nothing_is_compared_where_the_segment_is_not_on_record():
    deals = [deal(1, "lost", "2025-08-01", segment=None), *(deal(n, "won", "2025-08-01") for n in range(2, 6))]
    result = similar_deals(closed(make_book(deals)), deal_id="D0001")
    assert result.status == "refused" and result.what_is_missing == ("segment of this deal",)
