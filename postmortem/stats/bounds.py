"""How far unrecorded answers could move a share: from none of them to all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from postmortem.ground.errors import UsageError
from postmortem.stats import checks


@dataclass(frozen=True, kw_only=True)
class ShareBounds:
    """The range a share must lie in, whatever the unrecorded answers are.

    Attributes
    ----------
    count : int
        Observations known to be of the kind.
    unknown : int
        Observations whose kind is not recorded.
    n : int
        All observations.
    low, high : float
        Lowest and highest possible share, 0 to 1.
    """

    count: int
    unknown: int
    n: int
    low: float
    high: float


def share_bounds(count: int, unknown: int, n: int) -> ShareBounds:
    """Return the lowest and the highest share when every unknown could be either.

    count / n to (count + unknown) / n. The bounds assume nothing about the unknown, and no sampling: they are
    facts of these n observations, not an interval that narrows with more of the same.

    Parameters
    ----------
    count : int
        Observations known to be of the kind.
    unknown : int
        Observations whose kind is not recorded.
    n : int
        All observations: of the kind, of another kind, unknown. At least 1.

    Returns
    -------
    ShareBounds
        Shares, 0 to 1.

    Raises
    ------
    UsageError
        When a count is negative, missing or not whole, n is 0, or count and unknown exceed n.

    References
    ----------
    Manski (1990), American Economic Review 80, 319–323. Reference value: 18 of 60 with 23 unknown gives .30
    to .68.
    """
    count, unknown, n = (
        checks.count(name, value) for name, value in (("count", count), ("unknown", unknown), ("n", n))
    )
    if n == 0:
        raise UsageError("n is 0, and nothing has no share", got=n, expected="at least one observation")
    if count + unknown > n:
        raise UsageError("count and unknown together exceed n", got=f"{count} + {unknown}", expected=f"at most {n}")
    return ShareBounds(count=count, unknown=unknown, n=n, low=count / n, high=(count + unknown) / n)


def several(counts: Mapping[str, int], unknown: int) -> dict[str, ShareBounds]:
    """Return the bounds of every kind's share when the unknown could be of any kind.

    Parameters
    ----------
    counts : mapping of str to int
        Observations known to be of each kind; the kinds exclude one another.
    unknown : int
        Observations whose kind is not recorded. All observations are the sum of counts and this.

    Returns
    -------
    dict of str to ShareBounds
        In the order given. Each bound can be reached, but not all upper bounds together.

    Raises
    ------
    UsageError
        When there is no kind, no observation, or a count cannot be; the message names the kind.
    """
    if not counts:
        raise UsageError("counts names no kind", expected="at least one kind with its count")
    known = {kind: checks.count(f"counts[{kind!r}]", count) for kind, count in counts.items()}
    unknown = checks.count("unknown", unknown)
    n = sum(known.values()) + unknown
    return {kind: share_bounds(count, unknown, n) for kind, count in known.items()}
