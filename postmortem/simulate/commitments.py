"""What buyers committed to: the exit commitments of every stage, met on the way out of it or never."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, OPEN_STAGES, STAGES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.practice import COMMITMENTS, Activity
from postmortem.simulate.randomness import Flags, Floats, Ints
from postmortem.simulate.signs import Signs
from postmortem.simulate.stages import Paths

QUALIFICATION = STAGES.index("Qualification")
LATER = (STAGES.index("Needs Analysis"), STAGES.index("Proposal"))
SECOND_UNMET = 0.5
NEVER = np.iinfo(np.int64).max


def build_commitments(
    parameters: Parameters, activity: Activity, deals: Deals, ends: Ends, paths: Paths, signs: Signs
) -> pd.DataFrame:
    """Meet the commitments of the stages a deal leaves, and those of the stage it is in as far as it gets.

    Nothing is met after the buyer left. Deals that show that they were no opportunity meet none of the
    qualification; those that show that they were not qualified on miss one or both of each later stage.

    Returns
    -------
    DataFrame
        One row a commitment met: deal (row), stage (position), milestone, met_on (day), recorded_at (Unix
        seconds), by deal and stage.
    """
    rng = parameters.stream("commitments")
    entered, left = _spans(paths, len(deals))
    reached = (entered < NEVER) | (left < paths.closed_at[:, None])
    reached |= (ends.fate == FATES.index("won"))[:, None]
    begin = np.minimum(entered, left)
    parts = []
    for stage, names in enumerate(COMMITMENTS):
        for place, name in enumerate(names):
            share, missed = rng.random(len(deals)), rng.random(len(deals))
            met_at = begin[:, stage] + np.floor(share * (left - begin)[:, stage]).astype(np.int64)
            met_on = days.workday_before(met_at // days.SECONDS)
            met_on = np.maximum(met_on, begin[:, stage] // days.SECONDS)
            unmet = (missed < activity.unmet) | _missed(signs, stage, place, missed)
            met = np.flatnonzero(reached[:, stage] & ~unmet & (met_on <= ends.died))
            parts.append(pd.DataFrame({"deal": met, "stage": stage, "milestone": name, "met_on": met_on[met]}))
    frame = pd.concat(parts, ignore_index=True).sort_values(["deal", "stage"], kind="stable", ignore_index=True)
    late = rng.random(len(frame)) < activity.logged_late
    low, high = activity.late_days
    delay = np.where(late, low + (high - low) * rng.random(len(frame)), 0.0)
    written = days.moments(rng, days.workday_after(frame["met_on"].to_numpy() + np.floor(delay).astype(np.int64)))
    return frame.assign(recorded_at=np.maximum(written, paths.created_at[frame["deal"]]))


def _missed(signs: Signs, stage: int, place: int, drawn: Floats) -> Flags:
    if stage == QUALIFICATION:
        return signs.shows("not_an_opportunity")
    if stage in LATER:
        missed: Flags = signs.shows("not_qualified_continuously") & ((place == 0) | (drawn < SECOND_UNMET))
        return missed
    return np.zeros(len(drawn), dtype=bool)


def _spans(paths: Paths, count: int) -> tuple[Ints, Ints]:
    """Return when each stage was first entered (`NEVER`: it was not) and first left for a later one or the close."""
    entered = np.full((count, OPEN_STAGES), NEVER, dtype=np.int64)
    is_open = paths.stage < OPEN_STAGES
    np.minimum.at(entered, (paths.deal[is_open], paths.stage[is_open]), paths.entered_at[is_open])
    left = np.empty_like(entered)
    next_entry = paths.closed_at
    for stage in range(OPEN_STAGES - 1, -1, -1):
        left[:, stage] = next_entry
        next_entry = np.minimum(next_entry, entered[:, stage])
    return entered, left
