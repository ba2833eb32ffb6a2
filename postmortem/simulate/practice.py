"""How deals are worked and looked into: what is planted in events, contacts, prices, interviews and reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BLINDSIDES = (
    "not_an_opportunity", "not_qualified_continuously", "no_trust_in_delivery", "true_buyer_not_engaged",
    "risk_not_understood", "needs_not_uncovered",
)  # fmt: skip
COMMITMENTS = (
    ("Buyer agreed to a first meeting",),
    ("Buyer named the problem and the people it concerns", "Buyer confirmed budget and date"),
    ("Buyer confirmed the needs in writing", "Buyer named the criteria of the decision"),
    ("Buyer reviewed the proposal with us", "Buyer confirmed the scope"),
    ("Buyer agreed to the terms", "Buyer's approvals are scheduled"),
)
"""Exit commitments by stage, as in the process file."""


def _even(share: float) -> Mapping[str, tuple[float, float]]:
    return dict.fromkeys(BLINDSIDES, (share, share))


@dataclass(frozen=True)
class Marking:
    """How often each of the six red-zone causes marks won deals and lost deals, and how often it shows.

    `prevalence` is (share of won, share of lost). A marked deal shows it in the tables with chance `shown`,
    another one looks the same with chance `by_chance`. With `marks_its_cause` a deal that was lost for a
    cause always carries its mark, and the others make up the planted share. `pushes` multiplies the first
    guess of the close date of deals marked as not qualified, which makes them pushed more often.
    """

    prevalence: Mapping[str, tuple[float, float]] = field(default_factory=lambda: _even(0.25))
    shown: float = 0.95
    by_chance: float = 0.03
    marks_its_cause: bool = False
    pushes: float = 1.0


@dataclass(frozen=True)
class Activity:
    """Contacts a day while a deal is alive, by who acts, and how they are logged; times are in days.

    `left_alone` is the share of proposals, (won, lost), that no two-way contact follows within 7 days.
    `seller_after_death` is how long sellers go on once the buyer has left. `unmet` is the chance of any
    commitment to stay unmet without a cause.
    """

    buyer_rate: float = 0.06
    two_way_rate: float = 0.03
    seller_rate: float = 0.03
    seller_after_death: tuple[float, float] = (5.0, 40.0)
    left_alone: tuple[float, float] = (0.25, 0.25)
    next_step_share: float = 0.7
    next_step_blank: float = 0.15
    logged_late: float = 0.06
    late_days: tuple[float, float] = (7.0, 60.0)
    unmet: float = 0.01


@dataclass(frozen=True)
class Influences:
    """What changes the outcome of a deal, in log-odds; 0 is no effect.

    `price` counts for losing to a competitor, for each tenth of the initial price gap: the logarithm of our
    first amount over the cheapest competitor's price, with standard deviation `gap_sd`. `rollout` counts for
    winning, in deals created in `rollout_teams` from `rollout_quarter` quarters after the first on. `turnover`
    counts for losing to a competitor, where the account's usual rep left up to `turnover_before` days before
    the deal was created or `turnover_after` days after.
    """

    price: float = 0.0
    gap_sd: float = 0.15
    price_known: float = 0.5
    rollout: float = 0.0
    rollout_name: str = "Mutual close plan"
    rollout_teams: tuple[int, ...] = ()
    rollout_quarter: int = 7
    turnover: float = 0.0
    turnover_before: int = 180
    turnover_after: int = 90


@dataclass(frozen=True)
class Interviewing:
    """Whom buyers' interviews reach, and what buyers say there.

    `drawn` is the inclusion probability by stratum. `selection` is the log-odds of being drawn when price
    was the true cause; where it is not 0 the probabilities are not on record. `response_competitor` is the
    log-odds of an answer when a competitor took the deal. A buyer names the true cause with chance `candour`.
    """

    drawn: Mapping[str, float] = field(
        default_factory=lambda: {"lost, price": 0.45, "lost, other reason": 0.35, "lost, no reason": 0.35, "won": 0.1}
    )
    selection: float = 0.0
    response: float = 0.6
    response_competitor: float = 0.0
    candour: float = 0.92
    second_reason: float = 0.35
    lost_to_right: float = 0.97
    double_coded: float = 0.35
    coder_agreement: float = 0.8
    consent: tuple[float, float, float] = (0.2, 0.6, 0.2)
    ratings: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {
            "sales_experience": (8.0, 6.4), "product": (8.0, 6.4), "price": (6.8, 6.0), "delivery": (7.6, 6.6),
        }
    )  # fmt: skip
    rating_sd: float = 1.2


@dataclass(frozen=True)
class Reviewing:
    """Managers' reviews: of which deals, and how well they see the six causes.

    `hindsight` is added to the chance of a wrong yes on lost deals.
    """

    lost_share: float = 0.35
    matched_share: float = 0.5
    sees: float = 0.85
    wrong_yes: float = 0.1
    hindsight: float = 0.0
    not_known: float = 0.15


@dataclass(frozen=True)
class Practice:
    """All of it. `stretch` is a full quota as a multiple of what a rep of the region wins in a usual quarter."""

    marking: Marking = field(default_factory=Marking)
    activity: Activity = field(default_factory=Activity)
    influences: Influences = field(default_factory=Influences)
    interviewing: Interviewing = field(default_factory=Interviewing)
    reviewing: Reviewing = field(default_factory=Reviewing)
    stretch: float = 1.05
    guess_error: float = 0.08

    def faults(self, teams: int) -> list[str]:
        """Return what cannot be planted in a company of `teams` teams, one line a fault."""
        planted, strangers = self.marking.prevalence, set(self.influences.rollout_teams) - set(range(teams))
        found = [f"prevalence of {cause} is missing" for cause in BLINDSIDES if cause not in planted]
        found += [
            f"prevalence of {cause} is {shares!r}, expected two shares from 0 to 1"
            for cause, shares in planted.items()
            if not all(0 <= share <= 1 for share in shares)
        ]
        found += [
            f"inclusion probability of {stratum!r} is {share!r}, expected more than 0 and less than 1"
            for stratum, share in self.interviewing.drawn.items()
            if not 0 < share < 1
        ]
        return found + [f"rollout_teams has {team}, expected 0 to {teams - 1}" for team in sorted(strangers)]
