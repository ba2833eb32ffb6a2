"""The five mistakes, recomputed from what every sign said of the made deals, by the rule of the six causes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from analysis_cases import FORECAST, answer_of, cohort_of

from postmortem.analyses.five_mistakes import LATE, MISTAKES, mistakes_on, signs_by_mistake
from postmortem.signals import SIGNALS
from postmortem.signals.decided import Signs
from postmortem.signals.six import SIX
from postmortem.taxonomies import load_taxonomy

RED_ZONE = load_taxonomy("red_zone")


def stood(row: pd.Series, code: str) -> float:
    """Return whether a cause stands on one deal, deal by deal and sign by sign."""
    reason = RED_ZONE.reason(code)
    known = {name: row[name] for name in reason.signals if pd.notna(row[name])}
    defining = [value for name, value in known.items() if name in reason.defining]
    if defining:
        return float(any(defining))
    lesser = [value for name, value in known.items() if name not in reason.defining]
    return np.nan if len(lesser) < 2 else float(sum(lesser) >= 2)


def test_the_mistakes_are_rates_of_all_deals_of_the_quarter_whatever_became_of_them(wide):
    rows = answer_of("five_mistakes", FORECAST).tables["mistakes"].keyed("mistake")
    focus = wide[wide["quarter"] == cohort_of(FORECAST).focus.label]
    for mistake, codes in MISTAKES.items():
        told = [
            np.nanmax(known)
            for _, row in focus.iterrows()
            if (known := [v for v in ([stood(row, c) for c in codes] or list(row[list(LATE)])) if pd.notna(v)])
        ]
        assert (rows[mistake]["seen"], rows[mistake]["n"]) == (sum(told), len(told)), mistake
    assert any(row["seen"] for row in rows.values())


def signs(**fired: float) -> Signs:
    """Return one deal on which these signs are known."""
    flags = pd.DataFrame({signal.name: [fired.get(signal.name, np.nan)] for signal in SIGNALS})
    return Signs(pd.DataFrame({"deal_id": ["D1"]}), flags, flags, SIGNALS)


def on(**fired: float) -> dict[str, float]:
    return mistakes_on(signs(**fired), RED_ZONE).iloc[0].dropna().to_dict()


def test_a_lesser_sign_alone_is_no_mistake():
    risks, leads = "Risks not understood or met", "Poor leads chased and forecast"
    assert on(stalled_in_stage=0, no_proof_of_value=0, late_review_contact=1, scope_changed_late=1)[risks] == 0
    assert on(stalled_in_stage=1, no_proof_of_value=0)[risks] == on(stalled_in_stage=0, no_proof_of_value=1)[risks] == 1
    assert risks not in on(late_review_contact=1)
    assert on(late_review_contact=1, scope_changed_late=1)[risks] == 1
    # Forecast early, but qualified: no poor lead.
    assert on(no_qualification_commitment=0, forecast_soon_after_creation=1, no_buyer_contact=1)[leads] == 0


def test_last_minute_criteria_stand_with_any_of_their_signs():
    assert on(scope_changed_late=1, competitor_named_late=0)["Last-minute criteria"] == 1
    assert on(competitor_named_late=0)["Last-minute criteria"] == 0


def test_every_mistake_but_one_is_told_by_the_six():
    assert {code for codes in MISTAKES.values() for code in codes} < set(SIX)
    named = signs_by_mistake(signs(), RED_ZONE)
    assert [signal.name for signal in named["Last-minute criteria"][0].defining] == [
        signal.name for signal in SIGNALS if signal.name in LATE
    ]
    assert all(own for own in named.values())
