"""Corrected shares against post-stratification by hand, planted truth, and everything that refuses them."""

import math

import numpy as np
import pytest
from scipy import special, stats

from postmortem.ground.errors import UsageError
from postmortem.stats import chance_of_at_least, corrected_shares

# By cell of the record: all, asked, and how those asked answered.
CELLS = {"price": (60, 24, {"price": 8, "fit": 12, "trust": 4}), "none": (140, 28, {"fit": 14, "trust": 14})}


def cells(**more):
    """Return two cells asked at different rates: answers, record, known probability of every unit asked."""
    answers, recorded, inclusion = [], [], []
    for cell, (everyone, asked, said) in CELLS.items():
        answers += [kind for kind, number in said.items() for _ in range(number)] + [None] * (everyone - asked)
        inclusion += [asked / everyone] * asked + [math.nan] * (everyone - asked)
        recorded += [cell] * everyone
    return {"answers": answers, "recorded": recorded, "inclusion": inclusion, "draws": 60, **more}


def by_post_stratification():
    """Σ_cell (all in cell / all) · (share of the answer in the cell): what AIPW is where cells tell everything."""
    n = sum(everyone for everyone, _, _ in CELLS.values())
    kinds = ("fit", "price", "trust")
    return {
        kind: sum(everyone / n * said.get(kind, 0) / asked for everyone, asked, said in CELLS.values())
        for kind in kinds
    }


def book(seed, n=480, target=60):
    """Return answers, record, size and segment of a book asked by size, segment and record; and the true answers."""
    rng = np.random.default_rng(seed)
    size, segment = rng.normal(size=n), rng.integers(2, size=n)
    lean = np.log([0.3, 0.3, 0.25, 0.15]) + np.outer(size, [0.5, -0.4, 0, 0]) + np.outer(segment, [0, 0.5, -0.5, 0])
    truth = (rng.random(n)[:, None] > special.softmax(lean, axis=1).cumsum(axis=1)).sum(axis=1)
    habits = np.array([[0.55, 0.2, 0.15, 0.1], [0.45, 0.35, 0.1, 0.1], [0.5, 0.1, 0.3, 0.1], [0.45, 0.15, 0.1, 0.3]])
    recorded = np.minimum((rng.random(n)[:, None] > habits[truth].cumsum(axis=1)).sum(axis=1), 3)
    pull = 0.6 * size - 0.5 * segment + 0.8 * (recorded == 0) - 0.4 * (recorded == 2)
    asked = np.zeros(n, dtype=bool)
    # the largest of Gumbel noise and pull: exactly as many asked, each by its own chance
    asked[np.argsort(-(pull + rng.gumbel(size=n)))[:target]] = True
    answers = [int(kind) if there else None for kind, there in zip(truth, asked, strict=True)]
    return answers, recorded, {"size": size, "segment": segment}, truth


@pytest.mark.parametrize("ridge", [0.1, 1.0, 100.0])
def test_with_known_probabilities_it_is_post_stratification_whatever_the_models_are(ridge):
    found = corrected_shares(**cells(ridge=ridge))
    assert {one.kind: one.share.estimate for one in found.shares} == pytest.approx(by_post_stratification())
    assert [one.asked for one in found.shares] == [26, 8, 18]
    assert found.effective == pytest.approx((24 * 2.5 + 28 * 5) ** 2 / (24 * 2.5**2 + 28 * 5**2))


def test_without_a_penalty_the_estimated_probabilities_come_to_the_same():
    found = corrected_shares(**cells(inclusion=None, ridge=1e-6))
    assert {one.kind: one.share.estimate for one in found.shares} == pytest.approx(by_post_stratification(), abs=1e-4)


def test_by_hand_with_response_among_those_drawn():
    """All were drawn with chance .5 and responded by cell: the weights come of the response, their scale cancels."""
    made = cells(ridge=1e-6)
    found = corrected_shares(**{**made, "inclusion": [0.5] * 200})
    assert {one.kind: one.share.estimate for one in found.shares} == pytest.approx(by_post_stratification(), abs=1e-4)


def test_where_all_were_asked_it_is_the_plain_share():
    kinds = ["a"] * 30 + ["b"] * 20 + ["c"] * 10
    found = corrected_shares(kinds, ["x", "y"] * 30, draws=300)
    assert [one.share.estimate for one in found.shares] == pytest.approx([0.5, 1 / 3, 1 / 6])
    assert [one.alone for one in found.shares] == pytest.approx([0.5, 1 / 3, 1 / 6])
    error = math.sqrt(0.25 / 60)
    assert found.draws[:, 0].std() == pytest.approx(error, rel=0.15)
    assert found.shares[0].share.low == pytest.approx(0.5 - 1.96 * error, abs=0.03)


def test_order_names_and_units_of_the_input_decide_nothing():
    answers, recorded, covariates, _ = book(4)
    plain = corrected_shares(answers, recorded, covariates=covariates, draws=40)
    order = np.random.default_rng(0).permutation(len(answers))
    names = {0: "zero", 1: "one", 2: "two", 3: "three"}
    moved = corrected_shares(
        [names.get(answers[place]) for place in order],
        [f"record {recorded[place]}" for place in order],
        covariates={name: 1000 * values[order] + 7 for name, values in covariates.items()},
        draws=40,
    )
    again = {one.kind: one.share.estimate for one in moved.shares}
    assert {names[one.kind]: one.share.estimate for one in plain.shares} == pytest.approx(again, abs=1e-6)


def test_a_fixed_book_is_nearer_to_the_truth_than_record_and_interviews():
    answers, recorded, covariates, truth = book(2, n=2000, target=400)
    found = corrected_shares(answers, recorded, covariates=covariates, draws=60)
    true = np.bincount(truth, minlength=4) / len(truth)
    corrected = np.array([one.share.estimate for one in found.shares])
    alone = np.array([one.alone for one in found.shares])
    record = np.bincount(recorded, minlength=4) / len(recorded)
    assert np.abs(corrected - true).max() < 0.03
    assert np.abs(alone - true).max() > 0.06 and np.abs(record - true).max() > 0.12
    assert all(one.share.low <= true[one.kind] <= one.share.high for one in found.shares)
    assert corrected.sum() == pytest.approx(1)


def test_clusters_are_drawn_together_from_twenty_on():
    """Every rep's buyers say the same: their spread is that of reps, not of deals."""
    rng = np.random.default_rng(1)
    rep = np.repeat(np.arange(24), 20)
    kind = np.where(rng.random(24) < 0.5, "a", "b")[rep]
    asked = rng.random(480) < 0.4
    answers = [label if there else None for label, there in zip(kind, asked, strict=True)]
    by_deal = corrected_shares(answers, ["x"] * 480, draws=100)
    by_rep = corrected_shares(answers, ["x"] * 480, clusters=rep, draws=100)
    few = corrected_shares(answers, ["x"] * 480, clusters=rep // 2, draws=100)
    assert (by_deal.clusters, by_rep.clusters, few.clusters) == (0, 24, 0)
    assert by_rep.draws[:, 0].std() > 2.5 * by_deal.draws[:, 0].std()
    assert few.shares == by_deal.shares


def test_a_rare_answer_that_was_asked_for_gets_an_exact_interval():
    made = cells(answers=["price"] * 2 + ["fit"] * 58 + [None] * 140, recorded=["x"] * 200, inclusion=None)
    pooled, kept = (corrected_shares(**{**made, "keep": keep}) for keep in ((), ("price", "magic")))
    assert pooled.status == "refused" and pooled.why == "all answers are of one kind"
    shares = {one.kind: one for one in kept.shares}
    price, magic = shares["price"].share, shares["magic"].share
    assert (price.status, price.estimate) == ("fallback", pytest.approx(2 / 60, abs=1e-6))
    assert price.high == pytest.approx(stats.beta.ppf(0.975, 3, 58), abs=1e-3)
    assert (magic.estimate, magic.low) == (0, 0)
    assert magic.high == pytest.approx(1 - 0.025 ** (1 / 60), abs=1e-3)


def test_what_was_too_rare_to_stand_is_counted_and_has_no_share():
    """Three kinds of four answers each are left over: that it is these three is chance as well."""
    kinds = ["a"] * 30 + ["b"] * 18 + ["c"] * 4 + ["d"] * 4 + ["e"] * 4
    found = corrected_shares(kinds + [None] * 60, ["x"] * 120, draws=20)
    assert found.pooled == ("c", "d", "e")
    assert [(one.kind, one.asked) for one in found.shares] == [("a", 30), ("b", 18), ("other", 12)]
    assert (found.shares[2].share.status, found.shares[2].alone) == ("refused", 0.2)
    assert sum(one.share.estimate for one in found.shares[:2]) == pytest.approx(0.8, abs=1e-6)


def test_the_one_sided_test_is_the_larger_of_bootstrap_and_binomial():
    made = cells(answers=["price"] * 6 + ["fit"] * 54 + [None] * 140, recorded=["x"] * 200, inclusion=None, draws=400)
    found = corrected_shares(**made)
    assert chance_of_at_least(found, ("price",), 0.2) == pytest.approx(stats.binom.cdf(6, 60, 0.2), abs=1e-3)
    assert chance_of_at_least(found, ("price",), 0.02) > 0.99
    assert chance_of_at_least(found, ("price", "fit"), 0.9) == 1.0
    assert math.isnan(chance_of_at_least(corrected_shares(["a", None], ["x", "x"]), ("a",), 0.2))


def test_a_kind_given_four_times_is_pooled_and_one_given_five_times_stands():
    answers = ["a"] * 14 + ["b"] * 10 + ["rare"] * 4 + ["c"] * 4 + ["d"] * 3 + [None] * 37
    four = corrected_shares(answers, ["x"] * 72, draws=20)
    assert four.pooled == ("c", "d", "rare")
    assert next(one for one in four.shares if one.kind == "other").share.status == "refused"
    five = corrected_shares(["rare", *answers[1:]], ["x"] * 72, draws=20)
    assert five.pooled == ("c", "d") and next(one for one in five.shares if one.kind == "rare").asked == 5


def test_refusals_say_what_there_is():
    few = corrected_shares(["a"] * 12 + ["b"] * 12 + [None] * 50, ["x"] * 74)
    assert (few.status, few.why) == ("refused", "not enough data: 24 of the 25 interviews needed")
    assert (few.shares, few.n, few.asked) == ((), 74, 24)
    # one probability of .04 among many of 1 carries most of the weight
    answers = ["a"] * 15 + ["b"] * 15 + [None] * 100
    lopsided = corrected_shares(answers, ["x"] * 130, inclusion=[0.04] * 2 + [1.0] * 28 + [math.nan] * 100)
    assert lopsided.status == "refused"
    worth = (2 / 0.04 + 28) ** 2 / (2 / 0.04**2 + 28)
    assert lopsided.effective == pytest.approx(worth, rel=0.05) and worth < 15
    assert lopsided.why == f"the 30 interviews are worth {lopsided.effective:.0f} evenly spread ones, of 15 needed"
    narrow = corrected_shares(["a"] * 15 + ["b"] * 15 + [None] * 30, ["x"] * 60, draws=20)
    assert (narrow.status, narrow.why) == ("fallback", "under 50 interviews: intervals likely too narrow")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recorded": ["x"] * 3}, "differ in length"),
        ({"recorded": [None] * 200}, "without a label"),
        ({"inclusion": [math.nan] * 200}, "no probability of a draw"),
        ({"inclusion": [30.0] * 200}, "no probability of a draw"),
        ({"inclusion": [0.5] * 199}, "differ in length"),
        ({"covariates": {"size": [math.nan] * 200}}, "missing or infinite"),
        ({"clusters": [None] * 200}, "without a label"),
        ({"confidence": 95}, "out of range"),
    ],
)
def test_what_cannot_mean_anything_is_an_error(change, message):
    with pytest.raises(UsageError, match=message):
        corrected_shares(**{**cells(), **change})


@pytest.mark.slow
def test_sixty_interviews_cover_the_truth_under_selection_on_size_segment_and_record():
    true = np.mean([np.bincount(book(seed, n=20000)[3], minlength=4) / 20000 for seed in range(900, 905)], axis=0)
    held, off, off_alone, off_record = [], [], [], []
    for seed in range(100):
        answers, recorded, covariates, _ = book(seed)
        found = corrected_shares(answers, recorded, covariates=covariates, draws=200)
        if found.status == "refused" or len(found.shares) < 4:
            continue
        held.append([one.share.low <= true[one.kind] <= one.share.high for one in found.shares])
        off.append([one.share.estimate for one in found.shares])
        off_alone.append([one.alone for one in found.shares])
        off_record.append(np.bincount(recorded, minlength=4) / len(recorded))
    assert len(held) > 75
    assert np.mean(held) > 0.9
    assert np.abs(np.mean(off, axis=0) - true).max() < 0.02
    assert np.abs(np.mean(off_alone, axis=0) - true).max() > 0.04
    assert np.abs(np.mean(off_record, axis=0) - true).max() > 0.1
