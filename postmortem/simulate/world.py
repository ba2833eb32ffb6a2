"""The world of a simulated company: who sells, to which accounts, against whom, and for how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from postmortem.ground.errors import UsageError
from postmortem.simulate import words

MOST_PEOPLE = min(len(words.FIRST_NAMES), len(words.LAST_NAMES))


@dataclass(frozen=True)
class Organisation:
    """Who sells: reps and managers by region, and how much reps differ.

    `replaced` reps leave on the way and are replaced, each in another region. `win_effect_sd` and
    `manager_effect_sd` are the standard deviations of reps' and managers' log-odds of winning, `optimism_sd`
    that of reps' optimism in steps of the forecast category. Teams are those of a region, or of a manager.
    """

    regions: tuple[str, ...] = ("North America", "DACH", "UK & Ireland", "Nordics")
    reps: tuple[int, ...] = (9, 5, 5, 5)
    managers: tuple[int, ...] = (2, 1, 1, 1)
    replaced: int = 3
    win_effect_sd: float = 0.3
    optimism_sd: float = 0.5
    hand_over_share: float = 0.03
    manager_effect_sd: float = 0.0
    teams_by: Literal["region", "manager"] = "region"

    @property
    def team_count(self) -> int:
        """How many teams there are."""
        return len(self.regions) if self.teams_by == "region" else sum(self.managers)

    def __post_init__(self) -> None:
        people = sum(self.reps) + sum(self.managers)
        faults = [
            fault
            for fault, wrong in (
                (
                    "regions, reps and managers differ in length",
                    len({len(self.regions), len(self.reps), len(self.managers)}) > 1,
                ),
                ("a region has fewer than 3 reps or no manager", min(self.reps) < 3 or min(self.managers) < 1),
                ("more reps are replaced than there are regions", self.replaced > len(self.regions)),
                (f"{people} people, but names for {MOST_PEOPLE}", people > MOST_PEOPLE),
            )
            if wrong
        ]
        if faults:
            raise UsageError("Such a sales force cannot be simulated.", rows=faults)


@dataclass(frozen=True)
class Rival:
    """A competitor: how often it is on a deal, and how strongly (log-odds of a loss to it)."""

    name: str
    presence: float
    strength: float


RIVALS = (
    Rival("Brackwald Systems", 0.24, 0.9),
    Rival("Ortellan", 0.19, 0.6),
    Rival("Quorvane Controls", 0.15, 0.8),
    Rival("Tarnmoor Metrics", 0.06, 0.3),
    Rival("Lumenskjold", 0.05, 0.5),
    Rival("Hexmarrow", 0.045, 0.1),
    Rival("Dravonik", 0.04, 0.4),
    Rival("Pellorane Sensing", 0.03, -0.2),
    Rival("Istrum & Vael", 0.025, 0.2),
    Rival("Noctelle", 0.02, 0.0),
    Rival("Corvamere Analytics", 0.015, 0.3),
    Rival("Sykorsund", 0.01, -0.1),
)


INDUSTRIES = {
    "Manufacturing": 0.28, "Food & Beverage": 0.2, "Chemicals": 0.16, "Energy": 0.14, "Water": 0.1,
    "Life Sciences": 0.12,
}  # fmt: skip
SIZES = {"Enterprise": 0.25, "Mid-Market": 0.45, "Small Business": 0.3}
PRODUCTS = {
    "Process Analyzers": 0.3, "Field Sensors": 0.26, "Monitoring Software": 0.22, "Calibration Services": 0.12,
    "System Integration": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class Market:
    """To whom what is sold, for how much (amounts in the company's currency)."""

    industries: Mapping[str, float] = field(default_factory=lambda: dict(INDUSTRIES))
    sizes: Mapping[str, float] = field(default_factory=lambda: dict(SIZES))
    size_amount: tuple[float, ...] = (2.3, 1.0, 0.5)
    size_cycle: tuple[float, ...] = (1.3, 1.0, 0.8)
    products: Mapping[str, float] = field(default_factory=lambda: dict(PRODUCTS))
    product_amount: tuple[float, ...] = (1.3, 0.8, 1.0, 0.5, 2.0)
    median_amount: float = 42_000.0
    amount_sigma: float = 0.8
    customer_amount: float = 0.8
    smallest_amount: float = 1_500.0
    key_accounts: int = 15
    key_account_share: float = 0.09
    deals_per_account: float = 2.0
    customers_at_start: float = 0.35
    rivals: tuple[Rival, ...] = RIVALS
