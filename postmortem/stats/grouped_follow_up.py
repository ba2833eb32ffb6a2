"""Times to an event in several groups at once, stratum by stratum, as tests of groups need them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Codes, Floats, Labels
from postmortem.stats.estimate import refusal
from postmortem.stats.follow_up import FollowUp, follow_up


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupCounts:
    """What happened at each distinct event time of one stratum; shapes (times, groups).

    Attributes
    ----------
    at_risk : ndarray
        Rows of each group followed just before.
    of_cause, of_others : ndarray
        Events of the cause in question, and of all other causes.
    """

    at_risk: Floats
    of_cause: Floats
    of_others: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupedFollowUp:
    """Checked rows of several groups.

    Attributes
    ----------
    rows : FollowUp
        Times and causes.
    of : int
        Place of the cause in question, as in `rows.code`; 0 where it never happened.
    group, stratum : ndarray of int, shape (n,)
        Codes from 0.
    groups : tuple
        Labels of the groups.
    """

    rows: FollowUp
    of: int
    group: Codes
    stratum: Codes
    groups: tuple[Hashable, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows of each group."""
        return tuple(int(size) for size in np.bincount(self.group, minlength=len(self.groups)))

    @property
    def events(self) -> int:
        """Events of the cause in question."""
        return int((self.rows.code == self.of).sum()) if self.of else 0

    def too_little(self) -> str:
        """Say why groups cannot be compared by a chi-square test; empty when they can."""
        if len(self.groups) < 2:
            return "there is only one group, so there is nothing to compare"
        smallest = refusal(min(self.sizes), None)
        return f"{smallest} in the smallest group" if smallest else refusal(int(self.group.size), self.events)

    def counts(self) -> Iterator[GroupCounts]:
        """Yield the counts of each stratum."""
        for stratum in range(int(self.stratum.max()) + 1):
            inside = self.stratum == stratum
            yield self._counts_of(inside)

    def _counts_of(self, inside: np.ndarray) -> GroupCounts:
        time, code, group = self.rows.time[inside], self.rows.code[inside], self.group[inside]
        entry = None if self.rows.entry is None else self.rows.entry[inside]
        moments = np.unique(time[code > 0])
        shape = (moments.size, len(self.groups))
        at_risk = np.zeros(shape)
        for one in range(len(self.groups)):
            own = group == one
            at_risk[:, one] = own.sum() - np.searchsorted(np.sort(time[own]), moments, side="left")
            if entry is not None:
                at_risk[:, one] -= own.sum() - np.searchsorted(np.sort(entry[own]), moments, side="left")

        def happened(which: np.ndarray) -> Floats:
            cell = np.searchsorted(moments, time[which]) * len(self.groups) + group[which]
            return np.bincount(cell, minlength=moments.size * len(self.groups)).reshape(shape).astype(np.float64)

        own_cause = (code == self.of) & (code > 0)
        return GroupCounts(at_risk=at_risk, of_cause=happened(own_cause), of_others=happened((code > 0) & ~own_cause))


def grouped_follow_up(
    time: checks.Numbers,
    cause: checks.Numbers,
    group: Labels,
    *,
    of: int,
    entry: checks.Numbers | None = None,
    stratum: Labels | None = None,
) -> GroupedFollowUp:
    """Check the rows of several groups.

    Parameters
    ----------
    time, cause, entry : sequences, one value a row
        As for `follow_up`.
    group : sequence, one label a row
        Groups compared; none missing.
    of : int
        The cause in question, from 1.
    stratum : sequence, one label a row, optional
        Within which groups are compared; none missing.

    Returns
    -------
    GroupedFollowUp
        The rows, labels numbered.

    Raises
    ------
    UsageError
        As `follow_up` does, for a missing label, unequal columns, and a cause below 1.
    """
    if checks.count("of", of) == 0:
        raise UsageError("of is not a cause", got=0, expected="a whole number from 1; 0 means still open")
    rows = follow_up(time, cause, entry=entry)
    group_of, groups = checks.codes("group", group)
    stratum_of = np.zeros(group_of.size, dtype=np.int64) if stratum is None else checks.codes("stratum", stratum)[0]
    checks.same_length(time=rows.time, group=group_of, stratum=stratum_of)
    place = rows.causes.index(of) + 1 if of in rows.causes else 0
    return GroupedFollowUp(rows=rows, of=place, group=group_of, stratum=stratum_of, groups=groups)
