"""The six red-zone causes, the signals that point to each, and when a cause stands on a deal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from postmortem.signals.contract import Signal
from postmortem.signals.decided import Signs
from postmortem.taxonomies import Reason, Taxonomy, load_taxonomy

# Codes of the red-zone taxonomy, and how they are called where a taxonomy has dropped one.
SIX: Mapping[str, str] = {
    "not_an_opportunity": "Only ever a lead",
    "not_qualified_continuously": "No commitment won at each step",
    "no_trust_in_delivery": "Promise not believed",
    "true_buyer_not_engaged": "Real buyer never engaged",
    "risk_not_understood": "Buyer's risk not understood",
    "needs_not_uncovered": "Needs never uncovered",
}
# Of lesser signs one is commonplace; two of them together are not.
LEAST_LESSER = 2


@dataclass(frozen=True)
class CauseSigns:
    """The signals of one cause.

    Attributes
    ----------
    defining : tuple of Signal
        Those that are the cause by its own definition, as the taxonomy lists them.
    lesser : tuple of Signal
        Those that go with it, and with other things as well.
    """

    defining: tuple[Signal, ...]
    lesser: tuple[Signal, ...]

    @property
    def words(self) -> str:
        """What a cause is read from: the defining signs, and what counts where these are not on record."""
        defining = " or ".join(f"“{signal.label}”" for signal in self.defining)
        lesser = "; ".join(signal.label for signal in self.lesser)
        instead = f"two of: {lesser}" if len(self.lesser) >= LEAST_LESSER else ""
        if defining and instead:
            return f"{defining}; where that is not on record, {instead}"
        return defining or instead or "no sign on record"

    def on_record(self, signs: Signs) -> CauseSigns:
        """Return the signals of which something is known on any of the deals."""
        known = {name for name in signs.fired if signs.fired[name].notna().any()}
        defining, lesser = (tuple(each for each in own if each.name in known) for own in (self.defining, self.lesser))
        return CauseSigns(defining, lesser)


def signs_by_cause(signals: Sequence[Signal], taxonomy: Taxonomy) -> dict[str, CauseSigns]:
    """Return the signals of each of the six causes, as a taxonomy lists them.

    Parameters
    ----------
    signals : sequence of Signal
        Those asked; an engagement's own count for every cause they point to.
    taxonomy : Taxonomy
        The engagement's; a cause that it has dropped is read as the red-zone taxonomy has it.

    Returns
    -------
    dict of str to CauseSigns
        By code, in the order of `SIX`. A signal may count for several causes.
    """
    return {code: _signs_of(code, signals, taxonomy) for code in SIX}


def stands(signs: Signs, own: CauseSigns) -> pd.Series:
    """Say on which rows a cause stands: 1, 0, or missing where it cannot be told.

    Notes
    -----
    Where a defining sign is known, these decide: any of them that fired makes the cause stand. Where none is known,
    it stands with two lesser signs, and is told of rows on which at least two of these are known.
    """
    decided = signs.any_of([signal.name for signal in own.defining])
    lesser = signs.fired[[signal.name for signal in own.lesser]]
    enough = (lesser.sum(axis=1) >= LEAST_LESSER).astype("float64")
    told: pd.Series = decided.fillna(enough.where(lesser.notna().sum(axis=1) >= LEAST_LESSER))
    return told


def causes_on(signs: Signs, taxonomy: Taxonomy) -> pd.DataFrame:
    """Return which of the six stand on each row: one column a cause, values as `stands` gives them."""
    return pd.DataFrame({code: stands(signs, own) for code, own in signs_by_cause(signs.signals, taxonomy).items()})


def number_showing(signs: Signs, taxonomy: Taxonomy) -> pd.Series:
    """Return how many of the six show on each row; missing where nothing is known of any."""
    flags = causes_on(signs, taxonomy)
    return flags.sum(axis=1).where(flags.notna().any(axis=1))


def _signs_of(code: str, signals: Sequence[Signal], taxonomy: Taxonomy) -> CauseSigns:
    known = taxonomy.successor(code)
    reason = _as_shipped(code) if known is None else taxonomy.reason(known)
    listed = [
        signal
        for signal in signals
        if signal.name in reason.signals or (signal.origin and {code, reason.code} & set(signal.causes))
    ]
    return CauseSigns(
        tuple(signal for signal in listed if signal.name in reason.defining),
        tuple(signal for signal in listed if signal.name not in reason.defining),
    )


@cache
def _as_shipped(code: str) -> Reason:
    return load_taxonomy("red_zone").reason(code)
