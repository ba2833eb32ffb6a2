"""How different those not asked would have to be for the first two to change places."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.corrected_shares import CorrectedShares


@dataclass(frozen=True, kw_only=True)
class Reordering:
    """The tilt at which the second kind is as frequent as the first.

    Attributes
    ----------
    delta : float
        Logarithm of the factor on the second kind's odds among those not asked; infinite where no answer of
        theirs could do it, NaN where all were asked.
    share : float
        The second kind's corrected share among those not asked.
    needed : float
        What it would have to be; NaN where nothing could do it.
    same_order : float
        Part of the bootstrap draws in which the first stays ahead; NaN where none were given.
    """

    delta: float
    share: float
    needed: float
    same_order: float = math.nan


def reordering_tilt(first: float, second: float, first_asked: float, second_asked: float, part: float) -> Reordering:
    """Return how far those not asked would have to lean to the second kind for it to reach the first.

    The corrected share is a mean of those asked and those not: θ = a·part + q·(1 − part). The q of those not asked
    is tilted, q_2 → q_2 e^δ / (1 + q_2 (e^δ − 1)), the others alike, and δ solved for θ_1 = θ_2. It measures how much
    selection on the answer itself, which no model sees, the order can bear.

    Parameters
    ----------
    first, second : float
        Corrected shares of the two, first ≥ second.
    first_asked, second_asked : float
        Their shares among those asked.
    part : float
        Part of all that was asked, above 0 and up to 1.

    Returns
    -------
    Reordering
        With δ at least 0.

    Raises
    ------
    UsageError
        When a share is none, or the second exceeds the first.

    References
    ----------
    Robins, Rotnitzky and Scharfstein (2000), in Statistical Models in Epidemiology, 1–94.
    """
    checks.shares("shares", [first, second, first_asked, second_asked, part])
    if second > first or part <= 0:
        raise UsageError(
            "shares and part are out of order",
            got=f"{first}, {second}, part {part}",
            expected="first ≥ second, part > 0",
        )
    if part == 1:
        return Reordering(delta=math.nan, share=math.nan, needed=math.nan)
    rest = 1 - part
    lead = max((first - part * first_asked) / rest, 0.0)
    behind = max((second - part * second_asked) / rest, 0.0)
    # with t = e^δ the tilted difference is linear in t once multiplied by 1 + behind (t − 1)
    ahead = part * (first_asked - second_asked)
    if behind == 0 or rest <= ahead:
        return Reordering(delta=math.inf, share=behind, needed=math.nan)
    factor = max((ahead * (1 - behind) + rest * lead) / (behind * (rest - ahead)), 1.0)
    needed = behind * factor / (1 + behind * (factor - 1))
    return Reordering(delta=math.log(factor), share=behind, needed=needed)


def reordering_of(found: CorrectedShares, first: Hashable, second: Hashable) -> Reordering:
    """Return the tilt at which two kinds of corrected shares change places, and how often chance alone does it.

    Parameters
    ----------
    found : CorrectedShares
        Not refused.
    first, second : hashable
        Two kinds of it, that of the larger share first.

    Returns
    -------
    Reordering
        As `reordering_tilt`, with ``same_order`` filled in.
    """
    places = {one.kind: place for place, one in enumerate(found.shares)}
    one, other = places[first], places[second]
    ahead, behind = found.shares[one], found.shares[other]
    tilt = reordering_tilt(
        ahead.share.estimate, behind.share.estimate, ahead.alone, behind.alone, found.asked / found.n
    )
    return replace(tilt, same_order=float((found.draws[:, one] > found.draws[:, other]).mean()))
