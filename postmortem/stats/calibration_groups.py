"""What came of chances that are all different: those alike put into groups, each with what was stated and what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.stats import checks
from postmortem.stats.brier import LEAST_IN_BIN
from postmortem.stats.estimate import Estimate
from postmortem.stats.proportions import wilson

# Where groups begin: finer where most chances of a rare end lie.
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, kw_only=True)
class CalibrationGroup:
    """The observations whose chance lay between two limits.

    Attributes
    ----------
    begins, ends : float
        Limits of the group; a chance equal to `begins` belongs to it, one equal to `ends` to the next.
    stated : float
        Mean of their chances.
    n, events : int
        Observations, and those in which the event came.
    share : Estimate
        Share of events with Wilson's interval; refused under five observations.
    """

    begins: float
    ends: float
    stated: float
    n: int
    events: int
    share: Estimate


def calibration_groups(
    probability: checks.Numbers,
    happened: checks.Numbers,
    *,
    edges: tuple[float, ...] = EDGES,
    confidence: float = 0.95,
) -> tuple[CalibrationGroup, ...]:
    """Group observations by the chance stated for them, and count what came.

    Parameters
    ----------
    probability : sequence of float, one value an observation
        Chances, 0 to 1.
    happened : sequence of 0 and 1, one value an observation
        Whether the event came.
    edges : tuple of float
        Where groups begin, ascending from 0; fixed beforehand, so that no group is made to fit.
    confidence : float
        Confidence of the intervals.

    Returns
    -------
    tuple of CalibrationGroup
        Those with an observation, ascending.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, or hold what is no probability or no outcome.

    Notes
    -----
    For a table and a picture. Scores are worked out on the chances themselves, since groups would leave out how
    they differ within one.
    """
    p, y = checks.shares("probability", probability), checks.zero_one("happened", happened)
    checks.same_length(probability=p, happened=y)
    limits = (*edges, 1.0)
    place = group_of(p, edges)
    groups = []
    for number in np.unique(place):
        within = place == number
        n, events = int(within.sum()), int(y[within].sum())
        groups.append(
            CalibrationGroup(
                begins=limits[number],
                ends=limits[number + 1],
                stated=float(p[within].mean()),
                n=n,
                events=events,
                share=wilson(events, n, confidence=confidence, least_n=LEAST_IN_BIN),
            )
        )
    return tuple(groups)


def group_of(probability: checks.Numbers, edges: tuple[float, ...] = EDGES) -> np.ndarray:
    """Return the number of the group each chance belongs to, 0 and up."""
    return np.searchsorted(np.asarray(edges), np.asarray(probability, dtype=np.float64), side="right") - 1
