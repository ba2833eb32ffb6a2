"""The usual range of a share counted period after period, to tell a change from normal wobble."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from postmortem.stats import checks
from postmortem.stats.estimate import LEAST_N, Status, refusal
from postmortem.stats.limits import z_value

Placement = Literal["within", "above", "below", "cannot tell"]
LEAST_PERIODS = 6
MOVING_RANGE_TO_SD = 2 / math.sqrt(math.pi)
METHOD = "Laney p′ chart, prediction interval"


@dataclass(frozen=True, kw_only=True)
class UsualRange:
    """Where the next period's share is expected when nothing has changed.

    Attributes
    ----------
    centre : float
        Share over all earlier periods together; NaN when refused, as the three below.
    low, high : float
        Prediction interval for the next period's share, within 0 and 1.
    sigma_z : float
        Spread between periods, in multiples of chance alone, as estimated (it may be below 1).
    periods, events, n : int
        Earlier periods with any trial, and their events and trials.
    new_trials : int
        Trials of the period the range is for.
    confidence : float
        Probability that the next share falls inside when nothing has changed.
    method : str
        Name of the method.
    status : {"ok", "refused"}
        Refused when there is too little data.
    why : str
        Reason of a refusal.
    """

    centre: float = math.nan
    low: float = math.nan
    high: float = math.nan
    sigma_z: float = math.nan
    periods: int
    events: int
    n: int
    new_trials: int
    confidence: float
    method: str = METHOD
    status: Status = "ok"
    why: str = ""

    def placement(self, events: int) -> Placement:
        """Say where the new period's share falls; "cannot tell" when the range was refused.

        Parameters
        ----------
        events : int
            Events among this range's `new_trials`. A share on a limit is within.

        Raises
        ------
        UsageError
            When events is not a count or exceeds the new trials.
        """
        events, trials = checks.events_of(events, self.new_trials, names=("events", "new_trials"))
        if self.status == "refused":
            return "cannot tell"
        share = events / trials
        if share > self.high:
            return "above"
        return "below" if share < self.low else "within"


def usual_range(
    events: checks.Numbers,
    trials: checks.Numbers,
    *,
    new_trials: int,
    confidence: float = 0.95,
    least_periods: int = LEAST_PERIODS,
) -> UsualRange:
    """Predict the range of the next period's share from the periods before it, by a Laney p′ chart.

    With p̄ = Σx/Σn over k periods and z_i = (p_i − p̄) / √(p̄(1−p̄)/n_i), the spread is
    σ_z = mean |z_i − z_{i−1}| / 1.1284. The new share and the centre vary independently, so the range is
    p̄ ± q √(p̄(1−p̄) (1/n_new + 1/Σn)) with q = max(t σ_z, z): t at k−1 degrees of freedom, because σ_z is
    itself estimated from few periods, and never narrower than chance alone (σ_z = 1, known, hence the normal
    quantile z), because periods more alike than coin tosses are luck.

    Parameters
    ----------
    events, trials : sequence of int, one value a period, in order of time
        What was counted, and out of how many. Periods without trials tell nothing and are left out.
    new_trials : int
        Trials of the period to be judged.
    confidence : float
        Two-sided probability of the range.
    least_periods : int
        Fewer periods are refused.

    Returns
    -------
    UsualRange
        Shares, 0 to 1. Refused under six periods, under 10 new trials, or under 5 of the rarer outcome in
        all.

    Raises
    ------
    UsageError
        When columns are empty, differ in length, hold no counts, or events exceed trials.

    Notes
    -----
    Seen in 20,000 simulated charts a case, at 95%, six to twelve periods and 20 to 180 trials: .969 to .978
    when chance alone is at work (without the floor .943 to .948); .941 to .967 with added variation between
    periods (intraclass correlation .02 or .08) of a share of 30% to 40%; .93 at the worst, a share of 10%
    with correlation .08, whose spread is skewed. The customary three sigma ignores how few periods there are.

    References
    ----------
    Laney (2002), Quality Engineering 14, 531–537.
    """
    x, n = checks.counts("events", events), checks.counts("trials", trials)
    checks.events_within(x, n, names=("events", "trials"))
    new_trials = checks.count("new_trials", new_trials)
    z = z_value(confidence)
    x, n = x[n > 0], n[n > 0]
    total, trials_in_all, periods = int(x.sum()), int(n.sum()), int(x.size)
    why = _too_little(periods, least_periods, new_trials, min(total, trials_in_all - total))
    if why:
        return UsualRange(
            periods=periods,
            events=total,
            n=trials_in_all,
            new_trials=new_trials,
            confidence=confidence,
            status="refused",
            why=why,
        )
    centre = total / trials_in_all
    variance = centre * (1 - centre)
    scores = (x / n - centre) / np.sqrt(variance / n)
    sigma_z = float(np.abs(np.diff(scores)).mean()) / MOVING_RANGE_TO_SD
    t = float(stats.t.ppf((1 + confidence) / 2, periods - 1))
    half = max(t * sigma_z, z) * math.sqrt(variance * (1 / new_trials + 1 / trials_in_all))
    return UsualRange(
        centre=centre,
        low=max(0.0, centre - half),
        high=min(1.0, centre + half),
        sigma_z=sigma_z,
        periods=periods,
        events=total,
        n=trials_in_all,
        new_trials=new_trials,
        confidence=confidence,
    )


def _too_little(periods: int, least_periods: int, new_trials: int, rarer: int) -> str:
    least_periods = max(least_periods, 2)
    if periods < least_periods:
        return f"not enough data: {periods} of the {least_periods} earlier periods needed"
    if new_trials < LEAST_N:
        return f"not enough data: {new_trials} of the {LEAST_N} observations needed in the new period"
    return refusal(LEAST_N, rarer)
