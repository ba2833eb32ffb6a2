"""Who is drawn: sizes by hand, probabilities by drawing again and again, and what later draws must keep."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.ground.errors import UsageError
from postmortem.stats import allocate, stratified_draw

STRATA = ["price"] * 12 + ["budget"] * 6 + ["other"] * 2
NAMES = [f"D{number:02d}" for number in range(20)]


def drawn(total=10, **more):
    return [each for each in stratified_draw(NAMES, STRATA, total, **more) if each.is_drawn]


@pytest.mark.parametrize(
    ("total", "given"),
    [(10, {"price": 5, "budget": 3, "other": 2}), (20, {"price": 12, "budget": 6, "other": 2}),
     (99, {"price": 12, "budget": 6, "other": 2}), (3, {"price": 1, "budget": 1, "other": 1}),
     (0, {"price": 0, "budget": 0, "other": 0})],
)  # fmt: skip
def test_shares_of_the_sample(total, given):
    """10 of 20 in proportion is 6, 3 and 1; the smallest gets its 2, at the cost of the largest."""
    assert allocate({"price": 12, "budget": 6, "other": 2}, total) == given


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(0, 200), st.integers(0, 3))
def test_the_whole_sample_is_given_and_no_stratum_gives_more_than_it_has(sizes, total, least):
    named = {f"s{place}": size for place, size in enumerate(sizes)}
    found = allocate(named, total, least=least)
    assert sum(found.values()) == min(total, sum(sizes))
    assert all(0 <= found[name] <= named[name] for name in named)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(0, 200))
def test_one_more_takes_from_no_stratum(sizes, total):
    named = {f"s{place}": size for place, size in enumerate(sizes)}
    fewer, more = allocate(named, total), allocate(named, total + 1)
    assert all(fewer[name] <= more[name] for name in named)


def test_every_case_is_drawn_as_often_as_its_probability_says():
    """A thousand seeds: a case of `price` is drawn 5 in 12, within four standard errors."""
    often, told = Counter(), {}
    for seed in range(1000):
        for each in stratified_draw(NAMES, STRATA, 10, seed=seed):
            often[each.name] += each.is_drawn
            told[each.name] = each.probability
    assert told["D00"] == 5 / 12 and told["D15"] == 3 / 6 and told["D19"] == 1
    for name, probability in told.items():
        assert abs(often[name] / 1000 - probability) <= 4 * (probability * (1 - probability) / 1000) ** 0.5


def test_the_order_of_the_cases_does_not_matter_and_the_seed_does():
    again = stratified_draw(NAMES[::-1], STRATA[::-1], 10)
    assert again == stratified_draw(NAMES, STRATA, 10)
    assert {each.name for each in drawn(seed=1)} != {each.name for each in drawn(seed=2)}


def test_replacements_follow_in_their_order_and_a_larger_sample_takes_them_up():
    found = stratified_draw(NAMES, STRATA, 10)
    standing_by = [each for each in found if each.stratum == "price" and not each.is_drawn]
    assert [each.place for each in standing_by] == [6, 7, 8, 9, 10, 11, 12]
    assert {each.order for each in standing_by} == {0}
    larger = {each.name for each in drawn(12) if each.stratum == "price"}
    smaller = {each.name for each in found if each.stratum == "price" and each.is_drawn}
    assert larger - smaller == {each.name for each in standing_by[: len(larger) - len(smaller)]}


def test_cases_drawn_before_stay_whatever_the_seed_and_count_in_the_probability():
    before = {"D11", "D10", "D09"}
    found = {each.name: each for each in stratified_draw(NAMES, STRATA, 10, before=before, seed=5)}
    assert all(found[name].is_drawn and found[name].place <= 3 for name in before)
    assert found["D11"].probability == found["D00"].probability == 5 / 12
    assert sum(each.is_drawn for each in found.values()) == 10


def test_what_is_kept_is_not_evened_out_once_there_is_enough():
    kept = {"price": 1, "budget": 6, "other": 0}
    sizes = {"price": 12, "budget": 6, "other": 2}
    assert allocate(sizes, 5, kept=kept) == kept
    assert allocate(sizes, 10, kept=kept) == {"price": 2, "budget": 6, "other": 2}


def test_more_drawn_before_than_wanted_all_stay():
    assert {each.name for each in drawn(3, before=set(NAMES[:8]))} >= set(NAMES[:8])


def test_whoever_stops_half_way_has_kept_to_the_strata():
    order = sorted(drawn(), key=lambda each: each.order)
    assert [each.order for each in order] == list(range(1, 11))
    assert Counter(each.stratum for each in order[:6]) == {"price": 3, "budget": 2, "other": 1}


def test_a_case_that_stands_twice_is_refused():
    with pytest.raises(UsageError, match="stands twice"):
        stratified_draw(["a", "a"], ["x", "x"], 1)
