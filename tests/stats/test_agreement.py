"""Two raters: published values, values by hand, and agreement that must hold whatever the labels are called."""

import json
import math

import numpy as np
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import clopper_pearson, cohens_kappa, share_alike, specific_agreement, wilson


def ratings_of(table):
    """Return two columns of labels that make up a square table of counts."""
    pairs = [(i, j) for i, row in enumerate(table) for j, k in enumerate(row) for _ in range(k)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


TEXTBOOK = [[31, 12], [4, 58]]


def test_kappa_and_its_interval_are_the_published_ones():
    kappa = cohens_kappa(*ratings_of(TEXTBOOK))
    assert (kappa.estimate, kappa.low, kappa.high) == pytest.approx((0.6756757, 0.5317210, 0.8196303), abs=5e-8)
    assert (kappa.n, kappa.events, kappa.status) == (105, 89, "ok")


def test_kappa_is_what_sas_prints(real_data):
    case = json.loads((real_data / "agreement_reference" / "kappa_reference.json").read_text("utf-8"))["cohen_sas_3x3"]
    kappa = cohens_kappa(*ratings_of(case["table"]), least_n=10)
    assert (kappa.estimate, kappa.low, kappa.high) == pytest.approx((case["kappa"], *case["ci95"]), abs=1e-4)


def test_twenty_nine_ratings_are_refused_and_thirty_are_read():
    one, other = ["a", "b"] * 15, ["a", "b"] * 14 + ["b", "a"]
    assert cohens_kappa(one[:29], other[:29]).why == "not enough data: 29 of the 30 observations needed"
    assert cohens_kappa(one, other).status == "ok"


def test_a_missing_rating_is_no_category():
    with pytest.raises(UsageError, match="without a label"):
        cohens_kappa(["a", None] * 20, ["a", "b"] * 20)
    with pytest.raises(UsageError, match="without a label"):
        share_alike(["a", math.nan] * 20, ["a", "b"] * 20)


def test_one_category_alone_tells_nothing_and_full_agreement_is_not_certain():
    assert cohens_kappa(["a"] * 40, ["a"] * 40).status == "refused"
    assert cohens_kappa(["a"] * 40, ["a", "b"] * 20).status == "refused"
    full = cohens_kappa(["a", "b"] * 20, ["a", "b"] * 20)
    # chance agreement is one half, and Wilson's lower limit of 40 of 40 is 1 / (1 + z² / 40)
    assert (full.estimate, full.status) == (1.0, "fallback")
    assert full.low == pytest.approx(2 * (1 / (1 + 1.959963984540054**2 / 40)) - 1)


def test_names_and_order_of_the_ratings_do_not_matter():
    one, other = ratings_of([[9, 3, 2], [1, 8, 4], [2, 2, 9]])
    order = np.random.default_rng(3).permutation(len(one))
    renamed = {0: "zebra", 1: "ape", 2: "mole"}
    again = cohens_kappa([renamed[one[i]] for i in order], [renamed[other[i]] for i in order])
    assert again.estimate == pytest.approx(cohens_kappa(one, other).estimate, abs=1e-12)


def test_few_ratings_have_the_exact_interval_and_many_have_wilsons():
    few = share_alike(["a"] * 20, ["a"] * 6 + ["b"] * 14)
    exact = clopper_pearson(6, 20)
    assert (few.estimate, few.low, few.high) == (0.3, exact.low, exact.high)
    # the same as a statement about those who differ: 14 of 20, 46 to 88%
    assert (1 - few.high, 1 - few.low) == pytest.approx((0.46, 0.88), abs=0.005)
    many = share_alike(["a"] * 60, ["a"] * 20 + ["b"] * 40)
    assert (many.low, many.high) == pytest.approx((wilson(20, 60).low, wilson(20, 60).high))


def test_ratings_that_hang_together_widen_the_interval():
    one, other = ["a"] * 60, ["a"] * 30 + ["b"] * 30
    alone, by_rep = share_alike(one, other), share_alike(one, other, {"rep": [place // 10 for place in range(60)]})
    assert by_rep.clusters == 6 and "clustered by rep" in by_rep.method
    # six clusters of ten that agree within: worth six ratings
    assert by_rep.high - by_rep.low > 2.2 * (alone.high - alone.low)
    mixed = share_alike(one, other, {"rep": [place % 6 for place in range(60)]})
    assert (mixed.low, mixed.high) == (alone.low, alone.high)


def test_agreement_on_one_category_is_twice_both_over_all_that_gave_it():
    found = specific_agreement(*ratings_of(TEXTBOOK))
    assert found[0].estimate == pytest.approx(62 / 78)
    assert found[1].estimate == pytest.approx(116 / 132)
    # limits by inverting Wilson's for 31 of the 47 things that either rater called 0
    share = wilson(31, 47)
    assert (found[0].low, found[0].high) == pytest.approx((2 / (1 / share.low + 1), 2 / (1 / share.high + 1)))


def test_a_rare_category_has_counts_and_no_estimate():
    found = specific_agreement([*["a"] * 30, "b"], [*["a"] * 29, "b", "b"])
    assert found["b"].status == "refused"
    assert (found["b"].n, found["b"].events) == (2, 1)
