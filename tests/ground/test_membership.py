"""Membership among many texts must be what pandas says it is."""

import pandas as pd
import pytest

from postmortem.ground.membership import among


@pytest.mark.parametrize("others", [["b", "x"], [], ["a", None], [None]])
@pytest.mark.parametrize("texts", [["a", "b", None, "ä", "b"], []])
def test_it_is_isin(texts, others):
    asked = pd.Series(texts, index=range(3, 3 + len(texts)), dtype="str")
    many = pd.Series(others, dtype="str")
    pd.testing.assert_series_equal(among(asked, many), asked.isin(many))


def test_texts_kept_as_python_objects_are_taken_too():
    assert among(pd.Series(["a", "b"], dtype="object"), pd.Series(["b"], dtype="object")).tolist() == [False, True]
