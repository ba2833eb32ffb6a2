"""Twins and deals alike, beside hand-made deals whose likeness is plain to see."""

from __future__ import annotations

import pytest
from builders import closed, deal, make_book

from postmortem.frames.alike import alike, twins
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.frames.one_deal import costliest_losses, known_deal, one_deal
from postmortem.ground.errors import UsageError

DAY = "2025-08-01"


def cohort_of(*deals: tuple[int, str, float | None, str | None]) -> Cohort:
    made = [deal(number, outcome, DAY, amount=amount, segment=segment) for number, outcome, amount, segment in deals]
    return closed(make_book(made))


def test_half_and_twice_the_amount_are_near_and_what_is_beyond_or_of_another_segment_is_not():
    cohort = cohort_of(
        (1, "lost", 100.0, "Health"), (2, "won", 200.0, "Health"), (3, "won", 50.0, "Health"),
        (4, "won", 201.0, "Health"), (5, "won", 49.0, "Health"), (6, "won", 100.0, "Industry"),
        (7, "won", None, "Health"), (8, "won", 0.0, "Health"), (9, "won", 110.0, "Health"), (10, "won", 100.0, None),
    )  # fmt: skip
    one = one_deal(cohort, "D0001")
    assert one is not None
    assert alike(cohort, one, cohort.table)["deal_id"].tolist() == ["D0009", "D0002", "D0003"]


@pytest.mark.parametrize("amount, segment", [(None, "Health"), (100.0, None), (0.0, "Health")])
def test_a_deal_of_which_something_is_not_known_is_like_no_other(amount, segment):
    cohort = cohort_of((1, "lost", amount, segment), (2, "won", 100.0, "Health"), (3, "won", 0.0, "Health"))
    one = one_deal(cohort, "D0001")
    assert one is not None
    assert alike(cohort, one, cohort.table).empty
    assert twins(cohort, lost_rows(cohort.table), won_rows(cohort.table)) == {}


def test_each_win_is_taken_once_and_the_costliest_loss_chooses_first():
    cohort = cohort_of(
        (1, "lost", 100.0, "Health"), (2, "lost", 120.0, "Health"), (3, "lost", 90.0, "Health"),
        (4, "won", 110.0, "Health"), (5, "won", 60.0, "Health"),
    )  # fmt: skip
    lost, won = lost_rows(cohort.table), won_rows(cohort.table)
    expected = {"D0002": "D0004", "D0001": "D0005"}
    assert twins(cohort, lost, won) == expected
    assert twins(cohort, lost.sample(frac=1, random_state=3), won.sample(frac=1, random_state=4)) == expected


def test_the_costliest_loss_is_meant_where_no_deal_is_named():
    cohort = cohort_of((1, "lost", 5.0, "A"), (2, "lost", None, "A"), (3, "lost", 9.0, "A"), (4, "won", 99.0, "A"))
    assert costliest_losses(cohort, 9)["deal_id"].tolist() == ["D0003", "D0001", "D0002"]
    one = one_deal(cohort)
    assert one is not None and one["deal_id"] == "D0003"
    assert one_deal(cohort_of((1, "won", 5.0, "A"))) is None


def test_a_deal_outside_the_cohort_is_found_without_what_closing_overwrote():
    cohort = closed(make_book([deal(1, "lost", DAY), deal(2, "lost", "2021-02-03", stage="Closed Lost")]))
    one = one_deal(cohort, " D0002 ")
    assert one is not None
    assert (one["resolution"], one["stage"], one["quarter"]) == ("lost_unknown", None, None)


def test_an_unknown_id_is_answered_with_the_nearest_ones():
    book = cohort_of((11, "lost", 5.0, "A"), (12, "lost", 5.0, "A")).book
    with pytest.raises(UsageError, match="no such deal") as caught:
        known_deal(book, "D0013")
    assert "D0011" in caught.value.message and "D0012" in caught.value.message
    with pytest.raises(UsageError, match="look it up"):
        known_deal(book, "")
