"""What reviewers found is counted by deal and by pair of twins, beside counts by hand and R's."""

from __future__ import annotations

from typing import Any

import pytest
from builders import closed, deal, make_book

from postmortem.analyses.review_findings import review_findings
from postmortem.frames.cohort import Cohort

CAUSE, LABEL = "no_trust_in_delivery", "Promise not believed"


def pair(number: int, lost: str | None, won: str | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a loss and a win of one amount that no other deal has, and what a manager answered on each."""
    ids = (2 * number, 2 * number + 1)
    deals = [
        deal(each, outcome, "2025-08-01", amount=3.0**number, segment="A")
        for each, outcome in zip(ids, ("lost", "won"), strict=True)
    ]
    answers = [
        {"deal_id": f"D{each:04d}", "rater_id": "Lee", "question": CAUSE, "answer": answer}
        for each, answer in zip(ids, (lost, won), strict=True) if answer
    ]  # fmt: skip
    return deals, answers


def cohort_of(*answers: tuple[str | None, str | None], more: tuple[dict[str, Any], ...] = ()) -> Cohort:
    made = [pair(number, lost, won) for number, (lost, won) in enumerate(answers, start=1)]
    deals = [each for both, _ in made for each in both]
    return closed(make_book(deals, reviews=[*(each for _, told in made for each in told), *more]))


def test_pairs_are_compared_as_pairs_and_an_unknown_answer_is_no_pair():
    answers = [("yes", "no")] * 7 + [("no", "yes")] + [("yes", "yes")] * 2 + [("no", "no")] * 2 + [("unknown", "yes")]
    result = review_findings(cohort_of(*answers))
    row = result.tables["causes"].keyed("cause")[LABEL]
    assert [row[name] for name in ("lost", "lost_yes", "won", "won_yes", "pairs", "lost_only", "won_only")] == [
        12, 9, 13, 4, 12, 7, 1,
    ]  # fmt: skip
    assert row["difference"] == pytest.approx(0.5)
    # binom.test(7, 8)$p.value in R; Bonett and Price by hand: p = 8/14, q = 2/14.
    assert row["chance"] == pytest.approx(0.0703125)
    half = 1.959963985 * ((8 / 14 + 2 / 14 - (6 / 14) ** 2) / 14) ** 0.5
    assert (row["low"], row["high"]) == pytest.approx((6 / 14 - half, 6 / 14 + half), abs=1e-8)
    assert result.headline == (
        "13 lost deals and 13 won deals were reviewed; what reviewers saw most on the lost ones, knowing the end, is "
        "“Promise not believed”: on 9 of 12 (75%, 47–91%) of the lost ones, and on 4 of 13 (31%, 13–58%) of the won "
        "ones."
    )


def test_under_ten_pairs_there_are_counts_and_nothing_else():
    row = review_findings(cohort_of(*[("yes", "no")] * 9)).tables["causes"].first
    assert (row["pairs"], row["lost_only"], row["won_only"]) == (9, 9, 0)
    assert all(row[name] != row[name] for name in ("difference", "low", "high", "chance", "lost_share"))


def test_several_reviewers_of_a_deal_are_put_together_by_majority_and_a_tie_is_not_known():
    def word(rater: str, answer: str) -> dict[str, Any]:
        return {"deal_id": "D0002", "rater_id": rater, "question": CAUSE, "answer": answer}

    tied = review_findings(cohort_of(("yes", "no"), more=(word("Ada", "no"),))).tables["causes"].first
    assert (tied["lost"], tied["lost_yes"]) == (0, 0)
    most = review_findings(cohort_of(("yes", "no"), more=(word("Ada", "no"), word("Bo", "yes")))).tables["causes"].first
    assert (most["lost"], most["lost_yes"]) == (1, 1)


def test_hindsight_stands_beside_every_answer_and_no_test_is_declared():
    result = review_findings(cohort_of(("yes", "no")))
    assert "knew how each deal had ended" in result.caveats[0]
    assert "tests" not in result.tables
    assert review_findings(cohort_of((None, "yes"))).status == "refused"
