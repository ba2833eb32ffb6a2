"""A random sample within strata: how many of each, who, with which probability, and in which order others follow.

Every case has a lot made of the seed and its own name, so that the draw depends neither on the order of the cases
nor on which others there are: a larger sample of a stratum holds the smaller one (permanent random numbers).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from postmortem.ground.errors import UsageError
from postmortem.stats import checks

SEED = 20250
LEAST_IN_STRATUM = 2


@dataclass(frozen=True)
class Drawn:
    """One case and its place in the draw.

    Attributes
    ----------
    name, stratum : str
        The case, and where it was drawn.
    place : int
        Its place within the stratum, from 1: up to the stratum's share of the sample it is drawn, after that it
        stands by as a replacement, in this order.
    is_drawn : bool
        Whether it belongs to the sample.
    probability : float
        Probability of being drawn: the sample of the stratum over its cases.
    order : int
        Place in the whole sample, from 1, strata taking turns by their sizes, so that whoever stops early has
        kept to the strata as well; 0 for replacements.
    """

    name: str
    stratum: str
    place: int
    is_drawn: bool
    probability: float
    order: int = 0


def allocate(
    sizes: Mapping[str, int], total: int, *, least: int = LEAST_IN_STRATUM, kept: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Divide a sample among strata in proportion to their sizes, with a few for the smallest.

    Parameters
    ----------
    sizes : mapping of str to int
        Cases in each stratum.
    total : int
        Cases wanted; more than there are gives all of them.
    least : int
        Cases that even a small stratum gets, as far as it has them and the total allows.
    kept : mapping of str to int, optional
        Cases of each stratum that are in the sample already; they stay, even beyond the total.

    Returns
    -------
    dict
        Cases wanted from each stratum, together `total`, all there are or all that are kept.

    Notes
    -----
    Webster's divisors: the next case goes to the stratum with the most cases for each one it has given, counted half
    a case ahead. Unlike largest remainders, a larger total never takes a case from a stratum.
    """
    wanted = min(checks.count("total", total), sum(sizes.values()))
    given = {name: (kept or {}).get(name, 0) for name in sizes}
    while sum(given.values()) < wanted:
        low = [name for name, size in sizes.items() if given[name] < min(least, size)]
        left = [name for name, size in sizes.items() if given[name] < size]
        if low:
            given[min(low, key=lambda name: (given[name], -sizes[name], name))] += 1
        else:
            given[max(left, key=lambda name: (sizes[name] / (given[name] + 0.5), name))] += 1
    return given


def stratified_draw(
    names: Sequence[str],
    strata: Sequence[str],
    total: int,
    *,
    before: Set[str] = frozenset(),
    least: int = LEAST_IN_STRATUM,
    seed: int = SEED,
) -> tuple[Drawn, ...]:
    """Draw a sample at random within strata, without replacement.

    Parameters
    ----------
    names : sequence of str, one name a case
        No name twice.
    strata : sequence of str, one stratum a case
        In which each is drawn.
    total : int
        Size of the sample, those drawn before included.
    before : set of str
        Names drawn at random earlier; they stay in the sample, and stand first.
    least : int
        As for `allocate`.
    seed : int
        Seed of the lots.

    Returns
    -------
    tuple of Drawn
        The sample in its order, then the replacements by stratum and place.

    Raises
    ------
    UsageError
        When lengths differ, a name stands twice, or the total cannot be.

    Notes
    -----
    A random draw from what a random draw left is, both together, a random draw of their joint size; so the
    probability is that of the larger sample, for the earlier cases too.

    References
    ----------
    Ohlsson (1995), Coordination of samples using permanent random numbers, in Business Survey Methods.
    """
    checks.same_length(names=names, strata=strata)
    if len(set(names)) < len(names):
        raise UsageError(
            "a case stands twice in what is drawn from", got=f"{len(names)} names, {len(set(names))} cases"
        )
    queues: dict[str, list[str]] = {stratum: [] for stratum in sorted(set(strata))}
    for name, stratum in zip(names, strata, strict=True):
        queues[stratum].append(name)
    for queue in queues.values():
        queue.sort(key=lambda name: (name not in before, _lot(name, seed), name))
    kept = {stratum: sum(name in before for name in queue) for stratum, queue in queues.items()}
    sizes = allocate({stratum: len(queue) for stratum, queue in queues.items()}, total, least=least, kept=kept)
    found = [
        Drawn(name, stratum, place, place <= sizes[stratum], sizes[stratum] / len(queue))
        for stratum, queue in queues.items()
        for place, name in enumerate(queue, start=1)
    ]
    first = sorted(
        (each for each in found if each.is_drawn),
        key=lambda each: ((each.place - 0.5) / sizes[each.stratum], _lot(each.name, seed), each.name),
    )
    sample = [
        Drawn(each.name, each.stratum, each.place, True, each.probability, order)
        for order, each in enumerate(first, start=1)
    ]
    return (*sample, *(each for each in found if not each.is_drawn))


def _lot(name: str, seed: int) -> bytes:
    """Return the lot of a case: a hash of the seed and its name, in place of a stream that order would change."""
    return hashlib.sha256(f"{seed}|{name}".encode()).digest()
