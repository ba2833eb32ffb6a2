"""Corrected reasons against post-stratification by hand, at a company's size, and against planted truth."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from analysis_cases import closed_of, counted, reason
from builders import FOCUS
from by_hand import wilson
from scipy import stats
from simulated_books import cohort_of, company, truth_of

from postmortem.analyses.corrected_reasons import corrected_reasons, headline
from postmortem.frames import forecast_cohort
from postmortem.frames.cohort import lost_rows
from postmortem.result import Result

# By what the sales person wrote: losses, buyers drawn by lot (all of whom talk), and what these buyers say.
CELLS: dict[str | None, tuple[int, int, dict[str, int]]] = {
    "price_value": (60, 24, {"price_value": 8, "slow_response": 12, "champion_lost": 4}),
    None: (40, 8, {"slow_response": 3, "champion_lost": 5}),
    "no_urgency": (100, 20, {"slow_response": 7, "champion_lost": 11, "no_urgency": 2}),
}


def drawn(part: float = 1.0, *, by_lot: bool = True) -> Result:
    """Return the answer on 200 losses alike in all but their reasons; of each cell's interviews the first `part`."""
    stories, words, talks, number = [], [], [], 0
    for recorded, (losses, asked, said) in CELLS.items():
        answers = [code for code, many in said.items() for _ in range(many)][: round(asked * part)]
        for place in range(losses):
            number += 1
            stories += counted({"lost_status_quo": 1}, FOCUS - place % 4, start=number - 1, amount=100.0, segment="One")
            deal_id = f"D{number:04d}"
            if recorded:
                words.append(reason(deal_id, recorded))
            if place < len(answers):
                words.append(reason(deal_id, answers[place], rater="buyer"))
                chance = len(answers) / losses if by_lot else None
                talks.append({"interview_id": f"I{number}", "deal_id": deal_id, "status": "held", "consent": "none",
                              "inclusion_probability": chance})  # fmt: skip
    return corrected_reasons(closed_of(stories, reasons=words, interviews=talks))


def by_post_stratification(code: str) -> float:
    return sum(losses / 200 * said.get(code, 0) / asked for losses, asked, said in CELLS.values())


def test_drawn_by_lot_within_the_record_it_is_post_stratification() -> None:
    result = drawn()
    rows = result.tables["reasons"].keyed("code")
    assert result.status == "ok" and result.tables["basis"].first["drawn"] == "by lot"
    for code in ("slow_response", "champion_lost", "price_value", "no_urgency"):
        assert rows[code]["share"] == pytest.approx(by_post_stratification(code), abs=1e-9), code
    assert rows["price_value"]["recorded_share"] == pytest.approx(60 / 160)
    assert rows["price_value"]["apart"] == pytest.approx(by_post_stratification("price_value") - 60 / 160)
    assert (rows["price_value"]["alone_low"], rows["price_value"]["alone_high"]) == pytest.approx(wilson(8, 52))
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)


def test_the_sentence_sets_the_first_reason_beside_the_one_on_record() -> None:
    result = drawn()
    said = result.headline
    assert said.startswith("52 of 200 losses with a buyer interviewed, corrected to all of them: buyers name “Sponsor")
    assert f"for {by_post_stratification('champion_lost'):.0%} (" in said
    assert said.endswith("on record the latter is 63%.") and "“No reason to act now” for 5% (" in said


def test_a_claim_about_price_finds_estimate_limits_error_and_tail() -> None:
    price = drawn().tables["price"].first
    assert price["price"] == pytest.approx(0.1) and price["limit"] == 0.2
    assert price["price_low"] < 0.1 < price["price_high"]
    # weights 60/24, 40/8, 100/20: worth 47 evenly spread interviews, a tenth of which name price
    worth = 200**2 / (60**2 / 24 + 40**2 / 8 + 100**2 / 20)
    assert price["p"] == pytest.approx(stats.beta.sf(0.2, worth / 10 + 1, worth * 0.9))
    assert price["p"] < 0.1 and price["price_se"] == pytest.approx(0.3 * (1 / 3 * 2 / 3 / 24) ** 0.5, rel=0.25)


def test_what_would_change_the_order_is_said_in_shares_of_buyers() -> None:
    result = drawn()
    order = result.tables["order"].first
    assert (order["first"], order["second"]) == ("Sponsor lost", "Slow to respond")
    assert order["now"] < order["then"] < 1 and order["odds"] > 1
    (told,) = [caveat for caveat in result.caveats if caveat.startswith("The order")]
    assert "named “Slow to respond”" in told
    # put back: those not asked lean to the second, and both shares are equal
    first, second = by_post_stratification("champion_lost"), by_post_stratification("slow_response")
    part, rest = 52 / 200, 148 / 200
    others = (first - part * 20 / 52) / rest * (1 - order["then"]) / (1 - order["now"])
    assert part * 20 / 52 + rest * others == pytest.approx(part * 22 / 52 + rest * order["then"])
    assert order["now"] == pytest.approx((second - part * 22 / 52) / rest)


def test_interviews_not_drawn_by_lot_are_modelled_and_said_so() -> None:
    result = drawn(by_lot=False)
    assert result.tables["basis"].first["drawn"] == "not by lot"
    assert any("not drawn by lot" in caveat for caveat in result.caveats)
    assert result.tables["word"].first["unnamed"] != result.tables["word"].first["unnamed"]
    share = result.tables["reasons"].keyed("code")["champion_lost"]["share"]
    assert share == pytest.approx(by_post_stratification("champion_lost"), abs=0.02)


def test_under_25_interviews_two_statements_counts_and_bounds_and_no_correction() -> None:
    result = drawn(20 / 52)
    assert result.status == "fallback" and "order" not in result.tables and "price" not in result.tables
    rows, word = result.tables["reasons"].rows, result.tables["word"].first
    assert rows["share"].isna().all()
    assert (word["both"], word["another"]) == (17, 9)
    assert (word["another_low"], word["another_high"]) == pytest.approx(wilson(9, 17))
    # weights 60/9, 40/3, 100/8, one a talk: worth (Σw)²/Σw² evenly spread ones
    worth = 200**2 / (60**2 / 9 + 40**2 / 3 + 100**2 / 8)
    assert word["unnamed"] == pytest.approx(1 - 0.05 ** (1 / worth))
    assert result.headline == (
        "20 of the 25 interviews needed to speak for 200 losses; 9 of 17 buyers gave another main reason than the "
        "sales person (31–74%); “No reason to act now”, 63% on record, was named by 0; a reason that no buyer named is "
        "held by under 15% of the losses."
    )
    bounds = result.tables["reasons"].keyed("code")["price_value"]
    assert (bounds["lowest"], bounds["highest"]) == pytest.approx((8 / 200, (8 + 180) / 200))


def test_without_a_buyers_word_it_is_refused() -> None:
    result = corrected_reasons(closed_of(counted({"lost_competitor": 30})))
    assert result.status == "refused" and "0 of the 25 losses with a buyer's main reason" in result.headline


def test_between_25_and_50_the_intervals_are_called_too_narrow() -> None:
    assert any("too narrow" in caveat for caveat in drawn(0.6).caveats)
    assert not any("too narrow" in caveat for caveat in drawn().caveats)


def test_withheld_figures_take_the_sentence_along() -> None:
    tables = dict(drawn().tables)
    empty = tables["reasons"].rows.assign(share=float("nan"))
    tables["reasons"] = type(tables["reasons"])(empty, tables["reasons"].columns, "Title")
    assert headline(tables) == "The figures behind this answer are withheld in this edition."


@pytest.mark.slow
def test_the_record_is_wrong_about_price_and_the_truth_confirms_it() -> None:
    """Sales people write down price three times as often as it is true; buyers and the correction do not."""
    made = company("full", 12, 590, 7)
    cohort = cohort_of(made, forecast_cohort)
    lost = lost_rows(cohort.window_rows)["deal_id"]
    deals: dict[str, Any] = made.truth["deals"]
    cause = pd.Series(deals["cause"], index=deals["deal_id"]).loc[lost]
    assert len(truth_of(made).loc[lost]) == len(lost)
    row = corrected_reasons(cohort).tables["reasons"].keyed("code")["price_value"]
    true = float((cause == "price_value").mean())
    assert row["low"] <= true <= row["high"] < row["recorded_share"]
