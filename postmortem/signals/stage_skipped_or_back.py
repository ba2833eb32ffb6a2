"""Whether a deal had skipped a stage or gone back to an earlier one."""

from __future__ import annotations

import pandas as pd

from postmortem.ground.formats import count
from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook


def stage_skipped_or_back(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal had skipped an open stage or gone back to an earlier one.

    Notes
    -----
    The stage a deal begins in skips nothing, wherever it lies.
    """
    steps = book.stage_steps
    steps = steps[steps["order"] > 0]
    so_far = steps.groupby("row")["order"].cummax().groupby(steps["row"]).shift()
    before = steps.groupby("row")["order"].shift()
    back, skipped = steps["order"] < before, steps["order"] > so_far + 1
    rows = steps.assign(back=back, skipped=skipped)[back | skipped]
    kinds = of_each(landmarks, rows.groupby("row")["back"].sum()).fillna(0).astype("int64")
    jumps = of_each(landmarks, rows.groupby("row")["skipped"].sum()).fillna(0).astype("int64")
    return answer(
        landmarks,
        (kinds + jumps > 0)
        .astype("boolean")
        .where(book.is_told("stage", landmarks) & landmarks.index.isin(steps["row"])),
        first=of_each(landmarks, rows.groupby("row")["day"].min()),
        evidence="skipped a stage "
        + jumps.map(lambda n: count(n, "time"))
        + ", went back "
        + kinds.map(lambda n: count(n, "time")),
        unknown="no history of stages",
    )


SIGNAL = Signal(
    function=stage_skipped_or_back,
    name="stage_skipped_or_back",
    label="Stage skipped or gone back",
    meaning="The process was not followed, or an earlier step did not hold. Unknown without a history of stages.",
    causes=("not_an_opportunity", "not_qualified_continuously"),
    needs=("history",),
)
