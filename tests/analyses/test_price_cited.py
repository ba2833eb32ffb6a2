"""Price on record, counted again; and price gaps whose part in the losses is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_cases import Told, closed_of, counted, reason, told
from builders import FOCUS
from by_hand import wilson

from postmortem.analyses.price_cited import _gaps, price_cited

LOST = counted({"lost_competitor": 30, "lost_status_quo": 20})
REASONS = [
    *(reason(f"D{number:04d}", "price_value" if number <= 18 else "no_urgency") for number in range(1, 41)),
    *(reason(f"D{number:04d}", "price_value", rank="contributing") for number in (20, 21, 45)),
    *(
        reason(f"D{number:04d}", "price_value" if number < 4 else "no_urgency", rater="buyer")
        for number in range(1, 15)
    ),
    reason("D0050", "a code of their own"),
]


def gapped(effect: float, *, number: int = 600, seed: int = 5) -> tuple[Any, float]:
    """Return a cohort whose deals are lost with a chance that rises with the gap, and the share that goes with it."""
    generator = np.random.default_rng(seed)
    gap = 0.2 * generator.standard_normal(number)
    chance, closed = (1 / (1 + np.exp(-(-0.3 + effect * each))) for each in (np.maximum(gap, 0), 0 * gap))
    lost = generator.random(number) < chance
    stories, rivals, history = [], [], []
    for place in range(number):
        price = 10_000.0 * math.exp(-gap[place])
        # the final amount follows the competitor's price on deals in danger: only the first one tells the gap
        final = price if lost[place] else 10_000.0
        story = told(place + 1, "lost_competitor" if lost[place] else "won", FOCUS - place % 4, amount=final,
                     owner_id=f"Rep {generator.integers(20)}")  # fmt: skip
        stories.append(story)
        deal_id = story.deal["deal_id"]
        rivals += [{"deal_id": deal_id, "competitor": "Kestrel", "price": price, "currency": "USD"},
                   {"deal_id": deal_id, "competitor": "Merlin", "price": price * 1.3, "currency": "USD"}]  # fmt: skip
        opened = str((FOCUS - place % 4).day(-30))
        history.append({"deal_id": deal_id, "field": "amount", "changed_at": f"{opened}T09:00Z", "new_value": "10000"})
        history.append({"deal_id": deal_id, "field": "amount", "changed_at": f"{opened}T19:00Z", "old_value": "10000",
                        "new_value": str(final)})  # fmt: skip
    words = [reason(story.deal["deal_id"], "price_value") for story, gone in zip(stories, lost, strict=True) if gone]
    cohort = closed_of(stories, competitors=rivals, history=history, reasons=words)
    return cohort, float((chance - closed).sum() / chance.sum())


def test_price_is_counted_by_rater_and_rank_over_losses_with_a_known_reason() -> None:
    rows = price_cited(closed_of(LOST, reasons=REASONS)).tables["cited"].records
    told_of = {(row["rater"], row["rank"]): (row["price"], row["losses"]) for row in rows}
    assert told_of == {
        ("Sales people", "as the main reason"): (18, 40), ("Sales people", "among the reasons"): (21, 41),
        ("Buyers", "as the main reason"): (3, 14), ("Buyers", "among the reasons"): (3, 14),
    }  # fmt: skip
    assert (rows[0]["low"], rows[0]["high"]) == pytest.approx(wilson(18, 40))


def test_without_prices_the_cited_half_is_still_answered() -> None:
    result = price_cited(closed_of(LOST, reasons=REASONS))
    assert result.status == "fallback"
    assert result.headline == (
        "Price is the main reason on record for 45% of 40 losses with one (31–60%); how far losses go with the price "
        "gap cannot be told yet."
    )
    assert any("0 of the 60 won or lost deals with our first amount" in caveat for caveat in result.caveats)


def test_refused_below_ten_losses_with_a_main_reason() -> None:
    assert price_cited(closed_of(LOST, reasons=REASONS[:9])).headline == (
        "Not answered yet: 9 of the 10 losses with a main reason of the sales person needed in 2024Q4 to 2025Q3."
    )


def test_a_planted_part_is_recovered_from_the_first_amounts() -> None:
    cohort, truth = gapped(6.0)
    gap = price_cited(cohort).tables["gap"].first
    assert gap["part_low"] <= truth <= gap["part_high"]
    assert gap["part_low"] > 0 and abs(gap["part"] - truth) < 0.07
    assert "if price alone made the difference" in price_cited(cohort).headline


def test_without_an_effect_nothing_is_attributed() -> None:
    cohort, _ = gapped(0.0)
    result = price_cited(cohort)
    gap = result.tables["gap"].first
    assert gap["part_low"] <= 0 <= gap["part_high"]
    assert "whether dearer deals are lost more often cannot be told" in result.headline


def test_the_gap_is_that_of_the_first_amount_to_the_cheapest_price() -> None:
    cohort, _ = gapped(0.0, number=80)
    rivals = cohort.book.table("competitors").groupby("deal_id")["price"].min()
    known = _gaps(cohort, cohort.window_rows).set_index("deal_id")["gap"]
    pd.testing.assert_series_equal(known.sort_index(), np.log(10_000 / rivals).sort_index(), check_names=False)


def test_fifty_nine_known_gaps_are_too_few_and_sixty_are_read() -> None:
    few, enough = (price_cited(gapped(0.0, number=number)[0]) for number in (59, 60))
    assert few.tables["gap"].first["why"].startswith("59 of the 60 won or lost deals")
    assert "59 of the 60" not in enough.tables["gap"].first["why"]
    assert enough.tables["gap"].first["known"] == 60


def test_prices_in_another_currency_tell_no_gap() -> None:
    stories = [told(number, "won") for number in range(1, 21)]
    rivals = [{"deal_id": f"D{number:04d}", "competitor": "Kestrel", "price": 900.0, "currency": "EUR"}
              for number in range(1, 21)]  # fmt: skip
    cohort = closed_of(stories, competitors=rivals, history=[row for story in stories for row in story.history])
    assert _gaps(cohort, cohort.window_rows).empty


def test_no_history_of_amounts_tells_no_gap() -> None:
    """Today's amount may be what was left of it at closing."""
    cohort, _ = gapped(0.0, number=60)
    stories = [Told(row, []) for row in cohort.book.deals.to_dict("records")]
    rivals = cohort.book.table("competitors").to_dict("records")
    assert _gaps(closed_of(stories, competitors=rivals), cohort.window_rows).empty
