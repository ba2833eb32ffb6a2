"""What no analysis lists is refused with what it does list, whoever asks and however."""

from __future__ import annotations

import inspect
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from analysis_cases import FORECAST, cohort_of

import postmortem as pm
from postmortem.analyses import ANALYSES, find
from postmortem.findings import COMPARISONS, OVERVIEWS
from postmortem.ground.errors import UsageError

EVERY = (*ANALYSES, *OVERVIEWS, *COMPARISONS)
LISTED = [
    (entry.name, argument, [str(each) for each in get_args(kind)])
    for entry in EVERY
    for argument, kind in get_type_hints(entry.function).items()
    if get_origin(kind) is Literal
]
NUMBERS = [
    (entry.name, argument)
    for entry in EVERY
    for argument, kind in get_type_hints(entry.function).items()
    if kind in (int, float)
]


def test_there_are_such_analyses():
    assert {name for name, _, _ in LISTED} >= {"loss_share", "mix_shift", "competitor_deals", "time_to_loss_by_group"}
    assert NUMBERS


@pytest.mark.parametrize("name", [entry.name for entry in EVERY])
def test_an_argument_nobody_knows_is_refused(name):
    with pytest.raises(UsageError, match=f"{name} cannot be asked with 'colour'") as error:
        getattr(pm, name)(cohort_of(FORECAST), colour="red")
    assert "got:" in error.value.message and "expected:" in error.value.message and "do:" in error.value.message
    known = list(inspect.signature(getattr(pm, name)).parameters)[1:]
    assert all(each in error.value.message for each in known)


@pytest.mark.parametrize(("name", "argument", "listed"), LISTED)
def test_a_value_that_is_not_listed_is_refused_with_those_that_are(name, argument, listed):
    with pytest.raises(UsageError, match=f"{name} knows no {argument} 'colour'") as error:
        getattr(pm, name)(cohort_of(FORECAST), **{argument: "colour"})
    assert all(each in error.value.message for each in listed)
    with pytest.raises(UsageError):
        next(entry for entry in EVERY if entry.name == name).function(cohort_of(FORECAST), **{argument: None})


@pytest.mark.parametrize(("name", "argument"), NUMBERS)
def test_a_word_for_a_number_is_refused(name, argument):
    for wrong in ("ninety", True, None):
        with pytest.raises(UsageError, match="number"):
            getattr(pm, name)(cohort_of(FORECAST), **{argument: wrong})


def test_every_fault_is_told_at_once_and_the_nearest_offered():
    with pytest.raises(UsageError) as error:
        find("loss_share").function(cohort_of(FORECAST), by="segmnt", measure="won")
    assert "by='segmnt'" in error.value.message and "measure='won'" in error.value.message
    assert "did you mean 'segment'?" in error.value.message


def test_what_is_listed_is_answered_and_numbers_of_numpy_are_numbers():
    cohort = cohort_of(FORECAST)
    assert find("loss_share").function(cohort, by="segment").params["by"] == "segment"
    assert find("time_to_loss").function(cohort, horizon=np.int64(60)).params["horizon"] == 60
