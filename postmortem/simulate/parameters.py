"""Everything that is planted in a simulated company, in one place; all of it goes into its truth."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.ground.fiscal import FiscalCalendar, Quarter
from postmortem.simulate.practice import Practice
from postmortem.simulate.randomness import stream
from postmortem.simulate.world import Market, Organisation

FATES = ("won", "competitor", "status_quo", "disqualified")
STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
PROBABILITIES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 0.0)
OPEN_STAGES = 5
CATEGORIES = ("pipeline", "best_case", "most_likely", "commit", "closed", "omitted")


CAUSES: Mapping[str, Mapping[str, float]] = {
    "competitor": {
        "no_trust_in_delivery": 0.2, "needs_not_uncovered": 0.17, "true_buyer_not_engaged": 0.12,
        "missing_capability": 0.12, "price_value": 0.11, "incumbent_relationship": 0.1, "late_criteria": 0.06,
        "slow_response": 0.06, "brand_reference": 0.06,
    },
    "status_quo": {
        "risk_not_understood": 0.19, "true_buyer_not_engaged": 0.17, "not_qualified_continuously": 0.16,
        "no_urgency": 0.1, "priorities_changed": 0.1, "budget_lost": 0.1, "outcome_uncertain": 0.08,
        "champion_lost": 0.05, "built_in_house": 0.05,
    },
    "disqualified": {"not_an_opportunity": 0.45, "poor_fit": 0.3, "duplicate": 0.25},
}  # fmt: skip


@dataclass(frozen=True)
class Outcomes:
    """How deals end, by fate in the order of `FATES`; cycles are log-normal, medians in days."""

    shares: tuple[float, ...] = (0.667, 0.147, 0.147, 0.039)
    median_cycle: tuple[float, ...] = (78.0, 88.0, 122.0, 76.0)
    cycle_sigma: float = 0.5
    enterprise_effect: tuple[float, ...] = (0.0, 0.1, 0.35, -0.3)
    customer_effect: tuple[float, ...] = (0.0, -0.4, -0.3, -0.8)
    no_rival_effect: float = -1.4
    month_end_share: tuple[float, ...] = (0.28, 0.2, 0.3, 0.3)
    quarter_end_share: tuple[float, ...] = (0.5, 0.3, 0.42, 0.45)
    dead_share: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.05, 0.35), (0.15, 0.6), (0.1, 0.6))
    causes: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: dict(CAUSES))


LAST_STAGES: Mapping[str, tuple[float, ...]] = {
    "won": (0.0, 0.0, 0.0, 0.06, 0.94),
    "competitor": (0.01, 0.04, 0.1, 0.37, 0.48),
    "status_quo": (0.03, 0.07, 0.14, 0.36, 0.4),
    "disqualified": (0.2, 0.35, 0.3, 0.12, 0.03),
}


@dataclass(frozen=True)
class Forecasting:
    """How stages, forecast category, expected close and amount move while a deal is open."""

    skip_share: float = 0.08
    skip_share_lead: float = 0.3
    back_share: float = 0.05
    back_share_unqualified: float = 0.25
    last_stage: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: dict(LAST_STAGES))
    dwell: tuple[float, ...] = (0.6, 0.8, 1.0, 1.5, 1.7)
    category_level: tuple[float, ...] = (-1.8, -1.0, 0.1, 1.1, 2.1)
    category_noise: float = 0.6
    inkling: float = 0.15
    typical_cycle: float = 85.0
    first_guess: float = 0.62
    guess_sigma: float = 0.4
    foresight: float = 0.15
    push_median: float = 20.0
    push_sigma: float = 0.6
    pull_share: float = 0.05
    at_month_end: float = 0.35
    at_quarter_end: float = 0.2
    lost_date_kept: float = 0.2
    requote_share: float = 0.45
    requote_sigma: float = 0.22
    discount_share: float = 0.4
    deepest_discount: float = 0.22


@dataclass(frozen=True)
class Recording:
    """What reps write down once a deal is over: by true `lost_to`, the weight of each recorded value.

    `by_cause` multiplies the weight of values for deals lost for that cause, `codes` says which code and
    `lost_to` a recorded value stands for. Where `lost_to_shares` is empty the CRM has no such field.
    """

    reasons: Mapping[str, Mapping[str, float]]
    by_cause: Mapping[str, Mapping[str, float]]
    codes: Mapping[str, tuple[tuple[str, ...], str]]
    lost_to_labels: tuple[str, ...] = ("Competitor", "Status quo", "Disqualified", "")
    lost_to_shares: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    blank_sd: float = 0.45
    price_sd: float = 0.4
    rival_recorded: float = 0.5
    winner_recorded: float = 0.75
    recorded_at_close: float = 0.25
    status_updated: float = 0.45


@dataclass(frozen=True)
class Parameters:
    """A whole simulated company.

    Attributes
    ----------
    seed : int
        Source of every draw, 0 or more.
    first : datetime.date
        First day of the first quarter; deals closed before it are left out.
    quarters : int
        Calendar quarters that are over when the data are extracted.
    deals_per_quarter : int
        Deals created, and in the long run closed, a quarter.
    extraction_day : int
        Day of the next quarter on which the data are extracted.
    warm_up_days : int
        How long before `first` deals begin to be created.
    segment_is : str
        What the deals' segment holds: ``industry`` or ``size``.
    layout : str
        How its files are written: ``salesforce_report`` or ``salesforce_tables``.
    practice : Practice, optional
        How deals are worked and looked into; None: the CRM holds nothing about it, and it changes nothing.
    block : int
        Which block of accounts of a larger company; each has its own draws, but the sales force is one.
    """

    seed: int
    first: dt.date
    quarters: int
    deals_per_quarter: int
    company: str
    currency: str
    segment_is: Literal["industry", "size"]
    layout: Literal["salesforce_report", "salesforce_tables"]
    recording: Recording
    organisation: Organisation = field(default_factory=Organisation)
    market: Market = field(default_factory=Market)
    outcomes: Outcomes = field(default_factory=Outcomes)
    forecasting: Forecasting = field(default_factory=Forecasting)
    practice: Practice | None = None
    extraction_day: int = 6
    warm_up_days: int = 730
    block: int = 0

    def __post_init__(self) -> None:
        faults = [
            f"{name} is {value!r}, expected {expected}"
            for name, value, fine, expected in (
                ("seed", self.seed, self.seed >= 0, "0 or more"),
                ("quarters", self.quarters, self.quarters >= 1, "1 or more"),
                ("deals_per_quarter", self.deals_per_quarter, self.deals_per_quarter >= 1, "1 or more"),
                ("first", self.first.isoformat(), self.first == self.opening.start, "a quarter's first day"),
            )
            if not fine
        ]
        if self.practice is not None:
            faults += self.practice.faults(self.organisation.team_count)
        if faults:
            raise UsageError("Such a company cannot be simulated.", rows=faults)

    @property
    def opening(self) -> Quarter:
        """The first quarter."""
        return FiscalCalendar().quarter_of(self.first)

    @property
    def as_of(self) -> dt.date:
        """The day the data are extracted."""
        return (self.opening + self.quarters).day(self.extraction_day)

    def stream(self, aspect: str) -> np.random.Generator:
        """Return the generator of one `aspect` of this block."""
        return stream(self.seed, f"{aspect} of block {self.block}" if self.block else aspect)

    def as_json(self) -> dict[str, Any]:
        """Return all parameters as plain JSON values."""
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value
