"""Which signs went with winning, on earlier forecasts or on those of a report, and so warn of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import interval_text, per_cent, points
from postmortem.result import Column, Table
from postmortem.signals.association import p_of
from postmortem.signals.contract import Signal
from postmortem.signals.contrast import contrast
from postmortem.signals.decided import compared_signs, decided
from postmortem.signals.outlook import earlier_forecasts
from postmortem.stats import benjamini_hochberg

# As the gate of a report: false discovery rate over the signs, which are tested together here.
LEVEL = 0.03


@dataclass(frozen=True)
class WithWins:
    """A sign that stood more often on won deals: on what shares of them and of lost ones, and how far apart these are.

    Shares, and `difference` (won less lost) with its 95% interval, of deals of `window` in which the sign is known.
    """

    signal: Signal
    window: str
    won: float
    lost: float
    difference: float
    low: float
    high: float

    @property
    def sentence(self) -> str:
        """Why it is no warning, and what such deals often are."""
        apart = f"{points(self.difference)}, {interval_text(self.low, self.high, 'points')}"
        return (
            f"“{self.signal.label}” is not among the warnings: on the forecasts of {self.window} it stood more often "
            f"on won deals than on lost ones ({per_cent(self.won)} against {per_cent(self.lost)}, {apart}). "
            f"{self.signal.with_wins}"
        ).rstrip()


def with_wins(cohort: Cohort) -> tuple[WithWins, ...]:
    """Return the signs that stood on won deals more often than on lost ones, by more than chance, a year back.

    Parameters
    ----------
    cohort : Cohort
        Of kind ``open_forecast``. What is compared are the deals that were open and forecast on the same day of the
        quarters before it, as `warning_signals` compares those of a report.

    Returns
    -------
    tuple of WithWins
        In the order of the list of signs; none where there is no forecast of earlier quarters on record.
    """
    earlier = earlier_forecasts(cohort)
    if earlier is None:
        return ()
    deals = decided(earlier, signs=compared_signs(earlier))
    rows = [contrast(deals.fired[signal.name], deals.rows) for signal in deals.signals]
    p = [p_of(deals, signal.name, row) for signal, row in zip(deals.signals, rows, strict=True)]
    named = benjamini_hochberg(p) <= LEVEL
    return tuple(
        WithWins(
            signal, earlier.window_label, row["won_share"], row["lost_share"], -row["difference"], -row["high"],
            -row["low"],
        )
        for signal, row, is_named in zip(deals.signals, rows, named, strict=True)
        if is_named and row["difference"] < 0
    )  # fmt: skip


def stood_with_wins(cohort: Cohort) -> tuple[Signal, ...]:
    """Return the signs that stood more often on won deals of the window than on lost ones.

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open.

    Returns
    -------
    tuple of Signal
        Those whose difference has an interval that leaves out nought: `warning_signals` says so of the same.
    """
    deals = decided(cohort, signs=compared_signs(cohort))
    return tuple(signal for signal in deals.signals if contrast(deals.fired[signal.name], deals.rows)["high"] < 0)


def with_wins_table(against: Sequence[WithWins], asked: pd.DataFrame) -> Table:
    """Return one row a sign that is no warning, with the open deals it holds on.

    Parameters
    ----------
    against : sequence of WithWins
        At least one.
    asked : DataFrame
        What the signals say of the open deals, as from `postmortem.signals.matrix.fired`.
    """
    holds = asked.loc[asked["fired"].fillna(False), "signal"].value_counts()
    rows = [
        {
            "sign": sign.signal.label, "deals": int(holds.get(sign.signal.name, 0)), "won_share": sign.won,
            "lost_share": sign.lost, "difference": sign.difference, "low": sign.low, "high": sign.high,
            "quarters": sign.window,
        }
        for sign in against
    ]  # fmt: skip
    columns = (
        Column("sign", "label", "Sign"),
        Column("deals", "count", "Open deals it holds on"),
        Column("won_share", "estimate", "Share of won deals", "share"),
        Column("lost_share", "estimate", "Share of lost deals", "share"),
        Column("difference", "estimate", "Difference (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("quarters", "label", "Of the forecasts of"),
    )
    return Table(pd.DataFrame(rows), columns, "Signs that went with winning: no warnings", detail=True)
