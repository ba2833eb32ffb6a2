"""One estimate with its interval, its counts and its standing; and the rule for what is too little data.

A refusal is an answer like any other: it says what was there and what was needed, and carries no numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from postmortem.ground.errors import UsageError

Status = Literal["ok", "fallback", "refused"]
Verdict = Literal["different", "equivalent", "cannot tell"]

LEAST_N = 10
LEAST_EVENTS = 5
LEAST_CLUSTERS = 10
# From here on two things are not told apart.
NOT_APART = 0.05


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number, how sure it is, and from what.

    Attributes
    ----------
    estimate : float
        The estimate, in the unit its function states; NaN when refused.
    low, high : float
        Limits of the interval, in the same unit; NaN when refused.
    n : int
        Observations used.
    events : int or None
        Observations in which what is counted happened; None where nothing is counted.
    clusters : int or None
        Groups within which observations hang together; None where they were not used.
    confidence : float
        Confidence of the interval (0 to 1); NaN when refused.
    method : str
        Name of the estimator, in terms of the trade, for method notes.
    status : {"ok", "fallback", "refused"}
        Whether the intended method was used, another in its place, or none.
    why : str
        Why a fallback was used or the answer refused, in plain words; empty or a remark when ok.

    Raises
    ------
    UsageError
        When the numbers contradict the status, so that a silent NaN cannot travel: an answer with a missing
        number or crossed limits, a refusal with a number, a refusal or fallback without a reason.
    """

    estimate: float
    low: float
    high: float
    n: int
    events: int | None = None
    clusters: int | None = None
    confidence: float
    method: str
    status: Status = "ok"
    why: str = ""

    def __post_init__(self) -> None:
        numbers = (self.estimate, self.low, self.high)
        if self.status == "refused":
            sound = all(math.isnan(number) for number in numbers)
        else:
            sound = not any(math.isnan(number) for number in numbers) and self.low <= self.high
        if not sound:
            raise UsageError(
                f"an estimate of status {self.status!r} has numbers that contradict it",
                got=f"estimate {self.estimate}, low {self.low}, high {self.high}",
                expected="no numbers in a refusal, else three numbers with low ≤ high",
            )
        if self.status != "ok" and not self.why:
            raise UsageError(f"an estimate of status {self.status!r} says no reason", expected="why in plain words")

    @classmethod
    def refused(
        cls, why: str, *, n: int, events: int | None = None, clusters: int | None = None, method: str
    ) -> Estimate:
        """Return a refusal: the counts, the reason, and no numbers.

        Parameters
        ----------
        why : str
            What was missing, in plain words ("not enough data: 7 of the 10 observations needed").
        n, events, clusters : int
            What there was.
        method : str
            The method that would have been used.

        Returns
        -------
        Estimate
            With status ``refused`` and NaN for estimate, low, high and confidence.
        """
        return cls(
            estimate=math.nan,
            low=math.nan,
            high=math.nan,
            n=n,
            events=events,
            clusters=clusters,
            confidence=math.nan,
            method=method,
            status="refused",
            why=why,
        )


def refusal(
    n: int,
    events: int | None,
    clusters: int | None = None,
    *,
    least_n: int = LEAST_N,
    least_events: int = LEAST_EVENTS,
    least_clusters: int = LEAST_CLUSTERS,
) -> str:
    """Say why there is too little data for a rate meant to repeat, a comparison or a cause.

    The house rule: under 10 observations or under 5 events only the counts are shown, and under 10 clusters
    nothing that rests on the spread between clusters. For a share, whose complement is as good a question,
    pass the rarer outcome, ``min(events, n - events)``.

    Parameters
    ----------
    n : int
        Observations.
    events : int or None
        Events; None where nothing is counted.
    clusters : int or None
        Clusters; None where they play no part.
    least_n, least_events, least_clusters : int
        What is needed of each.

    Returns
    -------
    str
        The reason in plain words, such as ``"not enough data: 7 of the 10 observations needed"``, every
        shortage named; the empty string when there is enough.
    """
    needed = (
        (n, least_n, "observations"),
        (events, least_events, "events"),
        (clusters, least_clusters, "groups"),
    )
    short = [f"{had} of the {least} {what}" for had, least, what in needed if had is not None and had < least]
    return f"not enough data: {' and '.join(short)} needed" if short else ""


def p_beside(p: float, low: float, high: float, *, none: float = 0.0) -> float:
    """Return a p-value for what stands beside an interval: at least .05 where that does not exclude `none`.

    A test and an interval of another kind, the one within sales people and the other clustered by them, can differ at
    the edge. What is named is told with its interval, so that nothing may be told apart that this does not.

    Parameters
    ----------
    p : float
        Of the test; NaN stays NaN.
    low, high : float
        The 95% interval shown beside it; NaN where there is none, which excludes nothing.
    none : float
        The value if nothing differed.
    """
    return p if math.isnan(p) or low > none or high < none else max(p, NOT_APART)
