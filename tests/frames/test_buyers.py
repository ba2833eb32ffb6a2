"""What buyers said beside the record, deal by deal; and the tables of a correction counted by hand."""

from __future__ import annotations

import math

import pytest
from builders import closed, deal, make_book

from postmortem.frames.buyers import buyers_of
from postmortem.frames.correction import OTHER, basis_table, shares_table
from postmortem.stats import CorrectedShares, corrected_shares

CLOSED = "2025-08-20"


def lost(number, **more):
    return deal(number, "lost", CLOSED, lost_to_recorded="competitor", **more)


def word(number, code, rater="rep", **more):
    return {"deal_id": f"D{number:04d}", "rater_type": rater, "rank": "primary", "code": code, **more}


def talk(number, chance, status="held"):
    return {"interview_id": f"I{number}", "deal_id": f"D{number:04d}", "consent": "none", "status": status,
            "inclusion_probability": chance}  # fmt: skip


def cohort(reasons, interviews=(), deals=None):
    return closed(make_book(deals or [lost(number) for number in range(1, 5)], reasons=reasons, interviews=interviews))


def reasons_of(made, about="reason"):
    found = buyers_of(made, made.window_rows, about)
    return found, found.rows.set_index("deal_id")


def test_record_and_buyer_stand_side_by_side_in_broad_codes():
    made = cohort(
        [word(1, "price_value"), word(1, "outcome_uncertain", "buyer"), word(2, "indecision"), word(3, "no such code"),
         word(3, "not_recorded", "buyer")],
        [talk(1, 0.4)],
    )  # fmt: skip
    found, rows = reasons_of(made)
    assert list(rows["recorded"].fillna("")) == ["price_value", "indecision", "", ""]
    assert list(rows["buyer"].fillna("")) == ["indecision", "", "", ""]
    assert list(rows["inclusion"].fillna(0)) == [0.4, 0, 0, 0]
    assert found.by_lot and list(found.answered["deal_id"]) == ["D0001"]


@pytest.mark.parametrize("talks", [(), (talk(1, None),), (talk(2, 0.4),), (talk(1, 40.0),)])
def test_one_buyer_not_drawn_with_a_known_probability_and_it_is_no_lot(talks):
    found, _ = reasons_of(cohort([word(1, "terms", "buyer")], talks))
    assert not found.by_lot


def test_the_taker_is_the_buyers_word_and_unknown_is_none():
    says = [word(1, None, "buyer", lost_to="status_quo"), word(2, None, "buyer", lost_to="unknown"),
            word(3, "terms")]  # fmt: skip
    deals = [lost(1), lost(2), deal(3, "lost", CLOSED, lost_to_recorded="unknown"), lost(4)]
    _, rows = reasons_of(cohort(says, deals=deals), "taker")
    assert list(rows["buyer"].fillna("")) == ["status_quo", "", "", ""]
    assert list(rows["recorded"].fillna("")) == ["competitor", "competitor", "", "competitor"]


def test_the_coder_who_read_most_decides_to_whom_it_went():
    says = [word(1, None, "buyer", lost_to="status_quo", coder_id="A"), word(2, None, "buyer", lost_to="competitor",
            coder_id="A"), word(1, None, "buyer", lost_to="disqualified", coder_id="B")]  # fmt: skip
    _, rows = reasons_of(cohort(says), "taker")
    assert list(rows["buyer"].fillna("")) == ["status_quo", "competitor", "", ""]


def test_covariates_are_known_of_every_loss_and_say_something():
    deals = [lost(1, amount=None, segment=None), lost(2, amount=10.0), lost(3, amount=1000.0), lost(4, amount=1000.0)]
    found, _ = reasons_of(cohort([], deals=deals))
    size = found.covariates["size"]
    assert size == pytest.approx([(math.log(10) + 2 * math.log(1000)) / 3, math.log(10), *[math.log(1000)] * 2])
    assert list(found.covariates["size missing"]) == [1, 0, 0, 0]
    assert "competitor" not in found.covariates, "all were lost to one: a column that says nothing"


def test_what_has_no_row_is_counted_with_the_others_on_both_sides():
    deals = [lost(number) for number in range(1, 61)]
    words = [word(n, "price_value") for n in range(1, 31)] + [word(n, "terms") for n in range(31, 41)]
    words += [word(n, "price_value" if n < 11 else "slow_response", "buyer") for n in range(1, 31)]
    words += [word(31, "no_urgency", "buyer")]
    made = cohort(words, deals=deals)
    buyers, rows = reasons_of(made)
    found = corrected_shares(rows["buyer"], rows["recorded"].fillna("none"), draws=20)
    told = shares_table(buyers, found, "reason", {OTHER: "All others"}, "Title")
    assert [(row["code"], row["recorded"], row["asked"]) for row in told.records] == [
        ("slow_response", 0, 20), ("other", 40, 11),
    ]  # fmt: skip
    first = told.first
    assert (first["alone"], first["lowest"], first["highest"]) == pytest.approx((20 / 31, 20 / 60, 49 / 60))
    assert first["apart"] == pytest.approx(first["share"] - 0 / 40)
    assert basis_table(buyers, found, 25).first["on_record"] == 40


def test_where_nothing_is_corrected_every_kind_has_its_counts_and_bounds():
    made = cohort([word(1, "price_value"), word(2, "terms"), word(1, "slow_response", "buyer")])
    buyers, _ = reasons_of(made)
    refused = CorrectedShares(n=4, asked=1, status="refused", why="too few")
    told = shares_table(buyers, refused, "reason", {}, "Title").keyed("code")
    assert {code: (row["lowest"], row["highest"]) for code, row in told.items()} == {
        "slow_response": (0.25, 1.0), "price_value": (0.0, 0.75), "terms": (0.0, 0.75),
    }  # fmt: skip
    assert all(math.isnan(row["share"]) for row in told.values())
