"""What a test of several groups answers: a statistic, its p-value, and which question it speaks to."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from postmortem.ground.errors import UsageError
from postmortem.stats.checks import Floats
from postmortem.stats.estimate import Status
from postmortem.stats.grouped_follow_up import GroupCounts, GroupedFollowUp

# a variance below this part of the events is what rounding leaves of none
NO_VARIANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class GroupTest:
    """One chi-square test of K groups.

    Attributes
    ----------
    statistic, p : float
        Chi-square statistic and its p-value; NaN when refused.
    degrees : int
        Degrees of freedom; 0 when refused.
    groups : tuple
        Labels of the groups compared.
    sizes : tuple of int
        Rows of each group.
    n, events : int
        Rows, and events of the cause in question.
    question : str
        What the p-value speaks to, in plain words; to be printed beside it.
    method : str
        Name of the test.
    status : {"ok", "refused"}
        Refused when there is too little data.
    why : str
        Reason of a refusal.
    """

    statistic: float = math.nan
    p: float = math.nan
    degrees: int = 0
    groups: tuple[Hashable, ...]
    sizes: tuple[int, ...]
    n: int
    events: int
    question: str
    method: str
    status: Status = "ok"
    why: str = ""

    def __post_init__(self) -> None:
        if (self.status == "refused") is not math.isnan(self.p):
            raise UsageError(f"a test of status {self.status!r} has a p-value that contradicts it", got=self.p)
        if self.status != "ok" and not self.why:
            raise UsageError(f"a test of status {self.status!r} says no reason", expected="why in plain words")


def compare(
    rows: GroupedFollowUp,
    score_of: Callable[[GroupCounts], tuple[Floats, Floats]],
    *,
    question: str,
    method: str,
) -> GroupTest:
    """Sum scores and covariances over strata and refer them to χ².

    Parameters
    ----------
    rows : GroupedFollowUp
        Checked rows.
    score_of : callable
        From the counts of one stratum to scores that sum to 0, shape (groups,), and their covariance.
    question, method : str
        As in `GroupTest`.

    Returns
    -------
    GroupTest
        Refused with one group, under 10 rows in the smallest group, under 5 events of the cause, and where the
        groups were never followed at the same time.
    """
    why = rows.too_little()
    statistic, p, degrees = math.nan, math.nan, 0
    if not why:
        scores, covariances = zip(*(score_of(counts) for counts in rows.counts()), strict=True)
        nothing = NO_VARIANCE * rows.events
        statistic, p, degrees = _chi_square(np.sum(scores, axis=0), np.sum(covariances, axis=0), nothing)
        why = "" if degrees else "the groups were never followed at the same time"
    return GroupTest(
        statistic=statistic,
        p=p,
        degrees=degrees,
        groups=rows.groups,
        sizes=rows.sizes,
        n=int(rows.group.size),
        events=rows.events,
        question=question,
        method=method,
        status="refused" if why else "ok",
        why=why,
    )


def _chi_square(score: Floats, covariance: Floats, nothing: float) -> tuple[float, float, int]:
    """Return the statistic, its p-value and degrees of freedom; NaN and 0 where no variance exceeds `nothing`."""
    values, vectors = np.linalg.eigh(covariance)
    varies = values > nothing
    degrees = int(varies.sum())
    if degrees == 0:
        return math.nan, math.nan, 0
    statistic = float(((score @ vectors[:, varies]) ** 2 / values[varies]).sum())
    return statistic, float(stats.chi2.sf(statistic, degrees)), degrees
