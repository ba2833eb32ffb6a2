"""Signals beside what became of the deals: every deal once, at its first appearance in the window, won or lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.frames.cohort import Cohort
from postmortem.signals.contract import Signal
from postmortem.signals.days import Landmark
from postmortem.signals.matrix import fired
from postmortem.signals.own import with_own

WON, LOST = "won", "lost"
NOT_RECORDED = "not recorded"
# Under which a cohort carries what its signals said, for as long as it lives.
KEPT, KEPT_COMPARED = "_signs", "_signs_compared"


@dataclass(frozen=True, eq=False)
class Signs:
    """What every signal said of every row of a cohort, as of one day a deal.

    Attributes
    ----------
    rows : DataFrame
        The cohort's table, numbered from 0.
    fired : DataFrame
        On the index of `rows`, one column a signal: 1 where it fired, 0 where it did not, missing where unknown.
    first : DataFrame
        Likewise the day since when it holds; missing where it did not fire or no day is on record.
    signals : tuple of Signal
        Those of the package and the engagement's own.
    """

    rows: pd.DataFrame
    fired: pd.DataFrame
    first: pd.DataFrame
    signals: tuple[Signal, ...]

    def any_of(self, names: Collection[str]) -> pd.Series:
        """Say whether any of some signals fired: 1, 0, or missing where none of them is known."""
        return self.fired[list(names)].max(axis=1)

    def of(self, places: pd.Index) -> Signs:
        """Return these rows alone."""
        return Signs(self.rows.loc[places], self.fired.loc[places], self.first.loc[places], self.signals)


@dataclass(frozen=True, eq=False)
class Decided(Signs):
    """The won and lost deals of some quarters, each once.

    Attributes
    ----------
    still_open : int
        Deals of these quarters of which nothing had become by the day of the data; left out.

    Notes
    -----
    `rows` has two columns more: ``is_lost`` (1 or 0) and ``owner`` (never missing). A deal that was forecast for
    several quarters counts at the first of them, with what has become of it since, so that a deal which slips is
    neither counted twice nor left out.
    """

    still_open: int = 0

    @property
    def is_lost(self) -> np.ndarray:
        """Which of the deals were lost."""
        return self.rows["is_lost"].to_numpy(dtype=bool)


def signs_of(cohort: Cohort) -> Signs:
    """Return what every signal said of every row of a cohort, the engagement's own signals among them.

    Notes
    -----
    One landmark for all signals, fixed beforehand: the day of the snapshot. What shows only later on a deal is not
    seen on it, on lost and won deals alike.
    """
    # As a cached property would: many questions are asked of one cohort, and its signals are asked once.
    kept = vars(cohort)
    if KEPT not in kept:
        kept[KEPT] = _asked(cohort, with_own(cohort.signal_files), "snapshot")
    found: Signs = kept[KEPT]
    return found


def compared_signs(cohort: Cohort) -> Signs:
    """Return the same to compare lost and won deals by: signals that come late as of their own, later day.

    Notes
    -----
    That day, `before_close`, is fixed at the snapshot as well. Deals that had ended by it, or were not in the red zone
    yet, are unknown: neither kind of deal is the likelier to show such a sign for having lived longer.
    """
    kept = vars(cohort)
    if KEPT_COMPARED not in kept:
        signs = signs_of(cohort)
        late = [signal for signal in signs.signals if signal.comes_late]
        later = _asked(cohort, late, "before_close")
        flags, days = signs.fired.copy(), signs.first.copy()
        for signal in late:
            flags[signal.name], days[signal.name] = later.fired[signal.name], later.first[signal.name]
        kept[KEPT_COMPARED] = Signs(signs.rows, flags, days, signs.signals)
    found: Signs = kept[KEPT_COMPARED]
    return found


def _asked(cohort: Cohort, signals: Sequence[Signal], landmark: Landmark) -> Signs:
    names = [signal.name for signal in signals]
    rows = cohort.table.reset_index(drop=True)
    table = fired(cohort, signals=signals, landmark=landmark)
    shape = (len(rows), len(names))
    flags = table["fired"].astype("float64").to_numpy().reshape(shape)
    days = table["first_fired_at"].to_numpy().reshape(shape)
    return Signs(rows, pd.DataFrame(flags, columns=names), pd.DataFrame(days, columns=names), tuple(signals))


def decided(cohort: Cohort, quarters: Collection[str] = (), *, signs: Signs | None = None) -> Decided:
    """Return the won and lost deals among those of some quarters, each once.

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open.
    quarters : collection of str, optional
        Labels; those of the window unless told.
    signs : Signs, optional
        What the signals said of the cohort; as of the snapshot (`signs_of`) unless told.

    Returns
    -------
    Decided
        Each deal at its first appearance in these quarters.
    """
    signs = signs_of(cohort) if signs is None else signs
    labels = set(quarters) or {quarter.label for quarter in cohort.window}
    rows = signs.rows[signs.rows["quarter"].isin(labels)]
    rows = rows.sort_values(["quarter", "deal_id"], kind="stable").drop_duplicates("deal_id")
    is_lost = rows["ultimate"].str.startswith("lost_")
    ended = rows[is_lost | (rows["ultimate"] == WON)]
    kept = signs.of(ended.index)
    told = kept.rows.assign(
        is_lost=is_lost[ended.index].astype("int64"), owner=ended["owner_id"].fillna(NOT_RECORDED).astype("str")
    )
    return Decided(told, kept.fired, kept.first, kept.signals, len(rows) - len(ended))


def fewer_known(cohort: Cohort, rows: pd.DataFrame, names: Collection[str] = ()) -> int:
    """Return how many lost or won deals of some quarters have a known signal, whichever are fewer."""
    if rows.empty or cohort.kind == "closed":
        return 0
    found = decided(cohort, set(rows["quarter"]))
    chosen = [*names] or [signal.name for signal in found.signals]
    known = found.fired[chosen].notna().any(axis=1).to_numpy()
    return int(min((known & found.is_lost).sum(), (known & ~found.is_lost).sum()))
