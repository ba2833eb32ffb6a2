"""Marks of the six red-zone causes: which deals carry them, and which show them in the tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.practice import BLINDSIDES, Marking
from postmortem.simulate.randomness import Flags


@dataclass(frozen=True)
class Signs:
    """The marks of every deal, one column a cause of `BLINDSIDES`.

    Attributes
    ----------
    marked : array of bool, shape (deals, causes)
        Whether the deal carries the cause.
    shown : array of bool, shape (deals, causes)
        Whether the tables show it: nearly always where it is marked, now and then where it is not.
    """

    marked: Flags
    shown: Flags

    def shows(self, cause: str) -> Flags:
        """Return which deals show `cause`."""
        shown: Flags = self.shown[:, BLINDSIDES.index(cause)]
        return shown


def build_signs(parameters: Parameters, marking: Marking, ends: Ends) -> Signs:
    """Mark deals, given how they end, so that the planted shares of won and of lost deals are marked."""
    rng = parameters.stream("signs")
    won = ends.fate == FATES.index("won")
    causes = np.asarray(ends.cause, dtype=object)
    drawn, shown = rng.random((len(won), len(BLINDSIDES))), rng.random((len(won), len(BLINDSIDES)))
    marked = np.zeros(drawn.shape, dtype=bool)
    for column, cause in enumerate(BLINDSIDES):
        of_won, of_lost = marking.prevalence[cause]
        carries = (causes == cause) & marking.marks_its_cause
        share = cause_share(parameters, cause) if marking.marks_its_cause else 0.0
        if share > of_lost:
            raise UsageError(
                f"{cause} cannot mark so few of the lost deals.",
                got=f"{of_lost:.3f}",
                expected=f"at least the share lost for it, {share:.3f}",
            )
        others = (of_lost - share) / (1.0 - share)
        marked[:, column] = carries | (drawn[:, column] < np.where(won, of_won, others))
    return Signs(marked, np.where(marked, shown < marking.shown, shown < marking.by_chance))


def cause_share(parameters: Parameters, cause: str) -> float:
    """Return the planted share of `cause` among the lost deals."""
    plan = parameters.outcomes
    of_fate = zip(FATES[1:], plan.shares[1:], strict=True)
    return sum(share * plan.causes.get(fate, {}).get(cause, 0.0) for fate, share in of_fate) / sum(plan.shares[1:])
