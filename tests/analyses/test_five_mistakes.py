"""The five mistakes, recomputed from what every sign said of the made deals."""

from __future__ import annotations

from analysis_cases import FORECAST, answer_of, cohort_of

from postmortem.analyses.five_mistakes import MISTAKES
from postmortem.signals import NAMES


def test_the_mistakes_are_rates_of_all_deals_of_the_quarter_whatever_became_of_them(wide):
    rows = answer_of("five_mistakes", FORECAST).tables["mistakes"].keyed("mistake")
    focus = wide[wide["quarter"] == cohort_of(FORECAST).focus.label]
    for mistake, names in MISTAKES.items():
        known = focus[list(names)].max(axis=1).dropna()
        assert (rows[mistake]["seen"], rows[mistake]["n"]) == (known.sum(), len(known))
    assert {name for names in MISTAKES.values() for name in names} <= set(NAMES)
