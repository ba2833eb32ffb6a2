"""Whether a deal had gone on to a later stage while a commitment of an earlier one was not met."""

from __future__ import annotations

import pandas as pd

from postmortem.ground.formats import count
from postmortem.signals.commitments import all_written, written
from postmortem.signals.contract import Signal, answer, of_each, silent
from postmortem.signals.landmark import LandmarkBook


def exit_commitment_unmet(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal had left a stage without a commitment the buyer has to make there.

    Notes
    -----
    A skipped stage counts as left. A commitment met after the stage was left, and on record by the landmark, is met.
    """
    wanted = pd.DataFrame(
        [(stage.order, written(name)) for stage in book.process.stages for name in stage.exit_commitments],
        columns=["order", "milestone"],
    )
    if wanted.empty:
        return silent(landmarks, "the process file lists no exit commitments")
    steps, milestones = book.stage_steps, book.table("milestones")
    # The day on which each deal first stood beyond each stage that asks for something.
    beyond = pd.concat(
        [
            steps[steps["order"] > order].groupby("row")["day"].min().rename("day").reset_index().assign(order=order)
            for order in sorted(wanted["order"].unique())
        ]
    ).merge(wanted, on="order")
    met = milestones.assign(milestone=all_written(milestones["milestone"]))[["row", "milestone"]].drop_duplicates()
    open_ones = beyond.merge(met, on=["row", "milestone"], how="left", indicator="found")
    open_ones = open_ones[open_ones["found"] == "left_only"].groupby("row")
    number = of_each(landmarks, open_ones["milestone"].size()).fillna(0).astype("int64")
    on_record = pd.Series(landmarks.index.isin(met["row"]), index=landmarks.index)
    stage_known = pd.Series(landmarks.index.isin(steps["row"]), index=landmarks.index)
    return answer(
        landmarks,
        (number > 0).astype("boolean").where(on_record & stage_known),
        first=of_each(landmarks, open_ones["day"].min()),
        evidence=number.map(lambda missing: count(missing, "commitment")) + " of stages already left not on record",
        unknown=on_record.map({True: "no stage on record", False: "no commitment on record"}),
    )


SIGNAL = Signal(
    function=exit_commitment_unmet,
    name="exit_commitment_unmet",
    label="Stage left without the buyer's commitment",
    meaning="The deal advanced on the rep's word. Unknown without any commitment on record, without stages, or where "
    "the process file lists no exit commitments.",
    causes=("not_qualified_continuously",),
    needs=("milestones",),
)
