"""The Brier score and its parts against a worked example, and the identity that makes them parts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.ground.errors import UsageError
from postmortem.stats import brier_score

STATED = (0.9, 0.9, 0.9, 0.6, 0.6, 0.3, 0.3, 0.3, 0.1, 0.1)
CAME = (1, 1, 0, 1, 0, 0, 1, 0, 0, 0)
RECORDS = st.lists(st.tuples(st.sampled_from((0.0, 0.1, 0.25, 0.5, 0.9, 1.0)), st.booleans()), min_size=10, max_size=60)


def test_reference_values():
    found = brier_score(STATED, CAME)
    assert found.score == pytest.approx(0.204, abs=1e-12)
    assert found.reliability == pytest.approx(0.0206667, abs=5e-8)
    assert found.resolution == pytest.approx(0.0566667, abs=5e-8)
    assert found.uncertainty == pytest.approx(0.24, abs=1e-12)
    assert found.skill == pytest.approx(0.15, abs=1e-12)


@given(RECORDS)
def test_the_parts_add_up_exactly(records):
    found = brier_score(*zip(*records, strict=True))
    assert found.score == pytest.approx(found.reliability - found.resolution + found.uncertainty, abs=1e-12)
    assert found.reliability >= 0 and found.resolution >= 0
    assert sum(each.n for each in found.bins) == found.n == len(records)
    assert sum(each.events for each in found.bins) == found.events


def test_flags_are_outcomes_and_not_their_opposite():
    assert brier_score(STATED, np.array(CAME, dtype=bool)) == brier_score(STATED, CAME)
    assert brier_score([0.9] * 10, [True] * 10).score == pytest.approx(0.01)


def test_perfect_foresight_and_the_overall_share_mark_the_ends():
    assert brier_score([1.0] * 5 + [0.0] * 5, [1] * 5 + [0] * 5).skill == 1.0
    flat = brier_score([0.4] * 10, [1] * 4 + [0] * 6)
    assert (flat.reliability, flat.resolution) == pytest.approx((0, 0), abs=1e-15)
    assert flat.skill == pytest.approx(0, abs=1e-12)
    assert math.isnan(brier_score([0.4] * 10, [0] * 10).skill)


def test_the_calibration_table_counts_every_bin_and_hides_small_ones():
    stated = [0.1 + 0.2] * 3 + [0.3] * 3 + [0.9] * 4  # the two ways to write .3 differ in the last digit
    low, high = brier_score(stated, [1, 0, 0, 1, 0, 0, 1, 1, 1, 0]).bins
    assert (low.stated, low.n, low.events, low.share.status) == (0.3, 6, 2, "ok")
    assert low.share.estimate == pytest.approx(1 / 3)
    assert (high.n, high.events, high.share.status) == (4, 3, "refused")


def test_few_observations_keep_the_table_and_lose_the_score():
    found = brier_score([0.5] * 9, [1] * 9)
    assert (found.status, found.why) == ("refused", "not enough data: 9 of the 10 observations needed")
    assert math.isnan(found.score) and found.bins[0].n == 9


@pytest.mark.parametrize(
    ("stated", "came", "what"),
    [
        ([1.1], [1], "no shares"),
        ([0.5], [0.5], "not outcomes"),
        ([0.5, 0.5], [1], "differ"),
        ([0.5], [None], "missing"),
    ],
)
def test_impossible_input_is_an_error(stated, came, what):
    with pytest.raises(UsageError, match=what):
        brier_score(stated, came)
