"""The six red-zone causes and the signals that point to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from postmortem.signals.contract import Signal
from postmortem.signals.decided import Signs

# Codes of the red-zone taxonomy, and how they are called where a taxonomy has dropped one.
SIX: Mapping[str, str] = {
    "not_an_opportunity": "Only ever a lead",
    "not_qualified_continuously": "No commitment won at each step",
    "no_trust_in_delivery": "Promise not believed",
    "true_buyer_not_engaged": "Real buyer never engaged",
    "risk_not_understood": "Buyer's risk not understood",
    "needs_not_uncovered": "Needs never uncovered",
}


def signs_by_cause(signals: Sequence[Signal]) -> dict[str, tuple[Signal, ...]]:
    """Return the signals of each of the six causes; a signal counts for the first of the six that it points to."""
    of = [(signal, next((code for code in signal.causes if code in SIX), "")) for signal in signals]
    return {code: tuple(signal for signal, own in of if own == code) for code in SIX}


def number_showing(signs: Signs) -> pd.Series:
    """Return how many of the six show on each row; missing where nothing is known of any."""
    flags = pd.DataFrame(
        {code: signs.any_of([s.name for s in own]) for code, own in signs_by_cause(signs.signals).items()}
    )
    return flags.sum(axis=1).where(flags.notna().any(axis=1))
