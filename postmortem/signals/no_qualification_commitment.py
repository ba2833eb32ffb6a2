"""Whether a deal had passed qualification without any commitment the buyer makes there."""

from __future__ import annotations

import pandas as pd

from postmortem.ground.formats import count
from postmortem.ground.process import Stage
from postmortem.signals.commitments import all_written, written
from postmortem.signals.contract import Signal, answer, of_each, silent
from postmortem.signals.landmark import LandmarkBook


def no_qualification_commitment(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal had gone past qualification, and the buyer had made none of its commitments.

    Notes
    -----
    A deal still in qualification has not passed it. A deal without a commitment of any stage on record is unknown:
    some teams do not enter them.
    """
    steps, stages = book.stage_steps, qualification(book)
    order = max((stage.order for stage in stages), default=0)
    wanted = {written(name) for stage in stages for name in stage.exit_commitments}
    milestones = book.table("milestones")
    met = milestones[all_written(milestones["milestone"]).isin(wanted)]
    left = of_each(landmarks, steps[steps["order"] > order].groupby("row")["day"].min())
    has_met = pd.Series(landmarks.index.isin(met["row"]), index=landmarks.index)
    on_record = pd.Series(landmarks.index.isin(milestones["row"]), index=landmarks.index)
    stage_known = pd.Series(landmarks.index.isin(steps["row"]), index=landmarks.index)
    fired = (left.notna() & ~has_met).astype("boolean").where(has_met | (on_record & stage_known))
    if not wanted:
        return silent(landmarks, "the process file lists no commitment for qualification")
    return answer(
        landmarks,
        fired,
        first=left,
        evidence="none of " + count(len(wanted), "commitment") + " of qualification on record",
        unknown=on_record.map({True: "no stage on record", False: "no commitment on record"}),
    )


def qualification(book: LandmarkBook) -> tuple[Stage, ...]:
    """Return the stages whose name speaks of qualification; where none does, all open ones before the red zone."""
    stages = [stage for stage in book.process.stages if not stage.is_closed]
    named = tuple(stage for stage in stages if "qualif" in stage.stage.casefold())
    before = min((stage.order for stage in stages if stage.red_zone), default=0)
    return named or tuple(stage for stage in stages if stage.order < before)


SIGNAL = Signal(
    function=no_qualification_commitment,
    name="no_qualification_commitment",
    label="No commitment from qualification",
    meaning="Nothing shows that the buyer has a need, a budget or a date; the deal may never have been one. Unknown "
    "without a commitment of any stage on record, without stages, or where the process file lists none for "
    "qualification.",
    causes=("not_an_opportunity", "poor_fit", "no_project"),
    needs=("milestones",),
)
