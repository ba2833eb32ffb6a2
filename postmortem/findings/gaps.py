"""How far two cohorts are apart in one share, how sure that is, and what their mix of deals has to do with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from postmortem.frames.figures import Counted
from postmortem.stats import (
    LEAST_CLUSTERS,
    ClusteredGap,
    Estimate,
    clustered_gap,
    clustered_ratio,
    mix_and_rate,
    newcombe,
    wilson,
)
from postmortem.stats.checks import Floats

NOT_RECORDED = "not recorded"
# A difference counts as none where its 90% interval lies within the margin: two one-sided tests at .05.
OF_EQUIVALENCE = 0.9
SIZES = (1 / 3, 2 / 3)
LEAST_P = 1e-12


@dataclass(frozen=True, eq=False)
class Side:
    """One cohort's rows of a figure: whether each counts, what it weighs, and what it hangs together with."""

    happened: Floats
    weight: Floats | None
    rep: list[str]
    account: list[str]
    mix: list[str]

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.happened.size)

    @property
    def events(self) -> int:
        """Rows that count."""
        return int(self.happened.sum())


@dataclass(frozen=True, kw_only=True)
class GapOfShares:
    """Two shares and what lies between them, the first less the second.

    `first` and `second` are the shares with their intervals, `estimate` their difference. `p` is that of no
    difference, `effect` the design effect: how many times as many deals it takes because deals of one sales person
    or customer hang together. All of these are NaN, and `is_within` false, where the difference is refused.
    """

    first: Estimate
    second: Estimate
    estimate: Estimate
    p: float = math.nan
    effect: float = math.nan
    is_within: bool = False
    like_for_like: Estimate = field(default_factory=lambda: Estimate.refused("not asked", n=0, method=""))


def sides(first: Counted, second: Counted, weight: str) -> tuple[Side, Side]:
    """Return the rows of one figure as arrays, with the same classes of size for both cohorts.

    The mix is one of segment and size; of size alone where the two have no segment in common, as when segments are
    what is compared.
    """
    in_common = set(first.rows["segment"].dropna()) & set(second.rows["segment"].dropna())
    amounts = pd.concat([first.rows["amount"], second.rows["amount"]]).dropna()
    cuts = [float(amounts.quantile(share)) for share in SIZES] if len(amounts) else []
    return _side(first, weight, cuts, bool(in_common)), _side(second, weight, cuts, bool(in_common))


def gap_of_shares(first: Side, second: Side, *, margin: float, shared: bool) -> GapOfShares:
    """Return two shares, their difference and its interval.

    Parameters
    ----------
    first, second : Side
        Rows of either cohort.
    margin : float
        Largest difference that counts as none, in shares.
    shared : bool
        Whether some deals are in both cohorts, so that only an interval by sales person is honest.

    Returns
    -------
    GapOfShares
        The interval is the wider of Newcombe's, which takes deals as unrelated, and the one clustered by sales person
        or by account; p is the larger of theirs. Status ``fallback`` where fewer than ten sales people left
        Newcombe's alone. Refused below ten deals on a side, below five of the rarer outcome, by the rules of
        `stats.clustered_ratio` for amounts, where one side is a few sales people's or customers' alone, and below ten
        sales people where deals are shared or weigh unequally.
    """
    shares = _share(first), _share(second)
    alone = newcombe(first.events, first.n, second.events, second.n)
    # the wider reasons first: what refuses a share refuses the difference
    why = next((each.why for each in (alone, *shares) if each.status == "refused"), "")
    if why:
        return GapOfShares(first=shares[0], second=shares[1], estimate=_refused(first, second, why))
    unrelated = not shared and first.weight is None
    found = _clustered(first, second, 0.95)
    together = found.difference
    if together.status == "refused":
        if not unrelated or (together.clusters or 0) >= LEAST_CLUSTERS:
            return GapOfShares(first=shares[0], second=shares[1], estimate=_refused(first, second, together.why))
        alone = replace(alone, status="fallback", why=f"{together.why}; deals are taken as unrelated")
        within = _inside(newcombe(*_counts(first, second), confidence=OF_EQUIVALENCE), margin)
        return GapOfShares(
            first=shares[0], second=shares[1], estimate=alone, p=_p_of_newcombe(first, second), effect=1.0,
            is_within=within,
        )  # fmt: skip
    narrower = [_clustered(first, second, OF_EQUIVALENCE).difference]
    p = found.p
    if unrelated:
        narrower.append(newcombe(*_counts(first, second), confidence=OF_EQUIVALENCE))
        together = replace(together, low=min(together.low, alone.low), high=max(together.high, alone.high))
        p = max(p, _p_of_newcombe(first, second))
    return GapOfShares(
        first=shares[0],
        second=shares[1],
        estimate=together,
        p=p,
        effect=_effect(first, second, found.error),
        is_within=all(_inside(each, margin) for each in narrower),
        like_for_like=_like_for_like(first, second),
    )


def _side(counted: Counted, weight: str, cuts: list[float], by_segment: bool) -> Side:
    rows = counted.rows
    sizes = np.array(["smaller", "middle", "larger"])[np.searchsorted(cuts, rows["amount"].fillna(0.0))] if cuts else ""
    size = pd.Series(sizes, index=rows.index, dtype="str").where(rows["amount"].notna(), NOT_RECORDED)
    segment = rows["segment"].fillna(NOT_RECORDED).astype("str")
    # a deal without a customer's name hangs together with no other
    account = rows["account_name"].fillna(rows["deal_id"]).astype("str")
    return Side(
        happened=counted.happened.to_numpy(dtype=np.float64),
        weight=rows[weight].to_numpy(dtype=np.float64) if weight else None,
        rep=list(rows["owner_id"].fillna(NOT_RECORDED).astype("str")),
        account=list(account),
        mix=list(segment + ", " + size if by_segment else size),
    )


def _share(side: Side) -> Estimate:
    if side.weight is None:
        return wilson(side.events, side.n, least_events=0)
    if np.isnan(side.weight).any():
        return Estimate.refused("amounts are not known for all deals", n=side.n, events=side.events, method="ratio")
    if not side.n:
        return Estimate.refused("there are no deals", n=0, events=0, method="ratio")
    return clustered_ratio(side.happened * side.weight, side.weight, side.rep).interval


def _values(side: Side) -> Floats:
    """Return values whose mean is the share: flags, or amounts linearised about their ratio."""
    if side.weight is None:
        return side.happened
    share = float(side.happened @ side.weight / side.weight.sum())
    return np.asarray(share + (side.happened - share) * side.weight / side.weight.mean())


def _clustered(first: Side, second: Side, confidence: float) -> ClusteredGap:
    return clustered_gap(
        np.concatenate([_values(second), _values(first)]),
        np.repeat([0, 1], [second.n, first.n]),
        {"sales person": second.rep + first.rep, "customer": second.account + first.account},
        confidence=confidence,
    )


def _effect(first: Side, second: Side, error: float) -> float:
    unrelated = sum(float(np.var(_values(side))) / side.n for side in (first, second))
    return max(1.0, error**2 / unrelated) if unrelated > 0 else 1.0


def _like_for_like(first: Side, second: Side) -> Estimate:
    """Return the difference that is left at the mix both cohorts have on average; the rest is another mix."""
    if first.weight is not None:
        return _refused(first, second, "amounts are not divided by mix")
    return mix_and_rate(
        np.concatenate([second.happened, first.happened]),
        second.mix + first.mix,
        np.repeat([0, 1], [second.n, first.n]),
        second.rep + first.rep,
    ).rate_interval


def _refused(first: Side, second: Side, why: str) -> Estimate:
    return Estimate.refused(why, n=first.n + second.n, events=first.events + second.events, method="difference")


def _counts(first: Side, second: Side) -> tuple[int, int, int, int]:
    return first.events, first.n, second.events, second.n


def _inside(interval: Estimate, margin: float) -> bool:
    return interval.status != "refused" and -margin < interval.low and interval.high < margin


def _p_of_newcombe(first: Side, second: Side) -> float:
    """Return the level at which Newcombe's interval just reaches no difference."""
    below, above = math.log(LEAST_P), 0.0
    for _ in range(40):
        middle = (below + above) / 2
        told = newcombe(*_counts(first, second), confidence=1 - math.exp(middle))
        below, above = (middle, above) if told.low <= 0 <= told.high else (below, middle)
    return math.exp((below + above) / 2)
