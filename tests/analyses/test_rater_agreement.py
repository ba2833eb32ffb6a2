"""Agreement of sales people and buyers, counted again by hand."""

import math

import pandas as pd
import pytest
from analysis_cases import closed_of, counted, reason
from by_hand import exact

from postmortem.analyses.rater_agreement import rater_agreement
from postmortem.findings.gate import through_the_gate


def told(n, same, *, rep="price_value", buyer="no_urgency"):
    """Return a cohort of n losses on which both spoke, `same` of them alike."""
    words = []
    for number in range(1, n + 1):
        words.append(reason(f"D{number:04d}", rep))
        words.append(
            reason(f"D{number:04d}", rep if number <= same else buyer, rater="buyer", interview_id=f"I{number}")
        )
    return closed_of(counted({"lost_competitor": max(n, 12)}), reasons=words)


def test_fourteen_of_twenty_buyers_and_their_interval():
    result = rater_agreement(told(20, 6))
    assert result.headline == "14 of 20 buyers gave another main reason than the sales person (70%, 46–88%)."
    row = result.tables["pairs"].first
    assert (row["low"], row["high"]) == pytest.approx(exact(6, 20, 0.95))
    assert pd.isna(row["kappa"]) and pd.isna(result.tables["tests"].first["p"])
    assert any("is told from 30 on" in caveat for caveat in result.caveats)


def test_a_shift_is_worth_a_look_until_the_gate_names_it():
    result = rater_agreement(told(40, 10))
    assert "worth a look: the two divide" in result.headline
    # all thirty that differ went one way
    assert result.tables["tests"].records[0]["p"] < 0.001
    (named,) = through_the_gate([result])
    assert named.headline.endswith(", and the two divide the same losses differently over the reasons.")


def test_without_a_shift_nothing_is_said_of_one():
    cohort = told(20, 10, rep="no_urgency", buyer="price_value")
    words = cohort.book.table("reasons").to_dict("records")
    swap = {"price_value": "no_urgency", "no_urgency": "price_value"}
    more = [reason(f"D{int(row['deal_id'][1:]) + 20:04d}", swap[row["code"]], rater=row["rater_type"]) for row in words]
    both = closed_of(counted({"lost_competitor": 40}), reasons=[
        reason(row["deal_id"], row["code"], rater=row["rater_type"]) for row in words] + more)  # fmt: skip
    result = rater_agreement(both)
    assert result.tables["tests"].first["p"] == 1.0
    assert result.headline.endswith("whether one side leans to other reasons than the other cannot be told yet.")


def test_reason_by_reason_counts_are_those_of_the_table():
    rows = {row["reason"]: row for row in rater_agreement(told(20, 6)).tables["by_reason"].records}
    price = rows["Price against value"]
    assert (price["rep"], price["buyer"], price["both"], price["n"]) == (20, 6, 6, 20)
    assert price["agreement"] == pytest.approx(12 / 26)
    assert rows["No reason to act now"]["agreement"] == 0
    # 14 of 20 by the sales person alone, by the buyer alone none: Bonett and Price, by hand.
    p, q = 15 / 22, 1 / 22
    half = 1.959964 * math.sqrt((p + q - (p - q) ** 2) / 22)
    assert price["difference"] == pytest.approx(14 / 20)
    assert (price["apart_low"], price["apart_high"]) == pytest.approx((p - q - half, p - q + half), abs=1e-6)


def test_a_closer_word_for_the_same_reason_is_no_disagreement():
    words = []
    for number in range(1, 13):
        words += [reason(f"D{number:04d}", "indecision"), reason(f"D{number:04d}", "outcome_uncertain", rater="buyer")]
    result = rater_agreement(closed_of(counted({"lost_status_quo": 12}), reasons=words))
    assert result.tables["pairs"].first["same"] == 12


def test_a_word_that_is_missing_or_unknown_is_no_category():
    words = [reason(f"D{number:04d}", "price_value") for number in range(1, 21)]
    codes = ["price_value"] * 12 + [None] * 4 + ["not_recorded", "a word of theirs"] * 2
    words += [reason(f"D{number:04d}", code, rater="buyer") for number, code in enumerate(codes, start=1)]
    row = rater_agreement(closed_of(counted({"lost_competitor": 20}), reasons=words)).tables["pairs"].first
    assert (row["deals"], row["same"]) == (12, 12)


def test_refused_below_ten():
    assert rater_agreement(told(9, 3)).headline == (
        "Not answered yet: 9 of the 10 losses with a main reason of both the sales person and the buyer needed in "
        "2024Q4 to 2025Q3."
    )
