"""What an estimate may carry, and the house rule for too little data."""

import math
from dataclasses import FrozenInstanceError

import pytest

import postmortem.stats as stats_package
from postmortem.ground.errors import UsageError
from postmortem.stats import Estimate, refusal

SOUND = {"estimate": 0.4, "low": 0.3, "high": 0.5, "n": 40, "confidence": 0.95, "method": "by hand"}


def test_a_refusal_keeps_the_counts_and_carries_no_number():
    refused = Estimate.refused("not enough data", n=7, events=3, clusters=2, method="any")
    assert (refused.n, refused.events, refused.clusters, refused.status) == (7, 3, 2, "refused")
    assert all(math.isnan(v) for v in (refused.estimate, refused.low, refused.high, refused.confidence))


@pytest.mark.parametrize(
    "change",
    [
        {"low": math.nan},
        {"estimate": math.nan},
        {"low": 0.6},
        {"status": "refused", "why": "a refusal with numbers"},
        {"status": "fallback"},
    ],
)
def test_numbers_that_contradict_the_status_are_an_error(change):
    assert Estimate(**SOUND).status == "ok"
    with pytest.raises(UsageError):
        Estimate(**{**SOUND, **change})


def test_a_refusal_without_a_reason_is_an_error():
    with pytest.raises(UsageError, match="no reason"):
        Estimate.refused("", n=3, method="any")


def test_an_estimate_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Estimate(**SOUND).low = 0.1


@pytest.mark.parametrize(
    ("had", "why"),
    [
        ((10, 5, 10), ""),
        ((10, None), ""),
        ((9, 5), "not enough data: 9 of the 10 observations needed"),
        ((60, 4, 24), "not enough data: 4 of the 5 events needed"),
        ((60, 20, 9), "not enough data: 9 of the 10 groups needed"),
        ((3, 0), "not enough data: 3 of the 10 observations and 0 of the 5 events needed"),
    ],
)
def test_the_house_rule_names_every_shortage(had, why):
    assert refusal(*had) == why


def test_the_needs_of_a_caller_replace_the_house_rule():
    assert refusal(7, None, least_n=25) == "not enough data: 7 of the 25 observations needed"
    assert refusal(7, 0, least_n=5, least_events=0) == ""


def test_all_names_the_package_exports_exist():
    assert all(hasattr(stats_package, name) for name in stats_package.__all__)
    assert len(set(stats_package.__all__)) == len(stats_package.__all__)
